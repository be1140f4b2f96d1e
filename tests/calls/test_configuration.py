"""The configuration as a file: found and read under every Python, who needs what of it, and formulas as they compute them."""

import os

from calling import SETTINGS, application, asked, batch

WRONG = b"""\
batch:
  command: echo {web.cpus
  timeout: -1
  application:
    components:
      web:
        settings:
          cpu: {min: 2, max: 1}
  metrics:
    tps: {output_regex: x, unit: 5}
  constraints: ['{web.cpu} > ']
"""


def test_all_that_is_wrong_is_told_at_once_with_lines(servo):
    servo.write("config.yaml", WRONG)
    servo.call("measure", "--describe", "--config", "config.yaml").bad_config(
        "config.yaml:2: batch.command: ",
        "config.yaml:3: batch.timeout: ",
        "config.yaml:8: batch.application.components.web.settings.cpu.min: 2 is more than max, 1",
        "config.yaml:10: batch.metrics.tps.output_regex: ",
        "config.yaml:10: batch.metrics.tps.unit: ",
        "config.yaml:11: batch.constraints[0]: ",
    )


def test_what_is_mistyped_is_shown_beside_what_it_may_be_meant_for(newest):
    newest.job("echo", default_state=None, application={"components": {"web": {"settngs": {}}}}).query().bad_config(
        'web.settings: must be a mapping of settings, but is empty or missing (is it called "settngs" here?)'
    )
    newest.job("X={web.cpuu} ./job; {{ echo; }}", env={"THREADS": "{web.cpuu}"})
    meant = "free text (did you mean {web.cpu}?)"
    newest.describe().bad_config("{web.cpuu}: " + meant, "{web.cpuu} is " + meant)
    newest.job("{ echo a; }").describe().bad_config("a name has no blanks around it; literal braces are {{ and }}")


def test_a_file_that_cannot_be_read_is_told_with_the_place(newest):
    os.mkdir(newest.path("folder.json"))
    newest.write("comma.json", b'{\n  "batch": {,}\n}')
    for name, words in (
        ("nowhere.json", "No such file"),
        ("folder.json", "directory"),
        ("config.json/x.json", "directory"),
        ("comma.json", ":2:13: not JSON"),
    ):
        for ended in (newest.query(environment={"OPTUNE_CONFIG": name}), newest.describe("--config", name)):
            ended.bad_config(name, words)


def test_measure_checks_the_whole_configuration_and_adjust_all_settings(newest):
    before = newest.stored(cpu=4)
    broken = batch("echo `{web.cpu", timeout=-1, metrics={"m": {"output_regex": "x"}}, zzz=1)
    newest.configure(broken)
    for ended in (newest.measure(), newest.describe()):
        ended.bad_config("batch.command", "batch.timeout", "batch.metrics.m.output_regex", "batch.zzz")
    assert newest.query().query["web"]["cpu"] == 4
    broken["batch"]["default_state"] = application(web={**SETTINGS, "cpus": {"min": 2, "max": 1}})
    newest.configure(broken)
    for ended in (newest.adjust(asked(cpu=5)), newest.query(), newest.call("adjust", "--reset")):
        ended.bad_config("settings.cpus.min")
    assert newest.read("_state.json") == before


# Formulas, under the oldest and the newest Python: each has a parser of its own.

SETTINGS_OF_FORMULAS = {
    "cpu": {"type": "range", "min": 1, "max": 8, "value": 4},
    "gc": {"type": "enum", "values": ["zgc", "g1"], "value": "zgc"},
    "flag": {"value": True},
    "off": {"min": -9, "max": 9, "value": -2},
    "zero": {"value": 0},
}
COMPUTED = [
    ("{web[cpu]} * 2 + 1", 9),
    ("7 // 2 + 7 % 4 + 2 ** 3", 14),
    ("-{web.off} ** 2", -4),
    (".5 + 1.5e3 + 2E-1", 1500.7),
    ("1 < {web.cpu} <= 4 != 5", True),
    ("{web.gc} == 'zgc' and {web.flag}", True),
    ("{web.gc} != 4", True),
    ("{web.flag} == 1", False),
    ("not {web.flag} or true", True),
    ("'a' if {web.cpu} > 4 else \"b\"", "b"),
    (r"'it\'s' if true else '\\'", "it's"),
    ("{web.zero} > 0 and 1 / {web.zero} > 1", False),
    ("0 if {web.zero} == 0 else 1 / {web.zero}", 0),
    ("min(3, {web.cpu}, 5) + max(1, 2)", 5),
    ("abs({web.off}) + floor(2.7) + ceil(2.1) + int(2.9) + float(1)", 10.0),
    ("round(2.567, 2) + round(2.4) + sqrt(4) + log(1) + log(8, 2)", 9.57),
    ("\n{web.cpu}\n\t+ 1\n", 5),
    ("10 ** -400", 0.0),
    ("(" * 40 + "-" * 119 + "1" + ")" * 40, -1),
    ("(not" * 40 + " not" * 79 + " true" + ")" * 40, False),
    ("+".join("1" * 100), 100),
    ("**".join("1" * 100), 1),
    ("-" * 199 + "1", -1),
    ("not " * 199 + "true", False),
    (" if true else ".join("1" * 50), 1),
    ("max(%s)" % ", ".join("1" * 98), 1),
]
MISPLACED = ["", " \n", "1 +", "1 2", "{web.cpu} {web.zero}", "2'a'", "'a''b'", "1 +* 2", "1 if true", "1, 2", "()"]
MISPLACED += ["(1", "1) + (2", "abs(abs)", "abs()", "max(1)", "round(1, 2, 3)", "max(*{web.cpu})"]
MISPLACED += ["max(1, **{web.cpu})", "{web.cpu}(2)"]
MEANINGLESS = ["{web.cpu} = 4", "2 ^ 3", "web.cpu * 2", "0x10", "010", "1_000", "1or 2", "1.2.3", "__", "_0", "[1][0]"]
MEANINGLESS += ["__import__('os').system('true')", "lambda: 1", "1 # 2", "1 \\\n+ 2", "1 in {web.gc}", "x := 1"]
TOO_LONG = [" + ".join("1" * 101), "(" * 41 + "1" + ")" * 41, "-" * 10**6 + "1", "{web.cpu}" * 10**5]
NO_FORMULAS = [
    *((text, "is missing or misplaced") for text in MISPLACED),
    *((text, "has no meaning in a formula") for text in MEANINGLESS),
    *((text, "at most 200 words and 40 parentheses") for text in TOO_LONG),
    ("1" * 4001, "is too large"),
    ("1e999", "is too large"),
    ("1 + 'a", "text in quotes"),
    ("{web.cpu", "names stand in braces, {web.cpu}"),
    ("{web..cpu}", 'column 1: "{web..cpu}": it does not name a value'),
    ("1 + {}", 'column 5: "{}": it does not name a value'),
    ("web.cpu", "names stand in braces"),
    ("flor(1)", 'did you mean "floor"'),
    ("1 / {web.zero}", "1 / {web.zero}: 1 / 0: 1 / 0 divides by zero"),
    ("9 ** 9 ** 9", "9 ** 387420489 is too large"),
    ("1e308 * 10", "too large"),
    ("(-8) ** 0.5", "(-8) ** 0.5 is not a number"),
    ("sqrt(-1)", "is not a number"),
    ("round(5, -10 ** 9)", "is not a number"),
    ("round(5, 2.0)", "is not a number"),
    ("{web.gc} + 1", "a string where + needs a number"),
    ("{web.flag} * 2", "a boolean where * needs a number"),
    ("not {web.cpu}", "a number where not needs a boolean"),
    ("int('5')", "a string where int() needs a number"),
    ("{web.missing}", 'there is no "web.missing"; there is web.cpu'),
    ("{cpu}", 'there is no "cpu" (did you mean "web.cpu"?)'),
]


def test_formulas_come_to_the_same_under_every_python(servo):
    formulas = {"f%d" % at: {"type": "formula", "formula": text} for at, (text, _) in enumerate(COMPUTED)}
    queried = servo.job(default_state=application(web={**SETTINGS_OF_FORMULAS, **formulas})).query().query["web"]
    for at, (text, value) in enumerate(COMPUTED):
        assert (text, repr(queried["f%d" % at])) == (text, repr(value))


def test_what_is_no_formula_is_refused_in_the_same_words_under_every_python(servo):
    formulas = {"f%d" % at: {"type": "formula", "formula": text} for at, (text, _) in enumerate(NO_FORMULAS)}
    ended = servo.job(default_state=application(web={**SETTINGS_OF_FORMULAS, **formulas})).query()
    lines = ended.answer["message"].split("\n")
    assert ended.stderr.count("\n") == 1  # the parser itself says nothing
    for at, (text, words) in enumerate(NO_FORMULAS):
        start = "config.json: batch.default_state.application.components.web.settings.f%d.formula: " % at
        assert [text for line in lines if line.startswith(start) and words in line] == [text], ended

"""The configuration: what is wrong with it is told at once, each problem with its file, line, key path and what to do."""

import os

from calling import SETTINGS, application, asked, batch
from formula_cases import COMPUTED, NO_FORMULAS, SETTINGS_OF_FORMULAS

pytest_plugins = ("servo_fixtures",)


PLACE = "batch.default_state.application"
WEB = PLACE + ".components.web"
# A key, a value that is wrong there, where that is told, and words of how.
WRONG_KEYS = [
    ("command", "", "batch.command", ["a command line, or a list", '""']),
    ("command", [], "batch.command", ["begins with a program", "[]"]),
    ("command", ["a", 5], "batch.command", ["list of strings", '["a", 5]']),
    ("env", [], "batch.env", ["mapping", "a list"]),
    ("env", {"SERVO_A": 4}, "batch.env.SERVO_A", ["a string", "4", "quote it"]),
    ("env", {"A B": "x"}, 'batch.env."A B"', ["no name of a variable"]),
    ("working_directory", "/data/{web.cpu}", "batch.working_directory", ["without placeholders", "/data/{web.cpu}"]),
    ("success_exit_statuses", [0, True], "batch.success_exit_statuses", ["[0, true]"]),
    ("state", "a\0b", "batch.state", ["the name of a file"]),
    ("expected_duration", 0, "batch.expected_duration", ["more than 0", "0"]),
    ("expected_duration", "1 hour", "batch.expected_duration", ["90s, 10m or 1h30m", '"1 hour"']),
    ("timeout", "30m1h", "batch.timeout", ["1h30m", '"30m1h"']),
    ("grace_period", -0.1, "batch.grace_period", ["0 or more", "-0.1"]),
    ("runs", 2.5, "batch.runs", ["a whole number", "2.5"]),
    ("runs", True, "batch.runs", ["a whole number", "true"]),
    ("warmup_runs", "1", "batch.warmup_runs", ["from 0", '"1"']),
    ("metrics", {"a": "x"}, "batch.metrics.a", ["mapping", '"x"']),
    ("metrics", {"a": {"resource": "max_rss", "units": "B"}}, "batch.metrics.a.units", ['did you mean "unit"']),
    ("metrics", {"m": {"formula": "{m} * 2"}}, "batch.metrics", ["m: each needs", "circle"]),
    ("metrics", {"m": {"formula": "{total_runtime} / ({web.cpu} - 2)"}}, "batch.metrics.m.formula", ["by zero"]),
    ("objective", "maximize tps", "batch.objective", ["a mapping of minimize: FORMULA or maximize: FORMULA"]),
    ("objective", {"minimise": "1"}, "batch.objective.minimise", ['did you mean "minimize"']),
    ("objective", {"minimize": "{coost}"}, "batch.objective.minimize", ['"coost"']),
    ("objective", {"minimize": "{total_runtime} < 2"}, "batch.objective.minimize", ["a number is due"]),
    ("constraints", "{web.cpu} > 1", "batch.constraints", ["a list of formulas", "a string"]),
    ("constraints", ["true", "{web.cpus} > 1"], "batch.constraints[1]", ['"web.cpus"', 'did you mean "web.cpu"']),
    ("constraints", ["{web.cpu} > 2"], "batch.constraints[0]", ["the default state breaks", "{web.cpu} > 2: 2 > 2"]),
    ("runns", 3, "batch.runns", ["no such key", 'did you mean "runs"']),
    ("application", {"components": {}}, "batch.application", ["twice", "batch.default_state"]),
    *((key, None, "batch." + key, [""]) for key in ("timeout", "metrics", "default_control", "grace_period", "env")),
]
CIRCLE = {"b": {"type": "formula", "formula": "{a.c} + 1"}, "c": {"type": "formula", "formula": "{a.b}"}}
WRONG_STATES = [
    ([], "batch.default_state", ["mapping", "a list"]),
    ({}, PLACE, ["missing"]),
    ({"application": None}, PLACE, ["mapping", "empty"]),
    ({"application": {}}, PLACE + ".components", ["missing"]),
    ({"application": {"components": "x"}}, PLACE + ".components", ["mapping", '"x"']),
    ({"application": {"components": {"web": {}}}}, WEB + ".settings", ["missing"]),
    (application(web=[]), WEB + ".settings", ["mapping", "a list"]),
    (application(**{"a b.c": {"d\n": 1}}), PLACE + r'.components."a b.c".settings."d\n"', ["mapping"]),
    (application(a=CIRCLE), "batch", ["a.b, a.c: each needs another one of these, in a circle"]),
    (application(a={"b.c": {}}, **{"a.b": {"c": {}}}), PLACE + '.components."a.b".settings.c', ["the component a is"]),
]


def assert_told(servo, document, cases):
    servo.configure(document)
    ended = servo.describe()
    ended.bad_config()
    for path, words in cases:
        about = [line for line in ended.answer["message"].split("\n") if line.startswith("config.json: %s: " % path)]
        assert len(about) == 1, (path, ended)
        assert [word for word in words if word not in about[0]] == [], (path, ended)


def test_each_wrong_key_is_told_with_its_path_all_at_once(newest):
    left = list(enumerate(WRONG_KEYS))
    while left:
        cases = {}
        for number, case in left:
            cases.setdefault(case[0], (number, case))
        left = [each for each in left if each not in cases.values()]
        document = batch()
        document["batch"].update({key: value for _, (key, value, _, _) in cases.values()})
        assert_told(newest, document, [case[2:] for _, case in cases.values()])


def test_a_wrong_default_state_is_told_with_the_first_key_that_is(newest):
    for default_state, path, words in WRONG_STATES:
        assert_told(newest, batch(default_state=default_state), [(path, words)])
    assert_told(newest, {"batch": {}}, [("batch.command", ["missing"]), ("batch.default_state", ["missing"])])
    assert_told(newest, {"batch": None}, [("batch", ["mapping", "empty"])])


def test_all_that_is_wrong_is_told_at_once_with_lines(servo):
    servo.write(
        "config.yaml",
        b"batch:\n"
        b"  command: echo {web.cpus\n"
        b"  timeout: -1\n"
        b"  application:\n"
        b"    components:\n"
        b"      web:\n"
        b"        settings:\n"
        b"          cpu: {min: 2, max: 1}\n"
        b"  metrics:\n"
        b"    tps: {output_regex: x, unit: 5}\n"
        b"  constraints: ['{web.cpu} > ']\n",
    )
    servo.call("measure", "--describe", "--config", "config.yaml").bad_config(
        "config.yaml:2: batch.command: ",
        "config.yaml:3: batch.timeout: ",
        "config.yaml:8: batch.application.components.web.settings.cpu.min: 2 is more than max, 1",
        "config.yaml:10: batch.metrics.tps.output_regex: ",
        "config.yaml:10: batch.metrics.tps.unit: ",
        "config.yaml:11: batch.constraints[0]: ",
    )


def test_a_duration_is_read_as_people_write_it(newest):
    for text, seconds in [("90s", 90), ("1h 30m", 5400), ("250ms", 0.25), ("1.5s", 1.5), ("2d", 172800)]:
        newest.configure(batch(expected_duration=text))
        assert "expected duration: %g s;" % seconds in newest.call("check").stdout.decode()


# Formulas, under the oldest and the newest Python: each has a parser of its own.


def test_formulas_come_to_the_same_under_every_python(servo):
    formulas = {"f%d" % at: {"type": "formula", "formula": text} for at, (text, _) in enumerate(COMPUTED)}
    servo.configure(batch(default_state=application(web={**SETTINGS_OF_FORMULAS, **formulas})))
    queried = servo.query().query["web"]
    for at, (text, value) in enumerate(COMPUTED):
        assert (text, repr(queried["f%d" % at])) == (text, repr(value))


def test_what_is_no_formula_is_refused_in_the_same_words_under_every_python(servo):
    formulas = {"f%d" % at: {"type": "formula", "formula": text} for at, (text, _) in enumerate(NO_FORMULAS)}
    servo.configure(batch(default_state=application(web={**SETTINGS_OF_FORMULAS, **formulas})))
    ended = servo.query()
    lines = ended.answer["message"].split("\n")
    assert ended.stderr.count("\n") == 1  # the parser itself says nothing
    for at, (text, words) in enumerate(NO_FORMULAS):
        start = "config.json: %s.settings.f%d.formula: " % (WEB, at)
        assert [text for line in lines if line.startswith(start) and words in line] == [text], ended


# The file.


def test_a_document_without_batch_is_told_that_it_is_missing(newest):
    for text in ("[]", "null", '"x"', "{}", '{"Batch": {}, "x": 1}'):
        newest.write("config.json", text.encode())
        newest.describe().bad_config("config.json: batch: must be a mapping", "missing")


def test_a_file_that_is_not_json_is_told_where(servo):
    for data, *words in [
        (b'{\n  "batch": {,}\n}', "config.json:2:13: not JSON"),
        (b'{"batch": {}, "batch": {}}', '"batch"', "twice"),
        (b'{"batch": "\xff"}', "config.json:1:12: not JSON", "0xff"),
    ]:
        servo.write("config.json", data)
        servo.describe().bad_config(*words)


def test_what_is_no_file_is_no_configuration(newest):
    os.mkdir(newest.path("folder.json"))
    os.symlink("gone", newest.path("config.yaml"))
    for arguments, words in [
        (["--config", "folder.json"], ["folder.json", "directory"]),
        (["--config", "config.json/x.json"], ["config.json/x.json", "directory"]),
        ([], ["config.yaml", "No such file"]),
    ]:
        newest.call("adjust", "--query", *arguments).bad_config(*words)


# Who needs what of it.


def test_measure_checks_the_whole_configuration_and_adjust_what_it_uses(newest):
    newest.configure(batch("echo `{web.cpu", timeout=-1, metrics={"m": {"output_regex": "x"}}, zzz=1))
    for ended in (newest.measure(), newest.describe()):
        ended.bad_config("batch.command", "batch.timeout", "batch.metrics.m.output_regex", "batch.zzz")
    newest.stored(cpu=4)
    assert newest.query().query["web"]["cpu"] == 4


def test_adjust_checks_all_settings(newest):
    before = newest.stored(cpu=3)
    newest.configure(batch(default_state=application(web={**SETTINGS, "cpus": {"min": 2, "max": 1}})))
    for ended in (newest.adjust(asked(cpu=4)), newest.query(), newest.call("adjust", "--reset")):
        ended.bad_config("settings.cpus.min")
    assert newest.read("_state.json") == before

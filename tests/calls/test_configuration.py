"""The configuration as a file: found and read under every Python, who needs what of it, and formulas as they compute them."""

import os

from calling import SETTINGS, application, asked, batch
from formula_cases import COMPUTED, NO_FORMULAS, SETTINGS_OF_FORMULAS

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


# Formulas, under the oldest and the newest Python: each has a parser of its own.


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


# The file.


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


# Who needs what of it.


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

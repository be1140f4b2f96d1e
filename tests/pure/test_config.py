"""The configuration: what is wrong with its keys is told with place and remedy; what --command and its words stand for."""

import pytest
from calling import application, batch

from servo_batch import config, recorded
from servo_batch.answers import ServoError

PLACE = "batch.default_state.application"
WEB = PLACE + ".components.web"
CIRCLE = {"b": {"type": "formula", "formula": "{a.c} + 1"}, "c": {"type": "formula", "formula": "{a.b}"}}
# A key, a value that is wrong there, where that is told, and words of how.
WRONG = [
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
    ("runs", True, "batch.runs", ["a whole number", "true"]),
    ("warmup_runs", "1", "batch.warmup_runs", ["from 0", '"1"']),
    ("metrics", {"a": "x"}, "batch.metrics.a", ["mapping", '"x"']),
    ("metrics", {"a": {"resource": "max_rss", "units": "B"}}, "batch.metrics.a.units", ['did you mean "unit"']),
    ("metrics", {"m": {"output_json": "a", "file": 7}}, "batch.metrics.m.file", ["string", "7"]),
    ("metrics", {"m": {"formula": "{m} * 2"}}, "batch.metrics.m.formula", ["m: each needs", "circle"]),
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
    ("default_state", [], "batch.default_state", ["mapping", "a list"]),
    ("default_state", {}, PLACE, ["missing"]),
    ("default_state", {"application": {"components": "x"}}, PLACE + ".components", ["mapping", '"x"']),
    ("default_state", {"application": {"components": {"web": {}}}}, WEB + ".settings", ["missing"]),
    ("default_state", application(web=[]), WEB + ".settings", ["mapping", "a list"]),
    ("default_state", application(**{"a b.c": {"d\n": 1}}), PLACE + r'.components."a b.c".settings."d\n"', ["mapping"]),
    (
        "default_state",
        application(a=CIRCLE),
        PLACE + ".components.a.settings.c.formula",
        ["a.b, a.c: each needs another one of these, in a circle"],
    ),
    (
        "default_state",
        application(a={"b.c": {}}, **{"a.b": {"c": {}}}),
        PLACE + '.components."a.b".settings.c',
        ["the component a is"],
    ),
    *((key, None, "batch." + key, [""]) for key in ("timeout", "metrics", "default_control", "grace_period", "env")),
]


def told(document):
    """Return every problem of a configuration, also where it has none of the keys under batch."""
    try:
        return config.Config("config.json", document).problems
    except ServoError as error:
        return error.message.split("\n")


def test_each_wrong_key_is_told_once_with_the_first_path_that_is_wrong():
    for key, value, path, words in WRONG:
        document = batch()
        document["batch"][key] = value
        (problem,) = [each for each in told(document) if each.startswith("config.json: %s: " % path)]
        assert [word for word in words if word not in problem] == []


def test_what_a_configuration_lacks_is_told():
    for document in ([], None, "x", {}, {"Batch": {}, "x": 1}, {"batch": None}):
        (problem,) = told(document)
        assert problem.startswith("config.json: batch: must be a mapping of command, default_state, …, but is empty")
    assert [each.split(": ")[1] for each in told({"batch": {}})] == ["batch.default_state", "batch.command"]


def test_a_duration_is_read_as_people_write_it():
    for value, seconds in [("90s", 90), ("1h 30m", 5400), ("250ms", 0.25), ("1.5 s", 1.5), ("2d", 172800), (0.5, 0.5)]:
        assert config.duration(value) == seconds
    for value in ("90", "", " ", "30m1h", "1 0m", "1e3s", "-1s", -1, True, None):
        assert config.duration(value) is None


def test_blanks_around_an_objective_make_it_no_other():
    found = config.of_command("job", {}, [])
    assert found.aim("minimize", " {total_runtime}\n") == config.SHORTEST
    assert found.aim("maximize", "{cpu_time} ").text == "{cpu_time}"


def test_a_failure_has_no_objective_though_settings_alone_would_give_one():
    found = config.of_command("job {a.mem}", {"a.mem": "1,4"}, [])
    found.objective = found.aim("minimize", "{a.mem}")
    entry = {"time": "", "job": "", "settings": {"a.mem": 4}, "control": {}}
    good = {**entry, "status": "ok", "metrics": {"total_runtime": {"value": 1}}}
    for line, objective in [(good, 4), ({**entry, "status": "failed", "reason": "timeout"}, None)]:
        assert recorded.trial(found, 1, line).objective == objective


# What a command line stands for.


def setting(text):
    found = config.of_command("job {a.b}", {"a.b": text}, [])
    return found.settings.application["components"]["a"]["settings"]["b"]


def test_values_are_an_enum_and_bounds_a_range_of_which_the_first_is_the_default():
    enums = {"1,6": [1, 6], "g1,1.30,true,1.5": ["g1", "1.30", True, 1.5], "../d,a..b": ["../d", "a..b"]}
    for text, values in enums.items():
        assert repr(setting(text)) == repr({"type": "enum", "values": values, "value": values[0]})
    for text, low, high, step in [("1..9/2", 1, 9, 2), ("0.50..2/0.5", 0.5, 2, 0.5), ("-3..3", -3, 3, 1)]:
        assert repr(setting(text)) == repr({"type": "range", "min": low, "max": high, "step": step, "value": low})


def test_all_that_is_wrong_is_told_at_once_by_the_words_of_the_command_line():
    with pytest.raises(ServoError) as caught:
        config.of_command("x {a.b", {"a.b": "9..1", "a.c": "1..9/0"}, [("x", "no group"), ("total_runtime", "(x)")])
    assert caught.value.reason == "bad-request"
    starts = ["a.b: min: 9 is more than max, 1", "a.c: step: must be a number more than 0", "--command: "]
    for start in [*starts, "--metric x: ", "--metric total_runtime: the name is"]:
        assert "\n" + start in "\n" + caught.value.message
    with pytest.raises(ServoError, match=r"^1\.\.9,12: 1\.\.9 is a range"):
        config.of_command("x", {"g.h": "1..9,12"}, [])

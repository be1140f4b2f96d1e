"""Wrong configurations: every problem at once, each with its file, its key path and what to do."""

import functools
import os
import tempfile

import pytest
from calling import SETTINGS, Servo, application, asked, batch

pytest_plugins = ("servo_fixtures",)


@functools.lru_cache(maxsize=None)
def problems(python, pyz, table):
    """Return the lines of the message about a configuration that holds every row of a table: one call for them all."""
    rows = list(TABLES[table].values())
    if table == "settings":
        document = batch(default_state=application(web={"s%d" % number: row[0] for number, row in enumerate(rows)}))
    else:
        document = batch(metrics={"s%d" % number: row[0] for number, row in enumerate(rows)})
    with tempfile.TemporaryDirectory() as folder:
        ended = Servo(python, pyz, folder, document).describe()
    ended.bad_config()
    return ended.answer["message"].split("\n")


# What is wrong: the key of the setting that it is about, and words of the message.

LONG = "9" * 4000
WRONG_SETTINGS = {
    "not a mapping: number": (3, "", ["mapping", "3"]),
    "not a mapping: text": ("x", "", ["mapping", '"x"']),
    "not a mapping: null": (None, "", ["mapping", "empty"]),
    "not a mapping: list": ([1], "", ["mapping", "a list"]),
    "unknown type": ({"type": "rang"}, ".type", ["range", "enum", '"rang"', 'did you mean "range"']),
    "type is null": ({"type": None, "min": 1, "max": 2}, ".type", ["range or enum", "empty"]),
    "type is a list": ({"type": ["range"]}, ".type", ["range or enum", "a list"]),
    "type is a number": ({"type": 1}, ".type", ["range or enum", "1"]),
    "no min": ({"max": 1}, ".min", ["missing"]),
    "no max": ({"min": 1}, ".max", ["missing"]),
    "neither min nor max": ({"type": "range"}, ".max", ["missing"]),
    "min is a text": ({"min": "1", "max": 2}, ".min", ["a number", '"1"']),
    "min is true": ({"min": True, "max": 2}, ".min", ["a number", "true"]),
    "max is null": ({"min": 1, "max": None}, ".max", ["a number", "empty"]),
    "max is a mapping": ({"min": 1, "max": {}}, ".max", ["a number", "a mapping"]),
    "max is false": ({"min": -1, "max": False}, ".max", ["a number", "false"]),
    "min over max": ({"min": 2, "max": 1}, ".min", ["2", "1", "max"]),
    "min barely over max": ({"min": 10**30 + 1, "max": 10**30}, ".min", ["max"]),
    "step is zero": ({"min": 0, "max": 1, "step": 0}, ".step", ["more than 0"]),
    "step is negative": ({"min": 0, "max": 1, "step": -1}, ".step", ["more than 0", "-1"]),
    "step is a text": ({"min": 0, "max": 1, "step": "1"}, ".step", ["a number", '"1"']),
    "step is true": ({"min": 0, "max": 1, "step": True}, ".step", ["a number", "true"]),
    "step is null": ({"min": 0, "max": 1, "step": None}, ".step", ["a number", "empty"]),
    "step does not divide": ({"min": 0, "max": 10, "step": 3}, ".step", ["divide", "3", "10"]),
    "step divides but for 1/500": ({"min": 0, "max": 10.002, "step": 1}, ".step", ["divide"]),
    "step is larger than the range": ({"min": 0, "max": 1, "step": 2}, ".step", ["divide", "2"]),
    "step is far larger than the range": ({"min": 0, "max": 1, "step": 10**400}, ".step", ["1000"]),
    "step is far smaller than the range": ({"min": 0, "max": 1e308, "step": 1e-308}, ".step", ["1e-308"]),
    "step is a float beside a huge range": ({"min": 0, "max": 10**400, "step": 0.3}, ".step", ["0.3"]),
    "range is too large for a float": ({"min": -1e308, "max": 1e308, "step": 0.5}, ".step", ["0.5"]),
    "range has more digits than Python prints": (
        {"min": int("-" + LONG[1:]), "max": int(LONG), "step": int("7" * 3999)},
        ".step",
        ["7777"],
    ),
    "no values": ({"type": "enum"}, ".values", ["missing"]),
    "values is empty": ({"type": "enum", "values": []}, ".values", ["not empty"]),
    "values is a text": ({"type": "enum", "values": "ab"}, ".values", ["a list", '"ab"']),
    "values is a mapping": ({"type": "enum", "values": {"a": 1}}, ".values", ["a list", "a mapping"]),
    "values is null": ({"type": "enum", "values": None}, ".values", ["a list", "empty"]),
    "values holds a list": ({"type": "enum", "values": ["a", []]}, ".values[1]", ["a list"]),
    "values holds null": ({"type": "enum", "values": [None]}, ".values[0]", ["empty"]),
    "value is below": ({"min": 1, "max": 2, "value": 0}, ".value", ["from 1 to 2", "0"]),
    "value is above": ({"min": 1, "max": 2, "value": 2.0001}, ".value", ["from 1 to 2", "2.0001"]),
    "value is true in a range": ({"min": 0, "max": 2, "value": True}, ".value", ["from 0 to 2", "true"]),
    "value is a text in a range": ({"min": 0, "max": 2, "value": "1"}, ".value", ['"1"']),
    "value is not in values": ({"type": "enum", "values": ["a", 1], "value": "b"}, ".value", ['"a", 1', '"b"']),
    "value is true, not 1": ({"type": "enum", "values": [1], "value": True}, ".value", ["1", "true"]),
    "value is a list": ({"value": [1]}, ".value", ["a string, a number or a boolean", "a list"]),
    "value is a mapping": ({"value": {}}, ".value", ["a mapping"]),
    "value holds a NUL": ({"value": "a\0b"}, ".value", ["NUL"]),
    "default is above": ({"min": 1, "max": 2, "default": 3}, ".default", ["from 1 to 2", "3"]),
    "default is a list": ({"default": []}, ".default", ["a list"]),
    "default and value": ({"value": 1, "default": 1}, ".default", ["twice", "value"]),
}

WRONG_METRICS = {
    "not a mapping: text": ("x", "", ["mapping", '"x"']),
    "not a mapping: null": (None, "", ["mapping", "empty"]),
    "not a mapping: list": ([], "", ["mapping", "a list"]),
    "no pattern": ({}, ".output_regex", ["missing"]),
    "pattern is a number": ({"output_regex": 1}, ".output_regex", ["a string", "1"]),
    "pattern is null": ({"output_regex": None}, ".output_regex", ["a string", "empty"]),
    "pattern is a list": ({"output_regex": ["(a)"]}, ".output_regex", ["a string", "a list"]),
    "pattern has no group": ({"output_regex": r"\d+"}, ".output_regex", ["group", r"(\d+)"]),
    "pattern has only a group that does not capture": ({"output_regex": r"(?:a)"}, ".output_regex", ["group"]),
    "pattern is empty": ({"output_regex": ""}, ".output_regex", ["group"]),
    "pattern is not closed": ({"output_regex": "(a"}, ".output_regex", ["compile"]),
    "pattern repeats nothing": ({"output_regex": "(*)"}, ".output_regex", ["compile"]),
    "pattern has a bad escape": ({"output_regex": r"(\q)"}, ".output_regex", ["compile"]),
    "pattern ends in a backslash": ({"output_regex": "(a)\\"}, ".output_regex", ["compile"]),
    "pattern has a bad range": ({"output_regex": "([z-a])"}, ".output_regex", ["compile"]),
    "pattern repeats too often": ({"output_regex": "(a{99999999999})"}, ".output_regex", ["compile"]),
    "pattern names a group twice": ({"output_regex": "(?P<a>.)(?P<a>.)"}, ".output_regex", ["compile"]),
    "pattern has a flag in its middle": ({"output_regex": "(a)(?i)b"}, ".output_regex", ["compile"]),
    "pattern has a flag for text": ({"output_regex": "(?u)(a)"}, ".output_regex", ["compile"]),
    "pattern has two flags that exclude each other": ({"output_regex": "(?La)(a)"}, ".output_regex", ["compile"]),
    "pattern nests deep": ({"output_regex": "(" * 5000 + ")" * 5000}, ".output_regex", ["compile"]),
    "pattern looks behind without a width": ({"output_regex": "(?<=a+)(b)"}, ".output_regex", ["compile"]),
    "pattern has a surrogate escape": ({"output_regex": r"(\ud800)"}, ".output_regex", ["surrogate"]),
    "pattern has an incomplete escape": ({"output_regex": r"(\u12)"}, ".output_regex", ["compile"]),
    "pattern has an escape that is no digit": ({"output_regex": r"(\u00zz)"}, ".output_regex", ["compile"]),
    "pattern has an escape beyond Unicode": ({"output_regex": r"(\Uffffffff)"}, ".output_regex", ["compile"]),
    "pattern has a backspace": ({"output_regex": "\b(a)\b"}, ".output_regex", ["backspace", "single quotes"]),
    "unit is a number": ({"output_regex": "(a)", "unit": 5}, ".unit", ["a string", "5"]),
    "unit is null": ({"output_regex": "(a)", "unit": None}, ".unit", ["a string", "empty"]),
    "unit is a list": ({"output_regex": "(a)", "unit": []}, ".unit", ["a string", "a list"]),
    "unknown key": ({"output_regex": "(a)", "units": "x"}, ".units", ["no such key", 'did you mean "unit"']),
    "misspelt pattern": ({"output_regexp": "(a)"}, ".output_regexp", ['did you mean "output_regex"']),
}

TABLES = {"settings": WRONG_SETTINGS, "metrics": WRONG_METRICS}
PREFIXES = {"settings": "batch.default_state.application.components.web.settings", "metrics": "batch.metrics"}


@pytest.mark.parametrize(
    ("table", "row"), [(table, row) for table, rows in sorted(TABLES.items()) for row in rows], ids=str
)
def test_a_problem_is_named_with_its_key_path(edge_python, pyz_for, table, row):
    lines = problems(edge_python, pyz_for(edge_python), table)
    _, key, words = TABLES[table][row]
    start = "config.json: %s.s%d%s: " % (PREFIXES[table], list(TABLES[table]).index(row), key)
    about = [line for line in lines if line.startswith(start)]
    assert len(about) == 1, "\n".join(lines)
    assert [word for word in words if word not in about[0]] == [], about[0]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_nothing_is_a_problem_that_is_none(edge_python, pyz_for, table):
    lines = problems(edge_python, pyz_for(edge_python), table)
    # One more each: a range without min and max lacks both, and where a pattern is misspelt, it is missing.
    assert len(lines) == len(TABLES[table]) + 1, "\n".join(lines)


GOOD_SETTINGS = {
    "tenths": {"min": 0.1, "max": 0.7, "step": 0.1, "value": 0.3},
    "thirds": {"min": 0, "max": 1, "step": 0.3333, "value": 1},
    "within 1/1024 of a step": {"min": 0, "max": 10.0009, "step": 1},
    "one value and a step": {"min": 2, "max": 2, "step": 5, "value": 2},
    "one value and a step of zero": {"min": 2, "max": 2.0, "step": 0},
    "one value and a negative step": {"type": "range", "min": 2, "max": 2, "step": -1},
    "no step": {"type": "range", "min": 0, "max": 0.1},
    "huge": {"min": -(10**300), "max": 10**300, "step": 10**299, "value": 10**300},
    "huge floats": {"min": 0, "max": 1e308, "step": 1e307},
    "as long as a number may be": {"min": 0, "max": 10**1000, "value": 10**1000},
    "no value": {"min": 0, "max": 1},
    "value is null": {"type": "enum", "values": ["a"], "value": None},
    "values of one kind each": {"type": "enum", "values": ["", 0, False, 0.5], "default": False},
    "values that repeat": {"type": "enum", "values": ["a", "a"], "value": "a"},
    "nothing": {},
    "text": {"value": ""},
    "keys of others": {"value": 1, "types": "rang", "units": [None]},
    "a.b ☃": {"value": True},
    "": {"value": 0},
}


def test_what_is_allowed_is_no_problem(servo):
    servo.configure(batch(default_state=application(web=GOOD_SETTINGS, empty={}), metrics={}, default_control={}))
    values = servo.query().query["web"]
    assert values == {name: row.get("value", row.get("default")) for name, row in GOOD_SETTINGS.items()}


# The keys under batch: the configuration, the key path, words of the message.

WEB = application(web=SETTINGS)
PLACE = "batch.default_state"
NO_SETTINGS = {"default_state": {"application": {"components": {"web": {}}}}}


def changed(path, value):
    return batch(default_state=functools.reduce(lambda inner, key: {key: inner}, reversed(path), value))


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        (batch(None), "batch.command", ["missing"]),
        (batch(""), "batch.command", ["not empty", '""']),
        (batch(" \n"), "batch.command", ["not empty"]),
        (batch(7), "batch.command", ["a command line or a list", "7"]),
        (batch({"run": "x"}), "batch.command", ["a command line or a list", "a mapping"]),
        (batch([]), "batch.command", ["not empty"]),
        (
            batch(default_state=application(**{"a": {"b.c": {"value": 1}}, "a.b": {"c": {"value": 2}}})),
            'batch.default_state.application.components."a.b".settings.c',
            ["is called a.b.c, as one of the component a is"],
        ),
        (batch([""]), "batch.command[0]", ["must be the program to run, but is empty"]),
        (batch(["a", 5, None]), "batch.command[1]", ["a string", "5", "quote"]),
        (batch(["a", 5, None]), "batch.command[2]", ["a string", "empty"]),
        (batch("nul \0"), "batch.command", ["NUL"]),
        (batch("echo ${web.cpu}"), "batch.command", ["{web.cpu}", "$ stands directly before it"]),
        (batch(default_state=None), "batch.default_state", ["missing"]),
        (changed([], 5), PLACE, ["mapping", "5"]),
        (changed([], []), PLACE, ["mapping", "a list"]),
        (changed([], {}), PLACE + ".application", ["missing"]),
        (changed(["application"], None), PLACE + ".application", ["mapping", "empty"]),
        (changed(["application"], {}), PLACE + ".application.components", ["missing"]),
        (changed(["application", "components"], "x"), PLACE + ".application.components", ["mapping", '"x"']),
        (changed(["application", "components", "web"], 1), PLACE + ".application.components.web", ["mapping", "1"]),
        (
            changed(["application", "components", "web"], {}),
            PLACE + ".application.components.web.settings",
            ["missing"],
        ),
        (
            changed(["application", "components", "web", "settings"], []),
            PLACE + ".application.components.web.settings",
            ["mapping", "a list"],
        ),
        (
            changed(["application", "components", "a b.c", "settings", "d\n"], 1),
            PLACE + r'.application.components."a b.c".settings."d\n"',
            ["mapping"],
        ),
        (batch(application=WEB["application"]), "batch.application", ["twice", "batch.default_state"]),
        (batch(application=5, default_state=None), "batch.application", ["mapping", "5"]),
        (batch(metrics=[]), "batch.metrics", ["mapping", "a list"]),
        (batch(metrics="x"), "batch.metrics", ["mapping", '"x"']),
        (batch(metrics={"total_runtime": {"output_regex": "(a)"}}), "batch.metrics.total_runtime", ["taken"]),
        (batch(expected_duration=0), "batch.expected_duration", ["more than 0", "0"]),
        (batch(expected_duration="1 hour"), "batch.expected_duration", ["seconds", "1h30m", '"1 hour"']),
        (batch(expected_duration=True), "batch.expected_duration", ["seconds", "true"]),
        (batch(timeout=-1), "batch.timeout", ["more than 0", "-1"]),
        (batch(timeout=0), "batch.timeout", ["more than 0"]),
        (batch(timeout=[1]), "batch.timeout", ["seconds", "a list"]),
        (batch(grace_period=-0.1), "batch.grace_period", ["0 or more", "-0.1"]),
        (batch(grace_period={}), "batch.grace_period", ["seconds", "a mapping"]),
        (batch(default_control=[]), "batch.default_control", ["mapping", "a list"]),
        (batch(default_control="x"), "batch.default_control", ["mapping", '"x"']),
        (batch(runs=0), "batch.runs", ["from 1", "0"]),
        (batch(runs=2.5), "batch.runs", ["a whole number", "2.5"]),
        (batch(runs=True), "batch.runs", ["a whole number", "true"]),
        (batch(warmup_runs=-1), "batch.warmup_runs", ["from 0", "-1"]),
        (batch(warmup_runs="1"), "batch.warmup_runs", ["a whole number", '"1"']),
        (batch(prepare=""), "batch.prepare", ["not empty", '""']),
        (batch(prepare=["x", 1]), "batch.prepare[1]", ["a string", "1"]),
        (batch(cleanup={"a": 1}), "batch.cleanup", ["a command line or a list", "a mapping"]),
        (batch(cleanup="eval {web.opts}"), "batch.cleanup", ["{web.opts}", "a program's name"]),
        (batch(env=[]), "batch.env", ["mapping", "a list"]),
        (batch(env={"SERVO_A": 4}), "batch.env.SERVO_A", ["a string", "4", "quote it"]),
        (batch(history=5), "batch.history", ["the name of a file", "5"]),
        (batch(state=""), "batch.state", ["the name of a file"]),
        (batch(objective="{total_runtime}"), "batch.objective", ["mapping", "a string"]),
        (batch(objective={}), "batch.objective", ["minimize", "maximize"]),
        (batch(objective={"minimize": "1", "maximize": "1"}), "batch.objective", ["has both"]),
        (batch(objective={"minimise": "1"}), "batch.objective.minimise", ['did you mean "minimize"']),
        (batch(objective={"minimize": 5}), "batch.objective.minimize", ["a formula", "5"]),
        (batch(objective={"minimize": "{coost}"}), "batch.objective.minimize", ['"coost"']),
        (batch(objective={"minimize": "{web.cpu} < 2"}), "batch.objective.minimize", ["a number is due"]),
        (
            batch(metrics={"m": {"resource": "max_rs"}}),
            "batch.metrics.m.resource",
            ['did you mean "max_rss"', "cpu_time"],
        ),
        (batch(metrics={"m": {"resource": 1}}), "batch.metrics.m.resource", ["a string", "1"]),
        (batch(metrics={"m": {"formula": "{n} * 2"}}), "batch.metrics.m.formula", ['"n"']),
        (batch(metrics={"m": {"formula": "{m} * 2"}}), "batch.metrics", ["m → m", "circle"]),
        (batch(metrics={"m": {"formula": "1", "resource": "max_rss"}}), "batch.metrics.m.formula", ["one source"]),
        (
            batch(metrics={"m": {"output_regex": "(a)", "stream": "both"}}),
            "batch.metrics.m.stream",
            ["stdout or stderr"],
        ),
        (batch(metrics={"m": {"resource": "max_rss", "stream": "stderr"}}), "batch.metrics.m.stream", ["remove it"]),
        (batch(comand="x"), "batch.comand", ["no such key", 'did you mean "command"']),
        (batch(zzz=1), "batch.zzz", ["no such key", "default_state", "expected_duration"]),
        ({"batch": None}, "batch", ["mapping", "empty"]),
        ({"batch": []}, "batch", ["mapping", "a list"]),
        ({"batch": "x"}, "batch", ["mapping", '"x"']),
        ({"batch": {}}, "batch.command", ["missing"]),
        ({"batch": {}}, "batch.default_state", ["missing"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_key_under_batch_is_named_with_its_path(servo, document, path, words):
    servo.configure(document)
    ended = servo.describe()
    ended.bad_config()
    about = [line for line in ended.answer["message"].split("\n") if line.startswith("config.json: %s: " % path)]
    assert len(about) == 1, ended
    assert [word for word in words if word not in about[0]] == [], ended


@pytest.mark.parametrize("key", ["expected_duration", "timeout", "metrics", "default_control", "grace_period"])
def test_a_key_with_nothing_after_it_is_a_problem(servo, key):
    document = batch()
    document["batch"][key] = None
    servo.configure(document)
    servo.describe().bad_config("config.json: batch.%s: " % key, "empty")


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "5", "[{}]"])
def test_a_document_that_is_no_mapping_is_said_to_be_none(servo, text):
    servo.write("config.json", text.encode())
    servo.describe().bad_config("config.json: ", "mapping", "batch")


@pytest.mark.parametrize(
    ("document", "words"),
    [({}, ['"batch"', "missing"]), ({"Batch": {}, "x": 1}, ['"batch"', "missing", 'did you mean "Batch"'])],
)
def test_a_document_without_batch_is_told_that_it_is_missing(servo, document, words):
    servo.configure(document)
    servo.describe().bad_config("config.json", *words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["not JSON", "config.json:1:1"]),
        (b" \n", ["not JSON"]),
        (b'{\n  "batch": {,}\n}', ["not JSON", "config.json:2:13"]),
        (b'{"batch": 1} x', ["config.json:1:14"]),
        (b'{"batch": 1,}', ["not JSON"]),
        (b"{'batch': 1}", ["not JSON", "config.json:1:2"]),
        (b'{"batch": {}, "batch": {}}', ['"batch"', "twice"]),
        (b'{"batch": {"timeout": NaN}}', ["NaN"]),
        (b'{"batch": {"timeout": -Infinity}}', ["-Infinity"]),
        (b'{"batch": {"timeout": 1e999}}', ["1e999"]),
        (b'{"batch": {"timeout": %s}}' % (b"1" * 4001), ["digits"]),
        (b'{"batch": "\xff"}', ["config.json:1:12", "UTF-8", "0xff"]),
        (b'{"batch":\n "\xc3\xa4\xe4"}', ["config.json:2:4", "UTF-8"]),
        (b'{"batch": "\\ud800"}', ["surrogate"]),
        (b'{"a\\udc00": 1}', ["surrogate"]),
        (b"[" * 100000, ["nested"]),
        (b'{"a":' * 100000, ["nested"]),
        (b"[" * 200 + b"]" * 200, ["nested", "100"]),
        (b'{"batch": "a\tb"}', ["not JSON"]),
        ('{"batch": 1}'.encode("utf-16"), ["UTF-8"]),
        (b"\0" * 100, ["not JSON"]),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_a_file_that_is_not_json_is_told_where(servo, data, words):
    servo.write("config.json", data)
    servo.describe().bad_config("config.json", *words)


@pytest.mark.parametrize("verb", ["adjust", "measure"])
def test_a_directory_is_no_configuration(servo, verb):
    os.unlink(servo.path("config.json"))
    os.mkdir(servo.path("config.json"))
    servo.call(verb, request=asked(cpu=3)).bad_config("config.json", "directory")


def test_a_link_to_nowhere_is_not_passed_over(servo):
    os.unlink(servo.path("config.json"))
    os.symlink("gone", servo.path("config.json"))
    servo.describe().bad_config("config.json", "No such file")


def test_a_configuration_in_a_folder_that_is_a_file_cannot_be_read(servo):
    servo.call("adjust", "--query", "--config", "config.json/x.json").bad_config("config.json/x.json", "directory")


@pytest.mark.parametrize("arguments", [["measure"], ["measure", "--describe"]])
def test_measure_checks_the_whole_configuration(servo, arguments):
    servo.configure(batch("touch ran", timeout=-1, metrics={"m": {"output_regex": "x"}}))
    servo.call(*arguments).bad_config("batch.timeout", "batch.metrics.m.output_regex")
    assert not os.path.exists(servo.path("ran"))


def test_adjust_leaves_to_measure_what_it_does_not_use(servo):
    servo.configure(batch("echo `{web.cpu}`", timeout=-1, metrics={"m": {"output_regex": "x"}}))
    servo.stored(cpu=4)
    assert servo.query().query["web"]["cpu"] == 4


@pytest.mark.parametrize("arguments", [["adjust"], ["adjust", "--query"]])
def test_adjust_checks_all_settings(servo, arguments):
    before = servo.stored(cpu=3)
    servo.configure(batch(default_state=application(web={**SETTINGS, "cpus": {"min": 2, "max": 1}})))
    servo.call(*arguments, request=asked(cpu=4) if arguments == ["adjust"] else b"").bad_config("settings.cpus.min")
    assert servo.read("_state.json") == before


def test_a_message_names_the_file_as_it_was_given(servo):
    os.rename(servo.path("config.json"), servo.path("other.json"))
    servo.write("other.json", {"batch": 1})
    path = servo.path("other.json")
    servo.call("adjust", "--query", "--config", path).bad_config(path + ": batch: ")


def test_a_megabyte_of_problems_is_still_one_answer_and_a_short_line(servo):
    servo.configure(batch(**{"k%d" % number * 20: "x" * 1000 for number in range(1000)}))
    ended = servo.describe()
    ended.bad_config()
    assert ended.answer["message"].count("\n") == 999
    assert len(ended.stderr) < 1000

"""The configuration: what is wrong with it is told at once, each problem with its file, line, key path and what to do."""

import os

import pytest
from calling import SETTINGS, application, asked, batch
from formula_cases import COMPUTED, NO_FORMULAS, SETTINGS_OF_FORMULAS

pytest_plugins = ("servo_fixtures",)


def under_state(*path_and_value):
    *path, value = path_and_value
    for key in reversed(path):
        value = {key: value}
    return batch(default_state=value)


PLACE = "batch.default_state.application"
WEB = PLACE + ".components.web"
WRONG_KEYS = [
    (batch(None), "batch.command", ["missing"]),
    (batch(""), "batch.command", ["not empty", '""']),
    (batch(" \n"), "batch.command", ["not empty"]),
    (batch({"run": "x"}), "batch.command", ["a command line or a list", "a mapping"]),
    (batch([]), "batch.command", ["not empty"]),
    (batch([""]), "batch.command[0]", ["must be the program to run, but is empty"]),
    (batch(["a", 5, None]), "batch.command[1]", ["a string", "5", "quote it"]),
    (batch(["a", 5, None]), "batch.command[2]", ["a string", "empty"]),
    (batch(prepare=""), "batch.prepare", ["not empty", '""']),
    (batch(cleanup={"a": 1}), "batch.cleanup", ["a command line or a list", "a mapping"]),
    (batch(env=[]), "batch.env", ["mapping", "a list"]),
    (batch(env={"SERVO_A": 4}), "batch.env.SERVO_A", ["a string", "4", "quote it"]),
    (batch(env={"A B": "x"}), 'batch.env."A B"', ["no name of a variable"]),
    (batch(working_directory=5), "batch.working_directory", ["the name of a file", "5"]),
    (batch(working_directory="/data/{web.cpu}"), "batch.working_directory", ["a placeholder", "nothing is put in"]),
    (batch(success_exit_statuses=1), "batch.success_exit_statuses", ["a list of exit statuses", "[0, 1]", "1"]),
    (batch(success_exit_statuses=[]), "batch.success_exit_statuses", ["a list of exit statuses"]),
    (batch(success_exit_statuses=[0, True]), "batch.success_exit_statuses", ["whole numbers", "[0, true]"]),
    (batch(success_exit_statuses=[256]), "batch.success_exit_statuses", ["from 0 to 255"]),
    (batch(history=5), "batch.history", ["the name of a file", "5"]),
    (batch(state=""), "batch.state", ["the name of a file"]),
    (batch(state="a\0b"), "batch.state", ["the name of a file"]),
    (batch(expected_duration=0), "batch.expected_duration", ["more than 0", "0"]),
    (batch(expected_duration="1 hour"), "batch.expected_duration", ["90s, 10m or 1h30m", '"1 hour"']),
    (batch(expected_duration=True), "batch.expected_duration", ["seconds", "true"]),
    (batch(timeout="10"), "batch.timeout", ["seconds", '"10"']),
    (batch(timeout="30m1h"), "batch.timeout", ["1h30m", '"30m1h"']),
    (batch(timeout="0s"), "batch.timeout", ["more than 0"]),
    (batch(timeout=""), "batch.timeout", ["more than 0"]),
    (batch(grace_period=-0.1), "batch.grace_period", ["0 or more", "-0.1"]),
    (batch(runs=0), "batch.runs", ["from 1", "0"]),
    (batch(runs=2.5), "batch.runs", ["a whole number", "2.5"]),
    (batch(runs=True), "batch.runs", ["a whole number", "true"]),
    (batch(warmup_runs="1"), "batch.warmup_runs", ["from 0", '"1"']),
    (batch(default_control="x"), "batch.default_control", ["mapping", '"x"']),
    (batch(metrics="x"), "batch.metrics", ["mapping", '"x"']),
    (batch(metrics={"a": "x"}), "batch.metrics.a", ["mapping", '"x"']),
    (batch(metrics={"a": {"resource": "max_rss", "units": "B"}}), "batch.metrics.a.units", ['did you mean "unit"']),
    (batch(metrics={"m": {"formula": "{n} * 2"}}), "batch.metrics.m.formula", ['there is no "n"']),
    (batch(metrics={"m": {"formula": "{m} * 2"}}), "batch.metrics", ["m → m", "circle"]),
    (batch(metrics={"m": {"formula": "{web.gc} * 2"}}), "batch.metrics.m.formula", ["a number"]),
    (batch(metrics={"m": {"formula": "{total_runtime} / ({web.cpu} - 2)"}}), "batch.metrics.m.formula", ["by zero"]),
    (batch(objective="{total_runtime}"), "batch.objective", ["objective: {minimize: '{total_runtime}'}"]),
    (batch(objective="maximize tps"), "batch.objective", ["objective: {maximize: 'tps'}"]),
    (batch(objective={}), "batch.objective", ["minimize", "maximize"]),
    (batch(objective={"minimize": "1", "maximize": "1"}), "batch.objective", ["has both"]),
    (batch(objective={"minimise": "1"}), "batch.objective.minimise", ['did you mean "minimize"']),
    (batch(objective={"minimize": 5}), "batch.objective.minimize", ["a formula", "5"]),
    (batch(objective={"minimize": "{coost}"}), "batch.objective.minimize", ['"coost"']),
    (batch(objective={"minimize": "{total_runtime} < 2"}), "batch.objective.minimize", ["a number is due"]),
    (batch(constraints="{web.cpu} > 1"), "batch.constraints", ["a list of formulas", "a string"]),
    (batch(constraints=[5]), "batch.constraints[0]", ["a formula", "5"]),
    (batch(constraints=["{web.cpus} > 1"]), "batch.constraints[0]", ['"web.cpus"', 'did you mean "web.cpu"']),
    (batch(constraints=["{web.mem} + 1"]), "batch.constraints[0]", ["a boolean is due"]),
    (batch(constraints=["{web.cpu} > 2"]), PLACE + ".components", ["{web.cpu} > 2: 2 > 2"]),
    (batch(repeat=3), "batch.repeat", ["no such key: write runs"]),
    (batch(cwd="x"), "batch.cwd", ["no such key: write working_directory"]),
    (batch(comand="x"), "batch.comand", ["no such key", 'did you mean "command"']),
    (batch(zzz=1), "batch.zzz", ["no such key", "default_state", "expected_duration"]),
    (batch(output_regex="(a)"), "batch.output_regex", ["belongs under metrics: NAME"]),
    (batch(minimize="{total_runtime}"), "batch.minimize", ["belongs under objective"]),
    (batch(default_state=None), "batch.default_state", ["missing"]),
    (under_state([]), "batch.default_state", ["mapping", "a list"]),
    (under_state({}), PLACE, ["missing"]),
    (under_state("application", None), PLACE, ["mapping", "empty"]),
    (under_state("application", {}), PLACE + ".components", ["missing"]),
    (under_state("application", "components", "x"), PLACE + ".components", ["mapping", '"x"']),
    (under_state("application", "components", "web", {}), WEB + ".settings", ["missing"]),
    (under_state("application", "components", "web", "settings", []), WEB + ".settings", ["mapping", "a list"]),
    (
        under_state("application", "components", "a b.c", "settings", "d\n", 1),
        PLACE + r'.components."a b.c".settings."d\n"',
        ["mapping"],
    ),
    (
        batch(default_state=application(a={"b.c": {}}, **{"a.b": {"c": {}}})),
        PLACE + '.components."a.b".settings.c',
        ["is called a.b.c, as one of the component a is"],
    ),
    (batch(application=application()["application"]), "batch.application", ["twice", "batch.default_state"]),
    ({"batch": None}, "batch", ["mapping", "empty"]),
    ({"batch": {}}, "batch.command", ["missing"]),
    ({"batch": {}}, "batch.default_state", ["missing"]),
]


@pytest.mark.parametrize(
    ("document", "path", "words"), WRONG_KEYS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_wrong_key_is_named_with_its_path(newest, document, path, words):
    newest.configure(document)
    ended = newest.describe()
    ended.bad_config()
    about = [line for line in ended.answer["message"].split("\n") if line.startswith("config.json: %s: " % path)]
    assert len(about) == 1, ended
    assert [word for word in words if word not in about[0]] == [], ended


@pytest.mark.parametrize("key", ["expected_duration", "metrics", "default_control", "grace_period", "env", "runs"])
def test_a_key_with_nothing_after_it_is_a_problem(newest, key):
    document = batch()
    document["batch"][key] = None
    newest.configure(document)
    newest.describe().bad_config("config.json: batch.%s: " % key, "empty" if key != "runs" else "")


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


def test_a_megabyte_of_problems_is_still_one_answer_and_a_short_line(servo):
    servo.configure(batch(**{"k%d" % number * 20: "x" * 1000 for number in range(1000)}))
    ended = servo.describe()
    ended.bad_config()
    assert ended.answer["message"].count("\n") == 999
    assert len(ended.stderr) < 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h 30m", 5400), ("250ms", 0.25), ("1.5s", 1.5), ("2d", 172800)],
)
def test_a_duration_is_read_as_people_write_it(newest, text, seconds):
    newest.configure(batch(expected_duration=text))
    status = newest.call("check")
    assert "expected duration: %g s;" % seconds in status.stdout.decode()


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


def test_settings_computed_from_one_another_in_a_circle_are_told(servo):
    circle = {"b": {"type": "formula", "formula": "{a.c} + 1"}, "c": {"type": "formula", "formula": "{a.b}"}}
    servo.configure(batch(default_state=application(a=circle)))
    servo.query().bad_config("config.json: batch: a.b → a.c → a.b: each needs the next, in a circle")


# The file.


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "5", "[{}]"])
def test_a_document_that_is_no_mapping_is_said_to_be_none(newest, text):
    newest.write("config.json", text.encode())
    newest.describe().bad_config("config.json: ", "mapping", "batch")


@pytest.mark.parametrize(
    ("document", "words"),
    [({}, ['"batch"', "missing"]), ({"Batch": {}, "x": 1}, ['"batch"', "missing", 'did you mean "Batch"'])],
)
def test_a_document_without_batch_is_told_that_it_is_missing(newest, document, words):
    newest.configure(document)
    newest.describe().bad_config("config.json", *words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["not JSON", "config.json:1:1"]),
        (b'{\n  "batch": {,}\n}', ["not JSON", "config.json:2:13"]),
        (b'{"batch": {}, "batch": {}}', ['"batch"', "twice"]),
        (b'{"batch": {"timeout": NaN}}', ["NaN"]),
        (b'{"batch": "\xff"}', ["config.json:1:12", "UTF-8", "0xff"]),
        (b"[" * 100000, ["nested"]),
        (b"\0" * 100, ["not JSON"]),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_a_file_that_is_not_json_is_told_where(servo, data, words):
    servo.write("config.json", data)
    servo.describe().bad_config("config.json", *words)


@pytest.mark.parametrize("verb", ["adjust", "measure"])
def test_a_directory_is_no_configuration(newest, verb):
    os.unlink(newest.path("config.json"))
    os.mkdir(newest.path("config.json"))
    newest.call(verb, request=asked(cpu=3)).bad_config("config.json", "directory")


def test_a_link_to_nowhere_is_not_passed_over(newest):
    os.unlink(newest.path("config.json"))
    os.symlink("gone", newest.path("config.json"))
    newest.describe().bad_config("config.json", "No such file")


def test_a_configuration_in_a_folder_that_is_a_file_cannot_be_read(newest):
    newest.call("adjust", "--query", "--config", "config.json/x.json").bad_config("config.json/x.json", "directory")


def test_a_message_names_the_file_as_it_was_given(newest):
    os.rename(newest.path("config.json"), newest.path("other.json"))
    newest.write("other.json", {"batch": 1})
    path = newest.path("other.json")
    newest.call("adjust", "--query", "--config", path).bad_config(path + ": batch: ")


@pytest.mark.parametrize("files", range(4, 12))
def test_too_few_files_for_a_process_are_not_blamed_on_the_configuration(servo, files):
    ended = servo.query(prefix=["sh", "-c", 'ulimit -n %d; exec "$@"' % files, "-"])
    assert b"bad-config" not in ended.stdout


# Who needs what of it.


@pytest.mark.parametrize("arguments", [["measure"], ["measure", "--describe"]])
def test_measure_checks_the_whole_configuration(newest, arguments):
    newest.configure(batch("touch ran", timeout=-1, metrics={"m": {"output_regex": "x"}}))
    newest.call(*arguments).bad_config("batch.timeout", "batch.metrics.m.output_regex")
    assert not os.path.exists(newest.path("ran"))


def test_adjust_leaves_to_measure_what_it_does_not_use(newest):
    newest.configure(batch("echo `{web.cpu", timeout=-1, metrics={"m": {"output_regex": "x"}}, zzz=1))
    newest.stored(cpu=4)
    assert newest.query().query["web"]["cpu"] == 4


@pytest.mark.parametrize("arguments", [["adjust"], ["adjust", "--query"], ["adjust", "--reset"]])
def test_adjust_checks_all_settings(newest, arguments):
    before = newest.stored(cpu=3)
    newest.configure(batch(default_state=application(web={**SETTINGS, "cpus": {"min": 2, "max": 1}})))
    newest.call(*arguments, request=asked(cpu=4) if arguments == ["adjust"] else b"").bad_config("settings.cpus.min")
    assert newest.read("_state.json") == before

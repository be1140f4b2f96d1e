"""Which verb a call means, its options, and its exit status."""

import os
import re
import shutil
import subprocess

import pytest
from calling import application, asked, batch
from machine import ROOT

pytest_plugins = ("servo_fixtures",)

ADJUST_INFO = {"version": "1.0.0", "has_cancel": False}
MEASURE_INFO = {"version": "1.0.0", "has_cancel": True}


def named(servo, name, make=shutil.copy):
    """Return the path of the built file under another name, made by a copy or a link."""
    path = servo.path(name)
    make(servo.pyz, path)
    return path


def is_no_verb(ended):
    assert ended.status == 2, ended
    assert ended.stdout == b"", ended
    assert "adjust" in ended.stderr, ended
    assert "measure" in ended.stderr, ended
    assert "Traceback" not in ended.stderr, ended
    return True


def hard_link(source, target):
    try:
        os.link(source, target)
    except OSError as error:
        pytest.skip("no hard links here: %s" % error)


@pytest.mark.parametrize(
    ("name", "info"),
    [
        ("adjust", ADJUST_INFO),
        ("adjust-batch", ADJUST_INFO),
        ("adjust_x", ADJUST_INFO),
        ("adjust.pyz", ADJUST_INFO),
        ("measure", MEASURE_INFO),
        ("measure.pyz", MEASURE_INFO),
    ],
)
def test_the_verb_comes_from_the_name(servo, name, info):
    ended = servo.call("--info", program=named(servo, name))
    assert (ended.status, ended.answer) == (0, info)


@pytest.mark.parametrize(
    "name",
    [
        "adjusted",
        "adjust2",
        "my-adjust",
        "Adjust",
        "measures",
        "servo-batch-adjust",
        "servo-batch",
        "servo_batch.pyz",
        "servobatch",
    ],
)
def test_a_name_that_only_resembles_a_verb_is_none(servo, name):
    assert is_no_verb(servo.call("--info", program=named(servo, name)))


def test_under_a_name_that_is_no_verb_the_first_argument_is_one(servo):
    assert servo.call("adjust", "--info", program=named(servo, "servo-batch-measure")).answer == ADJUST_INFO


@pytest.mark.parametrize("make", [shutil.copy, os.symlink, hard_link])
def test_copies_and_links_work_from_another_directory(servo, make, tmp_path):
    program = named(servo, "adjust", make)
    (tmp_path / "elsewhere").mkdir()
    ended = servo.call("--query", "--config", "../config.json", program=program, cwd=servo.path("elsewhere"))
    assert ended.query["web"]["cpu"] == 2
    ended = servo.call("--info", program="../adjust", cwd=servo.path("elsewhere"))
    assert ended.answer == ADJUST_INFO


def test_a_bare_name_in_the_working_directory_is_enough(servo):
    named(servo, "measure")
    assert servo.call("--info", program="measure").answer == MEASURE_INFO


def test_the_file_runs_by_its_first_line(servo, tmp_path):
    program = named(servo, "adjust")
    assert os.access(program, os.X_OK)
    (tmp_path / "python3").symlink_to(servo.python)
    output = subprocess.check_output([program, "--info"], env={"PATH": "%s:/usr/bin:/bin" % servo.folder})
    assert output == b'{"version": "1.0.0", "has_cancel": false}\n'


@pytest.mark.parametrize(("verb", "info"), [("adjust", ADJUST_INFO), ("measure", MEASURE_INFO)])
def test_info_needs_no_configuration(servo_everywhere, verb, info):
    os.unlink(servo_everywhere.path("config.json"))
    ended = servo_everywhere.call(verb, "--info")
    assert (ended.status, ended.answer, ended.stderr) == (0, info, "")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["adjust", "--version"], ["measure", "--version"], ["servo", "--version"]]
)
def test_version_is_plain_text(servo, arguments):
    ended = servo.call(*arguments)
    assert (ended.status, ended.stderr) == (0, "")
    assert re.match(rb"1\.0\.0 \(sources sha256 [0-9a-f]{64}\)\n\Z", ended.stdout), ended


def test_the_digest_of_the_sources_is_what_sha256sum_says_of_them(servo):
    command = "find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    expected = subprocess.check_output(["/bin/sh", "-c", command], cwd=os.path.join(ROOT, "src")).split()[0]
    assert expected in servo.call("--version").stdout
    unpacked = servo.call(
        "adjust", "--version", program="-mservo_batch", environment={"PYTHONPATH": os.path.join(ROOT, "src")}
    )
    assert expected in unpacked.stdout


@pytest.mark.parametrize("option", ["--query", "--describe"])
def test_query_and_describe_mean_the_same(servo, option):
    ended = servo.call("adjust", option)
    assert ended.query["web"]["cpu"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["adjust", "measure"]),
        (["adjust", "--help"], ["--config", "--state", "--info", "--version", "--query", "--describe", "APP_ID"]),
        (["measure", "--help"], ["--config", "--state", "--control", "--info", "--version", "--describe", "APP_ID"]),
    ],
)
def test_help_lists_what_there_is(servo, arguments, words):
    ended = servo.call(*arguments)
    assert ended.status == 0
    assert [word for word in words if word not in ended.stdout.decode()] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["verb"]),
        (["ajust"], ["ajust", 'did you mean "adjust"']),
        (["--frobnicate"], ["--frobnicate"]),
        (["adjust", "--frobnicate"], ["--frobnicate"]),
        (["adjust", "--quer"], ["--quer"]),
        (["adjust", "--config"], ["--config"]),
        (["adjust", "--info", "--query"], ["--info", "--query"]),
        (["adjust", "one", "two"], ["two"]),
        (["adjust", "--control", "{}"], ["--control"]),
        (["measure", "--query"], ["--query"]),
        (["measure", "--control", "{"], ["--control", "JSON"]),
        (["measure", "--control", "[]"], ["--control", "object", "a list"]),
        (["measure", "--control", '{"a": 1, "a": 2}'], ["--control", "twice"]),
        (["measure", "--control", '{"a": NaN}'], ["--control", "NaN"]),
        (["measure", "--runs", "0"], ["--runs", "1", "0"]),
        (["measure", "--runs", "two"], ["--runs", "two"]),
        (["measure", "--warmup-runs=-1"], ["--warmup-runs", "-1"]),
        (["tune", "--cap", "0.5"], ["--cap", "0.5"]),
        (["measure", "sub/other.yaml"], ["sub/other.yaml", "--config"]),
        (["adjust", "config.json"], ["config.json", "--config"]),
        (["adjust", "other.yml", "web.cpu=1"], ["other.yml", "--config"]),
        (["adjust", "--query", "web.cpu=1"], ["--query", "web.cpu=1"]),
        (["adjust", "--reset", "web.cpu=1"], ["--reset", "web.cpu=1"]),
        (["check", "web.cpu=1"], ["check", "web.cpu=1"]),
        (["help", "nosuchword"], ["nosuchword", "help lists its pages"]),
        (["help", "redme"], ["redme", 'did you mean "readme"']),
        (["measure", "check"], ["check is a verb", "servo-batch.pyz check"]),
        (["measure", "--metric", "a=(.)"], ["--metric", "--command"]),
        (["compare", "--command", "true", "--config", "config.json"], ["--config", "--command"]),
        (["compare", "--command", "true", "--metric", "tps"], ["--metric", "tps = "]),
        (["compare", "--json", "--csv"], ["--csv", "--json"]),
        (["compare", "word"], ["word"]),
        (["measure", "--runs"], ["--runs needs a value: --runs N"]),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_is_wrong(servo, arguments, words):
    ended = servo.call(*arguments)
    assert ended.status == 2, ended
    assert ended.stdout == b"", ended
    assert "Traceback" not in ended.stderr, ended
    assert [word for word in words if word not in ended.stderr] == [], ended


@pytest.mark.parametrize("verb", ["adjust", "measure"])
def test_the_application_id_is_accepted(servo, verb):
    ended = servo.call(verb, "my-app", request=asked(cpu=3) if verb == "adjust" else b"{}")
    assert (ended.status, ended.answer["status"]) == (0, "ok")


# Which configuration: each file's command tells its name.

CONFIGURATIONS = ["given.json", "environment.json", "config.json"]


def test_a_yml_file_is_found_too(servo):
    os.unlink(servo.path("config.json"))
    servo.write("config.yml", b"batch: {command: 'true', default_state: {application: {components: {}}}}\n")
    assert servo.query().status == 0


def test_help_lists_the_manual_s_pages_and_shows_each(servo):
    pages = [line.split()[0] for line in servo.call("help").stdout.decode().split("\n\n")[0].split("\n")]
    assert "README" in pages
    for page in pages:
        shown = servo.call("help", page)
        assert (shown.status, shown.stdout[:2]) == (0, b"# "), shown


@pytest.mark.parametrize("word", ["grace_period", "±", "exit"])
def test_help_finds_where_a_word_is_explained(servo, word):
    shown = servo.call("help", word)
    assert shown.status == 0, shown
    assert word in shown.stdout.decode().lower()
    assert shown.stdout.decode().split("\n")[0].endswith(":"), "names the page first"


@pytest.mark.parametrize("verb", ["adjust", "measure", "compare", "check", "history", "tune", "servo", "help"])
def test_each_verb_s_help_has_an_example_and_names_a_page(servo, verb):
    helped = servo.call(verb, "--help").stdout.decode()
    assert "example:\n  " in helped
    page = re.search("More: help (.*)", helped).group(1)
    assert servo.call("help", page).stdout.startswith(b"# ")


@pytest.mark.parametrize("name", ["measure", "servo-batch.pyz"])
def test_a_verb_in_the_place_of_an_app_id_is_told_how_it_is_called(servo, name):
    link = servo.path("called", "measure")
    os.makedirs(os.path.dirname(link))
    target = servo.path("called", name)
    shutil.copy(servo.pyz, target)
    if name != "measure":
        os.symlink(target, link)
    ended = servo.call("check", program=link)
    assert ended.status == 2, ended
    told = re.search("call ([^;]*);", ended.stderr).group(1)
    made = re.search("ln -s [^ ]* ([^ ,]*)", ended.stderr)
    if made:
        os.symlink("measure", made.group(1))
    checked = subprocess.run([servo.python, *told.split()], cwd=servo.folder, stdout=subprocess.PIPE)
    assert b"configuration: config.json" in checked.stdout


def configured(servo, *names):
    os.unlink(servo.path("config.json"))
    for name in names:
        document = batch()
        document["batch"]["default_state"] = application(found={name: {"value": 1}})
        servo.write(name, document)


def found(ended):
    return next(iter(ended.query["found"]))


@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_configuration_is_the_option_else_the_variable_else_the_file(servo, first):
    configured(servo, *CONFIGURATIONS)
    arguments = ["--config", "given.json"] if first == 0 else []
    environment = {"OPTUNE_CONFIG": "environment.json"} if first <= 1 else {}
    assert found(servo.query(environment=environment)) != "given.json"
    ended = servo.call("adjust", "--query", *arguments, environment=environment)
    assert found(ended) == CONFIGURATIONS[first]


def test_an_empty_variable_is_as_none(servo):
    assert servo.query(environment={"OPTUNE_CONFIG": "", "OPTUNE_STATE": ""}).status == 0


def test_no_configuration_names_all_that_was_looked_for(servo):
    os.unlink(servo.path("config.json"))
    servo.query().bad_config("config.yaml", "config.json", "OPTUNE_CONFIG", "--config")


@pytest.mark.parametrize("verb", ["adjust", "measure"])
def test_a_configuration_that_is_named_but_missing_is_not_replaced_by_another(servo, verb):
    servo.call(verb, "--config", "nowhere.json").bad_config("nowhere.json", "No such file")
    servo.call(verb, environment={"OPTUNE_CONFIG": "nowhere.json"}).bad_config("nowhere.json", "No such file")


def test_the_state_is_the_option_else_the_variable_else_the_file(servo):
    values = {"given": 3, "environment": 4, "_state": 5}
    for name, value in values.items():
        servo.write(name + ".json", asked(cpu=value))
    variable = {"OPTUNE_STATE": "environment.json"}
    option = ["--state", "given.json"]
    assert servo.query().query["web"]["cpu"] == 5
    assert servo.query(environment=variable).query["web"]["cpu"] == 4
    assert servo.call("adjust", "--query", *option, environment=variable).query["web"]["cpu"] == 3


@pytest.mark.parametrize("option", [True, False])
def test_adjust_stores_where_the_state_is(servo, option):
    path = servo.path("kept", "elsewhere.json")
    os.mkdir(os.path.dirname(path))
    arguments = ["--state", path] if option else []
    ended = servo.adjust(asked(cpu=7), *arguments, environment={"OPTUNE_STATE": "" if option else path})
    assert ended.status == 0, ended
    assert os.listdir(servo.path("kept")) == ["elsewhere.json"]
    assert not os.path.exists(servo.state)


def test_measure_reads_the_state_it_is_given(servo):
    servo.write("other.json", asked(cpu=6))
    servo.configure(batch("echo cpu {web.cpu}", metrics={"cpu": {"output_regex": r"cpu (\d+)"}}))
    assert servo.measure(b"", "--state", "other.json").answer["metrics"]["cpu"] == {"value": 6}

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


def test_the_verb_comes_from_the_name(newest):
    for name in ("adjust", "adjust-batch", "adjust_x", "adjust.pyz", "measure", "measure.pyz"):
        ended = newest.call("--info", program=named(newest, name))
        assert (ended.status, ended.answer) == (0, ADJUST_INFO if name.startswith("adjust") else MEASURE_INFO)


def test_a_name_that_only_resembles_a_verb_is_none_and_the_first_argument_is_one(newest):
    for name in (
        "adjusted",
        "my-adjust",
        "Adjust",
        "servo-batch-adjust",
        "servo-batch",
        "servo_batch.pyz",
        "servobatch",
    ):
        program = named(newest, name)
        ended = newest.call("--info", program=program)
        assert (ended.status, ended.stdout, ended.stderr.count("\n")) == (2, b"", 1), ended
        assert "adjust, measure" in ended.stderr
        assert newest.call("adjust", "--info", program=program).answer == ADJUST_INFO


@pytest.mark.parametrize("make", [shutil.copy, os.symlink, os.link])
def test_copies_and_links_work_from_another_directory(servo, make, tmp_path):
    program = named(servo, "adjust", make)
    (tmp_path / "elsewhere").mkdir()
    ended = servo.call("--query", "--config", "../config.json", program=program, cwd=servo.path("elsewhere"))
    assert ended.query["web"]["cpu"] == 2
    assert servo.call("--info", program="../adjust", cwd=servo.path("elsewhere")).answer == ADJUST_INFO
    assert servo.call("--info", program="adjust").answer == ADJUST_INFO


def test_the_file_runs_by_its_first_line(servo, tmp_path):
    program = named(servo, "adjust")
    (tmp_path / "python3").symlink_to(servo.python)
    output = subprocess.check_output([program, "--info"], env={"PATH": "%s:/usr/bin:/bin" % servo.folder})
    assert output == b'{"version": "1.0.0", "has_cancel": false}\n'


@pytest.mark.parametrize(("verb", "info"), [("adjust", ADJUST_INFO), ("measure", MEASURE_INFO)])
def test_info_needs_no_configuration(servo_everywhere, verb, info):
    os.unlink(servo_everywhere.path("config.json"))
    ended = servo_everywhere.call(verb, "--info")
    assert (ended.status, ended.answer, ended.stderr) == (0, info, "")


def test_version_is_plain_text_with_the_digest_that_sha256sum_says(servo):
    command = "find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    digest = subprocess.check_output(["/bin/sh", "-c", command], cwd=os.path.join(ROOT, "src")).split()[0]
    for arguments in (["--version"], ["adjust", "--version"], ["servo", "--version"]):
        ended = servo.call(*arguments)
        assert (ended.status, ended.stderr, ended.stdout) == (0, "", b"1.0.0 (sources sha256 %s)\n" % digest)
    from_sources = {"PYTHONPATH": os.path.join(ROOT, "src")}
    assert digest in servo.call("--version", program="-mservo_batch", environment=from_sources).stdout


@pytest.mark.parametrize("option", ["--query", "--describe"])
def test_query_and_describe_mean_the_same(servo, option):
    assert servo.call("adjust", option).query["web"]["cpu"] == 2


# Help.


def test_each_verb_s_help_lists_its_options_has_an_example_and_names_a_page(newest):
    verbs = re.findall("^  (\\w+) ", newest.call("--help").stdout.decode().split("examples:")[0], re.M)
    assert verbs == ["adjust", "measure", "compare", "check", "history", "tune", "servo", "help"]
    for verb in verbs:
        helped = newest.call(verb, "--help").stdout.decode()
        assert "\n  -h, --help " in helped
        assert "example:\n  " in helped
        page = re.search("More: help (.*)", helped).group(1)
        assert newest.call("help", page).stdout.startswith(b"# ")
    for part in ("[APP_ID]", "--config FILE", "--state FILE", "--control JSON", "--info", "--describe", "--runs N"):
        assert part in newest.call("measure", "--help").stdout.decode()


def test_help_lists_the_manual_s_pages_and_shows_each(servo):
    pages = [line.split()[0] for line in servo.call("help").stdout.decode().split("\n\n")[0].split("\n")]
    assert {"README", "recipes/ssh"} < set(pages)
    for page in [*pages, "ssh", "readme", "postgres"]:
        shown = servo.call("help", page)
        assert (shown.status, shown.stdout[:2]) == (0, b"# "), shown
    recipes = servo.call("help", "recipes").stdout.decode()
    assert [line.split()[0] for line in recipes.split("\n\n")[0].split("\n")] == [
        page for page in pages if page.startswith("recipes/")
    ]


@pytest.mark.parametrize("word", ["grace_period", "±", "exit"])
def test_help_finds_where_a_word_is_explained(newest, word):
    shown = newest.call("help", word)
    assert shown.status == 0, shown
    assert word in shown.stdout.decode().lower()
    assert shown.stdout.decode().split("\n")[0].endswith(":"), "names the page first"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["verb"]),
        (["ajust"], ["ajust", 'did you mean "adjust"']),
        (["--frobnicate"], ["--frobnicate"]),
        (["adjust", "--frobnicate"], ["--frobnicate"]),
        (["adjust", "--quer"], ["--quer", 'did you mean "--query"']),
        (["adjust", "--config"], ["--config needs a value: --config FILE"]),
        (["adjust", "--query=x"], ["--query takes no value"]),
        (["adjust", "--info", "--query"], ["--info", "--query"]),
        (["adjust", "one", "two"], ["two"]),
        (["measure", "--query"], ["--query"]),
        (["measure", "--control", "{"], ["--control", """as '{"userdata": {"timeout": 60}}' is"""]),
        (["measure", "--control", "[]"], ["--control", "object", "a list"]),
        (["measure", "--control", '{"a": 1, "a": 2}'], ["--control", "twice"]),
        *((["measure", "--runs=" + runs], ["--runs needs a "]) for runs in ("0", "two", "1.5", "", "1000001", "9" * 5000)),
        (["measure", "--warmup-runs=-1"], ["--warmup-runs", "-1"]),
        (["tune", "--cap", "0.5"], ["--cap", "0.5"]),
        (["measure", "sub/other.yaml"], ["a configuration is named by --config sub/other.yaml"]),
        (["adjust", "other.yml", "web.cpu=1"], ["other.yml", "--config"]),
        (["adjust", "--query", "web.cpu=1"], ["--query takes no settings: adjust web.cpu=1"]),
        (["measure", "--describe", "web.cpu=4"], ["--describe takes no settings"]),
        (["check", "web.cpu=1"], ["check takes options only, not web.cpu=1"]),
        (["check", "config.json"], ["a configuration is named by --config config.json"]),
        (["compare", "word"], ["compare takes options and C.S=VALUE, not word"]),
        (["help", "nosuchword"], ["nosuchword", "help lists its pages"]),
        (["help", "redme"], ["redme", 'did you mean "readme"']),
        (["measure", "check"], ["check is a verb", "servo-batch.pyz check"]),
        (["measure", "--metric", "a=(.)"], ["--metric", "--command"]),
        (["compare", "--command", "true", "--config", "config.json"], ["--config", "--command"]),
        (["compare", "--command", "true", "--metric", "tps"], ["--metric", "tps = "]),
        (["compare", "--json", "--csv"], ["--csv", "--json"]),
        (["adjust", "cpu=4"], ["cpu=4 does not name a setting: write COMPONENT.SETTING=VALUE"]),
        (["adjust", "web.=4"], ["does not name a setting"]),
        (["adjust", "web.cpu", "4"], ["a setting is COMPONENT.SETTING=VALUE"]),
        (["adjust", b"web.cpu=\xff"], ["is not UTF-8"]),
        (["measure", "runs=3"], ["write COMPONENT.SETTING=VALUE, or --runs=3; see --help"]),
    ],
)  # fmt: skip
def test_wrong_usage_is_status_2_and_says_what_is_wrong(newest, arguments, words):
    ended = newest.call(*arguments)
    assert (ended.status, ended.stdout, ended.stderr.count("\n")) == (2, b"", 1), ended
    assert [word for word in words if word not in ended.stderr] == [], ended
    assert not os.path.exists(newest.state)


@pytest.mark.parametrize("verb", ["adjust", "measure"])
def test_the_application_id_is_accepted(servo, verb):
    ended = servo.call(verb, "my-app", request=asked(cpu=3) if verb == "adjust" else b"{}")
    assert (ended.status, ended.answer["status"]) == (0, "ok")


@pytest.mark.parametrize("name", ["measure", "servo-batch.pyz"])
def test_a_verb_in_the_place_of_an_app_id_is_told_how_it_is_called(servo, name):
    os.mkdir(servo.path("called"))
    program, target = servo.path("called", "measure"), servo.path("called", name)
    shutil.copy(servo.pyz, target)
    if name != "measure":
        os.symlink(target, program)
    ended = servo.call("check", program=program)
    assert ended.status == 2, ended
    os.symlink("measure", re.search("ln -s measure ([^ ,]*)", ended.stderr).group(1))
    told = re.search("call ([^;]*);", ended.stderr).group(1)
    checked = subprocess.run([servo.python, *told.split()], cwd=servo.folder, stdout=subprocess.PIPE)
    assert b"configuration: config.json" in checked.stdout


# Which configuration, and which state.


def test_the_configuration_is_the_option_else_the_variable_else_the_file(servo):
    names = ["given.json", "environment.json", "config.json"]
    for name in names:
        servo.write(name, batch(default_state=application(found={name: {"value": 1}})))
    variable = {"OPTUNE_CONFIG": "environment.json"}
    for name, arguments, environment in (
        ("given.json", ["--config", "given.json"], variable),
        ("environment.json", [], variable),
        ("config.json", [], {"OPTUNE_CONFIG": "", "OPTUNE_STATE": ""}),
    ):
        assert list(servo.call("adjust", "--query", *arguments, environment=environment).query["found"]) == [name]
    os.rename(servo.path("config.json"), servo.path("config.yml"))
    assert list(servo.query().query["found"]) == ["config.json"]


def test_no_configuration_names_all_that_was_looked_for_and_a_named_one_is_not_replaced(servo):
    for verb in ("adjust", "measure"):
        servo.call(verb, "--config", "nowhere.json").bad_config("nowhere.json", "No such file")
        servo.call(verb, environment={"OPTUNE_CONFIG": "nowhere.json"}).bad_config("nowhere.json", "No such file")
    os.unlink(servo.path("config.json"))
    servo.query().bad_config("config.yaml", "config.json", "OPTUNE_CONFIG", "--config")


def test_the_state_is_the_option_else_the_variable_else_the_file(servo):
    for name, value in {"given": 3, "environment": 4, "_state": 5}.items():
        servo.write(name + ".json", asked(cpu=value))
    variable = {"OPTUNE_STATE": "environment.json"}
    assert servo.query().query["web"]["cpu"] == 5
    assert servo.query(environment=variable).query["web"]["cpu"] == 4
    assert servo.call("adjust", "--query", "--state", "given.json", environment=variable).query["web"]["cpu"] == 3
    servo.configure(batch("echo cpu {web.cpu}", metrics={"cpu": {"output_regex": r"cpu (\d+)"}}))
    assert servo.measure(b"", "--state", "given.json").answer["metrics"]["cpu"] == {"value": 3}


@pytest.mark.parametrize("option", [True, False])
def test_adjust_stores_where_the_state_is(newest, option):
    path = newest.path("kept", "elsewhere.json")
    os.mkdir(os.path.dirname(path))
    arguments = ["--state", path] if option else []
    ended = newest.adjust(asked(cpu=7), *arguments, environment={"OPTUNE_STATE": "" if option else path})
    assert ended.status == 0, ended
    assert os.listdir(newest.path("kept")) == ["elsewhere.json"]
    assert not os.path.exists(newest.state)

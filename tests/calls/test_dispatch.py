"""Which verb a call means, where its configuration and its state come from, its exit status, and help."""

import os
import re
import shutil
import subprocess

import pytest
from calling import application, asked, batch
from machine import ROOT


def named(servo, name, make=shutil.copy):
    """Return the path of the built file under another name, made by a copy or a link."""
    path = servo.path(name)
    make(servo.pyz, path)
    return path


@pytest.mark.parametrize("make", [shutil.copy, os.symlink, os.link])
def test_copies_and_links_are_the_verb_of_their_name_from_any_directory(newest, make):
    named(newest, "adjust", make)
    os.mkdir(newest.path("elsewhere"))
    ended = newest.call("--query", "--config", "../config.json", program="../adjust", cwd=newest.path("elsewhere"))
    assert ended.query["web"]["cpu"] == 2


def test_the_file_runs_by_its_first_line_and_says_what_it_is_without_a_configuration(servo, tmp_path):
    os.unlink(servo.path("config.json"))
    program = named(servo, "adjust")
    (tmp_path / "python3").symlink_to(servo.python)
    output = subprocess.check_output([program, "--info"], env={"PATH": "%s:/usr/bin:/bin" % servo.folder})
    assert output == b'{"version": "1.0.0", "has_cancel": false}\n'


def test_version_is_plain_text_with_the_digest_that_sha256sum_says(newest):
    command = "find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    digest = subprocess.check_output(["/bin/sh", "-c", command], cwd=os.path.join(ROOT, "src")).split()[0]
    for arguments in (["--version"], ["servo", "--version"]):
        ended = newest.call(*arguments)
        assert (ended.status, ended.stderr, ended.stdout) == (0, "", b"1.0.0 (sources sha256 %s)\n" % digest)
    from_sources = {"PYTHONPATH": os.path.join(ROOT, "src")}
    assert digest in newest.call("--version", program="-mservo_batch", environment=from_sources).stdout


@pytest.mark.parametrize("arguments", [[], ["adjust", "--frobnicate"], ["measure", b"web.cpu=\xff"], ["help", "redme"]])
def test_wrong_usage_is_status_2_and_one_line(newest, arguments):
    ended = newest.call(*arguments)
    assert (ended.status, ended.stdout, ended.stderr.count("\n")) == (2, b"", 1), ended
    assert ended.stderr.startswith("servo-batch: ")
    assert ended.stderr.endswith("; see --help\n")


def test_a_verb_in_the_place_of_an_app_id_is_told_how_it_is_called(newest):
    os.mkdir(newest.path("a folder"))
    for arguments in (["check"], ["check", "--output", "x"]):
        ended = newest.call(*arguments, program=named(newest, "a folder/measure"))
        assert ended.status == 2, ended
        told = re.search("by another name: (.*); see --help", ended.stderr).group(1)
    checked = subprocess.run(["/bin/sh", "-c", told], cwd=newest.folder, stdout=subprocess.PIPE)
    assert b"configuration: config.json" in checked.stdout


def test_help_is_text_of_the_whole_of_a_verb_and_of_the_manual(newest):
    for arguments, start, parts in (
        (["--help"], "usage: ", ["VERB", "\n\nBoth Optune drivers", "\n  compare  measure combinations"]),
        (["measure", "--help"], "usage: ", [" measure [options] [APP_ID]", "--config FILE", "--runs N", "More: help job"]),
        (["help"], "", ["  README ", "  recipes/ssh "]),
        (["help", "readme"], "# servo-batch\n", []),
        (["help", "ssh"], "# ", []),
        (["help", "grace_period"], "", ["job: ", "configuration: | `grace_period`"]),
    ):  # fmt: skip
        ended = newest.call(*arguments)
        assert (ended.status, ended.text[: len(start)]) == (0, start)
        assert [part for part in parts if part not in ended.text] == []


# Which configuration, and which state.


def test_the_configuration_is_the_option_else_the_variable_else_the_file(newest):
    names = ["given.json", "environment.json", "config.json"]
    for name in names:
        newest.write(name, batch(default_state=application(found={name: {"value": 1}})))
    variable = {"OPTUNE_CONFIG": "environment.json"}
    for name, arguments, environment in (
        ("given.json", ["--config", "given.json"], variable),
        ("environment.json", [], variable),
        ("config.json", [], {"OPTUNE_CONFIG": "", "OPTUNE_STATE": ""}),
    ):
        assert list(newest.call("adjust", "--query", *arguments, environment=environment).query["found"]) == [name]
    os.rename(newest.path("config.json"), newest.path("config.yml"))
    assert list(newest.call("adjust", "--describe").query["found"]) == ["config.json"]
    # Without any, all that was looked for is named; a link to nowhere is one.
    os.unlink(newest.path("config.yml"))
    newest.query().bad_config("config.yaml", "config.json", "OPTUNE_CONFIG", "--config")
    os.symlink("gone", newest.path("config.yaml"))
    newest.query().bad_config("config.yaml", "No such file")


def test_the_state_is_the_option_else_the_variable_else_the_file(newest):
    stored = {"given.json": 3, "environment.json": 4, "_state.json": 5}
    for name, value in stored.items():
        newest.write(name, asked(cpu=value))
    for name, arguments, variable in (
        ("given.json", ["an-app", "--state", "given.json"], "environment.json"),
        ("environment.json", [], "environment.json"),
        ("_state.json", [], ""),
    ):
        newest.environment["OPTUNE_STATE"] = variable
        assert newest.call("adjust", "--query", *arguments).query["web"]["cpu"] == stored[name]
        assert newest.measure(b"", *arguments).answer["settings"]["web.cpu"] == stored[name]
        assert newest.adjust(asked(cpu=7), *arguments).status == 0
        stored[name] = 7
        assert [newest.read_json(name) for name in stored] == [asked(cpu=value) for value in stored.values()]

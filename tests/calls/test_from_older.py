"""Whoever comes from the older servo-batch: what the manual's page says is so, with a folder as that one left it."""

import os
import re

import pytest
from machine import ROOT

pytest_plugins = ("servo_fixtures",)

with open(os.path.join(ROOT, "src", "servo_batch", "manual", "from-older.md"), encoding="utf-8") as stream:
    PAGE = stream.read()
CONFIGURATION = b"""\
batch:
  command: ./run_job.sh --cpu {state[application][components][web][settings][cpu][value]} --for {_control.duration}
  application:
    components:
      web:
        settings:
          cpu: {type: range, min: 1, max: 8, step: 1, default: 2}
          mem: {default: 1.5, min: 0.5, max: 4}
  metrics:
    cpus: {output_regex: 'cpus (.*)'}
"""
STATES = {
    "_state.yaml": b"application:\n  components:\n    web:\n      settings:\n        cpu: {value: 3}\n",
    "state.yaml": b"components:\n  web:\n    settings:\n      cpu:\n        value: 3\n",
}
REQUEST = {"control": {"duration": 5}, "metrics": ["cpus"]}


@pytest.fixture
def moved(servo):
    """The file in a folder that the older servo-batch was used in."""
    os.unlink(servo.path("config.json"))
    servo.write("config.yaml", CONFIGURATION)
    os.chmod(servo.write("run_job.sh", b"#!/bin/sh\necho cpus $2\n"), 0o755)
    return servo


@pytest.mark.parametrize("name", list(STATES))
def test_its_settings_are_measured_and_that_is_said(moved, name):
    moved.write(name, STATES[name])
    ended = moved.measure(REQUEST)
    assert ended.answer["metrics"]["cpus"]["value"] == 3
    assert "./%s, which an older servo-batch stored, is the state" % name in ended.stderr


@pytest.mark.parametrize("name", list(STATES))
def test_an_adjust_merges_into_its_state_and_leaves_its_file(moved, name):
    moved.write(name, STATES[name])
    assert moved.call("adjust", "web.mem=2").status == 0
    assert moved.query().query["web"] == {"cpu": 3, "mem": 2}
    assert moved.read(name) == STATES[name]
    assert moved.measure(REQUEST).answer["metrics"]["cpus"]["value"] == 3


def test_a_reset_does_not_bring_its_state_back(moved):
    moved.write("_state.yaml", STATES["_state.yaml"])
    assert moved.call("adjust", "--reset").status == 0
    assert moved.query().query["web"]["cpu"] == 2


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (b"application: [", "_state.yaml:1"),
        (b"application:\n  components: &a {}\n", "_state.yaml:2"),
        (b"[]", "_state.yaml"),
    ],
)
def test_a_state_of_its_that_cannot_be_read_is_an_error_with_its_remedy(moved, damaged, said):
    moved.write("_state.yaml", damaged)
    for ended in (moved.measure(REQUEST), moved.query()):
        assert (ended.status, ended.answer["reason"]) == (1, "bad-state")
        assert ended.answer["message"].startswith(said)
        assert "default state" in ended.answer["message"]


def test_what_comes_with_the_request_is_no_problem_of_the_configuration(moved):
    ended = moved.call("check")
    assert ended.status == 0, ended
    assert b"control.duration" in ended.stdout


def test_a_value_of_several_words_is_an_error_that_says_how_to_have_them(moved):
    moved.write("config.yaml", CONFIGURATION.replace(b"default: 1.5, min: 0.5, max: 4", b"default: -Xmx2g -Xms1g"))
    moved.write("config.yaml", moved.read("config.yaml").replace(b"--cpu {state", b"{web.mem} --cpu {state"))
    moved.measure(REQUEST).bad_config("a blank is not plain", "type: enum", "{web.mem!w} is several words", "SERVO_MEM")


def test_in_a_servo_image_check_is_called_by_another_name(moved):
    os.symlink(moved.pyz, moved.path("measure"))
    ended = moved.call("check", program=moved.path("measure"))
    assert (ended.status, ended.stdout) == (2, b"")
    assert "check is a verb, not an APP_ID" in ended.stderr


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S))
def test_what_the_page_shows_works(moved, block):
    moved.write("config.yaml", block.encode())
    ended = moved.call("check")
    assert (ended.status, b"warning:" in ended.stdout) == (0, False), ended


def test_the_page_s_guardrail_rejects_what_is_too_much(moved):
    moved.write("config.yaml", re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)[-1].encode())
    ended = moved.call("adjust", "spark.executors=40")
    ended.failed("rejected", "constraint", "{spark.executors} * {spark.memory} <= 256")
    assert moved.call("adjust", "spark.memory=32").status == 0
    assert moved.query().query["spark"]["instance"] == "m5.4xlarge"

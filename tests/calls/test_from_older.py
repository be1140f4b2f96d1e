"""Whoever comes from the older servo-batch: what the manual's page says is so, with a folder as that one left it."""

import os
import re

import pytest
from machine import ROOT

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
REQUEST = {"control": {"duration": 5}, "metrics": ["cpus"]}


@pytest.fixture
def moved(newest):
    """The file in a folder that the older servo-batch was used in."""
    os.unlink(newest.path("config.json"))
    newest.write("config.yaml", CONFIGURATION)
    os.chmod(newest.write("run_job.sh", b"#!/bin/sh\necho cpus $2\n"), 0o755)
    return newest


def test_a_value_of_several_words_is_an_error_that_says_how_to_have_them(moved):
    moved.write("config.yaml", CONFIGURATION.replace(b"default: 1.5, min: 0.5, max: 4", b"default: -Xmx2g -Xms1g"))
    moved.write("config.yaml", moved.read("config.yaml").replace(b"--cpu {state", b"{web.mem} --cpu {state"))
    moved.measure(REQUEST).bad_config('" " is not plain', "type: enum", "{web.mem!w} is several words", "SERVO_MEM")


def test_what_the_page_shows_works(moved):
    for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S):
        moved.write("config.yaml", block.encode())
        ended = moved.call("check")
        assert (ended.status, b"warning:" in ended.stdout) == (0, False), ended


def test_the_page_s_guardrail_rejects_what_is_too_much(moved):
    moved.write("config.yaml", re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)[-1].encode())
    ended = moved.call("adjust", "spark.executors=40")
    ended.failed("rejected", "constraint", "{spark.executors} * {spark.memory} <= 256")
    assert moved.call("adjust", "spark.memory=32").status == 0
    assert moved.query().query["spark"]["instance"] == "m5.4xlarge"

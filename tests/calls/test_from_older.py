"""Whoever comes from the older servo-batch: what the manual's page shows works, in a folder as that one left it."""

import os
import re

import pytest
from machine import ROOT

with open(os.path.join(ROOT, "src", "servo_batch", "manual", "from-older.md"), encoding="utf-8") as stream:
    BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", stream.read(), re.M | re.S)


@pytest.fixture
def moved(newest):
    """The file in a folder that the older servo-batch was used in."""
    os.unlink(newest.path("config.json"))
    os.chmod(newest.write("run_job.sh", b"#!/bin/sh\necho cpus $2\n"), 0o755)
    return newest


def test_what_the_page_shows_works(moved):
    for block in BLOCKS:
        moved.write("config.yaml", block.encode())
        ended = moved.call("check")
        assert (ended.status, b"warning:" in ended.stdout) == (0, False), ended


def test_the_page_s_guardrail_rejects_what_is_too_much(moved):
    moved.write("config.yaml", BLOCKS[-1].encode())
    ended = moved.call("adjust", "spark.executors=40")
    ended.failed("rejected", "constraint", "{spark.executors} * {spark.memory} <= 256")
    assert moved.call("adjust", "spark.memory=32").status == 0
    assert moved.query().query["spark"]["instance"] == "m5.4xlarge"

"""Whoever comes from the older servo-batch: what the manual's page shows works, in a folder as that one left it."""

import os
import re

from machine import ROOT

with open(os.path.join(ROOT, "src", "servo_batch", "manual", "from-older.md"), encoding="utf-8") as stream:
    BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", stream.read(), re.M | re.S)


def test_what_the_page_shows_works_in_a_folder_that_the_older_one_was_used_in(newest):
    os.unlink(newest.path("config.json"))
    os.chmod(newest.write("run_job.sh", b"#!/bin/sh\necho cpus $2\n"), 0o755)
    for block in BLOCKS:
        newest.write("config.yaml", block.encode())
        ended = newest.call("check")
        assert (ended.status, b"warning:" in ended.stdout) == (0, False), ended
    # The last one has a guardrail, which rejects what is too much.
    ended = newest.call("adjust", "spark.executors=40")
    ended.failed("rejected", "constraint", "{spark.executors} * {spark.memory} <= 256")
    assert newest.call("adjust", "spark.memory=32").status == 0
    assert newest.query().query["spark"]["instance"] == "m5.4xlarge"

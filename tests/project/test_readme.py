"""What the README shows is true."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from machine import ROOT

from servo_batch.formats import yaml_subset
from servo_batch.verbs import configuration

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
    TEXT = stream.read()


def blocks(language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, TEXT, re.M | re.S)


@pytest.fixture
def checkout(tmp_path):
    for name in ("build.py", "config.example.json", "README.md"):
        shutil.copy(os.path.join(ROOT, name), str(tmp_path))
    shutil.copytree(os.path.join(ROOT, "src"), str(tmp_path / "src"))
    return str(tmp_path)


def test_the_first_command_builds_and_measures(checkout):
    output = subprocess.run(
        ["/bin/sh", "-ec", blocks("sh")[0]], cwd=checkout, stdout=subprocess.PIPE, check=True
    ).stdout
    answer = json.loads(output.decode().splitlines()[-1])
    assert answer["status"] == "ok"
    assert set(answer["metrics"]) == {"total_runtime", "compressed_size", "ratio"}


def test_the_second_command_is_the_gate_s():
    # .ci/run takes it from here and runs it; run here, it would run itself.
    assert len(blocks("sh")) == 2
    assert blocks("sh")[1].rstrip().endswith("-m pytest -q")


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if "command: [--account" not in block])
def test_every_configuration_can_be_read(block, tmp_path):
    document = yaml_subset.loads(block)
    batch = dict(document.get("batch", document))
    batch.setdefault("default_state", {"application": {"components": {}}})
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"batch": batch}))
    assert configuration.load(str(path)).commands["command"].templates


@pytest.mark.parametrize("verb", ["adjust", "measure", "check", "history", "tune", "servo"])
def test_every_option_of_a_verb_that_is_shown_exists(verb, pyz):
    helped = subprocess.run([sys.executable, pyz, verb, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    shown = re.findall(r"(?:python3 servo-batch.pyz |\$ \./|\| \./)%s\b(.*)$" % verb, TEXT, re.M)
    if verb == "servo":
        shown += re.findall(r"^\| `(--[^`]*)`", TEXT, re.M)
    assert shown
    for option in re.findall(r"--[a-z-]+", " ".join(shown)):
        assert option in helped

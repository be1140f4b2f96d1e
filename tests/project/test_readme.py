"""What the README shows is true."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from machine import ROOT

from servo_batch import config
from servo_batch.formats import yaml_subset

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
    TEXT = stream.read()


def blocks(language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, TEXT, re.M | re.S)


@pytest.fixture
def checkout(tmp_path):
    for name in ("build.py", "config.example.json", "README.md"):
        shutil.copy(os.path.join(ROOT, name), str(tmp_path))
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(os.path.join(ROOT, "src"), str(tmp_path / "src"), ignore=ignore)
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
    components = {}
    for component, name in re.findall(r"\{(\w+)\.(\w+)[:}]", str(batch["command"])):
        components.setdefault(component, {"settings": {}})["settings"][name] = {"min": 1, "max": 8, "value": 1}
    batch.setdefault("default_state", {"application": {"components": components}})
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"batch": batch}))
    assert config.load(str(path)).commands["command"].templates


@pytest.fixture
def servo_folder(pyz, tmp_path):
    """A folder with the two drivers, the configuration that is explained, and a job for it."""
    for name in ("adjust", "measure"):
        shutil.copy(pyz, str(tmp_path / name))
    (tmp_path / "config.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    job = tmp_path / "run_job.sh"
    job.write_text("#!/bin/sh\necho throughput: 12.5\n")
    job.chmod(0o755)
    return str(tmp_path)


def test_requests_are_answered_as_shown(servo_folder):
    (session,) = [block for block in blocks("console") if "./adjust --query" in block]
    for command, shown in re.findall(r"^\$ (.*)\n((?:[^$].*\n)+)", session, re.M):
        answered = subprocess.run(
            ["/bin/sh", "-c", command], cwd=servo_folder, stdout=subprocess.PIPE, check=True
        ).stdout
        pattern = re.sub(r"\d+(\\\.\d+)?", r"[0-9.]+", re.escape(shown).replace(re.escape("…"), ".*"))
        assert re.match(pattern + r"\Z", answered.decode()), (command, answered)


def test_check_finds_nothing_wrong_with_the_configuration_that_is_explained(servo_folder, pyz):
    ended = subprocess.run([sys.executable, pyz, "check"], cwd=servo_folder, stdout=subprocess.PIPE)
    assert (ended.returncode, b"warning" in ended.stdout) == (0, False), ended.stdout.decode()


def test_what_a_reviewer_is_told_to_run_says_what_it_is_said_to_say(checkout):
    def says(start):
        (command,) = re.findall("`(%s[^`]*)`" % re.escape(start), TEXT)
        ended = subprocess.run(
            ["/bin/sh", "-c", command], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return ended.stdout.decode()

    subprocess.run([sys.executable, "build.py"], cwd=checkout, check=True)
    assert says("python3 -m zipfile -e servo-batch.pyz") == "Only in seen: README.md\n"
    assert says("python3 build.py -o again.pyz && cmp") == ""
    version = subprocess.run([sys.executable, "servo-batch.pyz", "--version"], cwd=checkout, stdout=subprocess.PIPE)
    assert says("(cd src && find").split()[0] in version.stdout.decode()


@pytest.mark.parametrize("verb", ["adjust", "measure", "check", "history", "tune", "servo"])
def test_every_option_of_a_verb_that_is_shown_exists(verb, pyz):
    helped = subprocess.run([sys.executable, pyz, verb, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    shown = re.findall(r"(?:python3 servo-batch.pyz |\$ \./|\| \./)%s\b(.*)$" % verb, TEXT, re.M)
    if verb == "servo":
        shown += re.findall(r"^\| `(--[^`]*)`", TEXT, re.M)
    assert shown
    for option in re.findall(r"--[a-z-]+", " ".join(shown)):
        assert option in helped

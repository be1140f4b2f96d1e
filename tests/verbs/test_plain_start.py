"""A common configuration is loaded without what explains the others, which a short call would compile at each start."""

import json
import os
import subprocess
import sys

from machine import ROOT

CONFIG = {
    "command": "./job --cpu {web.cpu} --mem {web.mem:.0f} {control.n}",
    "application": {"components": {"web": {"settings": {"cpu": {"value": 2}, "mem": {"value": 4}}}}},
    "metrics": {"throughput": {"output_regex": r"^throughput: ([0-9.]+)", "unit": "rps"}},
    "expected_duration": 600,
    "default_control": {"n": 3},
}
LOAD = """\
import sys
from servo_batch import configuration
configuration.load(sys.argv[1])
print(*(name for name in sys.modules if name.startswith("servo_batch.")))
"""
RARE = {
    "servo_batch.command.safety.quoted",
    "servo_batch.command.grammar.commands",
    "servo_batch.command.safety.words",
    "servo_batch.config.formulas",
    "servo_batch.config.keys",
}


def loaded(path, **changes):
    path.write_text(json.dumps({"batch": {**CONFIG, **changes}}))
    env = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "src"))
    output = subprocess.run([sys.executable, "-c", LOAD, str(path)], env=env, stdout=subprocess.PIPE, check=True).stdout
    return RARE & set(output.decode().split())


def test_a_common_configuration_needs_none_of_what_is_rare(tmp_path):
    assert loaded(tmp_path / "config.json") == set()


def test_each_rarity_brings_its_own(tmp_path):
    of_shell = loaded(tmp_path / "config.json", command="cd x && ./job {web.cpu}")
    of_keys = loaded(tmp_path / "config.json", runs=3)
    assert {name.rpartition(".")[2] for name in of_shell} == {"quoted", "commands", "words"}
    assert {name.rpartition(".")[2] for name in of_keys} == {"keys"}

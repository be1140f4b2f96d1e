"""Start-up: each call as a whole process, against the imports that any ordinary driver pays before its first line.

``python tests/bench/startup.py``; it gets PyYAML for the baseline from PyPI.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time

import table
from table import PYTHONS

VERSIONS = ("3.6", "3.11", "3.13")
ROUNDS = 40
BASELINE = "import argparse, json, subprocess, yaml"
YAML = """\
batch:
  command: ./job --cpu {web.cpu} --mem {web.mem:.0f} --timeout {control.userdata.timeout}
  default_state:
    application:
      components:
        web:
          settings:
            inst_type: {type: enum, unit: ec2, value: c5.2xlarge, values: [c5.2xlarge, m5.xlarge, m5a.xlarge]}
            cpu: {type: range, min: 1, max: 50, step: 1, value: 2, unit: cores}
            mem: {type: range, min: 0.5, max: 64, step: 0.5, value: 4, unit: GiB}
  metrics:
    throughput:
      output_regex: '^throughput: ([0-9.]+)'
      unit: requests per second
    errors:
      output_regex: 'errors\\s*=\\s*(\\d+)'
  expected_duration: 600
  default_control: {userdata: {timeout: 30}}
"""
REQUEST = json.dumps({"application": {"components": {"web": {"settings": {"cpu": {"value": 3}, "mem": {"value": 8}}}}}})


def calls(pyz, folder):
    """Return (label, arguments, stdin, target) of each call that is timed."""
    from servo_batch.formats import yaml_subset

    yaml_config = os.path.join(folder, "config.yaml")
    json_config = os.path.join(folder, "config.json")
    with open(yaml_config, "w") as stream:
        stream.write(YAML)
    with open(json_config, "w") as stream:
        json.dump(yaml_subset.loads(YAML), stream)
    state = ["--state", os.path.join(folder, "state.json")]
    for config in (json_config, yaml_config):
        kind = os.path.splitext(config)[1][1:].upper()
        options = ["--config", config] + state
        yield "adjust, %s" % kind, [pyz, "adjust"] + options, REQUEST, 1.0
        yield "adjust --query, %s" % kind, [pyz, "adjust", "--query"] + options, "", 1.0
        yield "measure --describe, %s" % kind, [pyz, "measure", "--describe"] + options, "", 1.0
    yield "adjust --info", [pyz, "adjust", "--info"], "", 0.75


def seconds(arguments, text):
    started = time.perf_counter()
    subprocess.run(arguments, input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def with_pyyaml(python, folder):
    """Return an interpreter like ``python``, in a new virtual environment, that can import PyYAML."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    interpreter = os.path.join(folder, "bin", "python")
    command = [
        interpreter,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "pyyaml",
    ]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return interpreter


def rows(rounds=ROUNDS):
    """Yield (label, figure, target, whether it is met) under 3.6, 3.11 and 3.13, as far as the machine has them."""
    for version in VERSIONS:
        if version in PYTHONS:
            with tempfile.TemporaryDirectory() as folder:
                interpreter = with_pyyaml(PYTHONS[version], os.path.join(folder, "venv"))
                yield from rows_of("Python " + version, interpreter, folder, rounds)


def rows_of(label, interpreter, folder, rounds):
    """Yield the rows of one interpreter; its calls take turns, so that a busy moment of the machine meets them all."""
    pyz = table.build(folder)
    timed = [(BASELINE, ["-c", BASELINE], "", 0.0)] + list(calls(pyz, folder))
    times = [[] for _ in timed]
    for _ in range(rounds):
        for (_, arguments, text, _), row in zip(timed, times):
            row.append(seconds([interpreter] + arguments, text))
    baseline = statistics.median(times[0])
    yield "%s: %s" % (label, BASELINE), "%.1f ms" % (1000 * baseline), "", True
    for (call, _, _, target), row in list(zip(timed, times))[1:]:
        ratio = statistics.median(row) / baseline
        yield "%s: %s" % (label, call), "%.2f of that" % ratio, "at most %.2f" % target, ratio <= target


if __name__ == "__main__":
    table.show(rows())

"""Start-up: each call as a whole process, against the imports that any ordinary driver pays before its first line.

Run with an interpreter that can import PyYAML: ``python tests/bench/startup.py``.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROUNDS = 60
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
    from servo_batch import yaml_subset

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


def rows(rounds=ROUNDS):
    """Yield (label, figure, target, whether it is met) for the running interpreter; the calls take turns."""
    with tempfile.TemporaryDirectory() as folder:
        pyz = os.path.join(folder, "servo-batch.pyz")
        subprocess.run([sys.executable, os.path.join(ROOT, "build.py"), "-o", pyz], check=True)
        timed = [("", ["-c", BASELINE], "", 0.0)] + list(calls(pyz, folder))
        times = [[] for _ in timed]
        for _ in range(rounds):
            for (_, arguments, text, _), row in zip(timed, times):
                row.append(seconds([sys.executable] + arguments, text))
    medians = [statistics.median(row) for row in times]
    version = "Python %d.%d" % sys.version_info[:2]
    yield "%s: %s" % (version, BASELINE), "%.1f ms" % (1000 * medians[0]), "", True
    for (label, _, _, target), median in list(zip(timed, medians))[1:]:
        ratio = median / medians[0]
        yield "%s: %s" % (version, label), "%.2f" % ratio, "at most %.2f" % target, ratio <= target


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(ROOT, "src"))
    for row in rows():
        print("%-66s %-10s %-14s %s" % (row[0], row[1], row[2], "" if row[3] else "MISSED"))

"""Start-up: each call as a whole process, against what the older driver did before its first line of its own.

``python tests/bench/startup.py``; it gets PyYAML for the baseline from PyPI. The file is called as it is built, from
plain sources, and as the interpreter that runs it builds it with ``--bytecode``.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

import table
from table import PYTHONS, ROOT

VERSIONS = ("3.6", "3.11", "3.13")
ROUNDS = 30
OLDER = (
    "import argparse, json, os, re, signal, subprocess, sys, threading, time, traceback, yaml\n"
    "print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
)
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


def calls(folder):
    """Return (label, arguments, stdin, target from plain sources) of each call that is timed."""
    from servo_batch.formats import yaml_subset

    with open(os.path.join(folder, "config.yaml"), "w") as stream:
        stream.write(YAML)
    with open(os.path.join(folder, "config.json"), "w") as stream:
        json.dump(yaml_subset.loads(YAML), stream)
    state = ["--state", os.path.join(folder, "state.json")]
    in_yaml = ["--config", os.path.join(folder, "config.yaml"), *state]
    in_json = ["--config", os.path.join(folder, "config.json"), *state]
    return [
        ("adjust --query, YAML", ["adjust", "--query", *in_yaml], "", 1.0),
        ("measure --describe, YAML", ["measure", "--describe", *in_yaml], "", 1.0),
        ("adjust, YAML", ["adjust", *in_yaml], REQUEST, None),
        ("adjust --query, JSON", ["adjust", "--query", *in_json], "", None),
        ("adjust --info", ["adjust", "--info"], "", None),
    ]


def seconds(arguments, text):
    started = time.perf_counter()
    subprocess.run(arguments, input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def with_pyyaml(python, folder):
    """Return an interpreter like ``python``, in a new virtual environment, that can import PyYAML."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    interpreter = os.path.join(folder, "bin", "python")
    pip = [interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "pyyaml"]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return interpreter


def build(interpreter, folder, *options):
    path = os.path.join(folder, "servo-batch%s.pyz" % "".join(options))
    subprocess.run([interpreter, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
    return path


def rows(rounds=ROUNDS):
    """Yield (label, figure, target, whether it is met) under 3.6, 3.11 and 3.13, as far as the machine has them."""
    for version in VERSIONS:
        if version in PYTHONS:
            with tempfile.TemporaryDirectory() as folder:
                interpreter = with_pyyaml(PYTHONS[version], os.path.join(folder, "venv"))
                yield from rows_of("Python " + version, interpreter, folder, rounds)


def rows_of(label, interpreter, folder, rounds):
    """Yield the rows of one interpreter; its calls take turns, so that a busy moment of the machine meets them all."""
    nothing = os.path.join(folder, "nothing.pyz")
    with zipfile.ZipFile(nothing, "w") as archive:
        archive.writestr("__main__.py", "pass")
    timed = [("bare", ["-c", ""], "", None), ("an archive that does nothing", [nothing], "", None)]
    timed += [("older", ["-c", OLDER, os.path.join(folder, "config.yaml")], "", None)]
    files = {"plain sources": build(interpreter, folder)}
    if sys.version_info >= (3, 7) and not label.endswith(" 3.6"):
        files["with bytecode"] = build(interpreter, folder, "--bytecode")
    for kind, path in files.items():
        for call, arguments, text, target in calls(folder):
            limit = target and (target if kind == "plain sources" else target / 2)
            timed.append(("%s, %s" % (call, kind), [path, *arguments], text, limit))
    times = [[] for _ in timed]
    for _ in range(rounds):
        for (_, arguments, text, _), row in zip(timed, times):
            row.append(seconds([interpreter, *arguments], text))
    bare, archive_only, baseline = map(statistics.median, times[:3])
    yield "%s: the older driver's imports, and the file read by PyYAML" % label, "%.1f ms" % (1000 * baseline), "", True
    yield "%s: an interpreter that does nothing" % label, "%.2f of that" % (bare / baseline), "", True
    yield "%s: an archive that does nothing" % label, "%.2f of that" % (archive_only / baseline), "", True
    for (call, _, _, target), row in list(zip(timed, times))[3:]:
        ratio = statistics.median(row) / baseline
        limit = "at most %.2f" % target if target else ""
        yield "%s: %s" % (label, call), "%.2f of that" % ratio, limit, not target or ratio <= target


if __name__ == "__main__":
    table.show(rows())

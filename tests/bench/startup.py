"""Start-up: each call as a whole process, against what the older driver did before its first line of its own.

``python tests/bench/startup.py``; it gets PyYAML for the baseline from PyPI. The file is called as it is built, from
plain sources, and as the interpreter that runs it builds it with ``--bytecode``.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
import zipfile

import table
from table import PYTHONS

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

    files = {"YAML": os.path.join(folder, "config.yaml"), "JSON": os.path.join(folder, "config.json")}
    for path, text in zip(files.values(), (YAML, json.dumps(yaml_subset.loads(YAML)))):
        with open(path, "w") as stream:
            stream.write(text)
    state = ["--state", os.path.join(folder, "state.json")]
    return [
        ("adjust --query, YAML", ["adjust", "--query", "--config", files["YAML"], *state], "", 1.0),
        ("measure --describe, YAML", ["measure", "--describe", "--config", files["YAML"], *state], "", 1.0),
        ("adjust, YAML", ["adjust", "--config", files["YAML"], *state], REQUEST, None),
        ("adjust --query, JSON", ["adjust", "--query", "--config", files["JSON"], *state], "", None),
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


def rows():
    """Yield (label, figure, target, whether it is met) under 3.6, 3.11 and 3.13, as far as the machine has them."""
    for version in VERSIONS:
        if version in PYTHONS:
            with tempfile.TemporaryDirectory() as folder:
                yield from rows_of(version, with_pyyaml(PYTHONS[version], os.path.join(folder, "venv")), folder)


def rows_of(version, interpreter, folder):
    """Yield the rows of one interpreter; its calls take turns, so that a busy moment of the machine meets them all."""
    nothing = os.path.join(folder, "nothing.pyz")
    with zipfile.ZipFile(nothing, "w") as archive:
        archive.writestr("__main__.py", "pass")
    baseline = ["-c", OLDER, os.path.join(folder, "config.yaml")]
    timed = [
        ("the older driver's imports, and the file read by PyYAML", baseline, "", None),
        ("an interpreter that does nothing", ["-c", ""], "", None),
        ("an archive that does nothing", [nothing], "", None),
    ]
    # Python 3.6 takes no bytecode from an archive.
    for options in [[], ["--bytecode"]] if version != "3.6" else [[]]:
        path = table.build(folder, interpreter, *options)
        for label, arguments, text, target in calls(folder):
            kind = "with bytecode" if options else "plain sources"
            timed.append(("%s, %s" % (label, kind), [path, *arguments], text, target and target / (1 + len(options))))
    times = [[] for _ in timed]
    for _ in range(ROUNDS):
        for (_, arguments, text, _), row in zip(timed, times):
            row.append(seconds([interpreter, *arguments], text))
    unit, *medians = map(statistics.median, times)
    yield "Python %s: %s" % (version, timed[0][0]), "%.1f ms" % (1000 * unit), "", True
    for (label, _, _, target), median in zip(timed[1:], medians):
        limit = "at most %.2f" % target if target else ""
        yield (
            "Python %s: %s" % (version, label),
            "%.2f of that" % (median / unit),
            limit,
            not target or median <= target * unit,
        )


if __name__ == "__main__":
    table.show(rows())

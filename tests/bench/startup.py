"""Start-up: each call as a whole process, against what the older driver did before its first line of its own.

It gets PyYAML for that from PyPI. The file is called as it is built, from plain sources, and as the interpreter that
runs it builds it with ``--bytecode``. And how fast the YAML reader is against PyYAML's, both in Python.
"""

import os
import statistics
import subprocess
import tempfile
import time
import zipfile

from machine import PYTHONS, ROOT, built

ROUNDS = 30
OLDER = (
    "import argparse, json, os, re, signal, subprocess, sys, threading, time, traceback, yaml\n"
    "print(json.dumps(yaml.safe_load(open('config.yaml'))))"
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
CALLS = ("adjust --query", "measure --describe", "adjust --info")
# Prints how many times as long PyYAML takes for 40 KB of that: least processor times, which others disturb least.
READING = """\
import sys, time, yaml
sys.path.insert(0, sys.argv[1])
from servo_batch.formats.yaml_subset import loads

section = open("config.yaml").read()
text = "".join(section.replace("batch:", "batch%d:" % number) for number in range(40000 // len(section)))
assert loads(text) == yaml.safe_load(text)

def seconds(read):
    times = []
    for _ in range(5):
        started = time.process_time()
        read(text)
        times.append(time.process_time() - started)
    return min(times)

print(seconds(yaml.safe_load) / seconds(loads))
"""


def with_pyyaml(python, folder):
    """Return an interpreter like ``python``, in a new virtual environment, that can import PyYAML."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    interpreter = os.path.join(folder, "bin", "python")
    pip = [interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "pyyaml"]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return interpreter


def figures():
    """Yield those of Python 3.6, 3.11 and 3.13, as far as the machine has them."""
    for version in ("3.6", "3.11", "3.13"):
        if version in PYTHONS:
            with tempfile.TemporaryDirectory() as folder:
                interpreter = with_pyyaml(PYTHONS[version], os.path.join(folder, "venv"))
                for what, found in of_version(version, interpreter, folder):
                    yield "Python %s: %s" % (version, what), found


def of_version(version, interpreter, folder):
    """Yield what one interpreter takes; its calls take turns, so that a busy moment of the machine meets them all."""
    with open(os.path.join(folder, "config.yaml"), "w") as stream:
        stream.write(YAML)
    nothing = os.path.join(folder, "nothing.pyz")
    with zipfile.ZipFile(nothing, "w") as archive:
        archive.writestr("__main__.py", "pass")
    calls = {"an interpreter that does nothing": ["-c", ""], "an archive that does nothing": [nothing]}
    # Python 3.6 takes no bytecode from an archive.
    for option in ([], ["--bytecode"]) if version != "3.6" else ([],):
        path = built(interpreter, *option)
        for call in CALLS:
            calls["%s, %s" % (call, "with bytecode" if option else "plain sources")] = [path, *call.split()]
    older = "the older driver's imports, and the file read by PyYAML"
    calls[older] = ["-c", OLDER]
    times = {what: [] for what in calls}
    for _ in range(ROUNDS):
        for what, arguments in calls.items():
            started = time.perf_counter()
            streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
            subprocess.run([interpreter, *arguments], cwd=folder, check=True, **streams)
            times[what].append(time.perf_counter() - started)
    unit = statistics.median(times.pop(older))
    yield older, "%.1f ms" % (1000 * unit)
    for what, each in times.items():
        yield what + ", of that", "%.2f" % (statistics.median(each) / unit)
    reading = [interpreter, "-c", READING, os.path.join(ROOT, "src")]
    times_faster = subprocess.run(reading, cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    yield "40 KB of YAML, times as fast as PyYAML", "%.1f" % float(times_faster)

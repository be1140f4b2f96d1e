"""How exact the job's figures are and what its output costs, under the Python that runs this.

Each is measured and observed in turns, so that whatever else the machine does hits both. Debian has hyperfine and time.
"""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import table
from measuring import Measuring
from processes import children

SLEEP = "sleep 0.5"
FAST = "yes 'a line of output, 0123456789: throughput 17 pages' | head -c 1073741824; echo; echo last 42"
PYTHON = "'%s' -IS -c " % sys.executable
# 4 KiB after each piece of work of some 50 microseconds, 60 MB in all.
STEADY = PYTHON + (
    '\'import os\nline = b"x" * 4095 + b"\\n"\n'
    'for _ in range(15000):\n    sum(range(3000)); os.write(1, line)\nprint("last 42")\''
)
METRICS = {"last": {"output_regex": "^last (\\d+)"}}  # so all of it is searched
TIME = "/usr/bin/time"
# What a job uses, of which resource, and the job.
USES = (
    ("200 MiB of memory", "max_rss", PYTHON + "'bytearray(200 << 20)'"),
    ("a child of 200 MiB", "max_rss", PYTHON + "'bytearray(200 << 20)'; true"),
    ("a second of its own code", "cpu_time", PYTHON + "'sum(number * number for number in range(8000000))'"),
    ("a second of the system", "cpu_time", "head -c 500000000 /dev/urandom >/dev/null"),
)
SEVERAL = {
    "sleep 0.01": ["sleep", "0.01"],
    "a second of work": [sys.executable, "-S", "-c", "s = 0\nfor i in range(12000000): s += i"],
}
RUNS = 5


def by_itself(command):
    """Return the seconds that a command line takes with its output in an unnamed file."""
    with tempfile.TemporaryFile() as target:
        began = time.monotonic()
        subprocess.run(["/bin/sh", "-c", command], stdout=target, check=True)
        return time.monotonic() - began


def driver(pyz, command, **keys):
    """Return a driver that measures a command."""
    return Measuring(sys.executable, pyz, os.path.dirname(pyz), command, **keys)


def measured(pyz, command, name="total_runtime", **metrics):
    """Return the value of a metric as the driver reports it."""
    return driver(pyz, command, metrics=metrics).answer()["metrics"][name]["value"]


def exactness(pyz):
    """``total_runtime`` less an outside observer's time; the spread of the latter says how far that can be known.

    The observer is the same Python: before 3.10 it takes 0.7 ms more to make any process.
    """
    differences, observations = [], []
    for turn in range(50):
        outside = by_itself(SLEEP) if turn % 2 else 0.0
        inside = measured(pyz, SLEEP)
        observations.append(outside or by_itself(SLEEP))
        differences.append(1000 * (inside - observations[-1]))
    what = "`%s` 50 times: `total_runtime` less an outside observer's time, median" % SLEEP
    yield table.Figure(what, statistics.median(differences), "%+.2f ms", -1, 1)
    middle = statistics.median(observations)
    spread = statistics.median(abs(value - middle) for value in observations)
    yield table.Figure("the observer's own spread in the same run, median", 1000 * spread, "%.2f ms")


def output(pyz):
    """The least time measured over the least of another way by itself, which other work disturbs least.

    Run it with a $TMPDIR on ext4, which is where it once cost a third (auto_da_alloc in the kernel's documentation).
    """
    for what, command, other, limit in (
        ("1 GiB as fast as it can, against `job | cat >file`", FAST, "(%s) | cat" % FAST, 1.05),
        ("4 KiB between pieces of work, against `job >file`", STEADY, STEADY, 1.02),
    ):
        by_itself(other)  # warms up the disk and the cache
        ours, theirs = zip(*((measured(pyz, command, **METRICS), by_itself(other)) for _ in range(7)))
        yield table.Figure(what + ", the least of 7 each", min(ours) / min(theirs), "%.3f", most=limit)
    what = "1 GiB of output: anonymous memory of driver, guard, keeper and search, peak"
    yield table.Figure(what, peak_mebibytes(driver(pyz, FAST, metrics=METRICS)), "%.1f MiB", most=20)


def peak_mebibytes(measuring):
    """Return the peak of the anonymous memory of a driver and its children, what they share counted once."""
    peak = 0.0
    while measuring.process.poll() is None:
        with contextlib.suppress(OSError, KeyError):  # not there yet, or no more
            peak = max(peak, sum(map(anonymous_mebibytes, [measuring.pid, *children(measuring.pid)])))
        time.sleep(0.005)
    assert measuring.answer()["metrics"]["last"]["value"] == 42
    return peak


def anonymous_mebibytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as stream:
        fields = dict(line.split(":", 1) for line in stream if ":" in line)
    return int(fields["Pss_Anon"].split()[0]) / 1024


def by_time(command):
    """Return what time(1) says of a command."""
    process = subprocess.run([TIME, "-v", "/bin/sh", "-c", command], stderr=subprocess.PIPE, check=True)
    told = dict(re.findall(r"\t(.*?): (\d[\d.]*)\n", process.stderr.decode()))
    seconds = float(told["User time (seconds)"]) + float(told["System time (seconds)"])
    return {"cpu_time": seconds, "max_rss": int(told["Maximum resident set size (kbytes)"]) * 1024}


def usage(pyz):
    """What ``resource`` metrics say against time(1), medians."""
    for what, name, command in USES if shutil.which(TIME) else ():
        metric = {name: {"resource": name}}
        pairs = [(measured(pyz, command, name, **metric), by_time(command)[name]) for _ in range(5)]
        ours, theirs = map(statistics.median, zip(*pairs))
        what = "%s: `%s` against %s -v, medians of 5" % (what, name, TIME)
        yield table.Figure(what, ours / theirs, "%.3f", 0.95, 1.05)


def by_hyperfine(job, folder):
    path = os.path.join(folder, "hyperfine.json")
    command = " ".join("'%s'" % word for word in job)
    call = ["hyperfine", "-N", "--warmup", "0", "--runs", str(RUNS), "--style", "none", "--export-json", path, command]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path) as stream:
        return json.load(stream)["results"][0]["times"]


def beside_hyperfine(pyz):
    """Several runs against those of hyperfine, a few each in turns."""
    for name, job in SEVERAL.items() if shutil.which("hyperfine") else ():
        ours, theirs = [], []
        for _ in range(10):
            theirs += by_hyperfine(job, os.path.dirname(pyz))
            ours += driver(pyz, job, runs=RUNS).answer()["metrics"]["total_runtime"]["runs"]
        median = statistics.median(theirs)
        what = "%s, %d runs: the median less hyperfine's, %.4f s" % (name, len(ours), median)
        yield table.Figure(what, 1000 * (statistics.median(ours) - median), "%+.2f ms", -0.5, 0.5)


def figures():
    with tempfile.TemporaryDirectory() as folder:
        pyz = table.build(folder)
        for part in (exactness, output, usage, beside_hyperfine):
            yield from part(pyz)

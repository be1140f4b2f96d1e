"""How exact the job's figures are and what its output costs, under the Python that runs this.

Each is measured and observed in turns, so that whatever else the machine does hits both. Debian has hyperfine and time.
"""

import contextlib
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

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
FOLDER = tempfile.TemporaryDirectory()


def by_itself(command):
    """Return the seconds that a command line takes with its output in an unnamed file."""
    with tempfile.TemporaryFile() as target:
        began = time.monotonic()
        subprocess.run(["/bin/sh", "-c", command], stdout=target, check=True)
        return time.monotonic() - began


def driver(command, **keys):
    """Return a driver that measures a command."""
    return Measuring(sys.executable, tempfile.mkdtemp(dir=FOLDER.name), command, **keys)


def measured(command, name="total_runtime", **metrics):
    """Return the value of a metric as the driver reports it."""
    return driver(command, metrics=metrics).answer()["metrics"][name]["value"]


def exactness():
    """``total_runtime`` less an outside observer's time; the spread of the latter says how far that can be known.

    The observer is the same Python: before 3.10 it takes 0.7 ms more to make any process.
    """
    differences, observations = [], []
    for turn in range(50):
        outside = by_itself(SLEEP) if turn % 2 else 0.0
        inside = measured(SLEEP)
        observations.append(outside or by_itself(SLEEP))
        differences.append(1000 * (inside - observations[-1]))
    what = "`%s` 50 times: `total_runtime` less an outside observer's time, median" % SLEEP
    yield what, "%+.2f ms" % statistics.median(differences)
    middle = statistics.median(observations)
    spread = statistics.median(abs(value - middle) for value in observations)
    yield "the observer's own spread in the same run, median", "%.2f ms" % (1000 * spread)


def output():
    """The least time measured over the least of another way by itself, which other work disturbs least.

    Run it with a $TMPDIR on ext4, which is where it once cost a third (auto_da_alloc in the kernel's documentation).
    """
    for what, command, other in (
        ("1 GiB as fast as it can, against `job | cat >file`", FAST, "(%s) | cat" % FAST),
        ("4 KiB between pieces of work, against `job >file`", STEADY, STEADY),
    ):
        by_itself(other)  # warms up the disk and the cache
        ours, theirs = zip(*((measured(command, **METRICS), by_itself(other)) for _ in range(7)))
        yield what + ", the least of 7 each", "%.3f" % (min(ours) / min(theirs))
    what = "1 GiB of output: anonymous memory of driver, guard, keeper and search, peak"
    yield what, "%.1f MiB" % peak_mebibytes(driver(FAST, metrics=METRICS))


def peak_mebibytes(measuring):
    """Return the peak of the anonymous memory of a driver and its children, what they share counted once."""
    peak = 0.0
    while measuring.process.poll() is None:
        with contextlib.suppress(OSError, AttributeError):  # not there yet, or no more
            peak = max(peak, sum(map(anonymous_mebibytes, [measuring.pid, *children(measuring.pid)])))
        time.sleep(0.005)
    assert measuring.answer()["metrics"]["last"]["value"] == 42
    return peak


def anonymous_mebibytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as stream:
        return int(re.search("Pss_Anon: *([0-9]+)", stream.read()).group(1)) / 1024


def by_time(command):
    """Return what time(1) says of a command, by the names that ``resource`` has."""
    call = ["/usr/bin/time", "-f", "%U %S %M", "/bin/sh", "-c", command]
    told = subprocess.run(call, stderr=subprocess.PIPE, check=True).stderr
    user, system, kibibytes = map(float, told.split()[-3:])
    return {"cpu_time": user + system, "max_rss": 1024 * kibibytes}


def usage():
    """What ``resource`` metrics say against time(1), medians."""
    for what, name, command in USES:
        metric = {name: {"resource": name}}
        pairs = [(measured(command, name, **metric), by_time(command)[name]) for _ in range(5)]
        ours, theirs = map(statistics.median, zip(*pairs))
        yield "%s: `%s` against `time`, medians of 5" % (what, name), "%.3f" % (ours / theirs)


def beside_hyperfine():
    """Several runs against those of hyperfine, a few each in turns."""
    path = os.path.join(FOLDER.name, "hyperfine.json")
    call = ["hyperfine", "-N", "--runs", str(RUNS), "--style", "none", "--export-json", path]
    for name, job in SEVERAL.items():
        ours, theirs = [], []
        for _ in range(10):
            command = " ".join(map(shlex.quote, job))
            subprocess.run([*call, command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(path) as stream:
                theirs += json.load(stream)["results"][0]["times"]
            ours += driver(job, runs=RUNS).answer()["metrics"]["total_runtime"]["runs"]
        median = statistics.median(theirs)
        what = "%s, %d runs: the median less hyperfine's, %.4f s" % (name, len(ours), median)
        yield what, "%+.2f ms" % (1000 * (statistics.median(ours) - median))


def figures():
    for part in (exactness, output, usage, beside_hyperfine):
        yield from part()

"""How exact the job's figures are and what its output costs: ``python3 tests/tools/job_benchmark.py``, under that Python.

Each is measured and observed in turns, so that whatever else the machine does hits both: on a quiet machine, please.
"""

import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench"))

import table
from measuring import Measuring
from processes import children

SLEEP = "sleep 0.5"
GIBIBYTE = 1 << 30
FAST = "yes 'a line of output, 0123456789: throughput 17 pages' | head -c %d; echo; echo last 42" % GIBIBYTE
# 4 KiB after each piece of work of some 50 microseconds, 60 MB in all.
STEADY = (
    'exec \'%s\' -IS -c \'import os\nline = b"x" * 4095 + b"\\n"\n'
    'for _ in range(15000):\n    sum(range(3000)); os.write(1, line)\nprint("last 42")\'' % sys.executable
)
METRICS = {"last": {"output_regex": "^last (\\d+)"}}  # so all of it is searched
LIMIT_FAST, LIMIT_STEADY, LIMIT_MEBIBYTES = 1.05, 1.02, 20
TIME = "/usr/bin/time"
PYTHON = "'%s' -IS -c " % sys.executable
USES = {
    "max_rss": {
        "200 MiB of memory": PYTHON + "'bytearray(200 << 20)'",
        "a child of 200 MiB": PYTHON + "'bytearray(200 << 20)'; true",
    },
    "cpu_time": {
        "a second of its own code": PYTHON + "'sum(number * number for number in range(8000000))'",
        "a second of the system": "head -c 500000000 /dev/urandom >/dev/null",
    },
}


def by_itself(command):
    """Return the seconds that a command line takes with its output in an unnamed file."""
    with tempfile.TemporaryFile() as target:
        began = time.monotonic()
        subprocess.run(["/bin/sh", "-c", command], stdout=target, check=True)
        return time.monotonic() - began


def measured(pyz, command, name="total_runtime", **metrics):
    """Return the value of a metric as the driver reports it."""
    with tempfile.TemporaryDirectory() as folder:
        driver = Measuring(sys.executable, pyz, folder, command, metrics=metrics)
        return driver.answer()["metrics"][name]["value"]


def exactness(pyz):
    """``total_runtime`` less an outside observer's time; the spread of the latter says how far that can be known.

    The observer is the same Python: before 3.10 it takes 0.7 ms more to make any process.
    """
    differences, observations = [], []
    for turn in range(50):
        outside = by_itself(SLEEP) if turn % 2 else 0.0
        inside = measured(pyz, SLEEP)
        observations.append(outside or by_itself(SLEEP))
        differences.append(inside - observations[-1])
    median = statistics.median(differences)
    what = "`%s` 50 times: `total_runtime` less an outside observer's time, median" % SLEEP
    yield what, "%+.2f ms" % (median * 1000), "at most 1 ms", abs(median) <= 0.001
    spread = statistics.median(abs(value - statistics.median(observations)) for value in observations)
    yield "the observer's own spread in the same run, median", "%.2f ms" % (spread * 1000), "", True


def output(pyz):
    """The least time measured over the least of another way by itself, which other work disturbs least.

    Run it with a $TMPDIR on ext4, which is where it once cost a third (auto_da_alloc in the kernel's documentation).
    """
    for what, command, other, limit in (
        ("1 GiB as fast as it can, against `job | cat >file`", FAST, "(%s) | cat" % FAST, LIMIT_FAST),
        ("4 KiB between pieces of work, against `job >file`", STEADY, STEADY, LIMIT_STEADY),
    ):
        by_itself(other)  # warms up the disk and the cache
        pairs = [(measured(pyz, command, **METRICS), by_itself(other)) for _ in range(7)]
        ratio = min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)
        yield what + ", the least of 7 each", "%.3f" % ratio, "at most %g" % limit, ratio <= limit
    peak = watched(pyz)
    what = "1 GiB of output: anonymous memory of driver, guard, keeper and search, peak"
    yield what, "%.1f MiB" % peak, "at most %g MiB" % LIMIT_MEBIBYTES, peak <= LIMIT_MEBIBYTES


def watched(pyz):
    """Return the peak of the anonymous memory of driver, keeper, guard and search, what they share counted once."""
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        driver = Measuring(sys.executable, pyz, folder, FAST, metrics=METRICS)
        while driver.process.poll() is None:
            with contextlib.suppress(OSError, KeyError):  # not there yet, or no more
                peak = max(peak, sum(map(anonymous_mebibytes, [driver.pid, *children(driver.pid)])))
            time.sleep(0.005)
        assert driver.answer()["metrics"]["last"]["value"] == 42
    return peak


def anonymous_mebibytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as stream:
        fields = dict(line.split(":", 1) for line in stream if ":" in line)
    return int(fields["Pss_Anon"].split()[0]) / 1024


def by_time(command):
    """Return what time(1) says of a command."""
    process = subprocess.run([TIME, "-v", "/bin/sh", "-c", command], stderr=subprocess.PIPE, check=True)
    figures = dict(re.findall(r"\t(.*?): (\d[\d.]*)\n", process.stderr.decode()))
    seconds = float(figures["User time (seconds)"]) + float(figures["System time (seconds)"])
    return {"cpu_time": seconds, "max_rss": int(figures["Maximum resident set size (kbytes)"]) * 1024}


def usage(pyz):
    """What ``resource`` metrics say against time(1), medians."""
    if not shutil.which(TIME):
        return
    for name, jobs in USES.items():
        for job, command in jobs.items():
            metric = {name: {"resource": name}}
            pairs = [(measured(pyz, command, name, **metric), by_time(command)[name]) for _ in range(5)]
            ours, theirs = map(statistics.median, zip(*pairs))
            what = "%s: `%s` against %s -v, medians of 5" % (job, name, TIME)
            yield what, "%.3f" % (ours / theirs), "1 within 0.05", abs(ours / theirs - 1) <= 0.05


def rows():
    """Yield (what, value, target, whether it is reached)."""
    with tempfile.TemporaryDirectory() as folder:
        pyz = table.build(folder)
        for part in (exactness, output, usage):
            yield from part(pyz)


if __name__ == "__main__":
    sys.exit(0 if table.show(rows()) else 1)

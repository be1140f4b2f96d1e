"""What ``resource`` metrics say against ``/usr/bin/time``: ``python3 tests/bench/job_usage.py``, under that Python.

Jobs that use processor time or memory, some by children and by orphans, each run by both in turns; the medians of what
both say, as a ratio.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys

import table
from job_calls import run_all

TIME = "/usr/bin/time"
TIMES = 5
PYTHON = "'%s' -IS -c " % sys.executable
JOBS = {
    "200 MiB of memory": PYTHON + "'bytearray(200 << 20)'",
    "a child of 200 MiB": PYTHON + "'bytearray(200 << 20)'; true",
    "a second of its own code": PYTHON + "'sum(number * number for number in range(8000000))'",
    "a second of the system": "head -c 500000000 /dev/urandom >/dev/null",
}
LIMIT = 0.05


def by_time(command):
    """Return (processor seconds, bytes) as time(1) says."""
    process = subprocess.run([TIME, "-v", "/bin/sh", "-c", command], stderr=subprocess.PIPE, check=True)
    figures = dict(re.findall(r"\t(.*?): (\d[\d.]*)\n", process.stderr.decode()))
    seconds = float(figures["User time (seconds)"]) + float(figures["System time (seconds)"])
    return seconds, int(figures["Maximum resident set size (kbytes)"]) * 1024


def by_us(command):
    """Return the same as the job's usage says."""
    (result,) = run_all(sys.executable, [command])
    return result["cpu_time"], result["usage"]["max_rss"]


def rows():
    """Yield (what, value, target, whether it is reached)."""
    if not shutil.which(TIME) or not os.path.exists("/proc/self/stat"):
        return
    for name, command in JOBS.items():
        pairs = [(by_us(command), by_time(command)) for _ in range(TIMES)]
        for index, figure in enumerate(("cpu_time", "max_rss")):
            if ("memory" in name or "MiB" in name) == (figure == "cpu_time"):
                continue  # too little to compare
            ours, theirs = (statistics.median(pair[who][index] for pair in pairs) for who in (0, 1))
            ratio = ours / theirs
            what = "%s: `%s` against %s -v, medians of %d" % (name, figure, TIME, TIMES)
            yield what, "%.3f" % ratio, "1 within %g" % LIMIT, abs(ratio - 1) <= LIMIT


if __name__ == "__main__":
    table.show(rows())

"""What a job's output costs: ``python3 tests/bench/job_output.py``, for the driver under that Python.

Two jobs: one prints 1 GiB as fast as it can, against ``job | cat >file``; one prints 60 to 100 MB a second between pieces
of work, as real jobs do, against ``job >file``. Each is measured and run by itself several times, in turns, and the ratio is
that of the least times, which other work on the machine disturbs least. The files are in the same $TMPDIR: run it with that
on ext4, which is where it once cost a third (see auto_da_alloc in the kernel's documentation).

Once more, watched, which itself takes time: the peak of the anonymous memory of the driver's side (driver, guard, keeper,
search), what they share counted once.
"""

import contextlib
import subprocess
import sys
import tempfile
import time

import table
from measuring import Measuring, children

GIBIBYTE = 1 << 30
FAST = "yes 'a line of output, 0123456789: throughput 17 pages' | head -c %d; echo; echo last 42" % GIBIBYTE
# 4 KiB after each piece of work of some 50 microseconds, 60 MB in all.
STEADY = (
    'exec \'%s\' -IS -c \'import os\nline = b"x" * 4095 + b"\\n"\n'
    'for _ in range(15000):\n    sum(range(3000)); os.write(1, line)\nprint("last 42")\'' % sys.executable
)
METRICS = {"last": {"output_regex": "^last (\\d+)"}}  # so all of it is searched
TIMES = 7
LIMIT_FAST, LIMIT_STEADY = 1.05, 1.02
LIMIT_MEBIBYTES = 20
SAMPLE_SECONDS = 0.005


def by_itself(command):
    """Return the seconds that a command line takes with its output in an unnamed file."""
    with tempfile.TemporaryFile() as target:
        began = time.monotonic()
        subprocess.run(["/bin/sh", "-c", command], stdout=target, check=True)
        return time.monotonic() - began


def measured(pyz, command):
    """Return the seconds that the job takes as the driver reports them."""
    with tempfile.TemporaryDirectory() as folder:
        driver = Measuring(pyz, sys.executable, folder, command, metrics=METRICS)
        return driver.answer()["metrics"]["total_runtime"]["value"]


def ratio(pyz, command, other):
    """Return the least time measured over the least of ``other`` by itself."""
    by_itself(other)  # warms up the disk and the cache
    pairs = [(measured(pyz, command), by_itself(other)) for _ in range(TIMES)]
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


def watched(pyz):
    """Return the peak of the anonymous memory of driver, keeper, guard and search together, in MiB."""
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        driver = Measuring(pyz, sys.executable, folder, FAST, metrics=METRICS)
        while driver.process.poll() is None:
            anonymous = 0.0
            with contextlib.suppress(OSError, KeyError):  # not there yet, or no more
                for pid in [driver.pid, *children(driver.pid)]:
                    anonymous += anonymous_mebibytes(pid)
            peak = max(peak, anonymous)
            time.sleep(SAMPLE_SECONDS)
        assert driver.answer()["metrics"]["last"]["value"] == 42
    return peak


def anonymous_mebibytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as stream:
        fields = dict(line.split(":", 1) for line in stream if ":" in line)
    return int(fields["Pss_Anon"].split()[0]) / 1024


def rows():
    """Yield (what, value, target, whether it is reached)."""
    with tempfile.TemporaryDirectory() as folder:
        pyz = table.build(folder)
        for what, command, other, limit in (
            (
                "1 GiB as fast as it can: `total_runtime` against `job | cat >file`",
                FAST,
                "(%s) | cat" % FAST,
                LIMIT_FAST,
            ),
            ("4 KiB between pieces of work: `total_runtime` against `job >file`", STEADY, STEADY, LIMIT_STEADY),
        ):
            value = ratio(pyz, command, other)
            yield "%s, the least of %d each" % (what, TIMES), "%.3f" % value, "at most %g" % limit, value <= limit
        peak = watched(pyz)
        what = "1 GiB of output: anonymous memory of driver, guard, keeper and search, peak"
        yield what, "%.1f MiB" % peak, "at most %g MiB" % LIMIT_MEBIBYTES, peak <= LIMIT_MEBIBYTES


if __name__ == "__main__":
    table.show(rows())

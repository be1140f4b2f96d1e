"""What a job's output costs: ``python3 tests/bench/job_output.py``, for the driver under that Python.

A job that prints 1 GiB, measured, and redirected to a file in the same $TMPDIR, several times in turn. Prints the
ratio of the least times, which other work on the machine disturbs least. Once more, watched, which itself takes time:
the peak of the driver's anonymous memory over its whole life (that of the process that searches added to it), of the
guard's own memory, and the processor time of driver and guard while the job ran.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time

import table
from measuring import Measuring, children

GIBIBYTE = 1 << 30
COMMAND = "yes 'a line of output, 0123456789: throughput 17 pages' | head -c %d; echo; echo last 42" % GIBIBYTE
METRICS = {"last": {"output_regex": "^last (\\d+)"}}  # so all of it is searched
TIMES = 7
LIMIT_RATIO = 1.1
LIMIT_DRIVER_MEBIBYTES = 20
LIMIT_GUARD_MEBIBYTES = 5
LIMIT_PROCESSOR_SECONDS = 0.02
SAMPLE_SECONDS = 0.005
TICKS = os.sysconf("SC_CLK_TCK")


def redirected():
    """Return the seconds that the job takes with its output in an unnamed file, as ``COMMAND >file`` has it."""
    with tempfile.NamedTemporaryFile() as target:
        began = time.monotonic()
        subprocess.run(["/bin/sh", "-c", COMMAND], stdout=target, check=True)
        return time.monotonic() - began


def measured():
    """Return the seconds that the job takes as the driver reports them."""
    with tempfile.TemporaryDirectory() as folder:
        driver = Measuring(table.build(folder), sys.executable, folder, COMMAND, metrics=METRICS)
        return driver.answer()["metrics"]["total_runtime"]["value"]


def watched():
    """Return (peak RssAnon of driver and search together, peak of the guard's own memory, processor seconds)."""
    peaks, used = [0.0, 0.0], []
    with tempfile.TemporaryDirectory() as folder:
        driver = Measuring(table.build(folder), sys.executable, folder, COMMAND, metrics=METRICS)
        while driver.process.poll() is None:
            with contextlib.suppress(OSError, KeyError):  # not there yet, or no more
                anonymous = mebibytes(driver.pid, "status", "RssAnon")
                for child in children(driver.pid):
                    if os.getsid(child) == child:  # the guard has a session of its own, the search has the driver's
                        peaks[1] = max(peaks[1], mebibytes(child, "smaps_rollup", "Private_Dirty"))
                        used.append(processor_seconds(driver.pid) + processor_seconds(child))
                    else:
                        anonymous += mebibytes(child, "status", "RssAnon")
                peaks[0] = max(peaks[0], anonymous)
            time.sleep(SAMPLE_SECONDS)
        assert driver.answer()["metrics"]["last"]["value"] == 42
    # The first samples are of the start.
    return peaks[0], peaks[1], used[-1] - used[5]


def mebibytes(pid, file, field):
    with open("/proc/%d/%s" % (pid, file)) as stream:
        fields = dict(line.split(":", 1) for line in stream if ":" in line)
    return int(fields[field].split()[0]) / 1024


def processor_seconds(pid):
    with open("/proc/%d/stat" % pid) as stream:
        fields = stream.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rows():
    """Yield (what, value, target, whether it is reached)."""
    redirected()  # warms up the disk and the cache
    pairs = [(redirected(), measured()) for _ in range(TIMES)]
    ratio = min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs)
    what = "1 GiB of output: `total_runtime` against the same job `>file`, the least of %d each" % TIMES
    yield what, "%.2f" % ratio, "at most %g" % LIMIT_RATIO, ratio <= LIMIT_RATIO
    driver, guard, seconds = watched()
    what = "1 GiB of output: the anonymous memory of the driver, and of the search with it, peak"
    yield what, "%.1f MiB" % driver, "at most %g MiB" % LIMIT_DRIVER_MEBIBYTES, driver <= LIMIT_DRIVER_MEBIBYTES
    what = "1 GiB of output: the guard's own memory, peak"
    yield what, "%.1f MiB" % guard, "at most %g MiB" % LIMIT_GUARD_MEBIBYTES, guard <= LIMIT_GUARD_MEBIBYTES
    what = "1 GiB of output: processor time of driver and guard while the job runs"
    yield what, "%.2f s" % seconds, "at most %g s" % LIMIT_PROCESSOR_SECONDS, seconds <= LIMIT_PROCESSOR_SECONDS


if __name__ == "__main__":
    table.show(rows())

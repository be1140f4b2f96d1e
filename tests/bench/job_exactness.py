"""How exact total_runtime is: ``python3 tests/bench/job_exactness.py``, for the driver under that Python.

``sleep 0.5`` fifty times, each time also timed by an outside observer, right after or right before: from making the
process of ``/bin/sh -c 'sleep 0.5'`` to the return of the wait for it. The observer is the same Python: before 3.10 it
takes 0.7 ms more to make any process. The median of the signed differences is what one is off by; the spread of the
observer's own times in the same run says how far the machine lets that be known.
"""

import statistics
import subprocess
import sys
import tempfile
import time

import table
from measuring import Measuring

COMMAND = "sleep 0.5"
TIMES = 50
LIMIT_SECONDS = 0.001


def observed():
    began = time.monotonic()
    subprocess.run(["/bin/sh", "-c", COMMAND], check=True)
    return time.monotonic() - began


def reported(pyz):
    with tempfile.TemporaryDirectory() as folder:
        return Measuring(pyz, sys.executable, folder, COMMAND).answer()["metrics"]["total_runtime"]["value"]


def rows():
    """Yield (what, value, target, whether it is reached)."""
    differences, observations = [], []
    with tempfile.TemporaryDirectory() as built:
        pyz = table.build(built)
        for turn in range(TIMES):
            # Who goes first takes turns: whatever the machine does meanwhile hits both.
            if turn % 2:
                outside, inside = observed(), reported(pyz)
            else:
                inside, outside = reported(pyz), observed()
            observations.append(outside)
            differences.append(inside - outside)
    median = statistics.median(differences)
    yield (
        "`%s` %d times: `total_runtime` less an outside observer's time, median" % (COMMAND, TIMES),
        "%+.2f ms" % (median * 1000),
        "at most %g ms" % (LIMIT_SECONDS * 1000),
        abs(median) <= LIMIT_SECONDS,
    )
    spread = statistics.median(abs(value - statistics.median(observations)) for value in observations)
    yield ("the observer's own spread in the same run, median", "%.2f ms" % (spread * 1000), "", True)


if __name__ == "__main__":
    table.show(rows())

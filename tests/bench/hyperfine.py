"""Several runs, beside hyperfine on the same job (Debian has hyperfine).

The two take turns, a few runs each, so that a busy moment of the machine meets both.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import table
from machine import NEWEST
from measuring import Measuring

JOBS = {
    "sleep 0.01": ["sleep", "0.01"],
    "a second of work": [sys.executable, "-S", "-c", "s = 0\nfor i in range(12000000): s += i"],
}
TURNS, RUNS = 10, 5
LIMIT_MS = 0.5


def by_hyperfine(job, folder):
    path = os.path.join(folder, "hyperfine.json")
    command = " ".join("'%s'" % word for word in job)
    call = ["hyperfine", "-N", "--warmup", "0", "--runs", str(RUNS), "--style", "none", "--export-json", path, command]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path) as stream:
        return json.load(stream)["results"][0]["times"]


def by_measure(pyz, job, folder):
    return Measuring(NEWEST, pyz, folder, job, runs=RUNS).answer()["metrics"]["total_runtime"]["runs"]


def figures():
    """Yield the difference of each job; nothing where there is no hyperfine."""
    if not shutil.which("hyperfine"):
        return
    with tempfile.TemporaryDirectory() as folder:
        pyz = table.build(folder)
        for name, job in JOBS.items():
            ours, theirs = [], []
            for _ in range(TURNS):
                theirs += by_hyperfine(job, folder)
                ours += by_measure(pyz, job, folder)
            median = statistics.median(theirs)
            what = "%s, %d runs: the median less hyperfine's, %.4f s" % (name, len(ours), median)
            yield table.Figure(what, 1000 * (statistics.median(ours) - median), "%+.2f ms", -LIMIT_MS, LIMIT_MS)

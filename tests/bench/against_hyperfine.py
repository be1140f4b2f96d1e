"""Several runs, beside hyperfine on the same job: ``python tests/bench/against_hyperfine.py`` (Debian has hyperfine).

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
from table import NEWEST

JOBS = {
    "sleep 0.01": ["sleep", "0.01"],
    "a second of work": [sys.executable, "-S", "-c", "s = 0\nfor i in range(12000000): s += i"],
}
TURNS, RUNS = 10, 5
TARGET_SECONDS = 0.0005


def by_hyperfine(job, folder):
    path = os.path.join(folder, "hyperfine.json")
    command = " ".join("'%s'" % word for word in job)
    call = ["hyperfine", "-N", "--warmup", "0", "--runs", str(RUNS), "--style", "none", "--export-json", path, command]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path) as stream:
        return json.load(stream)["results"][0]["times"]


def by_measure(pyz, job, folder):
    path = os.path.join(folder, "config.json")
    with open(path, "w") as stream:
        json.dump({"batch": {"command": job, "default_state": {"application": {"components": {}}}}}, stream)
    call = [NEWEST, pyz, "measure", "--config", path, "--runs", str(RUNS)]
    output = subprocess.run(
        call, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return json.loads(output.stdout.decode().splitlines()[-1])["metrics"]["total_runtime"]["runs"]


def rows():
    """Yield a row for each job."""
    if not shutil.which("hyperfine"):
        yield "hyperfine is not installed", "", "", True
        return
    with tempfile.TemporaryDirectory() as folder:
        pyz = table.build(folder)
        for name, job in JOBS.items():
            ours, theirs = [], []
            for _ in range(TURNS):
                theirs += by_hyperfine(job, folder)
                ours += by_measure(pyz, job, folder)
            apart = statistics.median(ours) - statistics.median(theirs)
            label = "%s, %d runs: the median less hyperfine's, %.4f s" % (name, len(ours), statistics.median(theirs))
            yield (
                label,
                "%+.2f ms" % (1000 * apart),
                "within %.1f ms" % (1000 * TARGET_SECONDS),
                abs(apart) <= TARGET_SECONDS,
            )


if __name__ == "__main__":
    table.show(rows())

"""What the benchmarks share: where the project is, the machine's Pythons, and one table."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, *folder) for folder in (["src"], ["tests", "support"], ["tests", "tools"])]

from machine import NEWEST, PYTHONS  # noqa: E402, F401


def build(folder, python=sys.executable, *options):
    """Build the file into ``folder`` by an interpreter and return its path."""
    path = os.path.join(folder, "servo-batch%s.pyz" % "".join(options))
    subprocess.run([python, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
    return path


def show(rows):
    """Print rows of (label, figure, target, whether it is met) as they come; return whether all are met."""
    all_met = True
    for label, figure, target, met in rows:
        print("%-72s %-14s %-14s %s" % (label, figure, target, "" if met else "MISSED"), flush=True)
        all_met = all_met and met
    return all_met

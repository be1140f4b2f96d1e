"""Random formulas: read or refused, a value as Python's or an error, quickly and in little memory, the same everywhere."""

import os
import subprocess

import formula_attack
from machine import NEWEST, OLDEST, ROOT

SECONDS, MEGABYTES = 60, 300


def attack(python, seed, count):
    done = subprocess.run(
        [python, formula_attack.__file__, str(seed), str(count), str(SECONDS), str(MEGABYTES)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": os.path.join(ROOT, "src"), "LC_ALL": "C.UTF-8"},
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.split()[0]


def test_random_formulas_come_to_the_same_under_the_oldest_and_the_newest_python():
    assert attack(OLDEST, 1, 2500) == attack(NEWEST, 1, 2500)

"""What the benchmarks share: figures, what they have to be, and the file as an interpreter builds it."""

import os
import subprocess
import sys
from typing import NamedTuple, Optional

from machine import ROOT


class Figure(NamedTuple):
    """What was measured and its ``value``, shown in a ``form``; a target is the least or the most that it may be."""

    what: str
    value: float
    form: str = "%.2f"
    least: Optional[float] = None
    most: Optional[float] = None

    @property
    def is_met(self):
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def __str__(self):
        targets = [
            "%s %g" % (words, limit) for words, limit in (("at least", self.least), ("at most", self.most)) if limit
        ]
        verdict = "" if self.is_met else "MISSED"
        return "%-74s %-9s %-25s %s" % (self.what, self.form % self.value, ", ".join(targets), verdict)


def build(folder, python=sys.executable, *options):
    """Build the file into ``folder`` by an interpreter and return its path."""
    path = os.path.join(folder, "servo-batch%s.pyz" % "".join(options))
    subprocess.run([python, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
    return path

"""The evidence: ``python tests/bench`` measures all and prints one table, ``python tests/bench job`` only that part.

The parts are startup and job. Minutes, on a quiet machine, please.
"""

import importlib
import os
import platform
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "..", "src"), os.path.join(TESTS, "support")]
PARTS = ("startup", "job")


def machine():
    """Return what the figures depend on, in a line."""
    with open("/proc/cpuinfo") as stream:
        models = [line.partition(":")[2].strip() for line in stream if line.startswith("model name")]
    cores = "%d cores" % os.cpu_count()
    return ", ".join([*models[:1], cores, "Linux " + platform.release(), "Python " + platform.python_version()])


def main():
    """Measure the parts that are named, else all; the exit status is 1 where a target is missed."""
    print(machine())
    missed = False
    for part in sys.argv[1:] or PARTS:
        for figure in importlib.import_module(part).figures():
            print(figure, flush=True)
            missed = missed or not figure.is_met
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

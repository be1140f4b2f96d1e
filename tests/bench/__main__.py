"""The evidence: ``python tests/bench`` measures it, ``python tests/bench job`` only that part; the other is startup.

It prints a figure a line; src/servo_batch/manual/evidence.md has what each has to be. Minutes, on a quiet machine, please.
"""

import importlib
import os
import platform
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "..", "src"), os.path.join(TESTS, "support")]

print("%s, %d cores, Python %s" % (platform.platform(), os.cpu_count(), platform.python_version()))
for part in sys.argv[1:] or ("startup", "job"):
    for what, found in importlib.import_module(part).figures():
        print("%-80s %s" % (what, found), flush=True)

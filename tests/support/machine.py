"""Where the project is, how it is built, and the Pythons of this machine: the oldest, the newest, and all between."""

import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYENV = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")


def find_pythons():
    """Return {"3.6": path, …}, from old to new: what is under pyenv's root, else on PATH, else the running one."""
    found = {}
    for version in ["3.%d" % minor for minor in range(6, 40)]:
        paths = sorted(glob.glob(os.path.join(PYENV, "versions", version + ".*", "bin", "python3")))
        on_path = shutil.which("python" + version) or ""
        if on_path and "/shims/" not in on_path:  # pyenv's: they fail for a version that is not selected
            paths.append(on_path)
        if version == "3.%d" % sys.version_info[1]:
            paths.append(sys.executable)
        if paths:
            found[version] = paths[0]
    return found


PYTHONS = find_pythons()
# Their versions, from old to new; one where the machine has one.
EDGES = list(dict.fromkeys([next(iter(PYTHONS)), list(PYTHONS)[-1]]))
OLDEST, NEWEST = PYTHONS[EDGES[0]], PYTHONS[EDGES[-1]]


def build(path, python=sys.executable, *options):
    """Have an interpreter build the file, and return its path."""
    subprocess.run([python, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
    return path

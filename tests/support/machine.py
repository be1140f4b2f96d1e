"""Where the project is, how it is built, and the Pythons of this machine: the oldest, the newest, and all between."""

import atexit
import functools
import glob
import os
import shutil
import subprocess
import sys
import tempfile

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


@functools.lru_cache(maxsize=None)
def built(python=sys.executable, *options):
    """Return the path of the file that an interpreter builds, until this process ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    path = os.path.join(folder, "servo-batch.pyz")
    subprocess.run([python, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
    return path


def file_for(python):
    """Return the path of the file that an interpreter is to run: the newest has its own bytecode, as in an image."""
    return built(python, "--bytecode") if python == NEWEST else built()

"""Where the project is, and the Pythons of this machine: the oldest, the newest, and all between."""

import glob
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def find_pythons():
    """Return {"3.6": path, …}: the interpreters from 3.6 up on PATH and under pyenv's root, and the running one."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    candidates = glob.glob(os.path.join(pyenv, "versions", "3.*", "bin", "python3"))
    for minor in range(6, 40):
        path = shutil.which("python3.%d" % minor)
        if path and "/shims/" not in path:  # pyenv's: they are above, or fail for a version that is not selected
            candidates.append(path)
    candidates.append(sys.executable)
    found = {}
    for path in filter(None, candidates):
        version = _version(path)
        if version and version >= (3, 6):
            found.setdefault("%d.%d" % version, path)
    return dict(sorted(found.items(), key=lambda item: int(item[0].split(".")[1])))


def _version(path):
    of_pyenv = re.search(r"/versions/3\.(\d+)\.\d+/bin/", path)
    if of_pyenv:
        return 3, int(of_pyenv.group(1))
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        output = subprocess.run(
            [path, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(rb"(\d+)\.(\d+)\s*$", output)
    return (int(match.group(1)), int(match.group(2))) if match else None


PYTHONS = find_pythons()
# Their versions, from old to new; one where the machine has one.
EDGES = list(dict.fromkeys([next(iter(PYTHONS)), list(PYTHONS)[-1]]))
OLDEST, NEWEST = PYTHONS[EDGES[0]], PYTHONS[EDGES[-1]]

"""What every test may use: the Pythons of this machine, and the built file."""

import glob
import os
import re
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "src"))


def find_pythons():
    """Return {"3.6": path, …}: the interpreters from 3.6 up on PATH and under pyenv's root, and the running one."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    candidates = glob.glob(os.path.join(pyenv, "versions", "3.*", "bin", "python3"))
    for minor in range(6, 40):
        candidates.append(shutil.which("python3.%d" % minor))
    candidates.append(sys.executable)
    found = {}
    for path in filter(None, candidates):
        version = _version(path)
        if version and version >= (3, 6):
            found.setdefault("%d.%d" % version, path)
    return dict(sorted(found.items(), key=lambda item: int(item[0].split(".")[1])))


def _version(path):
    # A pyenv shim exists for versions that are not selected; it then fails.
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


def pytest_configure():
    missing = set(os.environ.get("SERVO_BATCH_PYTHONS", "").split()) - set(PYTHONS)
    if missing:
        raise pytest.UsageError("this machine lacks Python %s, which $SERVO_BATCH_PYTHONS asks for" % sorted(missing))


def pytest_report_header():
    return "black-box tests under Python " + ", ".join(PYTHONS)


@pytest.fixture(params=list(PYTHONS))
def python(request):
    """The path of an interpreter; the test runs once for each of the machine's Pythons."""
    return PYTHONS[request.param]


@pytest.fixture(scope="session")
def pyz(tmp_path_factory):
    """The path of the built file."""
    path = str(tmp_path_factory.mktemp("built") / "servo-batch.pyz")
    subprocess.run([sys.executable, os.path.join(ROOT, "build.py"), "-o", path], check=True)
    return path


@pytest.fixture(params=["oldest", "newest"])
def edge_python(request):
    """The path of the oldest interpreter of the machine, then of the newest: for what would be too slow on each."""
    versions = list(PYTHONS)
    if request.param == "newest" and len(versions) == 1:
        pytest.skip("this machine has one Python, which is the oldest")
    return PYTHONS[versions[0 if request.param == "oldest" else -1]]

"""What every test may use: the Pythons of this machine, and the built file."""

import functools
import os
import subprocess
import sys

import pytest
from machine import EDGES, NEWEST, PYTHONS, ROOT


def pytest_configure():
    missing = set(os.environ.get("SERVO_BATCH_PYTHONS", "").split()) - set(PYTHONS)
    if missing:
        raise pytest.UsageError("this machine lacks Python %s, which $SERVO_BATCH_PYTHONS asks for" % sorted(missing))


def pytest_report_header():
    return "black-box tests under Python " + ", ".join(PYTHONS)


@pytest.fixture(params=EDGES)
def python(request):
    """The path of the oldest interpreter of the machine, then of the newest."""
    return PYTHONS[request.param]


@pytest.fixture(params=list(PYTHONS))
def every_python(request):
    """The path of an interpreter; the test runs once for each of the machine's Pythons."""
    return PYTHONS[request.param]


@pytest.fixture(scope="session")
def built_by(tmp_path_factory):
    """Return the path of the file that an interpreter builds, with its bytecode where asked for; each once."""

    @functools.lru_cache(maxsize=None)
    def build(python, *options):
        path = str(tmp_path_factory.mktemp("built") / "servo-batch.pyz")
        subprocess.run([python, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
        return path

    return build


@pytest.fixture(scope="session")
def pyz(built_by):
    """The path of the built file."""
    return built_by(sys.executable)


@pytest.fixture(scope="session")
def pyz_for(pyz, built_by):
    """Return the path of the file that an interpreter is to run: the newest one its own bytecode, as in an image."""
    return lambda python: built_by(python, "--bytecode") if python == NEWEST else pyz


@pytest.fixture
def edge_python(python):
    """The same."""
    return python

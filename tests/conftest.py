"""What every test may use: the Pythons of this machine, and the built file."""

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
def pyz(tmp_path_factory):
    """The path of the built file."""
    return build(tmp_path_factory, sys.executable)


@pytest.fixture(scope="session")
def pyz_for(pyz, tmp_path_factory):
    """Return the path of the file that an interpreter is to run: the newest one its own bytecode, as in an image."""
    with_bytecode = build(tmp_path_factory, NEWEST, "--bytecode")
    return lambda python: with_bytecode if python == NEWEST else pyz


def build(tmp_path_factory, python, *options):
    path = str(tmp_path_factory.mktemp("built") / "servo-batch.pyz")
    subprocess.run([python, os.path.join(ROOT, "build.py"), "-o", path, *options], check=True)
    return path


@pytest.fixture
def edge_python(python):
    """The same."""
    return python

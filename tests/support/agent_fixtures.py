"""A plugin of pytest: the fixtures of the tests that name it in ``pytest_plugins``; fakes.py has what they are made of."""

import shutil

import pytest
from fakes import agents, furnish, services
from machine import NEWEST, OLDEST, PYTHONS


@pytest.fixture
def serve():
    """A function that starts a service."""
    with services() as start:
        yield start


@pytest.fixture
def folder(tmp_path):
    """The agent's working directory, with drivers, a token file and room for others."""
    path = tmp_path / "servo"
    path.mkdir()
    return furnish(path)


@pytest.fixture
def servo(folder):
    """A function that starts the agent for a service, in ``folder``."""
    with agents(folder) as start:
        yield start


@pytest.fixture(params=[*PYTHONS.values(), "pypy3"], ids=[*PYTHONS, "pypy"])
def any_python(request):
    """The path of an interpreter: each of the machine's Pythons, and PyPy."""
    return installed(request.param)


@pytest.fixture(params=[OLDEST, NEWEST, "pypy3"], ids=["oldest", "newest", "pypy"])
def implementation(request):
    """The path of an interpreter: the machine's oldest and newest Python, and PyPy."""
    return installed(request.param)


def installed(program):
    path = shutil.which(program)
    if path is None:
        pytest.skip("%s is not installed" % program)
    return path

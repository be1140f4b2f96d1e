"""A plugin of pytest: the fixtures of the agent's tests; fakes.py has what they are made of."""

import pytest
from fakes import agents, furnish, services


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
def servo(folder, pyz):
    """A function that starts the agent for a service, in ``folder``."""
    with agents(folder, pyz) as start:
        yield start

"""The fixtures of the agent's tests, which import them: as a plugin of pytest its ``servo`` would be everybody's."""

import pytest
from fakes import ANSWER, MEASURE_COMMAND, agents, furnish, services, write_measure

__all__ = ("folder", "measure", "serve", "servo")


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


@pytest.fixture
def measure(serve, servo, folder):
    """A function that has an agent measure by a script, None for the driver that is there.

    It returns the service, whose ``answers`` are to what comes of the measurement, and the agent.
    """

    def start(script=ANSWER, has_cancel="false", answers=(), goodbyes=(), times=1, **options):
        if script is not None:
            write_measure(folder, script, has_cancel)
        service = serve([MEASURE_COMMAND] * times, {"MEASUREMENT": answers, "GOODBYE": goodbyes})
        return service, servo(service, **options)

    return start

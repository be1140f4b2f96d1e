"""A plugin of pytest: the fixtures of the tests that name it in ``pytest_plugins``."""

import pytest
from measuring import Actor, Measuring


@pytest.fixture
def measuring(tmp_path, pyz_for):
    """Start drivers: ``measuring(python, command, timeout=…, …)`` returns a Measuring."""
    started = []

    def start(python, command, **options):
        folder = tmp_path / ("driver%d" % len(started))
        folder.mkdir()
        started.append(Measuring(pyz_for(python), python, folder, command, **options))
        return started[-1]

    yield start
    for each in started:
        each.clean_up()


@pytest.fixture
def hide(tmp_path):
    """Make jobs that hide: ``hide(role)`` returns an Actor."""
    made = []

    def make(role):
        made.append(Actor(tmp_path, role))
        return made[-1]

    yield make
    for each in made:
        each.close()

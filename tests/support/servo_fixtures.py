"""A plugin of pytest: the fixtures of the tests that name it in ``pytest_plugins``."""

import pytest
from calling import ColdServo, Servo
from machine import NEWEST
from measuring import Actor, Measuring


@pytest.fixture
def servo(edge_python, pyz_for, tmp_path):
    """A Servo under the oldest Python, then one under the newest."""
    return Servo(edge_python, pyz_for(edge_python), tmp_path)


@pytest.fixture
def newest(pyz_for, tmp_path):
    """A Servo under the newest Python: for what is the same under any."""
    return Servo(NEWEST, pyz_for(NEWEST), tmp_path)


@pytest.fixture
def servo_everywhere(python, pyz, tmp_path):
    """A Servo under each Python, which starts it for each call, from the sources."""
    return ColdServo(python, pyz, tmp_path)


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


@pytest.fixture
def running(measuring, hide):
    """Start a driver, and return it and its job once that hides: ``running(role, …)``."""

    def start(role, python=NEWEST, **options):
        job = hide(role)
        driver = measuring(python, job.command, **options)
        job.wait_until_hidden()
        return driver, job

    return start

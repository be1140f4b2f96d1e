"""A plugin of pytest: the fixtures of the tests that name it in ``pytest_plugins``."""

import pytest
from calling import ColdServo, Servo
from machine import NEWEST


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

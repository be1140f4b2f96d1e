"""A plugin of pytest: the fixtures of the tests that name it in ``pytest_plugins``."""

import pytest
from calling import Servo


@pytest.fixture
def servo(edge_python, pyz, tmp_path):
    """A Servo under the oldest Python, then one under the newest."""
    return Servo(edge_python, pyz, tmp_path)


@pytest.fixture
def servo_everywhere(python, pyz, tmp_path):
    """A Servo under each Python."""
    return Servo(python, pyz, tmp_path)

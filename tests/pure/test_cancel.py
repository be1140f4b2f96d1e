"""How signals are named, and what a cancel answers."""

import signal
import sys

import pytest

from servo_batch.job.cancel import Cancelled, signal_name


@pytest.mark.parametrize(
    ("number", "name"),
    [(15, "SIGTERM"), (9, "SIGKILL"), (1000, "signal 1000")]
    + ([(34, "SIGRTMIN"), (37, "SIGRTMIN+3"), (64, "SIGRTMAX"), (32, "signal 32")] if sys.platform == "linux" else []),
)
def test_a_signal_has_a_name(number, name):
    assert signal_name(number) == name


def test_cancelled_is_an_answer():
    error = Cancelled(signal.SIGTERM, "the job was stopped")
    assert error.exit_status == 143
    assert error.response() == {
        "status": "failed",
        "reason": "cancelled",
        "message": "cancelled by SIGTERM: the job was stopped",
    }

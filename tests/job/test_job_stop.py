"""Nothing is left behind: whoever stops a measurement, and however the job hides.

A job that is stopped by the guard is stopped in one way, whatever the cause. So each role meets some cause under each
Python, and each cause meets a role that is hard to stop; but each role meets the driver without a guard.
"""

import os
import re
import signal

import pytest
from job_actor import ROLES
from machine import EDGES
from measuring import KILLED, kill, wait_until

pytest_plugins = ("job_fixtures",)

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")

SIGNALS = ["SIGUSR1", "SIGTERM", "SIGINT", "SIGHUP"]
CAUSES = [*SIGNALS, "timeout", "driver", "stdout"]
GRACE_SECONDS = 0.2
CASES = [
    (python, role, CAUSES[(number + 3 * old) % len(CAUSES)])
    for old, python in enumerate(EDGES)
    for number, role in enumerate(ROLES)
]
CASES += [(EDGES[number % len(EDGES)], "chain", cause) for number, cause in enumerate(CAUSES)]


@pytest.mark.parametrize(("python", "role", "cause"), sorted(set(CASES)), indirect=["python"])
def test_everything_is_gone(measuring, hide, python, role, cause):
    job = hide(role)
    options = {"timeout": 0.3} if cause == "timeout" else {}
    driver = measuring(python, job.command, grace_period=GRACE_SECONDS, **options)
    if cause != "timeout":
        job.wait_until_hidden()
    if cause == "driver":
        driver.send(signal.SIGKILL)
        wait_until(lambda: not job.alive() and not driver.leftovers(), GRACE_SECONDS + 1)
        return
    if cause == "stdout":
        driver.process.stdout.close()
        wait_until(lambda: not job.alive() and not driver.leftovers())
        return
    if cause in SIGNALS:
        driver.send(getattr(signal, cause))
    answer = driver.answer()
    assert job.alive() == []
    assert driver.leftovers() == []
    if cause == "timeout":
        assert (answer["status"], answer["reason"]) == ("failed", "timeout")
        assert re.match(
            "the job ran past its timeout of 0.3 s and was stopped(%s)?\ncommand: " % KILLED, answer["message"]
        )
    else:
        assert (answer["status"], answer["reason"]) == ("failed", "cancelled")
        assert re.match(
            r"cancelled by %s: the job was stopped after \d+\.\d s(%s)?$" % (cause, KILLED), answer["message"]
        )


@pytest.mark.parametrize(
    ("python", "role"),
    [(EDGES[number % len(EDGES)], role) for number, role in enumerate(ROLES)],
    indirect=["python"],
)
def test_everything_is_gone_after_the_death_of_the_guard(measuring, hide, python, role):
    job = hide(role)
    driver = measuring(python, job.command, grace_period=GRACE_SECONDS)
    job.wait_until_hidden()
    kill(driver.guard())
    answer = driver.answer()
    assert job.alive() == []
    assert driver.leftovers() == []
    assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
    assert answer["message"].startswith("somebody killed the guard, which watches the job; the job was stopped after ")

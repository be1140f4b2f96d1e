"""Nothing is left behind: whoever stops a measurement, and however the job hides."""

import os
import signal

import pytest
from job_actor import ROLES
from machine import PYTHONS
from measuring import kill, wait_until

pytest_plugins = ("job_fixtures",)

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")

OLDEST_AND_NEWEST = list(PYTHONS)[:1] + list(PYTHONS)[1:][-1:]
SIGNALS = ["SIGUSR1", "SIGTERM", "SIGINT", "SIGHUP"]
GRACE_SECONDS = 0.2


@pytest.mark.parametrize("python", OLDEST_AND_NEWEST, indirect=True)
@pytest.mark.parametrize("role", ROLES)
class TestEverythingIsGone:
    @pytest.mark.parametrize("name", SIGNALS)
    def test_after_a_signal(self, measuring, hide, python, role, name):
        job = hide(role)
        driver = measuring(python, job.command, grace_period=GRACE_SECONDS)
        job.wait_until_hidden()
        driver.send(getattr(signal, name))
        answer = driver.answer()
        assert job.alive() == []
        assert driver.leftovers() == []
        assert (answer["status"], answer["reason"]) == ("failed", "cancelled")
        assert answer["message"] == "cancelled by %s: the job was stopped" % name

    def test_after_the_timeout(self, measuring, hide, python, role):
        job = hide(role)
        driver = measuring(python, job.command, grace_period=GRACE_SECONDS, timeout=0.3)
        answer = driver.answer()
        assert job.alive() == []
        assert driver.leftovers() == []
        assert (answer["status"], answer["reason"]) == ("failed", "timeout")
        assert answer["message"].startswith("the job ran past its timeout of 0.3 s and was stopped\ncommand: ")

    def test_after_the_death_of_the_driver(self, measuring, hide, python, role):
        job = hide(role)
        driver = measuring(python, job.command, grace_period=GRACE_SECONDS)
        job.wait_until_hidden()
        driver.send(signal.SIGKILL)
        wait_until(lambda: not job.alive() and not driver.leftovers(), GRACE_SECONDS + 1)

    def test_after_the_death_of_the_guard(self, measuring, hide, python, role):
        job = hide(role)
        driver = measuring(python, job.command, grace_period=GRACE_SECONDS)
        job.wait_until_hidden()
        kill(driver.guard())
        answer = driver.answer()
        assert job.alive() == []
        assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
        assert answer["message"].startswith("somebody killed the guard")

    def test_after_stdout_was_closed(self, measuring, hide, python, role):
        job = hide(role)
        driver = measuring(python, job.command, grace_period=GRACE_SECONDS)
        job.wait_until_hidden()
        driver.process.stdout.close()
        wait_until(lambda: not job.alive() and not driver.leftovers())

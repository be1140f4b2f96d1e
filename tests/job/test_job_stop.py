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


# Those that do not count on the time are stopped side by side.
TOGETHER = [case for case in sorted(set(CASES)) if case[2] not in ("timeout", "driver")]
ALONE = sorted(set(CASES) - set(TOGETHER))


@pytest.mark.parametrize(("python", "role", "cause"), ALONE, indirect=["python"])
def test_everything_is_gone(measuring, hide, python, role, cause):
    job = hide(role)
    options = {"timeout": 0.3} if cause == "timeout" else {}
    driver = measuring(python, job.command, grace_period=GRACE_SECONDS, **options)
    if cause == "driver":
        job.wait_until_hidden()
        driver.send(signal.SIGKILL)
        wait_until(lambda: not job.alive() and not driver.leftovers(), GRACE_SECONDS + 1)
        return
    answer = driver.answer()
    assert job.alive() == []
    assert driver.leftovers() == []
    assert (answer["status"], answer["reason"]) == ("failed", "timeout")
    assert re.match("the job ran past its timeout of 0.3 s and was stopped(%s)?\ncommand: " % KILLED, answer["message"])


def started(measuring, hide, python, cases):
    """Return (what names a case, its job, its driver) of cases that begin with a role, each job where it hides."""
    made = [(case, hide(case[0])) for case in cases]
    made = [(case, job, measuring(python, job.command, grace_period=GRACE_SECONDS)) for case, job in made]
    for _, job, _ in made:
        job.wait_until_hidden()
    return made


@pytest.mark.parametrize("python", EDGES, indirect=True)
def test_everything_is_gone_when_the_driver_answers(measuring, hide, python, request):
    version = request.node.callspec.params["python"]
    running = started(measuring, hide, python, [(role, cause) for each, role, cause in TOGETHER if each == version])
    for (_, cause), _, driver in running:
        if cause == "stdout":
            driver.process.stdout.close()
        else:
            driver.send(getattr(signal, cause))
    for case, job, driver in running:
        if case[1] == "stdout":
            wait_until(lambda job=job, driver=driver: not job.alive() and not driver.leftovers())
            continue
        answer = driver.answer()
        assert (case, job.alive(), driver.leftovers()) == (case, [], [])
        assert (case, answer["status"], answer["reason"]) == (case, "failed", "cancelled")
        told = r"cancelled by %s: the job was stopped after \d+\.\d s(%s)?$" % (case[1], KILLED)
        assert re.match(told, answer["message"]), case


@pytest.mark.parametrize("python", EDGES, indirect=True)
def test_everything_is_gone_after_the_death_of_the_guard(measuring, hide, python, request):
    number = EDGES.index(request.node.callspec.params["python"])
    running = started(measuring, hide, python, [(role,) for role in list(ROLES)[number :: len(EDGES)]])
    for _, _, driver in running:
        kill(driver.guard())
    for role, job, driver in running:
        answer = driver.answer()
        assert (role, job.alive(), driver.leftovers()) == (role, [], [])
        assert (role, answer["status"], answer["reason"]) == (role, "failed", "command-failed")
        told = "somebody killed the guard, which watches the job; the job was stopped after "
        assert answer["message"].startswith(told), role

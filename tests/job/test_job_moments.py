"""One truthful answer, and nothing left behind, at whatever moment of the driver's life a signal comes."""

import os
import signal

import pytest
from machine import EDGES, NEWEST, OLDEST
from measuring import HERE, LIMIT, wait_until

pytest_plugins = ("job_fixtures",)

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")

GRACE_SECONDS = 0.2
# How many moments of a life to try. All of them take minutes: MOMENTS=9999 pytest …
MOMENTS = int(os.environ.get("MOMENTS", 20))


def interrupted(*moments):
    return ["-IS", os.path.join(HERE, "job_interrupted.py"), ",".join(moments)]


def lines_executed(driver):
    with open(os.path.join(driver.folder, "lines")) as stream:
        return int(stream.read())


def spread(count, python):
    """Return about MOMENTS of the numbers from 1 to ``count``, in turns for the oldest and for the newest Python."""
    moments = range(1, count + 1, max(1, count // MOMENTS))
    return moments if count <= MOMENTS or OLDEST == NEWEST else moments[python == NEWEST :: 2]


@pytest.mark.parametrize("python", EDGES, indirect=True)
def test_a_driver_killed_at_any_moment_takes_the_job_with_it(measuring, hide, python):
    lasting = measuring(python, hide("plain").command, interrupted=interrupted())
    assert b"progress" in lasting.process.stdout.readline()
    for moment in spread(lines_executed(lasting), python):
        job = hide("deaf")
        driver = measuring(
            python, job.command, interrupted=interrupted("%d:SIGKILL" % moment), grace_period=GRACE_SECONDS
        )
        driver.process.stdout.readline()  # nothing, or progress where the driver got so far in fewer lines
        driver.send(signal.SIGKILL)
        driver.process.wait(LIMIT)
        wait_until(lambda job=job, driver=driver: not job.alive() and not driver.leftovers(), GRACE_SECONDS + 1)


@pytest.mark.parametrize("python", EDGES, indirect=True)
def test_a_signal_at_any_moment_leads_to_one_answer(measuring, python):
    whole = measuring(python, ["true"], interrupted=interrupted())
    assert whole.answer()["status"] == "ok"
    seen = set()
    for number, moment in enumerate(spread(lines_executed(whole), python)):
        # Every other time a second one comes close behind it.
        moments = ["%d:SIGTERM" % moment] + ["%d:SIGINT" % (moment + 3)] * (number % 2)
        driver = measuring(python, ["true"], interrupted=interrupted(*moments))
        if driver.process.wait(LIMIT) == -signal.SIGTERM:
            assert driver.process.communicate() == (b"", b"")
            seen.add("killed before it could catch signals")
            continue
        answer = driver.answer()
        assert driver.leftovers() == []
        # Of two signals that wait for each other, the kernel and Python tell the one with the lower number first.
        assert answer["status"] == "ok" or answer["message"].startswith("cancelled by SIG")
        seen.add(answer.get("message"))
    # The others depend on how fast the job is.
    assert {"killed before it could catch signals", "cancelled by SIGTERM: the job was not started"} <= seen

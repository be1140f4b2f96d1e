"""Nothing is left behind: whoever stops a measurement, whenever, and however the job hides."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import uuid

import pytest
from job_actor import ROLES
from machine import EDGES, NEWEST, OLDEST
from measuring import HERE, KILLED
from processes import children, find_processes, kill, wait_until

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")

SIGNALS = ["SIGUSR1", "SIGTERM", "SIGINT", "SIGHUP"]
GRACE_SECONDS = 0.2
LONG = 600  # longer than any test may take
STOPPED = r"cancelled by %%s: the job was stopped after \d+\.\d s(%s)?$" % KILLED
GROUP_ONLY = "what has left its process group may live on"
# Each role meets some cause under each Python, and each cause two roles.
CAUSES = [*SIGNALS, "timeout", "driver", "stdout"]
CASES = [
    (python, role, CAUSES[(number + 3 * old) % len(CAUSES)])
    for old, python in enumerate(EDGES)
    for number, role in enumerate(ROLES)
]
# Each run of the tests is a user of its own, who has no other process.
USER = 1000000 + os.getpid()


def prefix(code, *by):
    """Return what does something in Python and then becomes the driver, by way of another program where one is named."""
    become = "import os, sys; call = [*%r, sys.executable, *sys.argv[1:]]; os.execvp(call[0], call)" % (by,)
    return ["-IS", "-c", code + "\n" + become]


def wait_for_file(driver, name):
    wait_until(lambda: os.path.exists(driver.path(name)))


def wait_until_gone(job, driver):
    wait_until(lambda: not job.alive() and not driver.leftovers())


class TestEverythingIsGone:
    @pytest.mark.parametrize(("python", "role", "cause"), CASES, indirect=["python"])
    def test_whoever_stops_it(self, measuring, running, hide, python, role, cause):
        if cause == "timeout":
            job = hide(role)
            driver = measuring(python, job.command, grace_period=GRACE_SECONDS, timeout=0.5)
            driver.tells("the job ran past its timeout of 0.5 s", "timeout")
        else:
            driver, job = running(role, python, grace_period=GRACE_SECONDS)
        if cause in SIGNALS:
            driver.send(getattr(signal, cause))
            driver.tells(STOPPED % cause)
        elif cause != "timeout":
            driver.send(signal.SIGKILL) if cause == "driver" else driver.process.stdout.close()
            wait_until_gone(job, driver)
        assert (job.alive(), driver.leftovers()) == ([], [])

    def test_of_its_group_when_somebody_kills_the_guard(self, running):
        driver, job = running("bomb")
        kill(driver.guard())
        told = "somebody killed the guard, which watches the job; the job was killed after .* s; " + GROUP_ONLY
        driver.tells(told, "command-failed")
        wait_until_gone(job, driver)

    @pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become a user who can have few processes")
    def test_of_a_fork_bomb_that_fills_each_gap(self, measuring):
        """Whoever kills its processes one by one never comes to an end."""
        marker = uuid.uuid4().hex
        bomb = (
            "import os, signal, time, resource\n"
            "resource.setrlimit(resource.RLIMIT_NPROC, (30, 30))\n"
            "os.setuid(%d)\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"  # so what ends makes room at once
            "end = time.monotonic() + 20\n"
            "while time.monotonic() < end:\n"
            "    try: os.fork()\n"
            "    except OSError: pass\n" % USER
        )
        driver = measuring(NEWEST, ["/usr/bin/python3", "-IS", "-c", bomb, marker], timeout=0.5, grace_period=0.2)
        told = r"the job ran past its timeout of 0.5 s; the job was stopped after 0\.\d s%s\n" % KILLED
        driver.tells(told, "timeout")
        assert find_processes(marker) == []

    @pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root, to become another user")
    def test_but_what_cannot_be_stopped_which_is_named(self, measuring):
        """A process of another user, such as sudo starts; and yet the driver comes to an end."""
        marker = uuid.uuid4().hex
        job = "import os, signal; os.setuid(%d); signal.alarm(60); signal.pause()" % USER
        command = [sys.executable, "-IS", "-c", job, marker]
        changes = ["job.keeper.LATE_SECONDS=0.1", "job.descendants.KILL_SECONDS=0.5"]
        powerless = prefix("", "setpriv", "--bounding-set", "-kill")
        driver = measuring(NEWEST, command, prefix=powerless, changes=changes, timeout=0.5, grace_period=0.2)
        message = driver.answer()["message"]
        (alive,) = [pid for pid in find_processes(marker) if pid not in driver.leftovers()]
        kill(alive)
        told = r"these could not be, stop them by hand before the next measurement: %d \(python" % alive
        assert re.search(told, message)

    def test_but_a_job_that_ends_by_itself_leaves_what_it_left(self, measuring, hide):
        daemon = hide("plain")
        driver = measuring(OLDEST, "%s & read line <%s" % (" ".join(daemon.command), daemon.command[-3]))
        assert driver.answer()["status"] == "ok"
        assert len(daemon.alive()) == 1
        daemon.clean_up()
        wait_until(lambda: not driver.leftovers())  # the keeper reads on for as long as somebody can write

    def test_of_its_group_where_descendants_cannot_be_followed(self, measuring, hide):
        """As on macOS; here in a pid namespace with the /proc of another, where a number is that of another process."""
        apart = ["unshare", "--pid", "--fork"]
        if subprocess.run([*apart, "true"], stderr=subprocess.DEVNULL).returncode:
            pytest.skip("cannot make a pid namespace")
        job = hide("bomb")
        driver = measuring(NEWEST, job.command, prefix=prefix("", *apart), timeout=0.5, grace_period=GRACE_SECONDS)
        driver.tells(".*; " + GROUP_ONLY, "timeout")
        wait_until(lambda: not job.alive())


class TestAStop:
    @pytest.mark.parametrize("cause", ["timeout", "driver"])
    def test_asks_before_it_forces(self, measuring, cause):
        script = "trap 'sleep 0.3; touch asked; exit 0' TERM; touch up; while :; do sleep 0.05; done"
        driver = measuring(NEWEST, script, timeout=0.5 if cause == "timeout" else 60)
        if cause == "driver":
            wait_for_file(driver, "up")
            driver.send(signal.SIGKILL)
        wait_for_file(driver, "asked")

    @pytest.mark.parametrize("stopped", ["job", "guard"])
    def test_is_heard_also_by_what_somebody_stopped(self, running, stopped):
        driver, job = running("stopped" if stopped == "job" else "daemon", grace_period=LONG)
        if stopped == "guard":
            os.kill(driver.guard(), signal.SIGSTOP)
        driver.send(signal.SIGUSR1)
        driver.tells("cancelled by SIGUSR1: ")
        assert job.alive() == []

    def test_asks_each_process_once(self, measuring):
        script = (
            "import os, signal, time\n"
            "told = os.open('told', os.O_WRONLY)\n"
            "signal.signal(signal.SIGTERM, lambda *_: os.write(told, b'T'))\n"
            "for _ in range(6): os.fork()\n"
            "os.write(told, b'x')\n"
            "while True: time.sleep(1)\n"
        )
        driver = measuring(NEWEST, [sys.executable, "-IS", "-c", script], fifos=["told"], grace_period=1)
        told = os.open(driver.path("told"), os.O_RDWR)
        ready = b""
        while ready != b"x" * 64:
            ready += os.read(told, 1)
        driver.send(signal.SIGUSR1)
        driver.tells("cancelled by SIGUSR1: ")
        assert os.read(told, 1000) == b"T" * 64
        os.close(told)

    def test_asks_the_group_of_a_daemon_at_one_instant(self, measuring):
        """Of those that it forks meanwhile none would be asked by one signal for each."""
        script = (
            "import os, signal, time\n"
            "os.fork() and os._exit(0)\n"
            "os.setsid()\n"
            "for number in range(3000):\n"
            "    if os.fork() == 0: time.sleep(60); os._exit(0)\n"
            "    time.sleep(0.001)\n"
            "    if number == 20: open('up', 'w').close()\n"
        )
        daemon = " ".join(map(shlex.quote, [sys.executable, "-IS", "-c", script]))
        driver = measuring(NEWEST, "%s; sleep 60" % daemon, grace_period=5)
        wait_for_file(driver, "up")
        driver.send(signal.SIGUSR1)
        driver.tells(r"cancelled by SIGUSR1: the job was stopped after \d+\.\d s$")

    @pytest.mark.parametrize("is_closed", [False, True])
    def test_by_two_that_come_together_is_one(self, measuring, is_closed):
        """As by a terminal that is closed: nobody reads stdout any more, which is no signal, and it hangs up."""
        script = "trap 'touch asked; sleep 0.5; touch clean; exit' TERM; touch ran; while :; do sleep 0.05; done"
        changes = ["job.cancel.ONE_STOP_SECONDS=%d" % (0 if is_closed else LONG)]
        driver = measuring(NEWEST, script, grace_period=LONG, changes=changes)
        wait_for_file(driver, "ran")
        driver.process.stdout.close() if is_closed else driver.send(signal.SIGTERM)
        wait_for_file(driver, "asked")
        driver.send(signal.SIGHUP)
        driver.process.wait()
        assert os.path.exists(driver.path("clean"))

    def test_ends_at_once_by_a_second_signal(self, running):
        driver, job = running("deaf", grace_period=LONG)
        while driver.process.poll() is None:
            driver.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):  # one that comes too soon is no second one
                driver.process.wait(0.5)
        driver.tells("cancelled by SIGTERM: the job was stopped after ")
        assert job.alive() == []

    @pytest.mark.parametrize("status", ["", "143"])
    def test_that_reaches_the_job_and_the_guard_first_is_a_cancel(self, measuring, hide, status):
        """As supervisors do it that stop each process of a group."""
        job = hide("plain")
        script = "exec " + " ".join(job.command)
        if status:
            script = "trap 'kill $!; exit %s' TERM; %s & wait" % (status, " ".join(job.command))
        driver = measuring(NEWEST, script, grace_period=GRACE_SECONDS)
        job.wait_until_hidden()
        guard = driver.guard()
        (shell,) = children(guard)
        driver.send(signal.SIGSTOP)
        for pid in (guard, shell):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not children(guard))
        driver.send(signal.SIGTERM)
        driver.send(signal.SIGCONT)
        end = {"": "was killed by SIGTERM"}.get(status, "ended with exit status %s" % status)
        driver.tells(r"cancelled by SIGTERM: the job (%s after \d+\.\d s|was stopped after .*)$" % end)

    def test_that_reaches_the_driver_after_the_end_of_all_others_is_a_cancel(self, measuring):
        changes = ["job.run.SKEW_SECONDS=%d" % LONG]
        driver = measuring(NEWEST, "echo up >up; read go <go; exit 143", fifos=("up", "go"), changes=changes)
        driver.read("up")
        guard = driver.guard()
        open(driver.path("go"), "w").close()
        wait_until(lambda: not os.path.exists("/proc/%d" % guard))
        driver.send(signal.SIGTERM)
        driver.tells(r"cancelled by SIGTERM: the job ended with exit status 143 after \d+\.\d s$")

    def test_by_its_timeout_of_a_job_that_ended_meanwhile_says_so(self, measuring):
        driver = measuring(NEWEST, "echo up >up; sleep 0.7; echo last >last", timeout=0.6, fifos=("up", "last"))
        driver.read("up")
        guard = driver.guard()
        driver.send(signal.SIGSTOP)
        driver.read("last")
        wait_until(lambda: not children(guard))
        driver.send(signal.SIGCONT)
        told = r"the job ran past its timeout of 0.6 s; the job ended with exit status 0 after 0\.\d s\ncommand: "
        driver.tells(told, "timeout")

    def test_by_a_timeout_that_is_over_before_the_job_began_is_one(self, measuring):
        driver = measuring(NEWEST, "exec sleep 60", timeout="1ms", grace_period=GRACE_SECONDS)
        driver.tells(r"the job ran past its timeout of 0\.0", "timeout")

    def test_by_a_signal_that_is_ignored_at_the_start_is_none(self, running):
        ignore = prefix("import signal; [signal.signal(each, signal.SIG_IGN) for each in (1, 2)]")
        driver, _ = running("plain", prefix=ignore)
        driver.send(signal.SIGHUP)
        driver.send(signal.SIGINT)
        driver.send(signal.SIGTERM)
        driver.tells(STOPPED % "SIGTERM")

    def test_by_a_signal_that_is_blocked_at_the_start_is_one_and_none_is_for_the_guard(self, running):
        block = prefix("import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))")
        driver, _ = running("plain", prefix=block)
        for name in SIGNALS:
            os.kill(driver.guard(), getattr(signal, name))
        driver.send(signal.SIGUSR1)
        driver.tells("cancelled by SIGUSR1: ")


# How many moments of a life to try. All of them take minutes: MOMENTS=9999 pytest …
MOMENTS = int(os.environ.get("MOMENTS", 16))


def interrupted(*moments):
    return ["-IS", os.path.join(HERE, "job_interrupted.py"), ",".join(moments)]


def spread(driver, python):
    """Return about MOMENTS of the lines of a driver's life, in turns for the oldest and for the newest Python."""
    with open(driver.path("lines")) as stream:
        count = int(stream.read())
    moments = range(1, count + 1, max(1, count // MOMENTS))
    return moments if count <= MOMENTS or OLDEST == NEWEST else moments[python == NEWEST :: 2]


def test_a_driver_killed_at_any_moment_takes_the_job_with_it(measuring, hide, python):
    lasting = measuring(python, hide("plain").command, prefix=interrupted())
    assert b"progress" in lasting.process.stdout.readline()
    for moment in spread(lasting, python):
        job = hide("deaf")
        killed = interrupted("%d:SIGKILL" % moment)
        driver = measuring(python, job.command, prefix=killed, grace_period=GRACE_SECONDS)
        driver.process.stdout.readline()  # nothing, or progress where the driver got so far in fewer lines
        driver.send(signal.SIGKILL)
        driver.process.wait()
        wait_until_gone(job, driver)


def test_a_signal_at_any_moment_leads_to_one_answer(measuring, python):
    whole = measuring(python, ["true"], prefix=interrupted())
    assert whole.answer()["status"] == "ok"
    seen = set()
    for number, moment in enumerate(spread(whole, python)):
        # Every other time a second one comes close behind it.
        moments = ["%d:SIGTERM" % moment] + ["%d:SIGINT" % (moment + 3)] * (number % 2)
        driver = measuring(python, ["true"], prefix=interrupted(*moments))
        if driver.process.wait() == -signal.SIGTERM and not driver.process.stdout.peek():
            continue  # it was killed before it could catch signals
        answer = driver.answer()
        assert driver.leftovers() == []
        # Of two signals that wait for each other, the kernel and Python tell the one with the lower number first.
        assert answer["status"] == "ok" or answer["message"].startswith("cancelled by SIG")
        seen.add(answer.get("message"))
    assert len(seen) > 1

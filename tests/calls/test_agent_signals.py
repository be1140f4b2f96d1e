"""Signals, restarts, and life as process 1: real signals to real processes."""

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import termios

import pytest
from agent_fixtures import *  # noqa: F403
from agent_fixtures import ANSWER, DEAF, METRICS, STARTED, UNTIL_CANCELLED, never
from processes import children, wait_until

ENDLESS = STARTED + "exec sleep 1000"
FAILURE = {"status": "failed", "reason": "cancelled", "message": "stopped the job"}
TERM, INT, USR1, HUP = signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP


@pytest.mark.parametrize("numbers", [(TERM,), (INT,), (USR1, TERM), (HUP, TERM)])
def test_a_stop_cancels_the_driver_reports_it_and_says_goodbye(measure, numbers):
    service, agent = measure(ENDLESS)
    service.wait_for("MEASUREMENT")
    for number in numbers:
        agent.signal(number)
    assert agent.ended() == 0
    assert service.results()[-1]["reason"] == "cancelled"
    how, _, names = service.requests[-1].param["reason"].partition(": ")
    assert (how, sorted(names.split(", "))) == ("exit", sorted(number.name for number in numbers))


def test_a_driver_that_can_cancel_is_waited_for(folder, measure):
    script = UNTIL_CANCELLED % ("cat go; echo '%s'" % json.dumps(FAILURE))
    service, agent = measure(script, "true")
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGTERM)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert service.results() == [dict(FAILURE, message="the agent was told to stop; stopped the job")]
    assert service.requests[-1].event == "GOODBYE"


def test_a_second_stop_kills_the_driver(measure):
    service, agent = measure(DEAF, "true")
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGINT)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    agent.signal(signal.SIGINT)
    assert agent.ended() == 0
    assert "SIGKILL to the measure driver" in agent.output
    assert service.results()[-1]["reason"] == "cancelled"


def test_sigusr1_finishes_the_operation_first(folder, measure):
    service, agent = measure(STARTED + "cat go; " + ANSWER, times=2)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGUSR1)
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert service.results() == [METRICS]
    assert [len(service.of(event)) for event in ("WHATS_NEXT", "GOODBYE")] == [1, 1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_an_idle_agent_leaves_at_once_though_the_service_does_not_answer(serve, servo, number):
    service = serve([never])
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.signal(number)
    assert agent.ended() == 0
    assert len(service.of("GOODBYE")) == 1


# What the driver does, how the service fails, and how late it may be for a second try.
LAST_TRIES = {
    "measures, hangs": (ENDLESS, never, "6.0", 3),
    "delivers, hangs": (ANSWER, never, "6.0", 3),
    "delivers, fails": (ANSWER, lambda handler: handler.answer(b"", 503), "6.0", 3),
    "late": (ENDLESS, never, "0.0", 1),
}


@pytest.mark.parametrize(("script", "fault", "seconds", "tries"), LAST_TRIES.values(), ids=LAST_TRIES)
def test_a_result_and_the_goodbye_have_few_tries_once_the_agent_is_told_to_stop(measure, script, fault, seconds, tries):
    faults = {"answers": [fault] * 9, "goodbyes": [fault] * 9}
    changes = ["life.REQUEST_SECONDS=1000.0", "life.LAST_WAIT_SECONDS=0.1", "life.LEAVE_SECONDS=" + seconds]
    service, agent = measure(script, **faults, changes=changes, env={"SERVO_RETRY_DELAY_SEC": "1000"})
    service.wait_for("MEASUREMENT")
    agent.stop()
    assert agent.output.count("MEASUREMENT not delivered") in (tries, tries + 1)  # one may have failed before
    assert len(service.of("GOODBYE")) == tries


def test_a_stop_while_the_token_is_awaited_is_heard(python, serve, servo, folder):
    (folder / "token").unlink()
    os.mkfifo(str(folder / "token"))
    agent = servo(serve(), python=python, as_built=True)
    writer = os.open(str(folder / "token"), os.O_WRONLY)  # returns when the agent reads
    agent.stop()
    os.close(writer)
    assert "told to stop before it began" in agent.output


@pytest.mark.parametrize(
    "imported", ["servo_batch", "servo_batch.cli", "servo_batch.agent", "servo_batch.agent.events"]
)
def test_a_stop_while_the_agent_starts_ends_it_without_a_traceback(newest, imported):
    """Python says on stderr what it has imported, so the moment is ours to choose."""
    arguments = ["servo", "--url", "http://127.0.0.1:9", "--no-auth", "app"]
    for number in (signal.SIGINT, signal.SIGTERM):
        agent = newest.start(*arguments, options=["-X", "importtime"])
        try:
            said = iter(agent.stderr.readline, b"")
            while not next(said).endswith(b" %s\n" % imported.encode()):
                pass
            agent.send_signal(number)
            assert b"Traceback" not in agent.communicate(timeout=60)[1]
        finally:
            agent.kill()
        assert agent.returncode in (0, 128 + number, -number)


UNSHARE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def test_process_1_leaves_no_zombies(folder, measure):
    if shutil.which("unshare") is None or subprocess.call(UNSHARE + ["true"], stderr=subprocess.DEVNULL) != 0:
        pytest.skip("a pid namespace of our own is not permitted here")
    orphaning = "i=0; while [ $i -lt 100 ]; do (sleep 1000 &); i=$((i + 1)); done; "
    script = orphaning + STARTED + "read line <go; " + ANSWER
    service, unshare = measure(script, prefix=UNSHARE, as_built=True)
    service.wait_for("MEASUREMENT")
    (agent,) = children(unshare.process.pid)
    driver, *orphans = sorted(children(agent))  # the driver is the oldest
    assert len(orphans) == 100
    for orphan in orphans:
        os.kill(orphan, signal.SIGKILL)
    wait_until(lambda: children(agent, zombies=True) == [driver])  # a zombie is a child still
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 2)
    wait_until(lambda: children(agent, zombies=True) == [])
    os.kill(agent, signal.SIGTERM)
    assert unshare.ended() == 0
    assert service.requests[-1].event == "GOODBYE"


@pytest.fixture
def at_terminal(measure):
    """A function that has an agent measure at a terminal of its own; it returns what measure does, and our end."""
    ours, theirs = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    def start(*script, **options):
        return (*measure(*script, stdin=theirs, preexec_fn=take_terminal, **options), ours)

    yield start
    os.close(ours)
    os.close(theirs)


def test_an_interrupt_at_the_terminal_reaches_the_driver_once_and_as_a_cancel(folder, at_terminal):
    script = "trap 'echo SIGINT >interrupted' INT; " + UNTIL_CANCELLED % ANSWER
    service, agent, terminal = at_terminal(script, "true")
    service.wait_for("MEASUREMENT")
    os.write(terminal, b"\x03")
    assert agent.ended() == 0
    assert service.results() == [METRICS]
    assert not (folder / "interrupted").exists()


def test_interactive_asks_before_each_command(at_terminal):
    service, agent, terminal = at_terminal(times=3, arguments=["-i"])
    agent.wait_for_log("run MEASURE?", 1)
    assert service.of("MEASUREMENT") == []
    os.write(terminal, b"\n")
    assert service.wait_for("MEASUREMENT", 1).param == METRICS
    agent.wait_for_log("run MEASURE?", 2)
    os.write(terminal, b"n\n")
    assert service.wait_for("MEASUREMENT", 2).param["reason"] == "declined"
    agent.wait_for_log("run MEASURE?", 3)
    agent.stop()


def test_a_reader_of_the_log_who_has_gone_does_not_stop_the_agent(measure):
    reader, writer = os.pipe()
    os.close(reader)
    service, agent = measure(stdout=writer)
    os.close(writer)
    service.wait_for("WHATS_NEXT", 2)
    agent.stop()
    assert service.requests[-1].event == "GOODBYE"


def test_sighup_finishes_the_operation_and_starts_again(python, folder, measure):
    # A module of the standard library's name in the working directory must not be found, whoever starts whom.
    (folder / "json.py").write_text("raise SystemExit('a stranger')\n")
    script = STARTED + "if [ -p go ]; then cat go; rm go; fi; " + ANSWER
    service, agent = measure(script, times=2, arguments=["--agent", "me"], python=python, as_built=True)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGHUP)
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 3)
    assert [one.event for one in service.requests if "progress" not in (one.param or {})] == [
        *("HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"),
        *("HELLO", "WHATS_NEXT", "MEASUREMENT", "WHATS_NEXT"),
    ]
    assert service.of("GOODBYE")[0].param == {"reason": "restart: SIGHUP"}
    assert [one.param for one in service.of("HELLO")] == [{"agent": "me"}] * 2
    agent.signal(signal.SIGHUP)
    service.wait_for("HELLO", 3)
    agent.stop()


def test_a_sigterm_while_it_starts_again_is_not_lost(python, serve, servo):
    service = serve()
    agent = servo(service, python=python, as_built=True)
    service.wait_for("WHATS_NEXT")
    agent.signal(signal.SIGHUP)
    agent.wait_for_log("starting again")
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0
    assert [one.param["reason"] for one in service.of("GOODBYE")][:1] == ["restart: SIGHUP"]
    assert "told to stop before it began" in agent.output or len(service.of("GOODBYE")) == 2

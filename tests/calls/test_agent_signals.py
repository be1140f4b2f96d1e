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
from processes import children, stat, wait_until

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


def test_a_second_stop_kills_the_driver(measure):
    service, agent = measure(DEAF, "true")
    service.wait_for("MEASUREMENT")
    agent.signal(INT)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    agent.stop(INT)
    assert "SIGKILL to the measure driver" in agent.output
    assert service.results()[-1]["reason"] == "cancelled"


def test_sigusr1_finishes_the_operation_first(folder, measure):
    service, agent = measure(STARTED + "cat go; " + ANSWER, times=2)
    service.wait_for("MEASUREMENT")
    agent.signal(USR1)
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert service.results() == [METRICS]
    assert [len(service.of(event)) for event in ("WHATS_NEXT", "GOODBYE")] == [1, 1]


@pytest.mark.parametrize("number", [TERM, USR1])
def test_an_idle_agent_leaves_at_once_though_the_service_does_not_answer(serve, servo, number):
    service = serve([never])
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.stop(number)
    assert len(service.of("GOODBYE")) == 1


def fails(handler):
    handler.answer(b"", 503)


# How late it may be for a second try.
@pytest.mark.parametrize(
    ("script", "fault", "seconds", "tries"), [(ENDLESS, never, 6, 3), (ANSWER, fails, 6, 3), (ENDLESS, never, 0, 1)]
)
def test_a_result_and_the_goodbye_have_few_tries_once_the_agent_is_told_to_stop(measure, script, fault, seconds, tries):
    faults = {"answers": [fault] * 9, "goodbyes": [fault] * 9}
    changes = ["life.REQUEST_SECONDS=1000.0", "life.LAST_WAIT_SECONDS=0.1", "life.LEAVE_SECONDS=%d" % seconds]
    service, agent = measure(script, **faults, changes=changes, env={"SERVO_RETRY_DELAY_SEC": "1000"})
    service.wait_for("MEASUREMENT")
    agent.stop()
    assert agent.output.count("MEASUREMENT not delivered") in (tries, tries + 1)  # one may have failed before
    assert len(service.of("GOODBYE")) == tries


def test_a_stop_while_the_token_is_awaited_is_heard(python, serve, servo, folder):
    (folder / "token").unlink()
    os.mkfifo(str(folder / "token"))
    agent = servo(serve(), python=python, as_built=True)
    writer = os.open(str(folder / "token"), os.O_WRONLY)  # returns when the agent has opened it too
    wait_until(lambda: stat(agent.process.pid)[0] == "S")  # it reads
    agent.stop()
    os.close(writer)
    assert "told to stop before it began" in agent.output


@pytest.mark.parametrize("number", [INT, TERM])
@pytest.mark.parametrize(
    "imported", [b"servo_batch", b"servo_batch.cli", b"servo_batch.agent.events", b"servo_batch.agent"]
)
def test_a_stop_while_the_agent_starts_ends_it_without_a_traceback(newest, imported, number):
    """Python says on stderr what it has imported, so the moment is ours to choose."""
    agent = newest.start("servo", "--url", "http://127.0.0.1:9", "--no-auth", "app", options=["-X", "importtime"])
    try:
        while not agent.stderr.readline().endswith(b" %s\n" % imported):
            assert agent.poll() is None
        agent.send_signal(number)
        assert b"Traceback" not in agent.communicate()[1]
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
    orphans = sorted(children(agent))
    (driver,) = [pid for pid in orphans if stat(pid)[2] == str(pid)]  # it has a group of its own
    orphans.remove(driver)
    assert len(orphans) == 100
    for orphan in orphans:
        os.kill(orphan, signal.SIGKILL)
    wait_until(lambda: children(agent, zombies=True) == [driver])  # a zombie is a child still
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 2)
    wait_until(lambda: children(agent, zombies=True) == [])
    os.kill(agent, TERM)
    assert unshare.ended() == 0
    assert service.requests[-1].event == "GOODBYE"


@pytest.fixture
def at_terminal(measure):
    """A function that has an agent measure at a terminal of its own; it returns what measure does, and our end."""
    ours, theirs = pty.openpty()
    terminal = {"stdin": theirs, "start_new_session": True, "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)}
    yield lambda *script, **options: (*measure(*script, **terminal, **options), ours)
    os.close(ours)
    os.close(theirs)


def test_an_interrupt_at_the_terminal_reaches_the_driver_once_and_as_a_cancel_that_is_waited_for(folder, at_terminal):
    script = "trap 'echo SIGINT >interrupted' INT; " + UNTIL_CANCELLED % ("cat go; echo '%s'" % json.dumps(FAILURE))
    service, agent, terminal = at_terminal(script, "true")
    service.wait_for("MEASUREMENT")
    os.write(terminal, b"\x03")
    agent.wait_for_log("SIGUSR1 to the measure driver")
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert service.results() == [dict(FAILURE, message="the agent was told to stop; stopped the job")]
    assert service.requests[-1].event == "GOODBYE"
    assert not (folder / "interrupted").exists()


def test_interactive_asks_before_each_command(at_terminal):
    service, agent, terminal = at_terminal(times=3, arguments=["-i"])
    agent.wait_for_log("run MEASURE?", 1)
    assert service.of("MEASUREMENT") == []
    os.write(terminal, b"\n")
    agent.wait_for_log("run MEASURE?", 2)
    os.write(terminal, b"n\n")
    agent.wait_for_log("run MEASURE?", 3)
    agent.stop()
    assert [result.get("reason") for result in service.results()] == [None, "declined", "cancelled"]


def test_a_reader_of_the_log_who_has_gone_does_not_stop_the_agent(measure):
    reader, writer = os.pipe()
    os.close(reader)
    service, agent = measure(stdout=writer)
    os.close(writer)
    service.wait_for("WHATS_NEXT", 2)
    agent.stop()
    assert service.requests[-1].event == "GOODBYE"


def test_sighup_finishes_the_operation_and_starts_again_and_can_again_be_stopped(python, folder, measure):
    # A module of the standard library's name in the working directory must not be found, whoever starts whom.
    (folder / "json.py").write_text("raise SystemExit('a stranger')\n")
    script = STARTED + "if [ -p go ]; then cat go; rm go; fi; " + ANSWER
    service, agent = measure(script, times=2, arguments=["--agent", "me"], python=python, as_built=True)
    service.wait_for("MEASUREMENT")
    agent.signal(HUP)
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 3)
    assert [one.event for one in service.requests if "progress" not in (one.param or {})] == [
        *("HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"),
        *("HELLO", "WHATS_NEXT", "MEASUREMENT", "WHATS_NEXT"),
    ]
    assert service.of("GOODBYE")[0].param == {"reason": "restart: SIGHUP"}
    assert [one.param for one in service.of("HELLO")] == [{"agent": "me"}] * 2
    agent.signal(HUP)
    agent.wait_for_log("starting again", 2)
    agent.stop()  # which is not lost
    assert "told to stop before it began" in agent.output or len(service.of("GOODBYE")) == 3

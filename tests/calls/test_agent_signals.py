"""Signals, restarts, and life as process 1: real signals to real processes."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from agent_fixtures import *  # noqa: F403
from fakes import ANSWER, METRICS
from measuring import children, wait_until

STARTED = "echo '{\"progress\": 1}'; "
ENDLESS = STARTED + "exec sleep 1000"
# What a driver does that says has_cancel, until it is told to stop.
UNTIL_CANCELLED = "cancelled() { %s; exit; }; trap cancelled USR1; " + STARTED + "while :; do sleep 0.05; done"
FAILURE = {"status": "failed", "reason": "cancelled", "message": "stopped the job"}
# The signals that the agent heeds.
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP, signal.SIGCHLD)


def never(handler):
    handler.rfile.read(1)  # returns when the agent hangs up


def status(code):
    return lambda handler: handler.answer(b"", code)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_cancels_the_driver_reports_it_and_says_goodbye(edge_python, measure, number):
    service, agent = measure(ENDLESS, python=edge_python)
    service.wait_for("MEASUREMENT")
    agent.signal(number)
    assert agent.ended() == 0
    assert service.results()[-1]["reason"] == "cancelled"
    assert service.requests[-1].param == {"reason": "exit: " + signal.Signals(number).name}


# However late that is, the result and the goodbye have a moment each.
@pytest.mark.parametrize("changes", [[], ["life.LEAVE_SECONDS=0.0"]])
def test_a_driver_that_can_cancel_is_waited_for(folder, measure, changes):
    os.mkfifo(str(folder / "go"))
    script = UNTIL_CANCELLED % ("cat go; echo '%s'" % json.dumps(FAILURE))
    service, agent = measure(script, "true", changes=changes)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGTERM)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    (folder / "go").write_text("")
    assert agent.ended() == 0
    message = "the agent was told to stop; the measure driver says: stopped the job"
    assert service.results() == [dict(FAILURE, message=message)]
    assert service.requests[-1].event == "GOODBYE"


def test_a_second_stop_kills_the_driver(measure):
    service, agent = measure("trap '' USR1; " + STARTED + "while :; do sleep 0.05; done", "true")
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGINT)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    agent.signal(signal.SIGINT)
    assert agent.ended() == 0
    assert "SIGKILL to the measure driver" in agent.output
    assert service.results()[-1]["reason"] == "cancelled"


def test_sigusr1_finishes_the_operation_first(folder, measure):
    os.mkfifo(str(folder / "go"))
    service, agent = measure(STARTED + "cat go; " + ANSWER, times=2)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGUSR1)
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert service.results() == [METRICS]
    assert [len(service.of(event)) for event in ("WHATS_NEXT", "GOODBYE")] == [1, 1]


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGHUP])
def test_sigterm_overrides_a_patient_signal(measure, number):
    service, agent = measure(ENDLESS)
    service.wait_for("MEASUREMENT")
    agent.signal(number)
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0
    assert "SIGTERM" in service.of("GOODBYE")[0].param["reason"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_an_idle_agent_leaves_at_once_though_the_service_does_not_answer(serve, servo, number):
    service = serve([never])
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.signal(number)
    assert agent.ended() == 0
    assert len(service.of("GOODBYE")) == 1


def test_an_outage_does_not_keep_the_agent_from_ending(measure):
    service, agent = measure(answers=[status(503)] * 100, env={"SERVO_RETRY_DELAY_SEC": "1000"})
    agent.wait_for_log("MEASUREMENT not delivered")
    agent.stop()
    assert [len(service.of(event)) for event in ("MEASUREMENT", "GOODBYE")] == [1 + 3, 1]


def test_goodbye_is_tried_three_times(measure):
    service, agent = measure(goodbyes=[status(500)] * 100)
    service.wait_for("WHATS_NEXT", 2)
    agent.stop()
    assert len(service.of("GOODBYE")) == 3


@pytest.mark.parametrize("script", [ENDLESS, ANSWER], ids=["measures", "delivers"])
def test_an_agent_leaves_a_service_that_hangs(measure, script):
    changes = ["life.REQUEST_SECONDS=1000.0", "life.LAST_REQUEST_SECONDS=0.2"]
    service, agent = measure(script, answers=[never] * 9, goodbyes=[never] * 3, changes=changes)
    service.wait_for("MEASUREMENT")
    agent.stop()
    assert "MEASUREMENT given up" in agent.output
    assert "GOODBYE given up" in agent.output


def test_a_stop_while_the_token_is_awaited_is_heard(edge_python, pyz_for, serve, servo, folder):
    (folder / "token").unlink()
    os.mkfifo(str(folder / "token"))
    agent = servo(serve(), command=[edge_python, pyz_for(edge_python), "servo"])
    writer = os.open(str(folder / "token"), os.O_WRONLY)  # returns when the agent reads
    agent.stop()
    os.close(writer)
    assert "told to stop before it began" in agent.output


@pytest.mark.parametrize(
    "imported", ["servo_batch", "servo_batch.cli", "servo_batch.agent", "servo_batch.agent.events"]
)
def test_a_stop_while_the_agent_starts_ends_it_without_a_traceback(pyz, serve, servo, imported):
    """Python says on stderr what it has imported, so the moment is ours to choose."""
    for number in (signal.SIGINT, signal.SIGTERM):
        agent = servo(serve(), command=[sys.executable, "-X", "importtime", pyz, "servo"])
        agent.wait_for_log(" %s\n" % imported)
        agent.signal(number)
        assert agent.ended() in (0, 128 + number, -number)
        assert "Traceback" not in agent.output


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="without /proc nobody can look")
def test_no_signal_is_given_to_the_thread_of_an_exchange(edge_python, serve, servo):
    """Such a thread would take one with it that comes just before the agent starts again."""
    done = threading.Event()
    service = serve(answers={"HELLO": [lambda handler: done.wait(60)]})
    agent = servo(service, python=edge_python)
    service.wait_for("HELLO")
    tasks = "/proc/%d/task" % agent.process.pid
    others = [task for task in os.listdir(tasks) if int(task) != agent.process.pid]
    assert others
    for task in others:
        with open("%s/%s/status" % (tasks, task)) as stream:
            blocked = next(int(line.split()[1], 16) for line in stream if line.startswith("SigBlk:"))
        assert [number for number in HANDLED if not blocked >> (number - 1) & 1] == []
    done.set()


UNSHARE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def test_process_1_leaves_no_zombies(folder, measure, pyz):
    if shutil.which("unshare") is None or subprocess.call(UNSHARE + ["true"], stderr=subprocess.DEVNULL) != 0:
        pytest.skip("a pid namespace of our own is not permitted here")
    os.mkfifo(str(folder / "go"))
    orphaning = "i=0; while [ $i -lt 100 ]; do (sleep 1000 &); i=$((i + 1)); done; "
    script = orphaning + STARTED + "read line <go; " + ANSWER
    service, unshare = measure(script, command=[*UNSHARE, sys.executable, pyz, "servo"])
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


# A session of its own has no terminal yet; the first one that it opens becomes its own.
OPENING = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def at_terminal(measure, pyz):
    """A function that has an agent measure at a terminal; it returns the service, the agent and the terminal's end."""
    ours, theirs = pty.openpty()

    def start(*arguments, options=(), **others):
        command = [sys.executable, "-c", OPENING, sys.executable, pyz, "servo", *options]
        return (*measure(*arguments, command=command, stdin=theirs, start_new_session=True, **others), ours)

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
    service, agent, terminal = at_terminal(times=3, options=["-i"])
    agent.wait_for_log("run MEASURE?", 1)
    assert service.of("MEASUREMENT") == []
    os.write(terminal, b"\n")
    assert service.wait_for("MEASUREMENT", 1).param == METRICS
    agent.wait_for_log("run MEASURE?", 2)
    os.write(terminal, b"n\n")
    assert service.wait_for("MEASUREMENT", 2).param["reason"] == "declined"
    agent.wait_for_log("run MEASURE?", 3)
    os.write(terminal, b"q\n")
    assert agent.ended() == 0
    assert service.requests[-1].param == {"reason": "exit: the operator"}


def test_a_reader_of_the_log_who_has_gone_does_not_stop_the_agent(measure):
    reader, writer = os.pipe()
    os.close(reader)
    service, agent = measure(stdout=writer)
    os.close(writer)
    service.wait_for("WHATS_NEXT", 2)
    agent.stop()
    assert service.requests[-1].event == "GOODBYE"


def test_sighup_finishes_the_operation_and_starts_again(edge_python, pyz_for, folder, measure):
    os.mkfifo(str(folder / "go"))
    # A module of the standard library's name in the working directory must not be found, whoever starts whom.
    (folder / "json.py").write_text("raise SystemExit('a stranger')\n")
    script = STARTED + "if [ -p go ]; then cat go; rm go; fi; " + ANSWER
    command = [edge_python, pyz_for(edge_python), "servo", "--agent", "me"]
    service, agent = measure(script, times=2, command=command)
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


def test_a_sigterm_while_it_starts_again_is_not_lost(edge_python, pyz_for, serve, servo):
    service = serve()
    agent = servo(service, command=[edge_python, pyz_for(edge_python), "servo"])
    service.wait_for("WHATS_NEXT")
    agent.signal(signal.SIGHUP)
    agent.wait_for_log("starting again")
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0
    assert [one.param["reason"] for one in service.of("GOODBYE")][:1] == ["restart: SIGHUP"]
    assert "told to stop before it began" in agent.output or len(service.of("GOODBYE")) == 2

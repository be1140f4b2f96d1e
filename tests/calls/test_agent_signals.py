"""Signals, restarts, and life as process 1: real signals to real processes."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from fakes import ANSWER, MEASURE_COMMAND, METRICS, Servo, write_measure
from measuring import children, wait_until

pytest_plugins = ("agent_fixtures",)

STARTED = "echo '{\"progress\": 1}'; "


# The signals that the agent heeds.
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP, signal.SIGCHLD)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_cancels_the_driver_reports_it_and_says_goodbye(edge_python, serve, servo, folder, number):
    service = serve([MEASURE_COMMAND])
    write_measure(folder, STARTED + "exec sleep 1000")
    agent = servo(service, python=edge_python)
    service.wait_for("MEASUREMENT")
    agent.signal(number)
    assert agent.ended() == 0
    assert service.of("MEASUREMENT")[-1].param["reason"] == "cancelled"
    assert [one.param for one in service.requests[-1:]] == [{"reason": "exit: " + signal.Signals(number).name}]


def test_a_driver_that_can_cancel_is_waited_for(serve, servo, folder):
    service = serve([MEASURE_COMMAND])
    answer = '{"status": "failed", "reason": "cancelled", "message": "stopped the job"}'
    script = "cancelled() { cat go; echo '%s'; exit 1; }; trap cancelled USR1; " % answer
    os.mkfifo(str(folder / "go"))
    write_measure(folder, script + STARTED + "while :; do sleep 0.05; done", "true")
    agent = servo(service)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGTERM)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    (folder / "go").write_text("")
    assert agent.ended() == 0
    message = "the agent was told to stop; the measure driver says: stopped the job"
    assert service.of("MEASUREMENT")[-1].param["message"] == message


def test_a_second_stop_kills_the_driver(serve, servo, folder):
    service = serve([MEASURE_COMMAND])
    write_measure(folder, "trap '' USR1; " + STARTED + "while :; do sleep 0.05; done", "true")
    agent = servo(service)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGINT)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    agent.signal(signal.SIGINT)
    assert agent.ended() == 0
    assert "SIGKILL to the measure driver" in agent.output
    assert service.of("MEASUREMENT")[-1].param["reason"] == "cancelled"


@pytest.fixture
def at_terminal(pyz, folder):
    """A function that starts the agent for a service, at a terminal."""
    started = []

    def start(service, *arguments):
        command = [sys.executable, pyz, "servo", "--url", service.url, "--auth-token", "token", *arguments, "app"]
        started.append(AtTerminal(command, folder))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()


def test_an_interrupt_at_the_terminal_reaches_the_driver_once_and_as_a_cancel(serve, folder, at_terminal):
    service = serve([MEASURE_COMMAND])
    script = "trap 'echo SIGINT >interrupted' INT; cancelled() { %s; exit 0; }; trap cancelled USR1; " % ANSWER
    write_measure(folder, script + STARTED + "while :; do sleep 0.05; done", "true")
    terminal = at_terminal(service)
    service.wait_for("MEASUREMENT")
    terminal.type(b"\x03")
    assert terminal.ended() == 0
    assert service.of("MEASUREMENT")[-1].param == METRICS
    assert not (folder / "interrupted").exists()


def test_sigusr1_finishes_the_operation_first(serve, servo, folder):
    service = serve([MEASURE_COMMAND, MEASURE_COMMAND])
    os.mkfifo(str(folder / "go"))
    write_measure(folder, STARTED + "cat go; " + ANSWER)
    agent = servo(service)
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGUSR1)
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert [one.event for one in service.requests if "progress" not in (one.param or {})] == [
        "HELLO",
        "WHATS_NEXT",
        "MEASUREMENT",
        "GOODBYE",
    ]
    assert service.of("MEASUREMENT")[-1].param == METRICS


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGHUP])
def test_sigterm_overrides_a_patient_signal(serve, servo, folder, number):
    service = serve([MEASURE_COMMAND])
    write_measure(folder, STARTED + "exec sleep 1000")
    agent = servo(service)
    service.wait_for("MEASUREMENT")
    agent.signal(number)
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0
    assert "SIGTERM" in service.of("GOODBYE")[0].param["reason"]


def test_an_idle_agent_leaves_at_once_though_the_service_does_not_answer(serve, servo):
    for number in (signal.SIGTERM, signal.SIGUSR1):
        service = serve([never])
        agent = servo(service)
        service.wait_for("WHATS_NEXT")
        agent.signal(number)
        assert agent.ended() == 0
        service.wait_for("GOODBYE")


def test_an_outage_does_not_keep_the_agent_from_ending(serve, servo):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [lambda handler: handler.answer(b"", 503)] * 100})
    agent = servo(service, env={"SERVO_RETRY_DELAY_SEC": "1000"})
    agent.wait_for_log("MEASUREMENT not delivered")
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0
    assert len(service.of("MEASUREMENT")) == 1 + 3
    assert len(service.of("GOODBYE")) == 1


def test_goodbye_is_tried_three_times(serve, servo):
    service = serve(answers={"GOODBYE": [lambda handler: handler.answer(b"", 500)] * 100})
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert len(service.of("GOODBYE")) == 3


def never(handler):
    handler.rfile.read(1)  # returns when the agent hangs up


# The time-out of a request is beyond the limit of the test.
HASTE = ["service.REQUEST_SECONDS=1000.0", "loop.REQUEST_SECONDS=1000.0", "loop.LAST_REQUEST_SECONDS=0.2"]


def test_an_idle_agent_leaves_a_service_that_hangs(serve, servo):
    service = serve([never], {"GOODBYE": [never] * 3})
    agent = servo(service, changes=HASTE)
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert "GOODBYE given up" in agent.output


def test_an_agent_with_a_job_leaves_a_service_that_hangs(serve, servo, folder):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [never] * 9, "GOODBYE": [never] * 3})
    write_measure(folder, STARTED + "exec sleep 1000")
    agent = servo(service, changes=HASTE)
    service.wait_for("MEASUREMENT")
    agent.stop()
    assert "MEASUREMENT given up" in agent.output
    assert "GOODBYE given up" in agent.output


def test_an_agent_that_delivers_leaves_a_service_that_hangs(serve, servo):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [never] * 9, "GOODBYE": [never] * 3})
    agent = servo(service, changes=HASTE)
    service.wait_for("MEASUREMENT")
    agent.stop()
    assert "GOODBYE given up" in agent.output


def test_a_driver_that_takes_long_to_stop_leaves_a_moment_for_result_and_goodbye(serve, servo, folder):
    service = serve([MEASURE_COMMAND])
    script = "cancelled() { cat go; %s; exit 0; }; trap cancelled USR1; " % ANSWER
    os.mkfifo(str(folder / "go"))
    write_measure(folder, script + STARTED + "while :; do sleep 0.05; done", "true")
    agent = servo(service, changes=["loop.LEAVE_SECONDS=0.0"])
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGTERM)
    agent.wait_for_log("SIGUSR1 to the measure driver")
    (folder / "go").write_text("")
    assert agent.ended() == 0
    assert service.of("MEASUREMENT")[-1].param == METRICS
    assert service.requests[-1].event == "GOODBYE"


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


def test_process_1_leaves_no_zombies(serve, folder, pyz):
    if shutil.which("unshare") is None or subprocess.call(UNSHARE + ["true"], stderr=subprocess.DEVNULL) != 0:
        pytest.skip("a pid namespace of our own is not permitted here")
    service = serve([MEASURE_COMMAND])
    os.mkfifo(str(folder / "go"))
    orphaning = "i=0; while [ $i -lt 100 ]; do (sleep 1000 &); i=$((i + 1)); done; "
    write_measure(folder, orphaning + STARTED + "read line <go; " + ANSWER)
    command = UNSHARE + [sys.executable, pyz, "servo", "--url", service.url, "--auth-token", "token", "app"]
    unshare = Servo(
        subprocess.Popen(
            command, cwd=str(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    )
    try:
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
    finally:
        unshare.process.kill()  # and with it, by --kill-child, the namespace
        unshare.ended()
        unshare.process.stdout.close()
    assert service.requests[-1].event == "GOODBYE"


UNSHARE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


class AtTerminal(Servo):
    """An agent whose terminal is ours."""

    def __init__(self, command, folder):
        self.ours, theirs = pty.openpty()
        environment = dict(os.environ, SERVO_RETRY_DELAY_SEC="0.05")
        # A session of its own has no terminal yet; the first one that it opens becomes its own.
        opening = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
        process = subprocess.Popen(
            [sys.executable, "-c", opening] + command,
            cwd=str(folder),
            env=environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(theirs)
        super().__init__(process)

    def type(self, keys):
        os.write(self.ours, keys)

    def ended(self):
        status = super().ended()
        os.close(self.ours)
        self.process.stdout.close()
        return status


def test_interactive_asks_before_each_command(serve, at_terminal):
    service = serve([MEASURE_COMMAND, MEASURE_COMMAND, MEASURE_COMMAND])
    terminal = at_terminal(service, "-i")
    terminal.wait_for_log("run MEASURE?", 1)
    assert service.of("MEASUREMENT") == []
    terminal.type(b"\n")
    assert service.wait_for("MEASUREMENT", 1).param == METRICS
    terminal.wait_for_log("run MEASURE?", 2)
    terminal.type(b"n\n")
    assert service.wait_for("MEASUREMENT", 2).param["reason"] == "declined"
    terminal.wait_for_log("run MEASURE?", 3)
    terminal.type(b"q\n")
    assert terminal.ended() == 0
    assert service.requests[-1].param == {"reason": "exit: the operator"}


def test_an_interactive_agent_hears_signals_while_it_asks(serve, at_terminal):
    service = serve([MEASURE_COMMAND])
    terminal = at_terminal(service, "-i")
    terminal.wait_for_log("run MEASURE?")
    terminal.signal(signal.SIGTERM)
    assert terminal.ended() == 0


def test_a_reader_of_the_log_who_has_gone_does_not_stop_the_agent(serve, servo):
    service = serve([{"cmd": "SLEEP", "param": {"duration": 0.01}}])
    reader, writer = os.pipe()
    os.close(reader)
    agent = servo(service, stdout=writer)
    os.close(writer)
    service.wait_for("WHATS_NEXT", 2)
    agent.stop()
    assert service.requests[-1].event == "GOODBYE"


def test_sighup_finishes_the_operation_and_starts_again(edge_python, pyz_for, serve, servo, folder):
    service = serve([MEASURE_COMMAND, MEASURE_COMMAND])
    os.mkfifo(str(folder / "go"))
    write_measure(folder, STARTED + "if [ -p go ]; then cat go; rm go; fi; " + ANSWER)
    # A module of the standard library's name in the working directory must not be found, whoever starts whom.
    (folder / "json.py").write_text("raise SystemExit('a stranger')\n")
    agent = servo(service, "--agent", "me", command=[edge_python, pyz_for(edge_python), "servo"])
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

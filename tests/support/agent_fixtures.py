"""Drivers that can misbehave, and an agent between them and a service: real processes and sockets.

The agent's tests import the fixtures: as a plugin of pytest its ``servo`` would be everybody's.
"""

import os
import select
import signal
import subprocess
import tempfile

import pytest
from calling import LAUNCHER
from machine import NEWEST, file_for
from processes import wait_until
from service import Service, never  # noqa: F401

__all__ = ("folder", "measure", "measure_in_turn", "serve", "servo")

# With what JSON escapes, and what an address does.
TOKEN = 's3cret-"Token\\.of/the+service='

ADJUST = """#!/bin/sh
case "$1" in
--info) echo '{"version": "1", "has_cancel": false}' ;;
--query) echo '{"application": {"components": {"web": {"settings": {"cpu": {"value": 1, "min": 1, "max": 4}}}}}}' ;;
*) cat >adjust.request; echo '{"status": "ok", "reason": "success"}' ;;
esac
"""
MEASURE = """#!/bin/sh
case "$1" in
--info) echo '{"version": "1", "has_cancel": %(has_cancel)s}'; exit ;;
--describe) echo '{"status": "ok", "metrics": {"total_runtime": {"unit": "seconds"}}}'; exit ;;
esac
%(body)s
"""
ANSWER = """echo '{"status": "ok", "metrics": {"total_runtime": {"value": 1.5, "unit": "seconds"}}}'"""
STARTED = "echo '{\"progress\": 1}'; "
# What a driver does that says has_cancel, until it is told to stop.
UNTIL_CANCELLED = "cancelled() { %s; exit; }; trap cancelled USR1; " + STARTED + "while :; do sleep 0.05; done"
DEAF = "trap '' USR1 TERM; " + STARTED + "while :; do sleep 0.05; done"
MEASURE_COMMAND = {"cmd": "MEASURE", "param": {}}  # what the service asks for
METRICS = {"metrics": {"total_runtime": {"value": 1.5, "unit": "seconds"}}}


class Agent:
    """A running agent, and what it logs."""

    def __init__(self, command, **options):
        self._log = tempfile.NamedTemporaryFile()  # noqa: SIM115 - it goes with the agent
        options = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": subprocess.STDOUT, **options}
        self.process = subprocess.Popen(command, **options)
        self.signal = self.process.send_signal

    @property
    def output(self):
        with open(self._log.name, encoding="utf-8", errors="replace", newline="") as stream:
            return stream.read()

    def wait_for_log(self, text, count=1):
        wait_until(lambda: self.output.count(text) >= count)

    def ended(self):
        """Wait for the end; return the exit status."""
        return self.process.wait()

    def stop(self, number=signal.SIGTERM):
        self.signal(number)
        assert self.ended() == 0

    def close(self):
        self.process.kill()
        self.ended()
        print(self.output)  # for whoever has to find out why a test failed


def write(path, text):
    path.write_text(text)
    path.chmod(0o755)


def write_measure(folder, body, has_cancel="false"):
    """Write a measure driver whose measuring is the shell script ``body``."""
    write(folder / "measure", MEASURE % {"body": body, "has_cancel": has_cancel})


def in_turn(folder, scripts):
    """Return a shell script that does what each of ``scripts`` does in turn, each time that it runs."""
    for number, script in enumerate(scripts):
        (folder / ("turn%d" % number)).write_text(script + "\n")
    (folder / "turn").write_text("0\n")
    return 'read turn <turn; echo $((turn + 1)) >turn; . "./turn$turn"'


class Alive:
    """A fifo called ``alive`` in ``folder``: processes that have it open for writing are alive."""

    def __init__(self, folder):
        path = str(folder / "alive")
        os.mkfifo(path)
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_for_one(self):
        """Wait until one of them has written something."""
        select.select([self.reader], [], [])

    def wait_for_none(self):
        """Wait until the last of them is gone; the first must have been there."""
        data = b"something"
        while data:
            select.select([self.reader], [], [])
            data = os.read(self.reader, 1000)
        os.close(self.reader)


@pytest.fixture
def serve(closing):
    """A function that starts a service."""
    return lambda *arguments, **options: closing(Service(*arguments, **options))


@pytest.fixture
def folder(tmp_path):
    """The agent's working directory, with two drivers, a token, and a fifo ``go`` that a script can wait for."""
    os.mkfifo(str(tmp_path / "go"))
    (tmp_path / "token").write_text(TOKEN + "\n")
    write(tmp_path / "adjust", ADJUST)
    write_measure(tmp_path, ANSWER)
    return tmp_path


@pytest.fixture
def servo(folder, closing):
    """A function that starts the agent for a service, in ``folder``.

    Constants of it are changed; ``as_built`` it is the file itself, by the name servo.
    """

    def start(
        service, *arguments, python=NEWEST, changes=(), as_built=False, prefix=(), env=None, auth=True, **options
    ):
        url = service if isinstance(service, str) else service.url
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPTUNE", "SERVO"))}
        environment.update({"SERVO_RETRY_DELAY_SEC": "0.01"}, **(env or {}))
        changes = ["agent." + change for change in ("life.LAST_PAUSE_SECONDS=0.01", *changes)]
        program = [LAUNCHER, file_for(python), *changes, "servo"]
        if as_built:
            program = ["servo"]
            os.symlink(file_for(python), str(folder / "servo"))
        authorized = ["--auth-token", "token"] if auth else ["--no-auth"]
        command = [*prefix, python, *program, "--url", url, *authorized, *arguments, "app"]
        return closing(Agent(command, cwd=str(folder), env=environment, **options))

    return start


@pytest.fixture
def measure(serve, servo, folder):
    """A function that has an agent measure by a script, None for the driver that is there.

    It returns the service, whose ``answers`` are to what comes of the measurement, and the agent.
    """

    def start(script=ANSWER, has_cancel="false", answers=(), goodbyes=(), times=1, arguments=(), **options):
        if script is not None:
            write_measure(folder, script, has_cancel)
        service = serve([MEASURE_COMMAND] * times, {"MEASUREMENT": answers, "GOODBYE": goodbyes})
        return service, servo(service, *arguments, **options)

    return start


@pytest.fixture
def measure_in_turn(measure, folder):
    """A function that has one agent measure by each of the shell scripts in turn; it returns what ``measure`` does."""

    def start(scripts, *arguments, **options):
        service, agent = measure(in_turn(folder, scripts), *arguments, times=len(scripts), **options)
        service.wait_for("WHATS_NEXT", len(scripts) + 1)
        agent.stop()
        return service, agent

    return start

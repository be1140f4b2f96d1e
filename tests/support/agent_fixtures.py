"""What the tests of the agent share: see fakes.py for the service and the drivers."""

import io
import os
import subprocess
import sys

import pytest
from fakes import ADJUST, ANSWER, LAUNCHER, TOKEN, Service, Servo, write, write_measure
from machine import PYTHONS


def version(name):
    return [int(number) for number in name.split(".")]


@pytest.fixture
def serve():
    """A function that starts a service."""
    started = []

    def start(commands=(), answers=None, port=0):
        started.append(Service(commands, answers, port))
        return started[-1]

    yield start
    for service in started:
        service.close()


@pytest.fixture
def folder(tmp_path):
    """The agent's working directory, with an adjust driver, a token file and room for others."""
    path = tmp_path / "servo"
    path.mkdir()
    (path / "token").write_text(TOKEN + "\n")
    write(path / "adjust", ADJUST)
    write_measure(path, ANSWER)
    return path


@pytest.fixture
def servo(folder):
    """A function that starts the agent for a service, in ``folder``."""
    started = []

    def start(
        service, *arguments, python=sys.executable, changes=(), command=None, env=None, auth=True, log_reader=True
    ):
        url = service if isinstance(service, str) else service.url
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPTUNE", "SERVO"))}
        environment.update({"SERVO_RETRY_DELAY_SEC": "0.05"}, **(env or {}))
        command = command or [python, LAUNCHER, "loop.LAST_PAUSE_SECONDS=0.01", *changes, "--"]
        command = command + ["--url", url, *(["--auth-token", "token"] if auth else ["--no-auth"]), *arguments, "app"]
        process = subprocess.Popen(
            command,
            cwd=str(folder),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if not log_reader:
            process.stdout.close()
            process.stdout = io.BytesIO()
        started.append(Servo(process))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.ended()
        one.process.stdout.close()


@pytest.fixture(params=[min(PYTHONS, key=version), max(PYTHONS, key=version)])
def oldest_or_newest(request):
    """The path of an interpreter; the test runs once for the oldest of the machine's Pythons, once for the newest."""
    return PYTHONS[request.param]

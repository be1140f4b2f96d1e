"""A service that can misbehave, drivers that can misbehave, and the agent between them: real processes and sockets.

The agent's tests import the fixtures: as a plugin of pytest its ``servo`` would be everybody's.
"""

import contextlib
import json
import os
import select
import signal
import socketserver
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from measuring import wait_until

__all__ = ("folder", "measure", "measure_in_turn", "serve", "servo")

# Far above what anything here takes: reached only when something hangs.
LIMIT = 60
# With what JSON escapes, and what an address does.
TOKEN = 's3cret-"Token\\.of/the+service='
LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher.py")
SLEEP = {"cmd": "SLEEP", "param": {"duration": 3600}}

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
MEASURE_COMMAND = {"cmd": "MEASURE", "param": {}}  # what the service asks for
METRICS = {"metrics": {"total_runtime": {"value": 1.5, "unit": "seconds"}}}


class Request:
    """What the service got: ``event`` and ``param``, the raw ``body``, the ``headers`` with lower-case names."""

    def __init__(self, body, headers):
        self.body = body
        self.headers = {name.lower(): value for name, value in headers.items()}
        message = json.loads(body.decode("utf-8"))
        self.event, self.param = message["event"], message["param"]
        assert set(message) == {"event", "param"}


class Service(socketserver.ThreadingMixIn, HTTPServer):
    """Answers WHATS_NEXT with ``commands`` in turn, then SLEEP; ``answers[event]`` are answers for other events.

    An answer may be a function of the request's handler that does to the connection what it likes.
    """

    daemon_threads = True
    block_on_close = False

    # A test that breaks off connections on purpose is no news.
    def handle_error(self, request, client_address):
        pass

    def __init__(self, commands=(), answers=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.place = "127.0.0.1:%d" % self.server_address[1]
        self.url = "http://%s/accounts/acme/applications/app/servo" % self.place
        self.requests = []
        self.tunnel = None  # as a proxy it is the service behind its tunnel too, with this context of TLS
        self.tunnels = []  # the heads of the requests for one
        self.answers = {event: list(answers) for event, answers in (answers or {}).items()}
        self.answers["WHATS_NEXT"] = list(commands)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def of(self, event):
        return [request for request in self.requests if request.event == event]

    def results(self, event="MEASUREMENT"):
        return [one.param for one in self.of(event) if "progress" not in one.param]

    def wait_for(self, event, count=1):
        """Wait for the ``count``-th request of ``event`` and return it."""
        return wait_until(lambda: self.of(event)[count - 1 :], LIMIT)[0]

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = Request(self.rfile.read(int(self.headers["Content-Length"])), self.headers)
        self.server.requests.append(request)
        queue = self.server.answers.get(request.event)
        answer = queue.pop(0) if queue else SLEEP if request.event == "WHATS_NEXT" else {"status": "ok"}
        if callable(answer):
            answer(self)
        else:
            self.answer(json.dumps(answer).encode())

    def do_CONNECT(self):
        self.server.tunnels.append("%s\n%s" % (self.requestline, self.headers))
        if self.server.tunnel is None:
            self.answer(b"", 407)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.request = self.server.tunnel.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.handle()

    def answer(self, content, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def never(handler):
    """An answer that never comes."""
    handler.rfile.read(1)  # returns when the agent hangs up


class Servo:
    """A running agent, and the file that it logs to."""

    def __init__(self, command, log, **options):
        self.log = log
        with open(log, "wb") as stream:
            options = {"stdin": subprocess.DEVNULL, "stdout": stream, "stderr": subprocess.STDOUT, **options}
            self.process = subprocess.Popen(command, **options)

    @property
    def output(self):
        with open(self.log, encoding="utf-8", errors="replace", newline="") as stream:
            return stream.read()

    def wait_for_log(self, text, count=1):
        wait_until(lambda: self.output.count(text) >= count, LIMIT)

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self):
        """Wait for the end; return the exit status."""
        return self.process.wait(LIMIT)

    def stop(self):
        self.signal(signal.SIGTERM)
        assert self.ended() == 0


def write(path, text):
    path.write_text(text)
    path.chmod(0o755)


def write_measure(folder, body, has_cancel="false"):
    """Write a measure driver whose measuring is the shell script ``body``."""
    write(folder / "measure", MEASURE % {"body": body, "has_cancel": has_cancel})


class Alive:
    """A fifo called ``alive`` in ``folder``: processes that have it open for writing are alive."""

    def __init__(self, folder):
        path = str(folder / "alive")
        os.mkfifo(path)
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_for_one(self):
        """Wait until one of them has written something."""
        assert select.select([self.reader], [], [], LIMIT)[0], "nobody came"

    def wait_for_none(self):
        """Wait until the last of them is gone; the first must have been there."""
        data = b"something"
        while data:
            assert select.select([self.reader], [], [], LIMIT)[0], "somebody is alive"
            data = os.read(self.reader, 1000)
        os.close(self.reader)


@pytest.fixture
def serve():
    """A function that starts a service."""
    with contextlib.ExitStack() as started:

        def start(*arguments, **options):
            service = Service(*arguments, **options)
            started.callback(service.close)
            return service

        yield start


@pytest.fixture
def folder(tmp_path):
    """The agent's working directory, with two drivers, a token, and a fifo ``go`` that a script can wait for."""
    path = tmp_path / "servo"
    path.mkdir()
    os.mkfifo(str(path / "go"))
    (path / "token").write_text(TOKEN + "\n")
    write(path / "adjust", ADJUST)
    write_measure(path, ANSWER)
    return path


@pytest.fixture
def servo(folder, pyz):
    """A function that starts the agent for a service, in ``folder``."""
    started = []

    def start(service, *arguments, python=sys.executable, changes=(), command=None, env=None, auth=True, **options):
        url = service if isinstance(service, str) else service.url
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPTUNE", "SERVO"))}
        environment.update({"SERVO_RETRY_DELAY_SEC": "0.01"}, **(env or {}))
        command = command or [python, LAUNCHER, pyz, "life.LAST_PAUSE_SECONDS=0.01", *changes, "--"]
        command = [*command, "--url", url, *(["--auth-token", "token"] if auth else ["--no-auth"]), *arguments, "app"]
        log = "%s.%d" % (folder, len(started))
        started.append(Servo(command, log, cwd=str(folder), env=environment, **options))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.ended()
        print(one.output)  # for whoever has to find out why a test failed


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
def measure_in_turn(serve, servo, folder):
    """A function that has one agent measure by each of the shell scripts in turn; it returns what ``measure`` does."""

    def start(scripts, answers=(), **options):
        for number, script in enumerate(scripts):
            (folder / ("turn%d" % number)).write_text(script + "\n")
        (folder / "turn").write_text("0\n")
        write_measure(folder, 'read turn <turn; echo $((turn + 1)) >turn; . "./turn$turn"')
        service = serve([MEASURE_COMMAND] * len(scripts), {"MEASUREMENT": answers})
        agent = servo(service, **options)
        service.wait_for("WHATS_NEXT", len(scripts) + 1)
        agent.stop()
        return service, agent

    return start

"""A driver as a child process: how it is started and stopped, and what it answers.

A driver may be anybody's program, so nothing that it does may block the agent or fill its memory: its request lies in a
file, its lines are cut, and once it has exited nobody waits for its pipes.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Any, Callable, Dict, List, Optional

import servo_batch
from servo_batch import executable
from servo_batch.agent.events import Events
from servo_batch.agent.log import Log
from servo_batch.answers import ServoError, failed
from servo_batch.formats import strict_json
from servo_batch.wording import is_number

# A longer line of a driver's stdout is no answer.
MAX_LINE_BYTES = 8 * 1024 * 1024
# Of what else a driver writes, so much of the start is logged, and so much of the end is reported where it fails.
MAX_SAID_BYTES = 1024 * 1024
# All that a pipe holds: the most that Linux lets ordinary users put into one.
PIPE_BYTES = 1024 * 1024
# A driver that is asked to stop has this long to stop its job and to answer.
STOP_SECONDS = 60.0

# Runs a verb of this very program, whatever name its file goes by, in a zip file or in a folder. No path entry may be
# empty: a working directory with a json.py in it would otherwise take the standard library's place.
_SELF = (
    "import sys; sys.path[:] = [sys.argv[1]] + [entry for entry in sys.path if entry]; del sys.argv[:2];"
    " from servo_batch.__main__ import start; start()"
)
# Looked up at the start, while the working directory is sure to be there.
_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(servo_batch.__file__)))


def self_command(program: str) -> List[str]:
    """Return the command that runs this program as if its file were called ``program``, after a verb."""
    return [sys.executable, "-c", _SELF, _FOLDER, program]


def is_there(name: str) -> bool:
    """Tell whether the working directory has a driver of this name."""
    return os.path.isfile("./" + name) and os.access("./" + name, os.X_OK)


class Driver:
    """One run of the driver ``name``: the working directory's, else our own.

    ``silence_seconds`` is how long it may write nothing. Of what it writes beside the protocol, ``shown_lines`` are
    logged, and reported where it fails.
    """

    def __init__(self, name: str, silence_seconds: float, shown_lines: float, events: Events, log: Log) -> None:
        self.progress: Optional[Dict[str, Any]] = None  # the newest progress line
        self._name = name
        self._silence_seconds = silence_seconds
        self._lines_left = shown_lines
        self._events = events
        self._log = log
        self._pipes: Dict[IO[bytes], bytes] = {}  # each with the line that it is in the middle of
        self._answers = 0
        self._answer: Dict[str, Any] = {}
        self._said = bytearray()
        self._logged = 0
        self._stopped: Optional[ServoError] = None
        self._kill_at = math.inf

    def run(self, arguments: List[str], request: Optional[Dict[str, Any]], turn: Callable[[], float]) -> Dict[str, Any]:
        """Run it to its end, with ``request`` on its stdin, and return its answer; raise ``ServoError`` for any other.

        ``turn`` is called before each wait and returns when it wants to be called again, if nothing happens before.
        """
        self._start(arguments, request)
        status = None
        try:
            while status is None:
                until = turn()
                due = self._last_output + self._silence_seconds if self._stopped is None else self._kill_at
                for pipe in self._events.wait(min(until, due), list(self._pipes)):
                    self._read(pipe)
                status = self._events.exits.get(self._process.pid)
                if status is None:
                    self._stop_if_due()
        finally:
            self._process.returncode = 0  # Popen must not wait for a process that has been reaped
            if status is None or self._stopped is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)  # what is left would spoil the next measurement
            # Not to the ends of the pipes: a process that the driver left behind may hold one open, or fill it.
            for pipe in list(self._pipes):
                self._read(pipe)
                self._close(pipe)
        return self._result(status)

    def cancel(self, why: ServoError, gently: bool) -> None:
        """Stop the driver because of ``why``; ``gently`` where it says ``has_cancel``."""
        if self._stopped is None:
            self._stop(why, signal.SIGUSR1 if gently else signal.SIGKILL)

    def _start(self, arguments: List[str], request: Optional[Dict[str, Any]]) -> None:
        command = ["./" + self._name] if is_there(self._name) else self_command(self._name)
        try:
            with tempfile.TemporaryFile() as stdin:
                if request is not None:
                    stdin.write(json.dumps(request).encode("ascii") + b"\n")
                    stdin.seek(0)
                # In a session of its own: Ctrl-C at a terminal is for the agent, which stops the driver by its means.
                self._process = subprocess.Popen(
                    command + arguments,
                    bufsize=0,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
        except OSError as error:
            # One that names no file is of what stdin is to be.
            why = executable.why_not(command[0], error.errno) if error.errno and error.filename else str(error)
            raise failed("driver-failed", "cannot run the %s driver %s: %s" % (self._name, command[0], why)) from None
        self._last_output = time.monotonic()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._pipes[pipe] = b""

    def _stop(self, why: ServoError, number: signal.Signals) -> None:
        self._stopped = why
        self._kill_at = math.inf if number == signal.SIGKILL else time.monotonic() + STOP_SECONDS
        self._log("%s to the %s driver" % (number.name, self._name))
        os.kill(self._process.pid, number)  # it has not been reaped, so it is there, if only as a zombie

    def _stop_if_due(self) -> None:
        now = time.monotonic()
        if self._stopped is None:
            if now >= self._last_output + self._silence_seconds:
                what = "the %s driver wrote nothing for %g seconds and was stopped"
                self._stop(failed("timeout", what % (self._name, self._silence_seconds)), signal.SIGTERM)
        # A second SIGTERM or SIGINT: somebody does not want to wait until it stops by itself.
        elif now >= self._kill_at or (self._events.hurried and self._kill_at < math.inf):
            self._stop(self._stopped, signal.SIGKILL)

    def _read(self, pipe: IO[bytes]) -> None:
        """Take what the pipe holds."""
        data = pipe.read(PIPE_BYTES)  # None where there is nothing yet
        if data:
            self._last_output = time.monotonic()
            *lines, rest = (self._pipes[pipe] + data).split(b"\n")
            for line in lines:
                self._take(pipe, line[:MAX_LINE_BYTES])
            self._pipes[pipe] = rest[:MAX_LINE_BYTES]
        elif data is not None:
            self._close(pipe)

    def _close(self, pipe: IO[bytes]) -> None:
        self._take(pipe, self._pipes.pop(pipe, b""))
        pipe.close()

    def _take(self, pipe: IO[bytes], line: bytes) -> None:
        """Take a line: an answer, progress, or what is for people."""
        if not line.strip():
            return
        if pipe is self._process.stdout:
            try:
                response = strict_json.loads(line)
            except strict_json.JsonError:
                response = None
            if isinstance(response, dict) and "progress" not in response:
                self._answers += 1
                self._answer = response
                return
            if isinstance(response, dict) and is_number(response["progress"]):
                self.progress = response
                return
        if self._lines_left > 0:
            self._lines_left -= 1
            if self._logged < MAX_SAID_BYTES:
                self._logged += len(line)
                self._log("%s: %s" % (self._name, line.decode("utf-8", "replace")))
            self._said += line + b"\n"
            del self._said[:-MAX_SAID_BYTES]

    def _result(self, status: int) -> Dict[str, Any]:
        """Return a successful driver's answer; else raise ``ServoError``: its failure, or what it did wrong."""
        is_ok = self._answer.get("status", "ok") == "ok"
        if self._answers == 1 and is_ok and status == 0:
            return self._answer
        what = "failed" if self._answers == 1 else "wrote %d answers where one is due" % self._answers
        ended = "exit status %d" % os.WEXITSTATUS(status)
        if os.WIFSIGNALED(status):
            ended = "killed by signal %d" % os.WTERMSIG(status)
        message = "the %s driver %s (%s)" % (self._name, what, ended)
        if self._said:
            message += "\nit wrote: " + self._said.decode("utf-8", "replace").rstrip("\n")
        error = failed("driver-failed", message)
        if self._answers == 1 and not is_ok:
            reason, message = self._answer.get("reason") or error.reason, self._answer.get("message") or message
            error = ServoError(str(self._answer["status"]), str(reason), str(message))
        if self._stopped is not None:  # the driver cannot know who wanted it, and why
            raise self._stopped.saying("%s; %s" % (self._stopped.message, error.message))
        raise error

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
from typing import IO, Any, Dict, List, Optional

import servo_batch
from servo_batch import executable
from servo_batch.agent.events import Events
from servo_batch.agent.identity import AgentOptions
from servo_batch.agent.log import Log
from servo_batch.answers import ServoError, failed
from servo_batch.formats import strict_json
from servo_batch.wording import is_number

# A longer line of a driver's stdout is no answer.
MAX_LINE_BYTES = 8 * 1024 * 1024
# Of what else it writes so much of the start is logged, and so much of the end reported, where a byte may take six.
MAX_LOGGED_BYTES = 1024 * 1024
MAX_REPORTED_BYTES = 256 * 1024
# All that a pipe holds: the most that Linux lets ordinary users put into one.
PIPE_BYTES = 1024 * 1024
# A driver that is asked to stop has this long to stop its job and to answer.
STOP_SECONDS = 60.0

# Runs a verb of this very program, whatever its file is called. The path begins with it in place of the working
# directory, where a json.py may lie.
_SELF = "import sys; sys.path[0] = sys.argv[1]; del sys.argv[:2]; from servo_batch.__main__ import start; start()"
# Looked up at the start, while the working directory is sure to be there.
_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(servo_batch.__file__)))


def self_command(program: str) -> List[str]:
    """Return the command that runs this program as if its file were called ``program``."""
    return [sys.executable, "-c", _SELF, _FOLDER, program]


def is_there(name: str) -> bool:
    """Tell whether the working directory has a driver of this name."""
    return os.path.isfile("./" + name) and os.access("./" + name, os.X_OK)


def start(name: str, arguments: List[str], request: Optional[Dict[str, Any]]) -> "subprocess.Popen[bytes]":
    """Start the working directory's driver, or our own, with ``request`` on stdin; raise ``ServoError``."""
    command = ["./" + name] if is_there(name) else self_command(name)
    try:
        with tempfile.TemporaryFile() as stdin:
            if request is not None:
                stdin.write(json.dumps(request).encode("ascii") + b"\n")
                stdin.seek(0)
            # In a session of its own: Ctrl-C is for the agent, which stops the driver by its means.
            return subprocess.Popen(
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
        raise failed("driver-failed", "cannot run the %s driver %s: %s" % (name, command[0], why)) from None


class Driver:
    """One run of the driver ``name``, which is to be closed.

    Of what else it writes, so many lines as ``options`` say are logged, and reported where it fails.
    """

    def __init__(
        self, name: str, process: "subprocess.Popen[bytes]", options: AgentOptions, events: Events, log: Log
    ) -> None:
        self.status: Optional[int] = None  # as waitpid(2) has it, once it has ended
        self.progress: Optional[Dict[str, Any]] = None  # the newest progress line
        self._name = name
        self._process = process
        self._silence_seconds = options.io_timeout_seconds
        self._lines_left = options.shown_lines
        self._log_left = MAX_LOGGED_BYTES
        self._events = events
        self._log = log
        self._answers: List[Dict[str, Any]] = []
        self._said = bytearray()
        self._stopped: Optional[ServoError] = None
        # When it is stopped, unless it writes something before; then, when it is killed.
        self._due = time.monotonic() + self._silence_seconds
        # Each with the line that it is in the middle of. Somebody else may read what select has seen.
        self._pipes: Dict[Any, bytes] = {process.stdout: b"", process.stderr: b""}
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)

    def close(self) -> None:
        """Kill what is left of it, unless it has ended by itself, and read what it wrote last."""
        self._process.returncode = 0  # Popen must not wait for a process that has been reaped
        if self.status is None or self._stopped is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)  # what is left would spoil the next measurement
        # Not to the ends of the pipes: a process that the driver left behind may hold one open, or fill it.
        self._read(0)
        for pipe in list(self._pipes):
            self._close(pipe)

    def wait(self, until: float) -> None:
        """Wait for anything, at most ``until``; stop the driver if it is silent for too long."""
        self._read(min(until, self._due))
        self.status = self._events.exits.get(self._process.pid)
        if self.status is None and time.monotonic() >= self._due:
            why = "the %s driver wrote nothing for %g seconds and was stopped" % (self._name, self._silence_seconds)
            self.stop(failed("timeout", why), signal.SIGTERM if self._stopped is None else signal.SIGKILL)

    def stop(self, why: ServoError, number: signal.Signals) -> None:
        """Stop it, while it runs, by a signal; the first ``why`` counts, and after it only SIGKILL."""
        # Nothing is due any more after SIGKILL.
        if self._stopped is None or (number == signal.SIGKILL and self._due < math.inf):
            self._stopped = self._stopped or why
            self._due = math.inf if number == signal.SIGKILL else time.monotonic() + STOP_SECONDS
            self._log("%s to the %s driver" % (number.name, self._name))
            os.kill(self._process.pid, number)  # it is there, if only as a zombie

    def answer(self) -> Dict[str, Any]:
        """Return what it answers, and log its notes; raise ``ServoError`` for a failure, its own or of the protocol."""
        assert self.status is not None
        answer = self._answers[0] if len(self._answers) == 1 else {}
        if answer.get("notes"):
            self._log("%s notes: %s" % (self._name, answer["notes"]))
        status = str(answer.get("status", "ok"))
        if len(self._answers) == 1 and status == "ok" and self.status == 0:
            return answer
        what = ("wrote no answer", "failed", "wrote more than one answer")[len(self._answers)]
        ended = "exit status %d" % os.WEXITSTATUS(self.status)
        if os.WIFSIGNALED(self.status):
            ended = "killed by signal %d" % os.WTERMSIG(self.status)
        message = "the %s driver %s (%s)" % (self._name, what, ended)
        if self._said:
            message += "\nit wrote: " + self._said.decode("utf-8", "replace").rstrip("\n")
        error = failed("driver-failed", message)
        if status != "ok":
            reason, message = answer.get("reason") or error.reason, answer.get("message") or message
            error = ServoError(status, str(reason), str(message))
        if self._stopped is not None:  # the driver cannot know who wanted it, and why
            raise self._stopped.saying("%s; %s" % (self._stopped.message, error.message))
        raise error

    def _read(self, until: float) -> None:
        for pipe in self._events.wait(until, list(self._pipes)):
            data = pipe.read(PIPE_BYTES)
            if data is None:
                continue
            if not data:
                self._close(pipe)
                continue
            if self._stopped is None:
                self._due = time.monotonic() + self._silence_seconds
            *lines, rest = (self._pipes[pipe] + data).split(b"\n")
            for line in lines:
                self._take(pipe, line[:MAX_LINE_BYTES])
            self._pipes[pipe] = rest[:MAX_LINE_BYTES]

    def _close(self, pipe: IO[bytes]) -> None:
        self._take(pipe, self._pipes.pop(pipe))
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
                self._answers = [*self._answers, response][:2]
                return
            if isinstance(response, dict) and is_number(response["progress"]):
                self.progress = response
                return
        if self._lines_left > 0:
            self._lines_left -= 1
            if self._log_left > 0:
                self._log_left -= len(line)
                self._log("%s: %s" % (self._name, line.decode("utf-8", "replace")))
            self._said += line + b"\n"
            del self._said[:-MAX_REPORTED_BYTES]

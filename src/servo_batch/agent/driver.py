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
from typing import IO, Any, Callable, Dict, List, Optional, Tuple

import servo_batch
from servo_batch import executable
from servo_batch.agent.events import Events
from servo_batch.agent.log import Log
from servo_batch.answers import ServoError, failed
from servo_batch.formats import strict_json
from servo_batch.wording import is_number

# A longer line of a driver's stdout is no answer.
MAX_LINE_BYTES = 8 * 1024 * 1024
# Of a driver's stderr this much of the end is reported where it fails, and this much of the start is logged.
MAX_STDERR_BYTES = 1024 * 1024
MAX_LOGGED_BYTES = 1024 * 1024
# What may still be in a pipe when the driver has exited: the most that Linux lets ordinary users put into one.
MAX_DRAIN_BYTES = 1024 * 1024
READ_BYTES = 64 * 1024
# So many lines of garbage on stdout are logged and reported: a log is for people.
SHOWN_GARBAGE = 5
# A driver that can cancel has this long to stop its job and to answer; after SIGTERM any driver has this long.
CANCEL_SECONDS = 60.0
TERMINATE_SECONDS = 10.0

# Runs a verb of this very program, whatever name its file goes by, in a zip file or in a folder. No path entry may be
# empty: a working directory with a json.py in it would otherwise take the standard library's place.
_SELF = (
    "import sys; sys.path[:] = [sys.argv[1]] + [entry for entry in sys.path if entry]; del sys.argv[:2];"
    " from servo_batch.cli import main; sys.exit(main())"
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

    ``silence_seconds`` is how long it may write nothing, None for as long as it likes; of its stderr ``verbose_stderr``
    says how much is logged and reported: all, minimal (two lines) or none.
    """

    def __init__(
        self, name: str, silence_seconds: Optional[float], verbose_stderr: str, events: Events, log: Log
    ) -> None:
        self.progress: Optional[Dict[str, Any]] = None  # the newest progress line
        self._name = name
        self._silence_seconds = math.inf if silence_seconds is None else silence_seconds
        self._verbose = verbose_stderr
        self._events = events
        self._log = log
        self._pipes: Dict[int, _Pipe] = {}
        self._answers: List[Dict[str, Any]] = []
        self._garbage: List[str] = []
        self._stderr = bytearray()
        self._loggable = MAX_LOGGED_BYTES  # of stderr
        self._stopped: Optional[ServoError] = None
        self._steps: List[Tuple[int, float]] = []  # what is still to be sent, each with the seconds until the next
        self._next_step = 0.0

    def run(
        self, arguments: List[str], request: Optional[Dict[str, Any]], turn: Callable[[], Optional[float]]
    ) -> Dict[str, Any]:
        """Run it to its end, with ``request`` on its stdin, and return its answer; raise ``ServoError`` for any other.

        ``turn`` is called before each wait and returns when it wants to be called again, if nothing happens before.
        """
        self._start(arguments, request)
        status = None
        try:
            while status is None:
                times = [turn(), self._next_step if self._steps else self._last_output + self._silence_seconds]
                until = min(time for time in times if time is not None)
                for descriptor in self._events.wait(until, list(self._pipes)):
                    self._read(descriptor)
                status = self._events.exits.get(self._process.pid)
                if status is None:
                    self._stop_if_due()
        finally:
            # Popen must not wait for a process that has been reaped, or that a bug of ours has us leave.
            self._process.returncode = -signal.SIGKILL
            if status is None or self._stopped is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)  # what is left would spoil the next measurement
            self._drain()
        self._process.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        return self._result()

    def cancel(self, why: ServoError, gently: bool) -> None:
        """Stop the driver; ``why`` is its answer unless it gives one. ``gently`` where it says ``has_cancel``."""
        if self._stopped is None:
            self._stop(why, [(signal.SIGUSR1, CANCEL_SECONDS), (signal.SIGTERM, TERMINATE_SECONDS)] if gently else [])

    def _start(self, arguments: List[str], request: Optional[Dict[str, Any]]) -> None:
        command = ["./" + self._name] if is_there(self._name) else self_command(self._name)
        try:
            with tempfile.TemporaryFile() as stdin, self._events.admitted():
                if request is not None:
                    stdin.write(json.dumps(request).encode("ascii") + b"\n")
                    stdin.seek(0)
                # In a session of its own: Ctrl-C at a terminal is for the agent, which stops the driver by its means.
                self._process = subprocess.Popen(
                    command + arguments,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
        except OSError as error:
            # One that names no file is of what stdin is to be.
            why = error.strerror or str(error)
            if error.errno and error.filename:
                why = executable.why_not(command[0], error.errno)
            raise failed("driver-failed", "cannot run the %s driver %s: %s" % (self._name, command[0], why)) from None
        self._last_output = time.monotonic()
        for stream, take in ((self._process.stdout, self._take_line), (self._process.stderr, self._take_stderr)):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._pipes[stream.fileno()] = _Pipe(stream, take)

    def _stop(self, why: ServoError, steps: List[Tuple[int, float]]) -> None:
        self._stopped = why
        self._steps = [*steps, (signal.SIGKILL, 0.0)]
        self._next_step = time.monotonic()

    def _stop_if_due(self) -> None:
        now = time.monotonic()
        if self._stopped is None and now >= self._last_output + self._silence_seconds:
            message = "the %s driver wrote nothing for %g seconds and was stopped" % (self._name, self._silence_seconds)
            self._log(message)
            self._stop(failed("timeout", message + self._said()), [(signal.SIGTERM, TERMINATE_SECONDS)])
        if self._events.hurried and self._steps:  # somebody does not want to wait until it stops by itself
            self._steps = self._steps[-1:]
            self._next_step = now
        while self._steps and now >= self._next_step:
            number, seconds = self._steps.pop(0)
            self._next_step = now + seconds
            self._log("%s to the %s driver" % (signal.Signals(number).name, self._name))
            os.kill(self._process.pid, number)  # it has not been reaped, so it is there, if only as a zombie

    def _drain(self) -> None:
        """Read what is left in the pipes, and close them.

        Not to their ends: a process that the driver left behind may hold a pipe open for ever, or fill it.
        """
        for descriptor in list(self._pipes):
            left, count = MAX_DRAIN_BYTES, 1
            while count and left > 0:
                count = self._read(descriptor)
                left -= count
            if descriptor in self._pipes:
                self._close(descriptor)

    def _read(self, descriptor: int) -> int:
        """Take what the pipe holds, up to a limit; return the number of bytes, 0 also where there is none yet."""
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return 0
        if data:
            self._last_output = time.monotonic()
            self._pipes[descriptor].feed(data)
        else:
            self._close(descriptor)
        return len(data)

    def _close(self, descriptor: int) -> None:
        pipe = self._pipes.pop(descriptor)
        pipe.feed(b"\n")
        pipe.stream.close()

    def _take_line(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            response = strict_json.loads(line)
        except strict_json.JsonError:
            response = None
        if isinstance(response, dict) and "progress" not in response:
            self._answers.append(response)
        elif isinstance(response, dict) and is_number(response["progress"]):
            self.progress = response
        elif len(self._garbage) < SHOWN_GARBAGE:
            self._garbage.append(line[:READ_BYTES].decode("utf-8", "replace"))
            self._log("%s wrote a line that is no JSON object: %s" % (self._name, self._garbage[-1]))

    def _take_stderr(self, line: bytes) -> None:
        if not line or self._verbose == "none" or (self._verbose == "minimal" and self._stderr.count(b"\n") > 1):
            return
        self._stderr += line + b"\n"
        if len(self._stderr) > 2 * MAX_STDERR_BYTES:
            del self._stderr[:-MAX_STDERR_BYTES]
        if self._loggable > 0:
            self._loggable -= len(line)
            text = line.decode("utf-8", "replace")
            self._log("%s: %s" % (self._name, text if self._loggable > 0 else "much more, which is not logged"))

    def _result(self) -> Dict[str, Any]:
        """Return a successful driver's answer; else raise ``ServoError``: its failure, or what it did wrong."""
        if not self._answers:
            raise self._stopped or self._misbehaved("ended without an answer")
        answer = self._answers[0]
        if len(self._answers) > 1:
            raise self._misbehaved("wrote %d answers instead of one, the first: %.500s" % (len(self._answers), answer))
        if answer.get("status", "ok") == "ok":
            if self._process.returncode != 0:
                raise self._stopped or self._misbehaved("answered ok, but")
            return answer
        if self._stopped is not None and self._stopped.reason == "timeout":
            raise self._stopped  # the driver can only say that it was cancelled
        reason, message = answer.get("reason"), answer.get("message")
        text = "the %s driver failed%s" % (self._name, self._said()) if message is None else str(message)
        if self._stopped is not None:  # the driver cannot know who wanted it, and why
            text = "%s; the %s driver says: %s" % (self._stopped.message, self._name, text)
        raise ServoError(str(answer["status"]), "driver-failed" if reason is None else str(reason), text)

    def _misbehaved(self, what: str) -> ServoError:
        code = self._process.returncode
        exited = "exit status %d" % code
        if code < 0:
            # A real-time signal has no name.
            names = {signals.value: signals.name for signals in signal.Signals}
            exited = "killed by %s" % names.get(-code, "signal %d" % -code)
        return failed("driver-failed", "the %s driver %s (%s)%s" % (self._name, what, exited, self._said()))

    def _said(self) -> str:
        """Return what the driver said beside the protocol, as far as it is to be passed on."""
        said = "\nstdout: " + "\n".join(self._garbage) if self._garbage else ""
        stderr = self._stderr[-MAX_STDERR_BYTES:].decode("utf-8", "replace").rstrip("\n")
        return said + ("\nstderr: " + stderr if stderr else "")


class _Pipe:
    """One of a driver's output streams, and what takes its lines; of a line that is too long the rest is dropped."""

    def __init__(self, stream: IO[bytes], take: Callable[[bytes], None]) -> None:
        self.stream = stream
        self._take = take
        self._line = bytearray()

    def feed(self, data: bytes) -> None:
        """Pass on, without their ends, the lines that ``data`` completes."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._line += end[: MAX_LINE_BYTES - len(self._line)]
            line, self._line = bytes(self._line), bytearray()
            self._take(line)
        self._line += rest[: MAX_LINE_BYTES - len(self._line)]

"""A driver as a child process: how it is started and stopped, and what it answers.

The README's section "Requests and answers" has the protocol. A driver may be anybody's program, so nothing that it does
may block the agent or fill its memory: its request lies in a file, its lines are cut, and once it has exited nobody
waits for its pipes.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import servo_batch
from servo_batch import executable
from servo_batch.agent.events import Events
from servo_batch.agent.log import MAX_LINE
from servo_batch.answers import ServoError, failed
from servo_batch.formats import strict_json
from servo_batch.wording import is_number

# A longer line of a driver's stdout is no answer.
MAX_LINE_BYTES = 8 * 1024 * 1024
# Of a driver's stderr this much of the end is kept, for the report of a failure.
MAX_STDERR_BYTES = 1024 * 1024
# What may still be in a pipe when the driver has exited: the most that Linux lets ordinary users put into one.
MAX_DRAIN_BYTES = 1024 * 1024
READ_BYTES = 64 * 1024
# So much of a driver's stderr is logged, as the log shows it; of the rest the log has the size.
LOGGED_STDERR_BYTES = 1024 * 1024
LINE_HEAD_BYTES = 22  # the time before a line, and its end
# So many lines of garbage on stdout are logged, the rest is counted: a log is for people.
LOGGED_GARBAGE = 5
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


def find(name: str) -> List[str]:
    """Return the command of the driver ``name``, adjust or measure: the working directory's, else our own."""
    path = "./" + name
    if os.path.isfile(path) and os.access(path, os.X_OK):
        return [path]
    return self_command(name)


class Limits(NamedTuple):
    """How long a driver may be silent (None: for ever), and how much of its stderr is passed on."""

    io_timeout_seconds: Optional[float]
    verbose_stderr: str


class _Pipe(NamedTuple):
    stream: IO[bytes]
    lines: "_Lines"
    take: Callable[[bytes], None]


class Running:
    """One run of the driver ``name``; once it has ``ended``, ``result`` returns or raises what came of it.

    Whoever waits for events passes the readable descriptors to ``advance``, at ``deadline`` at the latest.
    """

    def __init__(self, name: str, limits: Limits, events: Events, log: Callable[[str], None]) -> None:
        self.name = name
        self.progress: Optional[Dict[str, Any]] = None  # the newest progress line, until somebody takes it
        self.ended = False
        self._limits = limits
        self._events = events
        self._log = log
        self._answer: Optional[Dict[str, Any]] = None
        self._answers = 0
        self._garbage: List[str] = []
        self._garbage_lines = 0
        self._stderr_start: List[str] = []
        self._stderr_end = bytearray()
        self._stderr_logged = 0
        self._stderr_unlogged = 0
        self._stopped: Optional[ServoError] = None
        self._steps: List[Tuple[int, float]] = []
        self._next_step = 0.0

    def start(self, command: List[str], request: Optional[Dict[str, Any]]) -> None:
        """Start ``command`` with ``request`` as its stdin. Raises ``ServoError`` where that cannot be done."""
        try:
            with tempfile.TemporaryFile() as stdin:
                if request is not None:
                    stdin.write(json.dumps(request).encode("ascii") + b"\n")
                    stdin.seek(0)
                self._process = subprocess.Popen(
                    command,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    # Ctrl-C at a terminal is for the agent, which then stops the driver the way it wants to be stopped.
                    start_new_session=True,
                )
        except OSError as error:
            # One that names no file is of what stdin is to be.
            why = error.strerror or str(error)
            if error.errno and error.filename:
                why = executable.why_not(command[0], error.errno)
            raise failed("driver-failed", "cannot run the %s driver %s: %s" % (self.name, command[0], why)) from None
        self._events.adopt(self._process.pid)
        self._last_output = time.monotonic()
        self._pipes: Dict[int, _Pipe] = {}
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._open(self._process.stdout, self._take_line)
        self._open(self._process.stderr, self._take_stderr)

    @property
    def deadline(self) -> Optional[float]:
        """When ``advance`` is due, should nothing happen before."""
        if self._steps:
            return self._next_step
        if self._stopped is None and self._limits.io_timeout_seconds is not None:
            return self._last_output + self._limits.io_timeout_seconds
        return None

    def cancel(self, why: ServoError, gently: bool) -> None:
        """Stop the driver; ``why`` is its answer unless it gives one. ``gently`` where it says ``has_cancel``."""
        if self._stopped is None:
            self._stop(why, [(signal.SIGUSR1, CANCEL_SECONDS), (signal.SIGTERM, TERMINATE_SECONDS)] if gently else [])

    def hurry(self) -> None:
        """Do not give a driver that is being stopped the time to stop by itself."""
        if self._steps:
            del self._steps[:-1]
            self._next_step = time.monotonic()

    def abandon(self) -> None:
        """Kill the driver, if it still runs, and let go of it: nobody will ask for its result."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.returncode = -signal.SIGKILL
            for descriptor in list(self._pipes):
                self._close(descriptor)
            self.ended = True

    def _stop(self, why: ServoError, steps: List[Tuple[int, float]]) -> None:
        self._stopped = why
        self._steps = steps + [(signal.SIGKILL, 0.0)]
        self._next_step = time.monotonic()

    def advance(self, ready: List[int]) -> None:
        """Read what there is to read, see whether the driver has ended, and do what is due."""
        for descriptor in ready:
            if descriptor in self._pipes:
                self._receive(descriptor)
        status = self._events.exit_status(self._process.pid)
        if status is not None:
            self._end(status)
            return
        now = time.monotonic()
        silent_seconds = self._limits.io_timeout_seconds
        if self._stopped is None and silent_seconds is not None and now >= self._last_output + silent_seconds:
            message = "the %s driver wrote nothing for %g seconds and was stopped" % (self.name, silent_seconds)
            self._log(message)
            self._stop(failed("timeout", message + self._said()), [(signal.SIGTERM, TERMINATE_SECONDS)])
        while self._steps and now >= self._next_step:
            number, seconds = self._steps.pop(0)
            self._next_step = now + seconds
            self._signal(number)

    def _signal(self, number: int) -> None:
        self._log("%s to the %s driver" % (signal.Signals(number).name, self.name))
        os.kill(self._process.pid, number)  # it has not been reaped, so it is there, if only as a zombie

    def _open(self, stream: IO[bytes], take: Callable[[bytes], None]) -> None:
        os.set_blocking(stream.fileno(), False)
        self._events.watch(stream.fileno())
        self._pipes[stream.fileno()] = _Pipe(stream, _Lines(MAX_LINE_BYTES), take)

    def _receive(self, descriptor: int) -> int:
        """Take what the pipe holds, up to a limit; return the number of bytes, 0 also where there is none yet."""
        pipe = self._pipes[descriptor]
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return 0
        if not data:
            self._close(descriptor)
            return 0
        self._last_output = time.monotonic()
        for line in pipe.lines.feed(data):
            pipe.take(line)
        return len(data)

    def _close(self, descriptor: int) -> None:
        pipe = self._pipes.pop(descriptor)
        last_line = pipe.lines.rest()
        if last_line:
            pipe.take(last_line)
        self._events.unwatch(descriptor)
        pipe.stream.close()

    def _end(self, status: int) -> None:
        # Popen must not wait for a process that has been reaped.
        self._process.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if self._stopped is not None:
            # What it left running in its process group (it leads one) would spoil the next measurement.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for descriptor in list(self._pipes):
            self._drain(descriptor)
        if self._garbage_lines > LOGGED_GARBAGE:
            self._log("%s wrote %d lines that are no JSON objects" % (self.name, self._garbage_lines))
        if self._stderr_unlogged:
            self._log("%s wrote %d more bytes to stderr, which are not logged" % (self.name, self._stderr_unlogged))
        self.ended = True

    def _drain(self, descriptor: int) -> None:
        # Not to the end of the pipe: a process that the driver left behind may hold it open for ever, or fill it.
        left = MAX_DRAIN_BYTES
        while left > 0 and descriptor in self._pipes:
            count = self._receive(descriptor)
            if count == 0:
                break
            left -= count
        if descriptor in self._pipes:
            self._close(descriptor)

    def _take_line(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            response = strict_json.loads(line)
        except strict_json.JsonError:
            response = None
        if not isinstance(response, dict) or ("progress" in response and not is_number(response["progress"])):
            self._take_garbage(line)
        elif "progress" in response:
            self.progress = response
        else:
            self._answers += 1
            if self._answer is None:
                self._answer = response

    def _take_garbage(self, line: bytes) -> None:
        self._garbage_lines += 1
        if self._garbage_lines <= LOGGED_GARBAGE:
            text = line[:200].decode("utf-8", "replace")
            self._garbage.append(text)
            self._log("%s wrote a line that is no JSON object: %s" % (self.name, text))

    def _take_stderr(self, line: bytes) -> None:
        self._stderr_end += line + b"\n"
        if len(self._stderr_end) > 2 * MAX_STDERR_BYTES:
            del self._stderr_end[:-MAX_STDERR_BYTES]
        is_head = len(self._stderr_start) < 2
        if is_head:
            self._stderr_start.append(line[:4000].decode("utf-8", "replace"))
        verbose = self._limits.verbose_stderr
        if verbose == "all" or (verbose == "minimal" and is_head):
            self._log_stderr(line)

    def _log_stderr(self, line: bytes) -> None:
        text = "%s: %s" % (self.name, line.decode("utf-8", "replace"))
        self._stderr_logged += LINE_HEAD_BYTES + min(len(text), MAX_LINE)
        if self._stderr_unlogged or self._stderr_logged > LOGGED_STDERR_BYTES:
            if not self._stderr_unlogged:
                self._log("%s writes much to stderr: the rest is not logged" % self.name)
            self._stderr_unlogged += len(line) + 1
        else:
            self._log(text)

    def result(self) -> Dict[str, Any]:
        """Return a successful driver's answer; else raise ``ServoError``: its failure, or what it did wrong."""
        answer = self._answer
        if self._answers > 1:
            raise self._misbehaved("wrote %d answers instead of one, the first: %.500s" % (self._answers, answer))
        if answer is None:
            raise self._stopped or self._misbehaved("ended without an answer")
        if answer.get("status", "ok") != "ok":
            if self._stopped is not None and self._stopped.reason == "timeout":
                raise self._stopped  # the driver can only say that it was cancelled
            reason, message = answer.get("reason"), answer.get("message")
            text = "the %s driver failed%s" % (self.name, self._said()) if message is None else str(message)
            if self._stopped is not None:  # the driver cannot know who wanted it, and why
                text = "%s; the %s driver says: %s" % (self._stopped.message, self.name, text)
            raise ServoError(str(answer["status"]), "driver-failed" if reason is None else str(reason), text)
        if self._process.returncode != 0:
            raise self._stopped or self._misbehaved("answered ok, but")
        return answer

    def _misbehaved(self, what: str) -> ServoError:
        return failed("driver-failed", "the %s driver %s (%s)%s" % (self.name, what, self._exit(), self._said()))

    def _exit(self) -> str:
        code = self._process.returncode
        if code >= 0:
            return "exit status %d" % code
        try:
            return "killed by %s" % signal.Signals(-code).name
        except ValueError:
            return "killed by signal %d" % -code  # a real-time signal has no name

    def _said(self) -> str:
        """Return what the driver said beside the protocol, as far as it is to be passed on."""
        text = ""
        if self._garbage:
            text += "\nstdout: " + "\n".join(self._garbage)
        if self._limits.verbose_stderr == "minimal":
            text += "".join("\nstderr: " + line for line in self._stderr_start)
        elif self._limits.verbose_stderr == "all" and self._stderr_end:
            text += "\nstderr: " + self._stderr_end[-MAX_STDERR_BYTES:].decode("utf-8", "replace").rstrip("\n")
        return text


class _Lines:
    """Cuts a stream into lines; of a line longer than ``limit`` bytes the rest is dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._part = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take ``data`` and return the lines that it completes, without their ends."""
        *pieces, rest = data.split(b"\n")
        for piece in pieces:
            self._append(piece)
            yield self.rest()
        self._append(rest)

    def rest(self) -> bytes:
        """Return the line under way, and begin a new one."""
        line, self._part = bytes(self._part), bytearray()
        return line

    def _append(self, piece: bytes) -> None:
        self._part += piece[: self._limit - len(self._part)]

"""A child process that the driver forks for one task: to guard the job, to keep what it prints, to search that.

Two pipes connect them. The driver holds the writing end of *control*; when it is closed, the driver has no more use for
the child, or was killed. What the child has to say it writes to *report*, as lines of JSON.
"""

import fcntl
import json
import math
import os
import select
import signal
import time
from contextlib import contextmanager, suppress
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set

from servo_batch.answers import STDOUT, ServoError, failed
from servo_batch.job.cancel import SIGNALS, Cancellation, Cancelled

MAX_POLL_SECONDS = 86400.0  # poll(2) takes milliseconds as an int; who waits looks at the clock and waits again
BLOCKED = SIGNALS + (signal.SIGCHLD,)
PROGRESS_SECONDS = 30.0
O_ASYNC = getattr(fcntl, "FASYNC", getattr(os, "O_ASYNC", 0o20000))  # PyPy 3.9 has neither name


class Unwanted(Exception):  # noqa: N818 - what happened is no error of anybody's
    """Nobody wants the measurement to go on: a signal has come, or nobody reads stdout any more."""

    def __init__(self, signum: Optional[int], reason: str = "") -> None:
        super().__init__(reason)
        self.signum = signum
        self.reason = reason

    def error(self, consequence: str) -> ServoError:
        """Return the answer (cancelled), which ends with ``consequence``."""
        if self.signum is not None:
            return Cancelled(self.signum, consequence)
        return failed("cancelled", "%s; %s" % (self.reason, consequence))


class TimeUp(Exception):  # noqa: N818
    """The time for it is over."""


class Schedule:
    """When progress is due, and when time is up, of something that began or is about to."""

    def __init__(
        self,
        on_progress: Callable[[float], None],
        progress_seconds: float = PROGRESS_SECONDS,
        limit_seconds: Optional[float] = None,
    ) -> None:
        """``on_progress(elapsed_seconds)`` is called every ``progress_seconds`` from ``begin`` on."""
        self._on_progress = on_progress
        self._progress_seconds = progress_seconds
        self._limit_seconds = math.inf if limit_seconds is None else limit_seconds
        self._began = self._next_progress = math.inf
        self._deadline = time.monotonic() + self._limit_seconds  # until it is known when it began

    def begin(self, began: float) -> None:
        """Count from ``began``, a time of the monotonic clock."""
        self._began = began
        self._next_progress = began + self._progress_seconds
        self._deadline = began + self._limit_seconds

    def seconds_left(self) -> float:
        """Return how long nothing is due."""
        return min(min(self._next_progress, self._deadline) - time.monotonic(), self._progress_seconds)

    def tick(self) -> None:
        """Report progress if that is due; raise TimeUp, or Unwanted where nobody takes the report."""
        now = time.monotonic()
        if now >= self._deadline:
            raise TimeUp
        if now >= self._next_progress:
            while self._next_progress <= now:  # more than once where the driver was stopped (^Z): what is past is past
                self._next_progress += self._progress_seconds
            self.report(now - self._began)

    def report(self, elapsed_seconds: float) -> None:
        """Report progress now; raise Unwanted where nobody takes it."""
        try:
            self._on_progress(elapsed_seconds)
        except OSError as error:
            raise Unwanted(None, "cannot write progress to stdout (%s)" % error) from None


class Child:
    """A child, as the driver has it: close ``control`` when it is to end, and ``reap`` it.

    ``told`` is what ``receive`` has received, by its keys; ``is_gone`` tells that there will be no more.
    """

    def __init__(self, task: Callable[[int, int, Set[Any]], None]) -> None:
        """Fork a child that does ``task(control, report, mask)``, with the signals in ``BLOCKED`` blocked, and exits.

        ``mask`` has the signals that the driver has blocked. Raises ``OSError`` where there can be no further process
        or descriptor.
        """
        self.told: Dict[str, Any] = {}
        self.is_gone = False
        self._unread = bytearray()
        with opened_pipes(2) as (child_control, self.control, self.report, child_report):
            # In its first moments the child has the driver's handlers. A signal waits until it has its own.
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
            try:
                self.pid = os.fork()
                if self.pid == 0:
                    try:
                        os.close(self.control)
                        task(child_control, child_report, mask)
                    finally:
                        os._exit(0)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(child_control)
        os.close(child_report)

    def watch(self, cancellation: Cancellation, schedule: Schedule) -> Iterator[Dict[str, Any]]:
        """Yield what the child tells, as it comes, until the child is gone; let ``schedule`` report meanwhile.

        Raises Unwanted once a signal has come or nobody reads stdout, and TimeUp.
        """
        while not self.is_gone:
            if cancellation.count:
                raise Unwanted(cancellation.signum)
            if self.report in attend(cancellation, schedule.seconds_left(), [self.report], minds_stdout=True):
                yield from self.receive()
            schedule.tick()

    def receive(self) -> List[Dict[str, Any]]:
        """Return what the child has told since; wait where there is nothing yet."""
        data = os.read(self.report, 65536)
        self.is_gone = not data
        self._unread += data
        if b"\n" not in data:  # a value may be as long as all that the job printed
            return []
        *lines, self._unread = self._unread.split(b"\n")
        messages = [json.loads(line.decode()) for line in lines]
        for message in messages:
            self.told.update(message)
        return messages

    def ask(self, request: bytes) -> None:
        """Write to the child's *control*, if the child is there."""
        with suppress(BrokenPipeError):
            os.write(self.control, request)

    def reap(self) -> int:
        """Let go of the pipe, wait for the child's end and return its status, as ``os.waitpid`` does."""
        os.close(self.report)
        try:
            return os.waitpid(self.pid, 0)[1]
        except ChildProcessError:  # reaped with what the job left, since the guard could not
            return 0


def tell(report: int, message: Dict[str, Any]) -> None:
    """Write ``message`` to the driver, if it is there."""
    with suppress(BrokenPipeError):
        os.write(report, json.dumps(message).encode() + b"\n")


@contextmanager
def opened_pipes(count: int) -> Iterator[List[int]]:
    """Give the ends of new pipes, for reading and for writing in turns; where there is an ``OSError``, close them."""
    ends: List[int] = []
    try:
        for _ in range(count):
            ends.extend(os.pipe())
        yield ends
    except OSError:
        for end in ends:
            os.close(end)
        raise


def wait_for(readable: Iterable[int], seconds: float = math.inf, writable: Iterable[int] = ()) -> Set[int]:
    """Return which descriptors can be read or written, or are at their end, after ``seconds`` at the latest."""
    return set(_poll(readable, seconds, writable))


def attend(
    cancellation: Cancellation,
    seconds: float,
    readable: Iterable[int],
    writable: Iterable[int] = (),
    *,
    minds_stdout: bool = False,
) -> Set[int]:
    """Do as ``wait_for``, but return when a signal comes; raise Unwanted where one minds that nobody reads stdout."""
    wakeup = cancellation.fileno()
    ready = _poll([*readable, wakeup], seconds, writable, [STDOUT] if minds_stdout else [])
    if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
        ready = _poll([*readable, wakeup], seconds, writable)
    if wakeup in ready:
        cancellation.clear()
    if STDOUT in ready:
        raise Unwanted(None, "stdout was closed, so nobody waits for an answer")
    return set(ready)


def _poll(readable: Iterable[int], seconds: float, writable: Iterable[int], ends: Iterable[int] = ()) -> Dict[int, int]:
    # Not select(2), which knows only the first 1024 descriptors.
    poll = select.poll()
    for descriptors, events in ((ends, 0), (readable, select.POLLIN), (writable, select.POLLOUT)):
        for descriptor in descriptors:
            poll.register(descriptor, events)  # POLLERR and POLLHUP come without being asked for
    milliseconds = None if seconds == math.inf else max(0.0, min(seconds, MAX_POLL_SECONDS) * 1000)
    return dict(poll.poll(milliseconds))


def detach(kept: Set[int]) -> None:
    """Give this process a session of its own, and nothing open but ``kept``, so that nobody waits for it.

    stdin, stdout and stderr become /dev/null.
    """
    os.setsid()
    os.close(0)  # so that there is one for the list, however few there may be
    for descriptor in _open_descriptors():
        if descriptor not in kept:
            with suppress(OSError):  # the one that listed the folder
                os.close(descriptor)
    while open_nothing() < 2:  # each is the lowest that is free
        pass


def open_nothing() -> int:
    """Return a descriptor that gives nothing to read: /dev/null, or where there is none, a pipe that has ended."""
    try:
        return os.open(os.devnull, os.O_RDWR)
    except OSError:
        readable, writable = os.pipe()
        os.close(writable)
        return readable


def _open_descriptors() -> Iterable[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return [int(name) for name in os.listdir(folder)]
    return range(1024)  # not up to the limit, which in a container can be a thousand million


def die_with_the_driver(control: int) -> None:
    """Have the kernel kill this process when ``control`` is closed, whatever it is at.

    With O_ASYNC the kernel sends SIGIO when the state of a pipe changes, whose default action ends a process, says
    signal(7). macOS ignores SIGIO by default: there a child goes on to its end.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, O_ASYNC)
    if wait_for([control], 0):  # it was closed before
        os._exit(0)

"""Being asked to stop: by the signals that cancel a measurement, or by nobody waiting for its answer any more.

The rule is one truthful answer, whenever a signal comes. So a signal is only recorded, and wakes whoever waits on
:meth:`Cancellation.fileno`; it raises nowhere but inside :meth:`Cancellation.interrupting`.
"""

import math
import os
import select
import signal
import time
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterable, Iterator, Optional

from servo_batch.answers import STDOUT, ServoError, failed

# SIGUSR1 is how the servo agent cancels a driver; the others are how people, shells and containers do.
SIGNALS = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Whoever starts a driver with these ignored (nohup, a shell's background job) wants it to outlive the terminal.
LEFT_IGNORED = (signal.SIGINT, signal.SIGHUP)
# One stop can arrive as several signals: timeout(1) signals its child and then its own group, a terminal that is closed
# hangs up once by the kernel and once by the shell. What comes so soon after another is no second wish.
ONE_STOP_SECONDS = 0.2


def signal_name(signum: int) -> str:
    """Return the name of a signal: ``SIGTERM``, or ``signal 37`` for one that has none."""
    try:
        return signal.Signals(signum).name
    except ValueError:
        return "signal %d" % signum


def catch(signals: Iterable[int], handler: Callable[[int, Any], None]) -> int:
    """Have ``handler`` called for signals, which may be blocked so far, but for those that are LEFT_IGNORED.

    Return a descriptor that becomes readable when a signal comes that has a handler, and never waits.
    """
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    for signum in signals:
        if not (signum in LEFT_IGNORED and signal.getsignal(signum) is signal.SIG_IGN):
            signal.signal(signum, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    return readable


class Cancellation:
    """Who has asked for the end while the ``with`` block runs; for the main thread, once in a process.

    ``count`` is how often that was by a signal: what comes within ONE_STOP_SECONDS of one that counts is one with it.
    ``lost`` says why nobody can read stdout any more, empty while somebody may. After the block none of the signals has
    an effect any more, until the process ends: a signal between the answer and the exit must not change what the answer
    said.
    """

    def __init__(self) -> None:
        self.count = 0
        self.lost = ""
        self._signum: Optional[int] = None  # the first that came
        self._last_counted = -math.inf
        self._raises = False

    def __enter__(self) -> "Cancellation":
        # Whoever started the driver may have left it ignored: then nobody is told of an exit status.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._readable = catch(SIGNALS, self._record)
        return self

    def __exit__(self, *_: object) -> None:
        # Not left to the handlers: Python takes them away while it shuts down, and then the default action would kill.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)

    def fileno(self) -> int:
        """Return a descriptor that is readable once a signal has come (and may be for a signal of another kind)."""
        return self._readable

    def clear(self) -> None:
        """Let the descriptor be readable no more until the next signal; those that came are recorded."""
        with suppress(BlockingIOError):
            os.read(self._readable, 4096)

    def refusal(self, consequence: str, heard: int = 0, minds_stdout: bool = False) -> Optional[ServoError]:
        """Return the answer (cancelled), which ends with ``consequence``, where somebody asks for the end.

        That is by a signal after ``heard`` of them or, if that is minded, by not being there to read stdout.
        """
        if self._signum and self.count > heard:
            told = "cancelled by %s: %s" % (signal_name(self._signum), consequence)
            return ServoError("failed", "cancelled", told, exit_status=128 + self._signum)
        return failed("cancelled", "%s; %s" % (self.lost, consequence)) if minds_stdout and self.lost else None

    def wait_for_stdout(self) -> None:
        """Return once stdout takes something; raise ``ServoError`` (cancelled) where somebody asks before it does."""
        poll = select.poll()
        poll.register(STDOUT, select.POLLOUT)
        poll.register(self._readable, select.POLLIN)
        count = self.count
        while STDOUT not in dict(poll.poll()):
            self.clear()
            refusal = self.refusal("nobody takes the answer from stdout", count)
            if refusal:
                raise refusal

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Let a signal, also one that came before, raise ``ServoError``: for what comes before anything is run."""
        self._raises = True
        try:
            self._raise_if_asked()
            yield
        finally:
            self._raises = False

    def _record(self, signum: int, _frame: Any) -> None:
        self._signum = self._signum or signum
        now = time.monotonic()
        if now - self._last_counted > ONE_STOP_SECONDS:
            self.count += 1
            self._last_counted = now
        self._raise_if_asked()

    def _raise_if_asked(self) -> None:
        refusal = self.refusal("no job was running")
        if self._raises and refusal:
            self._raises = False  # once: what runs after it, up to the answer, is not to be interrupted again
            raise refusal

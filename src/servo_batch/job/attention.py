"""The driver's loop: it sleeps until a child tells something, a signal comes, its stdout is closed, or time is up."""

import math
import select
import time
from typing import Any, Callable, Dict, List, Optional

from servo_batch.answers import STDOUT, ServoError, failed
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import Child, wait_for
from servo_batch.job.show import Shown

PROGRESS_SECONDS = 30.0


class Unwanted(Exception):  # noqa: N818 - what happened is no error of anybody's
    """Nobody wants the measurement to go on: a signal has come, or nobody reads stdout any more."""

    def __init__(self, signum: Optional[int], reason: str = "") -> None:
        super().__init__(reason)
        self.signum = signum

    def error(self, consequence: str) -> ServoError:
        """Return the answer (cancelled), which ends with ``consequence``."""
        if self.signum is not None:
            return Cancelled(self.signum, consequence)
        return failed("cancelled", "%s; %s" % (self, consequence))


class TimeUp(Exception):  # noqa: N818
    """The time for it is over."""


class Loop:
    """What is attended to: ``children`` that tell something, what is ``shown``, progress, and who asks for an end.

    ``hear`` is called with each message of a child. The first ``heard`` signals are passed over, and so is, unless it
    ``minds_stdout``, that nobody reads that.
    """

    def __init__(
        self,
        cancellation: Cancellation,
        on_progress: Callable[[float], None],
        progress_seconds: float = PROGRESS_SECONDS,
        limit_seconds: Optional[float] = None,
        heard: int = 0,
        minds_stdout: bool = True,
    ) -> None:
        """``on_progress(elapsed_seconds)`` is called every ``progress_seconds`` from ``begin`` on."""
        self.children: List[Child] = []
        self.shown: Optional[Shown] = None
        self.hear: Callable[[Dict[str, Any]], None] = lambda message: None
        self._cancellation = cancellation
        self._on_progress = on_progress
        self._progress_seconds = progress_seconds
        self._limit_seconds = math.inf if limit_seconds is None else limit_seconds
        self._heard = heard
        self._minds_stdout = minds_stdout
        self._began = self._next_progress = math.inf
        self._deadline = time.monotonic() + self._limit_seconds  # until it is known when it began
        cancellation.clear()

    def begin(self, began: float) -> None:
        """Count from ``began``, a time of the monotonic clock."""
        self._began = began
        self._next_progress = began + self._progress_seconds
        self._deadline = began + self._limit_seconds

    def watch(self, is_done: Callable[[], bool]) -> None:
        """Wait until it is done, and let progress be told; raise Unwanted or TimeUp."""
        while not is_done():
            self.refuse_if_unwanted()
            # Once in an interval in any case: the clock of a machine that slept goes on.
            self._turn(min(min(self._next_progress, self._deadline) - time.monotonic(), self._progress_seconds), True)
            now = time.monotonic()
            if now >= self._deadline:
                raise TimeUp
            if now >= self._next_progress:
                while self._next_progress <= now:  # more than once where the driver was stopped (^Z)
                    self._next_progress += self._progress_seconds
                self.report(now - self._began)

    def wait(self, is_done: Callable[[], bool], seconds: float, signals: float = math.inf) -> bool:
        """Wait until it is done, and return whether it is; no longer than ``seconds`` or more ``signals`` than that."""
        limit = time.monotonic() + seconds
        while not is_done():
            left = limit - time.monotonic()
            if left <= 0 or self._cancellation.count > signals:
                return False
            self._turn(left, False)
        return True

    def report(self, elapsed_seconds: float) -> None:
        """Tell progress now; raise Unwanted where nobody takes it."""
        try:
            self._on_progress(elapsed_seconds)
        except OSError as error:
            if self._minds_stdout:
                raise Unwanted(None, "cannot write progress to stdout (%s)" % error) from None

    def refuse_if_unwanted(self) -> None:
        """Raise Unwanted where a signal has come."""
        if self._cancellation.count > self._heard:
            raise Unwanted(self._cancellation.signum)

    def _turn(self, seconds: float, minds_stdout: bool) -> None:
        """Wait until something happens, so long at most; take what is told, and show what has come."""
        wakeup = self._cancellation.fileno()
        children = [child for child in self.children if not child.is_gone]
        readable = [wakeup, *(child.report for child in children)]
        writable = self.shown.waiting if self.shown else []
        ready = wait_for(readable, seconds, writable, [STDOUT] if minds_stdout and self._minds_stdout else [])
        if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
            ready = wait_for(readable, seconds, writable)
        if wakeup in ready:
            self._cancellation.clear()
        if STDOUT in ready:
            raise Unwanted(None, "stdout was closed, so nobody waits for an answer")
        for child in children:
            for message in child.receive() if child.report in ready else []:
                self.hear(message)
        if self.shown:
            self.shown.write()

"""What the driver attends to while a step runs: children that tell something, signals, its stdout, and the time."""

import math
import select
import time
from typing import Callable, List, NamedTuple, Optional

from servo_batch.answers import STDOUT, ServoError, failed
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import Child, wait_for
from servo_batch.job.progress import Telling
from servo_batch.job.show import Shown
from servo_batch.job.steps import Kind, Step


class Caller(NamedTuple):
    """Who wants a measurement: how they ask for its end and are told of it, and what becomes of what the job prints.

    ``keep_output`` is the path of a file to keep the job's stdout in; its stderr, where there is any, is kept beside
    it, with ``.stderr`` appended.
    """

    cancellation: Cancellation
    telling: Telling
    show_output: bool = False
    keep_output: Optional[str] = None


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


class Loop:
    """What is attended to: ``children`` that tell something, what is ``shown``, progress, and who asks for an end.

    A cleanup is not concerned by the signals that came before it, of which there are ``heard``, nor by a stdout that
    nobody reads: a terminal that is closed does both at once.
    """

    def __init__(self, step: Step, caller: Caller) -> None:
        self.children: List[Child] = []
        self.shown: Optional[Shown] = None
        self._step = step
        self._cancellation, self._telling = caller.cancellation, caller.telling
        is_cleanup = step.kind is Kind.CLEANUP
        self.heard = self._cancellation.count if is_cleanup else 0
        self._minds_stdout = not is_cleanup
        self._limit_seconds = math.inf if step.timeout_seconds is None else step.timeout_seconds
        self.begin(time.monotonic())  # until it is known when it began

    @property
    def signum(self) -> Optional[int]:
        """The signal that asks for the end of the step, if one has come."""
        return self._cancellation.signum if self._cancellation.count > self.heard else None

    def begin(self, began: float) -> None:
        """Count from ``began``, a time of the monotonic clock."""
        self._began = began
        self._next_progress = began + self._telling.interval_seconds
        self._deadline = began + self._limit_seconds

    def watch(self, is_done: Callable[[], bool]) -> bool:
        """Wait until it is done, and let progress be told; return whether it is, in time; raise Unwanted."""
        while not is_done():
            self.refuse_if_unwanted()
            self._turn(min(self._next_progress, self._deadline) - time.monotonic(), self._minds_stdout)
            now = time.monotonic()
            if now >= self._deadline:
                return False
            if now >= self._next_progress:
                self._next_progress = now + self._telling.interval_seconds
                self.report(now - self._began)
        return True

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
            self._telling.progress(self._step.kind, self._step.place, elapsed_seconds)
        except OSError as error:
            if self._minds_stdout:
                raise Unwanted(None, "cannot write progress to stdout (%s)" % error) from None

    def refuse_if_unwanted(self) -> None:
        """Raise Unwanted where a signal has come."""
        if self.signum is not None:
            raise Unwanted(self.signum)

    def _turn(self, seconds: float, minds_stdout: bool) -> None:
        """Wait until something happens, so long at most; take what is told, and show what has come."""
        wakeup = self._cancellation.fileno()
        children = [child for child in self.children if not child.is_gone]
        readable = [wakeup, *(child.report for child in children)]
        writable = self.shown.waiting if self.shown else []
        ready = wait_for(readable, seconds, writable, [STDOUT] if minds_stdout else [])
        if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
            ready = wait_for(readable, seconds, writable)
        if wakeup in ready:
            self._cancellation.clear()
        if STDOUT in ready:
            raise Unwanted(None, "stdout was closed, so nobody waits for an answer")
        for child in children:
            for message in child.receive() if child.report in ready else []:
                if "started" in message:
                    self.begin(message["started"][0])
                if "grown" in message and self.shown:
                    self.shown.grew()
        if self.shown:
            self.shown.write()

"""What the driver attends to while a step runs: children that tell something, signals, its stdout, and the time."""

import math
import select
import time
from typing import Callable, List, NamedTuple, Optional

from servo_batch.answers import STDOUT, ServoError, failed
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import Child, wait_for
from servo_batch.job.progress import Telling
from servo_batch.job.show_output import Shown
from servo_batch.job.types import Kind, Step


class Caller(NamedTuple):
    """Who wants a measurement: how they ask for its end and are told of it, and what becomes of what the job prints.

    ``keep_output`` is the path of a file to keep the job's stdout in; its stderr, where there is any, is kept beside
    it, with ``.stderr`` appended.
    """

    cancellation: Cancellation
    telling: Telling
    show_output: bool = False
    keep_output: Optional[str] = None


class Loop:
    """What is attended to: ``children`` that tell something, what is ``shown``, progress, and who asks for an end.

    ``lost`` says why nobody can read stdout any more; empty while somebody may.

    A cleanup is not concerned by the signals that came before it, of which there are ``heard``, nor by a stdout that
    nobody reads: a terminal that is closed does both at once.
    """

    def __init__(self, step: Step, caller: Caller) -> None:
        self.children: List[Child] = []
        self.shown: Optional[Shown] = None
        self.lost = ""
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

    @property
    def is_wanted(self) -> bool:
        """Whether nobody has asked for the end, and somebody may wait for it."""
        return self.signum is None and not self.lost

    def refusal(self, consequence: str) -> Optional[ServoError]:
        """Return the answer (cancelled), which ends with ``consequence``, where nobody wants the step to go on."""
        if self.signum is not None:
            return Cancelled(self.signum, consequence)
        return failed("cancelled", "%s; %s" % (self.lost, consequence)) if self.lost else None

    def begin(self, began: float) -> None:
        """Count from ``began``, a time of the monotonic clock."""
        self._began = began
        self._next_progress = began + self._telling.interval_seconds
        self._deadline = began + self._limit_seconds

    def watch(self, is_done: Callable[[], bool]) -> bool:
        """Wait until it is done, while that is wanted and in time, and let progress be told; return whether it is."""
        while not is_done():
            now = time.monotonic()
            if now >= self._deadline or not self.is_wanted:
                return False
            if now >= self._next_progress:
                self._next_progress = now + self._telling.interval_seconds
                self.report(now - self._began)
            self._turn(min(self._next_progress, self._deadline) - now)
        return True

    def wait(self, is_done: Callable[[], bool], seconds: float, signals: float = math.inf) -> bool:
        """Wait until it is done, and return whether it is; no longer than ``seconds`` or more ``signals`` than that."""
        limit = time.monotonic() + seconds
        while not is_done():
            left = limit - time.monotonic()
            if left <= 0 or self._cancellation.count > signals:
                return False
            self._turn(left)
        return True

    def report(self, elapsed_seconds: float) -> None:
        """Tell progress now."""
        try:
            self._telling.progress(self._step.kind, self._step.place, elapsed_seconds)
        except OSError as error:
            if self._minds_stdout:
                self.lost = "cannot write progress to stdout (%s)" % error

    def _turn(self, seconds: float) -> None:
        """Wait until something happens, so long at most; take what is told, and show what has come."""
        wakeup = self._cancellation.fileno()
        children = [child for child in self.children if not child.is_gone]
        readable = [wakeup, *(child.report for child in children)]
        writable = self.shown.waiting if self.shown else []
        ready = wait_for(readable, seconds, writable, [STDOUT] if self._minds_stdout and not self.lost else [])
        if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
            self._minds_stdout = False
        elif STDOUT in ready:
            self.lost = "stdout was closed, so nobody waits for an answer"
        if wakeup in ready:
            self._cancellation.clear()
        for child in children:
            for message in child.receive() if child.report in ready else []:
                if "started" in message:
                    self.begin(message["started"][0])
                if "grown" in message and self.shown:
                    self.shown.grew()
        if self.shown:
            self.shown.write()

"""What the driver attends to while a step runs: children that tell something, signals, its stdout, and the time."""

import math
import select
import time
from typing import Callable, List, NamedTuple, Optional

from servo_batch.answers import STDOUT, ServoError, failed
from servo_batch.job.cancel import Cancellation, cancelled
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

    Whoever runs the step adds to ``children`` and sets ``shown``. ``began`` is when the step began, by the monotonic
    clock. ``lost`` says why nobody can read stdout any more; empty while somebody may.

    A cleanup is not concerned by the signals that came before it, of which there are ``heard``, nor by a stdout that
    nobody reads: a terminal that is closed does both at once.
    """

    def __init__(self, step: Step, caller: Caller) -> None:
        self.step = step
        self.caller = caller
        self.children: List[Child] = []
        self.shown: Optional[Shown] = None
        self.lost = ""
        is_cleanup = step.kind is Kind.CLEANUP
        self.heard = caller.cancellation.count if is_cleanup else 0
        self._minds_stdout = not is_cleanup
        self.limit_seconds = math.inf if step.timeout_seconds is None else step.timeout_seconds
        self.began = time.monotonic()  # until it is known

    @property
    def is_wanted(self) -> bool:
        """Whether nobody has asked for the end, and somebody may wait for it."""
        return not self.refusal("")

    def refusal(self, consequence: str) -> Optional[ServoError]:
        """Return the answer (cancelled), which ends with ``consequence``, where nobody wants the step to go on."""
        cancellation = self.caller.cancellation
        if cancellation.signum is not None and cancellation.count > self.heard:
            return cancelled(cancellation.signum, consequence)
        return failed("cancelled", "%s; %s" % (self.lost, consequence)) if self.lost else None

    def watch(self, is_done: Callable[[], bool]) -> None:
        """Wait until it is done, while that is wanted and in time, and let progress be told."""
        while not is_done() and self.is_wanted:
            now = time.monotonic()
            due = self.caller.telling.due
            left = self.began + self.limit_seconds - now
            if left <= 0:
                break
            if now >= due:
                self.report(now - self.began)
            else:
                self._turn(min(due - now, left))

    def wait(self, is_done: Callable[[], bool], seconds: float, signals: float = math.inf) -> bool:
        """Wait until it is done, and return whether it is; no longer than ``seconds`` or more ``signals`` than that."""
        limit = time.monotonic() + seconds
        while not is_done() and time.monotonic() < limit and self.caller.cancellation.count <= signals:
            self._turn(limit - time.monotonic())
        return is_done()

    def report(self, elapsed_seconds: float) -> None:
        """Tell progress now."""
        try:
            self.caller.telling.progress(self.step.kind, self.step.place, elapsed_seconds)
        except ServoError as error:
            if self._minds_stdout:
                self.lost = error.message

    def _turn(self, seconds: float) -> None:
        """Wait until something happens, so long at most; take what is told, and show what has come."""
        wakeup = self.caller.cancellation.fileno()
        children = {child.report: child for child in self.children if not child.is_gone}
        writable = self.shown.waiting if self.shown else []
        ends = [STDOUT] if self._minds_stdout and not self.lost else []
        ready = wait_for([wakeup, *children], seconds, writable, ends)
        if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
            self._minds_stdout = False
        elif STDOUT in ready:
            self.lost = "stdout was closed, so nobody waits for an answer"
        if wakeup in ready:
            self.caller.cancellation.clear()
        for report in ready.keys() & children.keys():
            children[report].receive()
            self.began = children[report].told.get("started", [self.began])[0]
        if self.shown:
            self.shown.write()

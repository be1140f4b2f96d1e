"""What the driver attends to while a step runs: children that tell something, signals, its stdout, and the time."""

import math
import select
import time
from typing import Callable, List, NamedTuple, Optional

from servo_batch.answers import STDOUT, ServoError
from servo_batch.job.cancel import Cancellation
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

    Whoever runs the step adds to ``children`` and sets ``shown``.

    A cleanup is not concerned by the signals that came before it, of which there are ``heard``, nor by a stdout that
    nobody reads: a terminal that is closed does both at once.
    """

    def __init__(self, step: Step, caller: Caller) -> None:
        self.step = step
        self.caller = caller
        self.children: List[Child] = []
        self.shown: Optional[Shown] = None
        is_cleanup = step.kind is Kind.CLEANUP
        self.heard = caller.cancellation.count if is_cleanup else 0
        self._minds_stdout = not is_cleanup

    def refusal(self, consequence: str) -> Optional[ServoError]:
        """Return the answer (cancelled), which ends with ``consequence``, where nobody wants the step to go on."""
        return self.caller.cancellation.refusal(consequence, self.heard, self._minds_stdout)

    def watch(self, child: Child, is_done: Callable[[], object]) -> None:
        """Wait until a child is done, while that is wanted and in time, and let progress be told."""
        while not is_done() and not self.refusal(""):
            elapsed = time.monotonic() - child.began
            left = self.step.timeout_seconds - elapsed
            if left <= 0:
                break
            due = self.caller.telling.due - time.monotonic()
            if due <= 0:
                self.report(elapsed)
            else:
                self._turn(min(due, left))

    def wait(self, is_done: Callable[[], object], seconds: float, asked: float = math.inf) -> bool:
        """Wait until it is done, and return whether it is; no longer than ``seconds``, or until more have ``asked``."""
        limit = time.monotonic() + seconds
        while not is_done() and time.monotonic() < limit and self.caller.cancellation.count <= asked:
            self._turn(limit - time.monotonic())
        return bool(is_done())

    def report(self, elapsed_seconds: float) -> None:
        """Tell progress now."""
        try:
            self.caller.telling.progress(self.step.kind, self.step.place, elapsed_seconds)
        except ServoError as error:
            self.caller.cancellation.lost = error.message

    def _turn(self, seconds: float) -> None:
        """Wait until something happens, so long at most; take what is told, and show what has come."""
        wakeup = self.caller.cancellation.fileno()
        children = {child.report: child for child in self.children if not child.is_gone}
        writable = self.shown.waiting if self.shown else []
        ends = [STDOUT] if self._minds_stdout and not self.caller.cancellation.lost else []
        ready = wait_for([wakeup, *children], seconds, writable, ends)
        if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
            self._minds_stdout = False
        elif STDOUT in ready:
            self.caller.cancellation.lost = "stdout was closed, so nobody waits for an answer"
        if wakeup in ready:
            self.caller.cancellation.clear()
        for report in ready.keys() & children.keys():
            children[report].receive()
        if self.shown:
            self.shown.write()

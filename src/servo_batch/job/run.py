"""The job: execute it, time it, stop it; one Step in, one Ended out.

The job is the child of a guard (see guard.py), which times it and sees to it that nothing of it outlives the driver; a
keeper (see keeper.py) reads what it prints. The driver attends to both (see attention.py).
"""

import math
import os
import shlex
import signal
import time
from typing import Optional

from servo_batch.answers import failed_by_machine
from servo_batch.job.attention import Caller, Loop
from servo_batch.job.guard import Guard
from servo_batch.job.keeper import LATE_SECONDS, Keeper
from servo_batch.job.outcomes import Ended, NotStarted, Outcome, judged
from servo_batch.job.output import Output
from servo_batch.job.show_output import Shown
from servo_batch.job.types import Step

# Nobody waits longer than this for the disk where the job was stopped.
DISK_AFTER_STOP_SECONDS = LATE_SECONDS + 0.5
# What copies the job's output ends sooner after the job.
HELD_SECONDS = 0.5
# How long a guard may take that has nothing more to wait for.
GUARD_SECONDS = 10.0
# Whoever stops all processes at once stops one after the other: it may be the driver's turn only after the job's end.
SKEW_SECONDS = 0.1
# A wait for the grace period that is shorter than this is not worth a word.
UNSAID_SECONDS = 0.3


def check_working_directory(folder: Optional[str]) -> None:
    """Raise ``ServoError`` (command-failed) where a command cannot run in ``folder``; None is the driver's."""
    try:
        os.stat(os.path.join(folder or "", "."))
    except OSError as error:
        message = "the job cannot start: working_directory %s: %s; correct it, or make the folder"
        raise failed_by_machine(message % (shlex.quote(folder or ""), error.strerror)) from None


class Running(Loop):
    """A running step, which prints to ``output``, as the driver sees it."""

    def __init__(self, step: Step, output: Output, caller: Caller) -> None:
        super().__init__(step, caller)
        self._output = output
        self._incomplete = ""  # why the output may lack something
        self._held_seconds = 0.0  # how long it came after the job's end
        self._keeper: Optional[Keeper] = None
        self._guard: Optional[Guard] = None
        self._outcome: Outcome = NotStarted(0)

    def to_the_end(self) -> Ended:
        """Run it, and return what came of it, which is well.

        Raises ServoError: ``command-failed`` (not started, ended badly, killed, output lost), ``timeout`` or
        ``cancelled``, the last two once nothing of the job is alive; ``timeout`` also where the job ran past it and
        ended before it could be stopped. A signal that comes after the job ended well raises nothing here: what
        follows does.
        """
        try:
            self._run()
        except OSError as error:
            self._outcome = NotStarted(error.errno or 0)
        finally:
            self._finish()
        if not isinstance(self._outcome, Ended) or self._outcome.status:
            self.wait(lambda: False, SKEW_SECONDS, self.heard)
        return judged(self._outcome, self.step, self._output, self._incomplete, self.refusal)

    def _run(self) -> None:
        """Start the job, if somebody wants it, and watch it; raise ``OSError``."""
        keeper = self._keeper = Keeper(self._output, tells_growth=self.caller.show_output)
        self.children.append(keeper)
        if self.caller.show_output:
            self.shown = Shown(self._output, self.caller.telling.room)
        self.report(0.0)  # before the start, since what the driver does just after it would slow the job down
        try:
            if self.refusal(""):
                return
            guard = self._guard = Guard(self.step, keeper.stdout, keeper.stderr)
        finally:
            keeper.hand_over()
        self.children.append(guard)
        self.watch(guard, lambda: guard.outcome)

    def _finish(self) -> None:
        """Stop the job if it runs, and return when nothing of it is alive but what it left by itself."""
        asked = self.caller.cancellation.count
        if self.caller.cancellation.lost:  # the signal that follows is no second wish
            asked = max(asked, self.heard + 1)
        if self._guard and not self._guard.outcome:
            self._stop(self._guard, asked)
        has_ended = self._guard is not None and isinstance(self._guard.outcome, Ended)
        if self._keeper:
            self._keep(self._keeper, math.inf if has_ended else DISK_AFTER_STOP_SECONDS, asked)
        if self._guard:
            self._dismiss(self._guard)
        if self.shown:
            self.shown.finish(lambda: has_ended and self.caller.cancellation.count <= asked)
            self.shown = None

    def _stop(self, guard: Guard, asked: int) -> None:
        """Have the guard stop the job, which is over then, or about to be."""
        guard.ask()
        os.kill(guard.pid, signal.SIGCONT)  # somebody may have stopped it
        if not self.wait(lambda: guard.outcome, UNSAID_SECONDS, asked) and self.caller.cancellation.count <= asked:
            self.caller.telling.stopping(self.step.kind, self.step.grace_seconds)
        self.wait(lambda: guard.outcome, self.step.grace_seconds + GUARD_SECONDS, asked)
        guard.ask()  # to wait no longer, where it still does

    def _keep(self, keeper: Keeper, limit_seconds: float, asked: int) -> None:
        """Have the keeper read what is on its way, and note whether it keeps all of it."""
        os.close(keeper.control)
        began = time.monotonic()
        self.wait(lambda: keeper.is_gone or "kept" in keeper.told, limit_seconds, asked)
        self._held_seconds = time.monotonic() - began
        self.children.remove(keeper)
        why = "somebody killed the process that keeps it" if keeper.is_gone else "it is still being written"
        self._incomplete, is_at_end = keeper.told.get("kept", (why, keeper.is_gone))
        if is_at_end:
            keeper.reap()
        else:
            os.close(keeper.report)

    def _dismiss(self, guard: Guard) -> None:
        """Let the guard go, which tells what is left running, and note what came of the job; kill it where it hangs."""
        os.close(guard.control)
        if not self.wait(lambda: guard.is_gone, GUARD_SECONDS):
            os.kill(guard.pid, signal.SIGKILL)
            self.wait(lambda: guard.is_gone, math.inf)
        self.children.remove(guard)
        guard.reap()
        self._outcome = guard.outcome or self._outcome
        if isinstance(self._outcome, Ended) and self._outcome.left_running == [] and self._held_seconds > HELD_SECONDS:
            work = "something that held its output open for %.1f s more, which are not in its time" % self._held_seconds
            self._outcome = self._outcome._replace(left_running=[work])

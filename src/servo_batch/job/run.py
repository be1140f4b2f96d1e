"""The job: execute it, time it, stop it; one Step in, one Ended out.

The job is the child of a guard (see guard.py), which times it and sees to it that nothing of it outlives the driver; a
keeper (see keeper.py) reads what it prints. The driver attends to both (see attention.py).
"""

import math
import os
import shlex
import signal
from typing import Optional

from servo_batch.answers import HostError
from servo_batch.job import failures, output
from servo_batch.job.attention import Caller, Loop
from servo_batch.job.guard import KILL, STOP, Guard
from servo_batch.job.keeper import LATE_SECONDS, Keeper
from servo_batch.job.output import Output
from servo_batch.job.show_output import Shown
from servo_batch.job.types import Ended, Kind, NotStarted, Outcome, Step

# Nobody waits longer than this for the disk where the job was stopped.
DISK_AFTER_STOP_SECONDS = LATE_SECONDS + 0.5
# How long a guard may take that has nothing more to wait for.
GUARD_SECONDS = 10.0
# Whoever stops all processes at once stops one after the other: it may be the driver's turn only after the job's end.
SKEW_SECONDS = 0.1
# A wait for the grace period that is shorter than this is not worth a word.
UNSAID_SECONDS = 0.3


def run(step: Step, caller: Caller) -> Ended:
    """Run a command and return what came of it, which is well; whoever calls closes its ``output``.

    Raises ServoError: ``command-failed`` (not started, ended badly, killed, output lost), ``timeout`` or ``cancelled``,
    the last two once nothing of the job is alive; ``timeout`` also where the job ran past it and ended before it could
    be stopped. A signal that comes after the job ended well raises nothing here: look at ``cancellation.signum``.
    """
    check_working_directory(step.working_directory)
    files = output.create(caller.keep_output if step.kind is Kind.JOB else None)
    try:
        return _Running(step, files, caller).to_the_end()
    except BaseException:
        files.close()
        raise


def check_working_directory(folder: Optional[str]) -> None:
    """Raise ``HostError`` where a command cannot run in ``folder``; None is the driver's."""
    try:
        os.stat(os.path.join(folder or "", "."))
    except OSError as error:
        message = "the job cannot start: working_directory %s: %s; correct it, or make the folder"
        raise HostError(message % (shlex.quote(folder or ""), error.strerror)) from None


class _Running:
    """The running job, as the driver sees it."""

    def __init__(self, step: Step, files: Output, caller: Caller) -> None:
        self._step = step
        self._output = files
        self._caller = caller
        self._loop = Loop(step, caller)
        self._keeper: Optional[Keeper] = None
        self._guard: Optional[Guard] = None
        self._outcome: Optional[Outcome] = None  # None until it is known, and where nothing was started

    def to_the_end(self) -> Ended:
        """Run the job, and return its end where it ended well; raise ``ServoError``."""
        try:
            self._start()
            if self._guard:
                self._loop.watch(self._is_over)
        except OSError as error:
            self._outcome = NotStarted(error.errno or 0)
        finally:
            self._finish()
        if not isinstance(self._outcome, Ended) or self._outcome.status:
            self._loop.wait(lambda: False, SKEW_SECONDS, self._loop.heard)
        return failures.judge(self._step, self._output, self._outcome, self._loop)

    def _start(self) -> None:
        """Start the job, if somebody wants it; raise ``OSError``."""
        self._keeper = Keeper(self._output, tells_growth=self._caller.show_output)
        self._loop.children.append(self._keeper)
        if self._caller.show_output:
            self._loop.shown = Shown(self._output, self._caller.telling.room)
        try:
            self._loop.report(0.0)  # before the start, since what the driver does just after it would slow the job down
            if self._loop.is_wanted:
                self._guard = Guard(self._step, self._keeper.stdout, self._keeper.stderr)
                self._loop.children.append(self._guard)
        finally:
            self._keeper.hand_over()

    def _is_over(self) -> bool:
        assert self._guard
        return self._guard.is_gone or self._guard.has_told

    def _finish(self) -> None:
        """Stop the job if it runs, and return when nothing of it is alive but what it left by itself."""
        asked = self._caller.cancellation.count
        if self._loop.lost:  # of a terminal that is closed, the signal that follows is no second wish
            asked = max(asked, self._loop.heard + 1)
        if self._guard:
            self._stop(self._guard, asked)
        has_ended = self._guard is not None and "ended" in self._guard.told
        if self._keeper:
            self._keep(self._keeper, math.inf if has_ended else DISK_AFTER_STOP_SECONDS, asked)
        if self._guard:
            self._dismiss(self._guard)
        if self._loop.shown:
            self._loop.shown.finish(lambda: has_ended and self._caller.cancellation.count <= asked)
            self._loop.shown = None

    def _stop(self, guard: Guard, asked: int) -> None:
        """Have the guard stop the job if it runs; where the guard is gone or hangs, kill what is known of the job."""
        if not self._is_over():
            guard.ask(STOP)
            os.kill(guard.pid, signal.SIGCONT)  # somebody may have stopped it
            if not self._loop.wait(self._is_over, UNSAID_SECONDS, asked) and self._caller.cancellation.count <= asked:
                self._caller.telling.stopping(self._step.kind, self._step.grace_seconds)
            if not self._loop.wait(self._is_over, self._step.grace_seconds + GUARD_SECONDS, asked):
                guard.ask(KILL)
            if not self._loop.wait(self._is_over, GUARD_SECONDS):
                os.kill(guard.pid, signal.SIGKILL)
                self._loop.wait(self._is_over, math.inf)
        if not guard.has_told:
            guard.kill_job()

    def _keep(self, keeper: Keeper, limit_seconds: float, asked: int) -> None:
        """Have the keeper read what is on its way, and note whether it keeps all of it."""
        os.close(keeper.control)
        self._loop.wait(lambda: keeper.is_gone or "kept" in keeper.told, limit_seconds, asked)
        self._loop.children.remove(keeper)
        number, is_at_end = keeper.told.get("kept", (None, keeper.is_gone))
        why = "" if number is None else self._output.why(number)
        if "kept" not in keeper.told:
            why = "somebody killed the process that keeps it" if keeper.is_gone else "it is still being written"
        self._output = self._output._replace(incomplete=why and "the job's output may be incomplete: " + why)
        if is_at_end:
            keeper.reap()
        else:
            os.close(keeper.report)

    def _dismiss(self, guard: Guard) -> None:
        """Let the guard go, which tells what is left running, and note what came of the job."""
        os.close(guard.control)
        self._loop.wait(lambda: guard.is_gone, GUARD_SECONDS)
        os.kill(guard.pid, signal.SIGKILL)
        self._loop.children.remove(guard)
        guard.reap()
        self._outcome = guard.outcome(self._output)

"""The job: execute it, time it, stop it; one Step in, one Ended out.

The job is the child of a guard (see guard.py), which times it and sees to it that nothing of it outlives the driver; a
keeper (see keeper.py) reads what it prints. The driver attends to both (see attention.py).
"""

import math
import os
import shlex
import signal
import time
from contextlib import suppress
from typing import Any, Dict, FrozenSet, Optional, Union

from servo_batch import executable
from servo_batch.answers import HostError, failed
from servo_batch.job import descendants, failures, guard, output
from servo_batch.job.attention import PROGRESS_SECONDS, Loop, TimeUp, Unwanted
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import Child, wait_for
from servo_batch.job.keeper import LATE_SECONDS, Keeper
from servo_batch.job.outcomes import Ended, NotStarted, Outcome, Stopped, Usage
from servo_batch.job.output import Output
from servo_batch.job.show import Show, Shown
from servo_batch.job.steps import Kind, Place, Step

# How long the disk may take for what was on its way when the job had ended; when it was stopped, nobody waits for it.
DISK_SECONDS, DISK_AFTER_STOP_SECONDS = 10.0, LATE_SECONDS + 0.5
# How long nobody may take what is shown before the rest of it is given up; and how long that takes after a stop.
SHOW_SECONDS, SHOW_AFTER_STOP_SECONDS = 1.0, 0.3
# How long a guard may take that has nothing more to wait for.
GUARD_SECONDS = 5.0
# What a guard tells of the job's end.
ENDS = {"not_started", "ended", "stopped"}
# Whoever stops all processes at once stops one after the other: it may be the driver's turn only after the job's end.
SKEW_SECONDS = 0.1
# A wait for the grace period that is shorter than this is not worth a word.
UNSAID_SECONDS = 0.3


class Listener:
    """What wants to know how a measurement goes: a subclass overrides what it wants to know. None of it may wait."""

    progress_seconds = PROGRESS_SECONDS

    def progress(self, kind: Kind, place: Place, elapsed_seconds: float) -> None:
        """Take note of progress: just before each command is started, then every ``progress_seconds``.

        An ``OSError`` that it raises means that nobody waits for the measurement any more.
        """

    def stopping(self, kind: Kind, grace_seconds: float) -> None:
        """Take note that a command was asked to end, is given so long, and takes its time; a signal ends the wait."""


def run(
    step: Step,
    cancellation: Cancellation,
    listener: Listener,
    *,
    show: Optional[Show] = None,
    keep_output: Optional[str] = None,
) -> Ended:
    """Run a command and return what came of it, which is well; whoever calls closes its ``output``.

    ``show`` says where what it prints is to be shown, too. ``keep_output`` is the path of a file to keep its stdout in;
    its stderr, where there is any, is kept beside it, with ``.stderr`` appended. A cleanup is not concerned by the
    signals that came before it, nor by a stdout that nobody reads: a terminal that is closed does both at once.

    Raises ServoError: ``command-failed`` (not started, ended badly, killed, output lost), ``timeout`` or ``cancelled``,
    the last two once nothing of the job is alive; ``timeout`` also where the job ran past it and ended before it could
    be stopped. A signal that comes after the job ended well raises nothing here: look at ``cancellation.signum``.
    """
    check_working_directory(step.working_directory)
    files = output.create(keep_output)
    try:
        return _Running(step, files, cancellation, listener).to_the_end(show)
    except BaseException:
        files.close()
        raise


def check_working_directory(folder: Optional[str] = None) -> None:
    """Raise ``ServoError`` where a command cannot run in ``folder``, by default in the driver's, which may be gone."""
    try:
        os.stat(os.path.join(folder, ".") if folder else os.getcwd())
    except OSError as error:
        if folder:
            message = "the job cannot start: working_directory %s: %s; correct it, or make the folder"
            raise failed("command-failed", message % (shlex.quote(folder), error.strerror)) from None
        message = "the job cannot start: the working directory is gone; start the driver in another"
        raise HostError(message) from None


class _Running:
    """The running job, as the driver sees it; ``outcome`` is what came of it, None until that is known."""

    def __init__(self, step: Step, files: Output, cancellation: Cancellation, listener: Listener) -> None:
        self._step = step
        self._output = files
        self._cancellation = cancellation
        self._listener = listener
        self._outcome: Optional[Outcome] = None
        self._incomplete = ""  # why not all that it printed may have been kept
        self._keeper: Optional[Keeper] = None
        self._guard: Optional[Child] = None
        self._reader: Optional[int] = None  # the keeper, where it reads on
        self._heard = cancellation.count if step.kind is Kind.CLEANUP else 0
        self._shown = Shown(None, files)
        # If the guard is killed, the job's processes come to the driver.
        self._can_follow = descendants.become_subreaper()
        self._spared: FrozenSet[int] = frozenset()
        self._loop = Loop(
            cancellation,
            lambda elapsed_seconds: listener.progress(step.kind, step.place, elapsed_seconds),
            listener.progress_seconds,
            step.timeout_seconds,
            heard=self._heard,
            minds_stdout=step.kind is not Kind.CLEANUP,
        )

    def to_the_end(self, show: Optional[Show]) -> Ended:
        """Run the job, and return its end where it ended well; raise ``ServoError``."""
        wish: Union[Unwanted, TimeUp, None] = None
        try:
            self._loop.refuse_if_unwanted()
            self._start(show)
            self._loop.watch(self._is_over)
        except (Unwanted, TimeUp) as unwanted:
            wish = unwanted
        except OSError as error:
            self._outcome = NotStarted(error.errno, str(error))
        finally:
            self._finish(wish)
        ended = self._outcome if isinstance(self._outcome, Ended) else None
        if wish is None and (isinstance(self._outcome, Stopped) or (ended and ended.status)):
            wait_for([self._cancellation.fileno()], SKEW_SECONDS)
        return self._judged(wish, self._cancellation.signum if self._cancellation.count > self._heard else None)

    def _start(self, show: Optional[Show]) -> None:
        """Start the job; raise ``OSError`` or Unwanted."""
        self._loop.hear = self._hear
        self._keeper = Keeper(self._output, tells_growth=show is not None)
        self._loop.children.append(self._keeper)
        self._shown = self._loop.shown = Shown(show, self._output)
        self._loop.report(0.0)  # before the start, since what the driver does just after it would slow the job down
        self._loop.refuse_if_unwanted()
        self._spared = frozenset(descendants.children()) if self._can_follow else frozenset()
        self._guard = guard.start(self._step, self._keeper.stdout, self._keeper.stderr)
        self._loop.children.append(self._guard)
        self._keeper.hand_over()

    def _hear(self, message: Dict[str, Any]) -> None:
        if "started" in message:
            self._loop.begin(message["started"][0])
        if "grown" in message:
            self._shown.grew(message["grown"])

    def _is_over(self) -> bool:
        assert self._guard
        return self._guard.is_gone or bool(self._guard.told.keys() & ENDS)

    def _finish(self, wish: Union[Unwanted, TimeUp, None]) -> None:
        """Stop the job if it runs, and return when nothing of it is alive but what it left by itself."""
        asked = self._cancellation.count
        if isinstance(wish, Unwanted):  # of a terminal that is closed, the signal that follows is no second wish
            asked = max(asked, self._heard + 1)
        if self._guard:
            self._stop(self._guard, asked)
        has_ended = self._guard is not None and "ended" in self._guard.told
        if self._keeper:
            self._keep(self._keeper, DISK_SECONDS if has_ended else DISK_AFTER_STOP_SECONDS, asked)
        # What the job left running goes to whom it would go to without the driver: it is no part of the next job.
        descendants.become_subreaper(False)
        if self._guard:
            self._dismiss(self._guard)
        self._shown.last()
        if not has_ended:
            self._loop.wait(lambda: not self._shown.waiting, SHOW_AFTER_STOP_SECONDS, asked)
        while has_ended and self._shown.waiting and self._loop.wait(self._shown.has_moved, SHOW_SECONDS, asked):
            pass
        self._shown.close()

    def _stop(self, guard_: Child, asked: int) -> None:
        """Have the guard stop the job if it runs; kill what is known of it where the guard is gone or hangs."""
        if not self._is_over():
            guard_.ask(guard.STOP)
            os.kill(guard_.pid, signal.SIGCONT)  # somebody may have stopped it
            grace_seconds = self._step.grace_seconds
            if not self._loop.wait(self._is_over, UNSAID_SECONDS, asked) and self._cancellation.count <= asked:
                with suppress(OSError):
                    self._listener.stopping(self._step.kind, grace_seconds)
            if not self._loop.wait(self._is_over, grace_seconds + descendants.KILL_SECONDS + GUARD_SECONDS, asked):
                guard_.ask(guard.KILL)
            if not self._loop.wait(self._is_over, descendants.KILL_SECONDS + GUARD_SECONDS):
                os.kill(guard_.pid, signal.SIGKILL)
                self._loop.wait(self._is_over, math.inf)
        if not guard_.told.keys() & ENDS:
            began, pid = guard_.told.get("started", (None, None))
            survivors = None
            if self._can_follow:
                survivors = descendants.Stop(time.sleep).kill(self._spared)
            elif pid is not None:
                descendants.send(os.killpg, pid, signal.SIGKILL)
            guard_.told["stopped"] = None if began is None else time.monotonic() - began, None, survivors

    def _keep(self, keeper: Keeper, limit_seconds: float, asked: int) -> None:
        """Have the keeper read what is on its way, and note how much it keeps."""
        keeper.hand_over()
        os.close(keeper.control)
        self._loop.wait(lambda: keeper.is_gone or "kept" in keeper.told, limit_seconds, asked)
        self._loop.children.remove(keeper)
        sizes = [os.fstat(stream.fileno()).st_size for stream in (self._output.stdout, self._output.stderr)]
        *sizes, number, is_at_end = keeper.told.get("kept", [*sizes, None, keeper.is_gone])
        self._output = self._output._replace(stdout_size=sizes[0], stderr_size=sizes[1])
        why = "" if number is None else self._output.told(output.why(number))
        if "kept" not in keeper.told:
            hangs = self._output.told("to write took longer than %g s" % limit_seconds)
            why = "somebody killed the process that keeps it" if keeper.is_gone else hangs
        self._incomplete = "the job's output may be incomplete: " + why if why else ""
        if is_at_end:
            keeper.reap()
        else:
            os.close(keeper.report)
            self._reader = keeper.pid

    def _dismiss(self, guard_: Child) -> None:
        """Let the guard go, and note what came of the job as it tells."""
        told = guard_.told
        os.close(guard_.control)
        if not self._loop.wait(lambda: guard_.is_gone, GUARD_SECONDS):
            os.kill(guard_.pid, signal.SIGKILL)
        self._loop.children.remove(guard_)
        guard_.reap()
        if "not_started" in told:
            self._outcome = NotStarted(*told["not_started"])
        elif "stopped" in told:
            seconds, status, survivors = told["stopped"]
            self._outcome = Stopped(seconds, status, descendants.processes(survivors))
        else:
            seconds, status, usage = told["ended"]
            left = descendants.processes(told.get("left"))
            self._outcome = Ended(seconds, status, Usage(*usage), self._output, left, self._reader)

    def _judged(self, wish: Union[Unwanted, TimeUp, None], signum: Optional[int]) -> Ended:
        """Return the end of a job that ended well; raise the one error that says all."""
        step, outcome, limit_seconds = self._step, self._outcome, self._step.timeout_seconds
        is_late = isinstance(outcome, Ended) and limit_seconds is not None and outcome.runtime_seconds > limit_seconds
        if isinstance(outcome, Ended) and outcome.status in step.success_statuses and not self._incomplete:
            if not is_late:
                return outcome
        elif signum is not None:
            raise Cancelled(signum, failures.became(outcome, step))
        if isinstance(outcome, NotStarted):
            message = step.told(failures.why_not_started(step, outcome))
            is_of_command = outcome.number is None or outcome.number in executable.OF_THE_COMMAND
            raise failed("command-failed", message) if is_of_command else HostError(message)
        details = [failures.details(step.arguments, self._output)]
        if isinstance(outcome, Ended):
            late = failures.ran_past(step) + "; it ended by itself"
            why = late if is_late else failures.why_ended_badly(step, outcome.status)
            parts = [why, self._incomplete, failures.left_running(step, outcome)]
            message = step.told("; ".join(filter(None, parts)))
            if self._incomplete and not is_late:
                raise HostError(message, details)
            raise failed("timeout" if is_late else "command-failed", message, details)
        if isinstance(wish, Unwanted):
            raise wish.error(failures.became(outcome, step))
        if isinstance(wish, TimeUp):
            how = failures.how_stopped(outcome) if outcome else ""
            raise failed("timeout", step.told(failures.ran_past(step) + " and was stopped" + how), details)
        became = failures.became(outcome, step._replace(place=Place()))
        raise HostError(step.told("somebody killed the guard, which watches the job; " + became))

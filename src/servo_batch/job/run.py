"""The job: execute it, time it, stop it; one Step in, one Ended out.

The job is the child of a guard (see guard.py), which times it and sees to it that nothing of it outlives the driver; a
keeper (see keeper.py) reads what it prints. The driver sleeps until the guard reports, a signal comes, its stdout is
closed, or the next progress or the timeout is due.
"""

import errno
import math
import os
import shlex
import signal
import time
from contextlib import ExitStack, suppress
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Union

from servo_batch import executable
from servo_batch.answers import HostError, failed
from servo_batch.job import descendants, failures, guard, output
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import PROGRESS_SECONDS, Child, Schedule, TimeUp, Unwanted, wait_for
from servo_batch.job.descendants import Process
from servo_batch.job.keeper import LATE_SECONDS, Keeper, Kept
from servo_batch.job.outcomes import Broken, Ended, NotStarted, Outcome, Output, Stopped, Usage
from servo_batch.job.show_output import Show, Shower
from servo_batch.job.steps import Kind, Place, Step

# How long the disk may take for what was on its way when the job had ended; when it was stopped, nobody waits for it.
DISK_SECONDS, DISK_AFTER_STOP_SECONDS = 10.0, LATE_SECONDS + 0.5
# How long nobody may take what is shown before the rest of it is given up.
SHOW_SECONDS, SHOW_AFTER_STOP_SECONDS = 1.0, 0.1
# How long a guard may take that has nothing more to wait for.
GUARD_SECONDS = 5.0
# Whoever stops all processes at once stops one after the other: it may be the driver's turn only after the job's end.
SKEW_SECONDS = 0.1
# A wait for the grace period that is shorter than this is not worth a word.
UNSAID_SECONDS = 0.3


class Listener:
    """What wants to know how a measurement goes: a subclass overrides what it wants to know. None of it may wait."""

    progress_seconds = PROGRESS_SECONDS

    def progress(self, kind: Kind, place: Place, elapsed_seconds: float) -> None:
        """Take note of progress: once before each command is started, then every ``progress_seconds``.

        An ``OSError`` that it raises means that nobody waits for the measurement any more.
        """

    def stopping(self, kind: Kind, grace_seconds: float) -> None:
        """Take note that a command was asked to end, is given so long, and takes its time; a second signal kills it."""


def run(
    step: Step,
    cancellation: Cancellation,
    listener: Listener,
    *,
    show: Optional[Show] = None,
    keep_output: Optional[str] = None,
) -> Ended:
    """Run a command and return what came of it, which is well; whoever calls closes its ``output``.

    The listener hears of progress just before the start, since what the driver does just after it would slow the job
    down. ``show`` says where what the command prints is to be shown, too. ``keep_output`` is the path of a file to keep
    its stdout in; its stderr, where there is any, is kept beside it, with ``.stderr`` appended.

    A cleanup is not concerned by the signals that came before it, nor by a stdout that nobody reads: a terminal that is
    closed does both at once.

    Raises ServoError: ``command-failed`` (not started, ended badly, killed, output lost), ``timeout`` or ``cancelled``,
    the last two once nothing of the job is alive; ``timeout`` also where the job ran past it and ended before it could
    be stopped. A signal that comes after the job ended well raises nothing here: look at ``cancellation.signum``.
    """
    is_cleanup = step.kind is Kind.CLEANUP
    heard = cancellation.count if is_cleanup else 0
    if cancellation.count > heard:
        raise Cancelled(cancellation.signum or 0, failures.became(None, step))
    check_working_directory(step.working_directory)

    def on_progress(elapsed_seconds: float) -> None:
        try:
            listener.progress(step.kind, step.place, elapsed_seconds)
        except OSError:
            if not is_cleanup:
                raise

    schedule = Schedule(on_progress, listener.progress_seconds, step.timeout_seconds)
    wish: Union[Unwanted, TimeUp, None] = None
    with ExitStack() as undo:
        files = output.create(keep_output)
        undo.callback(files.close)
        running = _Running(step, files, cancellation, heard, listener)
        try:
            running.keep(show)
            schedule.report(0.0)
            if cancellation.count > heard:
                raise Unwanted(cancellation.signum)
            running.start()
            running.watch(schedule, minds_stdout=not is_cleanup)
        except (Unwanted, TimeUp) as unwanted:
            wish = unwanted
        except OSError as error:
            running.outcome = NotStarted(error.errno, str(error))
        finally:
            running.finish()
        if wish is None and running.may_have_been_killed():
            wait_for([cancellation.fileno()], SKEW_SECONDS)
        signum = cancellation.signum if cancellation.count > heard else None
        ended = _judged(step, running, wish, signum)
        undo.pop_all()
    return ended


def _judged(step: Step, running: "_Running", wish: Union[Unwanted, TimeUp, None], signum: Optional[int]) -> Ended:
    """Return the Ended of a job that ended well; raise the one error that says all."""
    outcome = running.outcome
    if isinstance(outcome, Broken):
        raise RuntimeError("a process of ours failed:\n" + outcome.traceback)
    has_succeeded = isinstance(outcome, Ended) and outcome.status in step.success_statuses and not running.problem
    if signum is not None and not has_succeeded:
        raise Cancelled(signum, failures.became(outcome, step))
    if isinstance(outcome, NotStarted):
        message = step.told(failures.why_not_started(step, outcome))
        is_of_command = outcome.number is None or outcome.number in executable.OF_THE_COMMAND
        raise failed("command-failed", message) if is_of_command else HostError(message)
    if isinstance(outcome, Ended):
        return _judged_end(step, outcome, running.problem)
    if isinstance(wish, Unwanted):
        raise wish.error(failures.became(outcome, step))
    if isinstance(wish, TimeUp):
        message = "%s ran past its timeout of %g s and was stopped" % (step.subject, step.timeout_seconds or 0)
        message += failures.how_stopped(outcome) if outcome else ""
        raise failed("timeout", step.told(message), [failures.details(step.arguments, running.output())])
    message = "somebody killed the guard, which watches the job; "
    raise HostError(step.told(message + failures.became(outcome, step._replace(place=Place()))))


def _judged_end(step: Step, ended: Ended, incomplete: str) -> Ended:
    details = failures.details(step.arguments, ended.output)
    if step.timeout_seconds is not None and ended.runtime_seconds > step.timeout_seconds:
        message = "%s ran past its timeout of %g s; it ended by itself" % (step.subject, step.timeout_seconds)
        raise failed("timeout", step.told(message), [details])
    problems = list(filter(None, [failures.why_ended_badly(step, ended.status), incomplete]))
    if problems:
        message = step.told("; ".join(problems))
        raise HostError(message, [details]) if incomplete else failed("command-failed", message, [details])
    return ended


class _Running:
    """The running job, as the driver sees it; ``outcome`` is what came of it, None until that is known."""

    def __init__(
        self, step: Step, files: output.Files, cancellation: Cancellation, heard: int, listener: Listener
    ) -> None:
        self.outcome: Optional[Outcome] = None
        self._ending: Optional[Sequence[Any]] = None  # what the guard has told of its end
        self._files = files
        self._cancellation = cancellation
        self._heard = heard
        self._step = step
        self._listener = listener
        self._shower: Optional[Shower] = None
        self._keeper: Optional[Keeper] = None
        self._guard: Optional[Child] = None
        self._traceback = ""  # of a bug of ours in the guard or the keeper
        self._kept = Kept(0, 0)
        self._began: Optional[float] = None
        self._pid: Optional[int] = None
        self._left: Optional[List[Process]] = None
        self._spared: FrozenSet[int] = frozenset()
        # If the guard is killed, the job's processes come to the driver.
        self._is_subreaper = descendants.become_subreaper()
        self._can_follow = self._is_subreaper and descendants.visible()
        cancellation.clear()

    def keep(self, show: Optional[Show]) -> None:
        """Have what the job is going to print kept, and shown; raise ``OSError``."""
        self._shower = Shower(show, self._files) if show else None
        try:
            self._keeper = Keeper(self._files, self._shower.grown if self._shower else None)
        finally:
            if self._shower:
                os.close(self._shower.grown)

    def start(self) -> None:
        """Start the job; raise ``OSError``."""
        assert self._keeper
        # The keeper; and a shell that becomes the driver (exec) leaves it the children that it had.
        self._spared = frozenset(descendants.children()) if self._can_follow else frozenset()
        self._guard = guard.start(self._step, self._keeper.stdout, self._keeper.stderr)
        self._keeper.hand_over()

    def watch(self, schedule: Schedule, minds_stdout: bool) -> None:
        """Return when the job has ended or the guard is gone; raise Unwanted or TimeUp when it is to be stopped."""
        assert self._guard
        for message in self._guard.watch(self._cancellation, schedule, heard=self._heard, minds_stdout=minds_stdout):
            self._note(message)
            if "started" in message and self._began is not None:
                schedule.begin(self._began)
            if self._is_over():
                return

    def finish(self) -> None:
        """Stop the job if it runs, and return when nothing of it is alive but what it left by itself."""
        if self._guard and not self._is_over():
            self._stop(self._guard)
        has_ended = self._ending is not None
        if self._keeper:
            limit_seconds = DISK_SECONDS if has_ended else DISK_AFTER_STOP_SECONDS
            self._kept = self._keeper.finish(limit_seconds, self._cancellation)
            self._traceback = self._traceback or self._kept.traceback
        if self._guard:
            self._dismiss(self._guard)
        if self._shower:
            patience_seconds = SHOW_SECONDS if has_ended else SHOW_AFTER_STOP_SECONDS
            self._shower.finish(patience_seconds, self._cancellation)
        self._files.settle(self._kept.stderr_size)
        if self._traceback:
            self.outcome = Broken(self._traceback)
        elif self._ending:
            runtime_seconds, status, usage = self._ending
            reader = self._keeper.pid if self._keeper and self._keeper.reads_on else None
            self.outcome = Ended(runtime_seconds, status, Usage(*usage), self.output(), self._left, reader)

    def output(self) -> Output:
        """Return what it printed."""
        return Output(self._files.stdout, self._kept.stdout_size, self._files.stderr, self._kept.stderr_size)

    @property
    def problem(self) -> str:
        """Why not all that it printed may have been kept, empty where it was."""
        problem = self._kept.problem
        if self._kept.number is not None:
            problem = self._files.told(output.why(self._kept.number))
        return "the job's output may be incomplete: %s" % problem if problem else ""

    def may_have_been_killed(self) -> bool:
        """Tell whether somebody may have ended the job who is about to end the driver."""
        if isinstance(self.outcome, Ended):
            return self.outcome.status != 0
        return isinstance(self.outcome, Stopped)

    def _is_over(self) -> bool:
        return self.outcome is not None or self._ending is not None

    def _note(self, message: Dict[str, Any]) -> None:
        """Take down what the guard has told."""
        for name, value in message.items():
            if name == "started":
                self._began, self._pid = value
            elif name == "not_started":
                self.outcome = NotStarted(*value)
            elif name == "ended":
                self._ending = value
            elif name == "stopped":
                runtime_seconds, status, survivors = value
                self.outcome = Stopped(runtime_seconds, status, _processes(survivors))
            elif name == "broken":
                self._traceback = value
            elif name == "left":
                self._left = _processes(value)

    def _stop(self, guard_: Child) -> None:
        """Have the guard stop the job; do it here where the guard is gone or hangs."""
        guard_.ask(guard.STOP)
        os.kill(guard_.pid, signal.SIGCONT)  # somebody may have stopped it
        now = time.monotonic()
        say_at = now + UNSAID_SECONDS
        limit = now + self._step.grace_seconds + descendants.KILL_SECONDS + GUARD_SECONDS
        is_hurried = False
        while not self._is_over():
            now = time.monotonic()
            if self._is_hurried() and not is_hurried:
                is_hurried = True
                guard_.ask(guard.KILL)
                limit = min(limit, now + descendants.KILL_SECONDS + GUARD_SECONDS)
            if now >= say_at:
                say_at = math.inf
                with suppress(OSError):
                    self._listener.stopping(self._step.kind, self._step.grace_seconds)
            if now >= limit:
                os.kill(guard_.pid, signal.SIGKILL)
                limit = math.inf
            if self._cancellation.fileno() in wait_for(
                [guard_.report, self._cancellation.fileno()], min(say_at, limit) - now
            ):
                self._cancellation.clear()
            if not self._receive(guard_, 0):
                break
        if not self._is_over():
            runtime_seconds = None if self._began is None else time.monotonic() - self._began
            self.outcome = Stopped(runtime_seconds, None, self._stop_without_guard())

    def _dismiss(self, guard_: Child) -> None:
        """Let the guard go, and note what it has seen that the job left running."""
        # What the job left running goes to whom it would go to without the driver: it is no part of the next job.
        if self._is_subreaper:
            descendants.become_subreaper(False)
        os.close(guard_.control)
        limit = time.monotonic() + GUARD_SECONDS
        while self._receive(guard_, limit - time.monotonic()):
            if time.monotonic() >= limit:
                os.kill(guard_.pid, signal.SIGKILL)
                limit = math.inf
        guard_.reap()

    def _receive(self, guard_: Child, seconds: float) -> bool:
        """Take down what the guard has told, after ``seconds`` at the latest; return False when it is gone."""
        messages = guard_.receive(seconds)
        for message in messages or []:
            self._note(message)
        return messages is not None

    def _stop_without_guard(self) -> Optional[List[Process]]:
        def wait(seconds: float) -> bool:
            time.sleep(min(seconds, descendants.PAUSE_SECONDS))
            return self._is_hurried()

        to_stop = descendants.Stop(self._step.grace_seconds, wait)
        if self._can_follow:
            return descendants.stop(to_stop, self._spared)
        if self._pid is not None:
            descendants.stop_group(self._pid, to_stop)
        return None

    def _is_hurried(self) -> bool:
        return self._cancellation.count > self._heard + 1


def _processes(told: Optional[Sequence[Sequence[Any]]]) -> Optional[List[Process]]:
    return None if told is None else [Process(*fields) for fields in told]


def check_working_directory(folder: Optional[str] = None) -> None:
    """Raise ``ServoError`` where a command cannot run in ``folder``, by default in the driver's, as it may be gone."""
    try:
        if folder is None:
            os.getcwd()
        elif not os.access(os.path.join(folder, ""), os.X_OK):
            os.listdir(folder)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        if folder is not None:
            message = "the job cannot start: working_directory %s: %s; correct it, or make the folder"
            raise failed("command-failed", message % (shlex.quote(folder), error.strerror)) from None
        message = "the job cannot start: the working directory is gone; start the driver in another"
        raise HostError(message) from None

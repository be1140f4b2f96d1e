"""Several runs of a job, with what prepares and cleans up each: one measurement.

The order is: for each run, warm-up runs first, *prepare*, the job, *cleanup*. What a counted run printed is examined
between the job and its cleanup. Cleanup follows whatever happened: a prepare or a job that failed, ran past its time or
was cancelled, and what it printed not being what was expected. It does not follow a SIGKILL of the driver: then nobody
is left but the guard, which stops what runs.
"""

from typing import Any, Callable, List, NamedTuple, Optional, Sequence

from servo_batch.answers import HostError, ServoError
from servo_batch.job import failures
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import PROGRESS_SECONDS
from servo_batch.job.failures import Step
from servo_batch.job.outcomes import Ended
from servo_batch.job.run import run
from servo_batch.job.show_output import Show
from servo_batch.job.usage import Usage

SEARCH = "the search of what the job printed"


class Job(NamedTuple):
    """What to run, as argument lists, and how often; ``timeout_seconds`` and ``grace_seconds`` are for each command.

    ``cap_seconds`` is a shorter timeout for the command itself, but not for what prepares it and cleans up.
    """

    command: Sequence[str]
    prepare: Optional[Sequence[str]] = None
    cleanup: Optional[Sequence[str]] = None
    runs: int = 1
    warmup_runs: int = 0
    grace_seconds: float = 5.0
    timeout_seconds: Optional[float] = None
    cap_seconds: Optional[float] = None


class Progress(NamedTuple):
    """How far a measurement is: ``subject`` (``the job``, ``prepare``, …) of a run has been running so long.

    ``done`` of ``total`` runs, warm-up runs among them, are behind it. ``place`` is how a message names the run, such
    as ``run 2 of 3`` or ``warm-up run``; empty where there is but one.
    """

    subject: str
    place: str
    done: int
    total: int
    elapsed_seconds: float


class Listener:
    """What wants to know how a measurement goes: a subclass overrides what it wants to know. None of it may wait."""

    progress_seconds = PROGRESS_SECONDS

    def progress(self, progress: Progress) -> None:
        """Take note of progress: once before each command is started, then every ``progress_seconds``.

        An ``OSError`` that it raises means that nobody waits for the measurement any more.
        """

    def stopping(self, subject: str, grace_seconds: float) -> None:
        """Take note that a command was asked to end, is given so long, and takes its time; a second signal kills it."""

    def left_running(self, text: str) -> None:
        """Take note of processes that a command left running: a line for people."""


# Told how long it has been examined what a run printed; it may raise ``OSError``, as ``Listener.progress`` does.
Report = Callable[[float], None]


class RunResult(NamedTuple):
    """One counted run; ``value`` is what ``examine`` returned for it."""

    runtime_seconds: float
    usage: Usage
    value: Any


def measure(
    job: Job,
    examine: Callable[[Ended, Report], Any],
    cancellation: Cancellation,
    listener: Listener,
    *,
    before: Callable[[], None] = lambda: None,
    show: Optional[Show] = None,
    keep_output: Optional[str] = None,
) -> List[RunResult]:
    """Run a job as often as it says, and return its counted runs in order.

    ``before()`` is called before each run of the job, when ``prepare`` has ended; what it takes is not timed.
    ``examine(ended, report)`` is called for each counted run while ``ended.output`` is open; it may raise
    ``ServoError``, and where it takes its time it calls ``report(elapsed_seconds)`` every
    ``listener.progress_seconds``. What all commands print is shown as ``show`` says; ``keep_output`` is the file that
    has what the job itself printed, in its last run (see run.py).

    Raises ``ServoError`` as ``run`` does, for the first thing that goes wrong: nothing runs after that but the cleanup
    of this run. Each signal ends what is at hand: the first the prepare or the job, one that comes later the grace
    period of that, or the cleanup. One that comes when all has ended raises nothing: look at ``cancellation.signum``.
    """
    measurement = _Measurement(job, before, examine, cancellation, listener, show, keep_output)
    results = [measurement.round(number) for number in range(job.warmup_runs + job.runs)]
    return [result for result in results if result is not None]


class _Measurement:
    def __init__(
        self,
        job: Job,
        before: Callable[[], None],
        examine: Callable[[Ended, Report], Any],
        cancellation: Cancellation,
        listener: Listener,
        show: Optional[Show],
        keep_output: Optional[str],
    ) -> None:
        self._job = job
        self._before = before
        self._examine = examine
        self._cancellation = cancellation
        self._listener = listener
        self._show = show
        self._keep_output = keep_output

    def round(self, number: int) -> Optional[RunResult]:
        """Do one run with all that belongs to it, and return what a counted run was like; raise ``ServoError``."""
        result: Optional[RunResult] = None
        failure: Optional[ServoError] = None
        if self._cancellation.signum is not None:
            raise Cancelled(self._cancellation.signum, failures.became(None, self._step("the job", number)))
        try:
            if self._job.prepare:
                self._run(self._job.prepare, self._step("prepare", number), number).output.close()
            self._before()
            ended = self._run(self._job.command, self._step("the job", number), number, self._keep_output)
            with ended.output:
                if number >= self._job.warmup_runs:
                    result = RunResult(ended.runtime_seconds, ended.usage, self._examined(ended, number))
        except ServoError as error:
            failure = error
        finally:
            # Also after a bug of ours.
            cleanup_failure = self._clean_up(number) if self._job.cleanup else None
        failures_of_round = [error for error in (failure, cleanup_failure) if error]
        if failures_of_round:
            raise _joined(failures_of_round)
        return result

    def _clean_up(self, number: int) -> Optional[ServoError]:
        """Run cleanup; return its failure.

        The signals that have come so far do not concern it, nor that nobody reads stdout: a terminal that is closed
        does both at once.
        """
        try:
            heard = self._cancellation.count
            step = self._step("cleanup", number)
            self._run(self._job.cleanup or [], step, number, heard=heard, minds_stdout=False).output.close()
        except ServoError as error:
            return error
        return None

    def _run(
        self,
        args: Sequence[str],
        step: Step,
        number: int,
        keep_output: Optional[str] = None,
        *,
        heard: int = 0,
        minds_stdout: bool = True,
    ) -> Ended:
        ended = run(
            args,
            grace_seconds=self._job.grace_seconds,
            timeout_seconds=self._timeout_seconds(step),
            cancellation=self._cancellation,
            on_progress=self._report(step, number, minds_stdout),
            progress_seconds=self._listener.progress_seconds,
            on_stopping=lambda grace_seconds: self._listener.stopping(step.subject, grace_seconds),
            step=step,
            show=self._show,
            keep_output=keep_output,
            heard=heard,
            minds_stdout=minds_stdout,
        )
        left = failures.left_running(ended, step)
        if left:
            self._listener.left_running(left)
        return ended

    def _report(self, step: Step, number: int, minds_stdout: bool = True) -> Report:
        total = self._job.warmup_runs + self._job.runs

        def report(elapsed_seconds: float) -> None:
            try:
                self._listener.progress(Progress(step.subject, step.place, number, total, elapsed_seconds))
            except OSError:
                if minds_stdout:
                    raise

        return report

    def _timeout_seconds(self, step: Step) -> Optional[float]:
        limits = [self._job.timeout_seconds, self._job.cap_seconds if step.subject == "the job" else None]
        return min((limit for limit in limits if limit is not None), default=None)

    def _examined(self, ended: Ended, number: int) -> Any:
        try:
            return self._examine(ended, self._report(self._step(SEARCH, number), number))
        except Cancelled:
            raise
        except ServoError as error:
            raise error.saying(self._step("the job", number).told(error.message)) from None

    def _step(self, subject: str, number: int) -> Step:
        runs, warmup_runs = self._job.runs, self._job.warmup_runs
        if runs + warmup_runs == 1:
            return Step(subject)
        if number < warmup_runs:
            return Step(subject, "warm-up run %d of %d" % (number + 1, warmup_runs))
        return Step(subject, "run %d of %d" % (number - warmup_runs + 1, runs))


def _joined(errors: Sequence[ServoError]) -> ServoError:
    """Return the one error that tells of one or two; a cancel is what it says where one of them is."""
    first = errors[0]
    if len(errors) == 1:
        return first
    signum = next((error.signum for error in errors if isinstance(error, Cancelled)), None)
    if signum is not None:
        parts = [error.consequence if isinstance(error, Cancelled) else error.message for error in errors]
        return Cancelled(signum, "; ".join(part.partition("\n")[0] for part in parts))
    heads, rests = zip(*(error.message.partition("\n")[::2] for error in errors))
    message = "\n".join(["; ".join(heads)] + [rest for rest in rests if rest])
    return next((error for error in errors if isinstance(error, HostError)), first).saying(message)

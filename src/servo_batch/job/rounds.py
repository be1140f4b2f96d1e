"""Several runs of a job, with what prepares and cleans up each: one measurement.

The order is: for each run, warm-up runs first, *prepare*, the job, *cleanup*. What a counted run printed is examined
between the job and its cleanup. Cleanup follows whatever happened: a prepare or a job that failed, ran past its time or
was cancelled, and what it printed not being what was expected. It does not follow a SIGKILL of the driver: then nobody
is left but the guard, which stops what runs.
"""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from servo_batch.answers import HostError, ServoError
from servo_batch.job import failures
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.outcomes import Ended, Usage
from servo_batch.job.run import Listener, run
from servo_batch.job.show import Show
from servo_batch.job.steps import Kind, Place, Step


class Job(NamedTuple):
    """What to run, as argument lists, and how often; the rest is for each command, as ``Step`` has it.

    ``cap_seconds`` is a shorter timeout for the command itself, but not for what prepares it and cleans up;
    ``success_statuses`` are its own, too.
    """

    command: Sequence[str]
    prepare: Optional[Sequence[str]] = None
    cleanup: Optional[Sequence[str]] = None
    runs: int = 1
    warmup_runs: int = 0
    grace_seconds: float = 5.0
    timeout_seconds: Optional[float] = None
    cap_seconds: Optional[float] = None
    environment: Mapping[str, str] = {}
    working_directory: Optional[str] = None
    success_statuses: Sequence[int] = (0,)

    def step(self, kind: Kind, number: int) -> Step:
        """Return a command of the run ``number``, which counts from 0 on."""
        commands = {Kind.PREPARE: self.prepare, Kind.JOB: self.command, Kind.CLEANUP: self.cleanup}
        is_job = kind is Kind.JOB
        limits = [self.timeout_seconds, self.cap_seconds if is_job else None]
        return Step(
            kind,
            commands[kind] or [],
            self.environment,
            self.working_directory,
            self.success_statuses if is_job else (0,),
            self.grace_seconds,
            min((limit for limit in limits if limit is not None), default=None),
            Place(number, self.runs, self.warmup_runs),
        )


# Told how long it has been examined what a run printed; it may raise ``OSError``, as ``Listener.progress`` does.
Report = Callable[[float], None]


class RunResult(NamedTuple):
    """One counted run; ``value`` is what ``examine`` returned for it."""

    runtime_seconds: float
    usage: Usage
    value: Any


class Measured(NamedTuple):
    """The counted runs in order, and what a person should know of them: what was left running."""

    results: List[RunResult]
    notes: List[str]


def measure(
    job: Job,
    examine: Callable[[Ended, Report], Any],
    cancellation: Cancellation,
    listener: Listener,
    *,
    before: Callable[[], None] = lambda: None,
    show: Optional[Show] = None,
    keep_output: Optional[str] = None,
) -> Measured:
    """Run a job as often as it says, and return what was measured.

    ``before()`` is called before each run of the job, when ``prepare`` has ended; what it takes is not timed.
    ``examine(ended, report)`` is called for each counted run while ``ended.output`` is open; it may raise
    ``ServoError``, and where it takes its time it calls ``report(elapsed_seconds)`` every
    ``listener.progress_seconds``. What all commands print is shown as ``show`` says; ``keep_output`` is the file that
    has what the job itself printed, in its last run (see run.py).

    Raises ``ServoError`` as ``run`` does, for the first thing that goes wrong: nothing runs after that but the cleanup
    of this run. Each signal ends what is at hand: the first the prepare or the job, one that comes later the grace
    period of that, or the cleanup. One that comes when all has ended raises nothing: look at ``cancellation.signum``.
    """
    measurement = _Measurement(job, before, examine, cancellation, listener, show, keep_output, {})
    results = [measurement.round(number) for number in range(job.warmup_runs + job.runs)]
    return Measured([result for result in results if result is not None], measurement.notes())


class _Measurement(NamedTuple):
    job: Job
    before: Callable[[], None]
    examine: Callable[[Ended, Report], Any]
    cancellation: Cancellation
    listener: Listener
    show: Optional[Show]
    keep_output: Optional[str]
    left: Dict[Kind, List[str]]  # what the commands of each kind have left running, as they tell it

    def notes(self) -> List[str]:
        """Return what was left running: of each kind of command the first time, and how often that came again."""
        again = [len(texts) - 1 for texts in self.left.values()]
        return [
            texts[0] + (", and so did %d later run%s" % (more, "s"[: more > 1]) if more else "")
            for texts, more in zip(self.left.values(), again)
        ]

    def round(self, number: int) -> Optional[RunResult]:
        """Do one run with all that belongs to it, and return what a counted run was like; raise ``ServoError``."""
        result: Optional[RunResult] = None
        errors: List[ServoError] = []
        if self.cancellation.signum is not None:
            not_started = failures.became(None, self.job.step(Kind.JOB, number))
            raise _joined([Cancelled(self.cancellation.signum, not_started)], self.notes())
        try:
            result = self._prepare_and_run(number)
        except ServoError as error:
            errors.append(error)
        finally:
            # Also after a bug of ours.
            errors += self._clean_up(number)
        if errors:
            raise _joined(errors, self.notes())
        return result

    def _prepare_and_run(self, number: int) -> Optional[RunResult]:
        if self.job.prepare:
            self._run(self.job.step(Kind.PREPARE, number)).output.close()
        self.before()
        ended = self._run(self.job.step(Kind.JOB, number), self.keep_output)
        with ended.output:
            if number < self.job.warmup_runs:
                return None
            return RunResult(ended.runtime_seconds, ended.usage, self._examined(ended, number))

    def _clean_up(self, number: int) -> List[ServoError]:
        """Run cleanup, if there is any; return its failure, if there is one."""
        try:
            if self.job.cleanup:
                self._run(self.job.step(Kind.CLEANUP, number)).output.close()
        except ServoError as error:
            return [error]
        return []

    def _run(self, step: Step, keep_output: Optional[str] = None) -> Ended:
        ended = run(step, self.cancellation, self.listener, show=self.show, keep_output=keep_output)
        left = failures.left_running(step, ended)
        if left:
            self.left.setdefault(step.kind, []).append(step.told(left))
        return ended

    def _examined(self, ended: Ended, number: int) -> Any:
        step = self.job.step(Kind.JOB, number)

        def report(elapsed_seconds: float) -> None:
            self.listener.progress(Kind.SEARCH, step.place, elapsed_seconds)

        try:
            return self.examine(ended, report)
        except Cancelled:
            raise
        except ServoError as error:
            raise error.saying(step.told(error.summary)) from None


def _joined(errors: Sequence[ServoError], notes: Sequence[str]) -> ServoError:
    """Return the one error that tells of one or two, and of what was left; a cancel where one of them is one."""
    signum = next((error.signum for error in errors if isinstance(error, Cancelled)), None)
    parts = [error.consequence if isinstance(error, Cancelled) else error.summary for error in errors]
    if signum is not None:
        return Cancelled(signum, "; ".join([*parts, *notes]))
    first = next((error for error in errors if isinstance(error, HostError)), errors[0])
    details = [each for error in errors for each in error.details]
    return first.saying("; ".join([*parts, *notes]), details)

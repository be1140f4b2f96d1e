"""Several runs of a job, with what prepares and cleans up each: one measurement.

The order is: for each run, warm-up runs first, *prepare*, the job, *cleanup*. What a counted run printed is examined
between the job and its cleanup. Cleanup follows whatever happened: a prepare or a job that failed, ran past its time or
was cancelled, and what it printed not being what was expected. It does not follow a SIGKILL of the driver: then nobody
is left but the guard, which stops what runs.
"""

from contextlib import closing
from typing import Callable, List, NamedTuple, Optional, Sequence

from servo_batch.answers import HostError, ServoError
from servo_batch.job import failures
from servo_batch.job.attention import Caller
from servo_batch.job.cancel import Cancelled
from servo_batch.job.run import run
from servo_batch.job.types import Ended, Kind, Place, Step


class Job(NamedTuple):
    """What to run, and how often; ``prepare`` and ``cleanup`` are argument lists, run as ``command`` is otherwise.

    ``cap_seconds`` is a shorter timeout for the command itself, but not for what prepares it and cleans up.
    """

    command: Step
    prepare: Optional[Sequence[str]]
    cleanup: Optional[Sequence[str]]
    runs: int
    warmup_runs: int
    cap_seconds: Optional[float] = None

    def step(self, kind: Kind, number: int) -> Step:
        """Return a command of the run ``number``, which counts from 0 on, or the search in what it printed."""
        step = self.command._replace(kind=kind, place=Place(number, self.runs, self.warmup_runs))
        if kind is Kind.JOB:
            cap = self.cap_seconds
            is_capped = cap is not None and (step.timeout_seconds is None or cap < step.timeout_seconds)
            return step._replace(timeout_seconds=cap, limit_name="its limit by --cap") if is_capped else step
        if kind is Kind.SEARCH:
            return step._replace(timeout_seconds=None)
        arguments = self.prepare if kind is Kind.PREPARE else self.cleanup
        return step._replace(arguments=arguments or [], success_statuses=(0,))


# Looks at what a run printed while its output is open; the step is this search. It may raise ServoError.
Examine = Callable[[Ended, Step], None]


def measure(job: Job, begin: Callable[[], Examine], caller: Caller) -> List[str]:
    """Run a job as often as it says, and return what a person should know of it: what was left running.

    ``begin()`` is called before each run of the job, when ``prepare`` has ended, and what it takes is not timed. What
    it returns is called for each run that is no warm-up.

    Raises ``ServoError`` as ``run`` does, for the first thing that goes wrong: nothing runs after that but the cleanup
    of this run. Each signal ends what is at hand: the first the prepare or the job, one that comes later the grace
    period of that, or the cleanup. One that comes when all has ended raises nothing: look at ``cancellation.signum``.
    """
    measurement = _Measurement(job, begin, caller, [])
    for number in range(job.warmup_runs + job.runs):
        measurement.round(number)
    return measurement.notes


class _Measurement(NamedTuple):
    job: Job
    begin: Callable[[], Examine]
    caller: Caller
    notes: List[str]  # what was left running so far

    def round(self, number: int) -> None:
        """Do one run with all that belongs to it; raise ``ServoError``."""
        errors: List[ServoError] = []
        signum = self.caller.cancellation.signum
        if signum is not None:
            step = self.job.step(Kind.JOB, number)
            raise self._joined([Cancelled(signum, step.told("%s was not started" % step.subject))])
        try:
            self._prepare_and_run(number)
        except ServoError as error:
            errors.append(error)
        finally:
            # Also after a bug of ours.
            try:
                if self.job.cleanup:
                    self._run(Kind.CLEANUP, number).output.close()
            except ServoError as error:
                errors.append(error)
        if errors:
            raise self._joined(errors)

    def _prepare_and_run(self, number: int) -> None:
        if self.job.prepare:
            self._run(Kind.PREPARE, number).output.close()
        examine = self.begin()
        ended = self._run(Kind.JOB, number)
        with closing(ended.output):
            if number < self.job.warmup_runs:
                return
            step = self.job.step(Kind.SEARCH, number)
            try:
                examine(ended, step)
            except Cancelled:
                raise
            except ServoError as error:
                raise error.saying(step.told(error.summary)) from None

    def _run(self, kind: Kind, number: int) -> Ended:
        step = self.job.step(kind, number)
        ended = run(step, self.caller)
        left = failures.left_running(step, ended)
        if left:
            self.notes.append(step.told(left))
        return ended

    def _joined(self, errors: Sequence[ServoError]) -> ServoError:
        """Return the one error that tells of one or two, and of what was left; a cancel where one of them is one."""
        signum = next((error.signum for error in errors if isinstance(error, Cancelled)), None)
        parts = [error.consequence if isinstance(error, Cancelled) else error.summary for error in errors]
        text = "; ".join([*parts, *self.notes])
        if signum is not None:
            return Cancelled(signum, text)
        first = next((error for error in errors if isinstance(error, HostError)), errors[0])
        return first.saying(text, [each for error in errors for each in error.details])

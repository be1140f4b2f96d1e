"""Several runs of a job, with what prepares and cleans up each: one measurement.

The order is: for each run, warm-up runs first, *prepare*, the job, *cleanup*. What a counted run printed is examined
between the job and its cleanup. Cleanup follows whatever happened: a prepare or a job that failed, ran past its time or
was cancelled, and what it printed not being what was expected. It does not follow a SIGKILL of the driver: then nobody
is left but the guard, which stops what runs.
"""

import math
from contextlib import closing
from typing import Callable, List, NamedTuple, Optional, Sequence

from servo_batch.answers import ServoError
from servo_batch.job import output
from servo_batch.job.attention import Caller
from servo_batch.job.outcomes import Ended
from servo_batch.job.output import Output
from servo_batch.job.run import Running, check_working_directory
from servo_batch.job.types import Kind, Place, Step


class Job(NamedTuple):
    """What to run, and how often."""

    command: Step
    prepare: Optional[Step]
    cleanup: Optional[Step]
    runs: int
    warmup_runs: int


# Looks at what a run printed; the step is this search. It may raise ServoError.
Examine = Callable[[Ended, Output, Step], None]


def measure(job: Job, begin: Callable[[], Examine], caller: Caller) -> List[str]:
    """Run a job as often as it says, and return what a person should know of it: what was left running.

    ``begin()`` is called before each run of the job, when ``prepare`` has ended, and what it takes is not timed. What
    it returns is called for each run that is no warm-up.

    Raises ``ServoError`` for the first thing that goes wrong: nothing runs after that but the cleanup of this run. Each
    signal ends what is at hand: the first the prepare or the job, one that comes later the grace period of that, or the
    cleanup. One that comes when all has ended raises nothing: the measurement counts.
    """
    measurement = _Measurement(job, begin, caller, [])
    for number in range(job.warmup_runs + job.runs):
        measurement.round(Place(number, job.runs, job.warmup_runs))
    return measurement.notes


class _Measurement(NamedTuple):
    job: Job
    begin: Callable[[], Examine]
    caller: Caller
    notes: List[str]  # what was left running so far

    def round(self, place: Place) -> None:
        """Do one run with all that belongs to it; raise ``ServoError``."""
        errors: List[ServoError] = []
        refusal = self.caller.cancellation.refusal(place.told("%s was not started" % Kind.JOB))
        if refusal:
            raise self._joined([refusal])
        try:
            if self.job.prepare:
                self._run(self.job.prepare, place)
            examine = self.begin()
            self._run(self.job.command, place, examine if place.number >= place.warmup_runs else None)
        except ServoError as error:
            errors.append(error)
        finally:
            # Also after a bug of ours.
            try:
                if self.job.cleanup:
                    self._run(self.job.cleanup, place)
            except ServoError as error:
                errors.append(error)
        if errors:
            raise self._joined(errors)

    def _run(self, step: Step, place: Place, examine: Optional[Examine] = None) -> None:
        check_working_directory(step.working_directory)
        kept_as = self.caller.keep_output if step.kind is Kind.JOB else None
        with closing(output.create(kept_as)) as printed:
            ended = Running(step._replace(place=place), printed, self.caller).to_the_end()
            self.notes.extend(map(place.told, ended.remains(step)))
            if examine:
                try:
                    examine(ended, printed, step._replace(kind=Kind.SEARCH, place=place, timeout_seconds=math.inf))
                except ServoError as error:
                    raise error.saying(place.told(error.summary)) from None

    def _joined(self, errors: Sequence[ServoError]) -> ServoError:
        """Return the one error that tells of one or two, and of what was left; a cancel where one of them is one."""
        text = "; ".join(dict.fromkeys([*(error.summary for error in errors), *self.notes]))
        first = max(
            errors, key=lambda error: (error.reason == "cancelled", error.exit_status, error.cause == "machine")
        )
        return first.saying(text, "\n".join(error.details for error in errors if error.details))

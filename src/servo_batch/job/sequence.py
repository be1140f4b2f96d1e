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
    notes: List[str] = []
    for number in range(job.warmup_runs + job.runs):
        errors = _round(job, Place(number, job.runs, job.warmup_runs), begin, caller, notes)
        if errors:
            raise _joined(errors, notes)
    return notes


def _round(job: Job, place: Place, begin: Callable[[], Examine], caller: Caller, notes: List[str]) -> List[ServoError]:
    """Do one run with all that belongs to it; return what went wrong, and add to ``notes`` what it left running."""
    refusal = caller.cancellation.refusal(place.told("%s was not started" % Kind.JOB))
    if refusal:
        return [refusal]
    errors = []
    try:
        if job.prepare:
            _run(job.prepare, place, caller, notes)
        examine = begin()
        _run(job.command, place, caller, notes, examine if place.number >= place.warmup_runs else None)
    except ServoError as error:
        errors.append(error)
    finally:
        # Also after a bug of ours.
        try:
            if job.cleanup:
                _run(job.cleanup, place, caller, notes)
        except ServoError as error:
            errors.append(error)
    return errors


def _run(step: Step, place: Place, caller: Caller, notes: List[str], examine: Optional[Examine] = None) -> None:
    check_working_directory(step.working_directory)
    kept_as = caller.keep_output if step.kind is Kind.JOB else None
    with closing(output.create(kept_as)) as printed:
        ended = Running(step._replace(place=place), printed, caller).to_the_end()
        notes.extend(map(place.told, ended.remains(step)))
        if examine:
            try:
                examine(ended, printed, step._replace(kind=Kind.SEARCH, place=place, timeout_seconds=math.inf))
            except ServoError as error:
                raise error.saying(place.told(error.summary)) from None


def _joined(errors: Sequence[ServoError], notes: Sequence[str]) -> ServoError:
    """Return the one error that tells of one or two, and of what was left; a cancel where one of them is one."""
    text = "; ".join(dict.fromkeys([*(error.summary for error in errors), *notes]))
    first = max(errors, key=lambda error: (error.reason == "cancelled", error.exit_status, error.cause == "machine"))
    return first.saying(text, "\n".join(error.details for error in errors if error.details))

"""What can come of a command, as messages have it, and which failure that is."""

import signal
from typing import Callable, List, Mapping, NamedTuple, Optional, Sequence, Union

from servo_batch import executable
from servo_batch.answers import ServoError, failed, failed_by_machine
from servo_batch.job.cancel import signal_name
from servo_batch.job.output import Output
from servo_batch.job.types import Step

LEFT_GROUP = "what has left its process group may live on"


class Ended(NamedTuple):
    """A command that ended by itself: its exit status, or minus the signal that killed it.

    ``usage`` is what the system counted for it and all its descendants that had ended with it, as getrusage(2) has it:
    ``user_time``, ``system_time``, ``cpu_time`` (both) in seconds and ``max_rss``, of the largest single process, in
    bytes. That is never less than a process has that the guard has just forked: up to ``max_rss_floor`` it says only
    that it was at most so much. ``left_running`` are the processes that it left, as a message names them; None where
    nobody can tell.
    """

    runtime_seconds: float
    status: int
    usage: Mapping[str, float]
    left_running: Optional[Sequence[str]]

    def told(self, step: Step) -> List[str]:
        """Return it as a message has it, in parts."""
        how = "ended with exit status %d" % self.status
        if self.status < 0:
            how = "was killed by %s" % signal_name(-self.status)
        parts = ["%s %s after %.1f s" % (step.kind, how, self.runtime_seconds)]
        if self.status == -signal.SIGKILL:
            parts.append("somebody did that, or the system when memory ran out")
        elif self.status >= 0 and list(step.success_statuses) != [0]:
            parts.append("the success_exit_statuses are " + ", ".join(map(str, step.success_statuses)))
        return parts + self.remains(step)

    def remains(self, step: Step) -> List[str]:
        """Return what it left running, as a message has it, in at most one part."""
        if self.left_running is None:
            return ["whether %s left something running cannot be seen on this system" % step.kind]
        return ["%s left running: %s" % (step.kind, ", ".join(self.left_running))] if self.left_running else []


class Stopped(NamedTuple):
    """A command that was stopped so many seconds after it began, for a signal, its timeout, or want of a reader.

    ``was_killed`` says that it did not end when it was asked. ``survivors`` are the processes that could not be
    stopped, as a message names them; None where nobody can tell.
    """

    runtime_seconds: float
    was_killed: bool
    survivors: Optional[Sequence[str]]

    def told(self, step: Step) -> List[str]:
        """Return it as a message has it, in parts: what may live on is named, here or elsewhere."""
        parts = ["%s was stopped after %.1f s" % (step.kind, self.runtime_seconds)]
        if self.was_killed:
            parts.append("it did not end when asked and was killed, so what it runs elsewhere may go on")
        if self.survivors is None:
            parts.append(LEFT_GROUP)
        elif self.survivors:
            names = ", ".join(self.survivors)
            parts.append("these could not be, stop them by hand before the next measurement: " + names)
        return parts


class Lost(NamedTuple):
    """A command whose guard was killed by somebody, and then what was in its process group; nobody can tell more."""

    runtime_seconds: float

    def told(self, step: Step) -> List[str]:
        """Return it as a message has it, in parts."""
        killed = "%s was killed after %.1f s" % (step.kind, self.runtime_seconds)
        return ["somebody killed the guard, which watches the job", killed, LEFT_GROUP]


class NotStarted(NamedTuple):
    """A command that the system refused to start, and the number of its error; 0 where nobody wanted it any more."""

    number: int
    runtime_seconds: float = 0.0

    def told(self, step: Step) -> List[str]:
        """Return it as a message has it, in parts."""
        why = executable.why_not(step.arguments[0], self.number, step.working_directory) if self.number else ""
        return ["%s was not started%s" % (step.kind, why and ": " + why)]


Outcome = Union[Ended, Stopped, Lost, NotStarted]


def judged(
    outcome: Outcome, step: Step, output: Output, incomplete: str, refusal: Callable[[str], Optional[ServoError]]
) -> Ended:
    """Return the end of a step that ended well; raise the one ``ServoError`` that says all.

    ``incomplete`` says why the ``output`` may lack something, empty where it does not. ``refusal`` returns the answer
    where nobody wants the step to go on, with what became of it at its end.
    """
    is_late = isinstance(outcome, Stopped) or outcome.runtime_seconds > step.timeout_seconds
    if isinstance(outcome, Ended) and outcome.status in step.success_statuses and not (is_late or incomplete):
        return outcome
    parts = outcome.told(step)
    refused = refusal(step.place.told("; ".join(parts)))
    if refused:
        raise refused
    if is_late:  # what nobody refused was stopped by its timeout
        parts.insert(0, "%s ran past %s of %g s" % (step.kind, step.limit_name, step.timeout_seconds))
    if incomplete:
        parts.append("the job's output may be incomplete: " + incomplete)
    message = step.place.told("; ".join(parts))
    printed = output.told(step.as_typed)
    if is_late:
        raise failed("timeout", message, printed)
    is_refused_by_machine = isinstance(outcome, NotStarted) and outcome.number in executable.OF_THE_MACHINE
    if incomplete or isinstance(outcome, Lost) or is_refused_by_machine:
        raise failed_by_machine(message, printed)
    raise failed("command-failed", message, printed)

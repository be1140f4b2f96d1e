"""What can be run, a command with its place among the runs of a measurement, and what can come of it."""

import enum
import shlex
import signal
from typing import List, Mapping, NamedTuple, Optional, Sequence, Union

from servo_batch import executable
from servo_batch.job.cancel import signal_name

LEFT_GROUP = "what has left its process group may live on"


class Kind(enum.Enum):
    """What is at hand in a run; as text it is what messages call it."""

    PREPARE = "prepare"
    JOB = "the job"
    SEARCH = "the search of what the job printed"
    CLEANUP = "cleanup"

    def __str__(self) -> str:
        return self.value


class Place(NamedTuple):
    """Which run of a measurement it is: ``number`` counts from 0 on, the warm-up runs first.

    As text it is what a message calls it: ``run 2 of 3``, ``warm-up run 1 of 2``; empty where there is but one.
    """

    number: int = 0
    runs: int = 1
    warmup_runs: int = 0

    @property
    def total(self) -> int:
        """How many runs there are, with the warm-up runs."""
        return self.warmup_runs + self.runs

    def __str__(self) -> str:
        if self.total == 1:
            return ""
        if self.number < self.warmup_runs:
            return "warm-up run %d of %d" % (self.number + 1, self.warmup_runs)
        return "run %d of %d" % (self.number - self.warmup_runs + 1, self.runs)

    def told(self, text: str) -> str:
        """Return ``text`` with the place before it, if there is one to name."""
        return "%s: %s" % (self, text) if str(self) else text


class Step(NamedTuple):
    """A command: its arguments, what is laid over the driver's environment, and the folder where it runs.

    ``success_statuses`` are the exit statuses that are no failure.
    """

    kind: Kind
    arguments: Sequence[str]
    environment: Mapping[str, str]
    working_directory: Optional[str]
    success_statuses: Sequence[int]
    grace_seconds: float
    timeout_seconds: Optional[float]
    place: Place = Place()
    limit_name: str = "its timeout"  # what messages call ``timeout_seconds``

    @property
    def as_typed(self) -> str:
        """The command as a person would type it."""
        is_shell = list(self.arguments[:2]) == ["/bin/sh", "-c"] and len(self.arguments) == 3
        return self.arguments[2] if is_shell else " ".join(map(shlex.quote, self.arguments))

    def capped(self, seconds: Optional[float]) -> "Step":
        """Return it with a timeout of ``seconds``, where that is shorter."""
        if seconds is None or (self.timeout_seconds is not None and self.timeout_seconds <= seconds):
            return self
        return self._replace(timeout_seconds=seconds, limit_name="its limit by --cap")


class Ended(NamedTuple):
    """A command that ended by itself: its exit status, or minus the signal that killed it.

    ``usage`` is what the system counted for it and all its descendants that had ended with it, as getrusage(2) has it:
    ``user_time``, ``system_time``, ``cpu_time`` (both) in seconds and ``max_rss``, of the largest single process, in
    bytes. That is never less than a process has that the guard has just forked: up to ``max_rss_floor`` it says only
    that it was at most so much. ``left_running`` are the processes that it left, as a message names them.
    """

    runtime_seconds: float
    status: int
    usage: Mapping[str, float]
    left_running: Sequence[str]

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

"""What can be run, a command with its place among the runs of a measurement, and what can come of it."""

import enum
from typing import Mapping, NamedTuple, Optional, Sequence, Union

from servo_batch.job.output import Output


class Kind(enum.Enum):
    """What is at hand in a run; the value is what messages call it."""

    PREPARE = "prepare"
    JOB = "the job"
    SEARCH = "the search of what the job printed"
    CLEANUP = "cleanup"


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
    def subject(self) -> str:
        """What messages call it."""
        return str(self.kind.value)

    def told(self, text: str) -> str:
        """Return ``text`` with the place before it, if there is one to name."""
        return "%s: %s" % (self.place, text) if str(self.place) else text


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
    output: Output


class Stopped(NamedTuple):
    """A command that was stopped so many seconds after it began, for a signal, its timeout, or want of a reader.

    ``was_killed`` says that it did not end when it was asked. ``survivors`` are the processes that could not be
    stopped, as a message names them; None where nobody can tell.
    """

    runtime_seconds: float
    was_killed: bool
    survivors: Optional[Sequence[str]]


class Lost(NamedTuple):
    """A command whose guard was killed by somebody, and then what was in its process group; nobody can tell more."""

    runtime_seconds: float


class NotStarted(NamedTuple):
    """A command that the system refused to start, and the number of its error."""

    number: int


Outcome = Union[Ended, Stopped, Lost, NotStarted]

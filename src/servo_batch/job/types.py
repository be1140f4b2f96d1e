"""What can be run: a command with its place among the runs of a measurement."""

import enum
import shlex
from typing import Mapping, NamedTuple, Optional, Sequence

from servo_batch.executable import script_of


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
    timeout_seconds: float
    place: Place = Place()
    limit_name: str = "its timeout"  # what messages call ``timeout_seconds``

    @property
    def as_typed(self) -> str:
        """The command as a person would type it."""
        script = script_of(self.arguments)
        return " ".join(map(shlex.quote, self.arguments)) if script is None else script

    def capped(self, seconds: Optional[float]) -> "Step":
        """Return it with a timeout of ``seconds``, where that is shorter."""
        if seconds is None or self.timeout_seconds <= seconds:
            return self
        return self._replace(timeout_seconds=seconds, limit_name="its limit by --cap")

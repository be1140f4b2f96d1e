"""What can come of a command: it ended, was stopped, or was not started."""

import resource
import sys
from typing import NamedTuple, Optional, Sequence, Union

from servo_batch.job.descendants import Process
from servo_batch.job.output import Output

MAX_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; says getrusage(2) of each system


class Usage(NamedTuple):
    """What the system counted for a command and all its descendants that had ended with it, as getrusage(2) has it.

    ``max_rss`` is that of the largest single process. It is never less than what a process has that the guard has just
    forked: a value up to ``max_rss_floor`` says only that it was at most so much.
    """

    user_time: float  # seconds
    system_time: float  # seconds
    max_rss: int  # bytes
    max_rss_floor: int  # bytes

    @property
    def cpu_time(self) -> float:
        """Seconds of processor time, of the program and of the system for it."""
        return self.user_time + self.system_time


def used() -> Usage:
    """Return what the children of this process, the guard, have used that have ended, orphans that came to it too."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    # A forked process has the guard's pages, and Linux keeps the largest size that a process ever had, also over exec.
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Usage(children.ru_utime, children.ru_stime, children.ru_maxrss * MAX_RSS_UNIT, floor * MAX_RSS_UNIT)


class Ended(NamedTuple):
    """A command that ended by itself.

    ``status`` is its exit status, or minus the signal that killed it. ``left_running`` are the processes that it left,
    None where nobody can tell; ``reader`` is the process that goes on reading what these print, None where they do not
    have the command's stdout or stderr any more.
    """

    runtime_seconds: float
    status: int
    usage: Usage
    output: Output
    left_running: Optional[Sequence[Process]]
    reader: Optional[int]


class Stopped(NamedTuple):
    """A command that was stopped, for a signal, its timeout, or the guard's death.

    ``runtime_seconds`` is how long it had run when it was asked to stop, None where the guard was killed before that
    was known. ``status`` is how its own process ended, None where that is not known. ``survivors`` are the processes
    that could not be stopped, None where nobody can tell.
    """

    runtime_seconds: Optional[float]
    status: Optional[int]
    survivors: Optional[Sequence[Process]]


class NotStarted(NamedTuple):
    """A command that the system refused to start: the number of its error (None for a ValueError), and its text."""

    number: Optional[int]
    text: str


Outcome = Union[Ended, Stopped, NotStarted]

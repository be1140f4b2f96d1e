"""What a command used: processor time and peak memory."""

import resource
import sys
from typing import NamedTuple

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

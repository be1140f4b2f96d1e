"""What the system counted for a command: processor time and memory, as getrusage(2) has it."""

import resource
import sys
from typing import Dict

MAX_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; says getrusage(2) of each system


def used() -> Dict[str, float]:
    """Return what the children of this process have used that have ended, orphans that came to it too."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    # A forked process has the guard's pages, and Linux keeps the largest size that a process ever had, also over exec.
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "user_time": children.ru_utime,
        "system_time": children.ru_stime,
        "cpu_time": children.ru_utime + children.ru_stime,
        "max_rss": children.ru_maxrss * MAX_RSS_UNIT,
        "max_rss_floor": floor * MAX_RSS_UNIT,
    }

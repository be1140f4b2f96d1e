"""The processes that descend from this one: what they used, and how to stop every one of them.

What makes it exact on Linux, by prctl(2), proc(5) and credentials(7):

- A *subreaper* is the parent of every orphan below it. So a process that has no child has no descendant, and the
  children of a child that was killed become children.
- The pid of a child, and the process group that it is in, belong to nobody else before the child is reaped. So the
  signal to a child or to its group reaches the job's processes or none.
- A signal to a group reaches all of it at one instant: no fork in the group escapes.
"""

import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import Callable, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from servo_batch.wording import visible

PR_SET_CHILD_SUBREAPER = 36
MAX_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; says getrusage(2) of each system
# How long to go on with SIGKILL: a process in an uninterruptible sleep or of another user may not end at all.
KILL_SECONDS = 5.0
# How long to wait at a time, since nothing tells of some changes: an orphan that comes, a process group that empties.
PAUSE_SECONDS = 0.02
# How many children to reap before looking at anything else: they may end faster than they can be reaped.
MAX_REAPED = 100

# Sleeps up to the given seconds, less when a child ends; True ends the grace at once.
Wait = Callable[[float], bool]


class Process(NamedTuple):
    """A process, as ``/proc/PID/stat`` has it; as text it is what a message calls it."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    start: int  # in clock ticks since boot; together with the pid it names one process for good

    def __str__(self) -> str:
        return "%d (%s)" % (self.pid, visible(self.name))


def become_subreaper() -> bool:
    """Make this process the parent of every orphan among its descendants; return whether that is exact.

    The system must have that, and ``/proc`` must show processes by the pids that this process uses: a container can
    have that of another pid namespace, where the same number is another process. PyPy 3.9 has no ``os.waitid``.
    """
    try:
        import ctypes

        is_one = ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        return is_one and hasattr(os, "waitid") and os.readlink("/proc/self") == str(os.getpid())
    except (ImportError, AttributeError, OSError, MemoryError):
        # A Python without libffi; macOS; a system that forbids the executable memory that ctypes asks for.
        return False


def list_all() -> List[Process]:
    """Return this process's descendants, parents first."""
    by_parent: Dict[int, List[Process]] = {}
    for name in os.listdir("/proc"):
        process = _read(int(name)) if name.isdigit() else None
        if process:
            by_parent.setdefault(process.parent, []).append(process)
    family = by_parent.get(os.getpid(), [])
    for process in family:
        family.extend(by_parent.get(process.pid, []))
    return family


def children() -> List[int]:
    """Return the pids of this process's children, ended ones included."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid(), "rb") as stream:
            return list(map(int, stream.read().split()))
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return [process.pid for process in list_all() if process.parent == os.getpid()]


def running() -> List[str]:
    """Return what messages call the descendants that have not ended."""
    return [str(process) for process in list_all() if process.state != "Z"]


def reap() -> Dict[int, int]:
    """Reap children that have ended, ``MAX_REAPED`` at the most; return their statuses, as ``os.waitpid`` does."""
    ended: Dict[int, int] = {}
    with suppress(ChildProcessError):
        while len(ended) < MAX_REAPED:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            ended[pid] = status
    return ended


def used() -> Dict[str, float]:
    """Return what this process's ended children used, orphans that came to it too, as getrusage(2) has it."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    # A forked process has the guard's pages, and Linux keeps the largest size that a process ever had, also over exec.
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "user_time": ended.ru_utime,
        "system_time": ended.ru_stime,
        "cpu_time": ended.ru_utime + ended.ru_stime,
        "max_rss": ended.ru_maxrss * MAX_RSS_UNIT,
        "max_rss_floor": floor * MAX_RSS_UNIT,
    }


def all_gone() -> bool:
    """Return whether this process has no child any more, and so no descendant."""
    # The list of children can miss some while others end, says proc(5); the kernel's own answer cannot.
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def stop(group: int, grace_seconds: float, wait: Wait, can_follow: bool) -> Tuple[bool, Optional[List[str]]]:
    """Stop a job: SIGTERM, after the grace SIGKILL. It leads ``group``, and nobody has reaped it.

    Return whether something of it did not end when asked, and what messages call those that are alive nevertheless.
    Where descendants cannot be followed it is the group that is stopped; who else is alive, None, cannot be told.
    """
    family = list_all() if can_follow else []
    # What leads a group and is a child keeps its number until it is reaped, and its group is asked at one instant.
    groups = {group}.union(each.pid for each in family if each.parent == os.getpid() and each.pid == each.group)
    # SIGCONT, since a stopped process would not get to the SIGTERM.
    for signum in (signal.SIGTERM, signal.SIGCONT):
        for each in groups:
            send(os.killpg, each, signum)
        for process in family:
            now = _read(process.pid) if process.group not in groups else None
            if now and now.start == process.start:
                send(os.kill, process.pid, signum)
    deadline = time.monotonic() + grace_seconds
    while True:
        reap()
        if all_gone() if can_follow else not send(os.killpg, group, 0):
            return False, [] if can_follow else None
        left = deadline - time.monotonic()
        if left <= 0 or wait(min(left, PAUSE_SECONDS)):
            break
    if can_follow:
        return True, _kill_all(wait)
    send(os.killpg, group, signal.SIGKILL)
    return True, None


def send(kill: Callable[[int, int], None], number: int, signum: int) -> bool:
    """Send a signal by ``os.kill`` or ``os.killpg``; return whether there was anybody to get it.

    A process of another user gets none, and is among those that are alive afterwards.
    """
    try:
        kill(number, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _kill_all(wait: Wait) -> List[str]:
    """Kill the children, and the children that they leave, until there is none or the time is over."""
    deadline = time.monotonic() + KILL_SECONDS
    known: FrozenSet[int] = frozenset()
    while not all_gone():
        pids = children()
        if known.issuperset(pids):
            # A child that cannot be killed (of another user, stopped by its tracer, frozen) has children that can.
            wait(PAUSE_SECONDS)
            pids = [process.pid for process in list_all()]
        # At once, and the newest first: a process that forks and exits in a circle must not get away meanwhile.
        for pid in reversed(pids):
            send(os.kill, pid, signal.SIGKILL)
        for pid in pids:
            with suppress(ChildProcessError):  # cloned so that nobody is told of its end
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    # Until it is reaped, its group is the job's. Whatever else is in it dies at one instant.
                    send(os.killpg, os.getpgid(pid), signal.SIGKILL)
                    os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            # /proc can hide the processes of other users (hidepid); the list of children does not.
            return running() or ["%d (name unknown)" % pid for pid in children()]
        known = frozenset(pids)
    return []


def _read(pid: int) -> Optional[Process]:
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            text = stream.read()
    except OSError:  # it has ended
        return None
    # The name stands in parentheses and may hold any character, parentheses too.
    head, _, tail = text.rpartition(b")")
    state, parent, group, *rest = tail.split()
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    return Process(pid, name, state.decode(), int(parent), int(group), int(rest[16]))

"""The processes that descend from this one, and how to stop every one of them.

What makes it exact on Linux, by prctl(2), proc(5) and credentials(7):

- A *subreaper* is the parent of every orphan below it. So a process that has no child has no descendant, and the
  children of a child that was killed become children.
- The pid of a child, and the process group that it is in, belong to nobody else before the child is reaped. So the
  signal to a child or to its group reaches the job's processes or none.
- A signal to a group reaches all of it at one instant: no fork in the group escapes.
"""

import os
import signal
import time
from contextlib import suppress
from typing import Callable, Dict, FrozenSet, List, NamedTuple, Optional

PR_SET_CHILD_SUBREAPER = 36
# How long to go on with SIGKILL: a process in an uninterruptible sleep or of another user may not end at all.
KILL_SECONDS = 5.0
# How long to wait where nothing tells of a change: an orphan that comes, a process group that empties.
PAUSE_SECONDS = 0.02
# How many children to reap before looking at anything else: they may end faster than they can be reaped.
MAX_REAPED = 100
# How often to look at a list that can miss processes, before none in it means that there is none.
LOOKS = 5
UNKNOWN = "name unknown"


class Process(NamedTuple):
    """A process, as ``/proc/PID/stat`` has it."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    start: int  # in clock ticks since boot; together with the pid it names one process for good


def become_subreaper(whether: bool = True) -> bool:
    """Make this process the parent of every orphan among its descendants, or no more; return whether the system can."""
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0) == 0)
    except (ImportError, AttributeError, OSError, MemoryError):
        # A Python without libffi; macOS; a system that forbids the executable memory that ctypes asks for.
        return False


def visible() -> bool:
    """Return whether ``/proc`` shows processes, and by the pids that this process uses.

    A container can have the ``/proc`` of another pid namespace, where the same number is another process.
    """
    try:
        return os.readlink("/proc/self") == str(os.getpid())
    except OSError:
        return False


def list_all(spared: FrozenSet[int] = frozenset()) -> List[Process]:
    """Return this process's descendants, parents first, without those below a child in ``spared``."""
    by_parent: Dict[int, List[Process]] = {}
    for name in os.listdir("/proc"):
        process = _read(int(name)) if name.isdigit() else None
        if process:
            by_parent.setdefault(process.parent, []).append(process)
    family = [process for process in by_parent.get(os.getpid(), []) if not _is_spared(process.pid, spared)]
    for process in family:
        family.extend(by_parent.get(process.pid, []))
    return family


def children(spared: FrozenSet[int] = frozenset()) -> List[int]:
    """Return the pids of this process's children, ended ones included, without those in ``spared``."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid(), "rb") as stream:
            pids = [int(pid) for pid in stream.read().split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        pids = [process.pid for process in list_all() if process.parent == os.getpid()]
    return [pid for pid in pids if not _is_spared(pid, spared)]


class Stop:
    """How long to wait for processes that were asked to end, and how they ended."""

    def __init__(self, grace_seconds: float, wait: Callable[[float], bool]) -> None:
        """``wait`` sleeps up to the given seconds, less when a child ends; True ends the grace at once."""
        self.statuses: Dict[int, int] = {}
        self._wait = wait
        self._deadline = time.monotonic() + grace_seconds

    def grace_left(self) -> float:
        """Return the seconds that are left, 0 or less when they are over."""
        return self._deadline - time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait for a change."""
        if self._wait(seconds):
            self._deadline = min(self._deadline, time.monotonic())

    def reap(self) -> int:
        """Reap children that have ended; return how many."""
        ended = reap()
        self.statuses.update(ended)
        return len(ended)


def stop(to_stop: Stop, spared: FrozenSet[int] = frozenset()) -> List[Process]:
    """Stop every descendant: SIGTERM, after the grace SIGKILL; return those that are alive nevertheless.

    This process must be a subreaper and see ``/proc``. Children in ``spared``, which were there before the job, are
    left alone with all that descends from them.
    """
    # SIGCONT, since a stopped process would not get to the SIGTERM.
    _signal_each(list_all(spared), signal.SIGTERM, signal.SIGCONT)
    while True:
        reaped = to_stop.reap()
        if _all_gone(spared):
            return []
        left = to_stop.grace_left()
        if left <= 0:
            return _force(to_stop, spared)
        to_stop.wait(0 if reaped == MAX_REAPED else left)


def stop_group(group: int, to_stop: Stop) -> None:
    """Stop a process group in the same way, where descendants cannot be followed (macOS, no ``/proc``).

    Its leader must not have been reaped before. Who is alive afterwards cannot be told.
    """
    _signal_group(group, signal.SIGTERM)
    _signal_group(group, signal.SIGCONT)
    while True:
        to_stop.reap()
        left = to_stop.grace_left()
        if not _signal_group(group, signal.SIGKILL if left <= 0 else 0) or left <= -KILL_SECONDS:
            return
        to_stop.wait(PAUSE_SECONDS)


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


def _is_spared(pid: int, spared: FrozenSet[int]) -> bool:
    # Where there are spared children, there can be orphans of theirs, in the session of this process as a rule. The job
    # has a session of its own.
    try:
        return bool(spared) and (pid in spared or os.getsid(pid) == os.getsid(0))
    except ProcessLookupError:
        return True


def _signal_each(family: List[Process], *signals: int) -> None:
    """Send each process each signal once; one that shares a group with a child that leads it, with the group."""
    groups = {process.pid for process in family if process.parent == os.getpid() and process.pid == process.group}
    for process in family:
        for signum in signals:
            if process.pid in groups:
                _signal_group(process.pid, signum)
            elif process.group not in groups:
                now = _read(process.pid)
                if now and now.start == process.start:
                    _signal(process.pid, signum)


def _force(to_stop: Stop, spared: FrozenSet[int]) -> List[Process]:
    """Kill the children, and the children that they leave, until there is none or the time is over."""
    deadline = time.monotonic() + KILL_SECONDS
    known: FrozenSet[int] = frozenset()
    while not _all_gone(spared):
        pids = children(spared)
        # At once, and the newest first: a process that forks and exits in a circle must not get away in the meantime.
        for pid in reversed(pids):
            _signal(pid, signal.SIGKILL)
        for pid in pids:
            if _has_ended(pid):
                # Until it is reaped, its group is the job's. Whatever else is in it dies at one instant.
                _signal_group(os.getpgid(pid), signal.SIGKILL)
                with suppress(ChildProcessError):  # cloned so that nobody is told of its end
                    to_stop.statuses[pid] = os.waitpid(pid, os.WNOHANG)[1]
        if time.monotonic() > deadline:
            alive = [process for process in list_all(spared) if process.state != "Z"]
            # /proc can hide the processes of other users (hidepid); the list of children does not.
            return alive or [Process(pid, UNKNOWN, "", 0, 0, 0) for pid in children(spared)]
        if known.issuperset(pids):
            # A child that cannot be killed (of another user, stopped by its tracer, frozen) has children that can.
            _signal_each(list_all(spared), signal.SIGKILL)
            to_stop.wait(PAUSE_SECONDS)
        known = frozenset(pids)
    return []


def _has_ended(pid: int) -> bool:
    """Tell whether a child has ended and is not reaped."""
    if hasattr(os, "waitid"):
        with suppress(ChildProcessError):  # cloned so that nobody is told of its end
            return bool(os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))
        return False
    process = _read(pid)  # PyPy 3.9
    return process is not None and process.state == "Z" and process.parent == os.getpid()


def _all_gone(spared: FrozenSet[int]) -> bool:
    # The list of children can miss some while others end, says proc(5); the kernel's own answer cannot.
    if spared or not hasattr(os, "waitid"):
        return not any(children(spared) for _ in range(LOOKS))
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _signal(pid: int, signum: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # one of another user stays, and is among those left alive
        os.kill(pid, signum)


def _signal_group(group: int, signum: int) -> bool:
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True

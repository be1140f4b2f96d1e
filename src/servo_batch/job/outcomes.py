"""What can come of a command: it ended, was stopped, was not started, or a bug of ours keeps it from being known."""

import os
import resource
import sys
from typing import BinaryIO, NamedTuple, Optional, Sequence, Union

from servo_batch.job.descendants import Process

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


class Output(NamedTuple):
    """What a command printed: two files, open for reading, in the first ``…_size`` bytes of each.

    They may have no name. Read them by ``mmap`` or ``os.pread``; a ``with`` block closes them at its end.
    """

    stdout: BinaryIO
    stdout_size: int
    stderr: BinaryIO
    stderr_size: int

    def tail(self, name: str, limit: int) -> str:
        """Return the last ``limit`` bytes of ``"stdout"`` or ``"stderr"`` as text; a cut character is left out."""
        stream, size = (self.stdout, self.stdout_size) if name == "stdout" else (self.stderr, self.stderr_size)
        begin = max(0, size - limit)
        data = os.pread(stream.fileno(), size - begin, begin)
        if begin:
            # In UTF-8 a character's second, third and fourth byte are 0b10xxxxxx, and no first byte is.
            cut = 0
            while cut < min(3, len(data)) and data[cut] & 0xC0 == 0x80:
                cut += 1
            data = data[cut:]
        return data.decode("utf-8", "replace")

    def close(self) -> None:
        """Let go of the files; those without a name are gone then."""
        self.stdout.close()
        self.stderr.close()

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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

    ``runtime_seconds`` is how long it had run when it was asked to stop, None where the guard was killed.
    ``status`` is how its own process ended, None where that is not known. ``survivors`` are the processes that could
    not be stopped, None where nobody can tell.
    """

    runtime_seconds: Optional[float]
    status: Optional[int]
    survivors: Optional[Sequence[Process]]


class NotStarted(NamedTuple):
    """A command that the system refused to start: the number of its error (None for a ValueError), and its text."""

    number: Optional[int]
    text: str


class Broken(NamedTuple):
    """A bug of ours, with its traceback."""

    traceback: str


Outcome = Union[Ended, Stopped, NotStarted, Broken]

"""Whether somebody else measures at the same time: each then disturbs the other."""

import fcntl
import os
import stat
from contextlib import contextmanager
from typing import Iterator

from servo_batch.answers import complain


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold the lock on the configuration file ``name``; where somebody else holds it, say so on stderr and go on."""
    descriptor = _open(name)
    try:
        if descriptor >= 0:
            _lock(descriptor, name)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _open(name: str) -> int:
    try:
        if stat.S_ISREG(os.stat(name).st_mode):
            return os.open(name, os.O_RDONLY)
    except OSError:
        pass  # it has been read; that nobody can any more is no reason to stop
    return -1


def _lock(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        complain(f"another measurement with {name} is running: each makes the other's figures wrong")
    except OSError:
        pass  # a file system without locks

"""The files that a job writes beside what it prints: what they were just before it, and what it has written."""

import os
import stat
import time
from mmap import ACCESS_READ, mmap
from typing import Optional, Tuple, Union

from servo_batch.metrics.convert import NoMatch

Contents = Union[bytes, mmap]
State = Tuple[int, ...]
# Two changes within so many seconds may have the same time: the kernel's clock for files is a coarse one.
TICK_SECONDS = 0.02


def state(path: str) -> Optional[State]:
    """Return what of a file changes when somebody writes to it, as that is now; None where there is no file."""
    try:
        status = os.stat(_encoded(path))
    except OSError:
        return None
    if abs(time.time() - status.st_mtime) < TICK_SECONDS:
        time.sleep(TICK_SECONDS)
    return _state(status)


def read(path: str, before: Optional[State] = None) -> Contents:
    """Return what a file holds whose state is another than ``before``; raise ``NoMatch``."""
    try:
        # Without waiting for whoever writes into a pipe.
        descriptor = os.open(_encoded(path), os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NoMatch("it is not there") from None
    except OSError as error:
        raise NoMatch("it cannot be read: %s" % error.strerror) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NoMatch("it is no regular file")
        if _state(status) == before:
            raise NoMatch("it is as it was before the job: this run did not write it")
        return mapped(descriptor)
    finally:
        os.close(descriptor)


def mapped(descriptor: int) -> Contents:
    """Return what a file holds, to search in it without reading it into memory; raise ``OSError``."""
    try:
        return mmap(descriptor, 0, access=ACCESS_READ)
    except ValueError:  # it is empty
        return b""


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")  # whatever the locale is


def _state(status: os.stat_result) -> State:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

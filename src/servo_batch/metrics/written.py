"""The files that a job writes beside what it prints: what they were just before it, and what it has written."""

import errno
import os
import stat
import time
from typing import TYPE_CHECKING, NamedTuple, Optional, Tuple, Union

from servo_batch.metrics.convert import NoMatch

if TYPE_CHECKING:
    from mmap import mmap

Output = Union[bytes, "mmap"]
# Two changes within so many seconds may have the same time: the kernel's clock for files is a coarse one.
TICK_SECONDS = 0.02


class Stamp(NamedTuple):
    """A file, and what of it changes when somebody writes to it, None where there is none."""

    path: str
    state: Optional[Tuple[int, ...]] = None


def stamp(path: str) -> Stamp:
    """Return a file as it is now."""
    try:
        status = os.stat(_encoded(path))
    except OSError:
        return Stamp(path)
    if abs(time.time() - status.st_mtime) < TICK_SECONDS:
        time.sleep(TICK_SECONDS)
    return Stamp(path, _state(status))


def read(before: Stamp) -> Output:
    """Return what a file holds that is not as it was ``before``; raise ``NoMatch``."""
    try:
        # Without waiting for whoever writes into a pipe.
        descriptor = os.open(_encoded(before.path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NoMatch("it is not there: this run did not write it") from None
    except OSError as error:
        raise NoMatch("it cannot be read: %s" % error.strerror) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NoMatch("it is no regular file")
        if _state(status) == before.state:
            raise NoMatch("it is as it was before the job: this run did not write it")
        return mapped(descriptor, status.st_size)
    finally:
        os.close(descriptor)


def mapped(descriptor: int, size: int) -> Output:
    """Return the first ``size`` bytes of a file to search in, without reading them into memory; raise ``OSError``."""
    if not size:
        return b""  # which mmap refuses
    from mmap import ACCESS_READ, mmap

    try:
        return mmap(descriptor, size, access=ACCESS_READ)
    except ValueError:  # the file is smaller
        raise OSError(errno.ENODATA, "it was cut short meanwhile") from None


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")  # whatever the locale is


def _state(status: os.stat_result) -> Tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

"""Files: replaced whole or not at all, locked for a while and no longer, never one's own input; and what went wrong."""

import errno
import fcntl
import os
import time
from contextlib import suppress

from servo_batch.answers import bad_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Optional

    from servo_batch.answers import ServoError

# A lock is held for the time of a flush. Longer is a process that was stopped (^Z), or whoever started this one under
# ``flock FILE``.
LOCK_SECONDS, LOCK_POLL_SECONDS = 5.0, 0.005
PARTIAL = ".servo-batch-partial"
REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EMFILE: "raise the limit, ulimit -n",
    errno.EFBIG: "raise the limit, ulimit -f",
    errno.EBUSY: "where the file is mounted by itself, mount its folder",
}


def why(error: Exception, way_out: str = "") -> str:
    """Return what an error of the system says, and what to do; ``way_out`` says how to name another file."""
    if not isinstance(error, OSError):
        return str(error)
    remedy = ", or ".join(filter(None, [REMEDIES.get(error.errno or 0), way_out]))
    return f"{error.strerror}{f'; {remedy}' if remedy else ''}"


def replace(path: str, data: bytes) -> None:
    """Have ``data`` at ``path``, whole and on the disk, or leave what was there; raise ``OSError``.

    Written beside the target, flushed, and renamed over it: rename(2) replaces atomically. A symbolic link is followed,
    not replaced. What a crash leaves, with PARTIAL behind its name, the next call removes; two at a time need a lock.
    """
    target = os.path.realpath(path)  # which asks for the working directory: it may be gone
    partial = target + PARTIAL
    if os.path.lexists(partial):
        os.unlink(partial)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
        try:
            if os.path.exists(target):
                before = os.stat(target)
                with suppress(OSError):  # only root may give a file away, and only to whom its namespace knows
                    os.fchown(stream.fileno(), before.st_uid, before.st_gid)
                os.fchmod(stream.fileno(), before.st_mode & 0o7777)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(partial, target)
        except BaseException:
            os.unlink(partial)
            raise


def check_folder(path: str) -> None:
    """Raise ``OSError`` where ``replace`` could not write into the folder of the file at ``path``."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OSError(0, f"there is no folder {folder} that can be written to")


def flush_directory(path: str) -> None:
    """Have the names in a folder on the disk, as fsync(2) says that only this has; raise ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(descriptor: int, exclusive: bool = True) -> bool:
    """Wait up to LOCK_SECONDS for the lock on what is open, and return whether no other process keeps it.

    A file system without locks has none to wait for. Closing the descriptor gives the lock back.
    """
    limit = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > limit:
                return False
            time.sleep(LOCK_POLL_SECONDS)
        except OSError:
            return True


def refuse_input(
    option: str, path: str, inputs: "Dict[str, Optional[str]]", error: "Callable[[str], ServoError]" = bad_request
) -> None:
    """Raise an ``error`` where the file that an option or a key would have written is one of ``inputs``.

    These are the files that the call reads or writes otherwise, by what a message calls them; None is no file. The
    program itself is one in any case.
    """
    program = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # the archive
    for name, other in {**inputs, "this program": program}.items():
        if other is None:
            continue
        try:
            is_there = os.path.exists(path) and os.path.exists(other)
            is_it = os.path.samefile(path, other) if is_there else os.path.realpath(path) == os.path.realpath(other)
        except OSError:  # the working directory is gone
            is_it = path == other
        if is_it:
            raise error(f"{option} {path} is {name}, and would be overwritten: name another file")

"""Storing the state: whole and on the disk, or not at all."""

import errno
import os

from servo_batch.state import cannot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

WHOLE_FILE_MOUNTED = "; a file that is mounted by itself cannot be replaced: mount its folder"
ELSEWHERE = "; name a file in a folder that may be written to by --state FILE, $OPTUNE_STATE or batch.state"
MAKE_ROOM = "; make room there, or keep the state elsewhere: --state FILE, $OPTUNE_STATE or batch.state"
REMEDIES = {
    errno.ENOSPC: MAKE_ROOM,
    errno.EDQUOT: MAKE_ROOM,
    errno.EBUSY: WHOLE_FILE_MOUNTED,
    errno.EXDEV: WHOLE_FILE_MOUNTED,
    errno.EROFS: ELSEWHERE,
    errno.EACCES: ELSEWHERE,
    errno.EPERM: ELSEWHERE,
    errno.ENOENT: ELSEWHERE,
    errno.ENOTDIR: ELSEWHERE,
}


def replace(path: str, application: "Dict[str, Any]") -> None:
    """Store ``{"application": application}`` at ``path``, whole and on the disk, or leave what was there.

    Written beside the target, flushed, renamed over it, and the directory flushed: rename(2) replaces atomically, and
    only a flushed directory keeps the new name over a power cut. A symbolic link is followed, not replaced. What a
    crash leaves, ``PATH.partial``, the next store takes over. Raises ``ServoError`` (bad-state).
    """
    import json

    text = json.dumps({"application": application}, allow_nan=False, indent=2) + "\n"
    try:
        target = os.path.realpath(path)  # which asks for the working directory: it may be gone
        if os.path.isdir(target):
            raise IsADirectoryError(0, "it is a directory: name a file")
        _replace(target, text.encode("utf-8"))
    except (OSError, ValueError) as error:
        raise cannot(
            path, "cannot be written and is as it was", error, REMEDIES.get(getattr(error, "errno", None) or 0, "")
        ) from None
    try:
        flush_directory(os.path.dirname(target))
    except OSError as error:
        raise cannot(path, "is written, but its folder could not be flushed to the disk", error) from None


def _replace(target: str, data: bytes) -> None:
    partial = target + ".partial"
    # The lock is held up to the end: whoever gets it next finds another file, or none, under the name.
    with open(_open_locked(partial), "wb") as stream:
        try:
            if os.path.exists(target):
                os.fchmod(stream.fileno(), os.stat(target).st_mode & 0o7777)
            stream.truncate()
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(partial, target)
        except BaseException:
            os.unlink(partial)
            raise


def _open_locked(path: str) -> int:
    """Return a descriptor of the file at ``path`` that no other process writes to: two may store at once."""
    import fcntl

    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: then one store at a time is the caller's business
        try:
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # the process that had the lock has renamed this file to its target


def flush_directory(path: str) -> None:
    """Have the names in a directory on the disk, as fsync(2) says that only this has; raise ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove the state file, if it is there; raise ``ServoError`` (bad-state)."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise cannot(path, "cannot be removed", error) from None

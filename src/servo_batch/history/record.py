"""The history on the disk: a line of JSON for each measurement, appended whole, read with what is damaged passed over.

Source: the manual's page "The history". Whoever writes holds flock(2) on the file; a line is one write(2) with
O_APPEND, flushed by fsync(2). So what a crash or a full disk can leave is a torn last line, which the next writer ends
and readers pass over.
"""

import errno
import json
import os
import stat
from contextlib import contextmanager
from typing import Any, BinaryIO, Dict, Iterator, List, Optional

from servo_batch.answers import bad_config, complain
from servo_batch.files import flush_directory, lock, why
from servo_batch.formats import strict_json

# Below this much free space the file system counts as full: a line with some runs has one to a few KiB.
NEEDED_BYTES = 65536
# How much of a file is looked at before anything is appended to it.
HEAD_BYTES = 65536
START = b'{"time":'
DIGEST_LENGTH = 16
# What an entry has, and what it may have; of control and metrics reading puts an empty one.
KINDS = {"time": str, "job": str, "settings": dict, "status": str, "control": dict, "metrics": dict}
OPTIONAL: Dict[str, Any] = {"reason": str, "message": str, "purpose": str, "timeout": (int, float)}


def digest(parts: Dict[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for a JSON object, whatever the order of its keys."""
    import hashlib

    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGEST_LENGTH]


def check_writable(path: str) -> None:
    """Raise ``ServoError`` (bad-config) where ``append`` would fail, as far as it can be known; creates the file.

    The null device is fine: then nothing is recorded.
    """
    with _appending(path) as descriptor:
        head = os.pread(descriptor, HEAD_BYTES, 0)
        if head.strip(b"\0\t\n\r ") and not any(map(_is_ours, head.split(b"\n"))):
            raise OSError(0, "the file holds something else, which would be spoilt")
        # Told by what is free, since writing and cutting off would disturb ``tail -f``. Some file systems do not
        # count: they say that they have no blocks at all.
        system = os.fstatvfs(descriptor)
        free = system.f_bfree if os.geteuid() == 0 else system.f_bavail
        if system.f_blocks and free * system.f_frsize < NEEDED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def append(path: str, entry: Dict[str, Any]) -> None:
    """Append a measurement as one line and return when it is on the disk; raise ``ServoError`` (bad-config).

    ``entry`` has ``time`` (the first of its keys) and ``status`` (strings), ``job`` (what ``digest`` returns),
    ``settings`` (``{"web.cpu": 4}``) and, where there are such, ``control`` and ``metrics`` (mappings, as answered),
    ``reason`` and ``message``, and ``purpose``, what a tuning measured it for (``tuning.loop``).
    """
    # A byte of an argument that is no UTF-8 has no place in JSON: it becomes "?".
    line = json.dumps(entry, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    with _appending(path) as descriptor:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # the null device keeps nothing
            return
        # Who waits for a lock in vain goes on: a single write with O_APPEND is whole without one too.
        lock(descriptor)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # ends what a crash has torn
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
        if not size:
            flush_directory(os.path.dirname(os.path.realpath(path)))


@contextmanager
def _appending(path: str) -> Iterator[int]:
    """Open a history and yield its descriptor; raise ``ServoError`` for an error of the system, here or there."""
    try:
        with _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as stream:
            yield stream.fileno()
    except (OSError, ValueError) as error:
        first = {errno.ENOENT: "create its folder, or ", errno.EACCES: "make it writable, or "}
        problem = why(error, first.get(getattr(error, "errno", 0), "") + "name another file")
        raise bad_config("%s: the history cannot be written: %s" % (path, problem)) from None


def _opened(path: str, flags: int) -> BinaryIO:
    """Return a regular file or the null device, opened; raise ``OSError``."""
    # O_NONBLOCK: a FIFO is to be refused, not waited for.
    descriptor = os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK, 0o666)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) and not os.path.samestat(status, os.stat(os.devnull)):
        os.close(descriptor)
        raise OSError(0, "it is no file")
    return open(descriptor, "rb")


def read(path: str) -> List[Dict[str, Any]]:
    """Return the measurements of a history in order; say so where lines hold none.

    A missing file is an empty history. Each entry is as ``append`` has it, ``control`` and ``metrics`` in any case.
    Raises ``ServoError`` (bad-config) where the file cannot be read.
    """
    try:
        with _opened(path, os.O_RDONLY) as stream:
            lock(stream.fileno(), exclusive=False)  # so that nobody is in the middle of a line
            lines = stream.read().split(b"\n")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        problem = why(error, "name another file")
        raise bad_config("%s: the history cannot be read: %s" % (path, problem)) from None
    found = [(number, _entry(line)) for number, line in enumerate(lines, 1) if line.strip()]
    damaged = [number for number, entry in found if entry is None]
    if damaged:
        others = ", and %d more lines" % (len(damaged) - 1) if damaged[1:] else ""
        complain("%s, line %d%s: passed over, since there is no whole measurement" % (path, damaged[0], others))
    return [entry for _, entry in found if entry is not None]


def _entry(line: bytes) -> Optional[Dict[str, Any]]:
    """Return the measurement that a line holds, None where it holds none."""
    try:
        found = strict_json.loads(line)
    except strict_json.JsonError:
        return None
    if not isinstance(found, dict):
        return None
    entry = {"control": {}, "metrics": {}, **found}
    is_whole = all(isinstance(entry.get(name), kind) for name, kind in KINDS.items())
    is_whole &= all(isinstance(entry[name], kind) for name, kind in OPTIONAL.items() if name in entry)
    return entry if is_whole and all(map(_is_metric, entry["metrics"].values())) else None


def _is_ours(line: bytes) -> bool:
    """Tell whether a line, which may be cut off, is of a history, also of one that another tool has written anew."""
    return line.startswith(START) or _entry(line) is not None


def _is_metric(metric: Any) -> bool:
    return isinstance(metric, dict) and "value" in metric and isinstance(metric.get("runs", []), list)

"""The history on the disk: a line of JSON for each measurement, appended whole, read with what is damaged passed over.

Source: the manual's page "The history". Whoever writes holds flock(2) on the file; a line is one write(2) with
O_APPEND, flushed by fsync(2). So what a crash can leave is a torn last line, which the next writer ends and readers
pass over.
"""

import os
import stat

from servo_batch.answers import failed
from servo_batch.files import flush_directory, lock, why
from servo_batch.wording import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from servo_batch.answers import ServoError

# Where tune records, if no other file is named; without a tuning nothing is recorded then.
DEFAULT_PATH = "_history.jsonl"
# Below this much free space the file system counts as full: a line with some runs has one to a few KiB.
NEEDED_BYTES = 65536
# How much of a file is looked at before anything is appended to it.
HEAD_BYTES = 65536
START = b'{"time":'
DIGEST_LENGTH = 16
TO_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT
REQUIRED = (("time", str), ("job", str), ("settings", dict), ("status", str))
OPTIONAL = (("control", dict), ("metrics", dict), ("reason", str), ("message", str), ("purpose", str))


def digest(parts: "Dict[str, Any]") -> str:
    """Return 16 hexadecimal digits that stand for a JSON object, whatever the order of its keys."""
    import hashlib
    import json

    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGEST_LENGTH]


def check_writable(path: str) -> None:
    """Raise ``ServoError`` (bad-config) where ``append`` would fail, as far as it can be known; creates the file.

    The null device is fine: then nothing is recorded.
    """
    try:
        descriptor = _opened(path, TO_APPEND)
        try:
            head = os.pread(descriptor, HEAD_BYTES, 0)
            if head.strip(b"\0\t\n\r ") and not any(line.startswith(START) for line in head.split(b"\n")):
                raise _unwritable(path, "the file holds something else, which would be spoilt; name another file")
            # Told by what is free, since writing and cutting off would disturb ``tail -f``. Some file systems do not
            # count: they say that they have no blocks at all.
            system = os.fstatvfs(descriptor)
            free = system.f_bfree if os.geteuid() == 0 else system.f_bavail
            if system.f_blocks and free * system.f_frsize < NEEDED_BYTES and not _is_null(descriptor):
                raise _unwritable(path, "no space left on its file system; make room, or name another file")
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unwritable(path, _why(error)) from None


def append(path: str, entry: "Dict[str, Any]") -> None:
    """Append a measurement as one line and return when it is on the disk; raise ``ServoError`` (bad-config).

    ``entry`` has ``time`` (the first of its keys) and ``status`` (strings), ``job`` (what ``digest`` returns),
    ``settings`` (``{"web.cpu": 4}``) and, where there are such, ``control`` and ``metrics`` (mappings, as answered),
    ``reason`` and ``message``, and ``purpose``, what a tuning measured it for (``tuning.loop``).
    """
    import json

    # A byte of an argument that is no UTF-8 has no place in JSON: it becomes "?". The line itself is ASCII, so that no
    # reader ends it at U+2028.
    text = json.dumps(entry, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
    line = json.dumps(json.loads(text)).encode("ascii") + b"\n"
    try:
        descriptor = _opened(path, TO_APPEND)
        try:
            if not _is_null(descriptor):
                _append_line(path, descriptor, line)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unwritable(path, _why(error)) from None


def _opened(path: str, flags: int) -> int:
    """Return a descriptor of a regular file or of the null device; raise ``OSError``."""
    # O_NONBLOCK: a FIFO is to be refused, not waited for.
    descriptor = os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) and not _is_null(descriptor):
        os.close(descriptor)
        raise OSError(0, "it is no file")
    return descriptor


def _is_null(descriptor: int) -> bool:
    return os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))


def _append_line(path: str, descriptor: int, line: bytes) -> None:
    # Who waits for a lock in vain goes on: a single write with O_APPEND is whole without one too.
    is_locked = lock(descriptor)
    # Taken under the lock: to it the file is cut back where the line cannot be written whole.
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line  # ends what a crash has torn
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        if is_locked:
            try:
                os.ftruncate(descriptor, size)
            except OSError:
                pass  # a file that only grows (chattr +a): the torn line is passed over
        raise
    if not size:
        flush_directory(os.path.dirname(os.path.realpath(path)))


def _why(error: Exception) -> str:
    first = "create its folder" if isinstance(error, FileNotFoundError) else "make it writable"
    return why(error, first + ", or name another file")


def _unwritable(path: str, problem: str) -> "ServoError":
    return failed("bad-config", "%s: the history cannot be written: %s" % (path, problem))


def read(path: str) -> "Tuple[List[Dict[str, Any]], List[str]]":
    """Return the measurements of a history in order, and a warning for each place that holds none.

    A missing file is an empty history. Each entry has ``time``, ``job`` and ``status`` (strings), ``settings``,
    ``control`` and ``metrics`` (mappings; of metrics, of mappings), and where they were written ``reason``,
    ``message`` and ``purpose``. Raises ``ServoError`` (bad-config) where the file cannot be read.
    """
    try:
        with open(_opened(path, os.O_RDONLY), "rb") as stream:
            if _is_null(stream.fileno()):
                return [], []
            lock(stream.fileno(), exclusive=False)  # so that nobody is in the middle of a line
            lines = stream.read().split(b"\n")
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError) as error:
        problem = why(error, "name another file")
        raise failed("bad-config", "%s: the history cannot be read: %s" % (path, problem)) from None
    entries: "List[Dict[str, Any]]" = []
    damaged: "List[List[Any]]" = []  # first line, last line, what is wrong with the first
    for number, line in enumerate(lines, 1):
        entry = _entry(line) if line.strip() else None
        if isinstance(entry, dict):
            entries.append(entry)
        elif entry and number == len(lines):
            damaged.append([number, number, "it was never written to its end"])
        elif entry and damaged and damaged[-1][1] == number - 1:
            damaged[-1][1] = number  # so that a file of another kind gets one warning
        elif entry:
            damaged.append([number, number, "it " + entry])
    return entries, [_warning(path, *each) for each in damaged]


def _entry(line: bytes) -> "Any":
    """Return the measurement that a line holds, or a text that says why it holds none."""
    from servo_batch.formats import strict_json

    try:
        entry = strict_json.loads(line)
    except strict_json.JsonError as error:
        return "is not JSON: %s" % error.msg
    if not isinstance(entry, dict):
        return "is %s where a mapping belongs" % kind(entry)
    entry.setdefault("control", {})
    entry.setdefault("metrics", {})
    for name, wanted in REQUIRED + OPTIONAL:
        if not isinstance(entry.get(name, None if (name, wanted) in REQUIRED else wanted()), wanted):
            return "has %s as %s" % (kind(entry[name]), name) if name in entry else "has no %s" % name
    for metric in entry["metrics"].values():
        if not isinstance(metric, dict):
            return "has %s as one of its metrics" % kind(metric)
    return entry


def _warning(path: str, first: int, last: int, problem: str) -> str:
    if first == last:
        return "%s, line %d: passed over, since %s" % (path, first, problem)
    return "%s, lines %d to %d: passed over, the first since %s" % (path, first, last, problem)

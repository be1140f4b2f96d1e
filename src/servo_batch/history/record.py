"""The history on the disk: a line of JSON for each measurement, appended whole, read with what is damaged passed over.

Source: the README, "History". Whoever writes holds flock(2) on the file; a line is one write(2) with O_APPEND, flushed
by fsync(2). So what a crash can leave is a torn last line, which the next writer ends and readers pass over.
"""

import os
import stat

from servo_batch import files
from servo_batch.answers import failed
from servo_batch.wording import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Tuple

    from servo_batch.answers import ServoError

# Where tune records, if no other file is named; without a tuning nothing is recorded then.
DEFAULT_PATH = "_history.jsonl"
# Below this much free space the file system counts as full: a line with some runs has one to a few KiB.
NEEDED_BYTES = 65536
# How much of a file is looked at before anything is appended to it.
HEAD_BYTES = 65536
DIGEST_LENGTH = 16
TO_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT
MAKE_ROOM = "make room, or name another file"
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
            if _is_null(descriptor):
                return
            _refuse_another_file(path, os.pread(descriptor, HEAD_BYTES, 0))
            _refuse_full(path, descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def append(path: str, entry: "Dict[str, Any]") -> None:
    """Append a measurement as one line and return when it is on the disk; raise ``ServoError`` (bad-config).

    ``entry`` has ``time`` and ``status`` (strings), ``job`` (what ``digest`` returns), ``settings``
    (``{"web.cpu": 4}``) and, where there are such, ``control`` and ``metrics`` (mappings, as answered), ``reason`` and
    ``message``, and ``purpose``, what a tuning measured it for (``tuning.loop``).
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
        raise _unwritable(path, error) from None


def _opened(path: str, flags: int) -> int:
    """Return a descriptor of a regular file or of the null device; raise ``OSError``."""
    # O_NONBLOCK: a FIFO is to be refused, not waited for.
    descriptor = os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK, 0o666)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode) and not _is_null(descriptor):
        os.close(descriptor)
        raise OSError(0, "it is a directory" if stat.S_ISDIR(mode) else "it is not a regular file")
    return descriptor


def _is_null(descriptor: int) -> bool:
    return os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))


def _append_line(path: str, descriptor: int, line: bytes) -> None:
    is_locked = files.lock(descriptor)  # where it is not, the one write(2) with O_APPEND is whole all the same
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
            _shorten(descriptor, size)
        raise
    if not size:
        files.flush_directory(os.path.dirname(os.path.realpath(path)))


def _shorten(descriptor: int, size: int) -> None:
    try:
        os.ftruncate(descriptor, size)
    except OSError:
        pass  # a file that only grows (chattr +a): the torn line is passed over


def _unlock(descriptor: int) -> None:
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _refuse_another_file(path: str, head: bytes) -> None:
    """Raise ``ServoError`` where a file holds something else, such as the configuration: it would be spoilt."""
    if not head.strip(b"\0\t\n\r "):
        return
    for line in head.split(b"\n"):
        if line.startswith(b'{"time":') or isinstance(_entry(line), dict):
            return
    raise failed(
        "bad-config",
        "%s: the history cannot be written: the file holds something else; name another file for the history" % path,
    )


def _refuse_full(path: str, descriptor: int) -> None:
    """Raise ``ServoError`` where the file system has no room; writing and cutting off would disturb ``tail -f``."""
    system = os.fstatvfs(descriptor)
    free = system.f_bfree if os.geteuid() == 0 else system.f_bavail
    # Some file systems do not count: they say that they have no blocks at all.
    if system.f_blocks and free * system.f_frsize < NEEDED_BYTES:
        raise failed(
            "bad-config",
            "%s: the history cannot be written: no space left on its file system; %s" % (path, MAKE_ROOM),
        )


def _unwritable(path: str, error: Exception) -> "ServoError":
    if isinstance(error, FileNotFoundError):
        problem = "its folder does not exist; create the folder, or name another file"
    elif isinstance(error, IsADirectoryError):
        problem = "it is a directory; name a file"
    else:
        problem = files.why(error, "make it writable, or name another file")
    return failed("bad-config", "%s: the history cannot be written: %s" % (path, problem))


def read(path: str) -> "Tuple[List[Dict[str, Any]], List[str]]":
    """Return the measurements of a history in order, and a warning for each place that holds none.

    A missing file is an empty history. Each entry has ``time``, ``job`` and ``status`` (strings), ``settings``,
    ``control`` and ``metrics`` (mappings; of metrics, of mappings), and where they were written ``reason`` and
    ``message``. Raises ``ServoError`` (bad-config) where the file cannot be read.
    """
    entries: "List[Dict[str, Any]]" = []
    damaged: "List[Tuple[int, str]]" = []
    texts: "Dict[str, str]" = {}
    is_torn = False
    try:
        with open(_opened(path, os.O_RDONLY), "rb") as stream:
            for number, line in _lines(stream):
                entry = _entry(line)
                if isinstance(entry, dict):
                    entries.append(_shared(entry, texts))
                else:
                    damaged.append((number, entry))
                    is_torn = not line.endswith(b"\n")
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError) as error:
        what = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        raise failed("bad-config", "%s: the history cannot be read: %s; name another file" % (path, what)) from None
    return entries, _warnings(path, damaged, is_torn)


def _lines(stream: "BinaryIO") -> "Iterator[Tuple[int, bytes]]":
    """Yield the lines that are more than blanks, with their numbers from 1."""
    if _is_null(stream.fileno()):
        return
    # The size at a moment when nobody writes: what is below it no longer changes, and readers keep no writer waiting.
    if files.lock(stream.fileno(), exclusive=False):
        _unlock(stream.fileno())
    rest = os.fstat(stream.fileno()).st_size
    number = 0
    while rest > 0:
        line = stream.readline(rest)
        if not line:
            return  # somebody has made the file shorter
        rest -= len(line)
        number += 1
        if line.strip():
            yield number, line


def _entry(line: bytes) -> "Any":
    """Return the measurement that a line holds, or a text that says why it holds none."""
    from servo_batch.formats import strict_json

    try:
        entry = strict_json.loads(line)
    except strict_json.JsonError as error:
        return "is not JSON: %s" % error.msg
    if not isinstance(entry, dict):
        return "is %s where a mapping belongs" % kind(entry)
    for name, wanted in REQUIRED:
        if not isinstance(entry.get(name), wanted):
            return "has no %s" % name if name not in entry else "has %s as %s" % (kind(entry[name]), name)
    for name, wanted in OPTIONAL:
        if wanted is dict:
            entry.setdefault(name, {})
        if name in entry and not isinstance(entry[name], wanted):
            return "has %s as %s" % (kind(entry[name]), name)
    for metric in entry["metrics"].values():
        if not isinstance(metric, dict):
            return "has %s as one of its metrics" % kind(metric)
    return entry


def _shared(value: "Any", texts: "Dict[str, str]") -> "Any":
    """Return ``value`` with each key and text once in memory, however many lines have it."""
    if isinstance(value, dict):
        return {texts.setdefault(key, key): _shared(item, texts) for key, item in value.items()}
    return texts.setdefault(value, value) if isinstance(value, str) and len(value) < 40 else value


def _warnings(path: str, damaged: "List[Tuple[int, str]]", is_torn: bool) -> "List[str]":
    """Return a warning for each run of damaged lines, so that a file of another kind gets one."""
    runs: "List[List[Any]]" = []  # first line, last line, what is wrong with the first
    torn: "Optional[Tuple[int, str]]" = damaged.pop() if is_torn else None
    for number, problem in damaged:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number, problem])
    warnings = []
    for first, last, problem in runs:
        if first == last:
            warnings.append("%s, line %d: passed over, since it %s" % (path, first, problem))
        else:
            warnings.append("%s, lines %d to %d: passed over, since line %d %s" % (path, first, last, first, problem))
    if torn:
        warnings.append("%s, line %d: passed over, since it was never written to its end" % (path, torn[0]))
    return warnings

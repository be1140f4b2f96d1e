"""What a job prints: the files that it is kept in."""

import os
import stat
from contextlib import suppress
from typing import BinaryIO, List, NamedTuple, Optional

from servo_batch import files
from servo_batch.answers import failed_by_machine

STDERR_SUFFIX = ".stderr"
TAIL_BYTES = 4096
FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK


class Output(NamedTuple):
    """What a command prints: two files, open for reading.

    Read them by ``mmap`` or ``os.pread``. ``path`` is the name of the one for stdout, if it has one.
    """

    stdout: BinaryIO
    stderr: BinaryIO
    path: Optional[str] = None

    def size(self, name: str) -> int:
        """Return how many bytes ``"stdout"`` or ``"stderr"`` holds."""
        return os.fstat(getattr(self, name).fileno()).st_size

    def told(self, command: str) -> str:
        """Return the command and the end of what it printed, under headings; a cut character is left out."""
        lines = ["command: " + command]
        for name in ("stderr", "stdout"):
            size, heading = self.size(name), name
            begin = max(0, size - TAIL_BYTES)
            text = os.pread(getattr(self, name).fileno(), TAIL_BYTES, begin).decode("utf-8", "replace").rstrip("\n")
            if begin:
                heading, text = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size), text.lstrip("\ufffd")
            lines.append("%s:\n%s" % (heading, text) if size else name + ": nothing")
        return "\n".join(lines)

    def close(self) -> None:
        """Let go of the files: those without a name are gone then, and a named one for stderr that holds nothing."""
        if self.path is not None and not self.size("stderr"):
            with suppress(OSError):
                os.unlink(self.path + STDERR_SUFFIX)
        self.stdout.close()
        self.stderr.close()


def create(kept_as: Optional[str] = None) -> Output:
    """Return new files: without a name in $TMPDIR, or ``kept_as`` and, for stderr, ``kept_as`` + ``.stderr``.

    Files of that name are emptied. Raises ``ServoError`` (command-failed) where there can be none.
    """
    stdout, stderr = map(_opened, _paths(kept_as))
    for file in (stdout, stderr):
        if os.fstat(file.fileno()).st_size:  # one that is emptied is flushed when it is closed (see below)
            file.truncate(0)
    return Output(stdout, stderr, kept_as)


def check(kept_as: Optional[str] = None) -> None:
    """Raise ``ServoError`` (command-failed) where ``create`` could make no files; what is there is left."""
    for path in _paths(kept_as):
        _opened(path).close()


def why(path: Optional[str], error: Exception) -> str:
    """Return what an error says of a file, the one at ``path`` or one without a name, and what to do about it."""
    told = files.why(error, "name another place by TMPDIR or --keep-output")
    return "%s: %s" % (path or "$TMPDIR, " + _folder(), told)


def _paths(kept_as: Optional[str]) -> List[Optional[str]]:
    return [None, None] if kept_as is None else [kept_as, kept_as + STDERR_SUFFIX]


def _opened(path: Optional[str]) -> BinaryIO:
    """Return an open file, made where there is none; None: a new one without a name. Raises ``ServoError``."""
    try:
        if path is None:
            # Is there room? In a file of its own: to write to one and empty it again makes ext4 flush it when it is
            # closed, says the kernel's documentation of auto_da_alloc.
            with _unnamed() as probe:
                probe.write(b"\n")
            return _unnamed()
        stream = os.fdopen(os.open(path, FLAGS, 0o666), "rb+", buffering=0)
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(0, "it is no regular file")
        return stream
    except (OSError, ValueError) as error:
        raise failed_by_machine("the job cannot start: its output cannot be kept in " + why(path, error)) from None


def _unnamed() -> BinaryIO:
    """Return a new file in $TMPDIR that goes away with its last descriptor; raise ``OSError``."""
    path = os.path.join(_folder(), "servo-batch-%d-%s" % (os.getpid(), os.urandom(8).hex()))
    descriptor = os.open(path, FLAGS | os.O_EXCL, 0o600)
    os.unlink(path)
    return os.fdopen(descriptor, "rb+", buffering=0)


def _folder() -> str:
    return os.environ.get("TMPDIR") or "/tmp"

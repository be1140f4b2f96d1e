"""What a job prints: the files that it is kept in."""

import errno
import os
import stat
from contextlib import suppress
from typing import BinaryIO, NamedTuple, Optional

from servo_batch import files
from servo_batch.answers import HostError, ServoError, failed

STDERR_SUFFIX = ".stderr"


class Output(NamedTuple):
    """What a command prints: two files, open for reading, in the first ``…_size`` bytes of each.

    Read them by ``mmap`` or ``os.pread``; a ``with`` block closes them at its end, and those without a name are gone
    then. ``path`` is the name of the one for stdout, if it has one.
    """

    stdout: BinaryIO
    stderr: BinaryIO
    path: Optional[str] = None
    stdout_size: int = 0
    stderr_size: int = 0

    def tail(self, name: str, limit: int) -> str:
        """Return the last ``limit`` bytes of ``"stdout"`` or ``"stderr"`` as text; a cut character is left out."""
        stream, size = (self.stdout, self.stdout_size) if name == "stdout" else (self.stderr, self.stderr_size)
        begin = max(0, size - limit)
        text = os.pread(stream.fileno(), size - begin, begin).decode("utf-8", "replace")
        return text.lstrip("\ufffd") if begin else text

    def told(self, what: str) -> str:
        """Return what is wrong with the files, with where they are."""
        return "$TMPDIR, %s: %s" % (_folder(), what) if self.path is None else "%s: %s" % (self.path, what)

    def close(self) -> None:
        """Let go of the files; a named one for stderr that holds nothing is removed."""
        if self.path is not None and not os.fstat(self.stderr.fileno()).st_size:
            with suppress(OSError):
                os.unlink(self.path + STDERR_SUFFIX)
        self.stdout.close()
        self.stderr.close()

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create(kept_as: Optional[str] = None) -> Output:
    """Return new files: without a name in $TMPDIR, or ``kept_as`` and, for stderr, ``kept_as`` + ``.stderr``.

    Files of that name are emptied. Raises ``ServoError`` (command-failed) where there can be none.
    """
    if kept_as is None:
        check_folder()
    stdout = _open_emptied(kept_as)
    try:
        return Output(stdout, _open_emptied(kept_as and kept_as + STDERR_SUFFIX), kept_as)
    except BaseException:
        stdout.close()
        raise


def check_folder() -> None:
    """Raise ``ServoError`` (command-failed) where a job's output could not be kept in $TMPDIR."""
    # In a file of its own: to write to one and empty it again makes ext4 flush it when it is closed, says the kernel's
    # documentation of auto_da_alloc.
    with _open_emptied(None) as probe:
        try:
            probe.write(b"\n")  # is there room?
        except OSError as error:
            raise _no_file(error) from None


def check_kept(kept_as: str) -> None:
    """Raise ``ServoError`` (command-failed) where ``create`` could not keep it as that; what is there is left."""
    for path in (kept_as, kept_as + STDERR_SUFFIX):
        _open_named(path).close()


def why(number: int) -> str:
    """Return what an error of the system says, and what to do where that can be told."""
    return files.why(OSError(number, os.strerror(number)), "name another place by TMPDIR or --keep-output")


def _no_file(error: OSError) -> ServoError:
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.EFBIG):
        return HostError("the job cannot start: there can be no file for its output: %s" % why(error.errno))
    message = "the job cannot start: no file for its output can be made in $TMPDIR, %s: %s"
    return HostError(message % (_folder(), error.strerror) + "; set TMPDIR to a folder where that is possible")


def _not_kept(path: str, why_not: Optional[str]) -> ServoError:
    message = "the job cannot start: its output cannot be kept in %s: %s; name another file" % (path, why_not)
    return failed("command-failed", message)


def _open_emptied(path: Optional[str]) -> BinaryIO:
    if path is None:
        try:
            return _open_unnamed()
        except OSError as error:
            raise _no_file(error) from None
    stream = _open_named(path)
    try:
        if os.fstat(stream.fileno()).st_size:
            stream.truncate(0)
    except OSError as error:
        stream.close()
        raise _not_kept(path, error.strerror) from None
    return stream


def _open_named(path: str) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
    except (OSError, ValueError) as error:
        raise _not_kept(path, error.strerror if isinstance(error, OSError) else str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_kept(path, "it is no regular file")
    return os.fdopen(descriptor, "rb+", buffering=0)


def _open_unnamed() -> BinaryIO:
    """Return a new file in $TMPDIR that has no name and goes away with its last descriptor; raise ``OSError``."""
    flags = os.O_RDWR | os.O_CLOEXEC
    with suppress(OSError, AttributeError):  # macOS, and some file systems, have no O_TMPFILE
        return os.fdopen(os.open(_folder(), os.O_TMPFILE | flags, 0o600), "rb+", buffering=0)
    path = os.path.join(_folder(), "servo-batch-%d-%s" % (os.getpid(), os.urandom(8).hex()))
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | flags, 0o600)
    os.unlink(path)
    return os.fdopen(descriptor, "rb+", buffering=0)


def _folder() -> str:
    return os.environ.get("TMPDIR") or "/tmp"

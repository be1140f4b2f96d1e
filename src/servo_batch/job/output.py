"""What a job prints: the files that it is kept in."""

import os
import stat
from contextlib import suppress
from typing import BinaryIO, NamedTuple, Optional

from servo_batch import files
from servo_batch.answers import HostError, ServoError

STDERR_SUFFIX = ".stderr"


class Output(NamedTuple):
    """What a command prints: two files, open for reading.

    Read them by ``mmap`` or ``os.pread``. ``path`` is the name of the one for stdout, if it has one. ``incomplete``
    says why they may lack something.
    """

    stdout: BinaryIO
    stderr: BinaryIO
    path: Optional[str] = None
    incomplete: str = ""

    def size(self, name: str) -> int:
        """Return how many bytes ``"stdout"`` or ``"stderr"`` holds."""
        return os.fstat(getattr(self, name).fileno()).st_size

    def tail(self, name: str, limit: int) -> str:
        """Return the last ``limit`` bytes of ``"stdout"`` or ``"stderr"`` as text; a cut character is left out."""
        begin = max(0, self.size(name) - limit)
        text = os.pread(getattr(self, name).fileno(), limit, begin).decode("utf-8", "replace")
        return text.lstrip("\ufffd") if begin else text

    def why(self, number: int) -> str:
        """Return what an error of the system says of the files, and what to do where that can be told."""
        why = files.why(OSError(number, os.strerror(number)), "name another place by TMPDIR or --keep-output")
        return "%s: %s" % (self.path or "$TMPDIR, " + _folder(), why)

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
    if kept_as is None:
        check_folder()
        return Output(_open_unnamed(), _open_unnamed())
    return Output(_open_named(kept_as, empty=True), _open_named(kept_as + STDERR_SUFFIX, empty=True), kept_as)


def check_folder() -> None:
    """Raise ``ServoError`` (command-failed) where a job's output could not be kept in $TMPDIR."""
    # In a file of its own: to write to one and empty it again makes ext4 flush it when it is closed, says the kernel's
    # documentation of auto_da_alloc.
    with _open_unnamed() as probe:
        try:
            probe.write(b"\n")  # is there room?
        except OSError as error:
            raise _no_file(error) from None


def check_kept(kept_as: str) -> None:
    """Raise ``ServoError`` (command-failed) where ``create`` could not keep it as that; what is there is left."""
    for path in (kept_as, kept_as + STDERR_SUFFIX):
        _open_named(path, empty=False).close()


def _open_named(path: str, empty: bool) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
        stream = os.fdopen(descriptor, "rb+", buffering=0)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if empty and status.st_size:
            stream.truncate(0)
    except (OSError, ValueError) as error:
        message = "the job cannot start: its output cannot be kept in %s: %s; name another file"
        raise HostError(message % (path, files.why(error))) from None
    return stream


def _open_unnamed() -> BinaryIO:
    """Return a new file in $TMPDIR that has no name and goes away with its last descriptor; raise ``ServoError``."""
    path = os.path.join(_folder(), "servo-batch-%d-%s" % (os.getpid(), os.urandom(8).hex()))
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.unlink(path)
    except OSError as error:
        raise _no_file(error) from None
    return os.fdopen(descriptor, "rb+", buffering=0)


def _no_file(error: OSError) -> ServoError:
    message = "the job cannot start: no file for its output can be made in $TMPDIR, %s: %s"
    return HostError(message % (_folder(), files.why(error, "set TMPDIR to a folder where that is possible")))


def _folder() -> str:
    return os.environ.get("TMPDIR") or "/tmp"

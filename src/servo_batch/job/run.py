"""The job: execute it, time it, stop it; one command in, one Result out.

Source: section 6 of the contract. The job is the child of a guard (see guard.py), which times it and sees to it that
nothing of it outlives the driver. The driver sleeps until the guard reports, a signal comes, its stdout is closed, or
the next progress or the timeout is due.
"""

import math
import os
import select
import signal
import time
from contextlib import suppress
from typing import Any, BinaryIO, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch.job import descendants, guard
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.child import MAX_POLL_SECONDS
from servo_batch.job.failures import as_typed, why_ended_badly, why_not_started
from servo_batch.protocol import ServoError, failed

PROGRESS_SECONDS = 30.0
TAIL_BYTES = 4096
NOT_STARTED, STOPPED = "the job was not started", "the job was stopped"


class Result(NamedTuple):
    """What a job that ended well took and printed.

    ``stdout`` and ``stderr`` are unnamed files, open for reading, with what the job printed in the first ``…_size``
    bytes. A process that the job left behind may go on writing after these; it also moves the position in the file, so
    read with ``mmap`` or ``os.pread``.
    """

    runtime_seconds: float
    stdout: BinaryIO
    stdout_size: int
    stderr: BinaryIO
    stderr_size: int


def run(
    args: Sequence[str],
    *,
    grace_seconds: float,
    timeout_seconds: Optional[float],
    cancellation: Cancellation,
    on_progress: Callable[[float], None],
    progress_seconds: float = PROGRESS_SECONDS,
) -> Result:
    """Execute ``args`` and return its Result.

    ``on_progress(elapsed_seconds)`` is called just before the start, since what the driver does just after it would
    slow the job down, and then every ``progress_seconds``.

    Raises ServoError: ``command-failed`` (not started, exit status not 0, killed), ``timeout`` or ``cancelled``, the
    last two once nothing of the job is alive; ``timeout`` also where the job ran past it and ended before it could be
    stopped. A signal that comes after the job ended by itself raises nothing here: look at ``cancellation.signum``.
    """
    if cancellation.signum is not None:
        raise Cancelled(cancellation.signum, NOT_STARTED)
    check_working_directory()
    (stdout, job_stdout), (stderr, job_stderr) = _unnamed_file(), _unnamed_file()
    report_progress(on_progress, 0.0, NOT_STARTED)
    running = _Running(args, job_stdout, job_stderr, grace_seconds)
    report = running.report
    try:
        try:
            running.watch(timeout_seconds, cancellation, on_progress, progress_seconds)
        finally:
            running.stop()
    except ServoError as error:
        if "stopped" in report:
            error.message += _survivors(report["stopped"])
            if error.reason == "timeout":
                error.message += _details(args, _result(0.0, stdout, stderr))
            raise
        # It ended, or failed to start, before it could be stopped. That is what happened, so that is what is said.
    if "broken" in report:
        raise RuntimeError("the guard failed:\n" + report["broken"])
    if "error" in report:
        raise failed("command-failed", why_not_started(args, report["errno"], report["error"]))
    if "stopped" in report:
        message = "somebody killed the guard, which watches the job, so " + STOPPED
        raise failed("command-failed", message + _survivors(report["stopped"]))
    result = _result(report["ended"], stdout, stderr)
    if timeout_seconds is not None and result.runtime_seconds > timeout_seconds:
        message = "the job ran past its timeout of %g s; it ended by itself" % timeout_seconds
        raise failed("timeout", message + _details(args, result))
    problems = list(filter(None, [why_ended_badly(args, report["status"]), _why_incomplete(result)]))
    if problems:
        raise failed("command-failed", "; ".join(problems) + _details(args, result))
    return result


def tail(stream: BinaryIO, size: int, limit: int = TAIL_BYTES) -> str:
    """Return the last ``limit`` bytes of the first ``size``, as text; a character that this would cut is left out."""
    begin = max(0, size - limit)
    data = os.pread(stream.fileno(), size - begin, begin)
    if begin:
        # In UTF-8 a character's second, third and fourth byte are 0b10xxxxxx, and no first byte is.
        cut = 0
        while cut < min(3, len(data)) and data[cut] & 0xC0 == 0x80:
            cut += 1
        data = data[cut:]
    return data.decode("utf-8", "replace")


class _Running:
    """The running job, as the driver sees it; ``report`` is what the guard has told so far."""

    def __init__(self, args: Sequence[str], stdout: int, stderr: int, grace_seconds: float) -> None:
        self.report: Dict[str, Any] = {}
        self._grace_seconds = grace_seconds
        # If the guard is killed, the job's processes come to the driver.
        self._can_follow = descendants.become_subreaper() and descendants.visible()
        # A shell that becomes the driver (exec) leaves it the children that it had.
        self._spared = frozenset(descendants.children()) if self._can_follow else frozenset()
        try:
            self._guard = guard.start(args, stdout, stderr, grace_seconds)
        except OSError as error:
            raise failed("command-failed", why_not_started(args, error.errno, str(error))) from None
        finally:
            os.close(stdout)
            os.close(stderr)

    def watch(
        self,
        timeout_seconds: Optional[float],
        cancellation: Cancellation,
        on_progress: Callable[[float], None],
        progress_seconds: float,
    ) -> None:
        """Return when the guard is gone, which is when the job has ended; raise ServoError when it is to be stopped."""
        limit_seconds = math.inf if timeout_seconds is None else timeout_seconds
        began = next_progress = math.inf
        deadline = time.monotonic() + limit_seconds  # until it is known when the job began
        while True:
            wait_seconds = min(next_progress, deadline) - time.monotonic()
            if self._guard.wait(min(wait_seconds, progress_seconds), cancellation, STOPPED) and not self._receive():
                return
            if "started" in self.report and began == math.inf:
                began = self.report["started"]
                next_progress = began + progress_seconds
                deadline = began + limit_seconds
            now = time.monotonic()
            if now >= deadline:
                raise failed("timeout", "the job ran past its timeout of %g s and was stopped" % limit_seconds)
            if now >= next_progress:
                while next_progress <= now:  # more than once where the driver was stopped (^Z): what is past is past
                    next_progress += progress_seconds
                report_progress(on_progress, now - began, STOPPED)

    def stop(self) -> None:
        """Return when nothing of the job is alive, or when it had ended by itself; in any case the guard is gone."""
        os.close(self._guard.control)
        os.kill(self._guard.pid, signal.SIGCONT)  # somebody may have stopped it
        poll = select.poll()
        poll.register(self._guard.report, select.POLLIN)
        limit = time.monotonic() + self._grace_seconds + descendants.KILL_SECONDS + 5
        while True:
            left_seconds = limit - time.monotonic()
            if not poll.poll(max(0.0, min(left_seconds, MAX_POLL_SECONDS)) * 1000):
                if left_seconds > 0:
                    continue
                os.kill(self._guard.pid, signal.SIGKILL)
                limit = math.inf
            elif not self._receive():
                break
        self._guard.reap()
        if not self.report.keys() & {"error", "ended", "stopped"}:
            self.report["stopped"] = self._stop_without_guard()

    def _receive(self) -> bool:
        """Add to the report what the guard has told; return False when it is gone."""
        messages = self._guard.receive()
        for message in messages or []:
            self.report.update(message)
        return messages is not None

    def _stop_without_guard(self) -> Optional[List[descendants.Process]]:
        def wait(seconds: float) -> None:
            time.sleep(min(seconds, descendants.PAUSE_SECONDS))

        if self._can_follow:
            return descendants.stop(self._grace_seconds, wait, self._spared)
        if "pid" in self.report:
            descendants.stop_group(self.report["pid"], self._grace_seconds, wait)
        return None


def report_progress(on_progress: Callable[[float], None], elapsed_seconds: float, consequence: str) -> None:
    """Call ``on_progress(elapsed_seconds)``; raise ``ServoError`` (cancelled) where it cannot write any more."""
    try:
        on_progress(elapsed_seconds)
    except OSError as error:
        raise failed("cancelled", "cannot write progress to stdout (%s); %s" % (error, consequence)) from None


def _survivors(survivors: Optional[Sequence[Sequence[Any]]]) -> str:
    if survivors is None:
        return "; what has left its process group may live on: to follow it takes Linux's /proc and Python's ctypes"
    names = ", ".join("%d (%s)" % (pid, name) for pid, name, *_ in survivors)
    return "; these could not be, stop them by hand before the next measurement: " + names if names else ""


def check_working_directory() -> None:
    """Raise ``ServoError`` where the working directory is gone: not every shell would say so."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise failed(
            "command-failed", "the job cannot start: the working directory is gone; start the driver in another"
        ) from None


def check_output_folder() -> None:
    """Raise ``ServoError`` where the job's output could not be kept."""
    stream, writable = _unnamed_file()
    stream.close()
    os.close(writable)


def _unnamed_file() -> Tuple[BinaryIO, int]:
    """Return a new file in $TMPDIR that has no name and goes away with its last descriptor: to read it, and to write.

    The job gets the second, which has a position and flags of its own, so that nothing it does to them meets the
    driver. Each write goes to the file's end: a job may open /dev/stderr again and must not overwrite what it wrote.
    """
    try:
        readable, writable = _open_unnamed(os.O_APPEND | os.O_CLOEXEC)
        os.write(readable, b"\n")  # is there room?
        os.ftruncate(readable, 0)
    except OSError as error:
        message = "the job cannot start: no file for its output can be made in $TMPDIR, %s: %s" % (
            _folder(),
            error.strerror,
        )
        raise failed("command-failed", message + "; set TMPDIR to a folder where that is possible") from None
    return os.fdopen(readable, "rb", buffering=0), writable


def _open_unnamed(flags: int) -> Tuple[int, int]:
    """Return two descriptors of a new file without a name, the first also for reading; raise ``OSError``."""
    with suppress(OSError, AttributeError):  # macOS, and some file systems, have no O_TMPFILE
        readable = os.open(_folder(), os.O_TMPFILE | os.O_RDWR | flags, 0o600)
        try:
            return readable, os.open("/proc/self/fd/%d" % readable, os.O_WRONLY | flags)
        except OSError:  # no /proc
            os.close(readable)
    path = os.path.join(_folder(), "servo-batch-%d-%s" % (os.getpid(), os.urandom(8).hex()))
    readable = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | flags, 0o600)
    try:
        return readable, os.open(path, os.O_WRONLY | flags)
    finally:
        os.unlink(path)


def _folder() -> str:
    return os.environ.get("TMPDIR") or "/tmp"


def _result(runtime_seconds: float, stdout: BinaryIO, stderr: BinaryIO) -> Result:
    sizes = [os.fstat(stream.fileno()).st_size for stream in (stdout, stderr)]
    return Result(runtime_seconds, stdout, sizes[0], stderr, sizes[1])


def _details(args: Sequence[str], result: Result) -> str:
    lines = ["", "command: %s" % as_typed(args)]
    for name, stream, size in (
        ("stderr", result.stderr, result.stderr_size),
        ("stdout", result.stdout, result.stdout_size),
    ):
        which = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size) if size > TAIL_BYTES else name
        lines.append("%s:\n%s" % (which, tail(stream, size).rstrip("\n")) if size else "%s: nothing" % name)
    return "\n".join(lines)


def _why_incomplete(result: Result) -> str:
    """Return why some of the output may be missing, or an empty string.

    Most programs do not look whether they could write. When the disk is full, the file ends where its last block does;
    then, and only then, one more byte fails. Where it does not fail, it lies beyond the noted size: nobody reads it.
    """
    for stream in (result.stdout, result.stderr):
        try:
            os.write(stream.fileno(), b"\n")
        except OSError as error:
            return "the job's output may be incomplete: %s: %s in $TMPDIR" % (_folder(), error.strerror)
    return ""

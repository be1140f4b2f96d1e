"""The job: execute it, time it, stop it; one command in, one Result out.

Source: section 6 of the contract. The job is the child of a guard (see guard.py), which times it and sees to it that
nothing of it outlives the driver. The driver sleeps until the guard reports, a signal comes, its stdout is closed, or the
next progress or the timeout is due.
"""

import json
import math
import os
import select
import shlex
import signal
import time
from typing import Any, BinaryIO, Callable, Dict, List, NamedTuple, Optional, Sequence

from servo_batch import descendants, guard
from servo_batch.cancel import Cancellation, Cancelled, signal_name
from servo_batch.protocol import ServoError, failed

PROGRESS_SECONDS = 30.0
TAIL_BYTES = 4096


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
) -> Result:
    """Execute ``args`` and return its Result; ``on_progress(elapsed_seconds)`` is called at the start and every 30 s.

    Raises ServoError: ``command-failed`` (not started, exit status not 0, killed), ``timeout`` or ``cancelled``, the
    last two once nothing of the job is alive. A signal that comes after the job ended by itself raises nothing here:
    look at ``cancellation.signum``.
    """
    if cancellation.signum is not None:
        raise Cancelled(cancellation.signum, "the job was not started")
    _check_working_directory()
    _open_standard_descriptors()
    stdout, stderr = _unnamed_file(), _unnamed_file()
    running = _Running(args, stdout, stderr, grace_seconds)
    report = running.report
    try:
        try:
            running.watch(timeout_seconds, cancellation, on_progress)
        finally:
            running.stop()
    except ServoError as error:
        if "ended" not in report:
            raise _stopped(error, report) from None
        # It ended by itself before it could be asked to: that is what happened, so that is what is said.
    if "broken" in report:
        raise RuntimeError("the guard failed:\n" + report["broken"])
    if "errno" in report:
        raise failed("command-failed", _why_not_started(args, report["errno"], report["error"]))
    if "ended" not in report:
        raise _stopped(failed("command-failed", "somebody killed the guard of the job; the job was stopped"), report)
    result = Result(report["ended"], stdout, _size(stdout), stderr, _size(stderr))
    problem = _why_bad(args, report["status"]) or _why_incomplete(result)
    if problem:
        raise failed("command-failed", "%s\ncommand: %s\n%s" % (problem, as_typed(args), _tails(result)))
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


def as_typed(args: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    return args[2] if _is_shell(args) else " ".join(shlex.quote(arg) for arg in args)


class _Running:
    """The running job, as the driver sees it; ``report`` is what the guard has told so far."""

    def __init__(self, args: Sequence[str], stdout: BinaryIO, stderr: BinaryIO, grace_seconds: float) -> None:
        self.report = {}  # type: Dict[str, Any]
        self._unread = b""
        self._grace_seconds = grace_seconds
        # Were it ignored, as the driver's parent may have left it, nobody could learn how a child ended.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # If the guard is killed, the job's processes come to the driver.
        self._can_follow = descendants.become_subreaper() and descendants.visible()
        # A shell that becomes the driver (exec) leaves it the children that it had.
        self._spared = frozenset(process.pid for process in descendants.list_all()) if self._can_follow else frozenset()
        try:
            self._guard = guard.start(args, stdout.fileno(), stderr.fileno(), grace_seconds)
        except OSError as error:
            raise failed("command-failed", _why_not_started(args, error.errno, str(error))) from None

    def watch(
        self, timeout_seconds: Optional[float], cancellation: Cancellation, on_progress: Callable[[float], None]
    ) -> None:
        """Return when the guard is gone, which is when the job has ended; raise ServoError when it is to be stopped."""
        poll = select.poll()
        poll.register(self._guard.report, select.POLLIN)
        poll.register(cancellation.fileno(), select.POLLIN)
        poll.register(1, 0)  # POLLERR and POLLHUP come without being asked for: nobody reads stdout any more
        began = None  # type: Optional[float]
        next_progress = deadline = math.inf
        while True:
            wait_seconds = max(0.0, min(next_progress, deadline) - time.monotonic())
            ready = dict(poll.poll(None if wait_seconds == math.inf else wait_seconds * 1000))
            if self._guard.report in ready and not self._receive():
                return
            if cancellation.signum is not None:
                raise Cancelled(cancellation.signum, "the job was stopped")
            if cancellation.fileno() in ready:
                os.read(cancellation.fileno(), 4096)  # a signal of another kind
            if ready.get(1, 0) & (select.POLLERR | select.POLLHUP):
                raise failed("cancelled", "stdout was closed, so nobody waits for the answer; the job was stopped")
            if began is None and "started" in self.report:
                began = next_progress = self.report["started"]
                deadline = math.inf if timeout_seconds is None else began + timeout_seconds
            now = time.monotonic()
            if now >= deadline:
                raise failed("timeout", "the job ran past its timeout of %g s; it was stopped" % (deadline - began))
            if now >= next_progress:
                try:
                    on_progress(now - began)
                except OSError as error:
                    raise failed(
                        "cancelled", "cannot write progress to stdout (%s); the job was stopped" % error
                    ) from None
                next_progress = now + PROGRESS_SECONDS

    def stop(self) -> None:
        """Return when nothing of the job is alive, or when it had ended by itself; in any case the guard is gone."""
        os.close(self._guard.control)
        poll = select.poll()
        poll.register(self._guard.report, select.POLLIN)
        limit_seconds = self._grace_seconds + descendants.KILL_SECONDS + 5
        while True:
            if not poll.poll(limit_seconds * 1000):
                os.kill(self._guard.pid, signal.SIGKILL)  # somebody stopped it, it seems
            elif not self._receive():
                break
        os.close(self._guard.report)
        os.waitpid(self._guard.pid, 0)
        if not self.report.keys() & {"errno", "ended", "stopped"}:
            self.report["stopped"] = self._stop_without_guard()

    def _receive(self) -> bool:
        """Add to the report what the guard has written; return False when it is gone."""
        data = os.read(self._guard.report, 65536)
        lines = (self._unread + data).split(b"\n")
        self._unread = lines.pop()
        for line in lines:
            self.report.update(json.loads(line.decode()))
        return bool(data)

    def _stop_without_guard(self) -> List[List[Any]]:
        def wait(seconds: float) -> None:
            time.sleep(min(seconds, descendants.PAUSE_SECONDS))

        alive = []  # type: List[descendants.Process]
        if self._can_follow:
            alive = descendants.stop(self._grace_seconds, wait, self._spared)
        elif "pid" in self.report:
            alive = descendants.stop_group(self.report["pid"], self._grace_seconds, wait)
        return [[process.pid, process.name] for process in alive]


def _stopped(error: ServoError, report: Dict[str, Any]) -> ServoError:
    """Return the error for a job that was stopped, with the processes that could not be."""
    alive = ", ".join("%d (%s)" % (pid, name) for pid, name in report["stopped"])
    if alive:
        error.message += "; still alive, stop them by hand before the next measurement: " + alive
    return error


def _check_working_directory() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise failed(
            "command-failed", "the job was not started: the working directory is gone; start the driver in another"
        ) from None


def _open_standard_descriptors() -> None:
    """See to it that descriptors 0, 1 and 2 are taken, so that no pipe or file of ours becomes the job's stdin."""
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return


def _unnamed_file() -> BinaryIO:
    """Return a new file in $TMPDIR that nobody else can open by a name, and that goes away with its last descriptor.

    Each write goes to its end: a job may open /dev/stderr again and must not overwrite what it wrote before.
    """
    folder = os.environ.get("TMPDIR") or "/tmp"
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(folder, flags | os.O_TMPFILE, 0o600)
        except (OSError, AttributeError):  # macOS, and some file systems, have no O_TMPFILE
            path = os.path.join(folder, "servo-batch-%d-%s" % (os.getpid(), os.urandom(8).hex()))
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            os.unlink(path)
    except OSError as error:
        raise failed(
            "command-failed",
            "the job was not started: no file for its output can be made in $TMPDIR, %s: %s; set TMPDIR to a folder "
            "that can be written" % (folder, error.strerror),
        ) from None
    return os.fdopen(descriptor, "rb", buffering=0)


def _size(stream: BinaryIO) -> int:
    return os.fstat(stream.fileno()).st_size


def _why_incomplete(result: Result) -> str:
    """Return why some of the output may be missing, or an empty string.

    When a disk is full, the file ends where its last block does, and most programs do not look whether they could write.
    So one more byte fails just then. It lies beyond the size that was noted, so nobody reads it.
    """
    for stream in (result.stdout, result.stderr):
        try:
            os.write(stream.fileno(), b"\n")
        except OSError as error:
            return "the job's output may be incomplete: %s in $TMPDIR, %s" % (
                error.strerror,
                os.environ.get("TMPDIR") or "/tmp",
            )
    return ""


def _is_shell(args: Sequence[str]) -> bool:
    return list(args[:2]) == ["/bin/sh", "-c"]


def _why_bad(args: Sequence[str], status: int) -> str:
    """Return how the job ended, or an empty string if it ended well."""
    if status < 0:
        hint = " (nobody here did that: was the memory used up?)" if status == -signal.SIGKILL else ""
        return "the job was killed by %s%s" % (signal_name(-status), hint)
    hint = ""
    if _is_shell(args):
        if status == 126:
            hint = " (the shell found a command that cannot be executed)"
        elif status == 127:
            hint = " (the shell did not find a command)"
        elif 128 < status < 128 + signal.NSIG:
            hint = " (as the shell says it when %s killed a command)" % signal_name(status - 128)
    return "the job ended with exit status %d%s" % (status, hint) if status else ""


def _why_not_started(args: Sequence[str], number: Optional[int], text: str) -> str:
    return "the job was not started: %s\ncommand: %s" % (text, as_typed(args))


def _tails(result: Result) -> str:
    parts = []
    for name, stream, size in (
        ("stderr", result.stderr, result.stderr_size),
        ("stdout", result.stdout, result.stdout_size),
    ):
        text = tail(stream, size)
        which = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size) if size > TAIL_BYTES else name
        parts.append("%s:\n%s" % (which, text.rstrip("\n")) if size else "%s: nothing" % name)
    return "\n".join(parts)

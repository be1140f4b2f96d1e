"""The keeper: a process beside the guard that reads what the job prints and writes it to files.

The job's stdout and stderr are pipes, as under any shell. The keeper reads them, so neither the job's clock nor a stop
waits for a disk. It is a child of the driver (see child.py). When its *control* is closed, the job has ended or the
driver was killed. Then it reads what is still on its way: up to the end of both pipes, or, where some process that the
job left running holds them open, for LATE_SECONDS and all that was in them before. It reports one of

- ``{"ready": PID}``: it reads;
- ``{"kept": [SIZE, SIZE, ERRNO, IS_AT_END]}``: what the files for stdout and stderr hold; ERRNO of a write that failed,
  or null; whether nobody can write to the pipes any more;
- ``{"broken": TRACEBACK}``: a bug of ours;

and goes on reading for as long as anybody can write, so that nobody whom the job left running waits for it or gets a
SIGPIPE.
"""

import fcntl
import math
import os
import sys
import termios
import time
import traceback
from contextlib import suppress
from typing import Any, BinaryIO, Dict, List, NamedTuple, Optional, Set

from servo_batch.job.cancel import Cancellation
from servo_batch.job.child import Child, detach, tell, wait_for
from servo_batch.job.output import Files

# Linux's number; Python has the name from 3.10 on. What the job may be ahead of the keeper, 16 times the default.
F_SETPIPE_SZ = 1031
PIPE_BYTES = 1 << 20
READ_BYTES = 1 << 16
# What is on its way when the job has ended is waited for so long.
LATE_SECONDS = 1.0
# Where little has come, it lets more come before it looks again: to wake it costs the job's time, once for each line.
# Not where so much comes that the pipe would be full before: then the job would wait for it.
FEW_BYTES = 1 << 16
NAP_SECONDS = 0.001
FAST_BYTES_PER_SECOND = PIPE_BYTES / NAP_SECONDS / 4
WINDOW_SECONDS = 0.01
# The streams, as the keeper tells those that show them which has grown.
NAMES = (b"o", b"e")


class Kept(NamedTuple):
    """How much the files hold, and why that may not be all; ``number`` is the errno of a write that failed."""

    stdout_size: int
    stderr_size: int
    problem: str = ""
    number: Optional[int] = None
    traceback: str = ""  # of a bug of ours


class Keeper:
    """The keeper, as the driver has it, with the pipes' writing ends, ``stdout`` and ``stderr``, for the job."""

    def __init__(self, files: Files, grown: Optional[int] = None) -> None:
        """Fork a keeper that fills ``files``, and return when it reads; raise ``OSError`` where there can be none.

        It writes one of NAMES to the descriptor ``grown`` when it has written to a file, and closes it at the end.
        """
        self._files = files
        pipes: List[int] = []
        try:
            pipes.extend(os.pipe())
            pipes.extend(os.pipe())
            stdout, self.stdout, stderr, self.stderr = pipes
            streams = [_Stream(stdout, files.stdout, NAMES[0]), _Stream(stderr, files.stderr, NAMES[1])]
            self._child = Child(lambda control, report, _mask: _keep(streams, control, report, grown))
        except OSError:
            for descriptor in pipes:
                os.close(descriptor)
            raise
        os.close(stdout)
        os.close(stderr)
        self._child.receive()  # it reads, or is gone
        self.pid = self._child.pid
        self.reads_on = self._is_handed_over = False

    def hand_over(self) -> None:
        """Let go of the writing ends: the job has them by now, or nobody needs them."""
        if not self._is_handed_over:
            self._is_handed_over = True
            os.close(self.stdout)
            os.close(self.stderr)

    def finish(self, limit_seconds: float, cancellation: Cancellation) -> Kept:
        """Have it read what is on its way, and return what is kept.

        A disk is waited for until ``limit_seconds`` are over or somebody asks for a stop once more. Afterwards
        ``reads_on`` tells whether it stays, for those that can still write.
        """
        self.hand_over()
        os.close(self._child.control)
        told: Dict[str, Any] = {}
        is_gone = False
        limit = time.monotonic() + limit_seconds
        while not told and not is_gone and self._child.wait(limit - time.monotonic(), cancellation):
            messages = self._child.receive()
            is_gone = messages is None
            for message in messages or []:
                told.update(message)
        sizes = [os.fstat(stream.fileno()).st_size for stream in (self._files.stdout, self._files.stderr)]
        if "kept" in told:
            *sizes, number, is_at_end = told["kept"]
            self.reads_on = not is_at_end
            kept = Kept(sizes[0], sizes[1], number=number)
        elif "broken" in told:
            self.reads_on = True
            kept = Kept(sizes[0], sizes[1], traceback=told["broken"])
        else:
            self.reads_on = not is_gone
            hangs = self._files.told("to write took longer than %g s" % limit_seconds)
            kept = Kept(sizes[0], sizes[1], hangs if self.reads_on else "somebody killed the process that keeps it")
        if self.reads_on:
            os.close(self._child.report)
        else:
            self._child.reap()
        return kept


class _Stream:
    """One of the pipes, as the keeper has it, and the file for what comes out of it."""

    def __init__(self, pipe: int, file: BinaryIO, name: bytes) -> None:
        self.pipe = pipe
        self.file = file
        self.size = 0
        self.number: Optional[int] = None
        self._name = name

    def open(self) -> bool:
        """Get ready to read; return whether there is much room in the pipe."""
        # Somebody else may read what poll(2) has seen: the pipe is the job's stdout, and it can open that for reading.
        os.set_blocking(self.pipe, False)
        self._reader = os.fdopen(self.pipe, "rb", buffering=0, closefd=False)
        try:
            return fcntl.fcntl(self.pipe, F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES
        except OSError:  # not Linux, or the user's pipes hold too much as it is, says pipe(7)
            return False

    def copy(self, buffer: memoryview, grown: Optional[int]) -> Optional[int]:
        """Move what is there to the file, by way of ``buffer``; return how much: 0 at the end, None for not yet.

        While more has come when a part is written, it goes on, without a poll(2) for each: that takes its processor
        from a job that prints fast. Not without end, but until about as much as the pipe holds was moved.
        """
        moved = 0
        read, write = self._reader.readinto, self.file.write  # PyPy has no os.readv
        while moved < PIPE_BYTES:
            count = read(buffer)
            if not count:
                break
            moved += count
            written = 0
            try:
                while self.number is None and written < count:
                    written += write(buffer[written:count])
            except OSError as error:  # from here on there is a gap, so nothing that comes later is kept either
                self.number = error.errno
            self.size += written
        if moved and grown is not None:
            with suppress(OSError):  # nobody shows it any more, or whoever does has much to do
                os.write(grown, self._name)
        return moved or count

    def waiting(self) -> int:
        """Return how many bytes are in the pipe."""
        return int.from_bytes(fcntl.ioctl(self.pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _keep(streams: List[_Stream], control: int, report: int, grown: Optional[int]) -> None:
    own = {control, report} | ({grown} if grown is not None else set())
    files = {stream.file.fileno() for stream in streams}
    pipes = {stream.pipe for stream in streams}
    try:
        detach(own | files | pipes)
        os.chdir("/")
        is_roomy = True
        for stream in streams:
            is_roomy = stream.open() and is_roomy
        if grown is not None:
            os.set_blocking(grown, False)
        tell(report, {"ready": os.getpid()})
        is_at_end = _copy(streams, control, grown, NAP_SECONDS if is_roomy else 0)
        number = next((stream.number for stream in streams if stream.number is not None), None)
        tell(report, {"kept": [stream.size for stream in streams] + [number, is_at_end]})
    except BaseException:
        tell(report, {"broken": traceback.format_exc()})
    for descriptor in own | files:
        os.close(descriptor)
    _drain(pipes)


def _copy(streams: List[_Stream], control: int, grown: Optional[int], nap_seconds: float) -> bool:
    """Copy until it is over (see the module's text); return whether both pipes are at their end."""
    buffer = memoryview(bytearray(READ_BYTES))
    open_streams = {stream.pipe: stream for stream in streams}
    due: Dict[int, int] = {}
    end = math.inf
    window_began, window_bytes, is_fast = time.monotonic(), 0, True
    while open_streams:
        left = end - time.monotonic()
        if left <= 0 and not any(count > 0 for count in due.values()):
            break
        ready = wait_for(list(open_streams) + ([control] if end == math.inf else []), left)
        if left <= 0 and not ready:  # somebody else read what was due
            break
        is_little = True
        for descriptor in ready:
            if descriptor == control:
                end = time.monotonic() + LATE_SECONDS
                due = {pipe: stream.waiting() for pipe, stream in open_streams.items()}
                continue
            count = open_streams[descriptor].copy(buffer, grown)
            if count == 0:
                del open_streams[descriptor]
                due.pop(descriptor, None)
            elif count:
                due[descriptor] = due.get(descriptor, 0) - count
                window_bytes += count
                is_little = is_little and count < FEW_BYTES
        if is_little and nap_seconds and end == math.inf:
            window_seconds = time.monotonic() - window_began
            if window_seconds > WINDOW_SECONDS:
                is_fast = window_bytes > FAST_BYTES_PER_SECOND * window_seconds
                window_began, window_bytes = time.monotonic(), 0
            if not is_fast:
                time.sleep(nap_seconds)
    return not open_streams


def _drain(pipes: Set[int]) -> None:
    while pipes:
        for pipe in wait_for(pipes):
            with suppress(BlockingIOError):
                if not os.read(pipe, READ_BYTES):
                    pipes = pipes - {pipe}

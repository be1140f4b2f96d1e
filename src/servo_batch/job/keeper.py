"""The keeper: a process beside the guard that reads what the job prints and writes it to files.

The job's stdout and stderr are pipes, as under any shell. The keeper reads them, so neither the job's clock nor a stop
waits for a disk. It is a child of the driver (see child.py). When its *control* is closed, the job has ended or the
driver was killed. Then it reads what is still on its way: up to the end of both pipes, or, where some process that the
job left running holds them open, for LATE_SECONDS and all that was in them before. It reports

- ``{"ready": PID}``: it reads;
- ``{"grown": true}``: one of the files has become longer; only where that is to be told;
- ``{"kept": [WHY, IS_AT_END]}``: why it kept not all, else empty; whether nobody can write to the pipes any more;

and goes on reading for as long as anybody can write, so that nobody whom the job left running waits for it or gets a
SIGPIPE.
"""

import fcntl
import math
import os
import time
from contextlib import suppress
from typing import BinaryIO, List, Optional

from servo_batch.job.child import Child, detach, tell, wait_for
from servo_batch.job.output import Output, why

# Linux's number; Python has the name from 3.10 on. What the job may be ahead of the keeper, 16 times the default.
F_SETPIPE_SZ = 1031
PIPE_BYTES = 1 << 20
READ_BYTES = 1 << 16
# What is on its way when the job has ended is waited for so long.
LATE_SECONDS = 1.0
# It lets more come before it looks again: to wake it costs the job's time, once for each line. Not for a while where so
# much came in a nap that the pipe could be full before the end of one: then the job would wait for it.
NAP_SECONDS = 0.001
MUCH_BYTES = PIPE_BYTES // 4
AWAKE_SECONDS = 0.1


class Keeper(Child):
    """The keeper, as the driver has it, with the pipes' writing ends, ``stdout`` and ``stderr``, for the job."""

    def __init__(self, output: Output, tells_growth: bool) -> None:
        """Fork a keeper that fills the files, and return when it reads; raise ``OSError`` where there can be none."""
        stdout, self.stdout = os.pipe()
        stderr, self.stderr = os.pipe()
        streams = [_Stream(stdout, output.stdout), _Stream(stderr, output.stderr)]
        super().__init__(lambda control, report: _keep(streams, output, control, report, tells_growth))
        os.close(stdout)
        os.close(stderr)
        self.receive()  # it reads, or is gone

    def hand_over(self) -> None:
        """Let go of the writing ends: the job has them by now, or nobody needs them."""
        os.close(self.stdout)
        os.close(self.stderr)


class _Stream:
    """A pipe and the file for what comes out of it; ``has_room`` tells whether much fits into the pipe."""

    def __init__(self, pipe: int, file: BinaryIO) -> None:
        self.pipe = pipe
        self.file = file
        self.error: Optional[OSError] = None  # of a write that failed
        self.is_at_end = False
        # Somebody else may read what poll(2) has seen: the pipe is the job's stdout, and it can open that for reading.
        os.set_blocking(pipe, False)
        self._reader = os.fdopen(pipe, "rb", buffering=0, closefd=False)
        try:
            self.has_room = fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES
        except OSError:  # not Linux, or the user's pipes hold too much as it is, says pipe(7)
            self.has_room = False

    def copy(self, buffer: memoryview) -> int:
        """Move what is there to the file, by way of ``buffer``; return how much.

        While more has come when a part is written, it goes on, without a poll(2) for each: that takes its processor
        from a job that prints fast. Not without end, but until about as much as the pipe holds was moved.
        """
        moved = 0
        read, write = self._reader.readinto, self.file.write  # PyPy has no os.readv
        while moved < PIPE_BYTES:
            count = read(buffer)
            if not count:
                self.is_at_end = count is not None
                break
            moved += count
            written = 0
            try:
                while not self.error and written < count:
                    written += write(buffer[written:count])
            except OSError as error:  # from here on there is a gap, so nothing that comes later is kept either
                self.error = error
        return moved


def _keep(streams: List[_Stream], output: Output, control: int, report: int, tells_growth: bool) -> None:
    detach({control, report, *(stream.pipe for stream in streams), *(stream.file.fileno() for stream in streams)})
    os.chdir("/")
    tell(report, {"ready": os.getpid()})
    os.set_blocking(report, False)
    _copy(streams, control, report if tells_growth else None)
    error = next((stream.error for stream in streams if stream.error), None)
    is_at_end = all(stream.is_at_end for stream in streams)
    os.set_blocking(report, True)
    tell(report, {"kept": [why(output.path, error) if error else "", is_at_end]})
    for descriptor in (control, report, *(stream.file.fileno() for stream in streams)):
        os.close(descriptor)
    _drain([stream.pipe for stream in streams])


def _copy(streams: List[_Stream], control: int, grown: Optional[int]) -> None:
    """Copy until it is over (see the module's text)."""
    buffer = memoryview(bytearray(READ_BYTES))
    pipes = {stream.pipe: stream for stream in streams}
    late = left = math.inf  # when nothing more is waited for, and how long that is
    awake = 0.0 if all(stream.has_room for stream in streams) else math.inf  # until when no nap is taken
    while pipes and left > 0:
        left = late - time.monotonic()  # if none, once more: for what was in the pipes, which hold no more than that
        ready = wait_for([*pipes, control] if late == math.inf else pipes, left)
        if control in ready:
            late = time.monotonic() + LATE_SECONDS
        moved = [stream.copy(buffer) for pipe, stream in pipes.items() if pipe in ready]
        if any(moved) and grown is not None:
            with suppress(BlockingIOError):  # the driver was stopped (^Z); it looks at both in the end
                tell(grown, {"grown": True})
        pipes = {pipe: stream for pipe, stream in pipes.items() if not stream.is_at_end}
        if max(moved, default=0) > MUCH_BYTES:
            awake = max(awake, time.monotonic() + AWAKE_SECONDS)
        elif late == math.inf and time.monotonic() >= awake:
            time.sleep(NAP_SECONDS)


def _drain(pipes: List[int]) -> None:
    while pipes:
        for pipe in wait_for(pipes):
            with suppress(BlockingIOError):
                if not os.read(pipe, READ_BYTES):
                    pipes = [other for other in pipes if other != pipe]

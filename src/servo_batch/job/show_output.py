"""What the job prints, shown to somebody while it runs.

By a process of its own (see child.py), which reads the files that the keeper fills: whoever reads what is shown may
take as long as he likes, without the job or a stop waiting for him.
"""

import os
import select
import signal
import traceback
from contextlib import suppress
from typing import BinaryIO, Dict, NamedTuple

from servo_batch.job.cancel import Cancellation
from servo_batch.job.child import Child, detach, die_with_the_driver, tell
from servo_batch.job.keeper import NAMES
from servo_batch.job.output import Files

READ_BYTES = 1 << 16
LINE_BREAKS = (b"\n", b"\r")


class Show(NamedTuple):
    """Where to show what the job prints: a descriptor of the driver.

    For a terminal, on which something else is drawn meanwhile: ``before`` is written before each piece, to make room
    for it, and with ``whole_lines`` a piece ends where a line does.
    """

    descriptor: int
    before: bytes = b""
    whole_lines: bool = False


class Shower:
    """The process that shows, as the driver has it; ``grown`` is the descriptor that the keeper writes to."""

    def __init__(self, show: Show, files: Files) -> None:
        """Fork it; raise ``OSError`` where there can be none."""
        readable, self.grown = os.pipe()
        try:
            self._child = Child(lambda control, report, _mask: _show(show, files, readable, control, report))
        except OSError:
            os.close(self.grown)
            raise
        finally:
            os.close(readable)

    def finish(self, patience_seconds: float, cancellation: Cancellation) -> None:
        """Return when all is shown; earlier, when nobody takes it for so long or somebody asks for a stop once more."""
        while self._child.wait(patience_seconds, cancellation) and self._child.receive() is not None:
            pass
        with suppress(ProcessLookupError):  # reaped with what the job left, since the guard could not
            os.kill(self._child.pid, signal.SIGKILL)
        os.close(self._child.control)
        self._child.reap()


def _show(show: Show, files: Files, grown: int, control: int, report: int) -> None:
    with suppress(OSError):  # nobody reads it
        try:
            detach({show.descriptor, files.stdout.fileno(), files.stderr.fileno(), grown, control, report})
            die_with_the_driver(control)
            os.set_blocking(report, False)  # the driver does not listen before the end
            streams: Dict[bytes, _Stream] = {
                NAMES[0]: _Stream(show, files.stdout, report),
                NAMES[1]: _Stream(show, files.stderr, report),
            }
            names = b"."
            while names:
                names = os.read(grown, READ_BYTES)
                previous = b""
                for position in range(len(names)):
                    name = names[position : position + 1]
                    if name != previous:
                        streams[name].show(is_last=False)
                    previous = name
                for stream in streams.values():  # the keeper does not wait to tell where there is much to do
                    stream.show(is_last=False)
            for stream in streams.values():
                stream.show(is_last=True)
        except OSError:
            raise
        except BaseException:
            os.write(show.descriptor, traceback.format_exc().encode())


class _Stream:
    """One of the files, and how much of it has been shown."""

    def __init__(self, show: Show, file: BinaryIO, report: int) -> None:
        self._show = show
        self._file = file
        self._report = report
        self._position = 0

    def show(self, is_last: bool) -> None:
        """Write what has come since."""
        while True:
            piece = os.pread(self._file.fileno(), READ_BYTES, self._position)
            if self._show.whole_lines and not is_last:
                end = max(piece.rfind(line_break) for line_break in LINE_BREAKS) + 1
                piece = piece[:end] if end or len(piece) < READ_BYTES else piece
            if not piece:
                return
            self._position += len(piece)
            self._write(self._show.before + piece)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._show.descriptor, rest) :]
            except BlockingIOError:  # somebody made it so that nobody waits
                select.select([], [self._show.descriptor], [])
            with suppress(BlockingIOError):
                tell(self._report, {"shown": True})

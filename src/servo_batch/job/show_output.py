"""What the job prints, shown on stderr while it runs, by the driver: out of the files that the keeper fills.

Whoever reads what is shown may take as long as he likes, without the job or a stop waiting for him.
"""

import os
import select
from typing import Callable, List

from servo_batch.answers import STDERR
from servo_batch.job.child import wait_for
from servo_batch.job.output import Output

READ_BYTES = 1 << 16
# How long nobody may take what is shown before the rest of it is given up.
STALLED_SECONDS = 1.0


class Shown:
    """How much of what the job prints has been shown.

    ``room`` is written before each piece, to make room for it where something else is drawn; then a piece ends where a
    line does.
    """

    def __init__(self, output: Output, room: bytes) -> None:
        self._files = [output.stdout, output.stderr]
        self._positions = [0, 0]
        self._room = room
        self._rest = memoryview(b"")  # of the piece at hand
        self._is_last = False
        self._descriptor = _own(STDERR)

    @property
    def waiting(self) -> List[int]:
        """The descriptor that something waits to be written to, if anything does."""
        return [self._descriptor] if self._rest else []

    def write(self) -> None:
        """Write what can be written of a piece without waiting; there is more to attend to."""
        try:
            self._take()
            while self._rest and wait_for([], 0, self.waiting):
                self._rest = self._rest[os.write(self._descriptor, self._rest[: select.PIPE_BUF]) :]
            self._take()
        except BlockingIOError:  # a terminal that took less than it said
            pass
        except OSError:  # nobody reads it: there is nothing more to show
            self._files, self._rest = [], memoryview(b"")

    def finish(self, is_wanted: Callable[[], bool]) -> None:
        """Write a last piece, and go on while ``is_wanted()`` and somebody takes it; the files grow no more."""
        self._is_last = True
        self.write()
        while self.waiting and is_wanted() and wait_for([], STALLED_SECONDS, self.waiting):
            self.write()
        os.close(self._descriptor)

    def _take(self) -> None:
        """Read the next piece, if none is at hand and there is one."""
        for number, file in enumerate(self._files):
            if self._rest:
                return
            piece = os.pread(file.fileno(), READ_BYTES, self._positions[number])
            if self._room and not self._is_last:
                end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
                piece = piece[:end] if end or len(piece) < READ_BYTES else piece
            self._positions[number] += len(piece)
            self._rest = memoryview(self._room + piece if piece else b"")


def _own(descriptor: int) -> int:
    """Return a descriptor for the same; for a terminal, which may take less than it says, one that never waits."""
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return os.dup(descriptor)

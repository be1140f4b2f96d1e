"""What the job prints, shown to somebody while it runs, by the driver: out of the files that the keeper fills.

Whoever reads what is shown may take as long as he likes, without the job or a stop waiting for him.
"""

import os
import select
from typing import Dict, List, NamedTuple, Optional

from servo_batch.job.child import wait_for
from servo_batch.job.output import Output

READ_BYTES = 1 << 16


class Show(NamedTuple):
    """Where to show what the job prints: a descriptor of the driver.

    For a terminal, on which something else is drawn meanwhile: ``before`` is written before each piece, to make room
    for it, and with ``whole_lines`` a piece ends where a line does.
    """

    descriptor: int
    before: bytes = b""
    whole_lines: bool = False


class Shown:
    """How much of what the job prints has been shown; nothing at all where ``show`` is None."""

    def __init__(self, show: Optional[Show], output: Output) -> None:
        self._show = show
        self._files = {"stdout": output.stdout, "stderr": output.stderr}
        self._positions: Dict[str, int] = {"stdout": 0, "stderr": 0}
        self._grown: List[str] = []
        self._rest = memoryview(b"")
        self._descriptor = _own(show.descriptor) if show else -1
        self._is_last = self._has_moved = False

    @property
    def waiting(self) -> List[int]:
        """The descriptor that something waits to be written to, if anything does."""
        return [self._descriptor] if self._show and (self._rest or self._grown) else []

    def grew(self, name: str) -> None:
        """Take note that a file has become longer."""
        if name not in self._grown:
            self._grown.append(name)

    def last(self) -> None:
        """Take note that the files grow no more."""
        self._is_last = True
        self._grown += [name for name in self._files if name not in self._grown]

    def has_moved(self) -> bool:
        """Tell whether something was written since this was asked last, or nothing is left."""
        has_moved, self._has_moved = self._has_moved, False
        return has_moved or not self.waiting

    def write(self) -> None:
        """Write what can be written without waiting; not all, where it grows as fast: there is more to attend to."""
        left = READ_BYTES
        try:
            while left > 0 and (self._rest or self._take()) and wait_for([], 0, [self._descriptor]):
                count = os.write(self._descriptor, self._rest[: select.PIPE_BUF])
                self._rest = self._rest[count:]
                left -= count
                self._has_moved = True
        except BlockingIOError:  # a terminal that took less than it said
            pass
        except OSError:  # nobody reads it
            self.close()

    def close(self) -> None:
        """Show no more."""
        if self._show is not None:
            os.close(self._descriptor)
            self._show = None

    def _take(self) -> bool:
        """Read the next piece; return whether there is one."""
        while self._show and self._grown:
            name = self._grown[0]
            piece = os.pread(self._files[name].fileno(), READ_BYTES, self._positions[name])
            if self._show.whole_lines and not self._is_last:
                end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
                piece = piece[:end] if end or len(piece) < READ_BYTES else piece
            if piece:
                self._positions[name] += len(piece)
                self._rest = memoryview(self._show.before + piece)
                return True
            self._grown.pop(0)
        return False


def _own(descriptor: int) -> int:
    """Return a descriptor for the same; for a terminal, which may take less than it says, one that never waits."""
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return os.dup(descriptor)

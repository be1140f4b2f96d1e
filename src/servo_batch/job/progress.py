"""How measurements go, told to whoever reads the answer and drawn on the terminal at stderr, if there is one."""

import os
import time
from typing import TYPE_CHECKING, Optional

from servo_batch.answers import STDERR, complain
from servo_batch.job.types import Kind, Place
from servo_batch.wording import percent

if TYPE_CHECKING:
    from servo_batch.terminal import ProgressBar, Voice

PROGRESS_SECONDS = 30.0
DEFAULT_EXPECTED_SECONDS = 3600.0  # of one run


class Telling:
    """How one measurement goes, or several where ``begin`` says which is next.

    ``run_seconds`` is what one run of the job is expected to take, None where nobody knows. ``room`` makes room on the
    terminal for a line of something else. Nothing here waits for anybody.
    """

    def __init__(self, voice: "Voice", run_seconds: Optional[float]) -> None:
        self._voice = voice
        self._run_seconds = run_seconds
        self._number = self._of = 1
        self._heard = 0  # how many measurements have begun
        self._began: Optional[float] = None
        self._next_report = 0.0
        self._bar: "Optional[ProgressBar]" = None
        self.interval_seconds, self.room = PROGRESS_SECONDS, b""
        if os.isatty(STDERR):
            # At once: after a job of hours this program's file may be another one.
            from servo_batch.terminal import ProgressBar

            self._bar = ProgressBar()
            self.interval_seconds, self.room = self._bar.redraw_seconds, self._bar.room

    def begin(self, number: int, of: int) -> None:
        """Take note that the measurement of this number, from 1, is the next, of at most so many."""
        self._number, self._of = number, of
        if self._bar:
            self._bar.place = f"{number} of {of}"
        if self._began is not None:
            elapsed = time.monotonic() - self._began
            self._expect(elapsed + elapsed / self._heard * (of - number + 1))
        self._heard += 1

    def progress(self, kind: Kind, place: Place, elapsed_seconds: float) -> None:
        """Tell and draw how far it is, just before each command is started and then every ``interval_seconds``.

        Raises ``OSError`` where nobody can be told any more.
        """
        now = time.monotonic()
        if self._began is None:
            self._began = now
            if self._run_seconds:
                self._expect(self._run_seconds * place.total * (self._of - self._number + 1))
        is_due = not self._bar or (self._voice.tells_progress and now >= self._next_report)
        if is_due:
            # What it writes may come out on this terminal, where there must be nothing of the bar.
            self.finish()
            self._report(kind, place, elapsed_seconds)
            self._next_report = now + PROGRESS_SECONDS - self.interval_seconds / 2
        if self._bar and not (is_due and self.room):  # else a second from now, when that line has come out
            self._bar.update(now - self._began)

    def _expect(self, seconds: float) -> None:
        """Take note of how long all of it is expected to take from its begin."""
        if self._bar:
            self._bar.expected_seconds = seconds

    def stopping(self, kind: Kind, grace_seconds: float) -> None:
        """Say on a terminal why nothing seems to happen."""
        if self._bar:
            self._bar.remove()
            complain(f"asked {kind.value} to end, which may take it {grace_seconds:g} s; Ctrl-C again ends it at once")

    def finish(self) -> None:
        """Leave the terminal as it was."""
        if self._bar:
            self._bar.remove()

    def _report(self, kind: Kind, place: Place, elapsed_seconds: float) -> None:
        places = [f"measurement {self._number} of {self._of}" if self._of > 1 else "", str(place)]
        where = "".join(each + ": " for each in places if each)
        # How far all runs together are; what prepares and cleans up takes no part of it.
        expected = self._run_seconds or DEFAULT_EXPECTED_SECONDS
        of_run = {Kind.PREPARE: 0.0, Kind.JOB: min(1.0, elapsed_seconds / expected)}.get(kind, 1.0)
        part = percent(self._number - 1 + (place.number + of_run) / place.total, self._of)
        self._voice.progress(part, f"{where}{kind.value} has been running for {elapsed_seconds:.0f} s")

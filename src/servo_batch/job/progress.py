"""How measurements go, told to whoever reads the answer and drawn on the terminal at stderr, if there is one."""

import math
import os
import select
import time
from typing import Optional

from servo_batch.answers import STDERR, ForPrograms, complain
from servo_batch.job.types import Kind, Place
from servo_batch.wording import percent

PROGRESS_SECONDS, REDRAW_SECONDS = 30.0, 1.0
MAX_BAR_WIDTH = 40
DEFAULT_COLUMNS = 80
# After the bar stay free: the last column, where some terminals wrap, and two for the ^C that a terminal echoes.
MARGIN = 3
# The cursor waits at the start of the line. So a bar that a narrower window broke into several lines is drawn over from
# its first line on, and what is below (J: erase down to the end of the screen) is only the rest of it.
ERASE_REST, TO_START = "\033[J", "\r"
DEFAULT_EXPECTED_SECONDS = 3600.0  # of one run


class Telling:
    """How one measurement goes, or several where ``begin`` says which is next; then the bar is of all of them.

    ``run_seconds`` is what one run of the job is expected to take, None where nobody knows. The bar is one line that is
    redrawn in place, and in the end removed. ``room`` makes room on the terminal for a line of something else. ``due``
    is when there is something to tell or draw again, by the monotonic clock.

    Nothing here ever waits or raises for the terminal's sake: one that is stopped (^S), gone, or in use by another job
    of the shell is left alone.
    """

    def __init__(self, voice: ForPrograms, run_seconds: Optional[float]) -> None:
        self._voice = voice
        self._run_seconds = run_seconds
        self._number = self._of = 1
        self._which = ""
        self._begun = 0  # how many measurements
        self._began: Optional[float] = None
        self._expected_seconds: Optional[float] = None  # from there to the end of all
        self._next_line = 0.0 if voice.tells_progress else math.inf
        self.due = 0.0
        self.room = b""
        self._is_drawn = False
        if os.isatty(STDERR):
            from servo_batch.terminal import is_dumb  # which takes a while, and a driver mostly has no terminal

            self.room = b"" if is_dumb() else (TO_START + ERASE_REST).encode()

    def begin(self, number: int, of: int) -> None:
        """Take note that the measurement of this number, from 1, is the next, of at most so many."""
        self._number, self._of = number, of
        self._which = f"{number} of {of}" if of > 1 else ""
        if self._began is not None:
            elapsed = time.monotonic() - self._began
            self._expected_seconds = elapsed + elapsed / self._begun * (of - number + 1)
        self._begun += 1

    def progress(self, kind: Kind, place: Place, elapsed_seconds: float) -> None:
        """Tell and draw how far it is, just before each command is started and then when it is ``due``.

        Raises ``ServoError`` where nobody can be told any more.
        """
        now = time.monotonic()
        if self._began is None:
            self._began = now
            if self._run_seconds:
                self._expected_seconds = self._run_seconds * place.total * (self._of - self._number + 1)
        self.due = now + (REDRAW_SECONDS if self.room else PROGRESS_SECONDS)
        if self.room and now < self._next_line:
            line = progress_line(now - self._began, self._expected_seconds, _columns(), self._which)
            self._is_drawn |= _write_if_possible(line + ERASE_REST + TO_START)
        else:
            # What it writes may come out on this terminal, where there must be nothing of the bar for a while.
            self.finish()
            self._next_line = now + PROGRESS_SECONDS
            self._report(kind, place, elapsed_seconds)

    def stopping(self, kind: Kind, grace_seconds: float) -> None:
        """Say on a terminal why nothing seems to happen."""
        self.finish()
        if os.isatty(STDERR):
            complain(f"asked {kind} to end, which may take it {grace_seconds:g} s; Ctrl-C again ends it at once")

    def finish(self) -> None:
        """Leave the terminal as if there had been no bar."""
        if self._is_drawn and _write_if_possible(TO_START + ERASE_REST):
            self._is_drawn = False

    def _report(self, kind: Kind, place: Place, elapsed_seconds: float) -> None:
        which = f"measurement {self._which}: " if self._which else ""
        # How far all runs together are; what prepares and cleans up takes no part of it.
        expected = self._run_seconds or DEFAULT_EXPECTED_SECONDS
        of_run = {Kind.PREPARE: 0.0, Kind.JOB: min(1.0, elapsed_seconds / expected)}.get(kind, 1.0)
        part = percent(self._number - 1 + (place.number + of_run) / place.total, self._of)
        self._voice.progress(part, which + place.told(f"{kind} has been running for {elapsed_seconds:.0f} s"))


def progress_line(elapsed: float, expected_seconds: Optional[float], columns: int, place: str = "") -> str:
    """Return the bar as it stands after ``elapsed`` seconds, in ASCII and no wider than ``columns`` allow.

    ``place`` says which of several measurements is running, ``"3 of 36"``; then it tells what is left of all.
    """
    room = max(0, columns - MARGIN)
    which = place + ", " if place else ""
    if expected_seconds is None:
        return ("%srunning for %s" % (which, duration(elapsed)))[:room]
    part = percent(elapsed, expected_seconds)
    end = "expected " + duration(expected_seconds)
    if place:
        end = duration(max(0, expected_seconds - elapsed)) + " left"
    text = "%2d%%  %s%s, %s" % (part, which, duration(elapsed), end)
    length = min(MAX_BAR_WIDTH, room - len(text) - len("[]  "))
    if length > 0:
        done = length * part // 100
        text = "[%s%s]  %s" % ("#" * done, "." * (length - done), text)
    return text[:room]


def duration(seconds: float) -> str:
    """Return seconds as a clock shows them: ``0:07``, ``59:59``, ``1:00:00``."""
    minutes, rest = divmod(int(seconds), 60)
    return "%d:%02d:%02d" % (divmod(minutes, 60) + (rest,)) if minutes >= 60 else "%d:%02d" % (minutes, rest)


def _columns() -> int:
    """Return the terminal's width as it is now; 80 where it does not say."""
    try:
        return os.get_terminal_size(STDERR).columns or DEFAULT_COLUMNS
    except OSError:
        return DEFAULT_COLUMNS


def _write_if_possible(text: str) -> bool:
    try:
        try:
            if os.tcgetpgrp(STDERR) != os.getpgrp():
                return False  # in the background: the terminal belongs to another job of the shell
        except OSError:
            pass  # a terminal that controls no jobs
        if not select.select([], [STDERR], [], 0)[1]:
            return False
        os.write(STDERR, text.encode("ascii"))
    except OSError:
        return False
    return True

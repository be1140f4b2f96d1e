"""What people see: tables, a failure as text, and the progress bar.

Imported only where stdout or stderr is a terminal, and by ``check``.
"""

import json
import locale
import os
import re
import select

from servo_batch import answers
from servo_batch.wording import is_number, lined_up, percent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Optional, Sequence

REDRAW_SECONDS, LINE_SECONDS = 1.0, 30.0
MAX_BAR_WIDTH = 40
DEFAULT_COLUMNS = 80
# After the bar stay free: the last column, where some terminals wrap, and two for the ^C that a terminal echoes.
MARGIN = 3
# The cursor waits at the start of the line. So a bar that a narrower window broke into several lines is drawn over from
# its first line on, and what is below (J: erase down to the end of the screen) is only the rest of it.
ERASE_REST, TO_START = "\033[J", "\r"
# ECMA-48: control sequences (colours), and the commands that set a window's title. They say nothing on paper.
SEQUENCE = re.compile("\033\\[[0-?]*[ -/]*[@-~]|\033\\][^\a\033]*(?:\a|\033\\\\)")
# What a terminal would obey instead of showing; a text from the job or a file must not move the cursor or hide itself.
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class ForPeople(answers.ForPrograms):
    """Writes answers as a person reads them; progress is the bar's."""

    tells_progress = False

    def answer(self, answer: "answers.Answer") -> None:
        """Write what a verb answers; raise ``OSError`` or ``ServoError``."""
        text = None
        try:
            text = answer.text() if answer.text else None
        except Exception:  # a bug of ours, which is no reason to lose what was measured
            import traceback

            traceback.print_exc()
        if text is None:
            super().answer(answer)
        else:
            answers.write_text(text if answer.verbatim else printable(text), self._wait)

    def failure(self, error: "answers.ServoError") -> None:
        """Write why a call failed; raise ``OSError`` or ``ServoError``."""
        answers.write_text(failure(error), self._wait)

    def progress(self, percent: int, message: str) -> None:
        """Write nothing: on a terminal progress is drawn, not told."""

    def step(self, percent: int, message: str, line: str) -> None:
        """Write the line of a step; raise ``OSError`` or ``ServoError``."""
        answers.write_text(printable(line.rstrip()) + "\n", self._wait)


Voice = answers.ForPrograms  # who writes answers and progress


def table(titles: "Sequence[str]", rows: "Iterable[Sequence[Any]]") -> str:
    """Return rows of values under their titles, aligned; a column of nothing but numbers to the right."""
    columns = []
    for column in zip(titles, *rows):
        to_right = all(value is None or is_number(value) for value in column[1:])
        columns.append(([_cell(value) for value in column], to_right))
    return "".join(line + "\n" for line in lined_up(columns))


def _cell(value: "Any") -> str:
    if value is None:
        return ""
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def failure(error: "answers.ServoError") -> str:
    """Return a failure as readable text.

    What the job printed is set apart, and comes first: then what happened stands next to the prompt, however long the
    rest is.
    """
    kind = error.status if error.status == error.reason else "%s (%s)" % (error.status, error.reason)
    text = ""
    for heading, lines in reversed([pair for details in error.details for pair in details.printed]):
        shown = " nothing" if lines is None else ("\n" + printable(lines)).replace("\n", "\n    ")
        text += f"{heading}:{shown}\n\n"
    summary = "\n".join([error.summary, *(details.command for details in error.details)])
    return "%s%s\n%s\n" % (text, _emphasised(kind), printable(summary))


def printable(text: str) -> str:
    """Return ``text`` with nothing in it that a terminal obeys or, in a locale that is not UTF-8, cannot show."""
    text = SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = CONTROL.sub(lambda match: ascii(match.group())[1:-1], text)
    if has_unicode():
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("…", "...").replace("±", "+-").encode("ascii", "backslashreplace").decode("ascii")


def one_line(text: str) -> str:
    """Return ``text`` as ``printable`` does, with line breaks and tabs written out: what stands in a column."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def has_unicode() -> bool:
    """Tell whether the terminal shows more than ASCII, by the locale."""
    # Not sys.stdout.encoding: newer Pythons take UTF-8 for granted where the locale says otherwise.
    return "utf" in locale.nl_langinfo(locale.CODESET).lower()


def _emphasised(text: str) -> str:
    if _is_dumb() or os.environ.get("NO_COLOR") or not os.isatty(answers.STDOUT):
        return text
    return "\033[1;31m%s\033[0m" % text  # bold and red


def _is_dumb() -> bool:
    return os.environ.get("TERM", "") in ("", "dumb")


class ProgressBar:
    """How far the job is, on the terminal at stderr: one line that is redrawn in place, and in the end removed.

    A terminal that cannot redraw gets a plain line now and then. ``expected_seconds`` is None while nobody knows.
    ``place`` says which of several jobs is running, ``"3 of 36"``; then the bar is of all, and tells what is left.
    ``room`` makes room for a line of something else. Nothing here ever waits or raises for the terminal's sake: one
    that is stopped (^S), gone, or in use by another job of the shell is left alone.
    """

    def __init__(self) -> None:
        self.expected_seconds: "Optional[float]" = None
        self.place = ""
        self._is_dumb = _is_dumb()
        self._is_drawn = False
        self.redraw_seconds = LINE_SECONDS if self._is_dumb else REDRAW_SECONDS
        self.room = b"" if self._is_dumb else (TO_START + ERASE_REST).encode()

    def update(self, elapsed: float) -> None:
        """Draw the bar."""
        columns = DEFAULT_COLUMNS if self._is_dumb else _columns()
        line = progress_line(elapsed, self.expected_seconds, columns, self.place)
        if self._is_dumb:
            _write_if_possible(line + "\n")
        else:
            self._is_drawn = _write_if_possible(line + ERASE_REST + TO_START) or self._is_drawn

    def remove(self) -> None:
        """Leave the terminal as if there had been no bar."""
        if self._is_drawn and _write_if_possible(TO_START + ERASE_REST):
            self._is_drawn = False


def progress_line(elapsed: float, expected_seconds: "Optional[float]", columns: int, place: str = "") -> str:
    """Return the bar as it stands after ``elapsed`` seconds, in ASCII and no wider than ``columns`` allow."""
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
        return os.get_terminal_size(answers.STDERR).columns or DEFAULT_COLUMNS
    except OSError:
        return DEFAULT_COLUMNS


def _write_if_possible(text: str) -> bool:
    try:
        try:
            if os.tcgetpgrp(answers.STDERR) != os.getpgrp():
                return False  # in the background: the terminal belongs to another job of the shell
        except OSError:
            pass  # a terminal that controls no jobs
        if not select.select([], [answers.STDERR], [], 0)[1]:
            return False
        os.write(answers.STDERR, text.encode("ascii"))
    except OSError:
        return False
    return True

"""What people see: tables, and a failure as text.

A driver imports it only where stdout or stderr is a terminal.
"""

import locale
import os
import re
from typing import Any, Iterable, Sequence

from servo_batch import answers
from servo_batch.columns import clipped, lined_up, of_terminal, width
from servo_batch.wording import SEQUENCE, is_number, plain

# What a terminal would obey instead of showing; a text from the job or a file must not move the cursor or hide itself.
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LEAST_TEXT = 30  # no figure with its spread is longer, so that none is shortened


class ForPeople(answers.ForPrograms):
    """Writes answers as a person reads them; progress is the bar's."""

    tells_progress = False

    def answer(self, answer: answers.Answer) -> None:
        """Write what a verb answers; raise ``ServoError``."""
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

    def progress(self, percent: int, message: str, line: str = "") -> None:
        """Write the line, if any: on a terminal other progress is drawn. Raises ``ServoError``."""
        if line:
            answers.write_text(printable(line.rstrip()) + "\n", self._wait)


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows of values under their titles, aligned; a column of nothing but numbers to the right.

    Where a terminal is too narrow, the longest texts are shortened.
    """
    columns = []
    for column in zip(titles, *rows):
        to_right = all(value is None or is_number(value) for value in column[1:])
        columns.append(([one_line(plain(value)) for value in column], to_right))
    longest = max((width(cell) for cells, _ in columns for cell in cells[1:]), default=0)
    excess = max(map(width, lined_up(columns))) - of_terminal() if os.isatty(answers.STDOUT) else 0
    room = max(LEAST_TEXT, longest - max(0, excess))
    shorter = [(cells[:1] + [clipped(cell, room) for cell in cells[1:]], to_right) for cells, to_right in columns]
    return "".join(line + "\n" for line in lined_up(shorter))


def failure(error: answers.ServoError) -> str:
    """Return a failure as readable text: what the job printed, set apart, then, at the prompt, what happened."""
    kind = error.status if error.status == error.reason else "%s (%s)" % (error.status, error.reason)
    details = "".join("    %s\n" % line for line in printable(error.details).splitlines())
    return "%s%s\n%s\n" % (details and details + "\n", _emphasised(kind), printable(error.summary))


def printable(text: str) -> str:
    """Return ``text`` with nothing in it that a terminal obeys or, in a locale that is not UTF-8, cannot show."""
    text = escaped(re.sub(SEQUENCE, "", text).replace("\r\n", "\n").replace("\r", "\n"))
    if has_unicode():
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("…", "...").replace("±", "+-").encode("ascii", "backslashreplace").decode("ascii")


def escaped(text: str) -> str:
    """Return ``text`` with an escape for each character that a terminal would obey."""
    return CONTROL.sub(lambda match: ascii(match.group())[1:-1], text)


def one_line(text: str) -> str:
    """Return ``text`` as ``printable`` does, with line breaks and tabs written out: what stands in a column."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def has_unicode() -> bool:
    """Tell whether the terminal shows more than ASCII, by the locale."""
    # Not sys.stdout.encoding: newer Pythons take UTF-8 for granted where the locale says otherwise.
    return "utf" in locale.nl_langinfo(locale.CODESET).lower()


def _emphasised(text: str) -> str:
    if is_dumb() or os.environ.get("NO_COLOR") or not os.isatty(answers.STDOUT):
        return text
    return "\033[1;31m%s\033[0m" % text  # bold and red


def is_dumb() -> bool:
    """Tell whether the terminal shows plain text only."""
    return os.environ.get("TERM", "") in ("", "dumb")

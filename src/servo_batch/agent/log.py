"""The agent's log: one line an event, on stdout, safe to show on a terminal and never with the token in it."""

import base64
import binascii
import contextlib
import json
import re
import time
from typing import Iterator, List, Set, Tuple
from urllib.parse import quote

from servo_batch import answers

MAX_LINE = 4000
CONCEALED = "[token]"

# So many letters and digits of the token in a row are concealed wherever they stand: some text is cut before it is
# logged, and the cut may fall into the token.
PIECE = 8
# Text as letters and digits, whatever it is wrapped in. Between them anything may stand: quotes, backslashes and line
# ends are what JSON, shells and Python put around or into a text. Escapes are read as often as they were applied.
_LETTERS = re.compile(
    r"""
      \\+ (?: u([0-9A-Fa-f]{4}) | x([0-9A-Fa-f]{2}) | [nrt] )  # JSON, Python
    | % (?:25)* ([0-9A-Fa-f]{2})                               # RFC 3986
    | = ([0-9A-F]{2})                                          # quoted-printable, RFC 2045
    | & (?:amp;)* (?: \#x([0-9A-Fa-f]{1,6}) | \#0*(\d{1,7}) | [a-z]+ ) ;  # HTML
    | (?<=[A-Za-z0-9]) ([ ])  # between words: a token has no blanks
    | ([A-Za-z0-9]+)
    """,
    re.VERBOSE,
)
_DECIMAL, _BLANK = 6, 7  # groups; those before _BLANK are the numbers of escapes, all but _DECIMAL hexadecimal


class Log:
    """Writes lines that start with the time in UTC; control characters in them are escaped, long ones are cut."""

    def __init__(self) -> None:
        self._forms: List[str] = []
        self._pieces: Set[str] = set()

    def conceal(self, secret: str) -> None:
        """Never show ``secret`` again: a service may echo it, a driver may have read its file.

        It is found as it is, in what JSON, Python, a shell, HTML or an address make of it, in hexadecimal and in
        base64, and also where it is cut or goes over several lines.
        """
        forms = {secret, quote(secret, safe=""), repr(secret)[1:-1]}
        for _ in range(2):
            forms |= {json.dumps(form)[1:-1] for form in forms}
        self._forms = sorted(forms, key=len, reverse=True)
        for form in (secret, *_encoded(secret.encode("utf-8"))):
            letters = "".join(letter for letter, _, _ in _letters(form))
            self._pieces.update(letters[start : start + PIECE] for start in range(len(letters) - PIECE + 1))

    def __call__(self, text: str) -> None:
        """Write one line."""
        line = "%s %s\n" % (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), self.clean(text))
        # A reader of the log who has gone does not stop the agent.
        with contextlib.suppress(OSError):
            answers.write_text(line)

    def clean(self, text: str) -> str:
        """Return ``text`` as one line that is fit to be seen."""
        for form in self._forms:
            text = text.replace(form, CONCEALED)
        left = len(text) - MAX_LINE
        text = self._without_pieces(text[:MAX_LINE])
        if left > 0:
            text = "%s… (%d characters more)" % (text, left)
        return "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
            for character in text
        )

    def _without_pieces(self, text: str) -> str:
        runs = list(_letters(text)) if self._pieces else []
        letters = "".join(run for run, _, _ in runs)
        found = [first for first in range(len(letters) - PIECE + 1) if letters[first : first + PIECE] in self._pieces]
        if not found:
            return text
        places = [place for run in runs for place in _places(*run)]
        shown: List[str] = []
        end = 0
        for first in found:
            start = places[first][0]
            if start >= end:  # else it goes on
                shown += [text[end:start], CONCEALED]
            end = places[first + PIECE - 1][1]
        return "".join(shown) + text[end:]


def _letters(text: str) -> Iterator[Tuple[str, int, int]]:
    """Yield the letters and digits that ``text`` stands for, in runs, each with the place where it starts and ends.

    A blank after a letter is one more of them, so that the words of a sentence are not taken for one.
    """
    for match in _LETTERS.finditer(text):
        group = match.lastindex
        if group is None:
            continue
        run = match.group(group)
        if group < _BLANK:
            number = int(run, 10 if group == _DECIMAL else 16)
            run = chr(number) if number < 128 else ""
            if not run.isalnum():
                continue
        yield run, match.start(), match.end()


def _places(run: str, start: int, end: int) -> Iterator[Tuple[int, int]]:
    """Yield where each letter of a run starts and ends; what an escape stands for is one letter."""
    if len(run) < end - start:
        yield start, end
    else:
        for place in range(start, end):
            yield place, place + 1


def _encoded(secret: bytes) -> Iterator[str]:
    """Yield ``secret`` in hexadecimal, and in base64 as it comes out after any text before it."""
    yield binascii.hexlify(secret).decode("ascii")
    yield binascii.hexlify(secret).decode("ascii").upper()
    for before in range(3):
        # Of the first and the last character some bits belong to what stands around.
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        yield base64.b64encode(b"\0" * before + secret).decode("ascii")[first:last]

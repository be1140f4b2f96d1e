"""Scalars that are the same in block and in flow style: in quotes, and what a plain one's text stands for.

YAML 1.2.2, sections 7.3 and 10.3.
"""

import re

from servo_batch.formats.yaml_subset.errors import RefusalError, refuse
from servo_batch.formats.yaml_subset.lines import UNICODE_BLANKS, is_marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple

    from servo_batch.formats.yaml_subset.lines import Lines, Place

SINGLE_QUOTED = re.compile("[^']*(?:''[^']*)*")
DOUBLE_QUOTED = re.compile('[^"\\\\]*')
# c-indicator [22] without "-" and "?", which may start a plain scalar before a character that is no space; so may ":",
# but Psych reads a symbol then.
NOT_PLAIN_FIRST = frozenset("&*!|>'\"%@`#,[]{}:\t")

# The plain scalars that both versions resolve to something else than a string, by word or by their first character.
WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# Booleans of YAML 1.1 only, its "value" and "merge" types, which YAML 1.2 dropped, and in lower case what Psych takes
# for a boolean or null in any case.
LOOK_ALIKE_WORDS = frozenset(["y", "yes", "n", "no", "on", "off", "true", "false", "null", "=", "<<"])
NUMBER_FIRST = frozenset("-+.0123456789")
INT = re.compile("[-+]?(?:0|[1-9][0-9]*)")
HEX = re.compile("0x[0-9a-fA-F]+")
# PyYAML wants the point and a sign in the exponent, and no sign before a leading point.
FLOAT = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
# What some reader takes for a number or a date and another for a string, or both for different numbers: underscores,
# commas (Psych), octal, binary, exponents without point or sign, base 60, infinities, timestamps (to Psych also those
# before Christ); npm's yaml as 1.1 asks for no digit before a "." or an "e".
LOOK_ALIKE_CHARS = "0123456789abcdefABCDEFxXoOiInN+-_,.:"  # but for the time of a timestamp
LOOK_ALIKE = (
    r"[-+]?(?:[0-9_,]+(?:\.[0-9_,]*)?|\.[0-9_,]*)(?:[eE][-+]?[0-9_,]+)?"
    r"|[-+]?[eE][-+]?[0-9]+"
    r"|[-+]?0(?:[bB][01_,]*|[oO][0-7_,]*|[xX][0-9a-fA-F_,]*)"
    r"|[-+]?[0-9][0-9_,]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[-+]?\.(?:[iI][nN][fF]|[nN][aA][nN])"
    r"|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?"
    r"|-?[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?[Tt ].*"
)


def quoted(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-double-quoted [109] or c-single-quoted [120]; return the place past the closing quote, and the text."""
    if lines[row][col] == '"':
        return double_quoted(lines, row, col, indent)
    return single_quoted(lines, row, col, indent)


def single_quoted(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-single-quoted [120]."""
    opened = (row, col)
    chunks = []
    col += 1
    while True:
        line = lines[row]
        end = SINGLE_QUOTED.match(line, col).end()  # type: ignore[union-attr]
        text = line[col:end].replace("''", "'")
        if end < len(line):
            chunks.append(text)
            return row, end + 1, "".join(chunks)
        chunks.append(text.rstrip(" \t"))
        row, col, breaks = quoted_line(lines, row, indent, opened)
        chunks.append("\n" * breaks or " ")


def double_quoted(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-double-quoted [109]."""
    opened = (row, col)
    chunks = []
    line = lines[row]
    col += 1
    while True:
        end = DOUBLE_QUOTED.match(line, col).end()  # type: ignore[union-attr]
        if end == len(line):
            # Only blanks that are written as such go: an escape before them is text.
            chunks.append(line[col:end].rstrip(" \t"))
            row, col, breaks = quoted_line(lines, row, indent, opened)
            chunks.append("\n" * breaks or " ")
            line = lines[row]
            continue
        chunks.append(line[col:end])
        if line[end] == '"':
            return row, end + 1, "".join(chunks)
        if end + 1 == len(line):
            # s-double-escaped [112]. js-yaml drops empty lines after it.
            escaped = row, end
            row, col, breaks = quoted_line(lines, row, indent, opened)
            if breaks:
                refuse("escaped-break", *escaped)
            line = lines[row]
        else:
            from servo_batch.formats.yaml_subset.escapes import escape  # which most documents do without

            col, char = escape(line, row, end + 1)
            chunks.append(char)


def quoted_line(lines: "Lines", row: int, indent: int, opened: "Place") -> "Tuple[int, int, int]":
    """Return the place of the text of a quoted scalar's next line, and the number of empty lines before it [74]."""
    for next_row in range(row + 1, len(lines)):
        line = lines[next_row]
        text = line.lstrip(" \t")
        start = len(line) - len(text)
        tab = line.find("\t", 0, start)
        if 0 <= tab < indent:
            refuse("tab", next_row, tab)
        if text:
            if start < indent:
                refuse("quoted-indent", next_row, start)
            if start == 0 and is_marker(line):
                break
            if start == 0 and text[0] == "%":
                refuse("directive-line", next_row, 0)
            return next_row, start, next_row - row - 1
    raise RefusalError("quote-open", *opened)


def plain_first(line: str, row: int, col: int, not_after: "Tuple[str, ...]") -> None:
    """See that a plain scalar may start here: ns-plain-first [126]; ``not_after`` may not follow "-" and "?"."""
    first = line[col]
    if first in NOT_PLAIN_FIRST or (first in "-?" and line[col + 1 : col + 2] in not_after):
        refuse("indicator", row, col)
    if first == "-" and (is_marker(line[col : col + 4]) or (col == 0 and line.startswith("---"))):
        # It is text where it is indented or something follows it; js-yaml takes it for a document's start all the same.
        refuse("marker", row, col)


def resolved(text: str, row: int, col: int) -> "Any":
    """Return the value of a plain scalar (section 10.3.2), if it is the same in YAML 1.1 and 1.2."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMBER_FIRST:
        # Psych looks at each line of a short text.
        if len(text) < 6 and not LOOK_ALIKE_WORDS.isdisjoint(text.lower().split("\n")):
            refuse("look-alike", row, col, text)
        if text[0] not in "eE" or text[-1] not in NUMBER_FIRST:
            return text
    if INT.fullmatch(text):
        # int() takes quadratic time.
        if len(text) > 21:
            refuse("number-size", row, col, text)
        return exact(int(text), text, row, col)
    if FLOAT.fullmatch(text):
        number = float(text)
        if number - number != 0:
            refuse("number-size", row, col, text)
        return number
    if HEX.fullmatch(text):
        if len(text) > 18:
            refuse("number-size", row, col, text)
        return exact(int(text, 16), text, row, col)
    # Most are neither, ./job or --verbose, and then nothing has to compile the pattern.
    if text.strip(LOOK_ALIKE_CHARS) and not text.lstrip("-")[:4].isdecimal():
        return text
    if re.fullmatch(LOOK_ALIKE, text, re.DOTALL):
        refuse("look-alike", row, col, text)
    return text


def exact(number: int, text: str, row: int, col: int) -> int:
    """Return an integer that every reader can hold: JavaScript's have floats only, others no more than 64 bits."""
    if not -(2**63) <= number < 2**64 or int(float(number)) != number:
        refuse("number-size", row, col, text)
    return number


def see_key(key: object, text: str, row: int, col: int) -> None:
    """See that a key is a string that begins and ends as a person sees it; ``text`` is how it is written."""
    if not isinstance(key, str):
        refuse("key-type", row, col, text)
    for end in (0, len(text) - 1):
        if text[end] in UNICODE_BLANKS:
            refuse("blank-key", row, col + end)

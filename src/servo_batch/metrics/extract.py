"""A pattern and what a job printed → the value."""

import errno
import re
from typing import TYPE_CHECKING, BinaryIO, Match, NamedTuple, Optional, Pattern, Union

if TYPE_CHECKING:
    from mmap import mmap

Output = Union[bytes, "mmap"]
Value = Union[int, float, str]

# A longer run of digits is no measurement; this many every Python reads, whatever PYTHONINTMAXSTRDIGITS says.
MAX_NUMBER_LENGTH = 640
INTEGER = re.compile(r"[+-]?[0-9]+\Z")
FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
LINE_BREAK = re.compile(b"\n")


class Found(NamedTuple):
    """A value, and the match that it was taken from."""

    value: Value
    match: "Match[bytes]"


def mapped(stream: BinaryIO, size: int) -> Output:
    """Return the first ``size`` bytes of a file to search in, without reading them into memory; raise ``OSError``."""
    if not size:
        return b""  # which mmap refuses
    from mmap import ACCESS_READ, mmap

    try:
        return mmap(stream.fileno(), size, access=ACCESS_READ)
    except ValueError:  # the file is smaller
        raise OSError(errno.ENODATA, "it was cut short meanwhile") from None


def find(pattern: "Pattern[bytes]", output: Output) -> Optional[Found]:
    """Return what the first match's first group holds in ``output``, or None where that is nothing.

    That is nothing where there is no match, where the group took no part in it, and where it holds only blanks. A plain
    finite decimal number is an int or a float, whatever blanks and line ends are around it; any other text is a string
    as it stands, what is not UTF-8 in it replaced.
    """
    match = pattern.search(output)
    return found_in(match) if match else None


def found_in(match: "Match[bytes]") -> Optional[Found]:
    """Return the value of a match, or None where its first group took no part or holds only blanks."""
    text = match.group(1)
    if text is None or not text.strip():
        return None
    return Found(value_of(text.decode("utf-8", "replace")), match)


def value_of(text: str) -> Value:
    """Return the number that a text is, or the text."""
    digits = text.strip(" \t\r\n\v\f")
    if len(digits) <= MAX_NUMBER_LENGTH:
        if INTEGER.match(digits):
            return int(digits)
        if FLOAT.match(digits):
            number = float(digits)
            if number - number == 0:  # finite: neither inf - inf nor nan - nan is 0
                return number
    return text


def line_number(match: "Match[bytes]") -> int:
    """Return the line, from 1, that a match's first group stands on, or its begin where the group took no part."""
    return 1 + sum(1 for _ in LINE_BREAK.finditer(match.string, 0, max(match.start(0), match.start(1))))

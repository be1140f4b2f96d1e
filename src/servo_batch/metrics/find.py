"""A pattern and what a job printed → the value."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import BinaryIO, Optional, Pattern, Union

    Output = Union[bytes, mmap]
    Value = Union[int, float, str]

# A longer run of digits is no measurement; this many every Python reads, whatever PYTHONINTMAXSTRDIGITS says.
MAX_NUMBER_LENGTH = 640
INTEGER = r"[+-]?[0-9]+\Z"
FLOAT = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z"


def mapped(stream: "BinaryIO", size: int) -> "Output":
    """Return the first ``size`` bytes of a file to search in, without reading them into memory."""
    if not size:
        return b""  # which mmap refuses
    from mmap import ACCESS_READ, mmap

    return mmap(stream.fileno(), size, access=ACCESS_READ)


def find(pattern: "Pattern[bytes]", output: "Output") -> "Optional[Value]":
    """Return the value of the first match's first group in ``output``, or None where there is none.

    A plain finite decimal number is an int or a float; any other text a string, what is not UTF-8 in it replaced.
    """
    match = pattern.search(output)
    text = match.group(1) if match else None
    return None if text is None else _value(text.decode("utf-8", "replace"))


def _value(text: str) -> "Value":
    if len(text) <= MAX_NUMBER_LENGTH:
        if re.match(INTEGER, text):
            return int(text)
        if re.match(FLOAT, text):
            number = float(text)
            if number - number == 0:  # finite: neither inf - inf nor nan - nan is 0
                return number
    return text

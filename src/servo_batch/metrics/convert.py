"""The text that was found → its value: a number where it is one, also as people write them, else the text."""

import re
from decimal import Decimal
from typing import Optional, Union

from servo_batch.wording import shown

Number = Union[int, float]
Value = Union[int, float, str]

# A longer run of digits is no measurement; this many every Python reads, whatever PYTHONINTMAXSTRDIGITS says.
MAX_LENGTH = 640
INTEGER = re.compile(r"[+-]?[0-9]+\Z")
FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
BLANKS = " \t\r\n\v\f"


class NoMatch(Exception):  # noqa: N818 - so is the reason of the failure called
    """There is no value; the text says why, and is empty where the pattern just does not match."""


DIGITS = r"((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
PREFIXES = "kmgtpe"
SCALED = re.compile(DIGITS + r" ?(?:([kKMGTPE])(i?))?B?\Z")
CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]*)?)\Z")
TIME = re.compile(DIGITS + r" ?([a-zµμ]+)[ ,]*")
UNITS = {
    **dict.fromkeys(("d", "day", "days"), Decimal(86400)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), Decimal(3600)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), Decimal(60)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), Decimal(1)),
    **dict.fromkeys(("ms", "msec"), Decimal("1e-3")),
    **dict.fromkeys(("us", "µs", "μs", "usec"), Decimal("1e-6")),
    **dict.fromkeys(("ns", "nsec"), Decimal("1e-9")),
}


def value_of(text: str) -> Value:
    """Return the plain finite decimal number that a text is, whatever blanks are around it, or the text."""
    digits = text.strip(BLANKS)
    if len(digits) <= MAX_LENGTH:
        if INTEGER.match(digits):
            return int(digits)
        if FLOAT.match(digits):
            number = float(digits)
            if number - number == 0:  # finite: neither inf - inf nor nan - nan is 0
                return number
    return text


def read(text: str, convert: Optional[str]) -> Value:
    """Return the value of a text that was found, converted where that is asked for; raise ``NoMatch``."""
    number = value_of(text) if convert is None else converted(text, convert)
    if not text.strip():
        raise NoMatch("it is empty")
    if number is None:
        raise NoMatch("%s is nothing that convert: %s reads" % (shown(text), convert))
    return number


def converted(text: str, convert: str) -> Optional[Number]:
    """Return the number that a text stands for, read as ``convert`` says, one of ``sources.CONVERSIONS``, or None.

    Durations are in seconds. A plain number is itself.
    """
    plain = value_of(text)
    if not isinstance(plain, str):
        return plain
    text = text.strip(BLANKS)
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text.startswith(("-", "+")) else text
    total = _duration(text) if convert == "duration" else _scaled(text, convert == "binary")
    if total is None or len(text) > MAX_LENGTH:
        return None
    return sign * (int(total) if total == int(total) else float(total))


def _scaled(text: str, by_1024: bool) -> Optional[Decimal]:
    match = SCALED.match(text)
    if not match or (match.group(3) and not by_1024):
        return None
    power = 1 + PREFIXES.index(match.group(2).lower()) if match.group(2) else 0
    return Decimal(match.group(1).replace(",", "")) * Decimal(1024 if by_1024 else 1000) ** power


def _duration(text: str) -> Optional[Decimal]:
    clock = CLOCK.match(text)
    if clock:
        hours, minutes, seconds = map(Decimal, clock.groups("0"))
        return (hours * 60 + minutes) * 60 + seconds
    total, end = Decimal(0), 0
    while end < len(text):
        match = TIME.match(text, end)
        if not match or match.group(2) not in UNITS:
            return None
        total += Decimal(match.group(1).replace(",", "")) * UNITS[match.group(2)]
        end = match.end()
    return total if text else None

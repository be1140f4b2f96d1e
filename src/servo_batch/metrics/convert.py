"""The text that was found → its value: a number where it is one, also as people write them, else the text."""

import math
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
DIGITS = r"((?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
PREFIXES = "kmgtpe"
SCALED = re.compile(DIGITS + r" ?(?:([kKMGTPE])(i?))?B?\Z")
CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]*)?)\Z")
TIME = re.compile(DIGITS + r" ?([a-zµμ]+)[ ,]*")
SECONDS = {
    "d day days": "86400",
    "h hr hrs hour hours": "3600",
    "m min mins minute minutes": "60",
    "s sec secs second seconds": "1",
    "ms msec millisecond milliseconds": "1e-3",
    "us µs μs usec microsecond microseconds": "1e-6",
    "ns nsec nanosecond nanoseconds": "1e-9",
}
UNITS = {unit: Decimal(seconds) for units, seconds in SECONDS.items() for unit in units.split()}


class NoMatch(Exception):  # noqa: N818 - so is the reason of the failure called
    """There is no value; the text says why, and is empty where the pattern just does not match."""


def read(text: str, convert: Optional[str] = None) -> Value:
    """Return the value of a text that was found; raise ``NoMatch``.

    It is a number where it is a plain finite decimal number, whatever blanks are around it, or where ``convert`` (one
    of those in ``sources.CHOICES``) makes it one; a duration is in seconds. Else it is the text.
    """
    bare = text.strip(BLANKS)
    if not bare:
        raise NoMatch("it is empty")
    is_short = len(bare) <= MAX_LENGTH
    if is_short and INTEGER.match(bare):
        return int(bare)
    if is_short and FLOAT.match(bare) and math.isfinite(float(bare)):
        return float(bare)
    if not convert:
        return text
    total = None
    if is_short:
        unsigned = bare[1:] if bare[0] in "+-" else bare
        total = _duration(unsigned) if convert == "duration" else _scaled(unsigned, convert == "binary")
    if total is None:
        raise NoMatch("%s is nothing that convert: %s reads" % (shown(text), convert))
    total = -total if bare[0] == "-" else total
    return int(total) if total == int(total) else float(total)


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
    parts = TIME.findall(text)
    if not parts or TIME.sub("", text) or not all(unit in UNITS for _, unit in parts):
        return None
    return sum((Decimal(number.replace(",", "")) * UNITS[unit] for number, unit in parts), Decimal(0))

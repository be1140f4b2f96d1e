"""Round numbers for axes, and numbers as people read them."""

import math
from typing import List, NamedTuple, Sequence, Tuple

TIMES_TEN = "\N{MULTIPLICATION SIGN}10"
GROUPED_BY = "\N{NARROW NO-BREAK SPACE}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LOWERED = {raised: plain for plain, raised in RAISED.items()}
# From here on, and below, labels carry a power of ten at the axis instead of digits that nobody counts.
LARGE, SMALL = 1e6, 1e-2
# Values closer to each other than this part of them are drawn as if they were so far apart: their labels would have
# more digits than a float.
CLOSEST = 1e-9


class Axis(NamedTuple):
    """An axis: from ``low`` to ``high``, with ``ticks`` at round values, each with its label.

    Labels are in units of 10 to the power of ``exponent``, a multiple of 3, mostly 0.
    """

    low: float
    high: float
    ticks: List[Tuple[float, str]]
    exponent: int


def domain(values: Sequence[float], margin: float) -> Tuple[float, float]:
    """Return the span of an axis that holds ``values`` (one at least); ``margin`` is a part of it, left at each end.

    Zero belongs to it where it is near, so that lengths can be compared.
    """
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    if high - low <= size * CLOSEST:
        middle = size * 0.05 if size * 0.05 > 0 else 1.0
        return low - middle, high + middle
    space = (high - low) * margin
    if 0 < low < 0.4 * high:
        return 0.0, high + space
    if 0 > high > 0.4 * low:
        return low - space, 0.0
    return low - space, high + space


def axis(low: float, high: float, count: int, whole: bool = False, large: float = LARGE) -> Axis:
    """Return the axis from ``low`` to ``high`` (greater) with about ``count`` ticks.

    ``whole``: at integers only. From ``large`` on labels are in units of a power of ten.
    """
    mantissa, power = _step(low, high, count)
    if whole and power < 0:
        mantissa, power = 1, 0
    size = max(abs(low), abs(high))
    exponent = _exponent(size, large)
    # Through integers, since 3 * 0.1 is not 0.3.
    up, down = 10 ** max(power, 0), 10 ** max(-power, 0)
    step = mantissa * up / down
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    found = []
    for index in range(first, last + 1):
        found.append((index * mantissa * up / down, fixed_point(index * mantissa, power - exponent)))
    return Axis(low, high, found, exponent)


def _step(low: float, high: float, count: int) -> Tuple[int, int]:
    """Return the mantissa (1, 2 or 5) and the power of ten of a step that gives about ``count`` ticks."""
    rough = high / count - low / count
    power = math.floor(math.log10(rough))
    for mantissa, most in ((1, 1.5), (2, 3.2), (5, 7.1)):
        if rough / 10.0**power <= most:
            return mantissa, power
    return 1, power + 1


def _exponent(size: float, large: float = LARGE) -> int:
    return 3 * math.floor(math.log10(size) / 3) if size and not SMALL <= size < large else 0


def fixed_point(digits: int, power: int) -> str:
    """Return ``digits`` times 10 to the power of ``power``: ``fixed_point(125, -2)`` is ``"1.25"``."""
    if power >= 0:
        return _signed(digits < 0, grouped(str(abs(digits) * 10**power)))
    text = str(abs(digits)).rjust(1 - power, "0")
    return _signed(digits < 0, grouped(text[:power]) + "." + text[power:])


def _signed(negative: bool, text: str) -> str:
    return "\N{MINUS SIGN}" + text if negative else text


def grouped(digits: str) -> str:
    """Return digits in groups of three where there are five or more (ISO 80000-1): a narrow space between them."""
    if len(digits) < 5:
        return digits
    groups: List[str] = []
    while digits:
        groups.insert(0, digits[-3:])
        digits = digits[:-3]
    return GROUPED_BY.join(groups)


def power_of_ten(exponent: int) -> str:
    """Return the power of ten that labels are multiplied by, or nothing for 0."""
    return TIMES_TEN + str(exponent).translate(RAISED) if exponent else ""


def rounded(value: float, digits: int = 4) -> str:
    """Return a number with so many significant digits, no zeros at its end, as a text of a report."""
    if not value:
        return "0"
    exponent = _exponent(abs(value))
    exact, _, power_text = ("%.*e" % (digits - 1, abs(value))).partition("e")
    figures, power = int(exact.replace(".", "")), int(power_text) - digits + 1
    exponent = _exponent(float("%se%s" % (exact, power_text)))
    while figures % 10 == 0 and power < exponent:
        figures, power = figures // 10, power + 1
    text = _signed(value < 0, fixed_point(figures, power - exponent))
    return text + "\N{NO-BREAK SPACE}" + power_of_ten(exponent) if exponent else text


def ascii_only(text: str) -> str:
    """Return a label of this module for a terminal without UTF-8: ``"-12345"``, ``"1.5e6"``."""
    for char, plain in (("\N{MINUS SIGN}", "-"), (GROUPED_BY, ""), ("\N{NO-BREAK SPACE}", "")):
        text = text.replace(char, plain)
    head, times, power = text.partition(TIMES_TEN)
    return head + "e" + power.translate(LOWERED) if times else head


def median(values: Sequence[float]) -> float:
    """Return the median of one value at least."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else ordered[middle - 1] / 2 + ordered[middle] / 2

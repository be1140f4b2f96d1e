"""Numbers as people read them, and round ones for axes."""

import math
from typing import List, NamedTuple, Sequence, Tuple

from servo_batch.wording import is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

# Farther out the span of two values may be no float any more; nearer to zero, the step between two ticks.
LARGEST, SMALLEST = 1e300, 1e-290
# Plain digits are read from and up to here; beyond, a power of ten.
SMALL, LARGE = 1e-4, 1e6
# Values closer to each other than this part of them are drawn as if they were so far apart.
CLOSEST = 1e-9
# So many times farther off than three quarters of the values are from the best, a value is off the scale.
FAR_OUT = 5
# Units that have a short form, and how many of them make one of what is shown where figures are large.
SHORT_UNITS = {"seconds": [("s", 1.0)], "bytes": [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)]}


class Axis(NamedTuple):
    """A scale from ``low`` to ``high``, with ``ticks`` at round values, each with its label."""

    low: float
    high: float
    ticks: List[Tuple[float, str]]

    def part(self, value: float) -> float:
        """Return where a value lies between the ends, 0 to 1; of one beyond an end, that end."""
        span = self.high - self.low
        return min(1.0, max(0.0, value / span - self.low / span))


def as_number(value: "Any") -> "Optional[float]":
    """Return a JSON value as a float where it is a number that can be drawn; a boolean is none."""
    try:
        number = float(value) if is_number(value) else math.nan
    except OverflowError:
        return None
    if not abs(number) <= LARGEST:  # which NaN is not either
        return None
    return number if abs(number) >= SMALLEST else 0.0


def figure(value: float, digits: int = 4) -> str:
    """Return a number with so many significant digits at least, no zeros at its end: ``"16.62"``, ``"1.5e9"``."""
    exact, power = ("%.*e" % (digits - 1, value)).split("e")
    if value and not SMALL <= abs(value) < LARGE:
        return "%se%d" % (_without_zeros(exact), int(power))
    return _without_zeros("%.*f" % (max(0, digits - 1 - int(power)), value))


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def aligned(values: "Sequence[Optional[float]]") -> List[str]:
    """Return numbers to the same decimal, so that their points stand in line; with powers where they are far apart."""
    sizes = sorted(abs(value) for value in values if value)
    if sizes and (sizes[-1] >= LARGE or sizes[-1] < 100 * SMALL or sizes[-1] > 1e5 * sizes[0]):
        return ["" if value is None else figure(value) for value in values]
    is_whole = all(value is None or value == int(value) for value in values)
    decimals = 0 if is_whole or not sizes else max(0, 3 - math.floor(math.log10(sizes[len(sizes) // 2])))
    return ["" if value is None else "%.*f" % (decimals, value) for value in values]


def short_unit(unit: str, values: Sequence[float]) -> Tuple[str, float]:
    """Return the unit as a table has it, and by what the values are divided."""
    largest = max(map(abs, values), default=0.0)
    choices = SHORT_UNITS.get(unit, [(unit, 1.0)])
    return next((each for each in choices if largest >= each[1]), choices[-1])


def comparable(values: Sequence[float], minimize: bool) -> List[float]:
    """Return the values (one at least) that belong on one scale.

    Without those so far on the wrong side that beside them all others would look the same.
    """
    ordered = sorted(values, reverse=not minimize)
    bad = 1 if minimize else -1
    third_quarter = ordered[len(ordered) * 3 // 4]
    usual = abs(third_quarter - ordered[0])
    return [value for value in values if not usual or bad * (value - third_quarter) <= FAR_OUT * usual]


def domain(values: Sequence[float], margin: float, with_zero: bool = True) -> Tuple[float, float]:
    """Return the span of an axis that holds ``values`` (one at least); ``margin`` is a part of it, left at each end.

    Zero belongs to it where it is near, so that lengths can be compared.
    """
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    if high - low <= size * CLOSEST:
        middle = size * 0.05 if size * 0.05 > 0 else 1.0
        return low - middle, high + middle
    space = (high - low) * margin
    if with_zero and 0 < low < 0.4 * high:
        return 0.0, high + space
    if with_zero and 0 > high > 0.4 * low:
        return low - space, 0.0
    return low - space, high + space


def axis(low: float, high: float, count: int, whole: bool = False) -> Axis:
    """Return the axis from ``low`` to ``high`` (greater) with about ``count`` ticks; ``whole``: at integers only."""
    rough = high / count - low / count
    power = math.floor(math.log10(rough))
    leads = [lead for lead, most in ((1, 1.5), (2, 3.2), (5, 7.1)) if rough / 10.0**power <= most]
    lead, power = (leads[0], power) if leads else (1, power + 1)
    if whole and power < 0:
        lead, power = 1, 0
    # Through integers, since 3 * 0.1 is not 0.3.
    up, down = lead * 10 ** max(power, 0), 10 ** max(-power, 0)
    values = [
        index * up / down
        for index in range(math.ceil(low / (up / down) - 1e-9), math.floor(high / (up / down) + 1e-9) + 1)
    ]
    size = max(abs(low), abs(high))
    digits = max(1, math.floor(math.log10(size)) - power + 1)
    if SMALL <= size < LARGE or digits > 5:
        return Axis(low, high, [(value, "%.*f" % (max(0, -power), value)) for value in values])
    return Axis(low, high, [(value, figure(value, digits) if value else "0") for value in values])

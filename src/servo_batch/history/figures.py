"""Numbers as people read them, and the scales on which they are drawn, with ticks at round values."""

import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch.wording import is_number

# Farther out the span of two values may be no float any more; nearer to zero, the step between two ticks.
LARGEST, SMALLEST = 1e300, 1e-290
# Plain digits are read from and up to here; beyond, a power of ten.
SMALL, LARGE = 1e-4, 1e6
# Units that have a short form, and how many of them make one of what is shown where figures are large.
SHORT_UNITS = {"seconds": [("s", 1.0)], "bytes": [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)]}
# This part of what an axis shows is left free at each end.
MARGIN = 0.08
# So many times farther off than three quarters of the values are from the best, a value is off the scale.
FAR_OUT = 5


def as_number(value: Any) -> Optional[float]:
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
    text, power = ("%.*e" % (digits - 1, value)).split("e")
    is_plain = not value or SMALL <= abs(value) < LARGE
    if is_plain:
        text = "%.*f" % (max(0, digits - 1 - int(power)), value)
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return short if is_plain else "%se%d" % (short, int(power))


def aligned(values: Sequence[Optional[float]]) -> List[str]:
    """Return numbers to the same decimal, so that their points stand in line; with powers where they are far apart."""
    sizes = sorted(abs(value) for value in values if value)
    if sizes and (sizes[-1] >= LARGE or sizes[-1] < 100 * SMALL or sizes[-1] > 1e5 * sizes[0]):
        return ["" if value is None else figure(value) for value in values]
    is_whole = all(value is None or value == int(value) for value in values)
    decimals = 0 if is_whole or not sizes else max(0, 3 - math.floor(math.log10(sizes[len(sizes) // 2])))
    return ["" if value is None else "%.*f" % (decimals, value) for value in values]


def short_unit(unit: str, values: Sequence[float]) -> Tuple[str, float]:
    """Return the unit as a table has it, and by what the values are divided."""
    choices = SHORT_UNITS.get(unit, [(unit, 1.0)])
    return next((each for each in choices if max(map(abs, values), default=0.0) >= each[1]), choices[-1])


class Axis(NamedTuple):
    """A scale from ``low`` to ``high``, with ``ticks`` at round values, each with its label."""

    low: float
    high: float
    ticks: List[Tuple[float, str]]

    def part(self, value: float) -> float:
        """Return where a value lies between the ends, 0 to 1; of one beyond an end, that end."""
        span = self.high - self.low
        return min(1.0, max(0.0, value / span - self.low / span))


def scale(values: Sequence[float], minimize: bool, count: int) -> Axis:
    """Return an axis for ``values`` (one at least) with about ``count`` ticks.

    A value so far on the wrong side that beside it all others would look the same lies beyond the axis. Zero belongs to
    it where it is near, so that lengths can be compared.
    """
    costs = sorted(value if minimize else -value for value in values)
    usual = costs[len(costs) * 3 // 4] - costs[0]
    worst = [cost for cost in costs if not usual or cost <= costs[0] + (1 + FAR_OUT) * usual][-1]
    least, most = (costs[0], worst) if minimize else (-worst, -costs[0])
    space = (most - least) * MARGIN or max(abs(least), abs(most)) * MARGIN or 1.0
    low = 0.0 if 0 <= least < 0.4 * most else least - space
    high = 0.0 if 0 >= most > 0.4 * least else most + space
    rough = high / count - low / count
    power = math.floor(math.log10(rough))
    lead = next((lead for lead, most in ((1, 1.5), (2, 3.2), (5, 7.1)) if rough / 10.0**power <= most), 10)
    # Through integers, since 3 * 0.1 is not 0.3.
    up, down = lead * 10 ** max(power, 0), 10 ** max(-power, 0)
    first, last = math.ceil(low / (up / down) - 1e-9), math.floor(high / (up / down) + 1e-9)
    digits = max(1, math.floor(math.log10(max(abs(low), abs(high)))) - power + 1)
    return Axis(low, high, [(each * up / down, figure(each * up / down, digits)) for each in range(first, last + 1)])

"""Numbers as people read them."""

import math
from typing import Any, List, Optional, Sequence, Tuple

from servo_batch.wording import is_number

# Farther out the span of two values may be no float any more; nearer to zero, the step between two ticks.
LARGEST, SMALLEST = 1e300, 1e-290
# Plain digits are read from and up to here; beyond, a power of ten.
SMALL, LARGE = 1e-4, 1e6
# Units that have a short form, and how many of them make one of what is shown where figures are large.
SHORT_UNITS = {"seconds": [("s", 1.0)], "bytes": [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)]}


def as_number(value: Any) -> Optional[float]:
    """Return a JSON value as a float where it is a number that can be drawn; a boolean is none."""
    if not is_number(value) or not abs(value) <= LARGEST:  # which NaN is not either
        return None
    return float(value) if abs(value) >= SMALLEST else 0.0


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

"""The scale of a plot or a picture, and its ticks, at round values."""

import math
from typing import List, NamedTuple, Sequence, Tuple

from servo_batch.history.figures import figure

# This part of what an axis shows is left free at each end.
MARGIN = 0.08
# So many times farther off than three quarters of the values are from the best, a value is off the scale.
FAR_OUT = 5


class Axis(NamedTuple):
    """A scale from ``low`` to ``high``, with ``ticks`` at round values, each with its label."""

    low: float
    high: float
    ticks: List[Tuple[float, str]]

    def part(self, value: float) -> float:
        """Return where a value lies between the ends, 0 to 1; of one beyond an end, that end."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


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
    rough = (high - low) / count
    power = math.floor(math.log10(rough))
    lead = next((lead for lead, most in ((1, 1.5), (2, 3.2), (5, 7.1)) if rough / 10.0**power <= most), 10)
    step = lead * 10.0**power
    steps = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    digits = max(1, math.floor(math.log10(max(abs(low), abs(high)))) - power + 1)
    return Axis(low, high, [(each * step, figure(each * step, digits)) for each in steps])

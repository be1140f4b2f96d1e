"""What the values of repeated runs tell: their middle, how far they are apart, and which of two lists is lower."""

import math
from decimal import Decimal
from typing import Optional, Sequence, Union

Number = Union[int, float]
# A cost is None for a run that failed, which counts as higher than any other.
Costs = Sequence[Optional[float]]

# One in so many: the chance that is taken of calling costs lower that are not.
ONE_IN = 20
# So many runs of each are the fewest that can tell: of the 20 divisions of three and three, one is this good.
FEWEST = 3


def median(numbers: Sequence[Number]) -> Number:
    """Return the median, of an even number the mean of the middle two; a whole number stays an int where it was one."""
    ordered = sorted(numbers)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if low == high:
        return low
    if isinstance(low, int) and isinstance(high, int) and (low + high) % 2 == 0:
        return (low + high) // 2
    # Of the numbers as they are written: the mean of 0.1 and 0.2 is 0.15, and in binary 0.15000000000000002.
    mean = float((Decimal(repr(low)) + Decimal(repr(high))) / 2)
    return mean if math.isfinite(mean) else high  # infinite, or an int beyond all floats


def deviation(numbers: Sequence[Number]) -> Optional[float]:
    """Return the sample standard deviation, what tables show after ``±``; None where it is none or no float."""
    if len(numbers) < 2:
        return None
    try:
        mean = math.fsum(numbers) / len(numbers)
        return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))
    except OverflowError:
        return None


def is_lower(costs: Costs, others: Costs) -> bool:
    """Tell whether ``costs`` are lower than ``others`` by more than chance explains, at 5 %.

    The test is the one-sided rank test of Wilcoxon, Mann and Whitney, exact, ties included: if there were no
    difference, every division of the runs into the two lists would be as likely as this one, so at most one in twenty
    of them may favour ``costs`` as much. Three runs each are the fewest that can tell, where each is lower than each.
    """
    runs = [math.inf if cost is None else cost for cost in [*costs, *others]]
    # Twice the ranks, since those of ties are halves.
    ranks = [sum(2 * (run > other) + (run == other) for other in runs) for run in runs]
    left, right = map(math.factorial, (len(costs), len(others)))
    divisions = math.factorial(len(runs)) // left // right
    # For each number of runs one large integer, of which each digit is in how many ways so many can be chosen with 0,
    # 1, 2, … left of the sum of the ranks that ``costs`` have. To choose a run shifts it; what exceeds that falls off.
    digit = divisions.bit_length() + 1
    ways = [1 << sum(ranks[: len(costs)]) * digit] + [0] * len(costs)
    for rank in ranks:
        for count in range(len(costs), 0, -1):
            ways[count] += ways[count - 1] >> rank * digit
    as_good = ways[-1] % ((1 << digit) - 1)  # the sum of the digits: casting out nines
    return ONE_IN * as_good <= divisions


def least_runs(costs: Costs, others: Sequence[Costs]) -> int:
    """Return how many runs of each it takes at least to call ``costs`` lower than each of ``others``.

    So many are enough if ``costs`` win all that are to come.
    """
    runs = max(FEWEST, len(costs), *map(len, others))
    for each in others:
        while not is_lower([*costs, *[-math.inf] * (runs - len(costs))], [*each, *[None] * (runs - len(each))]):
            runs += 1
    return runs

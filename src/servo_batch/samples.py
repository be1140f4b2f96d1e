"""What the values of repeated runs tell: their middle, how far they are apart, and which of two lists is lower."""

import math
from bisect import bisect_left, bisect_right
from decimal import Decimal
from typing import Optional, Sequence, Union

Number = Union[int, float]
# A cost is None for a run that failed, which counts as higher than any other.
Costs = Sequence[Optional[float]]

# One in so many: the chance that is taken of calling costs lower that are not.
ONE_IN = 20
ONE_SIDED = 1.6449  # so many standard deviations from the mean, of a normal distribution
MOST_EXACT = 60  # to count takes a moment for so many runs of both, and minutes for hundreds
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

    The test is the one-sided rank test of Wilcoxon, Mann and Whitney, ties included, exact up to MOST_EXACT runs: if
    there were no difference, every division of the runs into the two lists would be as likely as this one, so at most
    one in twenty of them may favour ``costs`` as much. Three runs each are the fewest that can tell, where each is
    lower than each. Of more runs the sum of the ranks is taken to be normally distributed, less half a step.
    """
    runs = [math.inf if cost is None else cost for cost in (*costs, *others)]
    ordered, count = sorted(runs), len(runs)
    # Twice the ranks, since those of ties are halves.
    ranks = [bisect_left(ordered, run) + bisect_right(ordered, run) for run in runs]
    total = sum(ranks[: len(costs)])
    if count > MOST_EXACT:
        squares = sum((rank - count) ** 2 for rank in ranks)
        deviation_of_total = math.sqrt(len(costs) * len(others) * squares / (count * (count - 1)))
        return total + 1 <= len(costs) * count - ONE_SIDED * deviation_of_total
    left, right = map(math.factorial, (len(costs), len(others)))
    divisions = math.factorial(count) // left // right
    # For each number of runs one large integer, of which each digit is in how many ways so many can be chosen with 0,
    # 1, 2, … left of the sum of the ranks that ``costs`` have. To choose a run shifts it; what exceeds that falls off.
    digit = divisions.bit_length() + 1
    ways = [1 << total * digit] + [0] * len(costs)
    for rank in ranks:
        for chosen in range(len(costs), 0, -1):
            ways[chosen] += ways[chosen - 1] >> rank * digit
    as_good = ways[-1] % ((1 << digit) - 1)  # the sum of the digits: casting out nines
    return ONE_IN * as_good <= divisions


def least_runs(costs: Costs, others: Sequence[Costs]) -> int:
    """Return how many runs of each it takes at least to call ``costs`` lower than each of ``others``.

    So many are enough if ``costs`` win all that are to come.
    """
    runs = max(FEWEST, len(costs), *map(len, others))
    for each in others:
        known = sorted({cost for cost in (*costs, *each) if cost is not None})
        # By their places, so that better and worse ones can be made that are all different.
        won, lost = ([None if cost is None else bisect_left(known, cost) for cost in found] for found in (costs, each))
        while not is_lower(
            [*won, *range(len(won) - runs, 0)], [*lost, *range(len(known), len(known) + runs - len(lost))]
        ):
            runs += 1
    return runs

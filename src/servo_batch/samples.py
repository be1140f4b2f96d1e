"""What the values of repeated runs tell: their middle, how far they are apart, and which of two lists is lower."""

import math
from collections import Counter
from decimal import Decimal
from typing import Dict, List, Optional, Sequence, Tuple, Union

Number = Union[int, float]
# A cost is None for a run that failed, which counts as higher than any other.
Costs = Sequence[Optional[float]]

EXACT = 2**53  # up to here floats hold every integer
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
    if isinstance(low, int) and isinstance(high, int):
        total = low + high
        return total // 2 if total % 2 == 0 or abs(total) > EXACT else total / 2
    # Of the numbers as they are written: the mean of 0.1 and 0.2 is 0.15, and in binary 0.15000000000000002.
    mean = float((Decimal(repr(low)) + Decimal(repr(high))) / 2)
    return mean if math.isfinite(mean) else low  # an int may be more than a float holds


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
    tied, lost = _compared(costs, others)
    return _is_rare(tied, len(costs), lost)


def least_runs(costs: Costs, others: Sequence[Costs]) -> int:
    """Return how many runs of each it takes at least to call ``costs`` lower than each of ``others``.

    So many are enough if ``costs`` win all that are to come.
    """
    lost = max(_compared(costs, each)[1] for each in others)
    runs = max(FEWEST, len(costs), *map(len, others))
    while not _is_rare([1] * 2 * runs, runs, lost):
        runs += 1
    return runs


def _compared(costs: Costs, others: Costs) -> Tuple[List[int], int]:
    """Return how many runs have each cost, from the lowest up, and how many pairs the others won.

    The pairs, of a run of each list, are doubled, so that a tie is 1.
    """
    mine, theirs = (Counter(math.inf if cost is None else cost for cost in each) for each in (costs, others))
    tied, lost, lower = [], 0, 0
    for cost in sorted({*mine, *theirs}):
        tied.append(mine[cost] + theirs[cost])
        lost += mine[cost] * (2 * lower + theirs[cost])
        lower += theirs[cost]
    return tied, lost


def _is_rare(tied: Sequence[int], size: int, lost: int) -> bool:
    """Tell whether at most one in twenty divisions loses so few pairs; ``size`` of the runs are on the one side.

    ``tied`` is how many runs have each cost. Group after group is divided; how many runs the one side has had says all
    that matters of those before. The ways to lose each number of pairs are the digits of one large integer.
    """
    every = _choose(sum(tied), size)
    if tied and max(tied) == 1:
        return ONE_IN * _ways_without_ties(len(tied) - size, size, lost // 2) <= every
    digit = every.bit_length() + 1
    kept = (1 << digit * (lost + 1)) - 1  # of those that lose more, none comes to lose fewer
    by_taken = {0: 1}
    seen = 0
    for count in tied:
        following: Dict[int, int] = {}
        for taken, ways in by_taken.items():
            for more in range(min(count, size - taken) + 1):
                lost_now = more * (2 * (seen - taken) + count - more)
                ways_now = ((ways * _choose(count, more)) << digit * lost_now) & kept if lost_now <= lost else 0
                following[taken + more] = following.get(taken + more, 0) + ways_now
        by_taken = following
        seen += count
    as_good = by_taken[size] % ((1 << digit) - 1)  # the sum of the digits: casting out nines
    return ONE_IN * as_good <= every


def _ways_without_ties(others: int, size: int, most: int) -> int:
    """Return how many divisions lose ``most`` pairs or fewer: the sum of a Gaussian binomial coefficient's first terms.

    It is the product of (1 - q^(others+i)) / (1 - q^i), i from 1 to ``size``. Many times as quick as dividing run by
    run: only so a hundred runs of each are no matter.
    """
    ways = [1] + [0] * most
    for i in range(1, size + 1):
        for pairs in range(most, others + i - 1, -1):
            ways[pairs] -= ways[pairs - others - i]
        for pairs in range(i, most + 1):
            ways[pairs] += ways[pairs - i]
    return sum(ways)


def _choose(n: int, k: int) -> int:
    """Return the binomial coefficient; ``math.comb`` needs Python 3.8."""
    result = 1
    for i in range(k):
        result = result * (n - i) // (i + 1)
    return result

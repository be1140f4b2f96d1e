"""Runs of the best settings and of the default → whether the best are better, or the difference may be noise."""

from typing import Dict, List, Optional, Sequence, Tuple

Runs = Sequence[Optional[float]]

# One in so many: the chance that is taken of calling settings better that are not.
ONE_IN = 20
# So many runs of each are the fewest that can tell: of the 20 divisions of three and three, one is this good.
FEWEST = 3


def is_better(best_runs: Runs, default_runs: Runs) -> bool:
    """Tell whether ``best_runs`` are lower than ``default_runs`` by more than chance explains, at 5 %.

    Each is a list of costs, None for a run that failed, which counts as higher than any. The test is the one-sided
    rank test of Wilcoxon, Mann and Whitney, exact, ties included: if the settings made no difference, every division
    of the runs into the two lists would be as likely as this one, so at most one in twenty of them may favour the best
    as much. Three runs each are the fewest that can tell, where each of the best is lower than each of the default.
    """
    groups = _groups(best_runs, default_runs)
    ways = _ways(groups, len(best_runs))
    lost = _lost(groups)
    as_good = sum(count for pairs, count in ways.items() if pairs <= lost)
    return ONE_IN * as_good <= sum(ways.values())


def _groups(best_runs: Runs, default_runs: Runs) -> List[Tuple[int, int]]:
    """Return, for each cost from the lowest up, how many runs of the best have it, and how many of the default."""
    best = [(cost is None, cost or 0.0) for cost in best_runs]
    default = [(cost is None, cost or 0.0) for cost in default_runs]
    return [(best.count(cost), default.count(cost)) for cost in sorted(set(best + default))]


def _lost(groups: List[Tuple[int, int]]) -> int:
    """Return how many pairs of a run of each the default won, doubled, so that a tie is 1."""
    lost = lower = 0
    for best, default in groups:
        lost += best * (2 * lower + default)
        lower += default
    return lost


def _ways(groups: List[Tuple[int, int]], best_runs: int) -> Dict[int, int]:
    """Return in how many divisions of the same runs each number of pairs, as ``_lost`` counts them, is lost.

    Run after run is given to one list or the other; how many the best have had says all that matters of those before.
    """
    by_taken: List[Dict[int, int]] = [{0: 1}] + [{} for _ in range(best_runs)]
    seen = 0
    for best, default in groups:
        size = best + default
        following: List[Dict[int, int]] = [{} for _ in by_taken]
        for taken, ways in enumerate(by_taken):
            for more in range(min(size, best_runs - taken) + 1):
                pairs = _lost([(0, seen - taken), (more, size - more)])
                choices = _choose(size, more)
                into = following[taken + more]
                for lost, count in ways.items():
                    into[lost + pairs] = into.get(lost + pairs, 0) + count * choices
        by_taken = following
        seen += size
    return by_taken[best_runs]


def _choose(n: int, k: int) -> int:
    """Return the binomial coefficient; ``math.comb`` needs Python 3.8."""
    result = 1
    for i in range(k):
        result = result * (n - i) // (i + 1)
    return result

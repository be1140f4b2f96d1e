"""The rank test: what it calls better is what counting all divisions of the runs calls better."""

import itertools
import random

import pytest

from servo_batch.tuning.confirm import is_better

CASES = {
    "three below three": ([1, 2, 3], [4, 5, 6], True),
    "three and three that cross": ([1, 2, 4], [3, 5, 6], False),
    "three and three that touch": ([1, 2, 4], [4, 5, 6], False),
    "three the same below three the same": ([1, 1, 1], [2, 2, 2], True),
    "all the same": ([1, 1, 1], [1, 1, 1], False),
    "three above three": ([4, 5, 6], [1, 2, 3], False),
    "two below two are too few": ([1, 2], [3, 4], False),
    "two below five": ([1, 2], [3, 4, 5, 6, 7], True),
    "one below nineteen": ([0], list(range(1, 20)), True),
    "one below eighteen": ([0], list(range(1, 19)), False),
    "four and four that cross once": ([1, 2, 3, 5], [4, 6, 7, 8], True),
    "negative costs": ([-6, -5, -4], [-3, -2, -1], True),
    "a default that fails": ([1, 2, 3], [4, 5, None], True),
    "a default that always fails": ([1, 2, 3], [None, None, None], True),
    "a best that fails": ([1, 2, None], [4, 5, 6], False),
    "nothing but failures": ([None] * 3, [None] * 3, False),
    "no runs": ([], [], False),
}


@pytest.mark.parametrize("name", list(CASES))
def test_says_better_where_chance_explains_it_in_one_of_twenty_at_most(name):
    best_runs, default_runs, better = CASES[name]
    assert is_better(best_runs, default_runs) is better


def by_counting(best_runs, default_runs):
    runs = [float("inf") if cost is None else cost for cost in best_runs + default_runs]

    def lost(of_best):
        default = [runs[i] for i in range(len(runs)) if i not in of_best]
        return sum((runs[i] > cost) - (runs[i] < cost) for i in of_best for cost in default)

    divisions = list(itertools.combinations(range(len(runs)), len(best_runs)))
    as_good = sum(lost(division) <= lost(divisions[0]) for division in divisions)
    return 20 * as_good <= len(divisions)


def test_agrees_with_counting_every_division_ties_and_failures_included():
    rng = random.Random(1)
    both = set()
    for _ in range(400):
        best_runs = [rng.choice([1, 2, 3, 4, 5, None]) for _ in range(rng.randint(1, 5))]
        default_runs = [rng.choice([3, 4, 5, 6, 7, None]) for _ in range(rng.randint(1, 5))]
        expected = by_counting(best_runs, default_runs)
        both.add(expected)
        assert is_better(best_runs, default_runs) is expected, (best_runs, default_runs)
    assert both == {False, True}


def test_fifty_runs_each_are_counted_too():
    # One division at a time would never end.
    rng = random.Random(1)
    default_runs = [rng.gauss(10, 1) for _ in range(50)]
    assert is_better([cost - 1 for cost in default_runs], default_runs)
    assert not is_better(default_runs, default_runs)

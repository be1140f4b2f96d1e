"""The middle, the spread, and the rank test: what it calls lower, counting all divisions of the runs does too."""

import itertools
import random

from servo_batch import samples
from servo_batch.samples import deviation, is_lower, least_runs, median


def test_says_lower_where_chance_explains_it_in_one_of_twenty_at_most():
    lower = [([1, 2, 3], [4, 5, 6]), ([1, 2, 3], [None] * 3), ([0], [*range(1, 20)])]
    not_lower = [([1, 2, 4], [3, 5, 6]), ([1, 2, 4], [4, 5, 6]), ([0], [*range(1, 19)]), ([1, 2], [3, 4]), ([], [])]
    assert [is_lower(*runs) for runs in lower + not_lower] == [True] * 3 + [False] * 5


def by_counting(costs, others):
    runs = [float("inf") if cost is None else cost for cost in costs + others]

    def lost(of_best):
        default = [runs[i] for i in range(len(runs)) if i not in of_best]
        return sum((runs[i] > cost) - (runs[i] < cost) for i in of_best for cost in default)

    divisions = list(itertools.combinations(range(len(runs)), len(costs)))
    as_good = sum(lost(division) <= lost(divisions[0]) for division in divisions)
    return 20 * as_good <= len(divisions)


def test_agrees_with_counting_every_division_ties_and_failures_included():
    rng = random.Random(1)
    both = set()
    for _ in range(400):
        costs = [rng.choice([1, 2, 3, 4, 5, None]) for _ in range(rng.randint(1, 5))]
        others = [rng.choice([3, 4, 5, 6, 7, None]) for _ in range(rng.randint(1, 5))]
        expected = by_counting(costs, others)
        both.add(expected)
        assert is_lower(costs, others) is expected, (costs, others)
    assert both == {False, True}


def test_many_runs_are_judged_at_once_and_nearly_always_as_counting_would(monkeypatch):
    rng = random.Random(1)
    cases = []
    for digits in [0, 9] * 100:
        cases.append([[round(rng.gauss(mean, 1), digits) for _ in range(31)] for mean in (10, 10.4)])
    found = [is_lower(*case) for case in cases]
    monkeypatch.setattr(samples, "MOST_EXACT", 62)
    counted = [is_lower(*case) for case in cases]
    assert sum(one is not other for one, other in zip(found, counted)) <= 2
    assert 50 < sum(counted) < 150
    costs = [rng.random() for _ in range(5000)]
    assert is_lower(costs, [cost + 0.1 for cost in costs])
    assert not is_lower(costs, costs)
    assert not is_lower([1] * 5000, [1] * 5000)


def test_so_many_runs_as_it_says_can_tell_and_one_less_cannot():
    rng = random.Random(1)
    for size in range(1, 20):
        costs, others = ([rng.random() for _ in range(rng.randint(1, size))] for _ in "ab")  # without ties
        least = least_runs(costs, [range(2, 2 + size), others])
        for runs in range(max(3, size, len(costs)), least + 1):
            won, lost = range(len(costs) - runs, 0), range(2, 2 + runs - len(others))
            assert is_lower([*costs, *won], [*others, *lost]) is (runs == least), (costs, others)
    assert least_runs([1, 2, 3], [[1.5, 5, 6], [7, 8, 9]]) == 5
    assert least_runs([1], [[2]]) == 3


def test_the_deviation_is_of_a_sample_and_the_median_of_the_numbers_as_they_are_written():
    assert [deviation(runs) for runs in ([5, 7, 9], [4, 4])] == [2, 0]
    assert [deviation(runs) for runs in ([], [1], [10**400, 1], [1e300, -1e300])] == [None] * 4
    assert [median(runs) for runs in ([3, 1, 2], [0.1, 0.2], [1, 2], [1, 3])] == [2, 0.15, 1.5, 2]

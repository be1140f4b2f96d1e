"""The search: what it proposes, and that it finds good settings sooner than chance does."""

import itertools
import math
import os
import random
import subprocess

from machine import NEWEST, OLDEST, ROOT

from servo_batch.tuning import search
from servo_batch.tuning import space as spaces
from servo_batch.tuning.search import choose, propose

SPACE = {
    "cpu": (range(1, 17), True),
    "heap": ((0.5, 1.0, 2.0, 4.0, 8.0), True),
    "gc": (("serial", "parallel", "g1"), False),
    "compress": ((False, True), False),
}


def cost(settings):
    """Best at 12, 4.0, g1, True, where it is 10."""
    penalty = {"serial": 8, "parallel": 3, "g1": 0}[settings["gc"]]
    return 10 + abs(settings["cpu"] - 12) + 2 * abs(settings["heap"] - 4) + penalty + (0 if settings["compress"] else 4)


def searched(space, measure, count, seed=0, allowed=None):
    """Return what was measured: ``count`` proposals, or as many as there are."""
    past = []
    for _ in range(count):
        settings = propose(space, past, seed, allowed)
        if settings is None:
            break
        past.append((settings, measure(settings)))
    return past


def test_finds_better_settings_than_random_ones_do():
    found, drawn = 0, 0
    for seed in range(4):
        found += min(value for _, value in searched(SPACE, cost, 20, seed)) - 10
        rng = random.Random(seed)
        points = rng.sample(list(itertools.product(*(values for values, _ in SPACE.values()))), 20)
        drawn += min(cost(dict(zip(SPACE, point))) for point in points) - 10
    assert found < drawn / 3


def test_finds_the_best_of_a_logarithmic_range_in_twelve_measurements():
    space = spaces.space({"a": {"min": 1, "max": 2**20, "scale": "log"}})

    def bowl(settings):
        return (math.log(settings["a"], 2) - 8) ** 2 + 1

    for seed in range(10):
        assert bowl(choose(space, searched(space, bowl, 12, seed))) < 1.1


def test_proposes_nothing_twice_and_a_small_space_whole():
    space = {"a": ((1, 2, 3, 4, 5), True), "b": (("x", "y", "z"), False), "c": ((True, False), False)}
    past = searched(space, lambda settings: None if settings["b"] == "y" else settings["a"], 100)
    assert len(past) == len({tuple(settings.values()) for settings, _ in past}) == 30


PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from servo_batch.tuning.search import choose, propose
space = {"a": (range(1, 17), True), "b": ((0.1, 0.2, 0.7), True), "c": (("x", "y", "z"), False)}
past = []
for _ in range(12):
    s = propose(space, past, 0)
    past.append((s, None if s["a"] == 3 else (s["a"] - 11) ** 2 * s["b"] ** 0.5 + "yxz".index(s["c"])))
print(json.dumps([past, choose(space, past)], sort_keys=True))
"""


def test_every_python_proposes_and_keeps_the_same():
    command = ["-c", PROGRAM, os.path.join(ROOT, "src")]
    assert subprocess.check_output([OLDEST, *command]) == subprocess.check_output([NEWEST, *command])


def test_proposes_only_what_is_allowed_be_it_one_point_in_fifty_thousand():
    past = searched(SPACE, cost, 20, allowed=lambda settings: settings["cpu"] * settings["heap"] <= 16)
    assert len(past) == 20
    assert all(settings["cpu"] * settings["heap"] <= 16 for settings, _ in past)
    space = {"a": (range(100), True), "b": (range(100), True), "c": (range(5), True)}
    measured = [({"a": n, "b": 0, "c": 0}, float(n)) for n in range(4)]
    only = {"a": 77, "b": 13, "c": 3}
    for past in ([], measured):
        assert propose(space, past, 0, lambda settings: settings == only) == only
    assert propose(space, [(only, 1.0)], 0, lambda settings: settings == only) is None


def test_searches_a_space_of_a_thousand_million_points_and_more():
    space = {"a": (range(10**9), True), "b": (range(10**9), True), "c": (("x",), False)}
    past = searched(space, lambda settings: abs(settings["a"] - 3e8) + settings["b"], 12)
    assert len({(settings["a"], settings["b"]) for settings, _ in past}) == 12


def test_a_space_of_one_point_is_proposed_once():
    for space in ({}, {"a": ((5,), True)}, {"a": (("x",), False), "b": ((None,), False)}):
        only = {name: values[0] for name, (values, _) in space.items()}
        past = searched(space, lambda settings: 1.0, 3)
        assert (past, choose(space, past)) == ([(only, 1.0)], only)


def test_goes_on_where_everything_failed_or_cost_the_same():
    for value in (None, 7):
        assert len(searched(SPACE, lambda settings, value=value: value, 8)) == 8


def test_the_unit_of_the_cost_does_not_matter():
    found = [searched(SPACE, lambda settings, unit=unit: cost(settings) * unit, 8) for unit in (1, 1e-300, 1e300)]
    assert len({repr([settings for settings, _ in past]) for past in found}) == 1


def test_passes_over_what_was_measured_outside_the_space():
    inside = {"cpu": 4, "heap": 2.0, "gc": "g1", "compress": True}
    changes = [{"gc": "zgc"}, {"cpu": 99}, {"cpu": "many"}, {"cpu": True}, {"heap": None}, {"compress": 1}]
    past = [({**inside, **changed}, 1.0) for changed in changes] + [({"cpu": 4}, 1.0)]
    assert choose(SPACE, past) is None
    assert propose(SPACE, past, 0) is not None
    assert choose(SPACE, [*past, (inside, 2.0)]) == inside
    assert choose({"cpu": (range(10**12), True)}, [({"cpu": "many"}, 1.0)]) is None  # at once


def test_learns_from_a_value_between_two_levels_and_may_keep_it():
    between = {"a": 3.5}
    space = {"a": ((1, 2, 3, 4, 5), True)}
    past = [({"a": 1}, 9.0), ({"a": 5}, 9.0), (between, 1.0)]
    assert choose(space, past) == between
    assert propose(space, past + [({"a": 2}, 5.0)], 0) in ({"a": 3}, {"a": 4})


def test_keeps_what_is_predicted_to_be_best_not_one_lucky_measurement():
    space = {"a": (range(20), True)}
    past = [({"a": n}, 10 + abs(n - 4) + (-0.5 if n % 2 else 0.5)) for n in range(10)]
    past += [({"a": n}, 30.0 + n) for n in range(10, 20) if n != 15] + [({"a": 15}, 9.4)]
    assert choose(space, past)["a"] in (3, 4, 5)


def test_neither_the_likeliest_noise_nor_little_noise_alone_decides_what_is_kept():
    for costs, kept in [
        ([1.9, 2.1, 0.0, -0.1, -0.9, 0.6, -0.1, 2.6, -1.3, 3.4, 1.1, 3.9], 5),  # of little noise alone it would be 9
        ([2.3, 1.6, 0.8, 1.5, 1.3, 0.1, 1.1, 0.1, 2.3, -0.4, 2.9, 4.0], 10),  # of the likeliest noise alone 6
    ]:
        past = [({"a": n}, cost) for n, cost in enumerate(costs, 1)]
        assert choose({"a": (range(1, 13), True)}, past) == {"a": kept}


def test_a_long_history_is_learnt_from_by_its_best_and_its_latest(monkeypatch):
    monkeypatch.setattr(search, "MOST", 30)
    space = {"a": (range(1000), True)}
    past = [({"a": n}, float(abs(n - 100))) for n in range(0, 600, 2)]
    assert choose(space, past) in [{"a": n} for n in range(96, 105, 2)]
    assert propose(space, past, 0) is not None


def test_a_measurement_that_is_no_number_counts_as_a_failure():
    past = [({"a": 1}, float("nan")), ({"a": 2}, float("inf")), ({"a": 3}, None)]
    assert choose({"a": ((1, 2, 3, 4), True)}, past) is None
    assert propose({"a": ((1, 2, 3, 4), True)}, past, 0) == {"a": 4}


def test_failures_beside_the_best_do_not_speak_against_it():
    space = {"a": (range(20), True), "b": (range(20), True)}

    def measure(settings):
        fails = (31 * settings["a"] + settings["b"]) % 7 == 0
        return None if fails else float((settings["a"] - 8) ** 2 + (settings["b"] - 14) ** 2)

    past = searched(space, measure, 25, 1)
    succeeded = [one for one in past if one[1] is not None]
    assert len(succeeded) < len(past)
    assert choose(space, past) == min(succeeded, key=lambda one: one[1])[0]

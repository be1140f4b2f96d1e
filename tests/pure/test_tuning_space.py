"""The space: which values of which settings are tried."""

import math

from servo_batch.tuning.space import space

STEPS = [
    ({"type": "range", "min": 1, "max": 4, "step": 1}, (1, 2, 3, 4)),
    ({"type": "range", "min": 0.1, "max": 0.7, "step": 0.1}, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
    ({"type": "range", "min": 0, "max": 1, "step": 0.5}, (0.0, 0.5, 1.0)),
    ({"type": "range", "min": 0.5, "max": 2.5, "step": 1}, (0.5, 1.5, 2.5)),
    ({"type": "range", "min": -1, "max": 1, "step": 1}, (-1, 0, 1)),
    # A step that nearly divides, an end without a step, and a range without a type.
    ({"type": "range", "min": 0, "max": 1, "step": 0.3333}, (0.0, 0.3333, 0.6666, 1.0)),
    ({"type": "range", "min": 0, "max": 10001, "step": 5000}, (0, 5000, 10001)),
    ({"type": "range", "min": 3, "max": 3, "step": 7}, (3,)),
    ({"min": 1, "max": 2, "step": 1, "scale": "linear"}, (1, 2)),
    ({"min": 1, "max": 5, "scale": "log"}, (1, 2, 3, 4, 5)),
    ({"min": 7, "max": 7, "scale": "log"}, (7,)),
]
WITHOUT_STEP = [(0, 1), (0.0, 1.0), (1, 1000), (1, 50), (0.5, 64), (-1e-9, 1e-9), (1, 10**12), (0.123456, 7)]
LOGARITHMIC = [(1, 2**20), (64, 65536), (0.001, 1.0), (1e-9, 1e9), (1.0, 1.01), (5, 10**15), (2, 10**400)]


def levels(**description):
    values, ordered = space({"web.cpu": description})["web.cpu"]
    assert ordered
    return values


def test_a_range_has_its_levels_of_the_kind_that_was_written():
    for description, expected in STEPS:
        assert repr(tuple(levels(**description))) == repr(expected)


def test_a_range_without_a_step_has_a_hundred_levels_both_ends_among_them():
    for low, high in WITHOUT_STEP:
        values = levels(type="range", min=low, max=high)
        assert (len(values), values[0], values[-1]) == (100, low, high)
        assert max(after - before for before, after in zip(values, values[1:])) < 2.1 * (high - low) / 99
        assert max(len(repr(value)) for value in values[1:-1]) <= 12


def test_a_logarithmic_range_has_levels_that_are_even_in_the_logarithm():
    for low, high in LOGARITHMIC:
        values = levels(type="range", min=low, max=high, scale="log")
        assert (values[0], values[-1], 21 <= len(values) <= 100) == (low, high, True)
        assert {type(value) for value in values} == {type(low)}
        gap = (math.log(high) - math.log(low)) / 99
        for before, after in zip(values, values[1:]):
            is_rounded_much = isinstance(low, int) and after < 20
            assert is_rounded_much or 0.5 * gap < math.log(after) - math.log(before) < 1.5 * gap
        assert all(value == float("%.6g" % value) for value in values[:-1] if value < 10**15)


def test_a_fine_step_costs_no_memory_and_each_level_is_on_it():
    values = levels(min=0, max=2**30, step=1)
    assert repr([len(values), values[12345], values[-1]]) == repr([2**30 + 1, 12345, 2**30])
    values = levels(min=0, max=1000, step=1e-6)
    assert repr([len(values), values[3], values[-1]]) == repr([10**9 + 1, 3e-6, 1000.0])
    assert len(levels(min=0, max=1e300, step=1)) == 100  # more than there can be


def test_an_enum_has_its_values_once_and_unordered_and_other_settings_are_no_part_of_the_space():
    described = {
        "a": {"value": 3},
        "b": {"type": "formula", "formula": "{a} * 2"},
        "c": {"type": "enum", "values": ["g1", 1, True, "1", 1.0, "g1", None]},
        "d": {},
    }
    assert space(described) == {"c": (("g1", 1, True, "1", None), False)}

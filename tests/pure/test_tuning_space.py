"""The space: which values of which settings are tried."""

import math

import pytest

from servo_batch.tuning.space import space

CASES = {
    "integers": ({"type": "range", "min": 1, "max": 4, "step": 1}, (1, 2, 3, 4)),
    "a step of two": ({"type": "range", "min": 2, "max": 8, "step": 2}, (2, 4, 6, 8)),
    "decimals as they are written": (
        {"type": "range", "min": 0.1, "max": 0.7, "step": 0.1},
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    ),
    "integers by a decimal step": ({"type": "range", "min": 0, "max": 1, "step": 0.5}, (0.0, 0.5, 1.0)),
    "decimals by an integer step": ({"type": "range", "min": 0.5, "max": 2.5, "step": 1}, (0.5, 1.5, 2.5)),
    "below zero": ({"type": "range", "min": -1, "max": 1, "step": 1}, (-1, 0, 1)),
    "a step that nearly divides": ({"type": "range", "min": 0, "max": 1, "step": 0.3333}, (0.0, 0.3333, 0.6666, 1.0)),
    "integers that a step nearly divides": ({"type": "range", "min": 0, "max": 10001, "step": 5000}, (0, 5000, 10001)),
    "one value": ({"type": "range", "min": 3, "max": 3}, (3,)),
    "one value, whatever the step": ({"type": "range", "min": 3, "max": 3, "step": 7}, (3,)),
    "a range without a type": ({"min": 1, "max": 2, "step": 1}, (1, 2)),
}


def shown(values):
    return [repr(value) for value in values]


@pytest.mark.parametrize("name", list(CASES))
def test_a_range_has_its_levels_of_the_kind_that_was_written(name):
    description, levels = CASES[name]
    values, ordered = space({"web.cpu": description})["web.cpu"]
    assert (shown(values), ordered) == (shown(levels), True)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.0, 1.0), (1, 1000), (1, 50), (0.5, 64), (-1e-9, 1e-9), (1, 10**12), (0.123456, 7)]
)
def test_a_range_without_a_step_has_a_hundred_levels_both_ends_among_them(low, high):
    values, _ = space({"a": {"type": "range", "min": low, "max": high}})["a"]
    assert len(values) == 100
    assert (values[0], values[-1]) == (low, high)
    gaps = [after - before for before, after in zip(values, values[1:])]
    assert max(gaps) < 2.1 * (high - low) / 99
    assert max(len(repr(value)) for value in values[1:-1]) <= 12


LOGARITHMIC = [(1, 2**20), (64, 65536), (0.001, 1.0), (1e-9, 1e9), (1.0, 1.01), (5, 10**15), (2, 10**400)]


@pytest.mark.parametrize(("low", "high"), LOGARITHMIC)
def test_a_logarithmic_range_has_levels_that_are_even_in_the_logarithm(low, high):
    values, ordered = space({"a": {"type": "range", "min": low, "max": high, "scale": "log"}})["a"]
    assert ordered
    assert (values[0], values[-1], 21 <= len(values) <= 100) == (low, high, True)
    assert {type(value) for value in values} == {type(low)}
    gap = (math.log(high) - math.log(low)) / 99
    for before, after in zip(values, values[1:]):
        is_rounded_much = isinstance(low, int) and after < 20
        assert is_rounded_much or 0.5 * gap < math.log(after) - math.log(before) < 1.5 * gap
    assert all(value == float("%.6g" % value) for value in values[:-1] if value < 10**15)


def test_a_short_logarithmic_range_of_integers_has_each_once():
    assert space({"a": {"min": 1, "max": 5, "scale": "log"}})["a"][0] == (1, 2, 3, 4, 5)
    assert space({"a": {"min": 7, "max": 7, "scale": "log"}})["a"][0] == (7,)


def test_a_linear_scale_is_none():
    description = {"min": 1, "max": 100, "step": 3}
    assert space({"a": dict(description, scale="linear")}) == space({"a": description})


def test_a_fine_step_costs_no_memory():
    values, _ = space({"a": {"min": 0, "max": 2**30, "step": 1}})["a"]
    assert (len(values), values[12345], values[-1]) == (2**30 + 1, 12345, 2**30)
    values, _ = space({"a": {"min": 0, "max": 1000, "step": 1e-6}})["a"]
    assert (len(values), values[3], values[-1]) == (10**9 + 1, 3e-6, 1000.0)


@pytest.mark.parametrize("step", [1, 1e-300])
def test_a_step_too_fine_to_count_is_as_good_as_none(step):
    assert len(space({"a": {"min": 0, "max": 10**30, "step": step}})["a"][0]) == 100


def test_an_enum_has_its_values_once_and_unordered():
    description = {"type": "enum", "values": ["g1", 1, True, "1", 1.0, "g1", None]}
    assert space({"a": description}) == {"a": (("g1", 1, True, "1", None), False)}


def test_other_settings_are_no_part_of_the_space():
    descriptions = {
        "a": {"value": 3},
        "b": {"type": "formula", "formula": "{a} * 2"},
        "c": {"min": 1, "max": 2, "step": 1},
        "d": {},
    }
    assert list(space(descriptions)) == ["c"]

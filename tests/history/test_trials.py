"""Measurements compared: what varies, what is best."""

from history_cases import trial

from servo_batch.history import trials


def test_a_setting_varies_that_has_two_values_or_is_missing_once():
    found = [
        trial(1, {"a": 1, "b": 1, "c": "x", "d": True, "e": None}, 1.0),
        trial(2, {"a": 1.0, "b": 2, "c": "x", "d": 1, "e": None}, 1.0),
        trial(3, {"a": 1, "b": 1, "d": True, "e": None, "f": 0}, None),
    ]
    assert trials.varying(found) == ["b", "c", "d", "f"]
    assert trials.varying(found[:1]) == []
    assert trials.varying([]) == []


def test_the_best_is_the_first_that_no_other_beats():
    found = [trial(number, {}, value) for number, value in enumerate([None, 5.0, 3.0, 3.0, 9.0, None], 1)]
    assert trials.best(found, True).number == 3
    assert trials.best(found, False).number == 5
    assert trials.best(found[:1], True) is None
    assert trials.best([], True) is None
    assert trials.best_so_far(found, True) == [None, 5, 3, 3, 3, 3]
    assert trials.best_so_far(found, False) == [None, 5, 5, 5, 9, 9]


def test_only_a_number_that_can_be_drawn_is_one():
    values = [True, "5", None, float("nan"), float("inf"), -1e301, 10**400, 1e-320, -0.0, 7, 2.5]
    assert [trials.as_number(value) for value in values] == [None] * 7 + [0, 0, 7, 2.5]


def test_a_failure_says_why():
    assert trials.failure(trial(1, {}, None)) == "timeout"
    assert trials.failure(trial(1, {}, 1.0)) is None
    assert trials.failure(trial(1, {}, None)._replace(status="ok", reason=None)) == "no objective"


def test_values_far_off_on_the_bad_side_alone_are_off_the_scale():
    usual = [10, 11, 12, 13]
    assert trials.comparable([*usual, 1000, -1000], True) == [*usual, 1000, -1000]
    assert trials.comparable([*usual, 1000], True) == usual
    assert trials.comparable([*usual, -1000], False) == usual
    assert trials.comparable([5, 5, 5, 5, 9], True) == [5, 5, 5, 5, 9]

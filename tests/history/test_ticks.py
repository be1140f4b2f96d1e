"""Round numbers on axes, and numbers as people read them."""

import itertools
import random

import pytest

from servo_batch.history import ticks


@pytest.mark.parametrize(
    ("values", "labels", "exponent"),
    [
        ([16.6, 33], ["20", "25", "30"], 0),
        ([1, 10], ["0", "2", "4", "6", "8", "10"], 0),
        ([5], ["4.8", "4.9", "5.0", "5.1", "5.2"], 0),
        ([0, 0], ["-1.0", "-0.5", "0.0", "0.5", "1.0"], 0),
        ([-3, 7], ["-2", "0", "2", "4", "6"], 0),
        ([-5, -1], ["-5", "-4", "-3", "-2", "-1", "0"], 0),
        ([0.001, 0.0094], ["0", "2", "4", "6", "8"], -3),
        ([1234567, 8e6], ["0", "2", "4", "6", "8"], 6),
        ([20100, 40900], ["20 000", "25 000", "30 000", "35 000", "40 000"], 0),
        ([-1e300, 1e300], ["-1.0", "-0.5", "0.0", "0.5", "1.0"], 300),
    ],
)
def test_ticks_stand_at_round_numbers(values, labels, exponent):
    axis = ticks.axis(*ticks.domain(values, 0.06), count=5)
    assert [
        label.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-") for _, label in axis.ticks
    ] == labels
    assert axis.exponent == exponent


def test_whatever_the_values_ticks_are_few_in_order_within_and_told_apart():
    chance = random.Random(3)
    for _ in range(3000):
        size = 10.0 ** chance.randint(-280, 290)
        values = [chance.uniform(-1, 1) * size for _ in range(chance.randint(1, 4))]
        if chance.random() < 0.5:
            values = [values[0] * (1 + chance.random() * 10.0 ** -chance.randint(0, 16)) for _ in range(3)]
        low, high = ticks.domain(values, chance.choice([0, 0.06, 0.15]))
        assert low <= min(values) <= max(values) <= high
        axis = ticks.axis(low, high, 5)
        places = [value for value, _ in axis.ticks]
        assert 2 <= len(places) <= 8
        assert places == sorted(places)
        slack = (high - low) * 1e-6
        assert low - slack <= places[0] <= places[-1] <= high + slack
        assert len({label for _, label in axis.ticks}) == len(places)
        for (value, label), (after, _) in itertools.zip_longest(axis.ticks, axis.ticks[1:], fillvalue=(None, None)):
            assert after is None or after > value
            read = float(label.replace("\N{MINUS SIGN}", "-").replace("\N{NARROW NO-BREAK SPACE}", ""))
            assert read * 10.0**axis.exponent == pytest.approx(value, abs=slack)


def test_whole_numbers_have_whole_ticks():
    assert [label for _, label in ticks.axis(0.9, 2.1, 8, whole=True).ticks] == ["1", "2"]
    assert [label for _, label in ticks.axis(1, 30, 8, whole=True).ticks] == ["5", "10", "15", "20", "25", "30"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (16.6234, "16.62"),
        (9.99999, "10"),
        (-0.5, "-0.5"),
        (1e-300, "1e-300"),
        (123456, "123500"),
        (999999.9, "1e6"),
        (-1234567, "-1.235e6"),
        (0.00123, "1.23e-3"),
    ],
)
def test_a_number_is_rounded_to_what_a_report_needs(value, text):
    assert ticks.ascii_only(ticks.rounded(value)) == text


def test_numbers_are_set_as_a_report_sets_them():
    assert ticks.rounded(-23110) == "\N{MINUS SIGN}23\N{NARROW NO-BREAK SPACE}110"
    assert ticks.rounded(4.03e-12) == "4.03\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}10⁻¹²"


def test_the_median_of_an_even_number_lies_between_the_middle_two():
    assert [ticks.median(one) for one in ([3], [1, 2], [9, 1, 5], [4, 1, 3, 2])] == [3, 1.5, 5, 2.5]

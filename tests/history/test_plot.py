"""The plot in text."""

import history_cases

from servo_batch.history import plot
from servo_batch.history.trials import best_so_far


def test_it_shows_the_values_the_best_so_far_and_the_failures():
    values = [20, 16, None, 18, 10]
    assert plot.text(values, [20, 16, 16, 16, 10], 42, 6, False, "runtime") == (
        "runtime   # best  -- best so far  x failed\n"
        "20 +o--------\n"
        "   |                           o\n"
        "   |         o---------------------------\n"
        "15 +\n"
        "   |\n"
        "10 +                                     #\n"
        "   +------------------x-------------------\n"
        "    1        2        3        4         5\n"
    )


def test_with_more_than_ascii_it_draws_with_it():
    text = plot.text([2, 1], [2, 1], 40, 4, True, "größe")
    assert set("größe◆─•│└┤") <= set(text)
    plain = plot.text([2, 1], [2, 1], 40, 4, False, "größe\n\33[2J/ 2")
    assert plain.startswith("gr\\xf6\\xdfe / 2 ")
    assert set(plain) <= set(map(chr, range(128)))


def test_nothing_measured_is_nothing_shown():
    assert plot.text([], [], 80, 10, True, "x") == ""
    assert plot.text([None, None], [None, None], 80, 10, True, "x") == ""


def test_any_history_fits_any_terminal():
    for trials, label, _, minimize in history_cases.cases().values():
        values = [one.objective for one in trials]
        for width, height in ((1, 1), (10, 3), (80, 12), (300, 50)):
            text = plot.text(values, best_so_far(trials, minimize), width, height, False, "label")
            assert all(len(line) <= width for line in text.splitlines())
            assert width < 80 or text == "" or "#" in text.split("\n", 1)[1], label


def test_a_wide_terminal_is_used():
    values = list(range(100, 0, -1))
    lines = plot.text(values, values, 200, 10, False, "x").splitlines()
    assert len(lines) == 13
    assert max(map(len, lines)) == 200
    assert lines[-1].endswith(" 100")


def test_a_value_that_would_flatten_all_others_is_marked_at_the_edge():
    values = [10, 11, 12, 13, 4000]
    lines = plot.text(values, [10] * 5, 60, 8, False, "x").splitlines()
    assert lines[1].endswith("^")
    assert "4000" not in "".join(lines)

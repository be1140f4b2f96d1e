"""The loop: what is measured, in which order, and what the outcome says, from any point of a history on."""

import pytest

from servo_batch.tuning.loop import (
    CONFIRM_BEST,
    CONFIRM_DEFAULT,
    DEFAULT,
    SEARCH,
    Measured,
    Outcome,
    Task,
    next_in_time,
    next_step,
    remarks,
)

SPACE = {"web.cpu": (range(1, 13), True), "web.gc": (("serial", "parallel", "g1"), False)}
START = {"web.cpu": 2, "web.gc": "serial"}
TASK = Task(SPACE, START, measurements=12)


def cost(settings):
    """Best at 9 and g1, where it is 10."""
    return 10.0 + abs(settings["web.cpu"] - 9) + ("g1", "parallel", "serial").index(settings["web.gc"])


def ran(task, past=(), value=cost):
    """Return the steps that were measured and the outcome, None where the default failed."""
    steps, past = [], list(past)
    while True:
        step = next_step(task, past)
        if isinstance(step, Outcome):
            return steps, step
        steps.append(step)
        past.append(Measured(step.settings, value(step.settings), step.purpose))
        if step.purpose == DEFAULT and past[-1].value is None:
            return steps, None


def history(steps, value=cost):
    return [Measured(step.settings, value(step.settings), step.purpose) for step in steps]


def test_measures_the_default_searches_and_confirms_in_turns():
    steps, outcome = ran(TASK)
    assert [step.purpose for step in steps] == [DEFAULT] + [SEARCH] * 11 + [CONFIRM_BEST, CONFIRM_DEFAULT] * 3
    assert [step.number for step in steps] == list(range(1, 19))
    assert steps[0].settings == START
    assert outcome.better
    assert outcome.settings == {"web.cpu": 9, "web.gc": "g1"}


def test_the_answer_has_the_medians_of_the_confirmation_alone():
    values = iter([20.0] + [30.0] * 3 + [40.0] * 3 + [21.0, 50.0, 25.0, 40.0, 22.0, 60.0])
    task = Task(SPACE, START, measurements=7)
    first = ran(task)[0][:7]
    past = history(first)
    outcome = ran(task, past, lambda settings: next(values))[1]
    assert (outcome.better, outcome.measurements) == (False, 7)
    assert (outcome.best, outcome.best_runs) == (30.0, [20.0, 30.0, 40.0])
    assert (outcome.default, outcome.default_runs) == (30.0, [30.0, 30.0, 40.0])


def test_a_stop_at_any_point_changes_nothing_of_what_follows():
    steps, outcome = ran(TASK)
    for stop in range(len(steps) + 1):
        assert ran(TASK, history(steps[:stop])) == (steps[stop:], outcome)


def test_a_stop_at_any_point_changes_nothing_where_runs_fail():
    def fails(settings):
        return None if settings["web.cpu"] > 9 or settings["web.gc"] == "parallel" else cost(settings)

    steps, outcome = ran(TASK, value=fails)
    for stop in range(len(steps) + 1):
        assert ran(TASK, history(steps[:stop], fails), fails) == (steps[stop:], outcome)


@pytest.mark.parametrize("levels", [2, 5, 12])
def test_it_says_how_many_measurements_there_will_be(levels):
    task = Task({"web.cpu": (range(1, levels + 1), True)}, {"web.cpu": 2}, measurements=7, confirm=2)
    steps, _ = ran(task, value=lambda settings: -settings["web.cpu"])
    assert {step.of for step in steps if step.purpose == SEARCH} == {min(levels, 7) + 4}
    assert [step.of for step in steps][-1:] == [len(steps) if levels > 2 else 6]


def test_more_measurements_go_on_from_fewer():
    steps, _ = ran(TASK)
    more, outcome = ran(TASK._replace(measurements=16), history(steps))
    assert [step.purpose for step in more] == [SEARCH] * 4 + [CONFIRM_BEST, CONFIRM_DEFAULT] * 3
    assert outcome.measurements == 16


def test_fewer_measurements_than_there_are_go_to_the_confirmation_and_all_of_them_count():
    past = history(ran(TASK)[0][:12])
    steps, outcome = ran(TASK._replace(measurements=2), past)
    assert [step.purpose for step in steps] == [CONFIRM_BEST, CONFIRM_DEFAULT] * 3
    assert (outcome.settings["web.cpu"], outcome.measurements) == (9, 12)


def test_what_was_measured_before_counts_and_the_default_is_measured_first():
    past = [
        Measured({"web.cpu": 9, "web.gc": "g1"}, 10.0),
        Measured({"web.cpu": 1, "web.gc": "g1"}, 18.0),
    ]
    steps, _ = ran(TASK, past)
    assert [step.purpose for step in steps[:11]] == [DEFAULT] + [SEARCH] * 9 + [CONFIRM_BEST]
    assert all(step.settings not in (past[0][0], past[1][0]) for step in steps[:10])


def test_a_default_that_fails_ends_it_without_an_outcome():
    steps, outcome = ran(TASK, value=lambda settings: None)
    assert ([step.purpose for step in steps], outcome) == ([DEFAULT], None)


def test_a_default_that_failed_is_measured_again_and_then_all_is_as_if_it_never_had():
    steps, outcome = ran(TASK)
    assert ran(TASK, [Measured(START, None)] * 2) == (steps, outcome)


def test_a_failing_run_of_the_confirmation_counts_as_the_worst():
    steps, _ = ran(TASK)
    outcome = ran(TASK, history(steps[:12]), lambda settings: None if settings == START else cost(settings))[1]
    assert outcome.better
    assert (outcome.default, outcome.default_runs) == (None, [None] * 3)


def test_the_greatest_is_the_best_where_it_is_maximised():
    steps, outcome = ran(TASK._replace(maximize=True), value=lambda settings: 100 - cost(settings))
    assert (outcome.better, outcome.best, outcome.default) == (True, 90.0, 81.0)
    assert [step.settings for step in steps] == [step.settings for step in ran(TASK)[0]]


def test_nothing_is_confirmed_where_the_default_is_the_best():
    start = {"web.cpu": 9, "web.gc": "g1"}
    steps, outcome = ran(TASK._replace(default=start))
    assert {step.purpose for step in steps} == {DEFAULT, SEARCH}
    assert outcome == Outcome(None, start, [], [], None, None, 12)


def test_without_a_confirmation_nothing_is_called_better():
    outcome = ran(TASK._replace(confirm=0))[1]
    assert (outcome.better, outcome.best_runs, outcome.default_runs) == (None, [], [])
    assert cost(outcome.settings) < cost(START)


def test_a_cap_is_a_multiple_of_the_least_so_far_and_only_for_the_search():
    steps, _ = ran(TASK._replace(cap=1.5))
    for step, before in zip(steps, range(len(steps))):
        least = min(map(cost, [step.settings for step in steps[:before]]), default=None)
        assert step.limit == (1.5 * least if step.purpose == SEARCH else None)


def test_no_step_breaks_a_constraint():
    steps, _ = ran(TASK._replace(allowed=lambda settings: settings["web.cpu"] <= 4))
    assert all(step.settings["web.cpu"] <= 4 for step in steps)


def in_time(seconds, budget_seconds, of_default=1.0):
    """Return the steps of a call whose measurements take so long, those of the default otherwise, and the outcome."""
    steps, past, took = [], [], []
    while True:
        left = budget_seconds - sum(took)
        step = next_in_time(TASK, past, left, took) if took else next_step(TASK, past)
        if isinstance(step, Outcome):
            return [each.purpose for each in steps], step
        steps.append(step)
        past.append(Measured(step.settings, cost(step.settings), step.purpose))
        took.append(of_default if step.settings == START else seconds)


def test_a_budget_keeps_the_time_for_the_confirmation():
    confirmation = [CONFIRM_BEST, CONFIRM_DEFAULT] * 3
    assert in_time(1.0, 12.0)[0] == [DEFAULT] + [SEARCH] * 5 + confirmation
    assert in_time(1.0, 16.0, of_default=2.0)[0] == [DEFAULT] + [SEARCH] * 5 + confirmation
    assert in_time(1.0, 99.0) == ([step.purpose for step in ran(TASK)[0]], ran(TASK)[1])


def test_a_budget_without_time_for_a_confirmation_allows_the_first_measurement_alone():
    for budget in (0.001, 1.5, 7.0):
        purposes, outcome = in_time(1.0, budget)
        assert (purposes, outcome.better, outcome.measurements) == ([DEFAULT], None, 1)


def test_what_lies_at_an_edge_is_said():
    past = [Measured(START, 1.0)]
    assert remarks(TASK, past, {"web.cpu": 12, "web.gc": "g1"}) == [
        "web.cpu=12 is the greatest that may be tried: with another max there may be better"
    ]
    assert "the least that may be tried: with another min" in remarks(TASK, past, {"web.cpu": 1, "web.gc": "g1"})[0]
    assert remarks(TASK, past, {"web.cpu": 9, "web.gc": "serial"}) == []


def test_that_the_last_five_still_improved_is_said_with_the_way_on():
    values = [Measured({"web.cpu": cpu, "web.gc": "serial"}, float(20 - cpu)) for cpu in (2, 3, 4, 5, 6, 7, 8, 9)]
    best = values[-1][0]
    task = TASK._replace(measurements=8)
    assert remarks(task, values, best) == [
        "the last 5 measurements still found better: --measurements 28 goes on from here"
    ]
    assert "the same command goes on" in remarks(TASK, values, best)[0]
    assert remarks(task, [values[0], values[-1], *values[1:-1]], best) == []


@pytest.mark.parametrize("start", [{"web.gc": "g1"}, {"web.cpu": 99, "web.gc": "g1"}, {"web.cpu": 2, "web.gc": "zgc"}])
def test_a_default_outside_the_space_is_no_place_to_start_from(start):
    with pytest.raises(ValueError, match="default"):
        ran(TASK._replace(default=start))


class TestOnlyItsOwnRunsConfirm:
    WHOLE = history(ran(TASK)[0])

    def purposes(self, past):
        return [step.purpose for step in ran(TASK, past)[0]]

    def test_one_that_was_stopped_goes_on(self):
        assert self.purposes(self.WHOLE[:15]) == [CONFIRM_DEFAULT, CONFIRM_BEST, CONFIRM_DEFAULT]

    def test_one_of_other_settings_counts_for_nothing(self):
        others = [
            each._replace(settings=self.WHOLE[1].settings) if each.purpose == CONFIRM_BEST else each
            for each in self.WHOLE
        ]
        assert self.purposes(others) == [CONFIRM_BEST, CONFIRM_DEFAULT] * 3

    def test_what_was_measured_for_another_purpose_counts_for_nothing(self):
        measured = [each._replace(purpose=None) for each in self.WHOLE]
        assert self.purposes(measured) == [CONFIRM_BEST, CONFIRM_DEFAULT] * 3

    def test_one_that_something_else_interrupted_begins_anew(self):
        assert self.purposes([*self.WHOLE[:15], Measured(START, 1.0)]) == [CONFIRM_BEST, CONFIRM_DEFAULT] * 3

"""The loop: what is measured, in which order, and what the outcome says, from any point of a history on."""

import pytest

from servo_batch.tuning.loop import CONFIRM_BEST, CONFIRM_DEFAULT, DEFAULT, SEARCH, Measured, Outcome, Step, Task, tune

SPACE = {"web.cpu": (range(1, 13), True), "web.gc": (("serial", "parallel", "g1"), False)}
START = {"web.cpu": 2, "web.gc": "serial", "web.name": "shop"}
TASK = Task(SPACE, START, measurements=12)


def cost(settings):
    """Best at 9 and g1, where it is 10."""
    return 10.0 + abs(settings["web.cpu"] - 9) + ("g1", "parallel", "serial").index(settings["web.gc"])


def ran(task, past=(), value=cost):
    """Return the steps that were measured and the outcome, None where there is none."""
    steps, outcome = [], None
    for event in tune(task, past, lambda step: value(step.settings)):
        if isinstance(event, Step):
            steps.append(event)
        elif isinstance(event, Outcome):
            outcome = event
    return steps, outcome


def history(steps, value=cost):
    return [(step.settings, value(step.settings)) for step in steps]


def test_measures_the_default_searches_and_confirms_in_turns():
    steps, outcome = ran(TASK)
    assert [step.purpose for step in steps] == [DEFAULT] + [SEARCH] * 11 + [CONFIRM_BEST, CONFIRM_DEFAULT] * 3
    assert [step.number for step in steps] == list(range(1, 19))
    assert steps[0].settings == START
    assert outcome.better
    assert outcome.settings == {"web.cpu": 9, "web.gc": "g1", "web.name": "shop"}


def test_the_answer_has_the_medians_of_the_confirmation_alone():
    values = iter([20.0] + [30.0] * 3 + [40.0] * 3 + [21.0, 50.0, 25.0, 40.0, 22.0, 60.0])
    task = Task(SPACE, START, measurements=7)
    first = ran(task)[0][:7]
    past = [(step.settings, cost(step.settings)) for step in first]
    outcome = ran(task, past, lambda settings: next(values))[1]
    assert outcome.answer("minimize {total_runtime}") == {
        "status": "ok",
        "better": False,
        "settings": outcome.settings,
        "objective": "minimize {total_runtime}",
        "best": {"value": 30.0, "runs": [20.0, 30.0, 40.0]},
        "default": {"value": 30.0, "runs": [30.0, 30.0, 40.0]},
        "measurements": 7,
    }


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


def test_a_stop_at_any_point_changes_nothing_in_a_space_that_is_measured_whole():
    task = Task({"web.cpu": (range(1, 6), True)}, {"web.cpu": 2}, measurements=30, confirm=2)

    def value(settings):
        return float(abs(settings["web.cpu"] - 4))

    steps, outcome = ran(task, value=value)
    assert [step.purpose for step in steps] == [DEFAULT] + [SEARCH] * 4 + [CONFIRM_BEST, CONFIRM_DEFAULT] * 2
    for stop in range(len(steps) + 1):
        assert ran(task, history(steps[:stop], value), value) == (steps[stop:], outcome)


def test_events_come_before_and_after_each_measurement_with_the_best_so_far():
    measured = []
    events = []
    for event in tune(TASK, [], lambda step: measured.append(step) or cost(step.settings)):
        if isinstance(event, Step):
            assert event not in measured or event.purpose in (CONFIRM_BEST, CONFIRM_DEFAULT)
        events.append(event)
    lowest = float("inf")
    for event in events:
        if isinstance(event, Measured):
            lowest = min(lowest, event.value)
            assert event.best[1] == lowest == cost(event.best[0])


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
        ({"web.cpu": 9, "web.gc": "g1", "web.name": "shop"}, 10.0),
        ({"web.cpu": 1, "web.gc": "g1", "web.name": "shop"}, 18.0),
    ]
    steps, _ = ran(TASK, past)
    assert [step.purpose for step in steps[:11]] == [DEFAULT] + [SEARCH] * 9 + [CONFIRM_BEST]
    assert all(step.settings not in (past[0][0], past[1][0]) for step in steps[:10])


def test_what_was_measured_with_another_value_of_a_setting_that_is_kept_does_not_count():
    steps, _ = ran(TASK)
    past = history(steps)
    renamed = TASK._replace(default=dict(START, **{"web.name": "store"}))
    assert [step.purpose for step in ran(renamed, past)[0]] == [step.purpose for step in steps]


def test_a_default_that_fails_ends_it_without_an_outcome():
    steps, outcome = ran(TASK, value=lambda settings: None)
    assert ([step.purpose for step in steps], outcome) == ([DEFAULT], None)


def test_a_default_that_failed_is_measured_again_and_then_all_is_as_if_it_never_had():
    steps, outcome = ran(TASK)
    assert ran(TASK, [(START, None), (START, None)]) == (steps, outcome)


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
    start = {"web.cpu": 9, "web.gc": "g1", "web.name": "shop"}
    steps, outcome = ran(TASK._replace(default=start))
    assert {step.purpose for step in steps} == {DEFAULT, SEARCH}
    assert outcome == Outcome(False, start, [], [], None, None, 12)


def test_without_a_confirmation_nothing_is_called_better():
    outcome = ran(TASK._replace(confirm=0))[1]
    assert (outcome.better, outcome.best_runs, outcome.default_runs) == (False, [], [])
    assert cost(outcome.settings) < cost(START)


def test_a_cap_is_a_multiple_of_the_least_so_far_and_only_for_the_search():
    least = None
    for event in tune(TASK._replace(cap=1.5), [], lambda step: cost(step.settings)):
        if isinstance(event, Measured):
            assert event.step.limit == (1.5 * least if event.step.purpose == SEARCH else None)
            least = event.best[1]


def test_the_constraints_see_every_setting():
    seen = []
    task = TASK._replace(allowed=lambda settings: seen.append(settings) or settings["web.cpu"] <= 4)
    steps, _ = ran(task)
    assert all(step.settings["web.cpu"] <= 4 for step in steps)
    assert all(set(settings) == set(START) for settings in seen)


@pytest.mark.parametrize("start", [{"web.gc": "g1"}, {"web.cpu": 99, "web.gc": "g1"}, {"web.cpu": 2, "web.gc": "zgc"}])
def test_a_default_outside_the_space_is_no_place_to_start_from(start):
    with pytest.raises(ValueError, match="default"):
        ran(TASK._replace(default=start))


def test_what_the_measuring_raises_ends_it():
    def cancelled(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(tune(TASK, [], cancelled))

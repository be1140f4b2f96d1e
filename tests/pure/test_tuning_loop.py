"""The loop: what is measured, in which order, and what the conclusion says, from any point of a history on."""

import math

from servo_batch.tuning.loop import CONFIRM_BEST, CONFIRM_DEFAULT, Conclusion, Measured, Past, Task

SPACE = {"web.cpu": (range(1, 13), True), "web.gc": (("serial", "parallel", "g1"), False)}
START = {"web.cpu": 2, "web.gc": "serial"}
BEST = {"web.cpu": 9, "web.gc": "g1"}
TASK = Task(SPACE, START, measurements=12)
CONFIRMATION = [CONFIRM_BEST, CONFIRM_DEFAULT] * 3


def cost(settings):
    """Best at 9 and g1, where it is 10."""
    return 10.0 + abs(settings["web.cpu"] - 9) + ("g1", "parallel", "serial").index(settings["web.gc"])


def fails(settings):
    return None if settings["web.cpu"] > 9 or settings["web.gc"] == "parallel" else cost(settings)


def ran(task, measured=(), value=cost, budget_seconds=math.inf, seconds=lambda settings: 1.0):
    """Return the steps that were measured and the conclusion, None where the default failed."""
    steps, past, took = [], Past(task, measured), []
    while True:
        step = past.next_step(budget_seconds - sum(took), took)
        if isinstance(step, Conclusion):
            return steps, step
        steps.append(step)
        assert len(steps) < 99
        took.append(seconds(step.settings))
        past = Past(task, [*past.measured, Measured(step.settings, value(step.settings), step.purpose)])
        if past.measured[-1] == (task.default, None, None):
            return steps, None


def history(steps, value=cost):
    return [Measured(step.settings, value(step.settings), step.purpose) for step in steps]


def purposes(steps):
    return [step.purpose for step in steps]


# What becomes of the task, and the history of that.
STEPS, OUTCOME = ran(TASK)
WHOLE = history(STEPS)


def test_the_answer_has_the_medians_of_the_confirmation_alone():
    values = iter([20.0, 21.0, 30.0, 30.0, 40.0, 30.0, 22.0])
    task = TASK._replace(measurements=7)
    conclusion = ran(task, WHOLE[:7], lambda settings: next(values))[1]
    assert (conclusion.better, conclusion.measurements) == (False, 7)
    assert (conclusion.best, conclusion.best_runs) == (30.0, [20.0, 30.0, 40.0])
    assert (conclusion.default, conclusion.default_runs) == (30.0, [21.0, 30.0, 30.0])


def test_a_stop_at_any_point_changes_nothing_of_what_follows():
    task = TASK._replace(measurements=8)
    for value in (cost, fails):
        steps, conclusion = ran(task, value=value)
        for stop in range(len(steps) + 1):
            assert ran(task, history(steps[:stop], value), value) == (steps[stop:], conclusion)


def test_it_says_how_many_measurements_there_will_be():
    for levels, most in ((2, 6), (12, 11)):
        task = Task({"web.cpu": (range(1, levels + 1), True)}, {"web.cpu": 2}, measurements=7, confirm=2)
        steps, _ = ran(task, value=lambda settings: -settings["web.cpu"])
        assert {step.of for step in steps} == {most}


def test_more_measurements_go_on_from_fewer_and_of_more_all_count():
    more, conclusion = ran(TASK._replace(measurements=16), WHOLE)
    assert (purposes(more), conclusion.measurements) == ([None] * 4 + CONFIRMATION, 16)
    fewer, conclusion = ran(TASK._replace(measurements=2), WHOLE[:12])
    assert (purposes(fewer), conclusion.measurements, conclusion.settings["web.cpu"]) == (CONFIRMATION, 12, 9)


def test_a_default_that_failed_is_measured_again_and_then_all_is_as_if_it_never_had():
    assert purposes(ran(TASK, value=lambda settings: None)[0]) == [None]
    assert ran(TASK, [Measured(START, None)] * 2) == (STEPS, OUTCOME)


def test_a_failing_run_of_the_confirmation_counts_as_the_worst():
    conclusion = ran(TASK, WHOLE[:12], lambda settings: None if settings == START else cost(settings))[1]
    assert (conclusion.better, conclusion.default, conclusion.default_runs) == (True, None, [None] * 3)


def test_the_greatest_is_the_best_where_it_is_maximised():
    steps, conclusion = ran(TASK._replace(maximize=True), value=lambda settings: 100 - cost(settings))
    assert (conclusion.better, conclusion.best, conclusion.default) == (True, 90.0, 81.0)
    assert [step.settings for step in steps] == [step.settings for step in STEPS]
    assert Past(TASK._replace(maximize=True), [Measured(START, 1.0), Measured(BEST, 3.0)]).best() == (BEST, 3.0)


def test_nothing_is_called_better_that_was_not_confirmed():
    assert ran(TASK._replace(default=BEST))[1] == Conclusion(None, BEST, 12)
    steps, conclusion = ran(TASK._replace(confirm=0))
    assert (len(steps), conclusion) == (12, Conclusion(None, BEST, 12))


def test_a_cap_is_a_multiple_of_the_least_so_far_and_only_for_the_search():
    steps, _ = ran(TASK._replace(cap=1.5))
    for before, step in enumerate(steps):
        searches = before and step.purpose is None
        assert step.limit == (1.5 * min(cost(step.settings) for step in steps[:before]) if searches else None)


def test_a_budget_keeps_the_time_for_the_confirmation():
    assert purposes(ran(TASK, budget_seconds=12.0)[0]) == [None] * 6 + CONFIRMATION
    slow_default = ran(TASK, budget_seconds=16.0, seconds=lambda settings: 2.0 if settings == START else 1.0)
    assert purposes(slow_default[0]) == [None] * 6 + CONFIRMATION
    assert ran(TASK, budget_seconds=99.0) == (STEPS, OUTCOME)


def test_a_budget_without_time_for_a_confirmation_allows_the_first_measurement_of_a_call_alone_and_the_outcome():
    for budget in (-1.0, 0.001, 1.5, 7.0):
        steps, conclusion = ran(TASK, budget_seconds=budget)
        assert (purposes(steps), conclusion) == ([None], Conclusion(None, START, 1))
    assert Past(TASK, WHOLE[:1]).next_step(-1.0).purpose is None
    assert Past(TASK, WHOLE).next_step(0.0, [1.0]).better
    # One that ends within the confirmation: what is known so far.
    cut = Past(TASK, WHOLE[:15]).next_step(0.0, [1.0])
    assert (cut.better, len(cut.best_runs), len(cut.default_runs)) == (None, 2, 1)
    assert (cut.best, cut.default) == (cost(BEST), cost(START))


def test_that_the_best_lies_at_an_end_of_a_range_is_said():
    end = {"web.cpu": 1, "web.gc": "g1"}
    said = "web.cpu=1 is an end of its range: with a wider one there may be better"
    assert Past(TASK, WHOLE).remarks(end) == [said]
    assert Past(TASK._replace(default=end), WHOLE).remarks(end) == []  # nobody looked for it there


def test_only_its_own_runs_confirm():
    def of_others(purpose):
        return [one._replace(settings=WHOLE[1].settings) if one.purpose == purpose else one for one in WHOLE]

    for past in (of_others(CONFIRM_BEST), of_others(CONFIRM_DEFAULT), [*WHOLE[:15], Measured(START, 1.0)]):
        assert purposes(ran(TASK, past)[0]) == CONFIRMATION

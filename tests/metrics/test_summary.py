"""Several runs → one measurement."""

import json

import pytest

from servo_batch.metrics import sources, summary


def summarised(values, runtimes=None):
    runs = [{"m": value} for value in values]
    return summary.summarise(runs, runtimes or list(range(len(values))), {"m": {"unit": "s"}})["m"]


@pytest.mark.parametrize(
    ("values", "median"),
    [
        ([3, 1, 2], 2),
        ([1, 2], 1.5),
        ([1, 3], 2),
        ([4, 1, 3, 1], 2),
        ([1.5, 2, 0.25], 1.5),
        ([1, 2.5], 1.75),
        ([0.1, 0.2], 0.15),
        ([0.001391, 0.001487], 0.001439),
        ([0.1, 0.1], 0.1),
        ([2, 2.0], 2),
        ([-3, 4], 0.5),
        ([10**30, 10**30 + 2], 10**30 + 1),
        ([10**400, 10**400 + 1], 10**400),
        ([10**400, 1.5], 1.5),
        ([1.7e308, 1.7e308, 1.5e308, 1.7e308], 1.7e308),
        ([1.7e308, 1.5e308], 1.6e308),
        ([5e-324, 5e-324], 5e-324),
    ],
)
def test_the_value_is_the_median(values, median):
    result = summarised(values)
    assert (result["value"], type(result["value"])) == (median, type(median))
    assert result == {"value": median, "unit": "s", "runs": values}
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(
    ("values", "runtimes", "value"),
    [
        (["a", "b", "c"], [3.0, 1.0, 2.0], "c"),
        (["a", "b"], [3.0, 1.0], "b"),
        (["a", "b"], [1.0, 1.0], "a"),
        ([5, "nan", 7], [3.0, 1.0, 2.0], 7),  # not all of them are numbers
        ([True, False, False], [2.0, 1.0, 3.0], True),  # and neither is a truth
    ],
)
def test_text_is_that_of_the_run_with_the_median_runtime(values, runtimes, value):
    assert summarised(values, runtimes)["value"] is value


def test_a_single_run_is_its_own_measurement():
    assert summarised(["a"]) == {"value": "a", "unit": "s"}


def test_a_metric_without_a_unit_has_none():
    assert summary.summarise([{"m": 1}], [1.0], {"m": {}}) == {"m": {"value": 1}}


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        ([10, 11, 9], (10, 1.0, 0.1)),
        ([-10.0, -11.0, -9.0], (-10.0, 1.0, 0.1)),
        ([5, 5], (5, 0.0, 0.0)),
        ([0, 0], (0, 0.0, 0.0)),
        ([-3, 4, -1], (-1, 13**0.5, 13**0.5)),
        ([-1, 0, 1], (0, 1.0, None)),
        ([-1.7e308, 1.7e308], None),
        ([5], None),
        ([5, "a"], None),
        ([10**400, 1], None),
    ],
)
def test_the_spread_is_the_sample_standard_deviation(values, spread):
    assert summary.spread(values) == spread


@pytest.mark.parametrize(
    ("values", "warmup_runs", "words"),
    [
        ([10.0, 10.1, 10.2], 0, None),
        ([10.0, 9.0, 11.0], 0, ["± 10 %", "--runs"]),
        ([16.6, 10.0, 10.1], 0, ["first run, 16.6,", "median 10.1", "--warmup-runs 1"]),
        ([16.6, 10.0, 10.1], 1, ["first run", "more than --warmup-runs 1"]),
        ([5.0, 10.0, 10.1, 10.0], 0, ["first run"]),  # faster is as odd
        ([10.2, 10.0, 10.0, 10.0], 0, None),  # far beyond the others' spread, but nobody minds 2 %
        ([10, 16, 10, 10], 0, ["± 30 %"]),
        ([16.0, 10.0], 0, ["± 33 %"]),  # of two, none is the odd one
        ([0, 0, 0], 0, None),
        (["a", "b"], 0, None),
        ([5], 0, None),
    ],
)
def test_runs_that_differ_are_remarked_upon_in_a_line(values, warmup_runs, words):
    remark = summary.remark("total_runtime", values, warmup_runs)
    assert (remark is None) == (words is None), remark
    for word in words or []:
        assert word in remark
        assert remark.startswith("total_runtime: ")
        assert "\n" not in remark


def test_a_run_has_the_runtime_and_what_was_asked_for():
    metrics = {
        "n": sources.OutputRegex("n (.)", {}),
        "memory": sources.Resource("max_rss", {}),
        "cpu": sources.Resource("cpu_time", {"unit": "s"}),
        "cost": sources.Formula("{cpu} * 2", {"unit": "EUR"}, None),
    }
    figures = {"total_runtime": 1.23456789, "cpu_time": 0.5, "user_time": 0.3, "system_time": 0.2, "max_rss": 4096}
    values = summary.run_values(metrics, figures, {"n": "x"})
    assert list(values.items()) == [("total_runtime", 1.234568), ("n", "x"), ("memory", 4096), ("cpu", 0.5)]
    assert sources.described(metrics) == {
        "total_runtime": {"unit": "seconds"},
        "n": {},
        "memory": {"unit": "bytes"},
        "cpu": {"unit": "s"},
        "cost": {"unit": "EUR"},
    }


def test_an_empty_unit_is_a_unit():
    assert sources.Resource("max_rss", {"unit": ""}).unit == ""

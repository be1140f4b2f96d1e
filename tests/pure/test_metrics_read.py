"""How the metrics of a configuration are read, and several runs summed up."""

import json
import re

import pytest

from servo_batch import recorded
from servo_batch.config import Objective
from servo_batch.formulas import parse
from servo_batch.metrics import patterns, sources, summary


def problems(mapping):
    noted = []
    sources.read(mapping, lambda key, problem: noted.append((key, problem)), None)
    return noted


# A metric, its key that is wrong, and words of how.
WRONG = [
    ({"unit": "s"}, "output_regex", "is missing: give a regular expression with a group around the value, or"),
    ({"output_regex": 1}, "output_regex", "must be a string, but is a number, 1"),
    ({"output_json": "a..b"}, "output_json", "after a, .NAME or [NAME]"),
    ({"resource": "total_runtime"}, "resource", "must be cpu_time, user_time, system_time or max_rss, but is a"),
    ({"output_regex": "(a)", "output_json": "a"}, "output_json", "does not go with output_regex: remove it"),
    ({"output_regex": "(a)", "unit": 5}, "unit", "must be a string, but is a number, 5"),
    ({"output_regex": "(a)", "stream": ["stderr"]}, "stream", "must be stdout or stderr, but is a list"),
    ({"output_regex": "(a)", "take": "lst"}, "take", 'or count, but is a string, "lst" (did you mean "last"?)'),
    ({"output_regex": "(a)", "file": ""}, "file", "must be the name of a file"),
    ({"output_regex": "(a)", "file": "a\0b"}, "file", "must be the name of a file"),
    ({"output_regex": "(a)", "file": "{web.cpu}.json"}, "file", "without placeholders"),
    ({"output_regex": "(a)", "file": "a", "stream": "stderr"}, "file", "is given beside stream"),
    ({"resource": "max_rss", "stream": "stderr"}, "stream", "does not go with resource"),
]


def test_wrong_keys_are_told_with_their_places_and_all_at_once():
    for mapping, place, words in WRONG:
        ((found, problem),) = problems(mapping)
        assert (found, words in problem) == (place, True), problem
    noted = problems({"output_regex": "x", "unit": 1, "take": "x", "convert": 2})
    assert [place for place, _ in noted] == ["unit", "take", "convert", "output_regex"]


BROKEN = ("(", "(a)\\", "(a{99999999999})", "(?u)(a)", "(" * 5000 + ")" * 5000, r"(\u12)")
REFUSED = [
    *((pattern, "does not compile") for pattern in BROKEN),
    *((pattern, "no group") for pattern in ("", "(?:took)")),
    # What compiles, and cannot mean what was meant.
    ("\b(\\d)", r"a backspace, which \b is: in YAML put it in single quotes, in JSON"),
    ("took\u00a0(\\d)", "U+00A0, which nobody sees"),
    ("[é](x)", "single bytes"),
    (r"([[:digit:]]+)", r"[:digit:] is these characters themselves to Python: write \d"),
    (r"([^[:space:]]+)", "[:space:]"),
]


def test_a_pattern_that_cannot_work_is_refused():
    for pattern, problem in REFUSED:
        with pytest.raises(ValueError, match=re.escape(problem)):
            patterns.compile_pattern(pattern)


def test_what_the_older_servo_batch_took_otherwise_is_told():
    for pattern in ("^a(b)", "a(b)$"):
        assert r"\A for ^ and \n?\Z for $" in patterns.older_difference(pattern)
    for pattern in ("é(b)", r"\xe9(b)"):
        assert "in bytes" in patterns.older_difference(pattern)
    assert patterns.older_difference(r"[^$]\^(b)\$") is None


# Several runs.


def summarised(values, runtimes=(1.0, 2.0, 3.0)):
    runs = [{"m": value, "other": None, "total_runtime": runtime} for value, runtime in zip(values, runtimes)]
    summed_up = summary.summarise(runs, {"m": sources.read({"resource": "cpu_time", "unit": "s"}, None, None)})
    assert list(summed_up) == ["m"]
    return summed_up["m"]


def test_the_value_is_the_median_of_the_runs_and_of_text_that_of_the_run_with_the_median_runtime():
    assert summarised([3, 1, 2.5]) == {"value": 2.5, "unit": "s", "runs": [3, 1, 2.5]}
    assert summarised([1, 2]) == {"value": 1.5, "unit": "s", "runs": [1, 2]}
    assert summarised(["a"]) == {"value": "a", "unit": "s"}
    json.dumps(summarised([10**400, 1.5]), allow_nan=False)
    for runtimes, text in [((3.0, 1.0, 2.0), "c"), ((3.0, 1.0), "b"), ((1.0, 1.0), "a")]:
        assert summarised(["a", "b", "c"][: len(runtimes)], runtimes)["value"] == text


def test_the_objective_is_that_of_each_run_and_their_median():
    goal = Objective("minimize", "", parse("{m} / {total_runtime} * {w.n}"))
    metrics = {"m": {"value": 30, "runs": [30, 60, 10]}, "total_runtime": {"value": 2.0, "runs": [1.0, 2.0, 4.0]}}
    assert recorded.objective(goal, metrics, {"w.n": 2}) == (60, [60, 60, 5])
    assert recorded.objective(Objective("minimize", "", None), metrics, {}) == (2, [1, 2, 4])
    with pytest.raises(ValueError, match="no value"):
        recorded.objective(goal, metrics, {})


def test_runs_that_are_far_apart_are_remarked_upon():
    (remark,) = summary.remarks([10.0, 9.0, 11.0])
    assert "the runs differ by ± 10 % of the median: more --runs," in remark
    for values in ([10.0, 10.1, 10.2], [0, 0, 0], [5]):
        assert summary.remarks(values) == []

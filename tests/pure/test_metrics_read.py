"""How the metrics of a configuration are read, and several runs summed up."""

import json

import pytest

from servo_batch.answers import ServoError
from servo_batch.metrics import patterns, sources, summary


def problems(mapping, name="m"):
    noted = []
    sources.read(name, mapping, lambda keys, problem: noted.append((".".join(keys), problem)), lambda keys, text: text)
    return noted


@pytest.mark.parametrize(
    ("mapping", "place", "words"),
    [
        (
            {},
            "output_regex",
            "is missing: give a regular expression with a group around the value, or one of output_json",
        ),
        ({"unit": "s"}, "output_regex", "is missing"),
        ({"output_regex": 1}, "output_regex", "must be a string, but is a number, 1"),
        ({"output_regex": None}, "output_regex", "must be a string, but is empty"),
        ({"output_json": ["a"]}, "output_json", "must be a string, but is a list"),
        ({"output_json": ""}, "output_json", "is empty"),
        ({"output_json": "a..b"}, "output_json", 'a name is missing after "a."'),
        ({"output_json": "a[0"}, "output_json", "a ] is missing"),
        (
            {"resource": "max_rs"},
            "resource",
            'must be cpu_time, user_time, system_time or max_rss, but is a string, "max_rs"',
        ),
        ({"resource": "total_runtime"}, "resource", "must be cpu_time"),
        (
            {"output_regex": "(a)", "output_json": "a"},
            "output_json",
            "is given beside output_regex: a metric has one source",
        ),
        ({"output_regex": "(a)", "unit": 5}, "unit", "must be a string, but is a number, 5"),
        ({"output_regex": "(a)", "stream": "both"}, "stream", 'must be stdout or stderr, but is a string, "both"'),
        ({"output_regex": "(a)", "stream": ["stderr"]}, "stream", "must be stdout or stderr, but is a list"),
        (
            {"output_regex": "(a)", "take": "lst"},
            "take",
            'mean or count, but is a string, "lst" (did you mean "last"?)',
        ),
        ({"output_regex": "(a)", "take": None}, "take", "mean or count, but is empty"),
        ({"output_regex": "(a)", "convert": "bytes"}, "convert", "must be si, binary or duration"),
        ({"output_regex": "(a)", "take": "count", "convert": "si"}, "convert", "is given beside take: count"),
        ({"output_regex": "(a)", "file": ""}, "file", "must be the name of a file"),
        ({"output_regex": "(a)", "file": 7}, "file", "must be a string, but is a number, 7"),
        ({"output_regex": "(a)", "file": "a\0b"}, "file", "must be the name of a file"),
        ({"output_regex": "(a)", "file": "{web.cpu}.json"}, "file", "without placeholders"),
        ({"output_regex": "(a)", "file": "a", "stream": "stderr"}, "file", "is given beside stream"),
        (
            {"output_json": "a", "take": "last"},
            "take",
            "belongs to output_regex, and this metric has output_json: remove it",
        ),
        ({"resource": "max_rss", "stream": "stderr"}, "stream", "belongs to output_regex and output_json, and"),
        ({"formula": "1", "convert": "si"}, "convert", "this metric has formula"),
        ({"formula": 1}, "formula", "must be a string"),
    ],
)
def test_a_wrong_key_is_told_with_its_place(mapping, place, words):
    ((found, problem),) = problems(mapping)
    assert found == place
    assert words in problem


def test_every_problem_is_told_at_once():
    noted = problems({"output_regex": "x", "unit": 1, "take": "x", "convert": 2}, "total_runtime")
    assert [place for place, _ in noted] == ["", "unit", "take", "convert", "output_regex"]


def test_a_resource_has_its_own_unit_unless_another_is_given():
    metrics = {
        "n": sources.OutputRegex("n (.)", {}),
        "memory": sources.Resource("max_rss", {}),
        "cpu": sources.Resource("cpu_time", {"unit": ""}),
        "cost": sources.Formula("{cpu} * 2", {"unit": "EUR"}, None),
    }
    assert sources.described(metrics) == {
        "total_runtime": {"unit": "seconds"},
        "n": {},
        "memory": {"unit": "bytes"},
        "cpu": {"unit": ""},
        "cost": {"unit": "EUR"},
    }


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "does not compile"),
        ("took", "no group"),
        ("(?:took)", "no group"),
        ("", "no group"),
        (r"took \(\d+\)", "without the backslashes that grep"),
        ("(*)", "does not compile"),
        (r"(\q)", "does not compile"),
        ("(a)\\", "does not compile"),
        ("(a{99999999999})", "does not compile"),
        ("(?u)(a)", "does not compile"),
        ("(?<=a+)(b)", "does not compile"),
        ("a(?i)(b)", "does not compile"),
        ("(" * 5000 + ")" * 5000, "does not compile"),
        (r"(\u12)", r"incomplete escape \u12"),
        (r"(\u00zz)", r"incomplete escape \u00zz"),
        (r"(\u 12)", r"incomplete escape \u 12"),
        (r"(\Uffffffff)", r"incomplete escape \Uffffffff"),
        (r"(\ud800)", "does not compile"),
        # What compiles, and cannot mean what was meant.
        ("\b(\\d)", r"a backspace, which \b is: in YAML put the pattern in single quotes"),
        ("(\\d)\u2028", "U+2028, which nobody sees"),
        ("took\u00a0(\\d)", "U+00A0, which nobody sees"),
        ("(\\d)\u200b", "U+200B"),
        ("[é](x)", "single bytes"),
        (r"[\xe9](x)", "single bytes"),
        (r"([[:digit:]]+)", r"[:digit:] is these characters themselves to Python: write \d"),
        (r"([^[:space:]]+)", "[:space:]"),
        (r"(\\d+)", r"\\d+ is a backslash, and then a letter"),
        ("took ()", "(), the first group, is empty"),
        (r"took (\d)+", "keeps the last character only"),
        (r"took ([0-9.])*", "keeps the last character only"),
        (r"took (.*?)", "takes the least that it can"),
        (r"took (\d+?)", "takes the least that it can"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern, problem):
    with pytest.raises(patterns.PatternError) as raised:
        patterns.compile_pattern(pattern)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "output"),
    [
        (r"[\[:](\d)", ":5"),
        (r"[[:](\d)", "[5"),
        (r"\\d: (\d)", r"\d: 5"),
        (r"C:\\(\w+)", r"C:\work"),
        (r"(\d)?", "5"),
        (r"(a)+", "aa"),
        (r"(\d\d)+", "1234"),
        (r"(\d+?) s", "55 s"),
        (r"(\d\+?)", "5+"),
        (r"x\++(\d)", "x++5"),
        (r"(?:\d)+ (\d)", "12 5"),
        (r"\(\)(\d)", "()5"),
        (r"(\d){(\d)}", "5{5}"),
        (r"(?P<took>\d+)(?P=took)", "55"),
        (r"(?<=x)(\d)(?<!y)", "x5"),
        (r"\é(\d)", "é5"),
        (r"é{2}(\d)", "éé5"),
        (r"(\d)\1", "55"),
    ],
)
def test_what_looks_like_a_slip_and_is_none_compiles(pattern, output):
    assert patterns.compile_pattern(pattern).search(output.encode())


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("^a(b)", r"\A and \Z"), ("a(b)$", r"\A and \Z"), ("é(b)", "in bytes"), (r"[^$]\^(b)\$", None), ("a(b)", None)],
)
def test_what_the_older_servo_batch_took_otherwise_is_told(pattern, words):
    difference = patterns.older_difference(pattern)
    assert words in difference if words else difference is None


# Several runs.


def summarised(values, runtimes=None):
    runs = [{"m": value} for value in values]
    return summary.summarise(runs, runtimes or list(range(len(values))), {"m": {"unit": "s"}})["m"]


def test_the_value_is_the_median_and_the_runs_are_kept_in_order():
    assert summarised([3, 1, 2.5]) == {"value": 2.5, "unit": "s", "runs": [3, 1, 2.5]}
    assert summarised([1, 2]) == {"value": 1.5, "unit": "s", "runs": [1, 2]}
    assert summarised(["a"]) == {"value": "a", "unit": "s"}
    json.dumps(summarised([10**400, 1.5]), allow_nan=False)


@pytest.mark.parametrize(
    ("values", "runtimes", "value"),
    [(["a", "b", "c"], [3.0, 1.0, 2.0], "c"), (["a", "b"], [3.0, 1.0], "b"), (["a", "b"], [1.0, 1.0], "a")],
)
def test_text_is_that_of_the_run_with_the_median_runtime(values, runtimes, value):
    assert summarised(values, runtimes)["value"] == value


def test_a_number_in_one_run_and_text_in_another_is_a_failure():
    first = {}
    summary.refuse_mixed(first, {"n": 1, "text": "a"})
    summary.refuse_mixed(first, {"n": 2.5, "text": "b"})
    with pytest.raises(ServoError) as raised:
        summary.refuse_mixed(first, {"n": "nan", "text": "c"})
    assert raised.value.reason == "no-match"
    assert 'n is a string, "nan", and in the first run it was a number, 1' in raised.value.message


@pytest.mark.parametrize(
    ("values", "warmup_runs", "words"),
    [
        ([10.0, 10.1, 10.2], 0, None),
        ([10.0, 9.0, 11.0], 0, ["± 10 %", "--runs"]),
        ([16.6, 10.0, 10.1], 0, ["first run, 16.6,", "median 10.1", "--warmup-runs 1"]),
        ([16.6, 10.0, 10.1], 1, ["first run", "more than --warmup-runs 1"]),
        ([5.0, 10.0, 10.1, 10.0], 0, ["first run"]),  # faster is as odd
        ([10.2, 10.0, 10.0, 10.0], 0, None),  # far beyond the others' spread, but nobody minds 2 %
        ([16.0, 10.0], 0, ["± 33 %"]),  # of two, none is the odd one
        ([0, 0, 0], 0, None),
        ([5], 0, None),
    ],
)
def test_runs_that_differ_are_remarked_upon_in_a_line(values, warmup_runs, words):
    remark = summary.remark(values, warmup_runs)
    assert (remark is None) == (words is None), remark
    for word in words or []:
        assert word in remark

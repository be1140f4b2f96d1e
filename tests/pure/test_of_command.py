"""The configuration that --command, C.S=VALUES and --metric NAME=REGEX stand for."""

import pytest

from servo_batch import config
from servo_batch.answers import ServoError


def setting(text):
    found = config.of_command("job {a.b}", [("a", "b", text)], [])
    return found.settings.application["components"]["a"]["settings"]["b"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,6,9", [1, 6, 9]),
        ("g1,1.30,true,1.5", ["g1", "1.30", True, 1.5]),
        ("x", ["x"]),
        ("../data,a..b", ["../data", "a..b"]),
    ],
)
def test_values_are_an_enum_of_which_the_first_is_the_default(text, values):
    assert repr(setting(text)) == repr({"type": "enum", "values": values, "value": values[0]})


@pytest.mark.parametrize(
    ("text", "low", "high", "step"),
    [("1..9", 1, 9, 1), ("1..9/2", 1, 9, 2), ("0.5..2/0.5", 0.5, 2, 0.5), ("-3..3", -3, 3, 1)],
)
def test_bounds_are_a_range_of_which_the_least_is_the_default(text, low, high, step):
    assert repr(setting(text)) == repr({"type": "range", "min": low, "max": high, "step": step, "value": low})


def test_metrics_are_patterns_and_what_the_system_counts_and_no_file_is_named():
    found = config.of_command("job", [], [("tps", "tps = ([0-9.]+)")])
    assert list(found.metrics) == ["cpu_time", "max_rss", "tps"]
    assert (found.path, found.state, found.history, found.beside("x")) == (None, None, None, "x")


@pytest.mark.parametrize(
    ("command", "words", "metrics", "problems"),
    [
        ("", [], [], ["--command: must be a command line"]),
        ("x {a.b", [], [], ["--command: "]),
        ("x", [("a", "b", "9..1")], [], ["a.b: min: 9 is more than max, 1"]),
        ("x", [("a", "b", "0.5..2")], [], ["a.b: step: 1 does not divide max - min, 0.5 to 2"]),
        ("x", [("a", "b", "1..9/0")], [], ["a.b: step: must be a number more than 0"]),
        ("x", [("a", "b", "1...9")], [], ["a.b: 1...9 is neither a range, like 1..9 or 1..9/2, nor a list"]),
        ("x", [("a", "b", "1..9,12")], [], ["a.b: 1..9,12 is neither"]),
        ("x", [("a", "b", "1"), ("a", "b", "2")], [], ["a.b is given twice"]),
        ("x", [("a.b", "c", "1"), ("a", "b.c", "2")], [], ["a.b.c: is called a.b.c, as one of"]),
        (
            "x",
            [],
            [("cpu_time", "(a)"), ("x", "no group"), ("total_runtime", "(x)")],
            [
                "--metric cpu_time: there is a metric of that name",
                "--metric x: ",
                "--metric total_runtime: the name is",
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_told_at_once_by_the_words_of_the_command_line(command, words, metrics, problems):
    with pytest.raises(ServoError) as caught:
        config.of_command(command, words, metrics)
    assert caught.value.reason == "bad-request"
    lines = caught.value.message.split("\n")
    assert [line for line, start in zip(lines, problems) if not line.startswith(start)] == []
    assert len(lines) == len(problems)

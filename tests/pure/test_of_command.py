"""The configuration that --command, C.S=VALUES and --metric NAME=REGEX stand for."""

import pytest

from servo_batch import config
from servo_batch.answers import ServoError


def setting(text):
    found = config.of_command("job {a.b}", [("a", "b", text)], [])
    return found.settings.application["components"]["a"]["settings"]["b"]


def test_values_are_an_enum_of_which_the_first_is_the_default():
    for text, values in [
        ("1,6,9", [1, 6, 9]),
        ("g1,1.30,true,1.5", ["g1", "1.30", True, 1.5]),
        ("../data,a..b", ["../data", "a..b"]),
    ]:
        assert repr(setting(text)) == repr({"type": "enum", "values": values, "value": values[0]})


def test_bounds_are_a_range_of_which_the_least_is_the_default():
    for text, low, high, step in [("1..9/2", 1, 9, 2), ("0.5..2/0.5", 0.5, 2, 0.5), ("-3..3", -3, 3, 1)]:
        assert repr(setting(text)) == repr({"type": "range", "min": low, "max": high, "step": step, "value": low})


def test_metrics_are_patterns_and_what_the_system_counts_and_no_file_is_named():
    found = config.of_command("job", [], [("tps", "tps = ([0-9.]+)")])
    assert list(found.metrics) == ["cpu_time", "max_rss", "tps"]
    assert (found.state, found.history) == (None, None)


def test_all_that_is_wrong_is_told_at_once_by_the_words_of_the_command_line():
    words = [
        ("a", "b", "9..1"),
        ("a", "c", "1..9/0"),
        ("d.e", "f", "1"),
        ("d", "e.f", "2"),
    ]
    metrics = [("x", "no group"), ("total_runtime", "(x)")]
    with pytest.raises(ServoError) as caught:
        config.of_command("x {a.b", words, metrics)
    assert caught.value.reason == "bad-request"
    for start in [
        "a.b: min: 9 is more than max, 1",
        "a.c: step: must be a number more than 0",
        "d.e.f: is called d.e.f, as one of",
        "--command: ",
        "--metric x: ",
        "--metric total_runtime: the name is",
    ]:
        assert [line for line in caught.value.message.split("\n") if line.startswith(start)], start
    for command, assignments, words in [
        ("", [], "--command: must be a command line"),
        ("x", [("g", "h", "1..9,12")], "1..9,12: 1..9 is a range"),
    ]:
        with pytest.raises(ServoError) as caught:
            config.of_command(command, assignments, [])
        assert caught.value.message.startswith(words)

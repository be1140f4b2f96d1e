"""What is said to whoever brings a configuration from the older servo-batch."""

import re

import pytest

from servo_batch.metrics import extract, older_driver, patterns


@pytest.mark.parametrize(
    "pattern",
    [r"(\d+)$", r"^n(\s+\d+)$", r"^[^x]*?(\d+)$", r"(?s)^.*?(\d+)$", r"(?:^|\n)n (\d+)$", r"(a|\d+$)"],
)
def test_a_dollar_that_may_match_at_an_earlier_line_is_said(pattern):
    (note,) = older_driver.differences(pattern)
    assert note.startswith("$ matches at the end of every line")


@pytest.mark.parametrize("pattern", [r"(\d+)", r"^n (\d+)", r"^n ([0-9.]+)$", r"(\d+)\$", r"([$]\d+)", r"n[^\]$](\d)"])
def test_a_pattern_that_finds_the_same_is_left_alone(pattern):
    assert older_driver.differences(pattern) == []


def test_text_beyond_ascii_is_said():
    (note,) = older_driver.differences(r"größe (\d+)")
    assert "in bytes" in note


@pytest.mark.parametrize(
    ("pattern", "output", "before"),
    [
        (r"(\d+)$", "1\n2\n3\n", 3),
        (r"^n (\d+)", "a\nn 5\n", None),  # where it found nothing, nobody relied on it
        (r"^n (\d+)", "n 5\n", None),  # the same
        (r"größe.(\d+)", "größe\u00a05", 5),
        (r"n=(.)", "n=é", "é"),
        (r"n=(\d+)", "n=5", None),
    ],
)
def test_what_the_older_one_would_have_found_is_said_where_it_differs(pattern, output, before):
    found = extract.find(patterns.compile_pattern(pattern), output.encode())
    text = older_driver.difference(pattern, output.encode(), found)
    shown = re.search("would have found (.*) here", text or "")
    assert (shown and shown.group(1)) == (None if before is None else '"é"' if before == "é" else str(before))


def test_much_output_is_searched_without_decoding_it():
    output = b"1\n" + b"x" * older_driver.MAX_DECODED + b"\n3\n"
    assert older_driver.value(r"(\d+)$", output) == 3

"""The YAML reader: the documents of tests/data/yaml, what is told of problems, hostile input."""

import json
import os
import random
import re
import subprocess
import time

import pytest
import yaml_cases
import yaml_readers as readers
from machine import ROOT

from servo_batch.formats.yaml_subset import YamlError, loads

VALID = yaml_cases.cases("valid")
INVALID = yaml_cases.cases("invalid")


def refusal(source, name="config.yaml"):
    """Return what is said of a document that may be refused, or nothing."""
    try:
        loads(source, name)
    except YamlError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in VALID], ids=[case[0] for case in VALID])
def test_a_valid_document_has_its_value(text, expected):
    assert readers.same(json.loads(expected), loads(text))


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.encode("utf-8"),
        lambda text: text if text[:1] in ("\ufeff", "-", " ") else "\ufeff" + text,
        lambda text: text if set("|>") & set(text) else text.rstrip("\n"),
    ],
    ids=["CRLF", "bytes", "a byte order mark", "no last line break"],
)
def test_what_changes_no_value(changed):
    for name, text, expected in VALID:
        assert readers.same(json.loads(expected), loads(changed(text))), name


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in INVALID], ids=[case[0] for case in INVALID])
def test_an_invalid_document_is_refused_at_its_place(text, expected, line_end):
    place, problem = expected.split(" ", 1)
    refused = refusal(text if "\r" in text else text.replace("\n", line_end))
    assert refused.startswith("config.yaml:%s: %s" % (place, problem))


# Places and problems.


def lines(value):
    """Return the line of each key or item."""
    return [value.line(key) for key in (value if isinstance(value, dict) else range(len(value)))]


def test_each_key_and_item_has_its_line():
    value = loads("\ufeff# c\r\na: 1\r\n'b':\r\n  - x\n  -\n    x: 2\n  - - z\nd: {e: 1,\n  \"f\": [g,\n    {h: i}]}\n")
    inner = value["d"]["f"]
    found = [lines(each) for each in (value, value["b"], value["b"][1], value["d"], inner, inner[1])]
    assert found == [[2, 3, 8], [4, 5, 7], [6], [8, 9], [9, 10], [10]]


def test_an_error_shows_the_place_the_problem_the_remedy_and_the_line():
    with pytest.raises(YamlError) as caught:
        loads('a: 1\noutput_regex: "took (\\d+) s"\nb: yes', "config.yaml")
    problem = (
        "in double quotes a backslash starts an escape, and \\d is none: put a regular expression in single quotes"
    )
    error, excerpt = caught.value, '\n    output_regex: "took (\\d+) s"\n                          ^\nconfig.yaml:3:4: '
    assert (error.msg, error.name, error.lineno, error.colno) == (problem, "config.yaml", 2, 23)
    assert str(error).startswith("config.yaml:2:23: " + problem + excerpt)


def test_all_values_to_quote_are_told_at_once_but_not_too_many():
    told = refusal('a: yes\nb: [010, *.txt]\n80: "\\d"\nc: 1\nc: echo d: e\nf: g\n  h\n').split("\n")
    assert [line.split(":")[1] for line in told[::3]] == ["1", "2", "2", "3", "3", "5", "5", "7"]
    text = refusal("- yes\n" * 100000)
    assert (text.count("quote it"), text.split("\n")[-1]) == (100, "and there may be more")


@pytest.mark.parametrize("where", [0, 89, 90, 5000, 9990])
def test_the_caret_of_a_long_line_stands_under_the_place(where):
    shown, caret = refusal("a: '" + "日x" * where + "'\tb" + "é" * (10000 - where)).split("\n")[1:]
    assert len(shown) < 120
    assert (shown.startswith("    …"), shown.endswith("…")) == (where > 0, where < 9990)
    cells = "".join(char + ("\0" if char == "日" else "") for char in shown)
    assert cells[caret.index("^") - 1 : caret.index("^") + 3] == r"'\tb"


def test_nothing_that_moves_a_cursor_reaches_the_terminal():
    for text in ("a: '\u200b\u202e\U000e0001\\' b", "a: \x1b", "\u202e\xa0: 1", "a: \udc80"):
        told = refusal(text, "bad\x1b\nname")
        assert all(char.isprintable() for char in told.replace("\n", ""))
        assert told.count("\n") == 2


# Whatever comes in.


def test_what_is_no_text_is_refused_at_its_place():
    for source, place in (
        (b"a: \xc3\xa9\r\nb: \xc3\xa9\xc3(", "2:5"),
        (b"\xef\xbb\xbfa: \xe2\x82", "1:4"),
        (b"\xff\xfea\0", "1:1"),
        (b"\xed\xa0\x80", "1:1"),
        ("a: \ud800", "1:4"),
        (b"a\0:\0", "1:2"),
    ):
        assert refusal(source).startswith("config.yaml:%s: " % place)


def test_nothing_but_a_yaml_error_escapes_from_random_bytes():
    rng = random.Random(1)
    for _ in range(4000):
        source = bytes(rng.choice(b"-?:,[]{}#&*!|>'\"%@` \t\r\n\\a0\xc3\xa9\xff\0") for _ in range(rng.randrange(40)))
        for given in (source, source.decode("utf-8", "surrogateescape")):
            told = refusal(given)
            assert not told or re.match("config.yaml:[1-9][0-9]*:[1-9]", told.encode("utf-8").decode())


def test_nesting_is_bounded_at_100():
    for write in (
        lambda depth: "[" * depth + "]" * depth,
        lambda depth: "{a: " * (depth - 1) + "{}" + "}" * (depth - 1),
        lambda depth: "- " * depth + "a",
        lambda depth: "".join(" " * level + "a:\n" for level in range(depth)),
        lambda depth: "".join(" " * level + "-\n" for level in range(depth)),
        lambda depth: "- " * (depth - 1) + "{}",
    ):
        assert refusal(write(100)) == ""
        assert "deeper than 100" in refusal(write(101))


def test_a_key_has_at_most_1024_characters():
    for write in ("%s: 1\n", "'%s': 1\n", "{%s: 1}\n"):
        longest = 1024 - 2 * ("'" in write)
        assert loads(write % ("a" * longest)) == {"a" * longest: 1}
        assert "at most 1024" in refusal(write % ("a" * (longest + 1)))


UNITS = [*"[{'\"\\a \n#:-\t0|", "- ", "? ", "1_", "a:\n", "[a, ", "''", '"\\n', "a: b:c", "a: >\n  ", "- |\n  a\n\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_half_a_megabyte_of_anything_ends_soon(unit):
    start = time.process_time()
    assert len(refusal(unit * (500000 // len(unit)))) < 50000
    assert len(refusal("'" + unit * (500000 // len(unit)) + '"')) < 50000
    assert time.process_time() - start < 5


def test_importing_it_brings_nothing_that_costs_time(python):
    code = (
        "import sys, re; before = set(sys.modules); import servo_batch.formats.yaml_subset as y;"
        "y.loads('a: [1, 0.5, \"b\"]\\nc: |\\n  d\\n'); print(*sorted(set(sys.modules) - before))"
    )
    environment = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "src"))
    output = subprocess.run([python, "-S", "-c", code], stdout=subprocess.PIPE, env=environment, check=True).stdout
    assert [name for name in output.decode().split() if not name.startswith("servo_batch")] == []

"""JSON in which no two readers could find different values."""

import pytest

from servo_batch.formats import strict_json
from servo_batch.formats.json_messages import ENDED_EARLY


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, 2.5, "x", true, null]}', {"a": [1, 2.5, "x", True, None]}),
        (b"\xef\xbb\xbf[1]", [1]),
        ('"é"'.encode(), "é"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"[" * 100 + b"]" * 100, None),
    ],
)
def test_what_every_reader_reads_alike_is_read(text, value):
    read = strict_json.loads(text)
    assert value is None or read == value


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        (b'{"a": 1, "a": 2}', 'the key "a" stands twice', (0, 0)),
        (b"NaN", "NaN is not JSON", (0, 0)),
        (b"[-Infinity]", "-Infinity is not JSON", (0, 0)),
        (b"1e999", "too large", (0, 0)),
        (b"9" * 5000, "digits", (0, 0)),
        (b'"\\ud800"', "surrogate", (0, 0)),
        (b'{"\\udfff": 1}', "surrogate", (0, 0)),
        (b'[1,\n "\xff"]', "not UTF-8", (2, 3)),
        (b"[" * 101 + b"]" * 101, "deeper than 100", (0, 0)),
        (b"[" * 100000 + b"]" * 100000, "deeper than 100", (0, 0)),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "deeper than 100", (0, 0)),
    ],
)
def test_anything_else_is_refused_with_its_place(text, problem, place):
    with pytest.raises(strict_json.JsonError) as caught:
        strict_json.loads(text)
    assert problem in caught.value.msg
    assert (caught.value.lineno, caught.value.colno) == place


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "the text is empty: write a JSON value into it", (1, 1)),
        (" \n", "the text is empty: write a JSON value into it", (2, 1)),
        ('{\n  "a": }', 'a value is missing before "}": write it, or null', (2, 8)),
        ("[1,, 2]", 'a value is missing before ",": write it, or null', (1, 4)),
        ('{"a": 1} x', "the JSON value ends before this: remove what follows it", (1, 10)),
        ('{"a": 1}\n{"b": 2}', "the JSON value ends before this: remove what follows it", (2, 1)),
        ("007", "a number cannot begin with 0: remove the 0, or quote the number if it is text", (1, 2)),
        ('{"a": [1, 2', ENDED_EARLY, (1, 12)),
        ('{"a": 1', ENDED_EARLY, (1, 8)),
        ('{"a"', ENDED_EARLY, (1, 5)),
        ('{"a": "b', 'the string that starts here has no end: close it with "', (1, 7)),
        ('{a: 1}', "a key in double quotes is expected here: quote the key", (1, 2)),
        ("{'a': 1}", "JSON has no single quotes: write double quotes", (1, 2)),
        ("['a']", "JSON has no single quotes: write double quotes", (1, 2)),
        ('{"a" 1}', 'a ":" is missing between a key and its value: write it before this', (1, 6)),
        ("[1 2]", 'a "," or a closing bracket is missing: write it before this', (1, 4)),
        ('{"a": 1 // b\n}', "JSON has no comments: remove this one", (1, 9)),
        ("# a\n{}", "JSON has no comments: remove this one", (1, 1)),
        ("{} // a", "JSON has no comments: remove this one", (1, 4)),
        ("[True]", "the word True is no JSON value: write true, false, null or a number, or quote it", (1, 2)),
        ("c5.2xlarge", "the word c5.2xlarge is no JSON value: write true, false, null or a number, or quote it", (1, 1)),
        ("[.5]", "a number begins with a digit, or with a minus and a digit: write it like 0.5 or -1", (1, 2)),
        ("[+1]", "a number begins with a digit, or with a minus and a digit: write it like 0.5 or -1", (1, 2)),
        ("[\0]", "no JSON value begins with U+0000: quote it if it is text", (1, 2)),
        ("%", "no JSON value begins with %: quote it if it is text", (1, 1)),
        ('"a\nb"', "a string cannot hold a line break as it is: write \\n", (1, 3)),
        ('"a\tb"', "a string cannot hold a tab as it is: write \\t", (1, 3)),
        ('"a\0b"', "a string cannot hold the character U+0000 as it is: write \\u0000", (1, 3)),
        (r'"(\d+)"', r"JSON has no escape \d: a backslash itself is written twice, so write \\d", (1, 3)),
        ('"a\\\nb"', r"a string cannot hold a single backslash: write \\", (1, 3)),
        (r'"\u12"', r"four hexadecimal digits are missing after \u: write them, or \\u for a backslash and a u", None),
    ],
)  # fmt: skip
def test_a_text_that_is_no_json_is_told_what_to_write(text, message, place):
    with pytest.raises(strict_json.JsonError) as caught:
        strict_json.loads(text.encode())
    assert caught.value.msg == message
    assert place in (None, (caught.value.lineno, caught.value.colno))  # where digits are missing, Pythons differ


@pytest.mark.parametrize("text", ["[1,]", '{"a": 1,}', "[1 , ]"])
def test_a_comma_before_a_closing_bracket_is_one_to_remove(text):
    with pytest.raises(strict_json.JsonError, match="a comma stands before the closing bracket"):
        strict_json.loads(text.encode())

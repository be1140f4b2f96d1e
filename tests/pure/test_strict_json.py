"""JSON in which no two readers could find different values."""

import pytest

from servo_batch.formats import strict_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, 2.5, "x", true, null]}', {"a": [1, 2.5, "x", True, None]}),
        (b"\xef\xbb\xbf[1]", [1]),
        ('"é"'.encode(), "é"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_what_every_reader_reads_alike_is_read(text, value):
    assert strict_json.loads(text) == value


def test_nesting_is_bounded_at_100():
    strict_json.loads(b"[" * 100 + b"]" * 100)
    for text in (b"[" * 101 + b"]" * 101, b"[" * 100000 + b"]" * 100000, b'{"a":' * 500 + b"1" + b"}" * 500):
        with pytest.raises(strict_json.JsonError, match="deeper than 100"):
            strict_json.loads(text)


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ('{"a": 1, "a": 2}', 'the key "a" stands twice', (0, 0)),
        ("NaN", "NaN is not JSON", (0, 0)),
        ("[-Infinity]", "-Infinity is not JSON", (0, 0)),
        ("1e999", "too large", (0, 0)),
        ("9" * 5000, "digits", (0, 0)),
        ('"\\ud800"', "surrogate", (0, 0)),
        ('{"\\udfff": 1}', "surrogate", (0, 0)),
        ('[1,\n "\udcff"]', "byte 0xff is not UTF-8: save the text as UTF-8", (2, 3)),
        ("", "the text is empty: write a JSON value into it", (1, 1)),
        ('{\n  "a": }', "no JSON value begins here: write true, false, null", (2, 8)),
        ("[1,, 2]", "no JSON value begins here", (1, 4)),
        ('{"a": 1} x', "the JSON value ends before this: remove what follows it", (1, 10)),
        ('{"a": [1, 2', "the text ends before its value is complete: add what is missing", (1, 12)),
        ('{"a"', "the text ends before its value is complete", (1, 5)),
        ('{"a": "b', 'the string that starts here has no end: close it with "', (1, 7)),
        ("{a: 1}", "a key in double quotes is expected here: quote the key", (1, 2)),
        ("{'a': 1}", "a key in double quotes is expected here", (1, 2)),
        ('{"a" 1}', 'a ":" is missing between a key and its value: write it before this', (1, 6)),
        ("[1 2]", 'a "," or a closing bracket is missing: write it before this', (1, 4)),
        ('{"a": 1 // b\n}', "JSON has no comments: remove this one", (1, 9)),
        ("{} # a", "JSON has no comments: remove this one", (1, 4)),
        ("[True]", "no JSON value begins here: write true, false, null", (1, 2)),
        ("['a']", "no JSON value begins here: write true, false, null, a number like -0.5, or text in double", (1, 2)),
        ('"a\nb"', "a string cannot hold a line break, a tab or the like as it is: write \\n", (1, 3)),
        (r'"(\d+)"', r"JSON has no such escape: a backslash itself is written twice, \\", (1, 3)),
        (r'"\u12"', r"JSON has no such escape", None),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text, problem, place):
    with pytest.raises(strict_json.JsonError) as caught:
        strict_json.loads(text.encode("utf-8", "surrogateescape"))
    assert problem in caught.value.msg
    assert place in (None, (caught.value.lineno, caught.value.colno))  # where digits are missing, Pythons differ


@pytest.mark.parametrize("text", ["[1,]", '{"a": 1,}', "[1 , ]"])
def test_a_comma_before_a_closing_bracket_is_one_to_remove(text):
    with pytest.raises(strict_json.JsonError, match="a comma stands before the closing bracket"):
        strict_json.loads(text.encode())

"""JSON in which no two readers could find different values."""

import re

import pytest

from servo_batch.formats import strict_json


def test_what_every_reader_reads_alike_is_read():
    assert strict_json.loads(b'\xef\xbb\xbf{"a": [1, 2.5, "x", true, null]}') == {"a": [1, 2.5, "x", True, None]}
    assert strict_json.loads('["é", "\\ud83d\\ude00"]'.encode()) == ["é", "\U0001f600"]
    assert strict_json.loads(b"9" * 4000) == 10**4000 - 1


def test_nesting_is_bounded_at_100():
    strict_json.loads(b"[" * 100 + b"]" * 100)
    for text in (b"[" * 101 + b"]" * 101, b"[" * 100000 + b"]" * 100000, b'{"a":' * 500 + b"1" + b"}" * 500):
        with pytest.raises(strict_json.JsonError, match="deeper than 100"):
            strict_json.loads(text)


COMMA = "a comma stands before the closing bracket: remove the comma"
REFUSED = [
    ('{"a": 1, "a": 2}', 'the key "a" stands twice', (0, 0)),
    ("NaN", '"NaN" is no number that a float holds', (0, 0)),
    ("1e999", '"1e999" is no number', (0, 0)),
    ("9" * 5000, "has more than 4000 digits", (0, 0)),
    ('"\\ud800"', "half of a surrogate pair", (0, 0)),
    ('[1,\n "\udcff"]', "byte 0xff is not UTF-8: save the text as UTF-8", (2, 3)),
    ("", "the text ends before its value is complete", (1, 1)),
    ('{"a": [1, 2', "the text ends before its value is complete: add what is missing", (1, 12)),
    ('{\n  "a": }', "Expecting value", (2, 8)),
    ('{"a": 1} x', "Extra data", (1, 10)),
    ("{'a': 1}", 'JSON has text in double quotes: write " for', (1, 2)),
    ('{"a": 1 // b\n}', "JSON has no comments: remove this one", (1, 9)),
    ("[1,]", COMMA, None),  # where it stands, Pythons differ
    ('{"a": 1 , }', COMMA, None),
    (r'"(\d+)"', "Invalid \\escape", (1, 3)),
]


def test_anything_else_is_refused_with_its_place():
    for text, problem, place in REFUSED:
        with pytest.raises(strict_json.JsonError, match=re.escape(problem)) as caught:
            strict_json.loads(text.encode("utf-8", "surrogateescape"))
        assert place in (None, (caught.value.lineno, caught.value.colno))

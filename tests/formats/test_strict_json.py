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
        (b"[" * 100 + b"]" * 100, None),
    ],
)
def test_what_every_reader_reads_alike_is_read(text, value):
    read = strict_json.loads(text)
    assert value is None or read == value


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        (b"", "expecting value", (1, 1)),
        (b'{\n  "a": }', "expecting value", (2, 8)),
        (b"[1,]", "", (1, 4)),
        (b'{"a": 1} x', "extra data", (1, 10)),
        (b'{"a": 1, "a": 2}', 'the key "a" stands twice', (0, 0)),
        (b"NaN", "NaN is not JSON", (0, 0)),
        (b"[-Infinity]", "-Infinity is not JSON", (0, 0)),
        (b"1e999", "too large", (0, 0)),
        (b"9" * 5000, "digits", (0, 0)),
        (b'"\\ud800"', "surrogate", (0, 0)),
        (b'{"\\udfff": 1}', "surrogate", (0, 0)),
        (b'"a\nb"', "control character", (1, 3)),
        (b'[1,\n "\xff"]', "not UTF-8", (2, 3)),
        (b"[" * 101 + b"]" * 101, "deeper than 100", (0, 0)),
        (b"[" * 100000 + b"]" * 100000, "deeper than 100", (0, 0)),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "deeper than 100", (0, 0)),
    ],
)
def test_anything_else_is_refused_with_its_place(text, problem, place):
    with pytest.raises(strict_json.JsonError) as caught:
        strict_json.loads(text)
    assert problem in caught.value.msg.lower() or problem in caught.value.msg
    if place != (0, 0) and problem:
        assert (caught.value.lineno, caught.value.colno) == place

"""What a pattern finds in a job's output, which is bytes."""

import tempfile

import pytest

from servo_batch.metrics import find, patterns


def found(pattern, output):
    return find.find(patterns.compile_pattern(pattern), output)


@pytest.mark.parametrize(
    ("pattern", "output", "value"),
    [
        (r"took (\d+) s", b"took 12 s\ntook 13 s\n", 12),
        (r"^b (\d+)$", b"a\nb 7\nc", 7),
        (r"^b (\d+)$", b"b 7", 7),
        (r"(\d+)", b"\xff\xfe 5 \xff", 5),
        (r"(x)(\d)", b"x1", "x"),
        (r"(?:a|(b)) (\d)", b"a 1", None),
        (r"(\d)", b"", None),
        (r"größe: (\d+)", "größe: 3".encode(), 3),
        (r"(é+)", "aéé".encode(), "éé"),
        ("caf\\u00e9 (\\d)", "café 1".encode(), 1),
        (r"([^ ]+) wide", "日本 wide".encode(), "日本"),
        (r"v=(.*)", b"v=a\xffb", "a\ufffdb"),
        (r"[]a] (\d)", b"] 3", 3),
        (r"[^]a] (\d)", b"b 3", 3),
        (r"(\w+)", "é1".encode(), 1),
        ("(?s)(a.b)", b"a\nb", "a\nb"),
    ],
)
def test_a_pattern_finds_the_first_match_s_first_group(pattern, output, value):
    assert found(pattern, output) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-5", -5),
        ("+5", 5),
        ("007", 7),
        ("1.50", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1_000", "1_000"),
        ("1,5", "1,5"),
        ("0x10", "0x10"),
        ("\u0661", "\u0661"),
        (" 1", " 1"),
        ("1\n", "1\n"),
        ("", ""),
        ("9" * 5000, "9" * 5000),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)
def test_only_a_plain_finite_decimal_number_is_one(text, value):
    result = found(r"(?s)^(.*)\Z", text.encode())
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "does not compile"),
        ("took", "no group"),
        ("(?:took)", "no group"),
        ("\b(\\d)", "backspace"),
        ("a(?i)(b)", "does not compile"),
        ("[é](x)", "single bytes"),
        (r"(\u12)", "does not compile"),
        (r"(\N{BULLET})", "does not compile"),
        ("(" * 2000 + ")" * 2000, "does not compile"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern, problem):
    with pytest.raises(patterns.PatternError, match=problem):
        patterns.compile_pattern(pattern)


def test_only_the_size_that_was_noted_is_searched():
    with tempfile.TemporaryFile() as stream:
        stream.write(b"a=1\nb=2\n")
        stream.flush()
        output = find.mapped(stream, 4)
        assert find.find(patterns.compile_pattern("a=(.)"), output) == 1
        assert find.find(patterns.compile_pattern("b=(.)"), output) is None


def test_an_empty_output_can_be_searched():
    with tempfile.TemporaryFile() as stream:
        assert find.find(patterns.compile_pattern("(.)"), find.mapped(stream, 0)) is None

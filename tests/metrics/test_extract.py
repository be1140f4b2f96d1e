"""What a pattern finds in a job's output, which is bytes."""

import tempfile

import pytest

from servo_batch.metrics import extract, patterns


def found(pattern, output):
    one = extract.find(patterns.compile_pattern(pattern), output)
    return one and one.value


@pytest.mark.parametrize(
    ("pattern", "output", "value"),
    [
        (r"took (\d+) s", b"took 12 s\ntook 13 s\n", 12),
        (r"(?s).*took (\d+) s", b"took 12 s\ntook 13 s\n", 13),
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
        ("Requests/sec:(.*)", b"Requests/sec:   1468.35\n", 1468.35),
        ("^n=(.*)$", b"n=5\r\n", 5),
        (r"loss=([+-]?\d*(?:\.\d+)?)", b"loss=nan", None),
        ("n=(.*)", b"n= \t\r\n", None),
        # The first match decides, also where it holds nothing and another would.
        (r"n=(\d*)", b"n=\nn=5\n", None),
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
        (" 1", 1),
        ("\t 1.5 \r", 1.5),
        ("1\n", 1),
        ("12345678901234567890123", 12345678901234567890123),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1_000", "1_000"),
        ("1,5", "1,5"),
        ("1,234.5", "1,234.5"),
        ("1.2k", "1.2k"),
        ("- 5", "- 5"),
        ("1 2", "1 2"),
        ("0x10", "0x10"),
        ("\u0661", "\u0661"),
        (" a ", " a "),
        ("\u00a01", "\u00a01"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_only_a_plain_finite_decimal_number_is_one(text, value):
    result = found(r"(?s)^(.*)\Z", text.encode())
    assert (result, type(result)) == (value, type(value))


def test_only_the_size_that_was_noted_is_searched():
    with tempfile.TemporaryFile() as stream:
        stream.write(b"a=1\nb=2\n")
        stream.flush()
        output = extract.mapped(stream, 4)
        assert found("a=(.)", output) == 1
        assert found("b=(.)", output) is None


def test_an_empty_output_can_be_searched():
    with tempfile.TemporaryFile() as stream:
        assert found("(.)", extract.mapped(stream, 0)) is None


@pytest.mark.parametrize(
    ("pattern", "output", "number"),
    [("(a)", b"a", 1), ("(a)", b"\n\na", 3), (r"x\n+(a)", b"x\n\na", 3), ("(b)?a", b"\na", 2)],
)
def test_the_line_is_that_of_the_value(pattern, output, number):
    match = patterns.compile_pattern(pattern).search(output)
    assert extract.line_number(match) == number


def test_an_output_that_was_cut_short_is_an_error_of_the_system_s():
    with tempfile.TemporaryFile() as stream, pytest.raises(OSError, match="cut short"):
        extract.mapped(stream, 5)

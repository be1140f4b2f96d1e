"""What a person is told of a search: a value that is a part of a number, and what would have matched."""

import mmap
import tempfile

import pytest

from servo_batch.metrics import extract, hints, patterns

# A pattern, an output, and the whole number that the value is a part of, or None where it is the number.
PARTS = [
    (r"mean ([\d.]+)", "mean 250,749.96 us", "250,749.96"),
    (r"mean ([\d.]+)", "mean 13.8k", "13.8k"),
    (r"mean ([\d.]+)", "mean 1.5e-05", "1.5e-05"),
    (r"mean (\d+)", "mean 12:30", "12:30"),
    (r"mean (\d+)", "mean 5%", None),
    (r"mean (\d+\.\d+)", "mean 1.5.2", "1.5.2"),
    (r"x.*?(\d+)$", "x=0x100", "0x100"),
    (r"mean (\d+)", "mean 0x1f", "0x1f"),
    (r"(\d+) ms", "took -3 ms", "-3"),
    (r"(\d+) ms", "took \u22123 ms", "\u22123"),
    (r"(\d+) ms", "took 1,234 ms", "1,234"),
    (r"took (\d+)", "took 1 234 ms", None),
    (r"took (\d+)", "took 1\u00a0234 ms", "1\u00a0234"),
    (r"took (\d+)", "took 1\u202f234,5 ms", "1\u202f234,5"),
    (r"took (\d+)", "took 10_000", "10_000"),
    (r"took (\d+)", "took 5ms", None),
    (r"took (\d+)", "took 5s", None),
    (r"took (\d+)", "took 5 MB", None),
    (r"took (\d+)", "took 5MB/s", None),
    (r"took (\d+)", "took 5M", "5M"),
    (r"took (\d+)", "took 5Mi,", "5Mi"),
    (r"took (\d+)", "took 5Mib", None),
    (r"took (\d+)", "took 5G/s", "5G"),
    (r"took (\d+)", "took 5.", None),
    (r"took (\d+)", "took 5, 6", None),
    (r"took (\d+)", "took 5,6,7", None),
    (r"took (\d+)", "took 5,6", "5,6"),
    (r"load ([\d.]+)", "load 0.52,0.58,0.59", None),
    (r"load ([\d]+)", "load 0.52,0.58,0.59", "0.52"),
    (r"^(\d+),(\d+)", "5,6", None),
    (r"real\s+(\d+)", "real\t0m3.521s", "0m3.521s"),
    (r"real\s+(\d+)m([\d.]+)s", "real\t0m3.521s", None),
    (r"real\s+\d+m([\d.]+)s", "real\t1m3.521s", None),
    (r"([\d.]+)s$", "real\t1m3.521s", "1m3.521"),
    (r"took.*(\d+)", "took 250 ms", "250"),
    (r"took.*?(\d+)", "took 250 ms", None),
    (r"(\d+):\d+", "12:30", None),
    (r"gpu.:(\d+)", "gpu0:85", None),
    (r"(\d+)$", "gpu0:85", None),
    (r"took (\d{2})", "took 2500", "2500"),
    (r"took ([\d.]+)k", "took 13.8k", None),
    (r"took ([\d.]+)(?=k)", "took 13.8k", None),
    (r"took ([\d.]+)\s*([kMG]?)", "took 13.8k", "13.8k"),
    (r"took ([\d,]+)", "took 250,749.96", "250,749.96"),
    (r"took (\d+)\D", "took 250,749", "250,749"),
    (r"took (\d+)\.", "took 250.749", None),
    (r"took (\S+)", "took 250,749", None),
    (r"took(.*)", "took 250 ", None),
    (r"range (\d+)", "range 1-3", None),
    (r"(\d+) x", "range 1-3 x", None),
    (r"(\d+) x", "gpt-3 x", None),
    (r"x=\D*(\d+)", "x=-3", "-3"),
    (r"date (\d+)", "date 2019-11-17", None),
    (r"(?s).*took (\d+)", "took 1\ntook 2.5\n", "2.5"),
    (r"took (\d+)", "took 5 x 10^3", "5 x 10^3"),
    (r"took ([\d.]+)", "took 1.5\u00d710^3", "1.5\u00d710^3"),
    (r"took ([\d.]+)", "took 1.5D+03", "1.5D+03"),
    (r"at (\d+)", "at 12:30:05,123", "12:30:05,123"),
    (r"took (\d+)", "took 12,34,567", "12,34,567"),
    (r"v(\d+)", "v1.5.2", "1.5.2"),
    (r"(\d+)", "p99 5", None),
    (r"(\d+)", "x86_64", "86_64"),
    (r"e(\d)", "a1e5", None),
    (r"-0(\d)$", "1.5e-05", None),
    (r"(\d)$", "1.5e-05", "1.5e-05"),
    (r"(\d+)$", "1.5e-05", "1.5e-05"),
    (r"(-?\d+)$", "1.5e-05", "1.5e-05"),
    (r"ip (\d+)", "ip 127.0.0.1", "127.0.0.1"),
    (r"took ([\d.]+)", "took 5. Then", None),
    (r"n=(\d+)", '{"n=5,"b":6}', None),
    (r"n\[(\d+)", "n[1,2]", "1,2"),
    (r"took (\d+)", "took 5'000", "5'000"),
    (r"took (\d+)", "took 5:", None),
    (r"took (\d+)", "took 1.234,56", "1.234,56"),
    (r"took (\.\d+)", "took .5", None),
    (r"(\.\d+)", "took 1.5", "1.5"),
    (r"took (\d+)", "took 5/10", None),
    (r"took (\d+)", "took 5k", "5k"),
    (r"took (\d+)", "took 5kB", None),
    (r"took (\d+)", "took 5K", "5K"),
    (r"took (\d+)", "took 5m", None),
    (r"took (\d+)", "took 1h5m", "1h5m"),
    (r"took (\d+)", "took 1min5s", "1min5s"),
    (r"-j(\d+)", "make -j8", None),
    (r"(\d+) threads", "run with -8 threads", "-8"),
]

# A pattern, an output, what went to the other stream, and words of the hint.
NEAR = [
    (r"size (\d+)", "", "a\nsize 5\n", ['"size 5" of stderr', "stream: stderr"]),
    (r"^size (\d+)$", "a\r\nsize 5\r\n", "", [r'"size 5\r"', r"did not end in \r\n", r"\s*$"]),
    (r"^size (\d+)$", "1%\r2%\rsize 5\n", "", ['"size 5"', r"if each \r began a new line"]),
    (r"^size (\d+)$", "\x1b[1msize\x1b[0m 5\n", "", ["colour codes"]),
    (r"^size (\d+)$", "\x1b[1msize\x1b[0m 5\r\n", "", [r"colour codes and the \r"]),
    (r"^size (\d+)$", "\x1b]0;title\x07size 5\n", "", ["colour codes"]),
    (r"size:(\d+)", "size: 5\n", "", ['"size: 5"', r"write \s*"]),
    (r"^size (\d+)", "a\n  size   5\n", "", ['"  size   5"', r"write \s*"]),
    (r"^size (\d+)$", "size 5 \n", "", [r"write \s*"]),
    (r"size\s(\d+)", "size\u00a05\n", "", ["U+00A0"]),
    (r"size (\d+)", "Size 5\n", "", ['"Size 5"', "(?i)"]),
    (r"begin.*size (\d+)", "begin\nsize 5\n", "", ["(?s)"]),
    ("size (\\d+)\n\n", "size 5\n", "", ["around the pattern"]),
    (r"\<size\> (\d+)", "size 5\n", "", [r"\b in place of \< and \>"]),
    (r"/size (\d+)/", "size 5\n", "", ["without the slashes"]),
    (r"(\\d) s", "size 5 s", "", [r"if each \\ were one backslash"]),
    (r"^size (\d+)$", "a", "size 5\r\n", [r"did not end in \r\n", "stream: stderr"]),
    (r"^size (\d+)$", "a", "Size 5\n", ["(?i)", "stream: stderr"]),
]


@pytest.mark.parametrize(("pattern", "output", "whole"), PARTS)
def test_a_value_that_is_a_part_of_a_number_is_known(pattern, output, whole):
    match = patterns.compile_pattern(pattern).search(output.encode())
    assert hints.whole(match) == whole


def test_what_is_beside_a_value_is_seen_across_much_output():
    output = b"size 1\n" * 400000 + b"size 2.5\n" + b"x\n" * 400000
    assert hints.whole(patterns.compile_pattern(r"(?s).*size (\d+)").search(output)) == "2.5"


def test_what_a_very_long_match_takes_in_is_named():
    output = b"size 1\n" * 800000 + b"size 2m\nsize 3m5s"
    assert hints.whole(patterns.compile_pattern(r"(?s).*size (\d+)m").search(output)) is None
    assert hints.whole(patterns.compile_pattern(r"(?s).*size (\d+)").search(output)) == "3m5s"


def test_a_doubt_names_the_value_and_the_whole():
    found = extract.find(patterns.compile_pattern(r"mean(\s+[\d.]+)"), b"mean   250,749.96")
    assert hints.doubt(found).startswith('"250" is only a part of "250,749.96"; ')


@pytest.mark.parametrize(("pattern", "output", "other", "words"), NEAR)
def test_what_would_have_matched_is_said(pattern, output, other, words):
    hint = hints.would_match(patterns.compile_pattern(pattern), output.encode(), other.encode(), seconds=60)
    assert [word for word in words if word not in (hint or "")] == [], hint


@pytest.mark.parametrize(
    ("pattern", "output", "words"),
    [
        (r"loss=(\d*)", "a\nloss=nan\n", ['line 2, "loss=nan", matches, but the first group is empty']),
        (r"n=(.*)", "n=  \n", ["first group is empty"]),
        (r"(\d*)", "a\nloss 5\n", ['line 1, "a", matches by nothing at all']),
        (r"took (\d+)|real", "a\nreal 5\n", ['line 2, "real 5"', "leaves the first group out"]),
    ],
)
def test_a_match_that_holds_nothing_is_shown(pattern, output, words):
    compiled = patterns.compile_pattern(pattern)
    hint = hints.hint(compiled, compiled.search(output.encode()), output.encode())
    assert [word for word in words if word not in (hint or "")] == [], hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1"])
def test_another_encoding_is_said(encoding):
    output = "über\r\ngröße 5\r\n".encode(encoding)
    hint = hints.would_match(patterns.compile_pattern(r"gr(?:ö|\s)ße (\d+)"), output)
    # Of UTF-16, what is beyond ASCII is not UTF-8 without its NUL bytes either.
    assert ("another encoding" in (hint or "")) == (encoding == "latin-1")
    hint = hints.would_match(patterns.compile_pattern(r"e (\d+)$"), output)
    assert ("NUL bytes" if encoding.startswith("utf-16") else r"\r\n") in hint


def test_nothing_is_said_where_nothing_is_near():
    assert hints.would_match(patterns.compile_pattern(r"^size (\d+)$"), b"sizes\n5\n", b"\n") is None


def test_the_other_stream_of_a_pattern_for_stderr_is_stdout():
    hint = hints.would_match(patterns.compile_pattern(r"size (\d+)"), b"", b"size 5", "stderr")
    assert "stream: stdout" in hint


def test_much_output_is_looked_at_from_its_end():
    with tempfile.TemporaryFile() as stream:
        stream.write(b"Size 1\nhead 1\n" + b"x" * 79 + b"\n")
        stream.write((b"x" * 79 + b"\n") * (hints.MAX_REWRITTEN // 80) + b"SIZE 2\n")
        stream.flush()
        output = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        hint = hints.would_match(patterns.compile_pattern(r"size +(\d+)"), output, output, seconds=60)
        assert '"SIZE 2"' in hint
        hint = hints.would_match(patterns.compile_pattern(r"head (\d+)"), b"", output, seconds=60)
        assert '"head 1" of stderr' in hint


def test_after_its_time_nothing_more_is_tried():
    pattern = patterns.compile_pattern(r"size (\d+)")
    assert hints.would_match(pattern, b"Size 5", seconds=60)
    assert hints.would_match(pattern, b"Size 5", seconds=0) is None

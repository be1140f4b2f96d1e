"""What a metric is in an output: the number that the tool meant, or why there is none."""

import pytest

from servo_batch.metrics import find, hints, sources
from servo_batch.metrics.convert import NoMatch, converted, value_of


def regex(pattern, **options):
    return sources.OutputRegex(pattern, options)


def of_json(path, **options):
    return sources.OutputJson(path, options)


def value(metric, output):
    return find.find(metric, output if isinstance(output, bytes) else output.encode()).value


def why_not(metric, output):
    with pytest.raises(NoMatch) as raised:
        value(metric, output)
    return str(raised.value)


# What a pattern finds, and what of it is a number.


@pytest.mark.parametrize(
    ("pattern", "output", "expected"),
    [
        (r"took (\d+) s", "took 12 s\ntook 13 s\n", 12),
        (r"(?s).*took (\d+) s", "took 12 s\ntook 13 s\n", 13),
        (r"^b (\d+)$", "a\nb 7\nc", 7),
        (r"(\d+)\Z", "1\n2", 2),
        (r"(\d+)", b"\xff\xfe 5 \xff", 5),
        (r"größe: (\d+)", "größe: 3", 3),
        (r"gr\xf6\u00DFe: (\d+)", "größe: 3", 3),
        (r"(é+)", "aéé", "éé"),
        (r"☃{3} (\d+)", "☃☃☃ 10", 10),
        (r"(?:\u0041|[\x61-\u0063])b (\S+)", "ab 4", 4),
        (r"v=(.*)", b"v=a\xffb", "a\ufffdb"),
        (r"[]a] (\d)", "] 3", 3),
        (r"[^]a] (\d)", "b 3", 3),
        (r"[]\[](\])", "]]", "]"),
        (r"(\w+)", "é1", 1),
        ("(?s)(a.b)", "a\nb", "a\nb"),
        (r"(?x) last \s (\d+)  # the größe of it", "last 11", 11),
        ("Requests/sec:(.*)", "Requests/sec:   1468.35\n", 1468.35),
        ("^n=(.*)$", "n=5\r\n", 5),
    ],
)
def test_a_pattern_finds_the_first_match_s_first_group(pattern, output, expected):
    assert value(regex(pattern), output) == expected


@pytest.mark.parametrize(
    ("pattern", "output", "words"),
    [
        (r"(\d)", "", ""),
        (r"(?:a|(b)) (\d)", "x\na 1", 'line 2, "a 1", matches, but the first group took no part'),
        ("n=(.*)", "n= \t\r\n", "the first group is empty there"),
        # The first match decides, also where it holds nothing and another would.
        (r"n=(\d*)", "n=\nn=5\n", "the first group is empty there"),
    ],
)
def test_nothing_is_no_match(pattern, output, words):
    assert words in why_not(regex(pattern), output)


NUMBERS = {"0": 0, "-5": -5, "+5": 5, "007": 7, "1.50": 1.5, ".5": 0.5, "5.": 5.0, "1e3": 1000.0, "-1.5E-3": -0.0015}
NUMBERS.update(
    {
        "1.73e+08": 1.73e8,
        "2.34E7": 2.34e7,
        " 1": 1,
        "\t 1.5 \r": 1.5,
        "12345678901234567890123": 12345678901234567890123,
    }
)
TEXTS = [
    "1e999",
    "nan",
    "inf",
    "Infinity",
    "1_000",
    "1,5",
    "1,234.5",
    "1.2k",
    "- 5",
    "1 2",
    "0x10",
    "\u0661",
    " a ",
    "\u00a01",
    "9" * 5000,
]


def test_only_a_plain_finite_decimal_number_is_one():
    found = {text: value_of(text) for text in [*NUMBERS, *TEXTS]}
    expected = {**NUMBERS, **{text: text for text in TEXTS}}
    assert {text: repr(each) for text, each in found.items()} == {text: repr(each) for text, each in expected.items()}


# Never a part of a number.


@pytest.mark.parametrize(
    ("pattern", "output", "whole"),
    [
        (r"IOPS=([0-9.]+)", "IOPS=10.3k, BW=40MiB/s", "10.3k"),
        (r"IOPS=([0-9.]+).*", "IOPS=10.3k, BW", "10.3k"),
        (r"(?s)IOPS=([0-9.]+).*BW", "IOPS=10.3k, \n BW", "10.3k"),
        (r"IOPS=([0-9.]+).*\n.*BW=(\d+)", "IOPS=10.3k\n BW=3", "10.3k"),
        (r"IOPS=([0-9.]+)\D", "IOPS=10.3k", "10.3k"),
        (r"IOPS=([0-9.]+?)k?,", "IOPS=10.3k,", "10.3k"),
        (r"took (\d+)(?:ms)?$", "took 12ms", "12ms"),
        (r"(\d+)\b", "12.5", "12.5"),
        (r"(\d+)\.", "250,749.96", "250,749"),
        (r"mean ([\d.]+)", "mean 250,749.96 us", "250,749.96"),
        (r"Latency +([\d.]+)", "Latency   1.26ms  758.00us", "1.26ms"),
        (r"(\d+)", "5µs", "5µs"),
        (r"(\d+)", b"5\xb5s", "5\ufffds"),
        (r"(\d+)", "12万", "12万"),
        (r"(\d+)", "0x1f", "0x1f"),
        (r"(\d{2})", "1234", "1234"),
        (r"(\d+)", "5'000", "5'000"),
        (r"(\d+)", "5\u202f000", r"5\u202f000"),
        (r"([0-9.]+)", "2.34E7 ops", "2.34E7"),
        (r"([0-9.]+)", "1.5e-05", "1.5e-05"),
        (r"(\d+)$", "1e5", "1e5"),
        (r"(\d+)$", "12:30:05", "12:30:05"),
        (r"(\d+)s", "1h2m3s", "1h2m3"),
        (r"x=.*(\d+)", "x=250", "250"),
        (r"x=\D*(\d+)", "x=-5", "-5"),
        (r"x=\D*(\d+)", "x= \u22125", "\u22125"),
        (r"=.(\d+)", "=.5", ".5"),
        (r"^\d+,\d+,(\d+)", "1,2,3,4", "3,4"),
    ],
)
def test_a_number_that_was_cut_out_of_a_longer_one_is_no_match(pattern, output, whole):
    assert ' is only a part of "%s": ' % whole in why_not(regex(pattern), output)


@pytest.mark.parametrize(
    ("pattern", "output", "expected"),
    [
        (r"IOPS=([0-9.]+)k", "IOPS=10.3k, BW", 10.3),
        (r"IOPS=([0-9.]+)(?=k)", "IOPS=10.3k", 10.3),
        (r"(\d+)m", "12ms", 12),
        (r"(\d+)\.", "12.5", 12),
        (r"(?s)took (\d+)ms.*done", "took 12ms\n\ndone", 12),
        (r"^\d+,\d+,(\d+),", "1,2,3,4", 3),
        (r":(\d+)$", "12:30:05", 5),
        (r"x=-(\d+)", "x=-5", 5),
        (r"v(\d)\.\d", "v1.5", 1),
        (r"m(\d+)s", "1h2m3s", 3),
    ],
)
def test_what_the_pattern_asks_for_beside_a_number_is_meant(pattern, output, expected):
    assert value(regex(pattern), output) == expected


@pytest.mark.parametrize(
    "output",
    [
        "5",
        "5 ms",
        "5%",
        "5.",
        "5. x",
        "5, 6",
        "5\r",
        "5±3",
        "5°C",
        "5/s",
        "5_x",
        "a-5",
        "gpu0:5",
        "...5",
        '"a":5,"b":2',
    ],
)
def test_what_only_stands_beside_a_number_is_no_part_of_it(output):
    assert value(regex(r"(?:^|\D)(5)"), output) == 5


@pytest.mark.parametrize(
    ("pattern", "output", "words"),
    [
        (
            r"(\d+)",
            "1.5e3",
            '"1" in line 1 is only a part of "1.5e3": let the group take all of it, or let the pattern',
        ),
        (
            r"([0-9.]+)",
            "\n10.3k",
            '"10.3" in line 2 is only a part of "10.3k": let the group take all of it and add convert: si or',
        ),
        (r"([0-9.]+)", "4KiB", "add convert: binary,"),
        (r"([0-9.]+)", "1.26ms", "add convert: duration,"),
        (r"([0-9.]+)", "5qx", "let the group take all of it, or let the pattern name what stands beside it"),
    ],
)
def test_what_to_write_is_said(pattern, output, words):
    assert words in why_not(regex(pattern), output)


def test_a_part_of_what_is_converted_is_no_match_either():
    assert '"10.3M" in line 1 is only a part of "10.3MiB"' in why_not(
        regex(r"([\d.]+[kMG]?)", convert="si"), "10.3MiB/s"
    )


# Converted.


@pytest.mark.parametrize(
    ("convert", "text", "number"),
    [
        *[
            ("si", *each)
            for each in [
                ("13.8k", 13800),
                ("2.5M", 2500000),
                ("3 G", 3 * 10**9),
                ("1,234.5", 1234.5),
                ("2.3M", 2300000),
            ]
        ],
        *[("si", *each) for each in [("1.5kB", 1500), ("-1K", -1000), ("7", 7), ("1.5e-05", 1.5e-05), (" 2k\r", 2000)]],
        *[
            ("si", text, None)
            for text in (
                "10.3MiB",
                "5m",
                "1,23",
                "12,345,6",
                "k",
                "",
                "x",
                "5 x",
                "1e3k",
                "nan",
                "5k5",
                "9" * 700 + "k",
            )
        ],
        *[
            ("binary", *each)
            for each in [("4K", 4096), ("4KiB", 4096), ("1.5 GB", 1610612736), ("512B", 512), ("1,024k", 1 << 20)]
        ],
        *[("binary", text, None) for text in ("4i", "4Ki B", "4KB/s")],
        *[
            ("duration", *each)
            for each in [("758us", 0.000758), ("758µs", 0.000758), ("1.26ms", 0.00126), ("1h2m3s", 3723)]
        ],
        *[
            ("duration", *each)
            for each in [("0:35.26", 35.26), ("1:02:03.5", 3723.5), ("1 day, 2 h", 93600), ("0m35.260s", 35.26)]
        ],
        *[("duration", *each) for each in [("-5ms", -0.005), ("35", 35), ("3ns", 3e-09), ("5 min", 300)]],
        *[("duration", text, None) for text in ("12:3", "5 x", "ms", "5k", "1h2", "", "a:10")],
    ],
)
def test_convert_reads_what_people_write(convert, text, number):
    found = converted(text, convert)
    assert (found, type(found)) == (number, type(number))


def test_what_cannot_be_converted_is_no_match():
    assert '"fast" is nothing that convert: si reads' in why_not(regex("(f.*)", convert="si"), "fast")
    assert value(of_json("a", convert="si"), '{"a": "1.5k"}') == 1500
    assert value(of_json("a", convert="si"), '{"a": 1.5}') == 1.5


# Which of the matches.


@pytest.mark.parametrize(
    ("take", "expected"),
    [(None, 2), ("first", 2), ("last", 1.5), ("min", 1.5), ("max", 10), ("sum", 13.5), ("mean", 4.5), ("count", 3)],
)
def test_take_says_which_of_the_matches_counts(take, expected):
    assert value(regex(r"n=(\S+)", take=take), "n=2\nn=10 n=1.5\n") == expected


@pytest.mark.parametrize("take", [each for each in sources.TAKES if each != "count"])
def test_without_a_match_there_is_nothing_to_take(take):
    assert why_not(regex(r"n=(\d)", take=take), "m=1") == ""
    assert value(regex(r"n=(\d)", take="count"), "m=1") == 0


@pytest.mark.parametrize("take", ["min", "max", "sum", "mean"])
def test_each_match_that_counts_is_judged_and_converted(take):
    assert "only a part of" in why_not(regex(r"n=(\d+)", take=take), "n=5\nn=5k\n")
    assert '"x" in line 2 is no number, and take: %s needs one' % take in why_not(
        regex(r"n=(\w+)", take=take), "n=5\nn=x"
    )
    assert value(regex(r"n=(\w+)", take=take, convert="si"), "n=5k\nn=5k") in (5000, 10000)


def test_sums_are_exact():
    assert value(regex(r"(\d+)", take="sum"), "%d\n1\n1" % 2**60) == 2**60 + 2
    assert value(regex(r"(\S+)", take="sum"), "0.1 " * 10) == 1
    assert "more than a number can be" in why_not(regex(r"(\S+)", take="sum"), "1.7e308 1.7e308")
    assert value(regex(r"(\d)", take="mean"), "1 2") == 1.5


# JSON.

DOCUMENT = """{"jobs": [{"read": {"iops": 10312.5, "clat_ns": {"percentile": {"99.000000": 8}}}, "on": true, "no": null,
"text": "10.3k", "empty": ""}], "twice": 1, "twice": 2, "x": {"twice": 3, "twice": 3, "y": 4}, "nan": NaN, "big": 1e999, "\\ud800": 5}"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("jobs[0].read.iops", 10312.5),
        ("jobs.0.read[iops]", 10312.5),
        ("jobs[0].read.clat_ns.percentile[99.000000]", 8),
        ("jobs[0].text", "10.3k"),
        ("x.y", 4),
    ],
)
def test_a_path_leads_into_json(path, expected):
    assert value(of_json(path), DOCUMENT) == expected


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("job", 'the document has no job; there is: jobs, twice, twice, x, nan, big, "\\ud800" (did you mean "jobs"?)'),
        ("jobs[0].read.iop", 'jobs[0].read has no iop; there is: iops, clat_ns (did you mean "iops"?)'),
        ("jobs[1].read", "jobs has no [1], but 1 item"),
        ("jobs.read", "jobs has no [read], but 1 item"),
        ("jobs[-1]", "jobs has no [-1], but 1 item"),
        ("jobs[0].on.off", "jobs[0].on is a boolean, in which there is no off"),
        ("jobs[0].on", "jobs[0].on is a boolean, no number and no text"),
        ("jobs[0].no", "jobs[0].no is null"),
        ("jobs[0].read", "jobs[0].read is a mapping"),
        ("jobs", "jobs is a list"),
        ("jobs[0].empty", "it is empty"),
        ("twice", "the document has twice twice"),
        ("x.twice", "x has twice twice"),
        ("nan", "nan is no finite number"),
        ("big", "big is no finite number"),
    ],
)
def test_where_a_path_ends_is_said(path, words):
    assert words in why_not(of_json(path), DOCUMENT)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (' \n[{"score": 5}]\n', "[0].score"),
        (b'\xef\xbb\xbf{"a": 5}', "a"),
        (b'{"b": "\xff", "a": 5}', "a"),
        ('starting\n{"a": 1}\n  {"a": 5}\r\ndone {\n', "a"),
        ('{"a": 1}\n{"a": 5}\n', "a"),
        ('{"b": ' + "9" * 100000 + ', "a": 5}', "a"),
    ],
)
def test_the_json_is_all_of_the_output_or_its_last_line_that_is_an_object(output, expected):
    assert value(of_json(expected), output) == 5


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("", "nothing is in it"),
        ("done\n", "it is not one JSON document, and no line of it is a JSON object"),
        ('{"a": 1} {"a": 2}', "it is not one JSON document (Extra data: line 1 column 10"),
        ('{\n"a": 1\n}\n{\n"a": 2\n}\n', "it is not one JSON document (Extra data: line 4"),
        ('{"a": ' * 10000 + "1" + "}" * 10000, "nested too deep"),
        ('{"a": 1, "b": ' + "[" * 100000, "nested too deep"),
        (b'{"a": 1, "b": "%s"}' % (b"x" * (64 << 20)), "it has 64 MiB, and JSON above 64 MiB is not read"),
    ],
    ids=range(7),
)
def test_what_is_no_json_to_read_is_no_match(output, words):
    assert words in why_not(of_json("a"), output)


# What would have matched.


@pytest.mark.parametrize(
    ("pattern", "output", "words"),
    [
        (r"^size (\d+)$", "size 5\r\n", r"if each \r ended a line"),
        (r"^at (\d+)%$", "\rat 5%\rat 9%\r", r"if each \r ended a line"),
        (r"size (\d+)", "\x1b[1msize\x1b[0m 5", "if the colour codes were not there"),
        (r"size (\d+)", "Size 5", 'it would match "Size 5" if case did not count: begin the pattern with (?i)'),
        (r"size (\d+)", "weight 5", None),
    ],
)
def test_what_would_have_matched_is_said(pattern, output, words):
    hint = hints.hint(regex(pattern), output.encode(), {})
    assert words in hint if words else hint is None


def test_the_other_stream_is_named():
    others = {"stderr": b"\nsize 5\n"}
    assert hints.hint(regex(r"size (\d)"), b"", others) == 'it matches "size 5" in stderr: add stream: stderr'
    assert hints.hint(of_json("a"), b"", {"stderr": b'{"a": 5}'}) == "it matches in stderr: add stream: stderr"

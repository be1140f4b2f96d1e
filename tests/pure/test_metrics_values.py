"""What a metric is in an output: the number that the tool meant, or why there is none."""

import json
import os
import re

import pytest
from machine import ROOT

from servo_batch.formats import yaml_subset
from servo_batch.metrics import find, sources
from servo_batch.metrics.convert import NoMatch, read


def regex(pattern, **options):
    return sources.read(dict(options, output_regex=pattern), None, None)


def of_json(path, **options):
    return sources.read(dict(options, output_json=path), None, None)


def value(metric, output):
    return find.find(metric, output if isinstance(output, bytes) else output.encode())


def why_not(metric, output):
    with pytest.raises(NoMatch) as raised:
        value(metric, output)
    return str(raised.value)


# What a pattern finds, and what of it is a number.

FOUND = [
    (r"took (\d+) s", "took 12 s\ntook 13 s\n", 12),
    (r"(?s).*took (\d+) s", "took 12 s\ntook 13 s\n", 13),
    (r"^b (\d+)$", "a\nb 7\nc", 7),
    (r"(\d+)", b"\xff\xfe 5 \xff", 5),
    (r"größe\é: (\d+)", "größeé: 3", 3),
    (r"\xb5: (\d+)", b"\xb5: 3", 3),
    (r"☃{3} (\d+)", "☃☃☃ 10", 10),
    (r"(?:\x41|[\x61-\x63])b (\S+)", "ab 4", 4),
    (r"v=(.*)", b"v=a\xffb", "a\ufffdb"),
    (r"[]a\x5d] (\d)", "] 3", 3),
    (r"[^]a] (\d)", "b 3", 3),
    (r"[[:](\d)", "[5", 5),
    (r"(\w+)", "é1", 1),
    (r"(?x) last \s (\d+)  # the größe of it", "last 11", 11),
    ("Requests/sec:(.*)", "Requests/sec:   1468.35\n", 1468.35),
    ("^n=(.*)$", "n=5\r\n", 5),
    # What the pattern asks for beside a number is no part of it.
    (r"IOPS=([0-9.]+)(?=k)", "IOPS=10.3k", 10.3),
    (r"(\d+)\.", "12.5", 12),
    (r"(?s)took (\d+)ms.*done", "took 12ms\n\ndone", 12),
    (r"^\d+,\d+,(\d+),", "1,2,3,4", 3),
    (r":(\d+)$", "12:30:05", 5),
    (r"x=-(\d+)", "x=-5", 5),
    (r"m(\d+)s", "1h2m3s", 3),
    (r"took (\d+)ms(?=[\s\S]*END)", "took 12ms %0300d END" % 0, 12),
    (r"\| +(\d+)\w+ /", "|  1234MiB / 5MiB", 1234),
    (r"block (\d+)", "block 8\xd71024", 8),
    (r"threads=(\d+)", "threads=8*10", 8),
]


def test_a_pattern_finds_the_first_match_s_first_group():
    for pattern, output, expected in FOUND:
        assert value(regex(pattern), output) == expected, pattern


def test_nothing_is_no_match():
    assert why_not(regex(r"(\d)"), "") == ""
    nothing = "the first group took no part or nothing"
    assert "line 2 matches, but " + nothing in why_not(regex(r"(?:a|(b)) (\d)"), "x\na 1")
    assert nothing in why_not(regex("n=(.*)"), "n= \t\r\n")
    # The first match decides, also where it holds nothing and another would.
    assert nothing in why_not(regex(r"n=(\d*)"), "n=\nn=5\n")


# Never a part of a number.

REMEDY = "let the group take all of it (convert: si, binary and duration read what has a unit), or let the pattern"
WHOLES = "12.5 10.3k 250,749.96 1.5e-05 12:30:05 0m0.110s 5µs 12万 5'000 10⁻⁶ 2\xd710⁶ 2*10^6"
# What the pattern allows beside a number, but does not ask for, is a part of it.
PARTS = [
    *((r"(\d+)", text, text) for text in WHOLES.split()),
    (r"(\d+)", b"5\xb5s", "5\ufffds"),
    (r"(\d+)", "5\u202f000", r"5\u202f000"),
    (r"(?s)IOPS=([0-9.]+).*BW", "IOPS=10.3k, \n BW", "10.3k"),
    (r"IOPS=([0-9.]+).*\n.*BW=(\d+)", "IOPS=10.3k\n BW=3", "10.3k"),
    (r"IOPS=([0-9.]+)\D", "IOPS=10.3k", "10.3k"),
    (r"IOPS=([0-9.]+?)k?,", "IOPS=10.3k,", "10.3k"),
    (r"took (\d+)(?:ms)?$", "took 12ms", "12ms"),
    (r"took (\d)+", "took 12", "12"),
    (r"(\d+)\b", "12.5", "12.5"),
    (r"(\d+)\.", "250,749.96", "250,749"),
    (r"(\d{2})", "1234", "1234"),
    (r"(\d+)$", "1.5e-05", "1.5e-05"),
    (r"(\d+)$", "12:30:05", "12:30:05"),
    (r"(\d+)s", "1h2m3s", "1h2m3"),
    (r"x=.*(\d+)", "x=250", "250"),
    (r"x=\D*(\d+)", "x=-5", "-5"),
    (r"x=\D*(\d+)", "x= \u22125", "\u22125"),
    (r"=.(\d+)", "=.5", ".5"),
    (r"^\d+,\d+,(\d+)", "1,2,3,4", "3,4"),
    # What is asked for beside it may be digits, and far off.
    (r"time: (\d+)\w+", "time: 758", "758"),
    (r"p=\w(\d+)", "p=1234", "1234"),
    (r"≈ (\d+)", "≈ 10^-6", "10^-6"),
    (r"x=([0-9.]+)", "x=1.5·10⁻³", "1.5·10⁻³"),
    (r"x=([0-9.]+)(?=[^}]*END)", "x=12ms %0300d END" % 0, "12ms"),
]


def test_a_number_that_was_cut_out_of_a_longer_one_is_no_match():
    for pattern, output, whole in PARTS:
        words = ' in line 1 is only a part of "%s": %s' % (whole, REMEDY)
        assert words in why_not(regex(pattern), output), pattern
    metric = regex(r"([\d.]+[kMG]?)", convert="si")
    assert '"10.3M" in line 2 is only a part of "10.3MiB"' in why_not(metric, "\n10.3MiB/s")


def test_a_unit_that_convert_reads_belongs_to_the_number_also_behind_a_blank():
    for convert, text in {"duration": "1.234 ms", "si": "3.6 MB", "binary": "4 KiB"}.items():
        assert 'is only a part of "%s"' % text in why_not(regex(r"n=([0-9.]+)", convert=convert), "n=%s" % text)
        assert value(regex(r"n=([0-9.]+) [mMK]", convert=convert), "n=%s" % text) == float(text.split()[0])
    for convert, text, number in (
        ("duration", "117.55ms min=104.6ms", 0.11755), ("si", "13.8k P99", 13800), ("si", "13823 P99: 1ms", 13823),
        ("binary", "64M E:0.0B", 64 << 20), ("duration", "0:35.26 min:sec", 35.26), ("duration", "12.3s m5.large", 12.3),
        ("si", "5000 E2E", 5000), ("duration", "0.734120 s", 0.73412), ("binary", "4096 B", 4096), ("si", "3 times", 3),
    ):  # fmt: skip
        assert value(regex(r"n=(\S+)", convert=convert), "n=" + text) == number
    assert 'of "1  milliseconds"' in why_not(regex(r"<= (\d+)", convert="duration"), "<= 1  milliseconds")
    assert value(regex(r"n=([0-9.]+)"), "n=3 ms") == 3


def test_what_only_stands_beside_a_number_is_no_part_of_it():
    apart = ("5", "5 ms", "5%", "5.", "5. x", "5, 6", "5\r", "5±3", "5°C", "5/s", "5_x", "a-5", "gpu0:5", '"a":5,"b":2')
    for output in apart:
        assert value(regex(r"(?:^|\D)(5)"), output) == 5, output


# Converted.

TEXTS = ["1e999", "nan", "inf", "1_000", "1,5", "1,234.5", "1.2k", "- 5", "0x10", "\u0661", " a ", "9" * 5000]
CONVERTED = {
    None: {
        "0": 0, "-5": -5, "+5": 5, "007": 7, "1.50": 1.5, ".5": 0.5, "5.": 5.0, "-1.5E-3": -0.0015, "1.73e+08": 1.73e8,
        "\t 1.5 \r": 1.5, "12345678901234567890123": 12345678901234567890123, **{text: text for text in TEXTS},
    },
    "si": {
        "13.8k": 13800, "2.5M": 2500000, "3 G": 3 * 10**9, "1,234.5": 1234.5, "2.3M": 2300000, "1.5kB": 1500,
        "-1K": -1000, "7": 7, "1.5e-05": 1.5e-05, " 2k\r": 2000,
    },
    "binary": {"4K": 4096, "4KiB": 4096, "1.5 GB": 1610612736, "512B": 512, "1,024k": 1 << 20},
    "duration": {
        "758us": 0.000758, "758µs": 0.000758, "1.26ms": 0.00126, "1h2m3s": 3723, "0:35.26": 35.26, "1:02:03.5": 3723.5,
        "1 day, 2 h": 93600, "0m35.260s": 35.26, "-5ms": -0.005, "35": 35, "3ns": 3e-09, "5 min": 300,
    },
}  # fmt: skip
NOT_CONVERTED = {
    None: [],
    "si": ["10.3MiB", "5m", "1,23", "12,345,6", "k", "5 x", "1e3k", "nan", "5k5", "9" * 700 + "k"],
    "binary": ["4i", "4Ki B", "4KB/s"],
    "duration": ["12:3", "5 x", "ms", "5k", "1h2", "a:10", "+"],
}


def test_only_a_plain_finite_decimal_number_is_one_and_convert_reads_what_people_write():
    for convert, texts in CONVERTED.items():
        assert {text: repr(read(text, convert)) for text in texts} == {text: repr(texts[text]) for text in texts}
        for text in NOT_CONVERTED[convert]:
            with pytest.raises(NoMatch, match="is nothing that convert: %s reads" % convert):
                read(text, convert)
    assert value(of_json("a", convert="si"), '{"a": "1.5k"}') == 1500
    assert value(of_json("a", convert="si"), '{"a": 1.5}') == 1.5


# Which of the matches.

FIGURES = {"min": 1.5, "max": 10, "sum": 13.5, "mean": 4.5}


def test_take_says_which_of_the_matches_counts():
    for take, expected in {"first": 2, "last": 1.5, "count": 3, **FIGURES}.items():
        assert value(regex(r"n=(\S+)", take=take), "n=2\nn=10 n=1.5\n") == expected
        if take != "count":
            assert why_not(regex(r"n=(\d)", take=take), "m=1") == ""
    assert value(regex(r"n=(\d)", take="count"), "m=1") == 0


def test_each_match_that_counts_is_judged_and_converted():
    for take in FIGURES:
        assert "only a part of" in why_not(regex(r"n=(\d+)", take=take), "n=5\nn=5k\n")
        words = '"x" in line 2 is no number, and take: %s needs one' % take
        assert words in why_not(regex(r"n=(\w+)", take=take), "n=5\nn=x")
        assert value(regex(r"n=(\w+)", take=take, convert="si"), "n=5k\nn=5k") in (5000, 10000)


def test_sums_are_exact():
    assert value(regex(r"(\d+)", take="sum"), "%d\n1\n1" % 2**60) == 2**60 + 2
    assert value(regex(r"(\S+)", take="sum"), "0.1 " * 10) == 1
    assert "more than a number can be" in why_not(regex(r"(\S+)", take="sum"), "1.7e308 1.7e308")
    assert value(regex(r"(\d)", take="mean"), "1 2") == 1.5


# JSON. How a path leads to a value is test_paths'.

DOCUMENT = """{"jobs": [{"read": {"iops": 10312.5}, "on": true, "no": null, "text": "10.3k", "empty": ""}], "big": 1e999,
"twice": 1, "twice": 2, "x": {"twice": 3, "twice": {"z": 1}, "y": 4}, "nan": NaN, "whole": 1%s, "\\ud800": 5}""" % (
    "0" * 400
)
NEITHER = ", and neither text nor a finite number"
ENDS = [
    ("job", 'no "job"; there is only big, jobs, nan, twice, whole, x, "\\ud800" (did you mean "jobs"?)'),
    ("jobs[0].on", "jobs.0.on is a boolean" + NEITHER),
    ("jobs[0].no", "jobs.0.no is null" + NEITHER),
    ("jobs[0].read", "jobs.0.read is a mapping" + NEITHER),
    ("jobs", "jobs is a list" + NEITHER),
    ("jobs[0].empty", "it is empty"),
    ("twice", "twice is there twice"),
    ("x.twice", "x.twice is there twice"),
    ("x.twice.z", "x.twice is there twice"),
    *((name, "%s is a number%s" % (name, NEITHER)) for name in ("nan", "big", "whole")),
]
NO_JSON = [
    ("", "nothing is in it"),
    ("done\n", "it is not one JSON document, and no line of it is a JSON object"),
    ('{\n"a": 1\n}\n{\n"a": 2\n}\n', "it is not one JSON document (Extra data: line 4"),
    ('{"a": ' * 10000 + "1" + "}" * 10000, "nested too deep"),
    ('{"a": 1, "b": ' + "[" * 100000, "nested too deep"),
]


def test_a_path_leads_into_json_to_text_or_a_number():
    for path, expected in {"jobs[0].read.iops": 10312.5, "jobs[0].text": "10.3k", "x.y": 4}.items():
        assert value(of_json(path), DOCUMENT) == expected
    for path, words in ENDS:
        assert words in why_not(of_json(path), DOCUMENT)


def test_the_json_is_all_of_the_output_or_its_last_line_that_is_an_object():
    assert value(of_json("[0].score"), ' \n[{"score": 5}]\n') == 5
    after = 'starting\n{"a": 1}\n  {"a": 5}\r\ndone {\n'
    deep, long = '{"b": ' * 10000 + "1" + "}" * 10000 + '\n{"a": 5}\n', '{"a": 5, "b": %s}' % ("1" * 5000)
    for output in (b'\xef\xbb\xbf{"a": 5}', b'{"b": "\xff", "a": 5}', after, '{"a": 1}\n{"a": 5}\n', deep, long):
        assert value(of_json("a"), output) == 5
    for output, words in NO_JSON:
        assert words in why_not(of_json("a"), output)


# What would have matched.

CARRIAGE_RETURN = r"if each \r ended a line"
STDERR = "it would be 5 in stderr: add stream: stderr"
WOULD_BE = [
    (regex(r"^size (\d+)$"), b"size 5\r\n", CARRIAGE_RETURN),
    (regex(r"^at (\d+)%$"), b"\rat 5%\rat 9%\r", CARRIAGE_RETURN),
    (regex(r"size (\d+)"), b"\x1b[1msize\x1b[0m 5", "if the colour codes were not there"),
    (regex(r"size (\d+)"), b"Size 5", "it would be 5 if case did not count: begin the pattern with (?i)"),
    (regex(r"size (\d+)"), b"Size 5.5k", "it would match if case did not count: begin the pattern with (?i); but"),
    (regex(r"from stderr (\d)"), b"stderr 5", STDERR),
    (of_json("a"), b"weight 5", STDERR),
]


def test_what_would_have_matched_is_said():
    streams = {"stderr": b'\nfrom stderr 5\n{"a": 5}'}
    for metric, output, words in WOULD_BE:
        assert words in find.hint(metric, {"stdout": output, **streams})
    assert find.hint(regex(r"height (\d)"), {"stdout": b"weight 5", **streams}) is None


# What tools really print, and the manual's metrics that read it: each value is what a person reads.

OUTPUTS = os.path.join(ROOT, "tests", "data", "outputs")


def test_the_manual_s_metrics_read_what_each_tool_prints():
    with open(os.path.join(ROOT, "src", "servo_batch", "manual", "metrics.md"), encoding="utf-8") as page:
        described = dict(re.findall(r"^### (\S+)\n\n```yaml\n(.*?)```", page.read(), re.MULTILINE | re.DOTALL))
    found = {tool: {} for tool in described}
    for tool, block in described.items():
        for name, mapping in yaml_subset.loads(block).items():
            kind = "json" if "output_json" in mapping else "txt"
            with open(os.path.join(OUTPUTS, "%s.%s" % (tool, kind)), "rb") as output:
                found[tool][name] = value(sources.read(mapping, None, None), output.read())
    with open(os.path.join(OUTPUTS, "values.json"), encoding="utf-8") as stream:
        assert found == json.load(stream)

"""What a metric is in an output: the number that the tool meant, or why there is none."""

import json
import os
import re

import pytest
from machine import ROOT

from servo_batch.formats import yaml_subset
from servo_batch.metrics import find, sources
from servo_batch.metrics.convert import NoMatch, read


def refuse(keys, problem):
    raise AssertionError((keys, problem))


def regex(pattern, **options):
    return sources.read("m", dict(options, output_regex=pattern), refuse, refuse)


def of_json(path, **options):
    return sources.read("m", dict(options, output_json=path), refuse, refuse)


def value(metric, output):
    return find.find(metric, output if isinstance(output, bytes) else output.encode())


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
        (r"(\d+)", b"\xff\xfe 5 \xff", 5),
        (r"größe\é: (\d+)", "größeé: 3", 3),
        (r"\xb5: (\d+)", b"\xb5: 3", 3),
        (r"☃{3} (\d+)", "☃☃☃ 10", 10),
        (r"(?:\x41|[\x61-\x63])b (\S+)", "ab 4", 4),
        (r"v=(.*)", b"v=a\xffb", "a\ufffdb"),
        (r"[]a\x5d] (\d)", "] 3", 3),
        (r"[^]a] (\d)", "b 3", 3),
        (r"[]\[](\])", "]]", "]"),
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
    ],
)
def test_a_pattern_finds_the_first_match_s_first_group(pattern, output, expected):
    assert value(regex(pattern), output) == expected


def test_nothing_is_no_match():
    assert why_not(regex(r"(\d)"), "") == ""
    assert "line 2 matches, but the first group took no part or nothing" in why_not(regex(r"(?:a|(b)) (\d)"), "x\na 1")
    assert "the first group took no part or nothing" in why_not(regex("n=(.*)"), "n= \t\r\n")
    # The first match decides, also where it holds nothing and another would.
    assert "the first group took no part or nothing" in why_not(regex(r"n=(\d*)"), "n=\nn=5\n")


NUMBERS = {"0": 0, "-5": -5, "+5": 5, "007": 7, "1.50": 1.5, ".5": 0.5, "5.": 5.0, "-1.5E-3": -0.0015}
NUMBERS.update({"1.73e+08": 1.73e8, "\t 1.5 \r": 1.5, "12345678901234567890123": 12345678901234567890123})
TEXTS = ["1e999", "nan", "inf", "1_000", "1,5", "1,234.5", "1.2k", "- 5", "0x10", "\u0661", " a ", "9" * 5000]


def test_only_a_plain_finite_decimal_number_is_one():
    expected = {**NUMBERS, **{text: text for text in TEXTS}}
    assert {text: repr(read(text)) for text in expected} == {text: repr(each) for text, each in expected.items()}


# Never a part of a number.

REMEDY = "let the group take all of it (convert: si, binary and duration read what has a unit), or let the pattern"


def is_part(pattern, output, whole):
    assert ' in line 1 is only a part of "%s": %s' % (whole, REMEDY) in why_not(regex(pattern), output)


def test_a_number_that_was_cut_out_of_a_longer_one_is_no_match():
    for text in ("12.5", "10.3k", "250,749.96", "1.5e-05", "12:30:05", "0m0.110s", "5µs", "12万", "5'000"):
        is_part(r"(\d+)", text, text)
    is_part(r"(\d+)", b"5\xb5s", "5\ufffds")
    is_part(r"(\d+)", "5\u202f000", r"5\u202f000")


@pytest.mark.parametrize(
    ("pattern", "output", "whole"),
    [
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
    ],
)
def test_what_the_pattern_allows_beside_a_number_but_does_not_ask_for_is_a_part_of_it(pattern, output, whole):
    is_part(pattern, output, whole)


def test_a_part_of_what_is_converted_is_no_match_either():
    metric = regex(r"([\d.]+[kMG]?)", convert="si")
    assert '"10.3M" in line 2 is only a part of "10.3MiB"' in why_not(metric, "\n10.3MiB/s")


def test_what_only_stands_beside_a_number_is_no_part_of_it():
    apart = ("5", "5 ms", "5%", "5.", "5. x", "5, 6", "5\r", "5±3", "5°C", "5/s", "5_x", "a-5", "gpu0:5", '"a":5,"b":2')
    for output in apart:
        assert value(regex(r"(?:^|\D)(5)"), output) == 5, output


# Converted.

CONVERTED = {
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
    "si": ["10.3MiB", "5m", "1,23", "12,345,6", "k", "5 x", "1e3k", "nan", "5k5", "9" * 700 + "k"],
    "binary": ["4i", "4Ki B", "4KB/s"],
    "duration": ["12:3", "5 x", "ms", "5k", "1h2", "a:10", "+"],
}


@pytest.mark.parametrize("convert", sorted(CONVERTED))
def test_convert_reads_what_people_write(convert):
    for text, number in CONVERTED[convert].items():
        assert repr(read(text, convert)) == repr(number)
    for text in NOT_CONVERTED[convert]:
        with pytest.raises(NoMatch, match="is nothing that convert: %s reads" % convert):
            read(text, convert)


def test_text_in_json_is_converted_too():
    assert value(of_json("a", convert="si"), '{"a": "1.5k"}') == 1500
    assert value(of_json("a", convert="si"), '{"a": 1.5}') == 1.5


# Which of the matches.

TAKEN = {"first": 2, "last": 1.5, "min": 1.5, "max": 10, "sum": 13.5, "mean": 4.5, "count": 3}


def test_take_says_which_of_the_matches_counts():
    assert value(regex(r"n=(\S+)"), "n=2\nn=10 n=1.5\n") == 2
    for take, expected in TAKEN.items():
        assert value(regex(r"n=(\S+)", take=take), "n=2\nn=10 n=1.5\n") == expected
        if take == "count":
            assert value(regex(r"n=(\d)", take=take), "m=1") == 0
        else:
            assert why_not(regex(r"n=(\d)", take=take), "m=1") == ""


@pytest.mark.parametrize("take", ["min", "max", "sum", "mean"])
def test_each_match_that_counts_is_judged_and_converted(take):
    assert "only a part of" in why_not(regex(r"n=(\d+)", take=take), "n=5\nn=5k\n")
    words = '"x" in line 2 is no number, and take: %s needs one' % take
    assert words in why_not(regex(r"n=(\w+)", take=take), "n=5\nn=x")
    assert value(regex(r"n=(\w+)", take=take, convert="si"), "n=5k\nn=5k") in (5000, 10000)


def test_sums_are_exact():
    assert value(regex(r"(\d+)", take="sum"), "%d\n1\n1" % 2**60) == 2**60 + 2
    assert value(regex(r"(\S+)", take="sum"), "0.1 " * 10) == 1
    assert "more than a number can be" in why_not(regex(r"(\S+)", take="sum"), "1.7e308 1.7e308")
    assert value(regex(r"(\d)", take="mean"), "1 2") == 1.5


# JSON.

DOCUMENT = """{"jobs": [{"read": {"iops": 10312.5, "clat_ns": {"percentile": {"99.000000": 8}}}, "on": true, "no": null,
"text": "10.3k", "empty": ""}], "twice": 1, "twice": 2, "x": {"twice": 3, "twice": 3, "y": 4}, "nan": NaN, "big": 1e999,
"whole": 1%s, "\\ud800": 5}""" % ("0" * 400)


def test_a_path_leads_into_json():
    for path, expected in {
        "jobs[0].read.iops": 10312.5,
        "jobs.0.read[iops]": 10312.5,
        "jobs[0].read.clat_ns.percentile[99.000000]": 8,
        "jobs[0].text": "10.3k",
        "x.y": 4,
    }.items():
        assert value(of_json(path), DOCUMENT) == expected


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("job", 'no "job"; there is only big, jobs, nan, twice, whole, x, "\\ud800" (did you mean "jobs"?)'),
        ("jobs[0].read.iop", 'jobs.0.read has no "iop"; there is only clat_ns, iops (did you mean "iops"?)'),
        ("jobs[1].read", "jobs is a list of 1: write a number below that"),
        ("jobs[-1]", "jobs is a list of 1: write a number below that"),
        ("jobs[0].on.off", "jobs.0.on is a boolean, which has no fields"),
        ("jobs[0].on", "jobs.0.on is a boolean, and neither text nor a finite number"),
        ("jobs[0].no", "jobs.0.no is null"),
        ("jobs[0].read", "jobs.0.read is a mapping"),
        ("jobs", "jobs is a list"),
        ("jobs[0].empty", "it is empty"),
        ("twice", "twice is there twice"),
        ("x.twice", "x.twice is there twice"),
        ("nan", "nan is a number, and neither text nor a finite number"),
        ("big", "nor a finite number"),
        ("whole", "nor a finite number"),
    ],
)
def test_where_a_path_ends_is_said(path, words):
    assert words in why_not(of_json(path), DOCUMENT)


def test_of_many_names_a_message_lists_some():
    why = why_not(of_json("a"), "{%s}" % ", ".join('"n%d": 0' % number for number in range(3000)))
    assert why.startswith('there is no "a"; there is only n0, n1, ')
    assert (len(why) < 400, why[-1]) == (True, "…")


def test_the_json_is_all_of_the_output_or_its_last_line_that_is_an_object():
    assert value(of_json("[0].score"), ' \n[{"score": 5}]\n') == 5
    for output in (
        b'\xef\xbb\xbf{"a": 5}',
        b'{"b": "\xff", "a": 5}',
        'starting\n{"a": 1}\n  {"a": 5}\r\ndone {\n',
        '{"a": 1}\n{"a": 5}\n',
    ):
        assert value(of_json("a"), output) == 5


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("", "nothing is in it"),
        ("done\n", "it is not one JSON document, and no line of it is a JSON object"),
        ('{\n"a": 1\n}\n{\n"a": 2\n}\n', "it is not one JSON document (Extra data: line 4"),
        ('{"a": ' * 10000 + "1" + "}" * 10000, "nested too deep"),
        ('{"a": 1, "b": ' + "[" * 100000, "nested too deep"),
        (b'{"a": 1, "b": "%s"}' % (b"x" * (64 << 20)), "it has 64 MiB, and JSON above 64 MiB is not read"),
    ],
    ids=range(6),
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
        (r"size (\d+)", "Size 5", "it would be 5 if case did not count: begin the pattern with (?i)"),
    ],
)
def test_what_would_have_matched_is_said(pattern, output, words):
    assert words in find.hint(regex(pattern), {"stdout": output.encode()})


def test_the_other_stream_is_named():
    streams = {"stdout": b"weight 5", "stderr": b'\nsize 5\n{"a": 5}\nweight 5'}
    assert find.hint(regex(r"size (\d)"), streams) == "it would be 5 in stderr: add stream: stderr"
    assert find.hint(of_json("a"), streams) == "it would be 5 in stderr: add stream: stderr"
    assert find.hint(regex(r"height (\d)"), streams) is None


# What tools really print, and the manual's metrics that read it: each value is what a person reads.

with open(os.path.join(ROOT, "src", "servo_batch", "manual", "metrics.md"), encoding="utf-8") as page:
    DESCRIBED = dict(re.findall(r"^### (\S+)\n\n```yaml\n(.*?)```", page.read(), re.MULTILINE | re.DOTALL))
with open(os.path.join(ROOT, "tests", "data", "outputs", "values.json"), encoding="utf-8") as stream:
    VALUES = json.load(stream)


def test_every_tool_has_its_values():
    assert set(DESCRIBED) == set(VALUES)


@pytest.mark.parametrize("tool", sorted(VALUES))
def test_the_manual_s_metrics_read_what_a_tool_prints(tool):
    found = {}
    for name, mapping in yaml_subset.loads(DESCRIBED[tool]).items():
        kind = "json" if "output_json" in mapping else "txt"
        with open(os.path.join(ROOT, "tests", "data", "outputs", "%s.%s" % (tool, kind)), "rb") as output:
            found[name] = value(sources.read(name, mapping, refuse, refuse), output.read())
    assert found == VALUES[tool]

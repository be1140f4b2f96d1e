"""What a pattern finds in a job's output (README, "Metrics")."""

import pytest
from calling import batch

pytest_plugins = ("servo_fixtures",)


def measured(servo, output, patterns):
    """Return the ended measurement of a job that prints ``output``; each pattern's metric is called m0, m1, …."""
    servo.write("output", output)
    metrics = {"m%d" % number: {"output_regex": pattern} for number, pattern in enumerate(patterns)}
    servo.configure(batch("cat output", metrics=metrics))
    return servo.measure()


OUTPUT = (
    "first 1\nsecond 2.50\nsecond 3\n  indented 4\r\ncrlf 5\r\nheap=-17MB\n"
    "text a  b\nbig 123456789012345678901234567890\n"
    "plus +5 zero 007 dot .5 5. exp 1e3 1.5E-2 huge 1e400 hex 0x10 under 1_000 comma 1,5 nan inf Infinity minus -0.0\n"
    "arabic \u0663 none [] größe 8 größte 9 ☃☃☃ 10 total\u00a0\nlast 11"
).encode()

# A pattern, and the value that its first group finds.
FOUND = [
    (r"^first (\d+)", 1),
    (r"^second (.*)$", 2.5),
    (r"^(\w+) 4", None),
    (r"^ +(\w+) 4", "indented"),
    (r"^crlf (\d+)\r$", 5),
    (r"heap=(-?\d+)MB", -17),
    (r"^text (.*)$", "a  b"),
    (r"^big (\d+)", 123456789012345678901234567890),
    (r"plus (\S+)", 5),
    (r"zero (\S+)", 7),
    (r"dot (\S+)", 0.5),
    (r"dot \S+ (\S+)", 5.0),
    (r"exp (\S+)", 1000.0),
    (r"exp \S+ (\S+)", 0.015),
    (r"huge (\S+)", "1e400"),
    (r"hex (\S+)", "0x10"),
    (r"under (\S+)", "1_000"),
    (r"comma (\S+)", "1,5"),
    (r"(nan) inf", "nan"),
    (r"nan (inf)", "inf"),
    (r"(Infinity)", "Infinity"),
    (r"minus (\S+)", -0.0),
    (r"arabic (\S+)", "\u0663"),
    (r"arabic (\d)", None),
    (r"(\w+)[^\n]*8 gr", "arabic"),
    (r"gr(\w)\S+ 8", None),
    (r"größe (\d+)", 8),
    (r"gr\u00f6\u00DFte (\d+)", 9),
    (r"gr\xf6\xDFte (\d+)", 9),
    (r"(\u0064)ot", "d"),  # neither \d nor \A
    (r"(?:\u0041|[\x61-\u0063]ra)bic (\S+)", "\u0663"),
    (r"☃{3} (\d+)", 10),
    (r"(☃+) 10", "☃☃☃"),
    (r"total(\s)", None),
    (r"^last (\d+)$", 11),
    (r"(\d+)\Z", 11),
    (r"\A(first)", "first"),
    (r"1\nsecond (\S+)\nsecond 3", 2.5),
    (r"(?s)first.*last (\d+)", 11),
    (r"(?i)LAST (\d+)", 11),
    (r"(?x) last \s (\d+)  # the größe of it", 11),
    (r"(?P<name>fir)st (?P<other>\d)", "fir"),
    (r"(second|first) (\d)", "first"),
    (r"(absent)?first", None),
    (r"(x*)", None),
    (r"(\S+) (?=4)", "indented"),
    (r"(?<=heap=)(\S+)", "-17MB"),
    (r"[]\[](\])", "]"),
]
KNOWN = [(pattern, value) for pattern, value in FOUND if value is not None]
UNKNOWN = [pattern for pattern, value in FOUND if value is None]


def test_each_pattern_finds_what_it_says(servo_everywhere):
    ended = measured(servo_everywhere, OUTPUT, [pattern for pattern, _ in KNOWN])
    assert ended.status == 0, ended
    metrics = ended.answer["metrics"]
    # repr tells 5 from 5.0 and -0.0 from 0.
    found = [(pattern, repr(metrics["m%d" % number]["value"])) for number, (pattern, _) in enumerate(KNOWN)]
    assert found == [(pattern, repr(value)) for pattern, value in KNOWN]


def test_what_does_not_match_is_named_all_at_once(servo):
    ended = measured(servo, OUTPUT, ["(last)"] + UNKNOWN)
    ended.failed("failed", "no-match", "last 11", *UNKNOWN)
    assert "m0" not in ended.answer["message"]


def test_a_group_that_took_no_part_is_no_match(servo):
    measured(servo, b"b", ["(a)?b"]).failed("failed", "no-match", "m0", "(a)?b")


def test_no_output_is_searched_like_any_other(servo):
    measured(servo, b"", ["(.)"]).failed("failed", "no-match", "m0", "(.)", "nothing")


def test_a_group_that_holds_nothing_is_no_match(servo):
    measured(servo, b"", ["^(.*)$"]).failed("failed", "no-match", "m0")
    measured(servo, b"loss= \r\n", ["loss=(.*)"]).failed("failed", "no-match", "m0", "first group is empty")


def test_output_that_is_not_utf8_is_searched_all_the_same(servo):
    ended = measured(servo, b"\xff\xfe\x00 size 5 \xe4\n\xc3", [r"size (\d+)", r"size (.*)", r"5 (\S)"])
    values = [ended.answer["metrics"]["m%d" % number]["value"] for number in range(3)]
    assert values == [5, "5 \ufffd", "\ufffd"]


def test_what_goes_to_stderr_is_not_searched(servo):
    servo.configure(batch("echo size 5 >&2", metrics={"size": {"output_regex": r"size (\d+)"}}))
    servo.measure().failed("failed", "no-match", "size", "nothing")


def test_a_value_at_the_end_of_much_output_is_found(servo):
    command = "head -c 30000000 /dev/zero; echo; echo size 5"
    servo.configure(batch(command, metrics={"size": {"output_regex": r"^size (\d+)$"}}))
    assert servo.measure().answer["metrics"]["size"] == {"value": 5}


def test_a_value_as_long_as_the_output_is_text(servo):
    ended = measured(servo, b"9" * 100000, [r"(\d+)"])
    assert ended.answer["metrics"]["m0"] == {"value": "9" * 100000}


def test_describe_and_measure_agree_about_names_and_units(servo):
    names = ["a b", "größe", "", "x.y", "__class__"]
    metrics = {name: {"output_regex": "(1)", "unit": name} for name in names}
    servo.configure(batch("echo 1", metrics=metrics))
    described = servo.call("measure", "--describe").answer["metrics"]
    answered = servo.measure().answer["metrics"]
    assert {name: metric["unit"] for name, metric in described.items()} == {
        name: metric["unit"] for name, metric in answered.items()
    }
    assert set(described) == {"total_runtime", *names}


@pytest.mark.parametrize("expected_duration", [1e-320, 1e300, 10**400], ids=["tiny", "large", "huge"])
def test_no_expected_duration_is_too_odd_for_progress(servo, expected_duration):
    servo.configure(batch("true", expected_duration=expected_duration, timeout=10**400))
    ended = servo.measure()
    assert ended.status == 0, ended
    assert 0 <= ended.progress[0]["progress"] <= 99


def test_the_runtime_is_the_jobs(servo):
    servo.configure(batch("exec sleep 0.3"))
    assert 0.3 <= servo.measure().answer["metrics"]["total_runtime"]["value"] < 30

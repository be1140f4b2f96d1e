"""What a pattern is compiled to, and which are refused."""

import pytest

from servo_batch.metrics import patterns


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "does not compile"),
        ("took", "no group"),
        ("(?:took)", "no group"),
        (r"took \(\d+\)", "without the backslashes that grep"),
        (r"(\u12)", r"incomplete escape \u12"),
        ("(" * 2000 + ")" * 2000, "does not compile"),
        ("(\udc80)", "half of a surrogate pair"),
        # What only some Pythons compile.
        ("a(?i)(b)", "does not compile"),
        (r"(\N{BULLET})", r"does not compile: not every Python has \N"),
        (r"(\d+)\z", r"write \Z"),
        (r"took \K(\d+)", "into the first group"),
        (r"took\h(\d+)", r"write [ \t]"),
        (r"(\d++)", r"\d++, a possessive quantifier, which not every Python has: write \d+"),
        (r"(\d{2}+)", r"write \d{2}"),
        (r"(?>took) (\d+)", "an atomic group"),
        (r"(?<took>\d+)", "(?P<NAME>…)"),
        (r"(?'took'\d+)", "(?P<NAME>…)"),
        ("(?L)(\\w)", "the flag L"),
        # What compiles, and cannot mean what was meant.
        ("\b(\\d)", "backspace"),
        (r"[\b](x)", r"write \x08"),
        ("(\\d)\u2028", "line separator"),
        ("took\u00a0(\\d)", r"U+00A0, which looks like a blank: write a blank, or \u00a0"),
        ("(\\d)\u200b", "zero-width space"),
        ("[é](x)", "single bytes"),
        (r"[\xe9](x)", "single bytes"),
        (r"([[:digit:]]+)", r"[:digit:], which Python reads as these characters themselves: write \d"),
        (r"([[:digit:].]+)", r"write \d"),
        (r"([.[:digit:]]+)", r"write \d"),
        (r"([^[:space:]]+)", r"write \s"),
        (r"([:alpha:]+)", "write [A-Za-z]"),
        (r"([[:^digit:]]+)", "[:^digit:]"),
        (r"(\\d+)", r"\\d, which is a backslash"),
        (r"(\d{1, 3})", "remove the blank"),
        ("took ()", "first group is empty"),
        (r"took (\d)+", r"the last character only: write (\d+)"),
        (r"took ([0-9.])*", "write ([0-9.]*)"),
        (r"took (.*?)", "write .*"),
        (r"took (\d+?)", r"write \d+"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern, problem):
    with pytest.raises(patterns.PatternError) as raised:
        patterns.compile_pattern(pattern)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "output"),
    [
        (r"[\[:](\d)", ":5"),
        (r"[[:](\d)", "[5"),
        (r"[:a](\d)", "a5"),
        (r"[[:foo:]x](\d)", ":x]5"),  # no name of a class
        (r"\\d: (\d)", r"\d: 5"),
        (r"C:\\(\w+)", r"C:\work"),
        (r"(\d)?", "5"),
        (r"(a)+", "aa"),
        (r"(\d\d)+", "1234"),
        (r"(\d+?) s", "55 s"),
        (r"(\d\+?)", "5+"),
        (r"(?:(\d+)(?: s)??)", "5"),
        (r"x\++(\d)", "x++5"),
        (r"[*+]+(\d)", "*+5"),
        (r"\{1, 3\}(\d)", "{1, 3}5"),
        (r"x{1, 3}(\d)", "x{1, 3}5"),
        (r"(\d){(\d)}", "5{5}"),
        (r"a(?#b [ é)+(\d)", "aaa5"),
        (r"(?#(x)(\d)", "5"),
        ("(?ix) # of C++, by f() [é]\n (\\d) [#] # and so on", "5#"),
        (r"(?#[\)(x)(\d)", "5"),
        (r"(\d)\1(?#)2", "552"),
        (r"\<(\d)\>", "<5>"),
        (r"(?P<took>\d+)(?P=took)", "55"),
        (r"(?<=x)(\d)(?<!y)", "x5"),
        (r"\é(\d)", "é5"),
        (r"é{2}(\d)", "éé5"),
        ("caf\\u00e9 (\\d)", "café 5"),
    ],
)
def test_what_looks_like_a_slip_and_is_none_compiles(pattern, output):
    assert patterns.compile_pattern(pattern).search(output.encode())


def test_without_lines_the_anchors_are_those_of_the_output():
    pattern = patterns.compile_pattern(r"(\d+)$", lines=False)
    assert pattern.search(b"1\n2\n3\n").group(1) == b"3"

"""What a formula may say: the rest is refused, with its column and what to write."""

import itertools
import subprocess
import sys

import pytest

from servo_batch.command import template
from servo_batch.config import formulas

ACCEPTED = [
    "1",
    " \t{web.mem}\n * 0.75\r\n",
    "{spark.executors} * {spark.memory} <= 256",
    "{total_runtime} / 3600 * {web.replicas} * 0.34",
    "1 + 2 - 3 * 4 / 5 // 6 % 7 ** 8",
    "--1 + +1",
    "1 < 2 <= 3 != 4 == 4 > 3 >= 2",
    "not {a} and (not {b} or {a})",
    "1 if {a} else 2 if {b} else 3",
    "(1 if {a} else 2) if (3 if {b} else 4) == 3 else 5",
    "abs(1) + ceil(1) + float(1) + floor(1) + int(1) + log(1) + log(8, 2) + max(1, 2) + min(1, 2, 3) + round(1) + round(1, 2) + sqrt(1)",
    """{web.gc} == "g1" or {web.gc} == 'z"' or {web.gc} == "\\"\\\\\\'{web.mem}" """,
    ".5 + 5. + 5.5e-3 + 5E+3 + 0 + 0.0",
    "min ( 1 , 2 )",
    "'" + "x" * 9000 + "'",
    "+".join(["1"] * 99),
    "(" * 25 + "1" + ")" * 25,
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_a_formula_has_is_read(text):
    assert formulas.parse(text).text == text


REFUSED = [
    ("", "it is empty: write a formula"),
    (" \n", "it is empty"),
    # numbers
    ("1 + 010", "column 5: the number 010 starts with a zero: write 10"),
    ("00", "starts with a zero: write 0"),
    ("0x10", 'column 1: "0x10" is not a plain decimal number'),
    ("1_000", '"1_000" is not a plain'),
    ("5k", '"5k" is not a plain'),
    ("1j", '"1j" is not a plain'),
    ("1e", '"1e" is not a plain'),
    ("1e+", '"1e" is not a plain'),
    ("1.2.3", '"1.2.3" is not a plain'),
    ("1..", '"1.." is not a plain'),
    ("\u0663", "has no meaning"),
    ("1\u0663", "is not a plain"),
    ("1if 1 < 2 else 2", '"1if" is not a plain'),
    ("1e999", "the number 1e999 is too large"),
    ("9" * 5000, "a number of 5000 characters is too long"),
    ("0." + "1" * 400, "is too long"),
    # strings
    ("1 + 'a", "column 5: the string that starts here is never closed"),
    ("'a\nb'", "never closed"),
    ("'\\'", "never closed"),
    ("'\\n'", "a backslash stands before a quote or a backslash only"),
    ("'\\\\\\n'", "a backslash stands before"),
    ("'\\x41'", "a backslash stands before"),
    ("'\x1b'", "a character that cannot be seen"),
    ("'\u202e'", "a character that cannot be seen"),
    ("f'{a}'", '"f" before a string: a string has no prefix'),
    ("b''", "no prefix"),
    ("'a' 'b'", "column 5: an operator is due before \"'b'\""),
    ("'''a'''", "an operator is due before"),
    # placeholders
    ("{web.mem:.0f}", "column 1: the placeholder {web.mem:…}: a formula takes the value as it is, with no conversion and no format: write {web.mem}"),
    ("{web.mem!r} + 1", "no conversion and no format"),
    ("2 * {web", "column 5: the placeholder that starts here is never closed"),
    ("{{web.mem}}", "never closed"),
    ("{web.{x}}", "never closed"),
    ("{web[mem}", "never closed"),
    ("1 }", 'column 3: "}" has no meaning'),
    ("{}", "the placeholder {}: it does not name a value: it is empty; write {component.setting}"),
    ("{web.}", "does not name a value"),
    ("{web[a]b}", "after a ] only a . or a [ can follow"),
    ("{web.\x1b}", "a character that cannot be seen"),
    ("{web} {mem}", "column 7: an operator is due"),
    ("{web}.mem", '"." has no meaning'),
    ("{web}[0]", '"[" has no meaning'),
    ("{web}(1)", 'column 6: an operator is due before "("'),
    # words
    ("web.mem * 2", 'column 1: "web.mem" is no word of a formula: a setting or a metric stands in braces, {web.mem}, and text in quotes'),
    ("2 * mem", "column 5: \"mem\" is no word of a formula"),
    ("_", "is no word"),
    ("x" * 200, "{component.setting}"),
    ("flor(1.5)", 'there is no function "flor" (did you mean "floor"?)'),
    ("eval('1')", 'there is no function "eval"'),
    ("__import__('os')", "there is no function"),
    ("os.system('ls')", "there is no function"),
    ("str(1)", "there is no function"),
    ("pow(9, 9)", "there is no function"),
    ("sum(1)", "there is no function"),
    ("min", '"min" is a function: its arguments follow in parentheses'),
    ("{a} == True", "{component.setting} by itself"),
    ("{a} and false", "{component.setting} by itself"),
    ("None", "is no word"),
    ("1 is 1", "write =="),
    ("'a' in {b}", '{component.setting} == "a" or'),
    ("lambda: 1", '"lambda" is no word'),
    ("(yield)", "is no word"),
    ("(await {a})", "is no word"),
    ("min(x for x in {a})", '"for" is no word'),
    # signs
    ("1 = 1", 'column 3: "=" has no meaning in a formula: write == to compare'),
    ("2 ^ 3", "write ** for a power"),
    ("{a} && {b}", '"&&" has no meaning in a formula: write and'),
    ("{a} || {b}", "write or"),
    ("!{a}", "write not"),
    ("{a} ? 1 : 2", "write A if CONDITION else B"),
    ("{a} \u2264 5", "write <="),
    ("2 \u00d7 3", "write *"),
    ("2 \u2212 3", "write -"),
    ("\u201ca\u201d", 'write "'),
    ("1\u00a0+ 1", "write a plain space"),
    ("(x := 1)", '":" has no meaning'),
    ("min(key=1, 2)", '"=" has no meaning'),
    ("~1", "has no meaning"),
    ("1 @ 2", "has no meaning"),
    ("[1]", "has no meaning"),
    ("1; 2", "has no meaning"),
    ("1 # one", "has no meaning"),
    ("1 \\\n + 1", "has no meaning"),
    ("...", '"..." has no meaning'),
    ("1\0", '"\\u0000" has no meaning'),
    ("1\x0c", "has no meaning"),
    ("1 <> 2", 'a value is due before ">"'),
    ("1 << 2", 'column 4: a value is due before "<"'),
    ("min(*{a}, 1)", 'a value is due before "*"'),
    ("min(**{a}, 1)", 'a value is due before "**"'),
    # order
    ("1 2", 'column 3: an operator is due before "2"'),
    ("1 +", 'it ends where a value is due, after "+"'),
    ("* 1", 'column 1: a value is due before "*"'),
    ("1 + * 2", 'column 5: a value is due before "*"'),
    ("\n\n1 +\n  * 2", 'line 4, column 3: a value is due before "*"'),
    ("1 + not 2", "column 5: put not and its operand in parentheses"),
    ("- not 2", "put not"),
    ("1 == not 2", "put not"),
    ("not", "it ends where a value is due"),
    ("()", 'a value is due before ")"'),
    ("min()", 'a value is due before ")"'),
    ("min(1,)", 'a value is due before ")"'),
    ("min(1 2)", "an operator is due"),
    # pairs
    ("1 + (2", "column 5: this ( is never closed"),
    ("(1 + 2))", "column 8: this ) closes no ("),
    ("1) + (2", "column 2: this ) closes no ("),
    ("1, 2", "column 2: a comma stands between arguments of a function only"),
    ("(1, 2)", "a comma stands between"),
    ("min((1, 2))", "a comma stands between"),
    ("1,5 * 2", "a decimal number has a point"),
    ("1 if 2", "column 3: this if has no else"),
    ("1 if 2 if 3 else 4 else 5", "column 3: this if has no else"),
    ("(1 if 2) else 3", "column 4: this if has no else"),
    ("min(1 if 2, 3)", "column 7: this if has no else"),
    ("1 if 2 else 3 else 4", "column 15: this else has no if"),
    ("1 if (2 else 3)", "column 9: this else has no if"),
    # arguments
    ("abs(1, 2)", "abs() takes one argument, not 2"),
    ("round(1, 2, 3)", "round() takes one or two arguments, not 3"),
    ("min(1)", "min() takes two arguments or more, not 1"),
    ("int('ff', 16)", "int() takes one argument"),
    # length and depth
    ("1" + " " * 10000, "a formula has at most 10000 characters, and this one 10001"),
    ("+".join(["1"] * 201), "a formula has at most 400 numbers, names, operators and parentheses"),
    ("+".join(["1"] * 120), "its operators stand in each other more than 100 deep"),
    ("-" * 120 + "1", "more than 100 deep"),
    ("not " * 120 + "1", "more than 100 deep"),
    ("2**" * 120 + "1", "more than 100 deep"),
    ("1 if 2 else " * 60 + "1 +" * 60 + "1", "more than 100 deep"),
    ("(" * 26 + "1" + ")" * 26, "column 26: parentheses stand in each other more than 25 deep"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[ascii(text)[:30] for text, _ in REFUSED])
def test_anything_else_is_refused_with_what_to_write(text, problem):
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.parse(text)
    assert problem in "; ".join(caught.value.problems)


def test_all_strange_words_are_told_at_once():
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.parse("web.mem ^ 2 <= 0x10")
    assert len(caught.value.problems) == 3


def test_no_more_problems_are_told_than_one_can_read():
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.parse("$ " * 1000)
    assert len(caught.value.problems) == 10


def test_the_fields_are_named_once_in_their_order():
    formula = formulas.parse('{web.mem} + {b} * {web[mem]} + {a[0].x y} if {c} == "{d}" else 0')
    assert formula.fields == (("web", "mem"), ("b",), ("a", "0", "x y"), ("c",))


def test_a_placeholder_is_spelt_as_in_a_command():
    differing = []
    for letters in itertools.product(" a.[]", repeat=4):
        field = "{%s}" % "".join(letters)
        if of_command(field) != of_formula(field):
            differing.append((field, of_command(field), of_formula(field)))
    assert not differing


def of_command(field):
    try:
        return [part.path for part in template.parse_arguments(["job", field]).templates[1]]
    except template.TemplateError:
        return None


def of_formula(field):
    try:
        return list(formulas.parse(field).fields)
    except formulas.FormulaError:
        return None


def test_a_conversion_ends_a_field_outside_of_brackets_only():
    assert formulas.parse("{a[b!c:d}e]}").fields == (("a", "b!c:d}e"),)
    assert [part.path for part in template.parse_arguments(["job", "{a[b!c:d}e]}"]).templates[1]] == [("a", "b!c:d}e")]


DEEP = """
import itertools, warnings
warnings.simplefilter("error")
from servo_batch.config import formulas
pairs = [("(", ")"), ("-", ""), ("not ", ""), ("2**", ""), ("2**-", ""), ("abs(", ")"), ("1 if 1<2 else ", ""), ("(1 if ", " else 2)"),
         ("min(1,", ")"), ("", "+1"), ("1<(", ")"), ("(not ", ")")]
read = 0
for one, other in itertools.product(pairs, pairs):
    for depth in (12, 24, 50, 98, 190, 3000):
        nest = [one, other] * (depth // 2)
        try:
            formulas.parse("".join(left for left, _ in nest) + "1" + "".join(right for _, right in reversed(nest)))
            read += 1
        except formulas.FormulaError:
            pass
assert read > 250, read
"""


def test_no_nesting_overflows_a_parser(python, pytestconfig):
    done = subprocess.run(
        [python, "-c", DEEP],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PYTHONPATH": str(pytestconfig.rootpath / "src")},
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_reading_a_configuration_without_formulas_costs_no_parser(pytestconfig):
    code = "import sys; before = set(sys.modules); import servo_batch.config.formulas; print('ast' in set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={"PYTHONPATH": str(pytestconfig.rootpath / "src")}
    )
    assert done.stdout == b"False\n"

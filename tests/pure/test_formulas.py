"""Formulas: what is known of them before there are values, their names and their order.

What they come to, and what is none, is tried with the built file, under more than one Python: calls/test_configuration.
"""

import random
import re

import pytest

from servo_batch import formulas
from servo_batch.formulas import ANYTHING, BOOLEAN, NUMBER, FormulaError

VALUES = {"web.cpu": 4, "web.zero": 0, "web.huge": 2**2000, "size": None, "printed": None, "control": ANYTHING}
# A formula, what has to come of it, and why nothing can.
HOPELESS = [
    ("{web.cpu} + 1", BOOLEAN, "5 is a number where a boolean is due"),
    ("{printed} * 2", BOOLEAN, "a number where a boolean is due"),
    ("1 if {size} > 1 else 2", BOOLEAN, "a number where a boolean is due"),
    ("1 < {size} < 3", NUMBER, "a boolean where a number is due"),
    ("not {printed}", NUMBER, "a boolean where a number is due"),
    ("{printed} or {size}", NUMBER, "a boolean where a number is due"),
    ("{size} > 1 and 'a'", None, "a string where and needs a boolean"),
    ("1 > 2 < 'a'", None, "a string where < needs a number"),
    ("1 if {size} > 1 else 'a' + 1", None, "a string where + needs a number"),
    ("{control.n} % {web.zero}", None, "divides by zero"),
    ("{web.huge} + 1", None, "+ 1 is too large"),
    ("{printed.n}", None, 'there is no "printed.n" (did you mean "printed"?)'),
    ("{zzz} + {size}", None, 'there is no "zzz"; there is web.cpu, web.zero, web.huge, size, printed, control'),
]
NOT_YET = [
    "1 if {size} > 1 else 'a'",
    "1 / {web.zero} if {size} > 1 else 2",
    "{printed}",
    "{control.a.b} + {control.c}",
]


def computed(text, known):
    return formulas.evaluate(formulas.parse(text), known)


def test_what_no_value_could_mend_is_found_though_it_is_not_known_yet():
    for text, due, words in HOPELESS:
        with pytest.raises(FormulaError, match=re.escape(words)):
            formulas.read(text, VALUES, due)


def test_what_is_not_known_yet_comes_to_no_value_and_what_is_not_needed_may_be_missing():
    for text in NOT_YET:
        assert not isinstance(computed(text, VALUES), (int, float, bool, str))
        formulas.read(text, VALUES, NUMBER)
    assert computed("1 if true else {web.missing}", VALUES) == 1


def test_a_field_is_looked_up_below_what_its_first_key_names():
    known = {"control": {"a": {"b": 3}, "c.d": 4, "l": [5, 6], "n": None}, "control.c": 9, "web": 1, "web.cpu": 5}
    for text, value in [("{control.a.b} + {control[c.d]}", 7), ("{control.l[1]}", 6), ("{web} + {web.cpu}", 6)]:
        assert computed(text, known) == value
    for text in ("{control.c}", "{control.a.b.c}", "{control.c.d}", "{control.n}"):
        with pytest.raises(FormulaError, match="has no value"):
            computed(text, known)


def test_each_formula_comes_after_those_it_needs_and_a_circle_or_what_they_give_is_told():
    texts = {"a": "{b} + {c}", "b": "{c} * 2", "c": "{x}", "d": "{e}", "e": "{d} + 1", "f": "{y} > 1", "g": "{f} * 2"}
    read = {name: formulas.parse(text) for name, text in texts.items()}
    found, problems = formulas.computed(read, {"x": 3, "y": None})
    assert found == {"c": 3, "b": 6, "a": 9}
    assert problems.pop("g").endswith("a boolean where * needs a number")
    assert problems == dict.fromkeys("de", "d, e: each needs another one of these, in a circle")


LEAVES = ["0", "9", "-2", "1e308", ".5", "true", "{web.cpu}", "{size}", "{web.huge}"]
FORMS = ["_ + _", "_ * _", "_ / _", "_ % _", "_ ** _", "_ < _ == _", "_ and _", "not _", "_ if _ else _", "max(_, _)"]
FORMS += ["round(_, _)", *(name + "(_)" for name in formulas.FUNCTIONS)]


def formula(choose, depth=0):
    form = choose.choice(LEAVES if depth == 3 or choose.random() < 0.2 else FORMS)
    return "(%s)" % re.sub("_", lambda _: formula(choose, depth + 1), form)


def test_whatever_a_text_says_it_soon_comes_to_a_value_or_is_refused():
    choose = random.Random(5)
    for _ in range(4000):
        text = formula(choose)
        if choose.random() < 0.2:
            text = text.replace(choose.choice(text), choose.choice("(){}'\"\\.,e*=_ \n\0é"))
        try:
            value = computed(text, VALUES)
        except FormulaError:
            continue
        assert not isinstance(value, int) or value == VALUES["web.huge"] or value.bit_length() <= formulas.MAX_BITS

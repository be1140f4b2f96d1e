"""Formulas: what is known of them before there are values, their names and their order.

What they come to, and what is none, is tried with the built file, under more than one Python: calls/test_configuration.
"""

import random
import re

import pytest
from formula_cases import COMPUTED, NO_FORMULAS

from servo_batch import formulas
from servo_batch.formulas import BOOLEAN, NUMBER, FormulaError, Later

VALUES = {"web.cpu": 4, "web.zero": 0, "web.huge": 2**2000, "size": Later(NUMBER), "printed": Later()}


def computed(text, due=None):
    return formulas.evaluate(formulas.parse(text), VALUES, due)


# A formula, what has to come of it, and why nothing can.
HOPELESS = [
    ("{web.cpu} + 1", BOOLEAN, "5 is a number where a boolean is due"),
    ("{size} > 1", NUMBER, "a boolean where a number is due"),
    ("{size} > 1 and 'a'", None, "a string where and needs a boolean"),
    ("1 if {size} > 1 else 'a' + 1", None, "a string where + needs a number"),
    ("{size} % {web.zero}", None, "divides by zero"),
    ("{web.huge} + 1", None, "+ 1 is too large"),
]
KINDS = {
    "{printed} * 2": NUMBER,
    "1 < {size} < 3": BOOLEAN,
    "1 if {size} > 1 else 2": NUMBER,
    "1 if {size} > 1 else 'a'": None,
    "1 / {web.zero} if {size} > 1 else 2": None,
    "{printed}": None,
}


def test_what_no_value_could_mend_is_found_though_it_is_not_known_yet():
    for text, due, words in HOPELESS:
        with pytest.raises(FormulaError, match=re.escape(words)):
            computed(text, due)


def test_of_what_is_not_known_yet_only_the_kind_is_and_what_is_not_needed_may_be_missing():
    assert {text: computed(text).kind for text in KINDS} == KINDS
    assert computed("1 if true else {web.missing}") == 1


def test_fields_that_nothing_is_called_are_told_with_what_there_is():
    hints = 'there is no "web.cpus" (did you mean "web.cpu"?); there is no "zzz"; there is web.cpu, control'
    with pytest.raises(FormulaError, match=re.escape(hints)):
        formulas.read("{web.cpus} + {control.n} + {zzz}", {"web.cpu": 4, "control": Later()})


def test_a_field_is_looked_up_below_what_its_first_key_names():
    known = {"control": {"a": {"b": 3}, "c.d": 4, "l": [5, 6]}, "control.c": 9, "web": 1, "web.cpu": 5}
    for text, value in [("{control.a.b} + {control[c.d]}", 7), ("{control.l[1]}", 6), ("{web} + {web.cpu}", 6)]:
        assert formulas.evaluate(formulas.parse(text), known) == value
    for text in ("{control.c}", "{control.a.b.c}", "{control.c.d}"):
        with pytest.raises(FormulaError):
            formulas.evaluate(formulas.parse(text), known)


def test_each_formula_comes_after_those_it_needs_and_a_circle_is_told():
    texts = {"a": "{b} + {c}", "b": "{c} * 2", "c": "{x}", "d": "{e}", "e": "{d} + 1"}
    found, circles = formulas.order({name: formulas.parse(text) for name, text in texts.items()})
    assert list(found) == ["c", "b", "a"]
    assert circles == ["d, e: each needs another one of these, in a circle"]


SIGNS = ["**", "*", "/", "//", "%", "+", "-", "<", "==", "(", ")", ",", "if", "else", "and", "or", "not"]
LEAVES = ["0", "1", "2", "9", "1e308", ".5", "true", "'a'", "{web.cpu}", "{size}", "{web.zero}", "{web.huge}"]
PIECES = SIGNS + LEAVES + [name + "(" for name in formulas.FUNCTIONS]


def random_text(choose):
    """Return pieces in any order, or a formula of the tables with some of its characters changed."""
    if choose.random() < 0.5:
        return " ".join(choose.choice(PIECES) for _ in range(choose.randint(1, 30)))
    text = list(choose.choice(COMPUTED + NO_FORMULAS)[0][:1000])
    for _ in range(choose.randint(1, 5)):
        text.insert(choose.randint(0, len(text)), choose.choice("(){}'\"\\.,09eE*/%<=_ \n\0é"))
    return "".join(text)


def test_whatever_a_text_says_it_soon_comes_to_a_value_or_is_refused():
    choose = random.Random(5)
    for _ in range(4000):
        try:
            value = computed(random_text(choose))
        except FormulaError:
            continue
        assert isinstance(value, (int, float, bool, str, Later))
        assert not isinstance(value, int) or value == VALUES["web.huge"] or value.bit_length() <= formulas.MAX_BITS

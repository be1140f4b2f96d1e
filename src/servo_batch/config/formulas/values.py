"""A formula and values → what it comes to, in bounded time and memory whatever it says."""

import math
import operator

from servo_batch import wording
from servo_batch.config.formulas import kinds
from servo_batch.config.formulas.names import name
from servo_batch.config.formulas.words import MAX_DIGITS, NUMBER, FormulaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    from servo_batch.config.formulas.words import Formula, Node, Path

    LookUp = Callable[[Path], Any]

MAX_BITS = 1024  # of an integer: the range of a float
MAX_CHARACTERS = 100000  # of a string
MAX_SHOWN = 1000
OPERATORS: "Dict[str, Callable[..., Any]]" = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FUNCTIONS: "Dict[str, Callable[..., Any]]" = {
    "abs": abs,
    "ceil": math.ceil,
    "float": float,
    "floor": math.floor,
    "int": int,
    "log": math.log,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}


class Later:
    """The kind of LATER, which stands for a value that nobody knows yet: what a job will have printed."""


LATER = Later()


class _NoValueError(Exception):
    """Why a formula comes to nothing."""


def evaluate(formula: "Formula", look_up: "LookUp", due: "Optional[str]" = None) -> "Any":
    """Return what the formula comes to: an int, a finite float, a string or a boolean.

    ``look_up`` returns the value of a field's keys, or raises KeyError; what else it raises is passed on. It is asked
    only for what is needed: ``{a} / {b} if {b} > 0 else 0`` may lack ``a``. ``due`` (NUMBER, STRING, BOOLEAN) is what
    has to come of it. Raises ``FormulaError`` that shows the formula with its values.

    Where ``look_up`` returns LATER for a value that comes to matter, LATER is what is returned, unless something is
    wrong already whatever that value will be.
    """
    read: "Dict[Path, Any]" = {}

    def value_of(path: "Path") -> "Any":
        if path not in read:
            try:
                value = look_up(path)
            except KeyError:
                value = None
            if value is None:
                raise _NoValueError("{%s} has no value" % name(path))
            if value is LATER:
                return LATER
            read[path] = value
            fault = _fault(value)
            if fault:
                raise _NoValueError("{%s} %s" % (name(path), fault))
        return read[path]

    try:
        value = _value(formula.tree, value_of)
        if value is not LATER and due and wording.kind(value) != due:
            raise _NoValueError(kinds.misfit(wording.shown(value), wording.kind(value), due))
    except _NoValueError as error:
        # A formula without fields says as much as its values.
        texts = dict.fromkeys((_one_line(formula.text), shown(formula, read.__getitem__), str(error)))
        raise FormulaError(": ".join(texts)) from None
    return value


def shown(formula: "Formula", look_up: "LookUp") -> str:
    """Return the formula with the values put in, ``40 * 8 <= 256``; a field for which there is a KeyError stays."""
    parts: "List[str]" = []
    done = 0
    for start, end, path in formula.places:
        try:
            value = look_up(path)
        except KeyError:
            continue
        parts += [formula.text[done:start], _operand(value, formula.text[end:])]
        done = end
    return _one_line("".join(parts) + formula.text[done:])


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _operand(value: "Any", rest: str) -> str:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return "…"  # Python 3.11 writes no more than 4300 digits
    # -2 ** 2 is another formula than (-2) ** 2.
    braced = wording.is_number(value) and value < 0 and rest.lstrip().startswith("**")
    return ("(%s)" if braced else "%s") % wording.shown(value)


def _value(node: "Node", value_of: "LookUp") -> "Any":
    if node.what == "value":
        return node.sign
    if node.what == "field":
        return value_of(node.sign)
    if node.what == "choice":
        condition, yes, no = node.parts
        truth = _truth(condition, "if", value_of)
        return LATER if truth is LATER else _value(yes if truth else no, value_of)
    if node.what == "logic":
        return _logic(node, value_of)
    if node.what == "compare":
        values = (_value(part, value_of) for part in node.parts)
        left = next(values)
        for sign, right in zip(node.sign, values):
            holds = _holds(sign, left, right)
            if holds is not True:
                return holds
            left = right
        return True
    return _computed(node, [_value(part, value_of) for part in node.parts])


def _logic(node: "Node", value_of: "LookUp") -> "Any":
    if node.sign == "not":
        truth = _truth(node.parts[0], node.sign, value_of)
        return LATER if truth is LATER else not truth
    decisive = node.sign == "or"
    for part in node.parts:
        truth = _truth(part, node.sign, value_of)
        if truth is LATER or truth is decisive:
            return truth
    return not decisive


def _truth(node: "Node", by: str, value_of: "LookUp") -> "Any":
    value = _value(node, value_of)
    if value is not LATER and not isinstance(value, bool):
        raise _NoValueError(kinds.misfit(wording.shown(value), wording.kind(value), kinds.BOOLEAN, by))
    return value


def _holds(sign: str, left: "Any", right: "Any") -> "Any":
    if sign not in ("==", "!="):
        _need_numbers(sign, left, right)
    if left is LATER or right is LATER:
        return LATER
    if sign in ("==", "!=") and wording.kind(left) != wording.kind(right):
        return sign == "!="
    return bool(OPERATORS[sign](left, right))


def _need_numbers(by: str, *values: "Any") -> None:
    for value in values:
        if value is not LATER and not wording.is_number(value):
            raise _NoValueError(kinds.misfit(wording.shown(value), wording.kind(value), kinds.NUMBER, by))


def _computed(node: "Node", values: "List[Any]") -> "Any":
    may_be_strings = [value for value in values if value is LATER or isinstance(value, str)]
    joins = node.what == "arithmetic" and node.sign == "+" and len(may_be_strings) == 2
    if not joins and node.sign not in kinds.ANY_KIND:
        _need_numbers(kinds.operation(node), *values)
    if any(value is LATER for value in values):
        return LATER
    fault = _fault_of_operands(node.sign, values)
    if not fault:
        try:
            value = _function(node)(*values)
        except ZeroDivisionError:
            fault = "divides by zero"
        except OverflowError:
            fault = "is too large"
        except ValueError:  # a root or a logarithm of what has none (math)
            fault = "is not a number"
        else:
            fault = _fault(value)
            if not fault:
                return value
    raise _NoValueError("%s %s" % (_written(node, values), fault))


def _function(node: "Node") -> "Callable[..., Any]":
    if node.what == "unary":
        return operator.neg if node.sign == "-" else operator.pos
    return FUNCTIONS[node.sign] if node.what == "function" else OPERATORS[node.sign]


def _written(node: "Node", values: "List[Any]") -> str:
    if node.what == "arithmetic":
        return "%s %s %s" % (_operand(values[0], node.sign), node.sign, wording.shown(values[1]))
    return "%s(%s)" % (node.sign, ", ".join(map(wording.shown, values)))


def _fault_of_operands(sign: str, values: "List[Any]") -> str:
    """Return why an operation has no result, or would take long before that could be looked at; else nothing."""
    if sign in kinds.ANY_KIND and isinstance(values[0], str):
        digits = values[0][1:] if values[0][:1] in ("+", "-") else values[0]
        if len(digits) > MAX_DIGITS or not NUMBER.match(digits):
            return "needs a plain decimal number"
        if sign == "int" and not digits.isdigit():
            return "needs an integer: float() takes a fraction"
    if sign == "**" and all(isinstance(value, int) for value in values):
        base, exponent = values
        if (base.bit_length() - 1) * exponent > MAX_BITS:
            return "is too large"
    # round(5, -10**9) computes 10**10**9
    if sign == "round" and len(values) == 2 and not (isinstance(values[1], int) and abs(values[1]) <= MAX_DIGITS):
        return "needs an integer from -%d to %d for the digits" % (MAX_DIGITS, MAX_DIGITS)
    return ""


def _fault(value: "Any") -> str:
    """Return why a value can be none of a formula's; else nothing."""
    if isinstance(value, str):
        return "is too long, with %d characters" % len(value) if len(value) > MAX_CHARACTERS else ""
    if isinstance(value, int):
        return "is too large" if value.bit_length() > MAX_BITS else ""
    if isinstance(value, float):
        return "is not a number" if math.isnan(value) else "is too large" if math.isinf(value) else ""
    if isinstance(value, complex):
        return "is not a real number"
    return "is %s, not a value" % wording.kind(value)

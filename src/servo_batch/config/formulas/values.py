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


class _NoValueError(Exception):
    """Why a formula comes to nothing."""


def evaluate(formula: "Formula", look_up: "LookUp", due: "Optional[str]" = None) -> "Any":
    """Return what the formula comes to: an int, a finite float, a string or a boolean.

    ``look_up`` returns the value of a field's keys, or raises KeyError; what else it raises is passed on. It is asked
    only for what is needed: ``{a} / {b} if {b} > 0 else 0`` may lack ``a``. ``due`` (NUMBER, STRING, BOOLEAN) is what
    has to come of it. Raises ``FormulaError`` that shows the formula with its values.
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
            read[path] = value
        return _bounded(read[path], "{%s}" % name(path))

    try:
        value = _value(formula.tree, value_of)
        if due and wording.kind(value) != due:
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
    braced = _is_number(value) and value < 0 and rest.lstrip().startswith("**")
    return ("(%s)" if braced else "%s") % wording.shown(value)


def _is_number(value: "Any") -> bool:
    return wording.kind(value) == kinds.NUMBER


def _value(node: "Node", value_of: "LookUp") -> "Any":
    if node.what == "value":
        return node.sign
    if node.what == "field":
        return value_of(node.sign)
    if node.what == "choice":
        condition, yes, no = node.parts
        return _value(yes if _truth(condition, "if", value_of) else no, value_of)
    if node.what == "logic":
        truths = (_truth(part, node.sign, value_of) for part in node.parts)
        return all(truths) if node.sign == "and" else any(truths) if node.sign == "or" else not next(truths)
    if node.what == "compare":
        values = (_value(part, value_of) for part in node.parts)
        left = next(values)
        for sign, right in zip(node.sign, values):
            if not _holds(sign, left, right):
                return False
            left = right
        return True
    return _computed(node, [_value(part, value_of) for part in node.parts])


def _truth(node: "Node", by: str, value_of: "LookUp") -> bool:
    value = _value(node, value_of)
    if not isinstance(value, bool):
        raise _NoValueError(kinds.misfit(wording.shown(value), wording.kind(value), kinds.BOOLEAN, by))
    return value


def _holds(sign: str, left: "Any", right: "Any") -> bool:
    if sign not in ("==", "!="):
        _need_numbers(sign, left, right)
    elif wording.kind(left) != wording.kind(right):
        return sign == "!="
    return bool(OPERATORS[sign](left, right))


def _need_numbers(by: str, *values: "Any") -> None:
    for value in values:
        if not _is_number(value):
            raise _NoValueError(kinds.misfit(wording.shown(value), wording.kind(value), kinds.NUMBER, by))


def _computed(node: "Node", values: "List[Any]") -> "Any":
    sign = node.sign
    if node.what == "function":
        function = FUNCTIONS[sign]
        text = "%s(%s)" % (sign, ", ".join(map(wording.shown, values)))
    elif node.what == "unary":
        function = operator.neg if sign == "-" else operator.pos
        text = "%s(%s)" % (sign, wording.shown(values[0]))
    else:
        function = OPERATORS[sign]
        text = "%s %s %s" % (_operand(values[0], sign), sign, wording.shown(values[1]))
    if sign in kinds.ANY_KIND:
        if isinstance(values[0], str):
            _need_plain_number(sign, values[0], text)
    elif not (node.what == "arithmetic" and sign == "+" and all(isinstance(value, str) for value in values)):
        _need_numbers(kinds.operation(node), *values)
    _need_bounded_work(sign, values, text)
    try:
        return _bounded(function(*values), text)
    except ZeroDivisionError:
        raise _NoValueError("%s divides by zero" % text) from None
    except OverflowError:
        raise _NoValueError("%s is too large" % text) from None
    except ValueError:  # a root or a logarithm of what has none (math)
        raise _NoValueError("%s is not a number" % text) from None


def _need_plain_number(function: str, value: str, text: str) -> None:
    digits = value[1:] if value[:1] in ("+", "-") else value
    if len(digits) > MAX_DIGITS or not NUMBER.match(digits) or (function == "int" and not digits.isdigit()):
        due = "an integer" if function == "int" else "a decimal number"
        raise _NoValueError("%s: the string is not %s" % (text, due))


def _need_bounded_work(sign: str, values: "List[Any]", text: str) -> None:
    """Refuse what would take long before its result could be looked at."""
    if sign == "**" and all(isinstance(value, int) for value in values):
        base, exponent = values
        if (base.bit_length() - 1) * exponent > MAX_BITS:
            raise _NoValueError("%s is too large" % text)
    # round(5, -10**9) computes 10**10**9
    if sign == "round" and len(values) == 2 and not (isinstance(values[1], int) and abs(values[1]) <= MAX_DIGITS):
        raise _NoValueError("%s: how many digits is an integer from -%d to %d" % (text, MAX_DIGITS, MAX_DIGITS))


def _bounded(value: "Any", text: str) -> "Any":
    if isinstance(value, str):
        if len(value) > MAX_CHARACTERS:
            raise _NoValueError("%s is too long, with %d characters" % (text, len(value)))
    elif isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise _NoValueError("%s is too large" % text)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _NoValueError("%s is %s" % (text, "not a number" if math.isnan(value) else "too large"))
    elif isinstance(value, complex):
        raise _NoValueError("%s is not a real number" % text)
    else:
        raise _NoValueError("%s is %s, not a value" % (text, wording.kind(value)))
    return value

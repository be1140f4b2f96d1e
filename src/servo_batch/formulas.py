"""Formulas: derived settings, constraints, metrics and objectives. What they need, and what they come to.

A formula is arithmetic with placeholders (manual, "Formulas"). Python's parser says what binds to what: it sees the
operators as they stand, and in place of each number, text and placeholder a name. Of its tree the nodes that are listed
here are walked over, and nothing is executed. Values are numbers, text and booleans, and each stays what it is:
arithmetic and ``<`` take numbers only, ``if and or not`` booleans, and ``==`` of two kinds is false.
"""

import ast
import math
import operator
import re

from servo_batch import wording
from servo_batch.formats import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    # Values by the names of fields, None for what nobody knows yet; or by a first key a mapping of what is below it.
    Known = Dict[str, Any]
    Leaf = Callable[[str], Any]  # returns the value of a name in the tree, or raises FormulaError

NUMBER, BOOLEAN = "a number", "a boolean"  # as wording.kind has them
ANYTHING = object()  # stands for a mapping of which nobody knows yet what is in it
# Within these bounds every Python parses and walks whatever there is; that of 3.6 overflows at 60 parentheses.
MAX_WORDS, MAX_PARENTHESES = 200, 40
MAX_DIGITS, MAX_BITS = 308, 1024  # the range of a float, in decimal digits, and in bits of an integer
MAX_SHOWN = 1000
# A placeholder ends where it ends in a format string.
TOKEN = re.compile(
    r"""(?P<field>\{(?:[^][{}]|\[[^]{}]*\])*\})
    |(?P<text>"(?:[^"\\]|\\["\\])*"|'(?:[^'\\]|\\['\\])*')
    |(?P<number>(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    |(?P<word>[\w.]+|\*\*|//|[<>=!]=|\S)""",
    re.VERBOSE,
)
SIGNS = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
    ast.USub: ("-", operator.neg),
    ast.UAdd: ("+", operator.pos),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Not: ("not", operator.not_),
}  # type: Dict[Any, Tuple[str, Callable[..., Any]]]
FUNCTIONS = {
    each.__name__: each for each in (abs, math.ceil, float, math.floor, int, math.log, max, min, round, math.sqrt)
}  # type: Dict[str, Callable[..., Any]]
ARGUMENTS = {"log": (1, 2), "max": (2, MAX_WORDS), "min": (2, MAX_WORDS), "round": (1, 2)}  # of the others one
TRUTHS = {"true": True, "false": False}
KNOWN = (*dict.fromkeys(sign for sign, _ in SIGNS.values()), *"(),", "and", "or", "if", "else", *FUNCTIONS)


class FormulaError(ValueError):
    """What is wrong with a formula, or why it comes to nothing, as one sentence."""


class _KindError(FormulaError):
    """A value of another kind than is due: no other value of its kind would do."""


class _Later:
    """A value that nobody knows yet, and its ``kind``, None where that is not certain."""

    def __init__(self, kind: "Optional[str]" = None) -> None:
        self.kind = kind


class Formula:
    """A formula that can be read: its ``text``, Python's tree of it, and what its names stand for there.

    A leaf is a value or, a tuple, the keys of a placeholder; ``fields`` has these once each. What comes of it has to be
    of the kind that is ``due``: NUMBER, BOOLEAN, or None for any.
    """

    def __init__(self, text: str, tree: "Any", leaves: "Dict[str, Any]") -> None:
        self.text = text
        self.tree = tree
        self.leaves = leaves
        self.due: "Optional[str]" = None
        self.fields = tuple(dict.fromkeys(leaf for leaf in leaves.values() if isinstance(leaf, tuple)))
        self.names = [".".join(field) for field in self.fields]  # ``web.cpu``, of ``{web.cpu}`` and ``{web[cpu]}``


def parse(text: str) -> Formula:
    """Return the formula of a text; raise ``FormulaError`` where it is none, whatever its placeholders stand for."""
    leaves: "Dict[str, Any]" = {}
    words: "List[str]" = []
    for match in TOKEN.finditer(text):
        word = match.group()
        if word not in KNOWN:
            word = f"_{len(leaves)}"
            leaves[word] = _leaf(match)
        words.append(word)
        if len(words) > MAX_WORDS or words.count("(") > MAX_PARENTHESES:
            raise FormulaError(f"a formula has at most {MAX_WORDS} words and {MAX_PARENTHESES} parentheses: shorten it")
    try:
        formula = Formula(text, ast.parse(" ".join(words), mode="eval").body, leaves)
        evaluate(formula, dict.fromkeys(formula.names))
    except (SyntaxError, MemoryError, RecursionError):
        what = "an operator, a value, a parenthesis, a comma or an else is missing or misplaced"
        raise FormulaError(f"{_one_line(text)} is no formula: {what}") from None
    return formula


def _leaf(match: "Any") -> "Any":
    """Return the keys of a placeholder, or the value of a text, a number or a truth; raise ``FormulaError``."""
    token, kind = match.group(), match.lastgroup
    place = f"column {match.start() + 1}: {wording.shown(token)}"
    if kind == "field":
        try:
            return paths.keys(token[1:-1])
        except ValueError as error:
            raise FormulaError(f"{place}: {error}") from None
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if kind == "number":
        if math.isinf(float(token)):
            raise FormulaError(f"{place} is too large")
        return int(token) if token.isdigit() else float(token)
    if token not in TRUTHS:
        words = (*KNOWN, *TRUTHS)
        meant = "names stand in braces, {web.cpu}, text in quotes, and numbers are decimal; else there is"
        hint = (token[0].isalpha() and wording.did_you_mean(token, words)) or f": {meant} {' '.join(words)}"
        raise FormulaError(f"{place} has no meaning in a formula{hint}")
    return TRUTHS[token]


def read(text: "Any", known: "Known", due: "Optional[str]" = None) -> Formula:
    """Return the formula that a text is over what is ``known``; raise ``FormulaError`` where it is none."""
    if not isinstance(text, str):
        raise FormulaError(f"must be a formula, a string, but is {wording.found(text)}")
    formula = parse(text)
    formula.due = due
    there = f"; there is {_one_line(', '.join(known)) or 'nothing'}"
    unknown = [name for name, field in zip(formula.names, formula.fields) if _found(known, field) is None]
    if unknown:
        hints = [f"there is no {wording.shown(name)}{wording.did_you_mean(name, known) or there}" for name in unknown]
        raise FormulaError("; ".join(hints))
    evaluate(formula, known)
    return formula


def computed(formulas: "Dict[str, Formula]", known: "Known") -> "Tuple[Dict[str, Any], Dict[str, str]]":
    """Return what formulas come to, each after those it needs, and why those come to nothing that do.

    In neither is what nobody knows yet.
    """
    values: "Dict[str, Any]" = {}
    problems: "Dict[str, str]" = {}
    left = dict(formulas)
    while left:
        ready = [name for name, each in left.items() if left.keys().isdisjoint(each.names)]
        if not ready:
            circle = f"{', '.join(left)}: each needs another one of these, in a circle"
            problems.update(dict.fromkeys(left, circle))
            break
        for name in ready:
            try:
                values[name] = evaluate(left.pop(name), {**known, **values})
            except FormulaError as error:
                problems[name] = str(error)
    return {name: value for name, value in values.items() if not isinstance(value, _Later)}, problems


def evaluate(formula: Formula, known: "Known") -> "Any":
    """Return what the formula comes to: an int, a finite float, a text or a boolean; none of these if it comes later.

    Of what is ``known`` only that is looked at which is needed: ``{a} / {b} if {b} > 0 else 0`` may lack ``a``. Raises
    ``FormulaError`` that shows the formula with its values.
    """

    def leaf(name: str) -> "Any":
        value = formula.leaves[name]
        if not isinstance(value, tuple):
            return value
        found = _found(known, value)
        if found is None:
            raise FormulaError(f"{{{'.'.join(value)}}} has no value")
        return found

    try:
        return _need(formula.due, "", _value(formula.tree, leaf))
    except FormulaError as error:
        texts = dict.fromkeys((_one_line(formula.text), shown(formula, known), str(error)))
        raise FormulaError(": ".join(texts)) from None


def shown(formula: Formula, known: "Known") -> str:
    """Return the formula with the values put in, ``40 * 8 <= 256``; a field that has none stays."""

    def put_in(match: "Any") -> str:
        value = _found(known, paths.keys(match.group()[1:-1])) if match.group("field") else None
        return match.group() if value is None or isinstance(value, _Later) else _written(value)

    return _one_line(TOKEN.sub(put_in, formula.text))


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _written(value: "Any") -> str:
    text = "…" if isinstance(value, _Later) else wording.shown(value)
    return f"({text})" if text.startswith("-") else text  # -2 ** 2 is another formula than (-2) ** 2


def _found(known: "Known", keys: "Tuple[str, ...]") -> "Any":
    """Return the value of a field, None where it has none: what it names, or what is below its first key."""
    first, name = known.get(keys[0]), ".".join(keys)
    if first is ANYTHING or (name in known and known[name] is None):
        return _Later()
    if not isinstance(first, dict):
        return known.get(name)
    try:
        return paths.look_up(first, keys[1:])
    except LookupError:
        return None


def _kind(value: "Any") -> "Optional[str]":
    return value.kind if isinstance(value, _Later) else wording.kind(value)


def _need(due: "Optional[str]", by: str, *values: "Any") -> "Any":
    """Return the last of ``values``, which are all of the kind that is ``due``; ``by`` is what needs them."""
    for value in values:
        kind = _kind(value)
        if due and kind not in (None, due):
            needed = f"{by} needs {due}" if by else f"{due} is due"
            raise _KindError(f"{_written(value)} is {kind} where {needed}")
    return value


def _value(node: "Any", leaf: "Leaf") -> "Any":
    """Return what a node of the tree comes to; raise ``SyntaxError`` for one that is no part of a formula."""
    if isinstance(node, ast.Name) and node.id not in FUNCTIONS:
        return leaf(node.id)
    if isinstance(node, ast.IfExp):
        truth = _need(BOOLEAN, "if", _value(node.test, leaf))
        if not isinstance(truth, _Later):
            return _value(node.body if truth else node.orelse, leaf)
        kinds = {_kind(_perhaps(branch, leaf)) for branch in (node.body, node.orelse)}
        return _Later(kinds.pop() if len(kinds) == 1 else None)
    if isinstance(node, ast.BoolOp):
        return _joined("or" if isinstance(node.op, ast.Or) else "and", node.values, leaf)
    if isinstance(node, ast.Compare):
        return _compared(node.ops, [_value(each, leaf) for each in (node.left, *node.comparators)])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        name, nodes = node.func.id, node.args
        least, most = ARGUMENTS.get(name, (1, 1))
        if least <= len(nodes) <= most and not node.keywords:
            return _computed(name, FUNCTIONS[name], [_value(each, leaf) for each in nodes])
    if isinstance(node, (ast.UnaryOp, ast.BinOp)):
        nodes = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
        return _computed(*SIGNS[type(node.op)], [_value(each, leaf) for each in nodes])
    raise SyntaxError


def _perhaps(node: "Any", leaf: "Leaf") -> "Any":
    """Return the value of a part that may not be needed: that it has none is no problem yet."""
    try:
        return _value(node, leaf)
    except _KindError:
        raise
    except FormulaError:
        return _Later()


def _joined(by: str, nodes: "List[Any]", leaf: "Leaf") -> "Any":
    later: "Optional[_Later]" = None
    for node in nodes:
        value = _need(BOOLEAN, by, _perhaps(node, leaf) if later else _value(node, leaf))
        if isinstance(value, _Later):
            later = _Later(BOOLEAN)
        elif not later and value is (by == "or"):
            return value
    return later or by == "and"


def _compared(signs: "List[Any]", values: "List[Any]") -> "Any":
    truth: "Any" = True
    for (sign, compare), left, right in zip([SIGNS[type(each)] for each in signs], values, values[1:]):
        if sign not in ("==", "!="):
            _need(NUMBER, sign, left, right)
        if isinstance(left, _Later) or isinstance(right, _Later):
            truth = truth and _Later(BOOLEAN)
        else:
            holds = compare(left, right) if _kind(left) == _kind(right) else sign == "!="
            truth = holds and truth
    return truth


def _computed(name: str, function: "Callable[..., Any]", values: "List[Any]") -> "Any":
    """Return what an operator or a function makes of ``values``; what would take long is refused before."""
    is_call, due = name in FUNCTIONS, BOOLEAN if name == "not" else NUMBER
    _need(due, f"{name}()" if is_call else name, *values)
    is_whole = [isinstance(value, int) for value in values]
    try:
        if name in ("/", "//", "%") and values[1] == 0:
            raise ZeroDivisionError
        if any(isinstance(value, _Later) for value in values):
            return _Later(due)
        if name == "**" and all(is_whole) and (values[0].bit_length() - 1) * values[1] > MAX_BITS:
            raise OverflowError
        if name == "round" and len(values) == 2 and not (is_whole[1] and abs(values[1]) <= MAX_DIGITS):
            raise ValueError  # round(5, -10**9) comes by way of 10**10**9
        result = function(*values)
        if isinstance(result, complex):
            raise ValueError
        if abs(result) >= 2**MAX_BITS:
            raise OverflowError
        return result
    except OverflowError:
        fault = "is too large"
    except ZeroDivisionError:
        fault = "divides by zero"
    except ValueError:  # a root or a logarithm of what has none
        fault = "is not a number"
    texts = [_written(value) for value in values]
    written = f"{name}({', '.join(texts)})" if is_call or len(texts) == 1 else f"{texts[0]} {name} {texts[1]}"
    raise FormulaError(f"{written} {fault}")

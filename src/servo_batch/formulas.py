"""Formulas: derived settings, constraints, metrics and objectives. What they need, and what they come to.

A formula is arithmetic with placeholders (manual, "Formulas"). Python's parser says what binds to what. It sees the
operators as they stand, and in place of each number, text and placeholder a name; the nodes of its tree that are listed
here become functions, and nothing else is executed. Values are numbers, text and booleans, and each stays what it is:
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
    from typing import Any, Callable, Container, Dict, Iterable, List, Optional, Tuple

    LookUp = Callable[[Tuple[str, ...]], Any]
    Part = Callable[[LookUp], Any]  # returns a value, or raises _NoValueError

NUMBER, BOOLEAN, TEXT = "a number", "a boolean", "a string"  # as wording.kind has them
# Within these bounds every Python parses and walks whatever there is; that of 3.6 overflows at 60 parentheses.
MAX_LENGTH, MAX_WORDS, MAX_PARENTHESES, MAX_DEPTH = 4000, 400, 25, 100
MAX_DIGITS, MAX_BITS = 308, 1024  # of a number as it is written, and of an integer: the range of a float
MAX_SHOWN, MAX_LISTED = 1000, 10
# What has a value. A placeholder ends where it ends in a format string.
LEAF = re.compile(
    r"""(?P<field>\{(?:[^][{}]|\[[^]{}]*\])*\})
    |(?P<text>"(?:[^"\\]|\\["\\])*"|'(?:[^'\\]|\\['\\])*')
    |(?P<number>(?<![\w.])\.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*)
    |(?P<truth>\b(?:true|false)\b)""",
    re.VERBOSE,
)
DECIMAL = re.compile(r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
WORD = re.compile(r"[^\W\d][\w.]*|\*\*|//|[<>=!]=|\S")
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
}  # type: Dict[Any, Tuple[str, Callable[..., Any]]]
FUNCTIONS = {
    each.__name__: each for each in (abs, math.ceil, float, math.floor, int, math.log, max, min, round, math.sqrt)
}  # type: Dict[str, Callable[..., Any]]
ARGUMENTS = {"log": (1, 2), "max": (2, MAX_WORDS), "min": (2, MAX_WORDS), "round": (1, 2)}  # of the others one
KNOWN = frozenset(("and", "else", "if", "not", "or", *FUNCTIONS, "(", ")", ",", *(sign for sign, _ in SIGNS.values())))
HINTS = {"=": "==", "!": "not", "^": "**", "&": "and", "|": "or", "≤": "<=", "≥": ">=", "is": "=="}


class FormulaError(ValueError):
    """What is wrong with a formula, or why it comes to nothing, as one sentence."""


class _NoValueError(Exception):
    """Why a part of a formula has no value."""


class _KindError(_NoValueError):
    """A value of another kind than is due: no other value of its kind would do."""


class Later:
    """What stands for a value that nobody knows yet; of its ``kind`` it will be, None where that is not certain."""

    def __init__(self, kind: "Optional[str]" = None) -> None:
        self.kind = kind


class Formula:
    """A formula that can be read: its ``text``, the keys of each placeholder once, and what it computes."""

    def __init__(self, text: str, places: "List[Tuple[int, int, Tuple[str, ...]]]", part: "Part") -> None:
        self.text = text
        self.places = places  # of each placeholder: where it begins and ends, and its keys
        self.fields = tuple(dict.fromkeys(keys for _, _, keys in places))
        self.part = part

    @property
    def names(self) -> "List[str]":
        """The names of the fields: ``web.cpu``, of both ``{web.cpu}`` and ``{web[cpu]}``."""
        return [".".join(field) for field in self.fields]


def parse(text: str) -> Formula:
    """Return the formula of a text; raise ``FormulaError`` where it is none."""
    if not text.strip() or len(text) > MAX_LENGTH:
        raise FormulaError(
            f"a formula has 1 to {MAX_LENGTH} characters, such as {{web.mem}} * 0.75, and this one {len(text)}"
        )
    places: "List[Tuple[int, int, Tuple[str, ...]]]" = []
    leaves: "Dict[int, Tuple[int, Part]]" = {}
    for match in LEAF.finditer(text):
        leaves[match.start()] = (len(match.group()), _leaf(match, places))
    source = LEAF.sub(lambda match: "_" * len(match.group()), text)  # so that the parser's columns are the text's
    _check_words(text, source)
    try:
        tree = ast.parse("(" + re.sub(r"\s", " ", source) + ")", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError(
            f"{_one_line(text)} is no formula: an operator, a value, an else or a comma is missing or misplaced"
        ) from None
    return Formula(text, places, _part(text, leaves, tree, MAX_DEPTH))


def _refusal(pos: int, problem: str) -> FormulaError:
    return FormulaError(f"column {pos + 1}: {problem}")


def _leaf(match: "Any", places: "List[Tuple[int, int, Tuple[str, ...]]]") -> "Part":
    """Return what looks up a placeholder, which is added to ``places``, or gives the value of a number or a text."""
    token, value = match.group(), None  # type: str, Any
    if not token.isprintable():
        raise _refusal(match.start(), f"{wording.shown(token)} holds a character that cannot be seen")
    if match.lastgroup == "field":
        if re.search(r"[!:](?![^[]*\])", token):
            raise _refusal(
                match.start(), f"{token}: a formula takes a value as it is: without a conversion or a format"
            )
        try:
            keys = paths.keys(token[1:-1])
        except paths.PathError as error:
            raise _refusal(match.start() + 1 + error.pos, f"{token}: {error}") from None
        places.append((match.start(), match.end(), keys))
        return lambda look_up: _looked_up(look_up, keys)
    if match.lastgroup == "text":
        value = re.sub(r"\\(.)", r"\1", token[1:-1])
    elif match.lastgroup == "truth":
        value = token == "true"
    elif DECIMAL.match(token) and len(token) <= MAX_DIGITS and not math.isinf(float(token)):
        value = int(token) if token.isdigit() else float(token)
    else:
        raise _refusal(match.start(), f"{wording.shown(token)} is no plain decimal number, such as 15, 0.5 or 1.5e3")
    return lambda look_up: value


def _check_words(text: str, source: str) -> None:
    """Raise ``FormulaError`` for what has no meaning in a formula, and for more than every Python can parse."""
    depth = 0
    for count, match in enumerate(WORD.finditer(source)):
        word, pos = text[match.start() : match.end()], match.start()
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth < 0:
            raise _refusal(pos, "this ) closes no (")
        if count == MAX_WORDS or depth > MAX_PARENTHESES:
            raise _refusal(pos, f"a formula has at most {MAX_WORDS} words, and parentheses {MAX_PARENTHESES} deep")
        if match.group() in KNOWN or not match.group().strip("_"):
            continue
        if word in "\"'{":
            raise _refusal(pos, f"the {'placeholder' if word == '{' else 'text'} that starts here is never closed")
        hint = wording.did_you_mean(word.lower(), [*KNOWN, "true", "false"])
        if word in HINTS:
            hint = f": write {HINTS[word]}"
        elif word[0].isalpha() and not hint:
            hint = f": a setting or a metric stands in braces, {{{word}}}, text in quotes, and a function is one of "
            hint += ", ".join(FUNCTIONS)
        raise _refusal(pos, f"{wording.shown(word)} has no meaning in a formula{hint}")
    if depth:
        raise _refusal(source.rfind("("), "this ( is never closed")


def _part(text: str, leaves: "Dict[int, Tuple[int, Part]]", node: "Any", levels: int) -> "Part":
    """Return what computes a node; raise ``FormulaError`` for one that is not on the list, and for one too deep."""

    def inner(nodes: "Iterable[Any]") -> "List[Part]":
        return [_part(text, leaves, each, levels - 1) for each in nodes]

    if not levels:
        raise FormulaError(f"its operators stand in each other more than {MAX_DEPTH} deep: make it shorter")
    if isinstance(node, ast.Name):
        length, leaf = leaves.get(node.col_offset - 1, (0, None))
        if leaf and length == len(node.id):
            return leaf
    elif isinstance(node, ast.IfExp):
        test, *branches = inner((node.test, node.body, node.orelse))
        return lambda look_up: _chosen(test, branches, look_up)
    elif isinstance(node, ast.BoolOp):
        by, operands = ("or" if isinstance(node.op, ast.Or) else "and"), inner(node.values)
        return lambda look_up: _joined(by, operands, look_up)
    elif isinstance(node, ast.Compare) and all(type(op) in SIGNS for op in node.ops):
        signs, operands = [SIGNS[type(op)] for op in node.ops], inner((node.left, *node.comparators))
        return lambda look_up: _compared(signs, [operand(look_up) for operand in operands])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        operands = inner((node.operand,))
        return lambda look_up: _negated(operands[0](look_up))
    elif isinstance(node, (ast.UnaryOp, ast.BinOp)) and type(node.op) in SIGNS:
        sign, function = SIGNS[type(node.op)]
        operands = inner((node.operand,) if isinstance(node, ast.UnaryOp) else (node.left, node.right))
        return lambda look_up: _computed(sign, function, [operand(look_up) for operand in operands])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        name, operands = node.func.id, inner(node.args)
        least, most = ARGUMENTS.get(name, (1, 1))
        if least <= len(operands) <= most and not node.keywords:
            return lambda look_up: _computed(name, FUNCTIONS[name], [operand(look_up) for operand in operands])
        raise _refusal(node.col_offset - 1, f"{name}() takes from {least} to {most} values, not {len(operands)}")
    raise _refusal(max(0, node.col_offset - 1), "an operator, a value or a comma is missing or misplaced here")


def unknown(formula: Formula, names: "Iterable[str]", anything_in: "Container[str]" = ()) -> "List[str]":
    """Return a problem for each field that is none of ``names`` (``web.mem``, ``throughput``).

    ``anything_in`` are first keys below which every field is taken, such as ``control``.
    """
    known = list(names)
    listed = ", ".join("{%s}" % name for name in known[:MAX_LISTED]) + ", …" * (len(known) > MAX_LISTED) or "nothing"
    return [
        f"there is no {wording.shown(name)}{wording.did_you_mean(name, known) or f'; there is {listed}'}"
        for name, field in zip(formula.names, formula.fields)
        if name not in known and not (field[0] in anything_in and len(field) > 1)
    ]


def order(formulas: "Dict[str, Formula]") -> "Tuple[List[str], List[str]]":
    """Return the names of formulas so that each comes after those it needs, and a sentence for each circle.

    A field that is none of these names is a value, which is there before.
    """
    ordered: "List[str]" = []
    circles: "List[str]" = []
    needed = {name: [other for other in each.names if other in formulas] for name, each in formulas.items()}
    while needed:
        ready = [name for name, others in needed.items() if not any(other in needed for other in others)]
        ordered += ready
        if not ready:
            trail = [next(iter(needed))]
            while trail[-1] not in trail[:-1]:
                trail.append(next(other for other in needed[trail[-1]] if other in needed))
            ready = trail[trail.index(trail[-1]) :]
            circles.append(" → ".join(ready) + ": each needs the next, in a circle")
        for name in ready:
            needed.pop(name, None)
    return ordered, circles


def evaluate(formula: Formula, look_up: "LookUp", due: "Optional[str]" = None) -> "Any":
    """Return what the formula comes to: an int, a finite float, a text or a boolean.

    ``look_up`` returns the value of a field's keys, or raises KeyError. It is asked only for what is needed: ``{a} /
    {b} if {b} > 0 else 0`` may lack ``a``. ``due`` (NUMBER, BOOLEAN, TEXT) is what has to come of it. Where ``Later``
    stands for a value that matters, one is returned. Raises ``FormulaError`` that shows the formula with its values.
    """
    try:
        return _need(due or "", "", formula.part(look_up))
    except _NoValueError as error:
        texts = dict.fromkeys((_one_line(formula.text), shown(formula, look_up), str(error)))
        raise FormulaError(": ".join(texts)) from None


def shown(formula: Formula, look_up: "LookUp") -> str:
    """Return the formula with the values put in, ``40 * 8 <= 256``; a field that has none stays."""
    parts: "List[str]" = []
    done = 0
    for start, end, keys in formula.places:
        value = _found(look_up, keys)
        if value is not None and not isinstance(value, Later):
            parts += [formula.text[done:start], _written(value, formula.text[end:])]
            done = end
    return _one_line("".join(parts) + formula.text[done:])


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _written(value: "Any", before: str = "") -> str:
    if isinstance(value, Later) or (isinstance(value, int) and value.bit_length() > MAX_BITS):
        return "…"  # Python 3.11 writes no more than 4300 digits
    text = wording.shown(value)
    # -2 ** 2 is another formula than (-2) ** 2.
    return f"({text})" if text.startswith("-") and before.lstrip().startswith("**") else text


def _found(look_up: "LookUp", keys: "Tuple[str, ...]") -> "Any":
    try:
        return look_up(keys)
    except KeyError:
        return None


def _looked_up(look_up: "LookUp", keys: "Tuple[str, ...]") -> "Any":
    value, name = _found(look_up, keys), "{%s}" % ".".join(keys)
    if value is None:
        raise _NoValueError(f"{name} has no value")
    return value if isinstance(value, (Later, bool, str)) else _sound(name, value)


def _kind(value: "Any") -> "Optional[str]":
    return value.kind if isinstance(value, Later) else wording.kind(value)


def _need(due: str, by: str, *values: "Any") -> "Any":
    """Return the last of ``values``, which are all of the kind that is ``due``; ``by`` is what needs them."""
    for value in values:
        kind = _kind(value)
        if due and kind not in (None, due):
            hint = ": compare it with something" if due == BOOLEAN else ""
            hint = ": write (1 if CONDITION else 0)" if (kind, due) == (BOOLEAN, NUMBER) else hint
            raise _KindError(
                f"{_written(value)} is {kind} where {f'{by} needs {due}' if by else f'{due} is due'}{hint}"
            )
    return value


def _perhaps(part: "Part", look_up: "LookUp") -> "Any":
    """Return the value of a part that may not be needed: that it has none is no problem yet."""
    try:
        return part(look_up)
    except _KindError:
        raise
    except _NoValueError:
        return Later()


def _chosen(test: "Part", branches: "List[Part]", look_up: "LookUp") -> "Any":
    truth = _need(BOOLEAN, "if", test(look_up))
    if not isinstance(truth, Later):
        return branches[not truth](look_up)
    kinds = {_kind(_perhaps(branch, look_up)) for branch in branches}
    return Later(kinds.pop() if len(kinds) == 1 else None)


def _joined(by: str, operands: "List[Part]", look_up: "LookUp") -> "Any":
    truth: "Any" = by == "and"
    for operand in operands:
        value = _perhaps(operand, look_up) if isinstance(truth, Later) else operand(look_up)
        _need(BOOLEAN, by, value)
        truth = truth if isinstance(truth, Later) else value
        if truth is (by == "or"):
            break
    return truth


def _negated(value: "Any") -> "Any":
    return value if isinstance(_need(BOOLEAN, "not", value), Later) else not value


def _compared(signs: "List[Tuple[str, Callable[..., Any]]]", values: "List[Any]") -> "Any":
    truths: "List[Any]" = []
    for (sign, compare), left, right in zip(signs, values, values[1:]):
        if sign not in ("==", "!="):
            _need(NUMBER, sign, left, right)
        if isinstance(left, Later) or isinstance(right, Later):
            truths.append(Later(BOOLEAN))
        else:
            truths.append(compare(left, right) if wording.kind(left) == wording.kind(right) else sign == "!=")
    return False if False in truths else next((each for each in truths if isinstance(each, Later)), True)


def _computed(name: str, function: "Callable[..., Any]", values: "List[Any]") -> "Any":
    is_call = name in FUNCTIONS
    _need(NUMBER, f"{name}()" if is_call else name, *values)
    written = f"{name}({', '.join(map(_written, values))})"
    if not is_call and len(values) == 2:
        written = f"{_written(values[0], name)} {name} {_written(values[1])}"
    if name in ("/", "//", "%") and values[1] == 0:
        raise _NoValueError(f"{written} divides by zero")
    if any(isinstance(value, Later) for value in values):
        return Later(NUMBER)
    # What would take long is refused before it is computed: round(5, -10**9) comes by way of 10**10**9.
    whole = all(isinstance(value, int) for value in values)
    if name == "**" and whole and (values[0].bit_length() - 1) * values[1] > MAX_BITS:
        raise _NoValueError(f"{written} is too large")
    if name == "round" and len(values) == 2 and not (isinstance(values[1], int) and abs(values[1]) <= MAX_DIGITS):
        raise _NoValueError(f"{written} needs a whole number of digits, at most {MAX_DIGITS}")
    try:
        return _sound(written, function(*values))
    except OverflowError:
        fault = "is too large"
    except ZeroDivisionError:
        fault = "divides by zero"
    except ValueError:  # a root or a logarithm of what has none
        fault = "is not a number"
    raise _NoValueError(f"{written} {fault}")


def _sound(written: str, value: "Any") -> "Any":
    """Return a number that is finite, real and not too large; raise ``_NoValueError`` for any other value."""
    if not wording.is_number(value) or value != value:
        raise _NoValueError(f"{written} is not a {'real ' if isinstance(value, complex) else ''}number")
    if value.bit_length() > MAX_BITS if isinstance(value, int) else math.isinf(value):
        raise _NoValueError(f"{written} is too large")
    return value

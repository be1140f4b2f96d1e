"""The text of a formula → its tokens. What is not listed here is refused, each with its column and what to write."""

import re
from collections import namedtuple

from servo_batch import wording
from servo_batch.formats import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

    Path = Tuple[str, ...]

MAX_CHARACTERS, MAX_TOKENS = 10000, 400
MAX_DIGITS = 308  # those of the largest float
MAX_PROBLEMS = 10
WORDS = ("and", "else", "if", "not", "or")
FUNCTIONS = ("abs", "ceil", "float", "floor", "int", "log", "max", "min", "round", "sqrt")
HINTS = {
    "=": "write == to compare",
    "!": "write not, or != to compare",
    "^": "write ** for a power",
    "&": "write and",
    "|": "write or",
    "?": "write A if CONDITION else B",
    "\u2264": "write <=",
    "\u2265": "write >=",
    "\u2260": "write !=",
    "\u00d7": "write *",
    "\u00b7": "write *",
    "\u00f7": "write /",
    "\u2212": "write -",
    "\u2013": "write -",
    "\u201c": 'write "',
    "\u201d": 'write "',
    "\u2018": "write '",
    "\u2019": "write '",
    "\u00a0": "write a plain space",
    "true": "write {component.setting} by itself, or not {component.setting}",
    "false": "write {component.setting} by itself, or not {component.setting}",
    "is": "write ==",
    "in": 'write {component.setting} == "a" or {component.setting} == "b"',
}
# A field ends where it ends in a format string: in brackets anything but a brace may stand.
TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>\.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*)
    |(?P<word>[^\W\d]\w*(?:\.\w+)*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<field>\{(?:[^\[{}!:]|\[[^\]{]*\])*[}!:])
    |(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),])
    |(?P<other>(?P<first>.)(?P=first)*)""",
    re.VERBOSE | re.DOTALL,
)
NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


class FormulaError(ValueError):
    """What is wrong with a formula: ``problems``, a sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Node(namedtuple("Node", ("what", "sign", "parts"))):
    """A part of a formula: what it is, its operator or name, and its operands.

    ======== ==================================================================================
    value    ``sign`` is the value
    field    ``sign`` are the keys
    compare  ``sign`` are the operators, one less than there are ``parts``
    choice   ``parts`` are the condition, what holds where it is true, and what holds else
    logic    and, or, not
    others   arithmetic, unary, function: ``sign`` is the operator or the function's name
    ======== ==================================================================================
    """

    __slots__ = ()
    what: str
    sign: "Any"
    parts: "Tuple[Node, ...]"


class Formula(namedtuple("Formula", ("text", "fields", "places", "tree"))):
    """A checked formula: its text, the keys of each field once, ``(start, end, keys)`` of each place, and its tree."""

    __slots__ = ()
    text: str
    fields: "Tuple[Path, ...]"
    places: "Tuple[Tuple[int, int, Path], ...]"
    tree: Node


class Token(namedtuple("Token", ("kind", "text", "place", "value"))):
    """A piece of the text: number, string, field, word or sign; its offset, and the value or the keys it stands for."""

    __slots__ = ()
    kind: str
    text: str
    place: int
    value: "Any"

    @property
    def sign(self) -> str:
        """The operator, parenthesis or word that it is; nothing for what has a value."""
        return self.text if self.kind in ("word", "sign") else ""


def tokens(text: str) -> "List[Token]":
    """Return the tokens of a formula; raise ``FormulaError`` with what of its words and characters has no meaning."""
    if len(text) > MAX_CHARACTERS:
        raise FormulaError("a formula has at most %d characters, and this one %d" % (MAX_CHARACTERS, len(text)))
    found: "List[Token]" = []
    problems: "List[str]" = []
    pos = 0
    while pos < len(text) and len(problems) < MAX_PROBLEMS:
        match = TOKEN.match(text, pos)
        assert match is not None  # whatever it is, it is "other"
        kind, token, rest = str(match.lastgroup), match.group(), text[match.end() : match.end() + 100]
        try:
            if kind != "space":
                found.append(Token(kind, token, pos, READERS[kind](token, rest)))
        except FormulaError as error:
            problems.append("%s: %s" % (column(text, pos), error))
            if token[0] in "\"'{":
                break  # what follows may be inside of it or not
        pos = match.end()
        if len(found) > MAX_TOKENS:
            problems.append("a formula has at most %d numbers, names, operators and parentheses" % MAX_TOKENS)
            break
    if problems:
        raise FormulaError(*problems)
    return found


def column(text: str, pos: int) -> str:
    """Return what a message calls a place of the text: ``column 7``, ``line 2, column 7`` where there are several."""
    line = text.count("\n", 0, pos) + 1
    place = "column %d" % (pos - text.rfind("\n", 0, pos))
    return "line %d, %s" % (line, place) if "\n" in text else place


def _number(token: str, rest: str) -> "Any":
    if not NUMBER.match(token):
        raise FormulaError("%s is not a plain decimal number, such as 1500, 0.5 or 1.5e3" % wording.shown(token))
    if len(token) > MAX_DIGITS:
        raise FormulaError("a number of %d characters is too long" % len(token))
    if not token.isdigit():
        number = float(token)
        if number == float("inf"):
            raise FormulaError("the number %s is too large" % token)
        return number
    if token[0] == "0" != token:
        raise FormulaError("the number %s starts with a zero: write %s" % (token, token.lstrip("0") or "0"))
    return int(token)


def _string(token: str, rest: str) -> str:
    _need_printable("string", token)
    if re.search(r"\\[^\\'\"]", re.sub(r"\\\\", "", token)):
        raise FormulaError("the string %s: a backslash stands before a quote or a backslash only" % token)
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _field(token: str, rest: str) -> "Path":
    _need_printable("placeholder", token)
    if token[-1] != "}":
        raise FormulaError(
            "the placeholder %s…}: a formula takes the value as it is, with no conversion and no format: write %s}"
            % (token, token[:-1])
        )
    try:
        return paths.keys(token[1:-1])
    except paths.PathError as error:
        raise FormulaError("the placeholder %s: %s; write {component.setting}" % (token, error)) from None


def _need_printable(what: str, token: str) -> None:
    if not token.isprintable():
        raise FormulaError("the %s %s holds a character that cannot be seen" % (what, wording.shown(token)))


def _word(token: str, rest: str) -> None:
    shown = wording.shown(token)
    if token in FUNCTIONS:
        if rest.lstrip()[:1] != "(":
            raise FormulaError("%s is a function: its arguments follow in parentheses" % shown)
    elif token not in WORDS:
        if rest[:1] in ("'", '"'):
            raise FormulaError("%s before a string: a string has no prefix" % shown)
        if token.lower() in HINTS:
            raise FormulaError("%s is no word of a formula: %s" % (shown, HINTS[token.lower()]))
        if rest.lstrip()[:1] == "(":
            near = wording.did_you_mean(token, FUNCTIONS)
            raise FormulaError("there is no function %s%s; there is only %s" % (shown, near, ", ".join(FUNCTIONS)))
        raise FormulaError(
            "%s is no word of a formula: a setting or a metric stands in braces, {%s}, and text in quotes"
            % (shown, token if len(token) <= 80 else "component.setting")
        )


def _other(token: str, rest: str) -> None:
    if token[0] in "\"'":
        raise FormulaError("the string that starts here is never closed")
    if token[0] == "{":
        raise FormulaError("the placeholder that starts here is never closed: write {component.setting}")
    hint = ": " + HINTS[token[0]] if token[0] in HINTS else ""
    raise FormulaError("%s has no meaning in a formula%s" % (wording.shown(token), hint))


READERS: "Dict[str, Callable[[str, str], Any]]" = {
    "number": _number,
    "string": _string,
    "field": _field,
    "word": _word,
    "sign": lambda token, rest: None,
    "other": _other,
}

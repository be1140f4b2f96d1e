"""The tokens of a formula → its tree, no deeper than any Python can take.

Python's own parser sees operators and names of functions only, and in place of each number, string and placeholder the
name ``_``: it decides what binds to what, and nothing more. Nothing is compiled or executed.
"""

from servo_batch import wording
from servo_batch.config.formulas.words import FUNCTIONS, MAX_TOKENS, Formula, FormulaError, Node, Token, column, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

# The parser of Python 3.6 overflows at 60 to 80 parentheses with a few operators in each, or at 500 to 800 times **.
MAX_PARENTHESES, MAX_DEPTH = 25, 100
ARGUMENTS = dict.fromkeys(FUNCTIONS, (1, 1))  # the least and the most
ARGUMENTS.update(log=(1, 2), max=(2, MAX_TOKENS), min=(2, MAX_TOKENS), round=(1, 2))
BEFORE_NOT = ("", "(", ",", "and", "else", "if", "not", "or")
SIGNS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "**",
    "USub": "-",
    "UAdd": "+",
    "Not": "not",
    "And": "and",
    "Or": "or",
    "Eq": "==",
    "NotEq": "!=",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
}


def parse(text: str) -> Formula:
    """Return the formula of a text; raise ``FormulaError`` where it is none, with the column."""
    found = tokens(text)
    if not found:
        raise FormulaError("it is empty: write a formula, such as {web.mem} * 0.75")
    _check_order(text, found)
    _check_pairs(text, found)
    fields = [token for token in found if token.kind == "field"]
    places = tuple((field.place, field.place + len(field.text), field.value) for field in fields)
    return Formula(text, tuple(dict.fromkeys(field.value for field in fields)), places, _parsed(found))


# What Python's parser would refuse is refused before, with words and a column that are the same under every Python.


def _check_order(text: str, found: "List[Token]") -> None:
    value_due, before = True, ""
    for token in found:
        starts_value = not token.sign or token.sign in ("not", "(") or token.sign in FUNCTIONS
        if value_due and not starts_value and token.sign not in ("+", "-"):
            _refuse(text, token, "a value is due before %s" % wording.shown(token.text))
        if not value_due and starts_value:
            _refuse(text, token, "an operator is due before %s" % wording.shown(token.text))
        if token.sign == "not" and before not in BEFORE_NOT:
            _refuse(text, token, "put not and its operand in parentheses")
        value_due, before = token.sign not in ("", ")"), token.sign
    if value_due:
        raise FormulaError("it ends where a value is due, after %s" % wording.shown(found[-1].text))


def _check_pairs(text: str, found: "List[Token]") -> None:
    opened: "List[Token]" = []  # each ( that is not closed yet, and the function before it
    functions = [""]
    choices: "List[Optional[Token]]" = [None]  # at each level: the if that has no else yet
    before = ""
    for token in found:
        unfinished = choices[-1]
        if unfinished and token.sign in (")", ",", "if"):
            _refuse(text, unfinished, "this if has no else: write A if CONDITION else B")
        if token.sign == "(":
            opened.append(token)
            functions.append(before if before in FUNCTIONS else "")
            choices.append(None)
            if len(opened) > MAX_PARENTHESES:
                _refuse(text, token, "parentheses stand in each other more than %d deep" % MAX_PARENTHESES)
        elif token.sign == ")":
            if not opened:
                _refuse(text, token, "this ) closes no (")
            del opened[-1], functions[-1], choices[-1]
        elif token.sign == "," and not functions[-1]:
            _refuse(text, token, "a comma stands between arguments of a function only; a decimal number has a point")
        elif token.sign == "if":
            choices[-1] = token
        elif token.sign == "else":
            if not choices[-1]:
                _refuse(text, token, "this else has no if: write A if CONDITION else B")
            choices[-1] = None
        before = token.sign
    if opened:
        _refuse(text, opened[-1], "this ( is never closed")
    if choices[-1]:
        _refuse(text, choices[-1], "this if has no else: write A if CONDITION else B")


def _refuse(text: str, token: Token, problem: str) -> "NoReturn":
    raise FormulaError("%s: %s" % (column(text, token.place), problem))


def _parsed(found: "List[Token]") -> Node:
    import ast

    source = ""
    leaves: "Dict[int, Node]" = {}
    for token in found:
        if not token.sign:
            leaves[len(source)] = Node("field" if token.kind == "field" else "value", token.value, ())
        source += (token.sign or "_") + " "
    return _tree(ast.parse(source, mode="eval").body, leaves, MAX_DEPTH)


def _tree(node: "Any", leaves: "Dict[int, Node]", levels: int) -> Node:
    if not levels:
        raise FormulaError("its operators stand in each other more than %d deep: make it shorter" % MAX_DEPTH)

    def inner(nodes: "Sequence[Any]") -> "Tuple[Node, ...]":
        return tuple(_tree(part, leaves, levels - 1) for part in nodes)

    kind = type(node).__name__
    if kind == "Name":
        return leaves[node.col_offset]
    if kind == "BinOp":
        return Node("arithmetic", _sign(node.op), inner((node.left, node.right)))
    if kind == "UnaryOp":
        return Node("logic" if _sign(node.op) == "not" else "unary", _sign(node.op), inner((node.operand,)))
    if kind == "BoolOp":
        return Node("logic", _sign(node.op), inner(node.values))
    if kind == "Compare":
        return Node("compare", tuple(map(_sign, node.ops)), inner([node.left] + node.comparators))
    if kind == "IfExp":
        return Node("choice", "if", inner((node.test, node.body, node.orelse)))
    if kind == "Call":
        return _call(node.func.id, inner(node.args))
    raise FormulaError("it holds %s, which is no part of a formula" % kind)


def _sign(node: "Any") -> str:
    return SIGNS[type(node).__name__]


def _call(function: str, arguments: "Tuple[Node, ...]") -> Node:
    least, most = ARGUMENTS[function]
    if least <= len(arguments) <= most:
        return Node("function", function, arguments)
    allowed = "one argument" if most == 1 else "one or two arguments" if most == 2 else "two arguments or more"
    raise FormulaError("%s() takes %s, not %d" % (function, allowed, len(arguments)))

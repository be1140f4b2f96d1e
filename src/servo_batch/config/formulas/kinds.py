"""What kind of value a formula comes to, before there are values: problems are told of what can never be right."""

from servo_batch import wording
from servo_batch.config.formulas.names import name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Tuple

    from servo_batch.config.formulas.words import Formula, Node, Path

    Kind = Optional[str]  # None: not certain

NUMBER, STRING, BOOLEAN = "a number", "a string", "a boolean"  # as wording.kind has them
ANY_KIND = ("int", "float")  # the functions that take all three


def check_types(formula: "Formula", kind_of: "Callable[[Path], Kind]", due: "Kind" = None) -> "Tuple[Kind, List[str]]":
    """Return what the formula comes to (NUMBER, STRING, BOOLEAN, or None where that is not certain), and all problems.

    ``kind_of`` returns the same of a field's keys. ``due`` is what the formula has to come to.
    """
    walk = _Walk(kind_of)
    kind = walk.kind(formula.tree)
    walk.expect(formula.tree, kind, due, "")
    return kind, list(walk.problems)


class _Walk:
    """One formula's kinds, and its problems as they are found."""

    def __init__(self, kind_of: "Callable[[Path], Kind]") -> None:
        self.kind_of = kind_of
        self.problems: "Dict[str, None]" = {}

    def kind(self, node: "Node") -> "Kind":
        if node.what == "value":
            return wording.kind(node.sign)
        if node.what == "field":
            return self.kind_of(node.sign)
        kinds = [self.kind(part) for part in node.parts]
        if node.what == "choice":
            self.expect(node.parts[0], kinds[0], BOOLEAN, "if")
            return kinds[1] if kinds[1] == kinds[2] else None
        if node.what == "logic":
            self.expect_all(node, kinds, BOOLEAN)
            return BOOLEAN
        if node.what == "compare":
            for index, sign in enumerate(node.sign):
                self.compare(sign, node.parts[index : index + 2], kinds[index : index + 2])
            return BOOLEAN
        if node.what == "arithmetic" and node.sign == "+":
            return self.plus(node, kinds)
        if node.sign not in ANY_KIND:
            self.expect_all(node, kinds, NUMBER)
        return NUMBER

    def plus(self, node: "Node", kinds: "List[Kind]") -> "Kind":
        kind = STRING if STRING in kinds and NUMBER not in kinds else NUMBER
        self.expect_all(node, kinds, kind)
        return kind if NUMBER in kinds or STRING in kinds else None

    def compare(self, sign: str, parts: "Tuple[Node, ...]", kinds: "List[Kind]") -> None:
        if sign not in ("==", "!="):
            for part, kind in zip(parts, kinds):
                self.expect(part, kind, NUMBER, sign)
        elif None not in kinds and kinds[0] != kinds[1]:
            told = "%s is %s and %s is %s: they are never equal"
            self.problems[told % (_named(parts[0]), kinds[0], _named(parts[1]), kinds[1])] = None

    def expect_all(self, node: "Node", kinds: "List[Kind]", due: str) -> None:
        for part, kind in zip(node.parts, kinds):
            self.expect(part, kind, due, operation(node))

    def expect(self, part: "Node", kind: "Kind", due: "Kind", by: str) -> None:
        if kind and due and kind != due:
            self.problems[misfit(_named(part), kind, due, by)] = None


def _named(node: "Node") -> str:
    if node.what == "value":
        return wording.shown(node.sign)
    if node.what == "field":
        return "{%s}" % name(node.sign)
    return "the result of %s" % operation(node)


def operation(node: "Node") -> str:
    """Return what a message calls what a node does: ``*``, ``round()``, ``if``."""
    if node.what == "compare":
        return str(node.sign[-1])
    return "%s()" % node.sign if node.what == "function" else str(node.sign)


def misfit(what: str, kind: str, due: str, by: str = "") -> str:
    """Return the sentence for a value of another kind than is due (or than ``by``, an operation, needs)."""
    hint = ""
    if kind == BOOLEAN and due == NUMBER:
        hint = ": write (1 if CONDITION else 0)"
    elif due == BOOLEAN:
        hint = ": compare it with something"
    return "%s is %s where %s%s" % (what, kind, "%s needs %s" % (by, due) if by else "%s is due" % due, hint)

"""Random formulas, right and wrong, under whatever Python runs this: ``formula_attack.py SEED COUNT``, with src on the path.

Whatever the text, it is read or refused with a FormulaError, and it comes to a value or to a FormulaError. Where it comes to a
value, Python's own eval gives the same. Time and memory are limited by the system; a warning is an error. Prints a
digest of all that came of it, the same under every Python, and the longest time one took.
"""

import builtins
import hashlib
import math
import random
import resource
import sys
import time
import warnings

from servo_batch.config import formulas
from servo_batch.config.formulas import words

KINDS = ("a number", "a number", "a string", "a boolean")
VALUES = {
    "i.small": 3, "i.zero": 0, "i.minus": -8, "i.big": 10**300, "f.half": 0.5, "f.minus": -2.5, "f.huge": 1e308, "f.tiny": 5e-324,
    "f.zero": -0.0, "s.word": "web", "s.empty": "", "s.number": "12", "s.float": "-1.5e3", "s.long": "x" * 60000, "b.yes": True,
    "b.no": False, "n.none": None, "l.list": [1], "d.dict": {"a": 1}, "i.vast": 10**5000, "f.nan": float("nan"), "f.inf": float("inf"),
}  # fmt: skip
PLAIN = {
    "a number": [name for name in VALUES if name[0] in "if" and name not in ("i.vast", "f.nan", "f.inf")],
    "a string": [name for name in VALUES if name[0] == "s"],
    "a boolean": [name for name in VALUES if name[0] == "b"],
}
NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "7",
    "10",
    "64",
    "0.5",
    "1.",
    ".25",
    "1e3",
    "1e308",
    "1e-320",
    "123456789012345678901234567890",
)
PIECES = (
    ("(", ")", "min(", "round(", ",", "+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", "=", ">>", " and ", " or ", " not ")
    + (" if ", " else ", "{i.small}", "{", "}", "[", "]", "'a'", '"', "'", "\\", "!r", ":", "lambda", "True", "None", "x", "_", "__class__")
    + (".", "9", "9**9**9", "10**5000", "'a'*10**10", "-(", "- -", "~", "1j", "0x1", "b'", "f'{", "\n", "\t", "\0", "\x1b", "é", "\u00d7", ";", "#", "@")
    + ("...", ":=", "*a", "**k", "a=1", "for x in y", "await ", "yield ", " in ", " is ", "{l.list}", "{i.vast}", "{f.nan}", "{n.none}", "{no}")
)  # fmt: skip

# Where a formula has no value though Python's has: what is bounded, and strings and roots of which Python knows more.
UNLIKE_PYTHON = (
    " is too l",
    "needs a plain decimal number",
    "needs an integer: float()",
    "is not a real number",
    "for the digits",
)


class Generator:
    """Texts from one source of chance; only random() is used of it, which every Python computes alike."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def below(self, count):
        return int(self.rng.random() * count)

    def one(self, items):
        return items[self.below(len(items))]

    def right(self, kind, depth):
        """Return a formula that comes to a value of a kind, or has none because of what the values are."""
        if depth <= 0 or self.below(6) == 0:
            return self.leaf(kind)
        if self.below(8) == 0:
            return "(%s if %s else %s)" % tuple(self.right(k, depth - 1) for k in (kind, "a boolean", kind))
        if kind == "a string":
            return "(%s + %s)" % (self.right(kind, depth - 1), self.right(kind, depth - 1))
        return self.number(depth - 1) if kind == "a number" else self.truth(depth - 1)

    def leaf(self, kind):
        if self.below(2) or kind == "a boolean":
            name = self.one(PLAIN[kind])
            return "{%s}" % name if self.below(2) else "{%s[%s]}" % tuple(name.split("."))
        return self.one(NUMBERS) if kind == "a number" else self.one(("'a'", '"it\'s"', "'\\\\ \\''", "''"))

    def number(self, depth):
        def inner():
            return self.right("a number", depth)

        choice = self.below(10)
        if choice < 5:
            text = "%s %s %s" % (inner(), self.one(("+", "-", "*", "/", "//", "%", "**")), inner())
            return text if self.below(2) else "(%s)" % text
        if choice == 5:
            return self.one("+-") + inner()
        if choice == 6:
            return "%s(%s)" % (self.one(("min", "max")), ", ".join(inner() for _ in range(2 + self.below(2))))
        if choice == 7:
            return "round(%s, %s)" % (inner(), self.one(("0", "2", "-1", "{i.small}", "{i.big}", "-9**9")))
        if choice == 8:
            return "%s(%s)" % (self.one(("int", "float")), self.right(self.one(KINDS), depth))
        return "%s(%s)" % (self.one(("abs", "round", "ceil", "floor", "sqrt", "log")), inner())

    def truth(self, depth):
        choice = self.below(4)
        if choice == 0:
            kind = self.one(KINDS)
            return "(%s %s %s)" % (self.right(kind, depth), self.one(("==", "!=")), self.right(kind, depth))
        if choice == 1:
            signs = [self.one(("<", "<=", ">", ">=", "==", "!=")) for _ in range(1 + self.below(2))]
            numbers = [self.right("a number", depth) for _ in signs]
            return "(%s%s)" % (
                "".join("%s %s " % pair for pair in zip(numbers, signs)), self.right("a number", depth)
            )  # fmt: skip
        if choice == 2:
            return "(not %s)" % self.right("a boolean", depth)
        return "(%s %s %s)" % (self.right("a boolean", depth), self.one(("and", "or")), self.right("a boolean", depth))

    def mutated(self):
        text = self.right(self.one(KINDS), self.below(5))
        for _ in range(1 + self.below(3)):
            start = self.below(len(text) + 1)
            text = text[:start] + (self.one(PIECES) if self.below(3) else "") + text[start + self.below(3) :]
        return text

    def noise(self):
        return "".join(self.one(PIECES) for _ in range(1 + self.below(12)))

    def deep(self):
        depth = 1 + self.below(self.one((10, 30, 110, 500, 12000)))
        pairs = [
            ("(", ")"),
            ("-", ""),
            ("not ", ""),
            ("2**", ""),
            ("abs(", ")"),
            ("min(1,", ")"),
            ("1+", ""),
            ("", "+1"),
            ("'", "'"),
        ]
        pairs += [
            ("1 if 1<2 else ", ""),
            ("(1 if ", " else 2)"),
            ("{", "}"),
            ("[", "]"),
            ("", " and 1<2"),
            ("", "<3"),
            ("2**-", ""),
        ]
        used = [self.one(pairs) for _ in range(1 + self.below(3))]
        nest = [self.one(used) for _ in range(depth)]
        return "".join(left for left, _ in nest) + "1" + "".join(right for _, right in reversed(nest))

    def text(self):
        make = self.below(10)
        if make < 5:
            return self.right(self.one(KINDS), 1 + self.below(5)), True
        return (self.mutated() if make < 8 else self.noise() if make < 9 else self.deep()), False


def look_up(path):
    return VALUES[".".join(path)]


def kind_of(path):
    value = VALUES.get(".".join(path))
    return words.wording.kind(value) if isinstance(value, (int, float, str)) else None


def by_python(text):
    """Return what Python's eval gives, each number and string by a name, since compile(…) computes 9**9**9."""
    names = {name: getattr(math, name, None) or getattr(builtins, name) for name in words.FUNCTIONS}
    source = ""
    for token in words.tokens(text):
        if not token.sign:
            names["v%d" % token.place] = VALUES.get(".".join(token.value)) if token.kind == "field" else token.value
        source += (token.sign or "v%d" % token.place) + " "
    return eval(source, {"__builtins__": {}}, names)


def attack(text, is_right):
    """Return what came of one formula, after all that must hold of it."""
    try:
        formula = formulas.parse(text)
    except formulas.FormulaError as error:
        return refused(error, is_right)
    assert "".join(formulas.check_fields(formula, VALUES)).isprintable()
    kind, problems = formulas.check_types(formula, kind_of)
    assert not (is_right and problems), (text, problems)
    try:
        value = formulas.evaluate(formula, look_up)
    except formulas.FormulaError as error:
        message = refused(error, False)
        if is_right and not any(reason in message for reason in UNLIKE_PYTHON):
            assert not is_plain(text), (text, message)
        return message
    assert isinstance(value, str) or abs(value) < 2**1024, (text, value)
    assert kind in (None, words.wording.kind(value)) or problems, (text, kind, value)
    if is_right or not any(sign in text for sign in ("==", "!=")):  # where True and 1 are not the same
        expected = by_python(text)
        assert repr(expected) == repr(value), (text, expected, value)
    return repr(value)


def refused(error, is_right):
    message = "; ".join(error.problems)
    assert message.isprintable(), message
    assert not is_right or "more than" in message or "at most" in message, message
    return message


def is_plain(text):
    try:
        return not isinstance(by_python(text), complex)
    except (ZeroDivisionError, ValueError, OverflowError):
        return False


def main(seed, count, cpu_seconds, megabytes):
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    warnings.simplefilter("error")
    generator = Generator(seed)
    digest = hashlib.sha256()
    longest, of_text, values = 0.0, "", 0
    for _ in range(count):
        text, is_right = generator.text()
        started = time.process_time()
        try:
            outcome = attack(text, is_right)
        except BaseException:
            sys.stderr.write("of the formula %r\n" % text)
            raise
        took = time.process_time() - started
        if took > longest:
            longest, of_text = took, text
        values += len(outcome) < 30
        digest.update(outcome.encode() + b"\n")
    print(digest.hexdigest(), "%d of %d short, at most %.1f ms: %.60r" % (values, count, longest * 1000, of_text))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

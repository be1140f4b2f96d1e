"""Random YAML documents of four kinds, each from a seed of its own, so that any one can be made again.

valid     written from a known value with accepted constructs only: must be accepted, with that value
mutated   a valid document or one of the tests' own, edited at random
noise     random strings over YAML's indicators, blanks, line breaks and a few letters and numbers
scalar    what looks like a number, a date, a boolean or null, in one place of a small document
"""

import random

import yaml_cases

KINDS = ("valid", "mutated", "noise", "scalar")

# Text that is a string to every reader where it stands as a plain scalar; with brackets in it only in block style.
WORDS = r"""
    a b web cpu x1 a#b -x -- -1x http://h:80/p?q=1#f ~x nul nulls truely 1.2.3 1.37.0 0b3b49b 10.0.0.1 c5.2xlarge 5m
    100Mi 1/2 10% 3a 0y 1e 1e+ 12:60 80:80 a,b a[0] x{} a]b x] ./run .. .x -.x +x + <<< =x == a=b yess offf Yn a|b a>b a&b
    a*b a!b a%b a@b a`b it's say"hi" a\b \d+ é 日本 😀 ~~ --a=b _1 __ x_1 2019-11 2019-111-17 1:2:3x 0b2 0o8 0xg .infx nan
    inf Infinity None x- x? 1- -a- (a) $x ^x$ ;x /x
""".split()  # noqa: SIM905
PLAIN_VALUES = {
    "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True, "false": False,
    "False": False, "FALSE": False, "0": 0, "-0": 0, "+0": 0, "1": 1, "+1": 1, "-17": -17, "512": 512, "0x1F": 31,
    "0xff": 255, "9007199254740991": 2**53 - 1, "0.5": 0.5, "-0.0": -0.0, "1.": 1.0, ".5": 0.5, "1.5e+3": 1500.0,
    "1.0E-2": 0.01, "+1.25": 1.25, "-3.": -3.0, "0.75": 0.75,
}  # fmt: skip
PRINTABLE = "ab zA0:#-?,[]{}&*!|>'\"%@`\\~=<.+_/ \té日😀\xa0\ufffd"
UNPRINTABLE = "\0\a\b\v\f\r\x1b\x7f\x85\u2028\u2029\ufeff\uffff\U0010ffff"
ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
COMMENTS = ["#", "# c", "#c: 1", "# - x", "#\ttab", "# 'q", '# "', "# [", "#é", "##", "# ---", "# a #b"]
TOKENS = [
    *"-?:,[]{}#&*!|>'\"%@`~=<. ab01+_\\/\n\n\n   \t", "\r\n", "\r", "---", "...", "- ", "? ", ": ", ", ", " #", "\n  ",
    "\n ", "\n- ", "\n  - ", "a: ", "b: ", "\n\n", "''", '""', "\\\n", "\\x41", "\\d", "\\u00e9", "<<", "yes", "null",
    "~", "true", "1", "0x1F", "010", "0o7", "1e3", "1.5", ".5", "5.", "-.5", "1_0", "1:30", "2019-11-17", "=", ".inf", "+1",
    "-0", "\x85", "\u2028", "\ufeff", "é", "\xa0", "😀", "%YAML", "!!str", "&a", "*a", "|", "|-\n  ", "|+\n", ">\n  ",
    ">-\n ", "|2\n", "|1-\n", "\n    ", "a:\n", "a: |\n ", "a: >\n  ", "{a: ", "[a, ", '"a":', "#a\n", "# a\n", "- - ", "\n-",
    "-\n", "\n---", "\n...\n", "--- ", ":x", '"<<": ', "{}", "[]", "\u200b", "\u3000", "9007199254740993", "1.e+3", "    \n",
    "\n#", "---#", "\n  #a\n", "a:\n  b\n",
]  # fmt: skip
# What the readers' patterns for numbers, dates and words are made of, and where a plain scalar may stand.
SCALAR_PARTS = [
    *"0012345679..eE+--_:,xobTtZ aA~yn=<", "0x", "0o", "0b", "inf", ".inf", "NaN", "null", "Null", "yes", "no", "on", "off",
    "true", "False", "2019", "-11", "-17", "-1", " 1:30:00", "T01:02:03", "+01:00", "e+3", "E-2", ".5", "00", "---",
]  # fmt: skip
SCALAR_PLACES = ["%s", "a: %s", "- %s", "a:\n  %s\nb: c", "[%s]", "{a: %s}", "%s: a", "{%s: a}", "- %s\n- b"]


def chance(rng, share):
    """Tell whether something happens that happens in this share of all cases."""
    return rng.random() < share


def valid_document(rng):
    """Return a document of accepted constructs only, and its value."""
    value = random_value(rng, rng.choice((0, 1, 1, 2, 2, 3)))
    indent = rng.choice((0, 0, 0, 1, 2))
    if isinstance(value, (dict, list)) and value and chance(rng, 0.8):
        lines = block_lines(rng, value, indent)
    else:
        lines = (" " * indent + end_of_line(rng, flow(rng, value, 0))).split("\n")
    head = comments(rng) + (["---" + rng.choice(("", " ", " # c")), *comments(rng)] if chance(rng, 0.2) else [])
    tail = ["..." + rng.choice(("", "  ", " # c")), *comments(rng)] if chance(rng, 0.1) else []
    is_open = isinstance(lines[-1], Open)
    text = "\n".join(head + lines + tail) + ("\n" if is_open or chance(rng, 0.8) else "")
    if chance(rng, 0.2):
        text = text.replace("\n", "\r\n")
    elif chance(rng, 0.1):
        text = "".join("\r\n" if char == "\n" and chance(rng, 0.5) else char for char in text)
    return "\ufeff" + text if chance(rng, 0.05) and text[:1] not in " -" else text, value


class Open(str):
    """A line of a block scalar, to which a blank line, a comment or a missing line break after it would belong."""


def random_value(rng, depth):
    """Return a value nested up to ``depth`` deep."""
    if depth and chance(rng, 0.85):
        size = rng.choice((0, 1, 1, 2, 2, 3))
        if chance(rng, 0.5):
            return [random_value(rng, depth - 1) for _ in range(size)]
        entries = {random_text(rng): random_value(rng, depth - 1) for _ in range(size)}
        return {key: value for key, value in entries.items() if key != "<<"}
    kind = rng.random()
    if kind < 0.2:
        return rng.choice(list(PLAIN_VALUES.values()))
    if kind < 0.3:
        number = rng.randrange(10 ** rng.randrange(1, 16))
        return rng.choice((number, -number, rng.uniform(-1, 1) * 10.0 ** rng.randrange(-8, 16)))
    if kind < 0.5:
        return "\n".join(random_text(rng) for _ in range(rng.randrange(1, 5))) + "\n" * rng.randrange(3)
    return random_text(rng)


def random_text(rng):
    """Return words, which may be written plain, or any characters."""
    if chance(rng, 0.65):
        return " ".join(rng.choice(WORDS) for _ in range(rng.choice((1, 1, 2, 3))))
    alphabet = PRINTABLE + UNPRINTABLE * chance(rng, 0.2)
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(6)))


def comments(rng):
    """Return blank and comment lines, mostly none."""
    lines = [" " * rng.randrange(5) + rng.choice(["", *COMMENTS]) for _ in range(rng.randrange(1, 3))]
    return lines if chance(rng, 0.25) else []


def end_of_line(rng, line):
    """Return the line with blanks or a comment after it, mostly without."""
    blanks = " " * rng.randrange(1, 3) + (rng.choice(COMMENTS) if chance(rng, 0.6) else "")
    return line + blanks if chance(rng, 0.25) else line


def block_lines(rng, value, indent):
    """Return the lines of a block mapping or sequence whose entries stand at ``indent``."""
    lines = []
    items = list(value.items()) if isinstance(value, dict) else [(None, item) for item in value]
    for number, (key, item) in enumerate(items):
        if not (lines and isinstance(lines[-1], Open)):
            lines += comments(rng)
        head = "-" if key is None else scalar(rng, key, WORDS) + " " * chance(rng, 0.2) + ":"
        lines += entry(rng, " " * indent + head, item, indent, key is None, number + 1 == len(items))
    return lines


def entry(rng, head, item, indent, in_sequence, is_last):
    """Return the lines of an item or of a key with its value."""
    gap = " " * rng.choice((1, 1, 1, 3))
    if isinstance(item, (dict, list)) and item and chance(rng, 0.8):
        if in_sequence and chance(rng, 0.5):  # ns-l-compact-sequence, ns-l-compact-mapping
            inner = block_lines(rng, item, len(head) + len(gap))
            while inner[0].strip(" ")[:1] in ("", "#"):
                inner = inner[1:]
            first = head + gap + inner[0].lstrip(" ")
            return [Open(first) if isinstance(inner[0], Open) else first, *inner[1:]]
        beside = not in_sequence and isinstance(item, list) and chance(rng, 0.5)
        deeper = indent if beside else indent + rng.choice((1, 2, 2, 4))
        return [end_of_line(rng, head), *comments(rng), *block_lines(rng, item, deeper)]
    if item is None and chance(rng, 0.5) and not (in_sequence and is_last):
        return [end_of_line(rng, head)]
    if isinstance(item, str) and block_possible(item) and chance(rng, 0.7):
        return block_scalar(rng, head + gap, item, indent)
    text = end_of_line(rng, flow(rng, item, indent + 1)).split("\n")
    if chance(rng, 0.15):
        return [end_of_line(rng, head), " " * (indent + rng.randrange(1, 4)) + text[0], *text[1:]]
    return [head + gap + text[0], *text[1:]]


def block_possible(text):
    """Tell whether a block scalar can hold the text: it begins with a line that shows the indentation."""
    return not set(text) & set(UNPRINTABLE) and text.strip("\n").split("\n")[0][:1] not in ("", " ", "\t")


def block_scalar(rng, head, text, indent):
    """Return the lines of a text in block style."""
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    chomping = "-" if breaks == 0 else rng.choice(("", "+")) if breaks == 1 else "+"
    sign, lines = rng.choice("|>"), body.split("\n")
    if sign == ">":
        lines = unfolded(lines)
    margin = " " * (indent + rng.choice((1, 2, 2, 4)))
    lines = [margin + line if line else " " * rng.choice((0, 0, len(margin))) for line in lines]
    lines += [""] * (breaks - 1 if chomping == "+" else rng.choice((0, 0, 1)) if chomping == "-" else 0)
    return [end_of_line(rng, head + sign + chomping), *map(Open, lines)]


def unfolded(lines):
    """Return the lines that a ">" scalar folds back to these: one more break between two that start with no blank."""
    out, before = [], None
    for line in lines:
        if line and before and line[0] not in " \t" and before[0] not in " \t":
            out.append("")
        out.append(line)
        before = line or before
    return out


def flow(rng, value, margin):
    """Return a flow node, whose other lines are indented by ``margin`` at least."""

    def gap():
        """Return what may stand between two parts."""
        breaks = ("\n", " # c\n", "\n# ,]\n", "\n\n")
        return rng.choice(breaks) + " " * (margin + rng.randrange(3)) if chance(rng, 0.1) else rng.choice(("", " "))

    if not isinstance(value, (dict, list)):
        return scalar(rng, value, [word for word in WORDS if margin == 0 or not set(word) & set("?,[]{}")])
    entries = [flow(rng, item, margin + 1) for item in value] if isinstance(value, list) else []
    if isinstance(value, dict):
        for key, item in value.items():
            name = flow(rng, key, margin + 1) + " " * chance(rng, 0.2)
            after = "" if name[0] in "\"'" and chance(rng, 0.3) else " "
            entries.append(name + ":" + after + gap() + flow(rng, item, margin + 1))
    text = gap() + (gap() + "," + gap()).join(entries) + (gap() + "," if entries and chance(rng, 0.2) else "") + gap()
    return "[%s]" % text if isinstance(value, list) else "{%s}" % text


def scalar(rng, value, words):
    """Return a scalar in one line."""
    if not isinstance(value, str):
        known = [text for text, meant in PLAIN_VALUES.items() if repr(meant) == repr(value)]
        return rng.choice(known or [repr(value) if "." in repr(value) else repr(value).replace("e", ".0e")])
    if value and all(word in words for word in value.split(" ")) and chance(rng, 0.7):
        return value
    if not set(value) & set(UNPRINTABLE + "\n") and chance(rng, 0.5):
        return "'%s'" % value.replace("'", "''")
    return '"%s"' % "".join(double_quoted(rng, char) for char in value)


def double_quoted(rng, char):
    """Return a character as double quotes hold it: as it is, or as any of its escapes."""
    must = char in '"\\\n' or char in UNPRINTABLE
    if char in ESCAPES and (must or chance(rng, 0.1)):
        return "\\" + ESCAPES[char]
    if must or chance(rng, 0.03):
        forms = ["\\U%08X"] + ["\\u%04x"] * (ord(char) < 0x10000) + ["\\x%02X"] * (ord(char) < 0x100)
        return rng.choice(forms) % ord(char)
    return char


def document(kind, seed, corpus):
    """Return the document of this kind and seed; ``corpus`` are documents that a mutated one may come from."""
    rng = random.Random(seed)
    if kind == "valid":
        return valid_document(rng)[0]
    if kind == "noise":
        return "".join(rng.choice(TOKENS) for _ in range(rng.randrange(1, 14)))
    if kind == "scalar":
        text = "".join(rng.choice(SCALAR_PARTS) for _ in range(rng.choice((1, 2, 3, 4, 6))))
        return rng.choice(SCALAR_PLACES) % text + rng.choice(("", "\n"))
    text = rng.choice(corpus) if chance(rng, 0.3) else valid_document(rng)[0]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        text = edited(rng, text)
    return text


def edited(rng, text):
    """Return the text with one random edit."""
    start = rng.randrange(len(text) + 1)
    end = min(len(text), start + rng.choice((0, 0, 1, 1, 2, 5)))
    edit = rng.random()
    if edit < 0.6:
        return text[:start] + rng.choice(TOKENS) + text[end:]
    if edit < 0.8:
        return text[:start] + text[end:]
    if edit < 0.9:
        other = rng.randrange(len(text) + 1)
        return text[:start] + text[other : other + rng.randrange(12)] + text[start:]
    lines = text.split("\n")
    line = rng.randrange(len(lines))
    lines[line] = " " * rng.randrange(5) + lines[line].lstrip(" ")
    return "\n".join(lines)


def corpus():
    """Return the tests' own documents."""
    return [text for kind in ("valid", "invalid") for _, text, _ in yaml_cases.cases(kind)]

"""Random YAML documents of four kinds, each from a seed of its own, so that any one can be made again.

valid     written from a known value with accepted constructs only: must be accepted, with that value
mutated   a valid document or one of the tests' own, edited at random
noise     random strings over YAML's indicators, blanks, line breaks and a few letters and numbers
scalar    what looks like a number, a date, a boolean or null, in one place of a small document
"""

import glob
import os
import random
import re

import yaml_cases

DOCUMENTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "formats", "documents")
KINDS = ("valid", "mutated", "noise", "scalar")

# Text that is a string to every reader where it stands as a plain scalar in block style …
BLOCK_WORDS = """
    a b web cpu x1 a:b a#b -x --- -- -1x ?x :x ::x a: http://h:80/p?q=1#f ~x nul nulls truely 1.2.3 10.0.0.1 c5.2xlarge
    5m 100Mi 1/2 10% 3a 0y 1e 1e+ e5 12:60 80:80 a,b a[0] x{} x[] a]b x] ./run .. . ... .x -.x +x + <<< << =x ==
    a=b yess offf Yn a|b a>b a&b a*b a!b a%b a@b a`b it's say"hi" a\\b \\d+ é 日本 😀 a\xa0b \xa0 ~~ --a=b
    _1 __ x_1 2019-11 2019-111-17 1:2:3x 0b2 0o8 0xg .infx nan inf Infinity None -inf_ x- x? x: 1- -a- (a) $x ^x$
    ;x /x \ufffd
""".split(" ")  # noqa: SIM905
BLOCK_WORDS = [word.strip("\n") for word in BLOCK_WORDS if word.strip("\n")]
# … and in flow style too.
FLOW_WORDS = [word for word in BLOCK_WORDS if not set(word) & set("?,[]{}") and word[0] != ":" and word[-1] != ":"]
# Those cannot be a whole scalar, or its first or last word.
NOT_ALONE = {"---", "...", "<<", "a:", "x:", "\xa0"}
# These cannot be the whole of one.
LOOK_ALIKES = {".", "e5"}
PLAIN_VALUES = {
    "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True, "false": False,
    "False": False, "FALSE": False, "0": 0, "-0": 0, "+0": 0, "1": 1, "+1": 1, "-17": -17, "512": 512, "0x1F": 31,
    "0xff": 255, "9007199254740991": 2**53 - 1, "9223372036854775808": 2**63, "0x8000000000000000": 2**63, "0.5": 0.5, "-0.0": -0.0,
    "1.": 1.0, ".5": 0.5, "1.5e+3": 1500.0, "1.0E-2": 0.01, "+1.25": 1.25, "-3.": -3.0, "007.5": 7.5,
}  # fmt: skip
PRINTABLE = "ab zA0:#-?,[]{}&*!|>'\"%@`\\~=<.+_/ \té日😀\xa0\ufffd"
UNPRINTABLE = "\0\a\b\t\n\v\f\r\x1b\x7f\x85\u2028\u2029\ufeff\uffff\U0010ffff"
ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
COMMENTS = ["#", "# c", "#c: 1", "# - x", "#\ttab", "# 'q", '# "', "# [", "#é", "##", "# ---", "# a #b"]
TOKENS = (
    list("-?:,[]{}#&*!|>'\"%@`~=<. ab01+_\\/\n\n\n   \t")
    + ["\r\n", "\r", "---", "...", "- ", "? ", ": ", ", ", " #", "\n  ", "\n ", "\n- ", "\n  - ", "a: ", "b: ", "\n\n"]
    + ["''", '""', "\\\n", "\\x41", "\\d", "\\u00e9", "<<", "yes", "null", "~", "true", "1", "0x1F", "010", "0o7"]
    + [
        "1e3",
        "1.5",
        ".5",
        "5.",
        "-.5",
        "1_0",
        "1:30",
        "2019-11-17",
        "=",
        ".inf",
        "+1",
        "-0",
        "\x85",
        "\u2028",
        "\ufeff",
    ]
    + ["é", "\xa0", "😀", "%YAML", "!!str", "&a", "*a", "|", "|-\n  ", "|+\n", ">\n  ", ">-\n ", "|2\n", "|1-\n"]
    + ["\n    ", "a:\n", "a: |\n ", "a: >\n  ", "{a: ", "[a, ", '"a":', "#a\n", "# a\n", "- - ", "\n-", "-\n", "\n---"]
    + ["\n...\n", "--- ", ":x", '"<<": ', "{}", "[]", "\u200b", "\u3000", "9007199254740993", "1.e+3", "    \n", "\n#"]
)
# What the readers' patterns for numbers, dates and words are made of, and where a plain scalar may stand.
SCALAR_PARTS = (
    list("0012345679..eE+--_:,xobTtZ aA~yn=<\n") + ["0x", "0o", "0b", "inf", ".inf", "NaN", "null", "Null", "yes", "no", "on"]
    + ["off", "true", "False", "\n\n", "2019", "-11", "-17", "-1", " 1:30:00", "T01:02:03", "+01:00", "e+3", "E-2", ".5", "00"]
)  # fmt: skip
SCALAR_PLACES = (
    "%s\n",
    "a: %s\n",
    "- %s\n",
    "a:\n  %s\nb: c\n",
    "[%s]\n",
    "{a: %s}\n",
    "%s: a\n",
    "{%s: a}\n",
    "- %s\n- b",
)
GAPS = ("", " ", " ", "  ", "\x01", " # c\x01", "\x01# ,]\x01")

# Valid documents.


def valid_document(rng):
    """Return a document of accepted constructs only, as str, and its value."""
    value = random_value(rng, rng.choice((0, 1, 1, 2, 2, 3)))
    indent = rng.choice((0, 0, 0, 0, 1, 2))
    inline, lines = node(rng, value, -1, indent)
    head = comment_lines(rng)
    if rng.random() < 0.2:
        inline, lines = node(rng, value, -1, indent)
        if inline is not None and rng.random() < 0.5:
            head = head + ["--- " + inline]
        else:
            head = head + [line_end(rng, "---")] + comment_lines(rng)
            head += [] if inline is None else [" " * indent + inline]
    elif inline is not None:
        head = head + [" " * indent + inline]
    lines = head + lines
    if rng.random() < 0.1:
        lines += ["..." + rng.choice(("", "  ", " # c"))] + comment_lines(rng)
    elif not value_ends_open(lines):
        lines += comment_lines(rng)
    text = "\n".join(lines)
    if lines and (value_ends_open(lines) or rng.random() < 0.8):
        text += "\n"
    return line_ends(rng, text), value


def value_ends_open(lines):
    """Tell whether what follows the last line would belong to its block scalar, or its missing break would tell."""
    return bool(lines) and getattr(lines[-1], "open", False)


class Line(str):
    """A line of a block scalar: blank lines, comments and a missing line break after it may change the value."""

    open = True


def line_ends(rng, text):
    """Return the text with one or the other kind of line break, or both, and perhaps a byte order mark."""
    kind = rng.random()
    if kind < 0.2:
        text = text.replace("\n", "\r\n")
    elif kind < 0.25:
        text = "".join("\r\n" if char == "\n" and rng.random() < 0.5 else char for char in text)
    # npm's yaml sees no sequence after the mark, nor where an indented line begins.
    return "\ufeff" + text if rng.random() < 0.05 and text[:1] not in " -" else text


def random_value(rng, depth):
    """Return a value nested up to ``depth`` deep."""
    if depth and rng.random() < 0.85:
        size = rng.choice((0, 1, 1, 2, 2, 3))
        if rng.random() < 0.5:
            return [random_value(rng, depth - 1) for _ in range(size)]
        entries = {random_key(rng): random_value(rng, depth - 1) for _ in range(size)}
        if isinstance(entries.get("<<"), (dict, list)):
            del entries["<<"]
        return entries
    if rng.random() < 0.3:
        return rng.choice(list(PLAIN_VALUES.values())) if rng.random() < 0.7 else random_number(rng)
    return random_string(rng)


def random_number(rng):
    """Return a number that JavaScript holds exactly."""
    if rng.random() < 0.5:
        return rng.choice((-1, 1)) * rng.randrange(10 ** rng.randrange(1, 16))
    return rng.uniform(-1, 1) * 10.0 ** rng.randrange(-8, 16)


def random_key(rng):
    """Return the text of a key."""
    return random_words(rng, rng.choice((1, 1, 1, 2))) if rng.random() < 0.7 else random_characters(rng)


def random_string(rng):
    """Return the text of a value: words, which may be written plain, or lines of any characters."""
    kind = rng.random()
    if kind < 0.5:
        return random_words(rng, rng.choice((1, 1, 2, 3)))
    if kind < 0.6:
        return "\n".join(random_words(rng, 1) if rng.random() < 0.7 else "" for _ in range(rng.randrange(1, 4)))
    if kind < 0.8:
        lines = [random_characters(rng) if rng.random() < 0.8 else "" for _ in range(rng.randrange(1, 5))]
        return "\n".join(lines) + "\n" * rng.randrange(3)
    return random_characters(rng, PRINTABLE + UNPRINTABLE)


def random_words(rng, count):
    """Return words with one space between them."""
    return " ".join(rng.choice(BLOCK_WORDS) for _ in range(count))


def random_characters(rng, alphabet=PRINTABLE):
    """Return a few characters of the alphabet."""
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(6)))


def comment_lines(rng):
    """Return blank and comment lines, mostly none."""
    if rng.random() < 0.75:
        return []
    lines = []
    for _ in range(rng.randrange(1, 3)):
        lines.append(" " * rng.randrange(5) + rng.choice(["", *COMMENTS]))
    return lines


def line_end(rng, line):
    """Return the line with blanks or a comment after it, mostly without."""
    if rng.random() < 0.75:
        return line
    return line + " " * rng.randrange(1, 3) + (rng.choice(COMMENTS) if rng.random() < 0.6 else "")


def node(rng, value, parent, indent):
    """Write a block node inside a collection at ``parent``; one that has lines of its own starts at ``indent``.

    Return what may follow "key: " in its line, or None, and the whole lines after that.
    """
    if isinstance(value, (dict, list)):
        if not value or rng.random() < 0.25:
            return flow_lines(rng, flow(rng, value, parent), parent)
        return None, (block_mapping if isinstance(value, dict) else block_sequence)(rng, value, indent)
    styles = [double_quoted]
    if isinstance(value, str):
        styles += [single_quoted] * single_possible(value) + [plain] * 2 * plain_possible(value, BLOCK_WORDS)
        if block_possible(value):
            styles += [block_scalar] * 2
    else:
        return line_end(rng, rng.choice(spellings(value))), []
    style = rng.choice(styles)
    if style is block_scalar:
        return block_scalar(rng, value, parent)
    return flow_lines(rng, style(rng, value, True), parent)


def spellings(value):
    """Return every way to write a value that is no string."""
    known = [text for text, meant in PLAIN_VALUES.items() if type(meant) is type(value) and repr(meant) == repr(value)]
    text = repr(value)
    return known or [text if "." in text or isinstance(value, int) else text.replace("e", ".0e")]


def flow_lines(rng, text, parent):
    """Indent the lines of a flow node and end its last line; "\\x01" stands for a break where a comment may stand."""
    lines = text.replace("\x01", "\n").split("\n")
    minimum = parent + 1
    rest = []
    for line in lines[1:]:
        rest.append(" " * (minimum + rng.randrange(4)) + line if line else " " * rng.choice((0, 0, 1, minimum)))
    # Where nothing needs indenting, a line may look like a marker or a directive.
    if minimum == 0:
        rest = [" " + line if line[:1] in ("-", ".", "%") else line for line in rest]
    lines[1:] = rest
    lines[-1] = line_end(rng, lines[-1])
    return lines[0], lines[1:]


def block_mapping(rng, value, indent):
    """Write a block mapping whose keys stand at ``indent``."""
    lines = []
    for key, item in value.items():
        lines += [] if value_ends_open(lines) else comment_lines(rng)
        name = " " * indent + key_text(rng, key, BLOCK_WORDS) + " " * rng.choice((0, 0, 0, 1)) + ":"
        deeper = indent + rng.choice((1, 2, 2, 4))
        if isinstance(item, list) and rng.random() < 0.5:
            deeper = indent
        lines += entry(rng, name, item, indent, deeper)
    return lines


def block_sequence(rng, value, indent):
    """Write a block sequence whose "-" stand at ``indent``."""
    lines = []
    for number, item in enumerate(value):
        lines += [] if value_ends_open(lines) else comment_lines(rng)
        gap = rng.choice((1, 1, 1, 2, 3))
        if isinstance(item, (dict, list)) and item and rng.random() < 0.6:
            # ns-l-compact-sequence, ns-l-compact-mapping.
            compact = (block_mapping if isinstance(item, dict) else block_sequence)(rng, item, indent + 1 + gap)
            while compact[0].strip(" ")[:1] in ("", "#"):
                compact = compact[1:]
            first = " " * indent + "-" + " " * gap + compact[0].lstrip(" ")
            lines += [Line(first) if value_ends_open(compact[:1]) else first] + compact[1:]
        else:
            deeper = indent + rng.choice((1, 2, 4))
            lines += entry(rng, " " * indent + "-", item, indent, deeper, number + 1 < len(value))
    return lines


def entry(rng, head, item, parent, indent, may_be_bare=True):
    """Write an entry's value after its "key:" or "-", in the same line or in the next; "-" alone must not come last."""
    inline, lines = node(rng, item, parent, indent)
    if item is None and may_be_bare and rng.random() < 0.5:
        return [line_end(rng, head)]
    if inline is None:
        return [line_end(rng, head)] + comment_lines(rng) + lines
    if rng.random() < 0.15 and not value_ends_open([inline]):
        margin = " " * (parent + rng.randrange(1, 4))
        # A plain scalar that goes on after a comment is not the same to all.
        comments = comment_lines(rng) if inline[0] in "\"'[{|>" else []
        return [line_end(rng, head)] + comments + [margin + inline] + lines
    first = head + " " * rng.choice((1, 1, 1, 3)) + inline
    return [Line(first) if value_ends_open([inline]) else first] + lines


def key_text(rng, key, words):
    """Write a key, in one line."""
    styles = [double_quoted] + [single_quoted] * single_possible(key) + [plain] * 3 * plain_possible(key, words)
    if "\n" in key or not single_possible(key):
        styles = [double_quoted]
    return rng.choice(styles)(rng, key, False)


def plain_possible(text, words):
    """Tell whether the text may be a plain scalar made of the words."""
    parts = text.replace("\n", " \n ").split(" ")
    if not text or text != text.strip(" \n") or " \n" in text or "\n " in text:
        return False
    if text in LOOK_ALIKES or text[0] in ":\xa0" or re.search("[ \n]\xa0", text):
        return False
    if len(parts) > 1 and (parts[0] == "2019-11" or ("\n" in text and "..." in parts)):
        return False
    if {parts[0], parts[-1]} & NOT_ALONE or any(part.endswith(":") for part in parts):
        return False
    return all(part in words or part in ("\n", "") for part in parts) and "  " not in text.replace("\n", "x")


def plain(rng, text, breaks):
    """Write a plain scalar, perhaps over several lines."""
    return folded(rng, text) if breaks else text


def folded(rng, text):
    """Write the line breaks of a flow scalar as YAML folds them: one more than there are, and some spaces as one."""
    out = ""
    position = 0
    while position < len(text):
        count = 0
        while text[position + count : position + count + 1] == "\n":
            count += 1
        if count:
            out += "\n" * (count + 1)
            position += count
            continue
        char = text[position]
        around = text[position - 1 : position + 2]
        inside = 0 < position < len(text) - 1 and not set(around[0] + around[-1]) & set(" \t\n")
        if char == " " and inside and rng.random() < 0.2:
            char = "\n"
        out += char
        position += 1
    return out


def single_possible(text):
    """Tell whether single quotes can hold the text: no unprintable character, no blanks beside a line break."""
    if set(text) & set(UNPRINTABLE.replace("\n", "").replace("\t", "").replace("\U0010ffff", "")):
        return False
    return not any(blank + "\n" in text or "\n" + blank in text for blank in " \t")


def single_quoted(rng, text, breaks):
    """Write a single-quoted scalar."""
    inner = text.replace("'", "''")
    return "'" + (folded(rng, inner) if breaks else inner) + "'"


def double_quoted(rng, text, breaks):
    """Write a double-quoted scalar with any escapes, perhaps with escaped line breaks."""
    out = ""
    for char in text:
        if breaks and rng.random() < 0.05:
            out += "\\\n"
            if char in " \t":
                out += "\\" + ESCAPES[char]
                continue
        if char in '"\\' or char in UNPRINTABLE or (char in ESCAPES and rng.random() < 0.1):
            out += "\\" + ESCAPES[char] if char in ESCAPES else hexadecimal(rng, char)
        elif rng.random() < 0.03:
            out += hexadecimal(rng, char)
        else:
            out += char
    return '"' + out + '"'


def hexadecimal(rng, char):
    """Write a character as one of the escapes that can hold its code."""
    code = ord(char)
    forms = ["\\U%08X"] + ["\\u%04x"] * (code < 0x10000) + ["\\x%02X"] * (code < 0x100)
    return rng.choice(forms) % code


def block_possible(text):
    """Tell whether a block scalar can hold the text."""
    if set(text) & set(UNPRINTABLE.replace("\n", "").replace("\t", "").replace("\U0010ffff", "")):
        return False
    # Without a line that has characters there is nothing to chomp.
    return bool(text.strip(" \n")) and text.strip("\n") != ""


def block_scalar(rng, text, parent):
    """Write a block scalar: return its header and its lines."""
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    if body == "":
        body, trailing = text[:1], 0
    style = rng.choice("|>")
    lines = body.split("\n") if style == "|" else fold_lines(rng, body)
    chomping = "-" if trailing == 0 else rng.choice(("", "+")) if trailing == 1 else "+"
    # No less than a whole document's own indentation.
    margin = rng.choice((2, 2, 4) if parent < 0 else (1, 2, 2, 4)) + max(parent, 0)
    first = next(line for line in lines if line)
    digit = ""
    if first[0] == " " or lines[0].strip(" ") == "" or rng.random() < 0.15:
        if parent < 0 or any(line and not line.strip(" ") for line in lines):
            if first[0] == " " or lines[0].strip(" ") == "":
                return flow_lines(rng, double_quoted(rng, text, True), parent)
        else:
            digit = str(margin - parent)
    out = [Line(" " * margin + line) if line else Line(" " * rng.choice((0, 0, margin))) for line in lines]
    if chomping == "+":
        out += [Line("")] * (trailing - 1)
    elif chomping == "-":
        out += [Line("")] * rng.choice((0, 0, 1))
    header = style + (chomping + digit if rng.random() < 0.5 else digit + chomping)
    return line_end(rng, header), out


def fold_lines(rng, body):
    """Return the lines that a ">" scalar folds back to ``body``."""
    lines = []
    previous_kept = True
    breaks = 0
    for text in body.split("\n"):
        if not text:
            breaks += 1
            continue
        kept = text[0] in " \t"
        if lines or breaks:
            # Between two normal lines one break folds to a space, so that it takes one more.
            extra = 1 if lines and not kept and not previous_kept else 0
            lines += [""] * (breaks + extra)
        lines += [text] if kept else split_spaces(rng, text)
        previous_kept = kept
        breaks = 0
    return lines


def split_spaces(rng, text):
    """Return the text as lines that fold back to it."""
    lines = [""]
    for position, char in enumerate(text):
        inside = 0 < position < len(text) - 1 and text[position + 1] not in " \t"
        if char == " " and inside and lines[-1] and rng.random() < 0.3:
            lines.append("")
        else:
            lines[-1] += char
    return lines


def flow(rng, value, parent):
    """Write a flow node."""

    def gap():
        """Return what may stand between two parts."""
        return rng.choice(GAPS if rng.random() < 0.4 else ("", " "))

    if isinstance(value, dict):
        entries = [flow_pair(rng, key, item, parent, gap) for key, item in value.items()]
        text = flow_entries(rng, entries, gap)
        return "{" + text + "}"
    if isinstance(value, list):
        entries = []
        for item in value:
            if isinstance(item, dict) and len(item) == 1 and rng.random() < 0.5:
                ((key, inner),) = item.items()
                entries.append(key_text(rng, key, FLOW_WORDS) + ": " + flow_value(rng, inner, parent))
            else:
                entries.append(flow_value(rng, item, parent))
        return "[" + flow_entries(rng, entries, gap) + "]"
    return flow_value(rng, value, parent)


def flow_entries(rng, entries, gap):
    """Write the entries of a flow collection with their commas."""
    text = gap()
    for number, entry_text in enumerate(entries):
        text += entry_text + gap()
        if number + 1 < len(entries) or rng.random() < 0.2:
            text += "," + gap()
    return text


def flow_pair(rng, key, item, parent, gap):
    """Write an entry of a flow mapping."""
    name = key_text(rng, key, FLOW_WORDS)
    if item is None and rng.random() < 0.5:
        return name + rng.choice(("", " ", ": ", " : "))
    adjacent = name[0] in "\"'" and rng.random() < 0.3
    return name + rng.choice(("", "", " ")) + ":" + ("" if adjacent else " " + gap()) + flow_value(rng, item, parent)


def flow_value(rng, value, parent):
    """Write a node inside a flow collection."""
    if isinstance(value, (dict, list)):
        return flow(rng, value, parent)
    if not isinstance(value, str):
        return rng.choice(spellings(value))
    styles = [double_quoted] + [single_quoted] * single_possible(value)
    styles += [plain] * 2 * plain_possible(value, FLOW_WORDS)
    return rng.choice(styles)(rng, value, True)


# Documents that may be anything.


def corpus():
    """Return the tests' own documents, the valid and the refused."""
    paths = sorted(glob.glob(os.path.join(DOCUMENTS, "*", "*.yaml")))
    return [text for path in paths for _, text in yaml_cases.read(path)]


def document(kind, seed, seeds):
    """Return the document of this kind and seed; ``seeds`` are those that a mutated one may come from."""
    rng = random.Random(seed)
    if kind == "valid":
        return valid_document(rng)[0]
    if kind == "mutated":
        return mutated_document(rng, seeds)
    return noise_document(rng) if kind == "noise" else scalar_document(rng)


def mutated_document(rng, seeds):
    """Return a valid document or one of ``seeds``, with a few random edits."""
    text = rng.choice(seeds) if seeds and rng.random() < 0.3 else valid_document(rng)[0]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        position = rng.randrange(len(text) + 1)
        end = min(len(text), position + rng.choice((0, 0, 1, 1, 2, 5)))
        edit = rng.random()
        if edit < 0.6:
            text = text[:position] + rng.choice(TOKENS) + text[end:]
        elif edit < 0.8:
            text = text[:position] + text[end:]
        elif edit < 0.9:
            other = rng.randrange(len(text) + 1)
            text = text[:position] + text[other : other + rng.randrange(12)] + text[position:]
        else:
            lines = text.split("\n")
            line = rng.randrange(len(lines))
            lines[line] = " " * rng.randrange(5) + lines[line].lstrip(" ")
            text = "\n".join(lines)
    return text


def noise_document(rng):
    """Return a random string of YAML's tokens."""
    return "".join(rng.choice(TOKENS) for _ in range(rng.randrange(1, 14)))


def scalar_document(rng):
    """Return a random string of what numbers and dates are made of, in one place."""
    text = "".join(rng.choice(SCALAR_PARTS) for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 5, 6))))
    return rng.choice(SCALAR_PLACES) % text.replace("\n", "\n  ")

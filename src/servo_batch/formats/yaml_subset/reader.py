"""YAML text → plain values with their places, for the subset that every reader gives the same meaning.

The promise (section 10 of the contract): where this reader accepts a document, YAML 1.1 as PyYAML reads it and YAML 1.2
give the same value; everything else is refused. So each rule below is the stricter of the two. Productions and sections
in the comments are those of the YAML 1.2.2 specification; "PyYAML" and "ruamel" name the reader that forces a refusal.

The functions are named after the grammar. In block style one takes the place of its first character and returns the
place of the next content, already past blank lines and comments, and the value; in flow style it returns the place just
past its last character. A place is a row and a column, both from 0; a column of -1 is the document's end or a marker.
Nothing goes back further than to the start of a line, so the time is linear in the document's length.

The texts of the refusals are in yaml_errors, which only a refused document pays for.
"""

import re

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn, Tuple, Union

    Place = Tuple[int, int]
    Lines = List[str]

MAX_DEPTH = 100
# Section 7.4: the ":" stands at most 1024 characters past the start of an implicit key. PyYAML enforces it everywhere.
MAX_KEY = 1024

# What nearly all documents are made of; only others pay for compiling NOT_TEXT.
ASCII_TEXT = bytes(range(0x20, 0x7F)) + b"\t\n"
# All that c-printable [1] excludes, and what only one version knows: to YAML 1.1 NEL, LS and PS are line breaks, to 1.2
# they are text; a byte order mark inside the text takes no column in PyYAML. A lone CR is no line break to editors.
NOT_TEXT = "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
SPACES = re.compile(" *")
SINGLE_QUOTED = re.compile("[^']*(?:''[^']*)*")
DOUBLE_QUOTED = re.compile('[^"\\\\]*')
# What may stand in a plain scalar in flow style without a second look.
FLOW_PLAIN = re.compile(r"[^,\[\]{}?:#\t]*")

# c-indicator [22] without "-", "?" and ":", which may start a plain scalar before a character that is no space.
NOT_PLAIN_FIRST = frozenset("&*!|>'\"%@`#,[]{}\t")
MARKERS = ("---", "...")
END_OR_SPACE = ("", " ")

# ns-esc-* [42-58].
ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}

# The plain scalars that both versions resolve to something else than a string, by word or by their first character.
WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# Booleans of YAML 1.1 only, its "value" and "merge" types, which YAML 1.2 dropped, and in lower case what Ruby's reader
# takes for a boolean or null in any case.
LOOK_ALIKE_WORDS = frozenset(["y", "yes", "n", "no", "on", "off", "true", "false", "null", "=", "<<"])
NUMBER_FIRST = frozenset("-+.0123456789")
INT = re.compile("[-+]?(?:0|[1-9][0-9]*)")
HEX = re.compile("0x[0-9a-fA-F]+")
# PyYAML wants the point and a sign in the exponent, and no sign before a leading point.
FLOAT = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
# What some reader takes for a number or a date and another for a string, or both for different numbers: underscores,
# commas (Ruby), octal, binary, exponents without point or sign, base 60, infinities, timestamps.
LOOK_ALIKE = (
    r"[-+]?(?:[0-9_,]+(?:\.[0-9_,]*)?|\.[0-9_,]+)(?:[eE][-+]?[0-9_,]+)?"
    r"|[-+]?0(?:[bB][01_,]*|[oO][0-7_,]*|[xX][0-9a-fA-F_,]*)"
    r"|[-+]?[0-9][0-9_,]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[-+]?\.(?:[iI][nN][fF]|[nN][aA][nN])"
    r"|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt ].*)?"
)


class YamlError(ValueError):
    """A document that is refused.

    ``msg`` is one line: what is wrong and what to write instead. ``name`` is the document's name as given to ``loads``;
    ``lineno`` and ``colno`` count from 1. ``str()`` of the error has the place, the message, the line and a caret.
    """

    def __init__(self, msg: str, name: str, lineno: int, colno: int, text: str) -> None:
        super().__init__(text)
        self.msg = msg
        self.name = name
        self.lineno = lineno
        self.colno = colno

    def __reduce__(self) -> "Tuple[Any, ...]":
        return type(self), (self.msg, self.name, self.lineno, self.colno, self.args[0])


class Mapping(dict):  # type: ignore[type-arg]  # to subscript would cost an import of typing
    """A dict that knows where its keys stand: ``marks`` has the line and the column, from 1, of each key."""

    def __init__(self, *args: "Any", **kwargs: "Any") -> None:
        super().__init__(*args, **kwargs)
        self.marks: "Dict[str, Tuple[int, int]]" = {}


class Sequence(list):  # type: ignore[type-arg]
    """A list that knows where its items stand: ``marks`` has the line and the column, from 1, of each item."""

    def __init__(self, *args: "Any") -> None:
        super().__init__(*args)
        self.marks: "List[Tuple[int, int]]" = []


class RefusalError(Exception):
    """Why (a name that yaml_errors explains) and where (row and column, from 0) the text is refused."""

    def __init__(self, why: str, row: int, col: int, detail: object = None) -> None:
        super().__init__(why)
        self.why = why
        self.row = row
        self.col = col
        self.detail = detail


def loads(source: "Union[str, bytes]", name: str = "<string>") -> "Any":
    """Return the value of the YAML document ``source``: dict, list, str, int, float, bool or None.

    Mappings are ``Mapping`` and sequences ``Sequence``: subclasses of dict and list that carry their places. ``name``
    is what errors call the document. Raises ``YamlError``, and nothing else, for whatever is refused.
    """
    try:
        return document(text_lines(source))
    except RefusalError as refusal:
        from servo_batch.formats.yaml_subset import messages as yaml_errors

        error = yaml_errors.explain(refusal, source, name)
    raise error


def text_lines(source: "Union[str, bytes]") -> "Lines":
    """Return the lines without their breaks; the last one, often empty, is the only one that had none."""
    if isinstance(source, bytes):
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            start = source.rfind(b"\n", 0, error.start) + 1
            column = len(source[start : error.start].decode("utf-8-sig"))
            refuse("encoding", source.count(b"\n", 0, error.start), column)
    else:
        text = source
    if text.startswith("\ufeff"):
        text = text[1:]
    text = text.replace("\r\n", "\n")
    if text.encode("utf-8", "surrogatepass").translate(None, ASCII_TEXT):
        wrong = re.search(NOT_TEXT, text)
        if wrong:
            position = wrong.start()
            refuse("character", text.count("\n", 0, position), position - text.rfind("\n", 0, position) - 1)
    return text.split("\n")


def refuse(why: str, row: int, col: int, detail: object = None) -> "NoReturn":
    """Stop reading: the text at this place is refused."""
    raise RefusalError(why, row, col, detail)


# The document (chapter 9) and what separates its parts (chapter 6).


def document(lines: "Lines") -> "Any":
    """Read l-any-document [210]; there is one, and nothing after it."""
    value = None
    row, col = next_content(lines, 0)
    begun = col < 0 and row < len(lines)
    if begun and lines[row][0] == ".":
        refuse("end-marker", row, 0)
    start = next_in_line(lines[row], 3) if begun else -1
    if start >= 0:
        row, col, value = block_node(lines, row, start, -1, 0, False)
    else:
        if begun:
            row, col = next_content(lines, row + 1)
        if col >= 0:
            row, col, value = block_node(lines, row, col, -1, 0, True)
    if col < 0 and row < len(lines) and lines[row][0] == ".":
        start = next_in_line(lines[row], 3)
        if start >= 0:
            refuse("after-value", row, start)
        row, _ = next_content(lines, row + 1)
        col = -1
    if row < len(lines):
        refuse("second-document" if col < 0 else "after-document", row, max(col, 0))
    return value


def is_marker(line: str) -> bool:
    """Tell c-forbidden [206]: the line of a document's start or end."""
    return line[:3] in MARKERS and line[3:4] in ("", " ", "\t")


def next_content(lines: "Lines", row: int) -> "Place":
    """Return the place of the first content from line ``row`` on that is neither blank nor a comment."""
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" ")
        if text and text[0] != "#":
            if text[0] in "-." and len(text) == len(line) and is_marker(line):
                return row, -1
            return row, len(line) - len(text)
        row += 1
    return row, -1


def is_entry(line: str, col: int) -> bool:
    """Tell the "-" of a block sequence's entry."""
    return line[col] == "-" and line[col + 1 : col + 2] in END_OR_SPACE


def next_in_line(line: str, col: int) -> int:
    """Return the column of what follows the spaces at ``col``; -1 where that is a comment or nothing."""
    end = SPACES.match(line, col).end()  # type: ignore[union-attr]
    if end == len(line) or (line[end] == "#" and end > col):
        return -1
    return end


def end_of_line(lines: "Lines", row: int, col: int) -> "Place":
    """See that nothing follows a block node in its line; return the place of the next content."""
    rest = next_in_line(lines[row], col)
    if rest >= 0:
        refuse("after-value", row, rest)
    return next_content(lines, row + 1)


# Block style (chapter 8).


def block_node(lines: "Lines", row: int, col: int, indent: int, depth: int, compact: bool) -> "Tuple[int, int, Any]":
    """Read s-l+block-node [196] inside a collection at ``indent``.

    ``compact``: a block collection may start here, because the node is the first of its line or follows "- ".
    """
    line = lines[row]
    first = line[col]
    if is_entry(line, col):
        if not compact:
            refuse("block-in-line", row, col)
        return block_sequence(lines, row, col, depth + 1)
    if first == "|" or first == ">":
        return block_scalar(lines, row, col, indent)
    if first == "[" or first == "{":
        end_row, end, value = flow_node(lines, row, col, indent + 1, depth)
    elif first == '"' or first == "'":
        end_row, end, value = quoted(lines, row, col, indent + 1)
    else:
        end, colon, comment = block_plain_line(line, row, col)
        if colon < 0:
            return block_plain(lines, row, col, end, comment, indent)
        end_row = row
    line = lines[end_row]
    colon = SPACES.match(line, end).end()  # type: ignore[union-attr]
    if line[colon : colon + 1] == ":":
        if end_row > row:
            refuse("key-lines", row, col)
        if not compact:
            refuse("block-in-line", end_row, colon)
        return block_mapping(lines, row, col, depth + 1)
    return end_of_line(lines, end_row, end) + (value,)


def block_sequence(lines: "Lines", row: int, indent: int, depth: int) -> "Tuple[int, int, Sequence]":
    """Read l+block-sequence [183] or ns-l-compact-sequence [186], whose "-" stand at ``indent``."""
    if depth > MAX_DEPTH:
        refuse("depth", row, indent)
    sequence = Sequence()
    col = indent
    while col == indent and is_entry(lines[row], col):
        mark = (row + 1, col + 1)
        value = None
        start = next_in_line(lines[row], col + 1)
        if start < 0:
            row, start = next_content(lines, row + 1)
        if start > indent:
            mark = (row + 1, start + 1)
            row, start, value = block_node(lines, row, start, indent, depth, True)
        col = start
        sequence.append(value)
        sequence.marks.append(mark)
    if col > indent:
        refuse("indentation", row, col)
    return row, col, sequence


def block_mapping(lines: "Lines", row: int, indent: int, depth: int) -> "Tuple[int, int, Mapping]":
    """Read l+block-mapping [187] or ns-l-compact-mapping [195], whose keys stand at ``indent``."""
    if depth > MAX_DEPTH:
        refuse("depth", row, indent)
    mapping = Mapping()
    col = indent
    while col == indent:
        line = lines[row]
        key, end = block_key(lines, row, col)
        if key in mapping:
            refuse("duplicate-key", row, col, mapping.marks[key][0])
        mapping.marks[key] = (row + 1, col + 1)
        start = next_in_line(line, end)
        if start >= 0:
            row, col, mapping[key] = block_node(lines, row, start, indent, depth, False)
            continue
        row, col = next_content(lines, row + 1)
        # A sequence may stand at its key's own indentation: seq-space [201].
        if col > indent or (col == indent and is_entry(lines[row], col)):
            row, col, mapping[key] = block_node(lines, row, col, indent, depth, True)
        else:
            mapping[key] = None
    if col > indent:
        refuse("indentation", row, col)
    return row, col, mapping


def block_key(lines: "Lines", row: int, col: int) -> "Tuple[str, int]":
    """Read ns-s-block-map-implicit-key [193] and its ":"; return the key and the column past the ":"."""
    line = lines[row]
    if line[col] in "\"'":
        end_row, end, key = quoted(lines, row, col, col + 1)
        if end_row > row:
            refuse("key-lines", row, col)
        colon = SPACES.match(line, end).end()  # type: ignore[union-attr]
        if line[colon : colon + 1] != ":":
            refuse("no-colon", row, col)
        if line[colon + 1 : colon + 2] not in END_OR_SPACE:
            refuse("colon-space", row, colon)
    else:
        if line[col] in "[{":
            refuse("complex-key", row, col)
        end, colon, _ = block_plain_line(line, row, col)
        if colon < 0:
            refuse("no-colon", row, col)
        key = resolved(line[col:end], row, col)
        if not isinstance(key, str):
            refuse("key-type", row, col, line[col:end])
    if colon - col > MAX_KEY:
        refuse("key-length", row, col)
    return key, colon + 1


def block_plain_line(line: str, row: int, col: int, first: bool = True) -> "Tuple[int, int, bool]":
    """Read what a line has of a plain scalar in block style: nb-ns-plain-in-line [132].

    Return the column past its end, the column of the ":" that makes it a key, or -1, and whether a comment follows.
    """
    if first:
        plain_first(line, row, col, END_OR_SPACE)
    comment = line.find(" #", col)
    colon = line.find(": ", col)
    limit = len(line) if comment < 0 else comment
    if 0 <= colon < limit:
        text = line[col:colon]
    else:
        text = line[col:limit].rstrip(" ")
        colon = -1
        if text.endswith(":"):
            colon = col + len(text) - 1
            text = text[:-1]
    text = text.rstrip(" ")
    if "\t" in text:
        refuse("tab", row, line.index("\t", col))
    return col + len(text), colon, comment >= 0


def plain_first(line: str, row: int, col: int, not_after: "Tuple[str, ...]") -> None:
    """See that a plain scalar may start here: ns-plain-first [126]; ``not_after`` may not follow "-", "?" and ":"."""
    first = line[col]
    if first in NOT_PLAIN_FIRST or (first in "-?:" and line[col + 1 : col + 2] in not_after):
        refuse("indicator", row, col)
    if first == "-" and is_marker(line[col : col + 4]):
        # Indented, it is text; js-yaml takes it for a document's start all the same.
        refuse("marker", row, col)


def block_plain(lines: "Lines", row: int, col: int, end: int, comment: bool, indent: int) -> "Tuple[int, int, Any]":
    """Read the rest of ns-plain-multi-line [135] in block style, whose first line block_plain_line has read."""
    chunks = [lines[row][col:end]]
    breaks = 0
    next_row = last_row = row
    # A comment ends the scalar; a deeper line after it belongs to nothing, and the caller refuses it.
    while not comment and next_row + 1 < len(lines):
        next_row += 1
        line = lines[next_row]
        text = line.lstrip(" ")
        if not text:
            breaks += 1
            continue
        start = len(line) - len(text)
        if start <= indent or text[0] == "#" or (start == 0 and is_marker(line)):
            break
        if start == 0 and text[0] == "%":
            refuse("directive-line", next_row, 0)
        end, colon, comment = block_plain_line(line, next_row, start, False)
        if colon >= 0:
            refuse("plain-colon", next_row, colon)
        chunks.append("\n" * breaks or " ")
        chunks.append(line[start:end])
        breaks = 0
        last_row = next_row
    value = resolved("".join(chunks), row, col)
    return next_content(lines, last_row + 1) + (value,)


def block_scalar(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-l+literal [170] or c-l+folded [174] inside a collection at ``indent``."""
    folded = lines[row][col] == ">"
    chomping, digit = block_header(lines[row], row, col)
    row += 1
    if not digit:
        width = block_scalar_width(lines, row, indent)
    elif indent < 0:
        # The specification counts from -1 here, libyaml and PyYAML from 0.
        refuse("top-block-indent", row - 1, col)
    else:
        width = indent + digit
    texts, row = block_scalar_lines(lines, row, width)
    content = len(texts)
    while content and not texts[content - 1]:
        content -= 1
    # b-chomped-last [165]: a last line without a break gives none.
    last_break = "\n" if content and row - len(texts) + content < len(lines) else ""
    value = fold_block(texts[:content]) if folded else "\n".join(texts[:content])
    if chomping == "+":
        value += last_break + "\n" * (len(texts) - content)
    elif not chomping:
        value += last_break
    return next_content(lines, row) + (value,)


def block_header(line: str, row: int, col: int) -> "Tuple[str, int]":
    """Read c-b-block-header [162]; return the chomping indicator, or "", and the indentation indicator, or 0."""
    chomping, digit = "", 0
    end = col + 1
    for char in line[end : end + 2]:
        if char in "+-" and not chomping:
            chomping = char
        elif char in "123456789" and not digit:
            digit = int(char)
        else:
            break
        end += 1
    rest = next_in_line(line, end)
    if rest >= 0:
        refuse("block-header", row, rest)
    return chomping, digit


def block_scalar_width(lines: "Lines", row: int, indent: int) -> int:
    """Return the content's indentation, which the first line that is not blank shows (section 8.1.1.1)."""
    blank = 0
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" ")
        if text:
            width = len(line) - len(text)
            if width > max(indent, 0):
                if blank > width:
                    refuse("block-blank", row, width)
                return width
            if indent < 0:
                # To ruamel and the specification this is the content, to PyYAML it is what follows an empty scalar.
                refuse("top-block-column", row, width)
            break
        blank = max(blank, len(line))
        row += 1
    # No content: every line that is only blanks belongs to the scalar, whatever its width.
    return max(blank, indent + 1, 1)


def block_scalar_lines(lines: "Lines", row: int, width: int) -> "Tuple[List[str], int]":
    """Return the content's lines without their indentation, blank ones as "", and the row after them."""
    texts = []
    prefix = " " * width
    last = len(lines) - 1
    while row <= last:
        line = lines[row]
        if row == last and not line.strip(" "):
            if line:
                refuse("block-end", row, 0)
            break
        if line.startswith(prefix):
            texts.append(line[width:])
        elif line.strip(" "):
            break
        else:
            texts.append("")
        row += 1
    return texts, row


def fold_block(texts: "List[str]") -> str:
    """Fold the lines of a ">" scalar: b-l-folded [73], but for the lines that start with a blank [178]."""
    chunks = []
    breaks = 0
    kept = True
    started = False
    for text in texts:
        if not text:
            breaks += 1
            continue
        kept, before = text[0] in " \t", kept
        if not started:
            chunks.append("\n" * breaks)
            started = True
        elif kept or before:
            chunks.append("\n" * (breaks + 1))
        else:
            chunks.append("\n" * breaks or " ")
        chunks.append(text)
        breaks = 0
    return "".join(chunks)


# Flow style (chapter 7). ``indent`` is the least column that continuation lines may start at.


def flow_node(lines: "Lines", row: int, col: int, indent: int, depth: int) -> "Tuple[int, int, Any]":
    """Read ns-flow-node [161]."""
    first = lines[row][col]
    if first == "[":
        return flow_sequence(lines, row, col, indent, depth + 1)
    if first == "{":
        return flow_mapping(lines, row, col, indent, depth + 1)
    if first == '"' or first == "'":
        return quoted(lines, row, col, indent)
    end_row, end, text = flow_plain(lines, row, col, indent)
    return end_row, end, resolved(text, row, col)


def flow_sequence(lines: "Lines", row: int, col: int, indent: int, depth: int) -> "Tuple[int, int, Sequence]":
    """Read c-flow-sequence [137]."""
    if depth > MAX_DEPTH:
        refuse("depth", row, col)
    sequence = Sequence()
    opened = (row, col)
    row, col = flow_separation(lines, row, col + 1, indent, opened)
    while lines[row][col] != "]":
        start = (row, col)
        row, col, value = flow_node(lines, row, col, indent, depth)
        colon = SPACES.match(lines[row], col).end()  # type: ignore[union-attr]
        if lines[row][colon : colon + 1] == ":":
            # ns-flow-pair [150]. ruamel takes the ":" of ["a":b] for text.
            if lines[row][colon + 1 : colon + 2] not in END_OR_SPACE:
                refuse("colon-space", row, colon)
            pair = Mapping()
            row, col, pair_value = flow_value(lines, row, colon, value, start, indent, depth + 1, opened)
            pair[value] = pair_value
            pair.marks[value] = (start[0] + 1, start[1] + 1)
            value = pair
        sequence.append(value)
        sequence.marks.append((start[0] + 1, start[1] + 1))
        row, col = flow_separation(lines, row, col, indent, opened)
        row, col = flow_comma(lines, row, col, indent, opened, "]")
    return row, col + 1, sequence


def flow_mapping(lines: "Lines", row: int, col: int, indent: int, depth: int) -> "Tuple[int, int, Mapping]":
    """Read c-flow-mapping [140]."""
    if depth > MAX_DEPTH:
        refuse("depth", row, col)
    mapping = Mapping()
    opened = (row, col)
    row, col = flow_separation(lines, row, col + 1, indent, opened)
    while lines[row][col] != "}":
        start = (row, col)
        if lines[row][col] in "[{":
            refuse("complex-key", row, col)
        row, col, key = flow_node(lines, row, col, indent, depth)
        if not isinstance(key, str):
            refuse("key-type", start[0], start[1], lines[row][start[1] : col])
        if key in mapping:
            refuse("duplicate-key", start[0], start[1], mapping.marks[key][0])
        if row > start[0]:
            refuse("key-lines", start[0], start[1])
        value = None
        colon = SPACES.match(lines[row], col).end()  # type: ignore[union-attr]
        if lines[row][colon : colon + 1] == ":":
            row, col, value = flow_value(lines, row, colon, key, start, indent, depth, opened)
        mapping[key] = value
        mapping.marks[key] = (start[0] + 1, start[1] + 1)
        row, col = flow_separation(lines, row, col, indent, opened)
        row, col = flow_comma(lines, row, col, indent, opened, "}")
    return row, col + 1, mapping


def flow_value(
    lines: "Lines", row: int, colon: int, key: object, start: "Place", indent: int, depth: int, opened: "Place"
) -> "Tuple[int, int, Any]":
    """Read the ":" after the key that began at ``start`` and the value after it: c-ns-flow-map-separate-value [147]."""
    if row > start[0]:
        refuse("key-lines", start[0], start[1])
    if isinstance(key, (Sequence, Mapping)):
        refuse("complex-key", start[0], start[1])
    if not isinstance(key, str):
        refuse("key-type", start[0], start[1], lines[row][start[1] : colon])
    if colon - start[1] > MAX_KEY:
        refuse("key-length", start[0], start[1])
    if depth > MAX_DEPTH:
        refuse("depth", row, colon)
    row, col = flow_separation(lines, row, colon + 1, indent, opened)
    if lines[row][col] in ",]}":
        return row, col, None
    return flow_node(lines, row, col, indent, depth)


def flow_comma(lines: "Lines", row: int, col: int, indent: int, opened: "Place", closing: str) -> "Place":
    """Read the "," between entries, if the collection does not close here; return the place of what follows."""
    char = lines[row][col]
    if char == ",":
        return flow_separation(lines, row, col + 1, indent, opened)
    if char != closing:
        refuse("flow-comma", row, col, closing)
    return row, col


def flow_separation(lines: "Lines", row: int, col: int, indent: int, opened: "Place") -> "Place":
    """Skip s-separate [80]: spaces, comments and line breaks; return the place of what follows."""
    start = next_in_line(lines[row], col)
    if start >= 0:
        return row, start
    for next_row in range(row + 1, len(lines)):
        line = lines[next_row]
        text = line.lstrip(" ")
        if text and text[0] != "#":
            start = len(line) - len(text)
            flow_line(line, next_row, start, indent, opened)
            return next_row, start
    raise RefusalError("flow-open", *opened)


def flow_line(line: str, row: int, start: int, indent: int, opened: "Place") -> None:
    """See that a line may go on with a flow collection: s-flow-line-prefix [69], which PyYAML does not ask for."""
    if start == 0 and is_marker(line):
        refuse("flow-open", *opened)
    if line[start] == "\t":
        refuse("tab", row, start)
    if start < indent:
        refuse("flow-indent", row, start)
    if start == 0 and line[0] == "%":
        refuse("directive-line", row, 0)


def flow_plain(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read ns-plain-multi-line [135] in flow style; return the place past its last character, and the text."""
    line = lines[row]
    opened = (row, col)
    plain_first(line, row, col, ("", " ", ",", "[", "]", "{", "}"))
    if line[col] in "?:":
        # PyYAML takes both for indicators in flow style, whatever follows.
        refuse("indicator", row, col)
    stop = flow_plain_line(line, row, col)
    end = col + len(line[col:stop].rstrip(" "))
    chunks = [line[col:end]]
    breaks = 0
    next_row = row
    while stop == len(line) and next_row + 1 < len(lines):
        next_row += 1
        line = lines[next_row]
        text = line.lstrip(" ")
        if not text:
            breaks += 1
            stop = len(line)
            continue
        if text[0] in "#,]}":
            break
        start = len(line) - len(text)
        flow_line(line, next_row, start, indent, opened)
        stop = flow_plain_line(line, next_row, start)
        if stop == start:
            break
        row, end = next_row, start + len(line[start:stop].rstrip(" "))
        chunks.append("\n" * breaks or " ")
        chunks.append(line[start:end])
        breaks = 0
    return row, end, "".join(chunks)


def flow_plain_line(line: str, row: int, col: int) -> int:
    """Return the column at which a line's part of a plain scalar in flow style stops, spaces before it included."""
    while True:
        col = FLOW_PLAIN.match(line, col).end()  # type: ignore[union-attr]
        char = line[col : col + 1]
        follow = line[col + 1 : col + 2]
        if char == ":" and follow not in END_OR_SPACE:
            # {a:} is {"a": null} to PyYAML and the specification, {"a:": null} to ruamel.
            if follow in ",[]{}\t":
                refuse("colon-space", row, col)
        elif char == "#" and line[col - 1] != " ":
            pass
        elif char and char in "?[{\t":
            # PyYAML ends the scalar at "?", ruamel and the specification do not.
            refuse("flow-plain", row, col)
        else:
            return col
        col += 1


# Scalars.


def quoted(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-double-quoted [109] or c-single-quoted [120]; return the place past the closing quote, and the text."""
    if lines[row][col] == '"':
        return double_quoted(lines, row, col, indent)
    return single_quoted(lines, row, col, indent)


def single_quoted(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-single-quoted [120]."""
    opened = (row, col)
    chunks = []
    col += 1
    while True:
        line = lines[row]
        end = SINGLE_QUOTED.match(line, col).end()  # type: ignore[union-attr]
        text = line[col:end].replace("''", "'")
        if end < len(line):
            chunks.append(text)
            return row, end + 1, "".join(chunks)
        chunks.append(text.rstrip(" \t"))
        row, col, breaks = quoted_line(lines, row, indent, opened)
        chunks.append("\n" * breaks or " ")


def double_quoted(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-double-quoted [109]."""
    opened = (row, col)
    chunks = []
    line = lines[row]
    col += 1
    while True:
        end = DOUBLE_QUOTED.match(line, col).end()  # type: ignore[union-attr]
        if end == len(line):
            # Only blanks that are written as such go: an escape before them is text.
            chunks.append(line[col:end].rstrip(" \t"))
            row, col, breaks = quoted_line(lines, row, indent, opened)
            chunks.append("\n" * breaks or " ")
            line = lines[row]
            continue
        chunks.append(line[col:end])
        if line[end] == '"':
            return row, end + 1, "".join(chunks)
        if end + 1 == len(line):
            # s-double-escaped [112]. js-yaml drops empty lines after it.
            escaped = row, end
            row, col, breaks = quoted_line(lines, row, indent, opened)
            if breaks:
                refuse("escaped-break", *escaped)
            line = lines[row]
        else:
            col, char = escape(line, row, end + 1)
            chunks.append(char)


def escape(line: str, row: int, col: int) -> "Tuple[int, str]":
    """Read c-ns-esc-char [62] past its backslash; return the column past it and the character it stands for."""
    char = line[col]
    if char in ESCAPES:
        return col + 1, ESCAPES[char]
    if char not in HEX_ESCAPES:
        refuse("escape", row, col)
    end = col + 1 + HEX_ESCAPES[char]
    digits = line[col + 1 : end]
    if len(digits) != HEX_ESCAPES[char] or digits.strip("0123456789abcdefABCDEF"):
        refuse("escape-digits", row, col, HEX_ESCAPES[char])
    code = int(digits, 16)
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        # Half a character of UTF-16: one reader joins two of them, another keeps both.
        refuse("escape-code", row, col)
    return end, chr(code)


def quoted_line(lines: "Lines", row: int, indent: int, opened: "Place") -> "Tuple[int, int, int]":
    """Return the place of the text of a quoted scalar's next line, and the number of empty lines before it [74]."""
    for next_row in range(row + 1, len(lines)):
        line = lines[next_row]
        text = line.lstrip(" \t")
        start = len(line) - len(text)
        tab = line.find("\t", 0, start)
        if 0 <= tab < indent:
            refuse("tab", next_row, tab)
        if text:
            if start < indent:
                refuse("quoted-indent", next_row, start)
            if start == 0 and is_marker(line):
                break
            if start == 0 and text[0] == "%":
                refuse("directive-line", next_row, 0)
            return next_row, start, next_row - row - 1
    raise RefusalError("quote-open", *opened)


def resolved(text: str, row: int, col: int) -> "Any":
    """Return the value of a plain scalar (section 10.3.2), if it is the same in YAML 1.1 and 1.2."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMBER_FIRST:
        if len(text) < 6 and text.lower() in LOOK_ALIKE_WORDS:
            refuse("look-alike", row, col, text)
        return text
    if INT.fullmatch(text):
        # Other readers make a float of what needs more than 64 bits; and int() takes quadratic time.
        if len(text) > 21 or not -(2**63) <= int(text) < 2**64:
            refuse("number-size", row, col, text)
        return int(text)
    if FLOAT.fullmatch(text):
        number = float(text)
        if number - number != 0:
            refuse("number-size", row, col, text)
        return number
    if HEX.fullmatch(text):
        if len(text) > 18:
            refuse("number-size", row, col, text)
        return int(text, 16)
    if re.fullmatch(LOOK_ALIKE, text, re.DOTALL):
        refuse("look-alike", row, col, text)
    return text

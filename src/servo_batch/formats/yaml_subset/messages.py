"""What the YAML reader says about a document that it refuses: what is wrong, what to write instead, and the line.

Only a refused document needs it, and the built file compiles what it imports at every run: nothing else imports it.
"""

import unicodedata

from servo_batch.formats.yaml_subset.errors import MAX_DEPTH, MAX_KEY, YamlError
from servo_batch.formats.yaml_subset.lines import UNICODE_BLANKS, is_marker
from servo_batch.wording import width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Tuple, Union

    from servo_batch.formats.yaml_subset.errors import RefusalError

    Message = Tuple[str, str]

# A line and a value are shown up to this many columns, so that they fit a terminal.
LINE_WIDTH = 100
VALUE_WIDTH = 40

QUOTE_IT = "if it is meant as text, quote it"

# Why → what is wrong, and what to write instead. Those that depend on the text have a function below.
MESSAGES: "Dict[str, Message]" = {
    "after-document": (
        "this line belongs to nothing above it",
        "give all entries of a collection the same indentation and the same form",
    ),
    "after-value": ("this follows a value that is complete", "quote the whole value, or put this on a line of its own"),
    "block-blank": (
        "the empty lines before this block scalar's first line are indented deeper than it, and readers differ there",
        "remove the blanks from the empty lines",
    ),
    "block-blanks": (
        "this empty line is indented deeper than the block scalar's indicator says, and readers differ about that",
        "remove the blanks from the empty line",
    ),
    "block-cut": (
        "the document ends inside a block scalar without a line break, and readers differ about the one it would get",
        'end the line; for a text without a line break at its end write "|-" or ">-"',
    ),
    "block-end": (
        "the document ends inside a block scalar with blanks and no line break, and readers differ there",
        "remove the blanks, or end the line",
    ),
    "block-header": (
        'after "|" or ">" only "-" or "+", one digit from 1 to 9 and a comment may follow',
        "begin the text on the next line, indented",
    ),
    "block-in-line": (
        "a mapping or a sequence cannot start in the middle of a line",
        'put it on the next line, indented; if the ": " or "- " is meant as text, quote the whole value',
    ),
    "colon-space": ('YAML readers differ about a ":" without a space after it here', "put a space after the colon"),
    "comment-above": (
        "a comment that is indented less than its entry stands before this value, and readers differ then",
        "indent the comment like the value",
    ),
    "complex-key": (
        "a list or a mapping is no key in JSON",
        "use a string as the key; if the whole is meant as text, quote it",
    ),
    "depth": ("the nesting is deeper than %d" % MAX_DEPTH, "write the inner part flatter"),
    "empty-item": (
        'this "-" has no value, and js-yaml takes the "-" of the next line for another item beside it',
        'write "null" after the "-"',
    ),
    "encoding": ("this is no UTF-8", "save the file as UTF-8"),
    "encoding-16": ("this is UTF-16", "save the file as UTF-8"),
    "end-marker": ('"..." ends a document, and none has begun', "remove the line"),
    "directive-line": (
        'a line that starts with "%" is a directive to some YAML readers',
        "indent the line, or write the text in one line",
    ),
    "escape-code": (
        "this escape stands for no character",
        "write the character itself, or its code point as \\U and eight digits",
    ),
    "escaped-break": (
        "YAML readers differ about empty lines after a backslash that ends its line",
        'remove the empty lines; for a line break write "\\n"',
    ),
    "flow-indent": (
        "a line inside [ ] or { } must be indented deeper than what the collection belongs to, the closing bracket too",
        "indent the line",
    ),
    "indentation": (
        "this line is indented deeper than the entries before it",
        "align it with the entries that it belongs to",
    ),
    "key-length": ("a key must end within %d characters" % MAX_KEY, "shorten the key"),
    "key-lines": ("a key and its colon must stand in one line", "put the key and the colon into one line"),
    "merge": (
        'what "<<" holds is merged into the mapping around it by Ruby, also where the key is in quotes',
        "rename the key",
    ),
    "no-colon": (
        "a key is expected here, and this line has no colon",
        'write "key: value"; a value that goes on from the line above must be indented deeper than its key',
    ),
    "plain-colon": (
        'this line continues a value from above, which cannot contain a ":" before a space',
        "indent the line like the keys beside it; if it is text, quote the whole value",
    ),
    "quote-open": (
        "this quote is never closed in its place",
        "close it; inside single quotes write a quote twice, inside double quotes put a backslash before it",
    ),
    "quoted-indent": (
        "a quoted text that goes on in the next line must be indented there deeper than what it belongs to",
        "indent the line, or close the quote before it",
    ),
    "second-document": ("a file has one document, and this begins a second", "put the second into a file of its own"),
    "tab": ("YAML readers differ about a tab outside quotes", 'use spaces; inside double quotes write "\\t"'),
    "top-block-column": (
        "the lines of a block scalar that is the whole document must be indented, and no less than its first line",
        "indent them",
    ),
    "top-block-indent": (
        "readers differ about an indentation indicator where the block scalar is the whole document",
        'leave the digit out, or write the text in double quotes with "\\n" for the line breaks',
    ),
}

INDICATORS: "Dict[str, Message]" = {
    "&": ('"&" starts an anchor, which JSON has no place for', "write the value out at each place; " + QUOTE_IT),
    "*": ('"*" starts an alias, which JSON has no place for', "write the value out again; " + QUOTE_IT),
    "!": ('"!" starts a tag, which JSON has no place for', "leave the tag out; " + QUOTE_IT),
    "|": ('"|" starts a block scalar, which cannot stand inside [ ] or { }', QUOTE_IT),
    ">": ('">" starts a block scalar, which cannot stand inside [ ] or { }', QUOTE_IT),
    "%": ('"%" cannot start a value', QUOTE_IT),
    "@": ('"@" is reserved and cannot start a value', QUOTE_IT),
    "`": ('"`" is reserved and cannot start a value', QUOTE_IT),
    "#": ('"#" starts a comment only after a space', "put a space before it; " + QUOTE_IT),
    ",": ('a value is missing before ","', "write the value; " + QUOTE_IT),
    "[": ("a list is no key in JSON", "use a string as the key"),
    "{": ("a mapping is no key in JSON", "use a string as the key"),
    "]": ('"]" closes nothing', "remove it; " + QUOTE_IT),
    "}": ('"}" closes nothing', "remove it; " + QUOTE_IT),
    "?": ('"?" starts a key that is written apart from its value', 'write "key: value"; ' + QUOTE_IT),
    ":": ('there is no key before ":"', 'write "key: value"; ' + QUOTE_IT),
    "-": ('"-" starts an item of a sequence, and none can stand here', "put it on a line of its own; " + QUOTE_IT),
    "\t": MESSAGES["tab"],
}

CHARACTERS = {
    "\r": ("a carriage return without a line feed", "end lines with LF or CRLF"),
    "\x85": ("a next line character (NEL)", 'end lines with LF or CRLF; in double quotes write "\\N"'),
    "\u2028": ("a line separator (LS)", 'end lines with LF or CRLF; in double quotes write "\\L"'),
    "\u2029": ("a paragraph separator (PS)", 'end lines with LF or CRLF; in double quotes write "\\P"'),
    "\ufeff": ("a byte order mark inside the text", 'remove it; in double quotes write "\\uFEFF"'),
}


def explain(refusal: "RefusalError", source: "Union[str, bytes]", name: str) -> "YamlError":
    """Return the error that tells a person why the document ``name`` with the text ``source`` is refused, and where."""
    line = source_line(source, refusal.row)
    problem, remedy = message(refusal, line, source)
    shown, caret = excerpt(line, refusal.col)
    lineno, colno = refusal.row + 1, refusal.col + 1
    text = "%s:%d:%d: %s:\n%s\n    %s\n    %s^" % (printable(name), lineno, colno, problem, remedy, shown, " " * caret)
    return YamlError("%s: %s" % (problem, remedy), name, lineno, colno, text)


def source_line(source: "Union[str, bytes]", row: int) -> str:
    """Return the line ``row``, from 0, as the reader counts lines."""
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    if text.startswith("\ufeff"):
        text = text[1:]
    return text.replace("\r\n", "\n").split("\n")[row]


def message(refusal: "RefusalError", line: str, source: "Union[str, bytes]") -> "Message":
    """Return what is wrong and what to write instead."""
    why = refusal.why
    if why == "encoding" and isinstance(source, bytes) and source[:2] in (b"\xff\xfe", b"\xfe\xff"):
        why = "encoding-16"
    if why in DETAILED:
        return DETAILED[why](line, refusal.col, refusal.detail)
    return MESSAGES[why]


def indicator(line: str, col: int, _: object) -> "Message":
    """Explain a character that no plain scalar can start with."""
    if line[col] == "%" and col == 0:
        return '"%" starts a directive, which only one version of YAML may know', "remove the line; " + QUOTE_IT
    if line[col] == ":" and line[col + 1 : col + 2] not in ("", " ", "\t"):
        return 'text that starts with ":" is a symbol to Ruby', QUOTE_IT
    return INDICATORS[line[col]]


def character(line: str, col: int, _: object) -> "Message":
    """Explain a character that no YAML text may contain, or only one version's."""
    char = line[col]
    if char in CHARACTERS:
        what, remedy = CHARACTERS[char]
        return what + " is not the same to every YAML reader", remedy
    if "\ud800" <= char <= "\udfff":
        return "U+%04X is half a character" % ord(char), "write the whole character"
    remedy = 'remove it; in double quotes write "%s"' % escaped(char)
    return "the character U+%04X is not allowed in YAML" % ord(char), remedy


def blank_indent(line: str, col: int, _: object) -> "Message":
    """Explain a line that begins with a blank that YAML takes for text."""
    problem = "this line begins with %s, which every YAML reader takes for text" % named(line[col])
    return problem, "indent with spaces; " + QUOTE_IT


def blank_key(line: str, col: int, _: object) -> "Message":
    """Explain a key that begins or ends with a blank that YAML takes for text."""
    problem = "every YAML reader takes %s for a part of this key" % named(line[col])
    return problem, "remove it, or write a space; if it is meant, quote the key"


def named(char: str) -> str:
    """Return a character that is not seen by its code and its name."""
    return "U+%04X (%s)" % (ord(char), unicodedata.name(char).lower())


def mark(line: str, col: int, _: object) -> "Message":
    """Explain what cannot follow a byte order mark."""
    what = "sees no sequence after a byte order mark" if line[col] == "-" else "counts a byte order mark as a column"
    return "npm's yaml " + what, "save the file as UTF-8 without the mark, or write a comment line first"


def marker(line: str, col: int, _: object) -> "Message":
    """Explain text that looks like a document's start."""
    if col == 0:
        return 'text that starts with "---" begins a document to some readers', "put a space after it; " + QUOTE_IT
    problem = '"---" begins a document only at the start of a line, and readers differ about it elsewhere'
    return problem, "move it to the start of the line; " + QUOTE_IT


def no_colon(line: str, col: int, _: object) -> "Message":
    """Explain a line in a mapping that has no key."""
    for before, char in zip(line[col:], line[col + 1 :]):
        if before == ":" and char in UNICODE_BLANKS:
            return "%s after the colon is no space to YAML" % named(char), "write a space"
    return MESSAGES["no-colon"]


def look_alike(line: str, col: int, text: object) -> "Message":
    """Explain a plain scalar that one reader takes for a number, a boolean or a date, and another for text."""
    if text == "<<":
        return '"<<" merges mappings in one version of YAML and is text in the other', "write the keys out; " + QUOTE_IT
    rest = line[col + len(str(text)) :].lstrip(" ")
    remedy = "quote it if it is text" + ("" if rest.startswith(":") else plainer(str(text)))
    return "YAML readers differ about the value of %s" % quote(text), remedy


def plainer(text: str) -> str:
    """Return how to write what a look-alike may have meant, as the end of the remedy."""
    lower = text.lower()
    if lower in ("y", "yes", "on"):
        return ", or write true"
    if lower in ("n", "no", "off"):
        return ", or write false"
    if "-" in text[1:].replace("e-", "") or lower[0] == "e" or not lower.strip("+-._,e"):
        return ""  # a date, or what has no digit before its "." or "e"
    if lower in ("true", "false", "null"):
        return ", or write %s" % lower
    if lower.strip("+-0123456789._,e") == "":
        return ", or write a plain decimal number such as 1000, 0.5 or 1.0e+3"
    if lower.strip("+-")[:2] in ("0b", "0o", "0x"):
        return ", or write the number in decimal"
    if ":" in text:
        return ", or write the number of seconds"
    return ""  # an infinity, or "="


def key_type(line: str, col: int, text: object) -> "Message":
    """Explain a key that is no string."""
    return "the key %s is not a string, and JSON has no other keys" % quote(text), "quote the key"


def duplicate_key(line: str, col: int, first: object) -> "Message":
    """Explain a key that the mapping has already; ``first`` is the line of the other."""
    return "this mapping has the key already, in line %s" % first, "remove one of the two, or rename it"


def number_size(line: str, col: int, text: object) -> "Message":
    """Explain a number that readers hold differently."""
    digits = str(text)
    if len(digits) < 22 and "." not in digits:
        number = int(digits, 0)
        if int(float(number)) != number:
            problem = "the number %s is %d to JavaScript" % (quote(text), float(number))
            return problem, "write a number that a float can hold; quote it if it is text"
    return "the number %s is too large for some readers to hold" % quote(text), "quote it if it is text"


def escape(line: str, col: int, _: object) -> "Message":
    """Explain a backslash in double quotes before a character that makes no escape."""
    problem = "in double quotes a backslash starts an escape, and YAML has no escape \\%s" % printable(line[col])
    if line[col] == "'":
        return problem, "leave the backslash out: a single quote needs none in double quotes"
    return problem, "put a regular expression in single quotes"


def escape_digits(line: str, col: int, digits: object) -> "Message":
    """Explain an escape with too few digits."""
    problem = "in double quotes \\%s starts an escape, and %s hexadecimal digits must follow" % (line[col], digits)
    return problem, "write all the digits, or put a regular expression in single quotes"


def flow_plain(line: str, col: int, _: object) -> "Message":
    """Explain a character that ends a plain scalar in flow style for some readers only."""
    if line[col] == "\t":
        return MESSAGES["tab"]
    return 'inside [ ] or { } readers differ about text with "%s" in it' % line[col], "quote the whole value"


def flow_open(line: str, col: int, _: object) -> "Message":
    """Explain a flow collection without an end."""
    closing = {"[": "]", "{": "}"}.get(line[col])
    if closing is None:
        return "the collection around this value is never closed", 'close it with "]" or "}"'
    return '"%s" is never closed' % line[col], 'close it with "%s"; %s' % (closing, QUOTE_IT)


def flow_comma(line: str, col: int, closing: object) -> "Message":
    """Explain two entries of a flow collection without a comma between them."""
    if line[col] == ":":
        if not line[:col].strip(" "):
            return MESSAGES["key-lines"]
        remedy = "put a comma between the entries; if it is meant as text, quote the whole value"
        return 'inside [ ] or { } a value cannot contain a ":" before a space', remedy
    if line[col] == "#":
        return INDICATORS["#"]
    if line[col] == "\t":
        return MESSAGES["tab"]
    return '"," or "%s" is expected here' % closing, "put a comma between the values; quote one that contains brackets"


def after_value(line: str, col: int, _: object) -> "Message":
    """Explain text after a complete value."""
    if line[col] in "#\t":
        return INDICATORS[line[col]]
    if is_marker(line) and line[0] == ".":
        return 'only a comment may follow "..."', "remove the rest of the line"
    if line[col - 1] == "'":
        return MESSAGES["after-value"][0], "inside single quotes write a quote twice"
    return MESSAGES["after-value"]


def second_document(line: str, col: int, _: object) -> "Message":
    """Explain a marker or text after the document's end."""
    if is_marker(line) and line[0] == ".":
        return "the document has ended already", "remove the line"
    return MESSAGES["second-document"]


def block_header(line: str, col: int, _: object) -> "Message":
    """Explain something wrong after the "|" or ">" of a block scalar."""
    if line[col] == "#":
        return INDICATORS["#"]
    return MESSAGES["tab"] if line[col] == "\t" else MESSAGES["block-header"]


def colon_space(line: str, col: int, _: object) -> "Message":
    """Explain a colon without a space after it."""
    return MESSAGES["tab"] if line[col + 1] == "\t" else MESSAGES["colon-space"]


def after_document(line: str, col: int, _: object) -> "Message":
    """Explain content beside the document's value."""
    if line[col] == "\t":
        return MESSAGES["tab"]
    return MESSAGES["after-document"]


DETAILED = {
    "blank-indent": blank_indent,
    "blank-key": blank_key,
    "after-document": after_document,
    "after-value": after_value,
    "block-header": block_header,
    "character": character,
    "colon-space": colon_space,
    "duplicate-key": duplicate_key,
    "escape": escape,
    "escape-digits": escape_digits,
    "flow-comma": flow_comma,
    "flow-open": flow_open,
    "flow-plain": flow_plain,
    "indicator": indicator,
    "key-type": key_type,
    "look-alike": look_alike,
    "mark": mark,
    "marker": marker,
    "no-colon": no_colon,
    "number-size": number_size,
    "second-document": second_document,
}


def quote(value: object) -> str:
    """Return text of the document for a message: printable, short, in quotes."""
    text = str(value)
    clipped = text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 3] + "..."
    return '"%s"' % printable(clipped)


def printable(text: str) -> str:
    """Return the text with each character that could move a terminal's cursor or hide written as an escape."""
    return "".join(char if char.isprintable() else " " if char == "\t" else escaped(char) for char in text)


def escaped(char: str) -> str:
    """Return a character as an escape of YAML's double quotes."""
    code = ord(char)
    if code < 0x100:
        return "\\x%02x" % code
    return "\\u%04x" % code if code < 0x10000 else "\\U%08x" % code


def excerpt(line: str, col: int) -> "Tuple[str, int]":
    """Return the part of a line around ``col`` that fits a terminal, and the column of ``col`` in it."""
    start = 0 if col < LINE_WIDTH - 10 else col - LINE_WIDTH // 2
    end = start + LINE_WIDTH
    before = ("..." if start else "") + printable(line[start:col])
    after = printable(line[col:end]) + ("..." if end < len(line) else "")
    return before + after, width(before)

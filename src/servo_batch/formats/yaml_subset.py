"""YAML, the subset that every reader gives the same meaning → plain values that know their lines.

The promise: what this reader accepts has the same value to PyYAML and libyaml, ruamel.yaml, npm's yaml (1.1 and 1.2),
js-yaml and Ruby's Psych; it refuses everything else. So each rule is the strictest of theirs, and a comment names the
reader that forces it. Productions and sections are those of YAML 1.2.2.

A function is named after the grammar. It takes the text and a place in it, and returns the place after what it has
read, in block style that of the next content, and the value. ``indent`` is the column of the collection that a node
stands in, 0 outside of any; ``depth`` is how many are around it. Nothing looks back further than to the start of a
line, so that the time is linear. Where one value is wrong, that is noted and the reader goes on, to tell all at once.
"""

import re

from servo_batch.wording import shown, visible

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn, Tuple, Union

MAX_DEPTH, MAX_PROBLEMS, LINE_WIDTH = 100, 100, 100
MAX_KEY = 1024  # section 7.4: the ":" stands at most so many characters past the start of a key; to PyYAML everywhere

# What no text can have: all that c-printable [1] excludes, a lone CR, and what only one version knows: NEL, LS and PS
# are line breaks to YAML 1.1, a byte order mark takes no column in PyYAML.
NOT_TEXT = "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
SPACES, COMMENTS = re.compile(" *"), re.compile("(?:[ \n]+|#.*)*")
MARKER = re.compile(r"(?:---|\.\.\.)[ \t\n]|\0")
ENTRY = re.compile("-[ \n]")
# What may stand in a plain scalar behind its first character, in block and in flow style: nb-ns-plain-in-line [132].
PLAIN = re.compile(r"(?:[^:#\t\n]+|:(?![ \n])|(?<! )#)*")
FLOW_PLAIN = re.compile(r"(?:[^,\[\]{}?:#\t\n]+|:(?![ \n,\[\]{}])|(?<! )#)*")
NOT_PLAIN_FIRST = frozenset("-?:|>#,[]{}\0")
QUOTED = {"'": re.compile("[^'\n]*(?:''[^'\n]*)*"), '"': re.compile(r'[^"\\\n]*(?:\\.[^"\\\n]*)*')}
ESCAPE = r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)"
ESCAPES = {  # ns-esc-* [42-58]
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
# b-l-folded [73]: a line break between lines that do not start with a blank.
FOLDED = r"(?m)^([^ \t\n].*)\n(\n*)(?=[^ \t\n])"
WORDS = {
    "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# PyYAML wants the point and a sign in the exponent, and no sign before a leading point; js-yaml 3 no leading zero.
NUMBER = re.compile(
    r"0x[0-9a-fA-F]+|[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*(?:[eE][-+][0-9]+)?)?|\.[0-9]+(?:[eE][-+][0-9]+)?"
)
# Booleans of YAML 1.1, its "value" and "merge" types, and in lower case what Psych takes for a word in any case.
LOOK_ALIKE_WORDS = frozenset(["y", "yes", "n", "no", "on", "off", "true", "false", "null", "=", "<<"])
# What some reader takes for a number or a date and another for a string, or both for different numbers: underscores,
# commas (Psych), exponents without point, sign or digit before them, other bases, base 60, infinities, timestamps.
LOOK_ALIKE_CHARS = "0123456789abcdefABCDEFxXoOiInN+-_,.:"  # but for the time of a timestamp
LOOK_ALIKE = (
    r"(?!_)[-+]?(?:(?:[0-9_,]+(?:\.[0-9_,]*)?|\.[0-9_,]*)(?:[eE][-+]?[0-9_,]+)?|[eE][-+]?[0-9]+"
    r"|0(?:[bB][01_,]*|[oO][0-7_,]*|[xX][0-9a-fA-F_,]*)|[0-9][0-9_,]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|\.(?:[iI][nN][fF]|[nN][aA][nN]))|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?|-?[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?[Tt ].*"
)

TAB = 'YAML readers differ about a tab outside quotes: use spaces; inside double quotes write "\\t"'
DEEPER = "this is indented deeper than what stands above: align it with the entries that it belongs to"


class YamlError(ValueError):
    """A document that is refused; ``str()`` tells of each problem in it, and shows the lines.

    Of the first, ``msg`` says what is wrong and what to write instead, and ``lineno`` and ``colno`` count from 1;
    ``name`` is the document's, as given to ``loads``.
    """

    def __init__(self, src: "Source", name: str) -> None:
        from servo_batch.columns import width

        texts: "List[str]" = []
        for pos in sorted(src.problems, reverse=True):  # the first comes last, so that its place is the error's
            start, end = src.rfind("\n", 0, pos) + 1, src.find("\n", pos)
            first = max(start, pos - LINE_WIDTH + 20)
            last = min(end, first + LINE_WIDTH)
            before = "…" * (first > start) + visible(src[first:pos])
            after = visible(src[pos:last]) + "…" * (last < end)
            self.msg, self.lineno, self.colno = src.problems[pos], src.count("\n", 0, pos) + 1, pos - start + 1
            head = "%s:%d:%d: %s" % (visible(name), self.lineno, self.colno, self.msg)
            texts.insert(0, "%s\n    %s\n    %s^" % (head, before + after, " " * width(before)))
        if len(texts) == MAX_PROBLEMS:
            texts.append("and there may be more")
        super().__init__("\n".join(texts))
        self.name = name


class Source(str):
    """The text, which ends with a line break and a NUL, and the problems at their places."""

    def __init__(self, text: str) -> None:
        self.problems: "Dict[int, str]" = {}
        self.is_cut = False  # the last line had no break


class _Placed:
    def __init__(self, src: Source) -> None:
        self._src = src
        self.starts: "Dict[Union[str, int], int]" = {}  # by key or index

    def line(self, key: "Union[str, int]") -> int:
        """Return the line, from 1, in which a key, or the item of an index, stands; raise ``KeyError``."""
        return self._src.count("\n", 0, self.starts[key]) + 1


class Mapping(_Placed, dict):  # type: ignore[type-arg]  # to subscript would cost an import of typing
    """A dict that knows where its keys stand."""


class Sequence(_Placed, list):  # type: ignore[type-arg]
    """A list that knows where its items stand."""


class _RefusedError(Exception):
    """Why and where reading stops."""


def loads(source: "Union[str, bytes]", name: str = "<string>") -> "Any":
    """Return the value of the YAML document ``source``: dict, list, str, int, float, bool or None.

    A dict is a ``Mapping`` and a list a ``Sequence``, which know their lines. Errors call the document ``name``.
    Raises ``YamlError``, and nothing else, for whatever is refused.
    """
    src, value = text_of(source), None
    try:
        value = document(src) if not src.problems else None
    except _RefusedError as refused:
        src.problems[refused.args[1]] = refused.args[0]
    if src.problems:
        raise YamlError(src, name)
    return value


def refuse(msg: str, pos: int) -> "NoReturn":
    """Stop reading: the text at this place is refused."""
    raise _RefusedError(msg, pos)


def note(src: Source, msg: str, pos: int) -> None:
    """Keep in mind that what stands at this place is refused, and read on, unless there is enough to tell."""
    src.problems[pos] = msg
    if len(src.problems) == MAX_PROBLEMS:
        refuse(msg, pos)


def text_of(source: "Union[str, bytes]") -> Source:
    """Return the text with LF for every line break, without a byte order mark, its first wrong character noted."""
    given = source if isinstance(source, str) else source.decode("utf-8", "surrogateescape")
    text = given[given.startswith("\ufeff") :].replace("\r\n", "\n")
    src = Source(text + ("\0" if text.endswith("\n") else "\n\0"))
    src.is_cut = not text.endswith("\n")
    # Nearly all texts are printable, and then nothing has to compile the pattern.
    wrong = not text.replace("\n", "").isprintable() and re.search(NOT_TEXT, text)
    if wrong and "\ud800" <= wrong.group() <= "\udfff":
        note(src, "this is no character in UTF-8: save the file as UTF-8", wrong.start())
    elif wrong:
        msg = 'YAML readers refuse the character U+%04X or differ about it: remove it; in double quotes write "%s"'
        note(src, msg % (ord(wrong.group()), visible(wrong.group())), wrong.start())
    elif given.startswith("\ufeff") and (ENTRY.match(src) or text.startswith(" ")):
        # To npm's yaml the mark takes a column, and a sequence after it is a plain scalar.
        note(src, "a byte order mark cannot stand before this: save the file without it, or begin with a comment", 0)
    return src


def column(src: Source, pos: int) -> int:
    """Return the column, from 1, of what begins a line or an item; at the end and at a document's marker 0."""
    start = src.rfind("\n", 0, pos) + 1
    return 0 if pos == start and MARKER.match(src, pos) else pos - start + 1


def spaces(src: Source, pos: int) -> int:
    """Return the place of what follows the spaces at ``pos``."""
    return SPACES.match(src, pos).end()  # type: ignore[union-attr]


def next_content(src: Source, pos: int) -> int:
    """Skip blank lines and comments, l-comment [78]; return the place of what follows, if only of the NUL."""
    return COMMENTS.match(src, pos).end()  # type: ignore[union-attr]


def end_of_line(src: Source, pos: int) -> int:
    """See that nothing but a comment follows in the line; return the place of the next content."""
    rest = spaces(src, pos)
    if src[rest] == "\t":
        refuse(TAB, rest)
    if src[rest] not in "\n#" or src[pos] == "#":
        remedy = "inside single quotes write a quote twice" if src[pos - 1] == "'" else "quote the whole value"
        refuse("this follows a value that is complete: put it on a line of its own, or " + remedy, rest)
    return next_content(src, pos)


# Block style: chapter 8.


def document(src: Source) -> "Any":
    """Read l-any-document [210]; there is one, and nothing after it."""
    start = pos = next_content(src, 0)
    value = None
    if src[pos] == "-" and not column(src, pos):
        pos = end_of_line(src, pos + 3)
    if column(src, pos):
        pos, value = block_node(src, pos, 0, 0, True)
    if column(src, pos):
        refuse("this belongs to nothing above: give all entries of a collection the same indentation", pos)
    if src[pos] == "." and pos > start:
        pos = end_of_line(src, pos + 3)
    if src[pos] != "\0":
        refuse("a file has one document, and it has ended: remove this, or put it into a file of its own", pos)
    return value


def block_node(src: Source, pos: int, indent: int, depth: int, compact: bool) -> "Tuple[int, Any]":
    """Read s-l+block-node [196]; where it is ``compact``, first in its line or after "- ", it may be a collection."""
    if ENTRY.match(src, pos) and compact:
        return block_sequence(src, pos, deeper(depth, pos))
    if src[pos] in "|>":
        return block_scalar(src, pos, indent)
    is_flow = src[pos] in "[{"
    end, value = flow_node(src, pos, indent, depth) if is_flow else scalar(src, pos, PLAIN)
    colon = spaces(src, end)
    if src[colon] == ":" and not is_flow:
        if compact:
            return block_mapping(src, pos, deeper(depth, pos))
        note(src, 'a value beside its key cannot hold a ":" and a space: ' + block_form(src, pos, "|"), colon)
        return next_content(src, src.index("\n", pos)), None
    after = end_of_line(src, end)
    if not is_flow and column(src, after) > indent:
        refuse("%s; if the value goes on here, %s" % (DEEPER, block_form(src, pos, ">")), after)
    return after, value


def block_form(src: Source, pos: int, sign: str) -> str:
    """Return how to write the value at ``pos`` as a block scalar."""
    before = src[src.rfind("\n", 0, pos) + 1 : pos].strip(" ")[-40:]
    return "write `%s` and the text below it, indented" % visible(before + " " + sign).strip(" ")


def block_value(src: Source, pos: int, indent: int, depth: int, compact: bool) -> "Tuple[int, Any]":
    """Read what follows the ":" of a key, or the "-" of an item, which is ``compact``."""
    start = spaces(src, pos)
    below = next_content(src, start)
    col = column(src, below) if start < below else 0
    # A sequence may stand at its key's own indentation: seq-space [201].
    if start == below or col > indent or (col == indent and not compact and ENTRY.match(src, below)):
        end, value = block_node(src, below, indent, depth, compact or start < below)
        is_plain = src[below] not in "\"'|>" and not isinstance(value, (dict, list))
        if is_plain and "#" in src[src.index("\n", start) : below]:
            # npm's yaml may take what follows for a part of the value.
            note(src, "a comment stands between a key and its value: put it above the key", below)
        if column(src, end) > indent:
            refuse(DEEPER, end)
        return end, value
    if compact and 0 < col < indent and ENTRY.match(src, below):
        # js-yaml takes the "-" of the next line for this sequence's.
        note(src, 'this "-" has no value: write "null" after it', pos - 1)
    return below, None


def block_sequence(src: Source, pos: int, depth: int) -> "Tuple[int, Sequence]":
    """Read l+block-sequence [183] or ns-l-compact-sequence [186]."""
    sequence = Sequence(src)
    indent = column(src, pos)
    while column(src, pos) == indent and ENTRY.match(src, pos):
        sequence.starts[len(sequence)] = pos
        pos, value = block_value(src, pos + 1, indent, depth, True)
        sequence.append(value)
    return pos, sequence


def block_mapping(src: Source, pos: int, depth: int) -> "Tuple[int, Mapping]":
    """Read l+block-mapping [187] or ns-l-compact-mapping [195]."""
    mapping = Mapping(src)
    indent = column(src, pos)
    while column(src, pos) == indent:
        end, key = implicit_key(src, pos, mapping, PLAIN)
        pos, mapping[key] = block_value(src, end, indent, depth, False)
    return pos, mapping


def implicit_key(src: Source, pos: int, mapping: Mapping, plain: "re.Pattern[str]") -> "Tuple[int, str]":
    """Read a key and its ":" in one line, [154] and [193], and give the mapping its place."""
    end, key = scalar(src, pos, plain)
    colon, text = spaces(src, end), src[pos:end]
    if src[colon] != ":" or colon - pos > MAX_KEY:
        msg = 'a key of at most %d characters and ":" are due here: write "key: value"; quote a text that begins with {'
        refuse(msg % MAX_KEY, pos)
    if plain is PLAIN and src[colon + 1] not in " \n":
        refuse('YAML readers differ about a ":" without a space after it: put a space after the colon', colon)
    if not isinstance(key, str) or text != text.strip():
        what = "begins or ends with a blank that is no space" if isinstance(key, str) else "is no string"
        note(src, "the key %s %s: quote the key" % (shown(text), what), pos)
        key = text
    if key in mapping:
        msg = "this mapping has the key %s already, in line %d: remove one of the two, or rename it"
        note(src, msg % (shown(key), mapping.line(key)), pos)
    if key == "<<":
        # Psych merges what it holds into the mapping, also where the key is in quotes.
        note(src, '"<<" merges mappings for some readers: write the keys out, or rename the key', pos)
    mapping.starts[key] = pos
    return colon + 1, key


def deeper(depth: int, pos: int) -> int:
    """Return the depth inside a collection that starts here."""
    if depth == MAX_DEPTH:
        refuse("the nesting is deeper than %d: write the inner part flatter" % MAX_DEPTH, pos)
    return depth + 1


def block_scalar(src: Source, pos: int, indent: int) -> "Tuple[int, str]":
    """Read c-l+literal [170] or c-l+folded [174]: section 8.1."""
    chomping = src[pos + 1] if src[pos + 1] in "+-" else ""
    start = spaces(src, pos + 1 + len(chomping))
    if src[start] != "\n" and (src[start] != "#" or src[start - 1] != " "):
        refuse('after "%s" only "-", "+" and a comment can stand: begin the text in the next line' % src[pos], start)
    after = src.index("\n", start) + 1
    # Section 8.1.1.1: the first line that is not blank shows it.
    margin = len(re.compile("(?: *\n)*( *)").match(src, after).group(1))  # type: ignore[union-attr]
    body = re.compile(r"(?:(?: {%d}.*| *)\n)*" % margin).match(src, after).group()  # type: ignore[union-attr]
    texts = [line[margin:] for line in body.split("\n")[:-1]]
    after += len(body)
    value = "\n".join(texts).rstrip("\n")
    if margin < indent or indent == 0:
        refuse('no text for a key stands below this, indented with spaces: write it there, or "" for none', pos)
    if not value.lstrip("\n").split("\n")[0].strip(" "):
        refuse("empty lines before the text are indented deeper than it: remove their blanks", pos)
    if src[after] == "\0" and src.is_cut and (chomping != "-" or not texts[-1].strip(" ")):
        # b-chomped-last [165]: a last line without a break gives none to PyYAML, and one to npm's yaml and js-yaml.
        refuse('the file ends in this text without a line break: end the line; for none write "%s-"' % src[pos], pos)
    breaks = {"": 1, "-": 0, "+": len(texts) - value.count("\n")}[chomping]
    if src[pos] == ">":
        value = re.sub(FOLDED, lambda match: match.group(1) + (match.group(2) or " "), value)
    return next_content(src, after), value + "\n" * breaks


# Flow style and scalars: chapter 7. The other lines of a collection start deeper than at ``indent``.


def flow_node(src: Source, pos: int, indent: int, depth: int) -> "Tuple[int, Any]":
    """Read ns-flow-node [161]."""
    return flow_collection(src, pos, indent, deeper(depth, pos)) if src[pos] in "[{" else scalar(src, pos, FLOW_PLAIN)


def flow_collection(src: Source, opened: int, indent: int, depth: int) -> "Tuple[int, Any]":
    """Read c-flow-mapping [140], or c-flow-sequence [137] but for single pairs, [a: b]."""
    collection, closing = (Mapping(src), "}") if src[opened] == "{" else (Sequence(src), "]")
    pos = flow_gap(src, opened + 1, indent, opened)
    while src[pos] != closing:
        if isinstance(collection, Mapping):
            pos, key = implicit_key(src, pos, collection, FLOW_PLAIN)
            pos, collection[key] = flow_node(src, flow_gap(src, pos, indent, opened), indent, depth)
        else:
            collection.starts[len(collection)] = pos
            pos, value = flow_node(src, pos, indent, depth)
            collection.append(value)
        pos = flow_gap(src, pos, indent, opened)
        if src[pos] == ",":
            pos = flow_gap(src, pos + 1, indent, opened)
        elif src[pos] != closing:
            msg = '"," or "%s" is due here: write it, or braces around "key: value"; quote a text that goes on here'
            refuse(msg % closing, pos)
    return pos + 1, collection


def flow_gap(src: Source, pos: int, indent: int, opened: int) -> int:
    """Skip s-separate [80]: spaces, comments and line breaks; return the place of what follows."""
    rest = next_content(src, pos)
    line_break = src.rfind("\n", pos, rest)
    if MARKER.match(src, rest) and line_break == rest - 1:
        refuse('this "%s" is never closed: close it; if it is meant as text, quote it' % src[opened], opened)
    if src[rest] == "\t":
        refuse(TAB, rest)
    if src[pos] == "#":
        refuse('"#" starts a comment only after a space: put a space before it; if it is meant as text, quote it', pos)
    if line_break >= 0 and rest - line_break <= indent:
        # Section 6.3.2, s-flow-line-prefix [69], which PyYAML does not ask for.
        refuse("this line in brackets stands no deeper than what they belong to: indent it, or close them above", rest)
    return rest


def scalar(src: Source, pos: int, plain: "re.Pattern[str]") -> "Tuple[int, Any]":
    """Read a scalar in one line: c-single-quoted [120], c-double-quoted [109] or ns-plain-one-line [133]."""
    quote = src[pos]
    if quote not in QUOTED:
        end = plain_end(src, pos, plain)
        return end, resolved(src, src[pos:end], pos)
    end = QUOTED[quote].match(src, pos + 1).end()  # type: ignore[union-attr]
    text = src[pos + 1 : end]
    if src[end] != quote:
        remedy = "; for a longer text " + block_form(src, pos, ">") if plain is PLAIN else ""
        refuse("this quote is not closed in its line: close it" + remedy, pos)
    if quote == "'":
        text = text.replace("''", "'")
    elif "\\" in text:
        text = re.sub(ESCAPE, lambda match: escape(src, match.group(1), pos + match.start(1) + 1), text)
    return end + 1, text


def escape(src: Source, code: str, pos: int) -> str:
    """Return the character that a backslash and ``code`` stand for: c-ns-esc-char [62]."""
    number = int(code[1:], 16) if len(code) > 1 else 0x110000
    if code in ESCAPES:
        return ESCAPES[code]
    if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:
        return chr(number)  # of two halves of a character one reader makes one character, another keeps both
    remedy = "leave the backslash out" if code == "'" else "put a regular expression in single quotes"
    note(src, "in double quotes a backslash starts an escape, and \\%s is none: %s" % (visible(code), remedy), pos)
    return code


def plain_end(src: Source, pos: int, plain: "re.Pattern[str]") -> int:
    """Return the end of a plain scalar, which begins as ns-plain-first [126]."""
    char = src[pos]
    if char in "*&!%@`" or (char == "-" and src.startswith("---", pos)):
        # js-yaml takes "---" for a document's start, also where something follows it or it is indented.
        msg = 'text cannot begin with "%s", nor are there anchors, aliases, tags and directives: quote or remove it'
        note(src, msg % ("---" if char == "-" else char), pos)
    elif char in NOT_PLAIN_FIRST and (char != "-" or src[pos + 1] in " \n,[]{}"):
        msg = '"%s" begins no value here: put "- item" or "key: value" on its own line; quote it if it is text'
        refuse(msg % char, pos)
    end = plain.match(src, pos).end()  # type: ignore[union-attr]
    if src[end] == "\t":
        refuse(TAB, end)
    if src[end] in "?[{" or (src[end] == ":" and src[end + 1] not in " \n"):
        # PyYAML ends the scalar at "?", ruamel does not; {a:} is {"a": null} to PyYAML, {"a:": null} to ruamel.
        refuse('YAML readers differ about a "%s" here: quote the text, or put a space after ":"' % src[end], end)
    return pos + len(src[pos:end].rstrip(" "))


def resolved(src: Source, text: str, pos: int) -> "Any":
    """Return the value of a plain scalar (section 10.3.2), if it is the same in YAML 1.1 and 1.2."""
    if text in WORDS:
        return WORDS[text]
    if NUMBER.fullmatch(text):
        # JavaScript has floats only; int() takes quadratic time.
        value = float(text) if "." in text else int(text, 0) if len(text) < 22 else float("inf")
        if abs(value) > 2**53 and ("." not in text or abs(value) == float("inf")):
            note(src, "the number %s is too large for some readers to hold: quote it if it is text" % shown(text), pos)
        return value
    differs = text.lower() in LOOK_ALIKE_WORDS
    # Most have other characters, ./job or --verbose, and then nothing has to compile the pattern.
    if not text.strip(LOOK_ALIKE_CHARS) or text.lstrip("-")[:4].isdecimal():
        differs = differs or re.fullmatch(LOOK_ALIKE, text) is not None
    if differs:
        msg = "YAML readers differ about the value of %s: quote it if it is text, else write true, false or a number"
        note(src, msg % shown(text), pos)
    return text

"""The characters and lines of a YAML text, and what separates its parts: chapters 5 and 6 of YAML 1.2.2."""

import re

from servo_batch.formats.yaml_subset.errors import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple, Union

    Place = Tuple[int, int]
    Lines = List[str]

# What nearly all documents are made of; only others pay for compiling NOT_TEXT.
ASCII_TEXT = bytes(range(0x20, 0x7F)) + b"\t\n"
# All that c-printable [1] excludes, and what only one version knows: to YAML 1.1 NEL, LS and PS are line breaks, to 1.2
# they are text; a byte order mark inside the text takes no column in PyYAML. A lone CR is no line break to editors.
NOT_TEXT = "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
# What Unicode calls white space, and what has no width: a reader of YAML takes it for text, a person for nothing.
UNICODE_BLANKS = frozenset("\xa0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
                           "\u202f\u205f\u2060\u2800\u3000\u3164")  # fmt: skip
MARKERS = ("---", "...")
END_OR_SPACE = ("", " ")
SPACES = re.compile(" *")


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
    marked = text.startswith("\ufeff")
    text = text[marked:].replace("\r\n", "\n")
    if text.encode("utf-8", "surrogatepass").translate(None, ASCII_TEXT):
        wrong = re.search(NOT_TEXT, text)
        if wrong:
            position = wrong.start()
            refuse("character", text.count("\n", 0, position), position - text.rfind("\n", 0, position) - 1)
    lines = text.split("\n")
    if marked:
        start = skip_spaces(lines[0], 0)
        # To npm's yaml the mark takes a column, and a sequence after it is a plain scalar.
        if is_entry(lines[0], start) or (start and lines[0][start : start + 1] not in ("", "#")):
            refuse("mark", 0, start)
    return lines


def skip_spaces(line: str, col: int) -> int:
    """Return the column of what follows the spaces at ``col``."""
    return SPACES.match(line, col).end()  # type: ignore[union-attr]


def is_marker(line: str) -> bool:
    """Tell c-forbidden [206]: the line of a document's start or end."""
    return line[:3] in MARKERS and line[3:4] in ("", " ", "\t")


def is_entry(line: str, col: int) -> bool:
    """Tell the "-" of a block sequence's entry."""
    return line[col : col + 1] == "-" and line[col + 1 : col + 2] in END_OR_SPACE


def next_content(lines: "Lines", row: int) -> "Place":
    """Return the place of the first content from line ``row`` on that is neither blank nor a comment.

    The column is -1 at the end and at a document's marker.
    """
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" ")
        if text and text[0] != "#":
            if text[0] in UNICODE_BLANKS:
                refuse("blank-indent", row, len(line) - len(text))
            if text[0] in "-." and len(text) == len(line) and is_marker(line):
                return row, -1
            return row, len(line) - len(text)
        row += 1
    return row, -1


def next_in_line(line: str, col: int) -> int:
    """Return the column of what follows the spaces at ``col``; -1 where that is a comment or nothing."""
    end = skip_spaces(line, col)
    if end == len(line) or (line[end] == "#" and end > col):
        return -1
    return end


def comment_above(lines: "Lines", row: int, col: int) -> int:
    """Return the indentation from which on npm's yaml takes what follows a plain scalar at this place for a part of it.

    Its lexer lowers that for a comment or a blank line right above, where no blank follows the line's first character.
    """
    least = len(lines[row])
    if lines[row][:col].strip(" "):
        return least
    for above in range(row - 1, -1, -1):
        line = lines[above]
        text = line.lstrip(" ")
        if text and text[0] != "#":
            break
        if (text[1:2] if text else lines[above + 1][:1]) not in ("", " ", "\t"):
            least = min(least, len(line) - len(text))
    return least


def end_of_line(lines: "Lines", row: int, col: int) -> "Place":
    """See that nothing follows a block node in its line; return the place of the next content."""
    rest = next_in_line(lines[row], col)
    if rest >= 0:
        refuse("after-value", row, rest)
    return next_content(lines, row + 1)

"""YAML in block style: chapter 8 of YAML 1.2.2.

A function takes the place of its first character and returns the place of the next content, already past blank lines
and comments, and the value. ``indent`` is the column of the collection that the node stands in; -1 outside of any.
"""

from servo_batch.formats.yaml_subset.errors import MAX_DEPTH, MAX_KEY, refuse
from servo_batch.formats.yaml_subset.flow import flow_node
from servo_batch.formats.yaml_subset.lines import (
    END_OR_SPACE,
    UNICODE_BLANKS,
    comment_above,
    end_of_line,
    is_entry,
    is_marker,
    next_content,
    next_in_line,
    skip_spaces,
)
from servo_batch.formats.yaml_subset.scalars import plain_first, quoted, resolved, see_key
from servo_batch.formats.yaml_subset.values import Mapping, Sequence, enter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple

    from servo_batch.formats.yaml_subset.lines import Lines


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
        from servo_batch.formats.yaml_subset.block_scalar import block_scalar  # which most documents do without

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
    colon = skip_spaces(line, end)
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
        elif 0 <= start < indent and is_entry(lines[row], start):
            # js-yaml takes the "-" of the next line for this sequence's.
            refuse("empty-item", mark[0] - 1, indent)
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
        key_row = row
        value = None
        start = next_in_line(line, end)
        if start >= 0:
            row, col, value = block_node(lines, row, start, indent, depth, False)
        else:
            row, col = next_content(lines, row + 1)
            # A sequence may stand at its key's own indentation: seq-space [201].
            if col > indent or (col == indent and is_entry(lines[row], col)):
                row, col, value = block_node(lines, row, col, indent, depth, True)
        enter(mapping, key, value, key_row, indent)
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
        colon = skip_spaces(line, end)
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
        see_key(key, line[col:end], row, col)
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
        if text[0] in UNICODE_BLANKS:
            refuse("blank-indent", next_row, start)
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
    next_row, next_col = next_content(lines, last_row + 1)
    if indent >= 0 and next_col >= comment_above(lines, row, col):
        refuse("comment-above", row, col)
    return next_row, next_col, value

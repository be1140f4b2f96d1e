"""YAML in flow style, [ ] and { }: chapter 7 of YAML 1.2.2.

A function takes the place of its first character and returns the place just past its last one, and the value.
``indent`` is the least column that continuation lines may start at.
"""

import re

from servo_batch.formats.yaml_subset.errors import MAX_DEPTH, MAX_KEY, RefusalError, refuse
from servo_batch.formats.yaml_subset.lines import END_OR_SPACE, is_marker, next_in_line, skip_spaces
from servo_batch.formats.yaml_subset.scalars import plain_first, quoted, resolved, see_key
from servo_batch.formats.yaml_subset.values import Mapping, Sequence, enter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple

    from servo_batch.formats.yaml_subset.lines import Lines, Place

# What may stand in a plain scalar in flow style without a second look.
FLOW_PLAIN = re.compile(r"[^,\[\]{}?:#\t]*")


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
        colon = skip_spaces(lines[row], col)
        if lines[row][colon : colon + 1] == ":":
            # ns-flow-pair [150]. ruamel takes the ":" of ["a":b] for text.
            if lines[row][colon + 1 : colon + 2] not in END_OR_SPACE:
                refuse("colon-space", row, colon)
            pair = Mapping()
            row, col, pair_value = flow_value(lines, row, colon, value, start, indent, depth + 1, opened)
            enter(pair, value, pair_value, *start)
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
        if row > start[0]:
            refuse("key-lines", *start)
        see_key(key, lines[row][start[1] : col], *start)
        if key in mapping:
            refuse("duplicate-key", start[0], start[1], mapping.marks[key][0])
        value = None
        colon = skip_spaces(lines[row], col)
        if lines[row][colon : colon + 1] == ":":
            row, col, value = flow_value(lines, row, colon, key, start, indent, depth, opened)
        enter(mapping, key, value, *start)
        row, col = flow_separation(lines, row, col, indent, opened)
        row, col = flow_comma(lines, row, col, indent, opened, "}")
    return row, col + 1, mapping


def flow_value(
    lines: "Lines", row: int, colon: int, key: object, start: "Place", indent: int, depth: int, opened: "Place"
) -> "Tuple[int, int, Any]":
    """Read the ":" after the key that began at ``start`` and the value after it: c-ns-flow-map-separate-value [147]."""
    if row > start[0]:
        refuse("key-lines", *start)
    if isinstance(key, (Sequence, Mapping)):
        refuse("complex-key", *start)
    see_key(key, lines[row][start[1] : colon].rstrip(" "), *start)
    if colon - start[1] > MAX_KEY:
        refuse("key-length", *start)
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
    if line[col] == "?":
        # PyYAML takes it for an indicator in flow style, whatever follows.
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

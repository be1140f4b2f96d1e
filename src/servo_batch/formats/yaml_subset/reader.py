"""YAML text → plain values with their places, for the subset that every reader gives the same meaning.

The promise: where this reader accepts a document, the readers in use give it the same value (PyYAML and libyaml,
ruamel.yaml, npm's yaml as 1.1 and 1.2, js-yaml, Ruby's Psych); everything else is refused. So each rule is the
strictest of theirs, and a comment names the reader that forces it. Productions and sections are those of YAML 1.2.2.

The functions are named after the grammar. A place is a row and a column, both from 0. Nothing goes back further than to
the start of a line, so that the time is linear in the document's length.
"""

from servo_batch.formats.yaml_subset.block import block_node
from servo_batch.formats.yaml_subset.errors import RefusalError, refuse
from servo_batch.formats.yaml_subset.lines import next_content, next_in_line, text_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from servo_batch.formats.yaml_subset.lines import Lines


def loads(source: "Union[str, bytes]", name: str = "<string>") -> "Any":
    """Return the value of the YAML document ``source``: dict, list, str, int, float, bool or None.

    Mappings are ``Mapping`` and sequences ``Sequence``: subclasses of dict and list that carry their places. ``name``
    is what errors call the document. Raises ``YamlError``, and nothing else, for whatever is refused.
    """
    try:
        return document(text_lines(source))
    except RefusalError as refusal:
        from servo_batch.formats.yaml_subset.messages import explain  # which only a refused document pays for

        error = explain(refusal, source, name)
    raise error


def document(lines: "Lines") -> "Any":
    """Read l-any-document [210]; there is one, and nothing after it."""
    row, col = next_content(lines, 0)
    value = None
    start = -1
    if col < 0 and row < len(lines):
        if lines[row][0] == ".":
            refuse("end-marker", row, 0)
        start = next_in_line(lines[row], 3)
        if start >= 0:
            row, col, value = block_node(lines, row, start, -1, 0, False)
        else:
            row, col = next_content(lines, row + 1)
    if start < 0 and col >= 0:
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

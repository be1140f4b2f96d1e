"""YAML's block scalars, "|" and ">": section 8.1 of YAML 1.2.2."""

from servo_batch.formats.yaml_subset.errors import refuse
from servo_batch.formats.yaml_subset.lines import next_content, next_in_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    from servo_batch.formats.yaml_subset.lines import Lines


def block_scalar(lines: "Lines", row: int, col: int, indent: int) -> "Tuple[int, int, str]":
    """Read c-l+literal [170] or c-l+folded [174] inside a collection at ``indent``."""
    folded = lines[row][col] == ">"
    chomping, digit = block_header(lines[row], row, col)
    row += 1
    if not digit:
        width = block_scalar_width(lines, row, indent)
        if indent < 0 and width < col and not lines[row - 1][:col].strip(" "):
            # js-yaml asks for the indentation of the header.
            refuse("top-block-column", row - 1, col)
    elif indent < 0:
        # The specification counts from -1 here, libyaml and PyYAML from 0.
        refuse("top-block-indent", row - 1, col)
    else:
        width = indent + digit
    texts, row = block_scalar_lines(lines, row, width, bool(digit))
    if texts and row == len(lines) and chomping != "-":
        # b-chomped-last [165]: a last line without a break gives none to PyYAML, and one to npm's yaml and js-yaml.
        refuse("block-cut", row - 1, len(lines[row - 1]))
    content = len(texts)
    while content and not texts[content - 1]:
        content -= 1
    value = fold_block(texts[:content]) if folded else "\n".join(texts[:content])
    if content and chomping != "-":
        value += "\n"
    if chomping == "+":
        value += "\n" * (len(texts) - content)
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


def block_scalar_lines(lines: "Lines", row: int, width: int, indicated: bool) -> "Tuple[List[str], int]":
    """Return the content's lines without their indentation, blank ones as "", and the row after them.

    ``indicated``: the indentation comes from an indicator.
    """
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
            if indicated and len(line) > width and not line.strip(" "):
                # npm's yaml drops them where nothing else is in the scalar.
                refuse("block-blanks", row, width)
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

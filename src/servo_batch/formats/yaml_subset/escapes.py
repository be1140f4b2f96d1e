"""What a backslash stands for in double quotes: YAML 1.2.2, section 5.7."""

from servo_batch.formats.yaml_subset.errors import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

# ns-esc-* [42-58].
ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


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

"""Patterns, and a job's output → the values they find.

Source: section 7 of the contract. The output is searched as bytes, since it need not be UTF-8 and may be larger than
memory; a pattern is translated so that a character outside ASCII matches its UTF-8 bytes.
"""

import re
import warnings
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Pattern

TOTAL_RUNTIME = "total_runtime"
TOTAL_RUNTIME_UNIT = "seconds"

# A pattern is text, so \xe9 is é as \u00e9 is, not a byte; each has so many hexadecimal digits.
ESCAPE_LENGTHS = {"x": 2, "u": 4, "U": 8}
HEX_DIGITS = "0123456789abcdefABCDEF"
# A character that stands in a pattern by an escape in double quotes, and what was meant.
MISREAD_ESCAPES = {
    "\b": r"a backspace: double quotes turn \b into one. Write \\b, or in YAML put the pattern in single quotes",
    "\x85": "a next-line character (U+0085): in YAML put the pattern in single quotes",
    "\u2028": "a line separator (U+2028): in YAML put the pattern in single quotes",
    "\u2029": "a paragraph separator (U+2029): in YAML put the pattern in single quotes",
}


class PatternError(ValueError):
    """What is wrong with a pattern, as one sentence."""


class Metric(namedtuple("Metric", ("output_regex", "pattern", "unit"))):
    """One configured metric: its pattern as written and as compiled, and its unit, or None."""

    __slots__ = ()
    output_regex: str
    pattern: "Pattern[bytes]"
    unit: "Optional[str]"


def compile_pattern(text: str) -> "Pattern[bytes]":
    """Return ``text`` compiled for a search in bytes, ``^`` and ``$`` matching at lines; raise ``PatternError``.

    Refused as well, on every Python: a global flag inside a pattern, which only some of them compile, and what compiles
    but cannot mean what was meant.
    """
    for char, meaning in MISREAD_ESCAPES.items():
        if char in text:
            raise PatternError("the pattern holds %s" % meaning)
    translated = _to_bytes(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Up to 3.10 a global flag may stand inside a pattern, with this warning; from 3.11 on it is an error.
            warnings.simplefilter("error", DeprecationWarning)
            pattern = re.compile(translated, re.MULTILINE)
    except re.error as error:
        raise PatternError("the pattern does not compile: %s" % error) from None
    except (DeprecationWarning, RuntimeError, OverflowError, ValueError) as error:
        # A ValueError: what 3.6 raises for flags that bytes do not have, like (?u).
        raise PatternError("the pattern does not compile: %s" % (str(error) or "it is too complex")) from None
    if not pattern.groups:
        raise PatternError(r"the pattern has no group: put ( and ) around the part that is the value, like (\d+)")
    return pattern


def _to_bytes(text: str) -> bytes:
    r"""Return a pattern for bytes that matches where ``text`` would match the decoded output.

    Each character outside ASCII becomes a group of its UTF-8 bytes, so that a quantifier applies to all of them.
    """
    result = bytearray()
    in_class = False
    pos = 0
    while pos < len(text):
        char = text[pos]
        pos += 1
        if char == "\\" and pos < len(text):
            char = text[pos]
            pos += 1
            if char in ESCAPE_LENGTHS:
                end = pos + ESCAPE_LENGTHS[char]
                char, pos = _numbered(char, text[pos:end]), end
                escaped = re.escape(char)
            else:
                escaped = "\\" + char
            if char < "\x80":
                result += escaped.encode()
                continue
        if char < "\x80":
            # A ] that comes first in a class is a member of it.
            if char == "[" and not in_class:
                in_class = True
                result += b"["
                for opening in "^]":
                    if text.startswith(opening, pos):
                        result += opening.encode()
                        pos += 1
                continue
            in_class = in_class and char != "]"
            result += char.encode()
        elif in_class:
            raise PatternError(
                "the pattern has %r in […], which here matches single bytes: write (?:%s|…) instead" % (char, char)
            )
        else:
            result += b"(?:%s)" % re.escape(_utf8(char))
    return bytes(result)


def _numbered(letter: str, digits: str) -> str:
    r"""Return the character that ``\xHH``, ``\uHHHH`` or ``\UHHHHHHHH`` stands for."""
    if len(digits) == ESCAPE_LENGTHS[letter] and all(digit in HEX_DIGITS for digit in digits):
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            pass
    raise PatternError("the pattern does not compile: incomplete escape \\%s%s" % (letter, digits))


def _utf8(char: str) -> bytes:
    try:
        return char.encode("utf-8")
    except UnicodeEncodeError:
        raise PatternError("the pattern holds half of a surrogate pair: remove it") from None


def described(metrics: "Dict[str, Metric]") -> "Dict[str, Dict[str, Any]]":
    """Return the metrics as ``measure --describe`` answers them, ``{NAME: {"unit": UNIT}}``."""
    result: "Dict[str, Dict[str, Any]]" = {TOTAL_RUNTIME: {"unit": TOTAL_RUNTIME_UNIT}}
    for name, metric in metrics.items():
        result[name] = {} if metric.unit is None else {"unit": metric.unit}
    return result

r"""A pattern as it is written → the pattern that is searched for, or what is wrong with it.

The output is searched as bytes, since it need not be UTF-8 and may be larger than memory; a pattern is translated so
that a character outside ASCII matches its UTF-8 bytes. So ``.`` and ``[^…]`` match one byte, and ``\d``, ``\w``, ``\s``
and ``\b`` know ASCII only.
"""

import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Pattern, Tuple

# A pattern is text, so \xe9 is é as \u00e9 is, not a byte; each has so many hexadecimal digits.
ESCAPE_LENGTHS = {"x": 2, "u": 4, "U": 8}
# What compiles and cannot mean what was meant: one of these is in such a pattern, by this it is told, this is said.
MISTAKES = (
    ("[:", r"\[:\^?[a-z]+:\]", r"%s is these characters themselves to Python: write \d, \s or a range like [a-z]"),
    ("\\\\", r"(?<!\\)\\\\[dswDSW][*+{]", "%s is a backslash, and then a letter again and again: write one backslash"),
    (
        "()",
        r"\A(?:[^(\\[]|\\.|\[\]?(?:[^]\\]|\\.)*\]|\(\?:)*(\(\))",
        "%s, the first group, is empty: put ( and ) around the value",
    ),
    (
        ")* )+ ){",
        r"\A(?:[^(\\[]|\\.)*(\((?:\\.|\.|\[[^]]*\])\)(?:[*+]|\{[0-9]))",
        "%s, the first group, keeps the last character only: repeat within ( and )",
    ),
    (
        "?)",
        r"\A(?:[^(\\[]|\\.)*\((?:[^()\\]|\\.)*([*+}]\?\))\Z",
        "%s at the end takes the least that it can: remove the question mark",
    ),
)


class PatternError(ValueError):
    """What is wrong with a pattern, as one sentence."""


def compile_pattern(text: str) -> "Pattern[bytes]":
    """Return ``text`` compiled for a search in bytes, ``^`` and ``$`` matching at lines; raise ``PatternError``."""
    for char in text:
        if not char.isprintable() and char not in "\t\n":
            what = r"a backspace, which \b is" if char == "\b" else "U+%04X, which nobody sees" % ord(char)
            raise PatternError("the pattern holds %s: in YAML put the pattern in single quotes" % what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Up to 3.10 a global flag may stand inside a pattern, with this warning; from 3.11 on it is an error.
            warnings.simplefilter("error", DeprecationWarning)
            pattern = re.compile(_translated(text), re.MULTILINE)
    except PatternError:
        raise
    except (re.error, DeprecationWarning, RuntimeError, OverflowError, ValueError) as error:
        raise PatternError("the pattern does not compile: %s" % (str(error) or "it is too complex")) from None
    if not pattern.groups:
        hint = r", without the backslashes that grep and sed want," if r"\(" in text else ""
        raise PatternError(
            r"the pattern has no group: put ( and )%s around the part that is the value, like (\d+)" % hint
        )
    for parts, mistake, problem in MISTAKES:
        match = re.search(mistake, text) if any(each in text for each in parts.split()) else None
        if match:
            raise PatternError("in the pattern, " + problem % match.group(match.lastindex or 0))
    return pattern


def _translated(text: str) -> bytes:
    """Return a pattern for bytes that matches where ``text`` would match the decoded output; raise ``PatternError``.

    Each character outside ASCII becomes a group of its UTF-8 bytes, so that a quantifier applies to all of them.
    """
    result = bytearray()
    class_begin = None  # where the class is open that the place is in
    pos = 0
    while pos < len(text):
        part, end = _escape(text, pos) if text[pos] == "\\" else (text[pos], pos + 1)
        if part <= "\x7f":
            result += part.encode()
        elif class_begin is None:
            result += b"(?:%s)" % re.escape(part.encode())
        else:
            raise PatternError(
                "the pattern has %s in […], which here matches single bytes: write (?:%s|…) instead" % (part, part)
            )
        if class_begin is None and part == "[":
            class_begin = end + text.startswith("^", end)  # a ] that comes first is a member
        elif class_begin is not None and part == "]" and pos > class_begin:
            class_begin = None
        pos = end
    return bytes(result)


def _escape(text: str, pos: int) -> "Tuple[str, int]":
    r"""Return what a backslash begins, as ``re`` takes it, and where it ends; a character outside ASCII as it is."""
    letter = text[pos + 1 : pos + 2]
    if letter not in ESCAPE_LENGTHS:
        return (letter if letter > "\x7f" else "\\" + letter), pos + 2
    end = pos + 2 + ESCAPE_LENGTHS[letter]
    try:
        char = chr(int(text[pos + 2 : end], 16))
    except (ValueError, OverflowError):
        raise PatternError("the pattern does not compile: incomplete escape %s" % text[pos:end]) from None
    return (char if char > "\x7f" else re.escape(char)), end


def older_difference(text: str) -> "Optional[str]":
    """Return in words what a pattern meant otherwise to the older servo-batch, or None.

    It searched the decoded output by ``re.search``, without lines.
    """
    bare = re.sub(r"(?s)\\.|\[\^?\]?(?:\\.|[^]\\])*\]", "", text)  # without escapes and classes
    if "^" in bare or "$" in bare:
        return r"^ and $ match at every line; to the older servo-batch only at the ends of the output: write \A and \Z"
    is_ascii = all(char < "\x80" for char in text)
    return None if is_ascii else "text beyond ASCII is searched for in bytes; to the older one . was a character"

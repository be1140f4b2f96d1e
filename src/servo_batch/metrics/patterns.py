r"""A pattern as it is written → the pattern that is searched for, or what is wrong with it.

The output is searched as bytes, since it need not be UTF-8 and may be larger than memory; a pattern is translated so
that a character outside ASCII matches its UTF-8 bytes. So ``.`` and ``[^…]`` match one byte, and ``\d``, ``\w``, ``\s``
and ``\b`` know ASCII only.
"""

import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Match, Optional, Pattern

ESCAPE = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?s:.))"
# An escape, a class, in which a ] that comes first is a member, or a character outside ASCII.
PART = ESCAPE + r"|\[\^?\]?(?:\\(?s:.)|[^]\\])*\]|[^\0-\x7f]"


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
            # Each character outside ASCII becomes a group, so that a quantifier applies to all of its bytes.
            pattern = re.compile(re.sub(PART, _in_bytes, text).encode(), re.MULTILINE)
    except PatternError:
        raise
    except (re.error, RuntimeError, OverflowError, ValueError) as error:
        raise PatternError("the pattern does not compile: %s" % (str(error) or "it is too complex")) from None
    if not pattern.groups:
        raise PatternError(r"the pattern has no group: put ( and ) around the part that is the value, like (\d+)")
    mistake = re.search(r"\[:\^?[a-z]+:\]", text) if "[:" in text else None
    if mistake:
        problem = r"in the pattern, %s is these characters themselves to Python: write \d, \s or a range like [a-z]"
        raise PatternError(problem % mistake.group())
    return pattern


def _in_bytes(part: "Match[str]") -> str:
    """Return an escape, a class or a character so that its UTF-8 bytes mean the same; raise ``PatternError``."""
    text = part.group()
    if text.startswith("["):
        text = re.sub(ESCAPE, lambda each: _unescaped(each.group()), text)
        if not _is_ascii(text):
            raise PatternError("the pattern has %s, which here matches single bytes: write (?:…|…) instead" % text)
        return text
    text = _unescaped(text)
    return text if _is_ascii(text) else "(?:%s)" % text


def _unescaped(escape: str) -> str:
    r"""Return what ``re`` takes in bytes for an escape: a pattern is text, so \xe9 is é as \u00e9 is, and no byte."""
    char = escape[1:] if escape[:1] == "\\" else escape
    if len(char) > 1:
        char = chr(int(char[1:], 16))
    return char if not _is_ascii(char) else escape if len(escape) == 2 else re.escape(char)


def _is_ascii(text: str) -> bool:
    return all(char < "\x80" for char in text)


def older_difference(text: str) -> "Optional[str]":
    """Return in words what a pattern meant otherwise to the older servo-batch, or None.

    It searched the decoded output by ``re.search``, without lines.
    """
    if set(re.sub(PART, "", text)) & {"^", "$"}:
        how = r"write \A for ^ and \n?\Z for $"
        return f"^ and $ match at every line; to the older servo-batch only at the ends of the output: {how}"
    return None if _is_ascii(text) else "text beyond ASCII is searched for in bytes; to the older one . was a character"

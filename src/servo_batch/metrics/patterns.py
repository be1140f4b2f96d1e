r"""A pattern as it is written → the pattern that is searched for, or what is wrong with it.

The output is searched as bytes, since it need not be UTF-8 and may be larger than memory; a pattern is translated so
that a character outside ASCII matches its UTF-8 bytes. So ``.``, ``[^…]`` and ``\xe9`` match one byte, and ``\d``,
``\w``, ``\s`` and ``\b`` know ASCII only.
"""

import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Match, Optional, Pattern

BEYOND_ASCII = r"[^\0-\x7f]"
# An escape, a class, in which a ] that comes first is a member, or a character outside ASCII.
PART = r"\\(?s:.)|\[\^?\]?(?:\\(?s:.)|[^]\\])*\]|" + BEYOND_ASCII


def compile_pattern(text: str) -> "Pattern[bytes]":
    """Return ``text`` compiled for a search in bytes, ``^`` and ``$`` matching at lines; raise ``ValueError``."""
    for char in text:
        if not char.isprintable() and char not in "\t\n":
            what = r"a backspace, which \b is" if char == "\b" else "U+%04X, which nobody sees" % ord(char)
            raise ValueError("the pattern holds %s: in YAML put it in single quotes, in JSON double the \\" % what)
    # Each character outside ASCII becomes a group, so that a quantifier applies to all of its bytes.
    in_bytes = re.sub(PART, _in_bytes, text).encode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pattern = re.compile(in_bytes, re.MULTILINE)
    except (re.error, RuntimeError, OverflowError, ValueError) as error:
        raise ValueError("the pattern does not compile: %s" % (str(error) or "it is too complex")) from None
    if not pattern.groups:
        raise ValueError(r"the pattern has no group: put ( and ) around the part that is the value, like (\d+)")
    mistake = re.search(r"\[:\^?[a-z]+:\]", text)
    if mistake:
        problem = r"in the pattern, %s is these characters themselves to Python: write \d, \s or a range like [a-z]"
        raise ValueError(problem % mistake.group())
    return pattern


def _in_bytes(part: "Match[str]") -> str:
    """Return an escape, a class or a character so that its UTF-8 bytes mean the same; raise ``ValueError``."""
    text = part.group()
    if not re.search(BEYOND_ASCII, text):
        return text
    if text.startswith("["):
        raise ValueError("the pattern has %s, which here matches single bytes: write (?:…|…) instead" % text)
    return "(?:%s)" % text[-1]


def older_difference(text: str) -> "Optional[str]":
    """Return in words what a pattern meant otherwise to the older servo-batch, or None.

    It searched the decoded output by ``re.search``, without lines.
    """
    if set(re.sub(PART, "", text)) & {"^", "$"}:
        how = r"write \A for ^ and \n?\Z for $"
        return f"^ and $ match at every line; to the older servo-batch only at the ends of the output: {how}"
    if re.search(BEYOND_ASCII + r"|\\x[89a-fA-F]", text):
        return "text beyond ASCII is searched for in bytes; to the older one . and \\xe9 were characters"
    return None

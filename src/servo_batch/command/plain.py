"""Which text is plain: no shell, inner or remote shell, makefile or sourced file makes anything of it but itself.

*Listed* values are those that the configuration lists; nobody outside can choose another. *Free* text is all else.
"""

import re

from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

FREE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,+@")
LISTED = FREE | frozenset("%=")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")  # RFC 8259, section 6
FORBIDDEN = re.compile(r"\.\.|SERVO_")  # a path that leads up; the names of variables that hold any text
NAMES = {" ": "a blank", "\t": "a tab", "\n": "a line break", "\0": "a NUL character"}


def formatted(value: "Any", conversion: "Optional[str]", spec: str) -> str:
    """Return a JSON value as a placeholder puts it in; raise ``ValueError`` that says why it cannot.

    Numbers are as JSON writes them, booleans ``true`` and ``false``. The conversion "w" leaves one blank between words.
    """
    if isinstance(value, bool) and conversion not in ("r", "a") and not spec:
        return "true" if value else "false"
    if conversion == "w":
        return " ".join(words(str(value)))
    if conversion is not None:
        value = repr(value) if conversion == "r" else ascii(value) if conversion == "a" else str(value)
    try:
        return format(value, spec)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        reason = str(error) or "too wide"
        raise ValueError(f"the value {shown(value)} cannot be formatted: {reason[0].lower()}{reason[1:]}") from None


def words(text: str) -> "List[str]":
    """Return the words between the blanks of a text."""
    return [word for word in re.split("[ \t\n]", text) if word]


def refusal(text: str, is_listed: bool) -> "Optional[str]":
    """Return what of a text is not plain, as half a sentence; None where it is plain."""
    if not text:
        return "it is empty"
    odd = next((char for char in text if char not in (LISTED if is_listed else FREE)), "")
    if odd:
        why = "is plain only in values that the configuration lists" if odd in LISTED else "is not plain"
        return f"{NAMES.get(odd, odd if '!' <= odd <= '~' else shown(odd))} {why}"
    if is_listed or NUMBER.match(text):
        return None
    if text[0] in "-+@":
        return f"it begins with {text[0]} and is no number"
    forbidden = FORBIDDEN.search(text)
    return f"it has {forbidden.group()} in it" if forbidden else None

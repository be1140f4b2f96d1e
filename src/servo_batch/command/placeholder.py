"""One placeholder of a template, ``{field!conversion:spec}``: what it makes of a value, and whether a command takes it.

A command takes *plain* text, of which no shell, inner or remote shell, makefile or sourced file makes anything but
itself. *Listed* values, which the configuration lists, may have more than *free* text: nobody outside chooses others.
"""

import re
from collections import namedtuple

from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

PLAIN = "letters, digits and _ - . / : , + @"
FREE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,+@")
LISTED = FREE | frozenset("%=")
NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z"  # RFC 8259, section 6
FORBIDDEN = r"\.\.|SERVO_"  # a path that leads up; the names of variables that hold any text
CONTROL = ("control", "_control")
NAMES = {" ": "a blank", "\t": "a tab", "\n": "a line break", "\0": "a NUL character"}


class Placeholder(namedtuple("Placeholder", ("field", "path", "conversion", "spec", "kind", "is_number"))):
    """A placeholder, the keys of its field, and what the configuration tells of the value.

    ``kind`` is "listed", "formula" (listed where it is no text) or "free", which has to be a number if ``is_number``.
    """

    __slots__ = ()
    field: str
    path: "Tuple[str, ...]"
    conversion: "Optional[str]"  # as in Python, or "w": the words of the value
    spec: str
    kind: str
    is_number: bool

    @property
    def text(self) -> str:
        """The placeholder as it stands in the template."""
        conversion = "!" + self.conversion if self.conversion else ""
        return "{%s%s%s}" % (self.field, conversion, ":" + self.spec if self.spec else "")

    @property
    def way_out(self) -> str:
        """How any text gets into the job in its place."""
        key = self.path[-2] if self.path[-1] == "value" and len(self.path) > 2 else self.path[-1]
        variable = "SERVO_" + re.sub("[^A-Za-z0-9_]", "_", key).upper()
        text = "{%s}" % self.field if self.conversion == "w" else self.text
        return (
            f"any text goes by the environment: under batch, env: {{{variable}: '{text}'}}, and in the script "
            f'"${variable}" (a list: [sh, -c, \'./job "${variable}"\'])'
        )

    def formatted(self, value: "Any") -> str:
        """Return what is put in for a JSON value; raise ``ValueError`` that says why it cannot be.

        Numbers are as JSON writes them, booleans ``true`` and ``false``; between words one blank is left.
        """
        if isinstance(value, bool) and self.conversion not in ("r", "a") and not self.spec:
            return "true" if value else "false"
        if self.conversion == "w":
            return " ".join(words(str(value)))
        try:
            as_text = {"r": repr, "a": ascii}.get(self.conversion or "", str)
            return format(as_text(value) if self.conversion else value, self.spec)
        except (ValueError, TypeError, OverflowError, MemoryError) as error:
            raise ValueError(f"the value {shown(value)} cannot be formatted: {lowered(error)}") from None

    def refusal(self, text: str, is_listed: bool) -> str:
        """Return why what it was formatted to cannot stand in a command, and what to do; empty where it can."""
        if self.is_number and not is_listed and not re.match(NUMBER, text):
            where = "in arithmetic, in a here-document, behind a leading - and with a format like :d"
            return f"{shown(text)}, but only a number may stand there ({where}); {self.way_out}"
        texts = words(text) if self.conversion == "w" else [text]
        odd = next(filter(None, (_odd(each, is_listed) for each in texts)), "")
        if not odd:
            return ""
        can_be_listed = not any(_odd(word, True) for word in words(text)) and self.path[0] not in CONTROL
        is_several = can_be_listed and len(words(text)) > 1 and not self.conversion and not self.spec
        remedy = "give the setting type: enum and its values; " if can_be_listed and not is_listed else ""
        remedy += f"{{{self.field}!w}} is several words; " if is_several else ""
        return f"{shown(text)}, but {odd} ({PLAIN}{' % =' * is_listed} are plain); {remedy}{self.way_out}"


def words(text: str) -> "List[str]":
    """Return the words between the blanks of a text."""
    return [word for word in re.split("[ \t\n]", text) if word]


def lowered(error: Exception) -> str:
    """Return what Python says as a part of a sentence of ours."""
    return (str(error)[:1].lower() + str(error)[1:]) or "it is too wide"


def _odd(text: str, is_listed: bool) -> str:
    """Return what of a text is not plain, as half a sentence; empty where it is plain."""
    odd = next((char for char in text if char not in (LISTED if is_listed else FREE)), "")
    if odd:
        why = "is plain only in values that the configuration lists" if odd in LISTED else "is not plain"
        return f"{NAMES.get(odd, odd if '!' <= odd <= '~' else shown(odd))} {why}"
    if not text or is_listed or re.match(NUMBER, text):
        return "" if text else "it is empty"
    forbidden = re.search(FORBIDDEN, text)
    begins = f"it begins with {text[0]} and is no number" if text[0] in "-+@" else ""
    return begins or (f"it has {forbidden.group()} in it" if forbidden else "")

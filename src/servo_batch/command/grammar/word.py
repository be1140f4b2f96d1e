"""A word of a script as it is read, and the place of a placeholder as it is judged."""

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Set, Tuple

AFTER_DOLLAR = "directly after a $; a placeholder is {v} without it, a literal $ is \\$"


class UnclosedError(ValueError):
    """A quote, an expansion or a group that the script opens and does not close."""


class Word(namedtuple("Word", ("text", "one", "quoted", "holes", "names", "scripts", "sinks"))):
    """A word without its quotes. A script in it is what ``commands.read`` returns."""

    __slots__ = ()
    text: str  # placeholders and expansions as their marks
    one: bool  # whether it is exactly one word, whatever is put in
    quoted: bool  # whether a part is quoted, so that it is neither reserved nor a name
    holes: "Tuple[int, ...]"  # the placeholders that stand in it, by their number
    names: "Set[str]"  # the parameters that are expanded in it
    scripts: "Tuple[Any, ...]"  # the commands whose output stands in it
    sinks: "Tuple[Any, ...]"  # those that read what the command writes to it: >(…)


class Place(namedtuple("Place", ("quoting", "danger", "warning", "in_arithmetic", "is_descriptor"))):
    """Where a placeholder stands. The text ``{v}`` in ``danger`` and ``warning`` is the placeholder."""

    __slots__ = ()
    quoting: str  # UNQUOTED, SINGLE, DOUBLE or BARE
    danger: "Optional[str]"  # why no quoting is safe there, and what to do: only a number may stand there
    warning: "Optional[str]"  # why another language may take it as code
    in_arithmetic: bool
    is_descriptor: bool  # whether a number there would be that of a redirection


class Judged(namedtuple("Judged", ("places", "warnings"))):
    """The place of each placeholder in order, and what else is worth a warning."""

    __slots__ = ()
    places: "Tuple[Place, ...]"
    warnings: "Tuple[str, ...]"

"""What a command template is read as: its placeholders, and the command that they stand in."""

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Optional, Tuple, Union

    Parts = Tuple[Union[str, "Placeholder"], ...]

ANY_NUMBER, INTEGER = "number", "integer"


class TemplateError(ValueError):
    """What is wrong with a command template: ``problems``, a sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Placeholder(namedtuple("Placeholder", ("text", "path", "conversion", "spec", "quoting", "must_be"))):
    """One ``{field!conversion:spec}``: its source text, its field's keys, and what its place asks for."""

    __slots__ = ()
    text: str
    path: "Tuple[str, ...]"
    conversion: "Optional[str]"
    spec: "Parts"
    quoting: str  # marks.UNQUOTED, SINGLE, DOUBLE or BARE
    must_be: "Optional[str]"  # ANY_NUMBER or INTEGER: it may stand there only because it is one


class Command(namedtuple("Command", ("templates", "uses_shell", "warnings"))):
    """A checked command: per argument (or for the one shell script) its literal parts and placeholders.

    ``warnings`` say what in it is allowed and may still not be what was meant, a sentence each.
    """

    __slots__ = ()
    templates: "Tuple[Parts, ...]"
    uses_shell: bool
    warnings: "Tuple[str, ...]"

    @property
    def fields(self) -> "Tuple[Tuple[str, ...], ...]":
        """The keys of each field that the command uses, in their order: ``("web", "cpu")``, ``("control", "n")``."""
        found = (placeholder.path for parts in self.templates for placeholder in placeholders(parts))
        return tuple(dict.fromkeys(found))


def placeholders(parts: "Parts") -> "Iterator[Placeholder]":
    """Yield the placeholders in a template, those in format specifications too."""
    for part in parts:
        if isinstance(part, Placeholder):
            yield part
            yield from placeholders(part.spec)

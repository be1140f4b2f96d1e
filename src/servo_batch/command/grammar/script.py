"""What a shell script is read as: its commands, and what is found beside them."""

from collections import namedtuple

from servo_batch.command.grammar.word import Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Set, Tuple


class UnclearError(Exception):
    """From here on, shells may disagree about what is quoted; the text is the place, as ``after …``."""


class Redirection(namedtuple("Redirection", ("operator", "word"))):
    """``operator word``; of a here-document, the word is its text."""

    __slots__ = ()
    operator: str
    word: Word


class Simple(namedtuple("Simple", ("assignments", "words", "redirections"))):
    """A simple command."""

    __slots__ = ()
    assignments: "Tuple[Word, ...]"
    words: "Tuple[Word, ...]"
    redirections: "Tuple[Redirection, ...]"


class Compound(namedtuple("Compound", ("kind", "words", "bodies", "redirections"))):
    """A compound command or the definition of a function: its first word, the words of its head, what it runs."""

    __slots__ = ()
    kind: str
    words: "Tuple[Word, ...]"
    bodies: "Tuple[Script, ...]"
    redirections: "Tuple[Redirection, ...]"


if TYPE_CHECKING:
    from typing import Union

    Command = Union[Simple, Compound]
    Script = Tuple[Tuple[Command, ...], ...]  # pipelines of commands


class Found:
    """What reading finds beside the commands."""

    def __init__(self) -> None:
        self.quoting: "Dict[int, str]" = {}  # of each placeholder
        self.dangers: "Dict[int, str]" = {}  # of a placeholder where no quoting is safe: why
        self.arithmetic: "Set[int]" = set()  # the placeholders that stand in arithmetic
        self.descriptors: "Set[int]" = set()  # the placeholders that would be the number of a redirection
        self.uses: "List[Tuple[str, str]]" = []  # a parameter that stands in code, and where
        self.flows: "List[Tuple[str, Set[str]]]" = []  # a parameter, and those that ${…:=…} assigns to it
        self.pipelines: "List[Tuple[Command, ...]]" = []  # those of the script itself that are read
        self.end = 0  # how far they go

    def add(self, inner: "Found") -> None:
        """Take over what was found in a script within this one; the quotes and dangers there are not those here."""
        self.arithmetic |= inner.arithmetic
        self.descriptors |= inner.descriptors
        self.uses.extend(inner.uses)
        self.flows.extend(inner.flows)

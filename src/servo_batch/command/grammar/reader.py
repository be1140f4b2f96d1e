"""How far a script is read, and what reading notes of its placeholders."""

from servo_batch.command.grammar.script import Found, UnclearError
from servo_batch.command.grammar.word import UnclosedError, Word
from servo_batch.command.marks import BARE, PLACEHOLDERS, UNKNOWN, UNQUOTED, WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator, List, Sequence, Set, Tuple

    from servo_batch.command.grammar.script import Script

    ReadCommands = Callable[["Reader", Sequence[str]], Tuple[Script, str]]

MAX_NESTING = 50
BLANKS = " \t"
ENDS_WORD = BLANKS + "\n;&|()<>"


class OpenWord:
    """A word that is being read."""

    def __init__(self) -> None:
        self.text: "List[str]" = []
        self.one = True
        self.quoted = False
        self.holes: "List[int]" = []
        self.names: "Set[str]" = set()
        self.scripts: "List[Script]" = []
        self.sinks: "List[Script]" = []

    def unknown(self, splits: bool) -> None:
        """Add what the shell puts in there; ``splits``: whether it may be none or several words."""
        self.text.append(UNKNOWN)
        self.one = self.one and not splits

    def done(self) -> Word:
        """Return the word that was read."""
        text = "".join(self.text)
        holes, scripts, sinks = tuple(self.holes), tuple(self.scripts), tuple(self.sinks)
        return Word(text, self.one, self.quoted, holes, self.names, scripts, sinks)


class Reader:
    """A script and how far it is read. A function that takes one reads, at its place, what the function is called."""

    def __init__(self, src: str, numbers: "Sequence[int]", found: Found, depth: int, commands: "ReadCommands") -> None:
        """Take a script and ``numbers``, those of its placeholders.

        ``commands`` reads commands up to one of the words that it is given: within a word as well, since the grammar
        goes round in a circle where its modules do not.
        """
        self.src = src
        self.pos = 0
        self.numbers: "Iterator[int]" = iter(numbers)
        self.found = found
        self.depth = depth
        self.commands = commands
        self.substitutions = 0
        self.heredocs: "List[Tuple[str, bool, bool, Set[str]]]" = []  # delimiter, strips tabs, literal, its names

    def script(self) -> "Script":
        """Read all of it; raise ``UnclosedError``, ``UnclearError``."""
        commands, end = self.commands(self, ())
        if end:
            raise UnclearError("after a `%s` that nothing opens" % end)
        return commands

    def char(self) -> str:
        """Return the character that comes next, nothing at the end."""
        return self.src[self.pos : self.pos + 1]

    def line_end(self) -> int:
        """Return where this line ends."""
        end = self.src.find("\n", self.pos)
        return len(self.src) if end < 0 else end

    def find(self, char: str, problem: str) -> int:
        """Return where a character is next; raise ``UnclosedError``."""
        end = self.src.find(char, self.pos)
        if end < 0:
            raise UnclosedError(problem)
        return end

    def blanks(self) -> None:
        """Read blanks, continued lines, and a comment that starts here."""
        while True:
            if self.char() and self.char() in BLANKS:
                self.pos += 1
            elif self.src.startswith("\\\n", self.pos):
                self.pos += 2
            elif self.char() == "#":
                end = self.line_end()
                self.bare(
                    self.src[self.pos : end], "in a comment, which a line break in the value would end; take it out"
                )
                self.pos = end
            else:
                return

    def bare(self, text: str, reason: str, in_arithmetic: bool = False) -> "List[int]":
        """Record for every placeholder in ``text`` that no quoting is safe there; return their numbers."""
        numbers = [next(self.numbers) for char in text if char in PLACEHOLDERS]
        for number in numbers:
            self.found.quoting[number] = BARE
            self.found.dangers[number] = reason
        if in_arithmetic:
            self.found.arithmetic.update(numbers)
        return numbers

    def use(self, names: "Set[str]", where: str) -> None:
        """Record that these parameters stand in code."""
        self.found.uses.extend((name, where) for name in sorted(names))

    def descend(self) -> None:
        """Go into commands within commands; raise ``UnclosedError`` where that goes too deep."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise UnclosedError("it nests deeper than %d levels" % MAX_NESTING)

    def placeholder(self, word: OpenWord, quoting: str) -> None:
        """Read a placeholder, which becomes a part of ``word``."""
        char = self.src[self.pos]
        number = next(self.numbers)
        self.found.quoting[number] = quoting
        word.holes.append(number)
        word.text.append(char)
        word.one = word.one and char != WORDS
        if char == WORDS and quoting != UNQUOTED:
            self.found.dangers[number] = "in quotes, where it cannot become several words"
        self.pos += 1

"""What is found of the words of a command, and what each function that judges some of them asks about a word."""

from collections import namedtuple

from servo_batch.command.marks import HOLE, UNKNOWN, WORDS
from servo_batch.command.safety import takers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence

    from servo_batch.command.grammar.word import Word


class InnerScript(namedtuple("InnerScript", ("index", "first"))):
    """The word that is a script for a shell, and the first of its arguments."""

    __slots__ = ()
    index: int
    first: int


class Verdict:
    """What is known of the words of one command, by their index. The text ``{v}`` in a reason is the placeholder."""

    def __init__(self) -> None:
        self.refused: "Dict[int, str]" = {}
        self.warned: "Dict[int, str]" = {}
        self.evaluated: "List[int]" = []  # the refused words that are arithmetic
        self.scripts: "List[InnerScript]" = []
        self.reads_code: "Optional[str]" = None  # why what is sent to its input is code
        self.reads_program: "Optional[str]" = None  # likewise for another language


class Judge:
    """The words of one command, and what is found of them.

    A function that takes one reads words from an index on, and returns the index of the first that it left.
    """

    def __init__(self, words: "Sequence[Word]") -> None:
        self.words = words
        self.verdict = Verdict()
        self.handed_on = False  # whether words are appended or put in: xargs, find, parallel
        self.puts_in = False  # … in the place of `{}` or so, into a script too

    def refuse(self, first: int, reason: str, last: "Optional[int]" = None) -> int:
        """Refuse the words from ``first`` to before ``last``, else all; return how many words there are."""
        count = len(self.words)
        for index in range(first, count if last is None else min(last, count)):
            self.verdict.refused.setdefault(index, reason)
        return count

    def warn(self, index: int, reason: str) -> None:
        """Warn of a word, where there is one."""
        if index < len(self.words):
            self.verdict.warned.setdefault(index, reason)

    def reads(self, reason: str) -> None:
        """Note why what is sent to the input of the command is code."""
        self.verdict.reads_code = self.verdict.reads_code or reason

    def names_a_program(self, index: int) -> bool:
        """Judge the word that says what runs; return whether it is known."""
        word = self.words[index]
        if program(word) is not None:
            return True
        reason = (
            "in the name of the program, by which it would choose what runs; write `case {v} in a) ./a;; b) ./b;; esac`"
        )
        if is_literal(word.text):
            reason = "after a program whose name comes from an expansion, and which may take code; write its name"
            if UNKNOWN not in word.text:
                reason = "after a program whose name is not plain; write its name"
        self.refuse(index, reason)
        self.reads("what a program that is not named reads")
        return False

    def puts_words_into(self, script: "Word") -> bool:
        """Return whether what hands on words puts them into this script."""
        return self.puts_in or (self.handed_on and "{}" in script.text)


def program(word: "Word") -> "Optional[str]":
    """Return the base name of the program that a word names, or None where that is not literal."""
    name = word.text.rpartition("/")[2]
    if not word.one or not is_literal(name) or UNKNOWN in name or (not name and UNKNOWN in word.text):
        return None
    return takers.program(name)


def is_literal(text: str) -> bool:
    """Return whether no placeholder but a number is in a text."""
    return HOLE not in text and WORDS not in text


def is_plain(word: "Word") -> bool:
    """Return whether a word is literal: no placeholder but a number, nothing that the shell puts in."""
    return word.one and not word.scripts and is_literal(word.text) and UNKNOWN not in word.text


def has_option(text: str, letters: str, long_options: str) -> bool:
    """Return whether a word is one of these options, in a cluster, with its value, or in an abbreviation."""
    if text.startswith("--"):
        name = text.partition("=")[0]
        return len(name) > 3 and any(option.startswith(name) for option in long_options.split())
    if text in long_options.split():
        return True
    return text.startswith("-") and any(letter in text.partition("=")[0] for letter in letters)

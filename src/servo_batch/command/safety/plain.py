"""Whether a command is plain: words of which none can be code to anybody, so that no grammar need be asked.

This answers no where it does not know. To load the grammar and the judges takes longer than all else that a short call
does, and most commands are plain. What they say of a plain command is that its placeholders stand there as any word.
"""

import string

from servo_batch.command.marks import HOLE, NUMBER, WORDS
from servo_batch.command.safety import takers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence

# What no shell reads as anything but a part of a word, and the blank between words.
CHARS = frozenset(string.ascii_letters + string.digits + "_-./=:,@%+ " + HOLE + NUMBER)
FIRST_WORDS = takers.BUILTINS | takers.RESERVED | takers.PREFIXES


def is_plain_script(text: str) -> bool:
    """Tell whether a script, with its placeholders as marks, is one command of plain words."""
    words = text.split(" ")
    first = words[0]
    if set(text) - CHARS or not first or "=" in first:
        return False
    return FIRST_WORDS.isdisjoint(_names(first)) and _are_plain(words)


def is_plain_list(texts: "Sequence[str]") -> bool:
    """Tell whether a list of arguments, with their placeholders as marks, is plain words, which no shell reads."""
    return not any(WORDS in text for text in texts) and _are_plain(texts)


def _are_plain(words: "Sequence[str]") -> bool:
    """Tell whether the program is named, and no word nor a part of one is the name of a program that takes code."""
    is_named = HOLE not in words[0].rpartition("/")[2]
    return is_named and all(takers.PROGRAMS.isdisjoint(_names(word)) for word in words)


def _names(word: str) -> "List[str]":
    """Return what may be the name of a program in a word: ``/bin/sh``, ``--shell=bash``, ``python3.11``, ``sh.exe``."""
    names: "List[str]" = []
    for part in word.replace("=", " ").split():
        name = takers.program(part)
        names += (name, takers.without_version(name))
    return names

"""A word of a script, without its quotes.

Source: POSIX.1-2017, Shell Command Language, Quoting (2.2).
"""

from servo_batch.command.grammar import expansions
from servo_batch.command.grammar.reader import ENDS_WORD, OpenWord, Reader
from servo_batch.command.grammar.script import UnclearError
from servo_batch.command.grammar.word import UnclosedError, Word
from servo_batch.command.marks import DOUBLE, PLACEHOLDERS, SINGLE, UNKNOWN, UNQUOTED

PATTERN_CHARS = "*?["
NO_PATTERNS = ("[", "[[", "{", "{}", "=")  # words of their own


def read_word(reader: Reader) -> Word:
    """Read a word up to a blank or an operator."""
    word = OpenWord()
    start = reader.pos
    end = start
    while reader.src[end : end + 1] and reader.src[end] not in ENDS_WORD:
        end += 1
    if reader.src[start:end] in NO_PATTERNS:
        reader.pos = end
        word.text.append(reader.src[start:end])
    while reader.pos < len(reader.src):
        char = reader.src[reader.pos]
        if char in "<>" and reader.src.startswith("(", reader.pos + 1):
            reader.pos += 2
            (word.scripts if char == "<" else word.sinks).append(expansions.substitution(reader))
            word.unknown(False)
        elif char in ENDS_WORD:
            break
        else:
            _part(reader, word, char)
    if reader.pos == start:
        raise UnclearError("after a command that is not complete")
    return word.done()


def _part(reader: Reader, word: OpenWord, char: str) -> None:
    if char in PLACEHOLDERS:
        reader.placeholder(word, UNQUOTED)
    elif char == "\\":
        _escape(reader, word)
    elif char == "'":
        _single_quoted(reader, word)
    elif char == '"':
        _double_quoted(reader, word)
    elif char == "`":
        expansions.backquoted(reader, word, in_double=False)
    elif char == "$":
        expansions.dollar(reader, word, in_double=False)
    else:
        reader.pos += 1
        word.text.append(char)
        _pattern_char(reader, word, char)


def _pattern_char(reader: Reader, word: OpenWord, char: str) -> None:
    """Note that a pattern or braces may become other words than stand here, as may zsh's ``=program``."""
    braces = char == "{" and reader.char() != "}"
    if char in PATTERN_CHARS or braces or (char == "=" and len(word.text) == 1):
        word.unknown(True)


def _escape(reader: Reader, word: OpenWord) -> None:
    following = reader.src[reader.pos + 1 : reader.pos + 2]
    reader.pos += 2
    word.quoted = True
    if following and following in PLACEHOLDERS:
        reader.bare(following, "directly after a backslash, which would escape the quoting; take that out")
        word.text.append(UNKNOWN)
    elif following != "\n":
        word.text.append(following)


def _single_quoted(reader: Reader, word: OpenWord) -> None:
    word.quoted = True
    reader.pos += 1
    end = reader.find("'", "a single quote is not closed")
    while reader.pos < end:
        if reader.char() in PLACEHOLDERS:
            reader.placeholder(word, SINGLE)
        else:
            word.text.append(reader.char())
            reader.pos += 1
    reader.pos += 1


def _double_quoted(reader: Reader, word: OpenWord) -> None:
    word.quoted = True
    reader.pos += 1
    while reader.pos < len(reader.src):
        char = reader.src[reader.pos]
        if char == '"':
            reader.pos += 1
            return
        if char in PLACEHOLDERS:
            reader.placeholder(word, DOUBLE)
        elif char == "\\":
            if reader.src[reader.pos + 1 : reader.pos + 2] not in tuple('$`"\\\n' + PLACEHOLDERS):
                word.text.append("\\")
            _escape(reader, word)
        elif char == "`":
            expansions.backquoted(reader, word, in_double=True)
        elif char == "$":
            expansions.dollar(reader, word, in_double=True)
        else:
            word.text.append(char)
            reader.pos += 1
    raise UnclosedError("a double quote is not closed")

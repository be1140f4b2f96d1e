"""Redirections and here-documents.

Source: POSIX.1-2017, Shell Command Language, Redirection (2.7).
"""

from servo_batch.command.grammar import quoting
from servo_batch.command.grammar.names import DIGITS, expanded, mentioned
from servo_batch.command.grammar.reader import ENDS_WORD, Reader
from servo_batch.command.grammar.script import Redirection, UnclearError
from servo_batch.command.grammar.word import Word
from servo_batch.command.marks import PLACEHOLDERS, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Set, Tuple

HEREDOC = "inside a here-document; write X={v} before the command and $X here"
REDIRECTIONS = ("<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">|", ">&", ">")


def of_compound(reader: Reader) -> "Tuple[Redirection, ...]":
    """Read those of a compound command."""
    redirections: "List[Redirection]" = []
    while True:
        reader.blanks()
        start = reader.pos
        while reader.char() and reader.char() in DIGITS:
            reader.pos += 1
        if not reader.char() or reader.char() not in "<>":
            reader.pos = start
            return tuple(redirections)
        redirections.append(redirection(reader))


def redirection(reader: Reader) -> Redirection:
    """Read an operator and its word; the text of a here-document follows at the end of the line."""
    operator = next(each for each in REDIRECTIONS if reader.src.startswith(each, reader.pos))
    reader.pos += len(operator)
    reader.blanks()
    if operator in ("<<", "<<-"):
        return Redirection("<<", _heredoc(reader, operator == "<<-"))
    if not reader.char() or (reader.char() in ENDS_WORD and not _at_process_substitution(reader)):
        raise UnclearError("after a redirection without a file")
    return Redirection(operator, quoting.read_word(reader))


def _at_process_substitution(reader: Reader) -> bool:
    return reader.src.startswith(("<(", ">("), reader.pos)


def _heredoc(reader: Reader, strips_tabs: bool) -> Word:
    delimiter, literal = "", False
    while reader.char() and reader.char() not in ENDS_WORD:
        char = reader.char()
        reader.pos += 1
        if char in "'\"":
            end = reader.find(char, "the delimiter of a here-document is not closed")
            delimiter, literal = delimiter + reader.src[reader.pos : end], True
            reader.pos = end + 1
        elif char == "\\":
            delimiter, literal = delimiter + reader.char(), True
            reader.pos += 1
        else:
            delimiter += char
    if not delimiter or set(delimiter) & set(PLACEHOLDERS + "$`\\\n"):
        raise UnclearError("in or after a here-document whose delimiter is not plain")
    names: "Set[str]" = set()
    reader.heredocs.append((delimiter, strips_tabs, literal, names))
    return Word(UNKNOWN, True, True, (), names, (), ())


def line_break(reader: Reader) -> None:
    """Read a line break and the here-documents that follow it."""
    reader.pos += 1
    heredocs, reader.heredocs = reader.heredocs, []
    for delimiter, strips_tabs, literal, names in heredocs:
        ended = False
        while reader.pos < len(reader.src) and not ended:
            end = reader.line_end()
            line = reader.src[reader.pos : end]
            reader.pos = min(end + 1, len(reader.src))
            ended = (line.lstrip("\t") if strips_tabs else line) == delimiter
            if literal:
                reader.bare(line, HEREDOC)
                names.update(mentioned(line))  # where a shell reads it as a script
            else:
                _heredoc_line(reader, line, names)


def _heredoc_line(reader: Reader, line: str, names: "Set[str]") -> None:
    """Read a line in which the shell expands parameters."""
    for position, char in enumerate(line):
        if char in PLACEHOLDERS:
            in_arithmetic = line.rfind("$((", 0, position) > line.rfind("))", 0, position)
            reader.bare(char, HEREDOC, in_arithmetic)
    if line.endswith("\\"):
        raise UnclearError("after a here-document with a continued line")
    names.update(expanded(line))
    if any(opening in line for opening in ("$(", "`", "$[", "${")):
        reader.use(set(mentioned(line)), "in what a here-document evaluates")

"""A shell script → its commands, with the place of each placeholder in it: the grammar.

Source: POSIX.1-2017, Shell Command Language: tokens (2.3) and the grammar (2.10). What words are made of is read in
``quoting`` and ``expansions``. ``/bin/sh`` may be dash, bash, busybox, mksh, ksh93 or zsh; where they may disagree
about what is quoted, reading ends with ``UnclearError``. What a placeholder may do in its place ``places`` judges.
"""

from servo_batch.command.grammar import expansions, quoting, redirections
from servo_batch.command.grammar.names import DIGITS, is_assignment
from servo_batch.command.grammar.reader import ENDS_WORD, Reader
from servo_batch.command.grammar.script import Compound, Found, Simple, UnclearError
from servo_batch.command.grammar.word import UnclosedError, Word
from servo_batch.command.marks import NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence, Tuple

    from servo_batch.command.grammar.script import Command, Redirection, Script

OPENING = ("{", "if", "while", "until", "for", "select", "case", "function", "[[")
PREFIXES = ("!", "time")  # … of a pipeline
UNCLEAR_WORDS = ("coproc", "repeat", "foreach", "nocorrect")  # reserved in few shells, and followed by commands
CLOSING = ("}", "then", "elif", "else", "fi", "do", "done", "esac", "in")


def read(script: str, numbers: "Sequence[int]", found: Found) -> "Script":
    """Return the commands of ``script`` and record in ``found`` where its placeholders stand.

    ``numbers`` are the numbers of the placeholders in it, in their order. Raises ``UnclosedError``, ``UnclearError``.
    """
    return Reader(script, numbers, found, 0, _read_commands).script()


def _read_commands(reader: Reader, ends: "Sequence[str]") -> "Tuple[Script, str]":
    """Return the pipelines up to a reserved word of ``ends``, a ``)``, a ``;;`` or the end, and which of these."""
    pipelines: "List[Tuple[Command, ...]]" = []
    reader.descend()
    while True:
        end = _separators(reader)
        if end is None:
            stages, end = _read_pipeline(reader, ends)
            if stages:
                pipelines.append(stages)
                _complete(reader, stages)
        if end is not None:
            reader.depth -= 1
            return tuple(pipelines), end


def _complete(reader: Reader, stages: "Tuple[Command, ...]") -> None:
    if reader.depth == 1:
        reader.found.pipelines.append(stages)
        reader.found.end = reader.pos


def _separators(reader: Reader) -> "Optional[str]":
    """Read what stands between commands; return the end that is met, or None before a command."""
    while True:
        reader.blanks()
        char = reader.char()
        if not char:
            return ""
        if char == ")":
            return ")"
        if char == ";" and reader.src[reader.pos + 1 : reader.pos + 2] in (";", "&", "|"):
            reader.pos += 2
            return ";;"
        if char == "\n":
            redirections.line_break(reader)
        elif char in ";&|":
            reader.pos += 1
        else:
            return None


def _read_pipeline(reader: Reader, ends: "Sequence[str]") -> "Tuple[Tuple[Command, ...], Optional[str]]":
    command, end = _read_command(reader, ends)
    stages = [command] if command else []
    while end is None and _at_pipe(reader):
        command, end = _read_command(reader, ())
        if command is None:
            raise UnclearError("after a | without a command")
        stages.append(command)
    return tuple(stages), end


def _at_pipe(reader: Reader) -> bool:
    reader.blanks()
    if reader.char() != "|" or reader.src.startswith("||", reader.pos):
        return False
    reader.pos += 2 if reader.src.startswith("|&", reader.pos) else 1
    _blank_lines(reader)
    return True


def _read_command(reader: Reader, ends: "Sequence[str]") -> "Tuple[Optional[Command], Optional[str]]":
    """Return a command, or None and the reserved word of ``ends`` that stands there."""
    start = reader.pos
    reader.blanks()
    if reader.src.startswith("((", reader.pos):
        reader.pos += 2
        expansions.arithmetic(reader, "(( … ))")
        return Compound("((", (), (), redirections.of_compound(reader)), None
    if reader.char() == "(":
        reader.pos += 1
        return _compound(reader, "(", (), (_until(reader, ")"),)), None
    assignments: "List[Word]" = []
    words: "List[Word]" = []
    redirected: "List[Redirection]" = []
    prefix = ""
    while True:
        reader.blanks()
        char = reader.char()
        if char == "(" and prefix and not words:
            return _read_command(reader, ())
        if char == "(":
            return _function(reader, words, assignments), None
        if char in "<>" and char and reader.src[reader.pos + 1 : reader.pos + 2] != "(":
            redirected.append(redirections.redirection(reader))
            continue
        if not char or (char in ENDS_WORD and char not in "<>"):
            break
        word = quoting.read_word(reader)
        if _is_descriptor(reader, word):
            continue
        if not words and not assignments and not redirected and not word.quoted:
            if word.text in PREFIXES:
                prefix = word.text
                continue
            if prefix == "time" and word.text in ("-p", "--"):
                continue
            reserved = _reserved(reader, word.text, ends)
            if reserved:
                return reserved
        (words if words or not is_assignment(word.text) else assignments).append(word)
    if reader.pos == start:
        raise UnclearError("after what is no command")
    return Simple(tuple(assignments), tuple(words), tuple(redirected)), None


def _reserved(reader: Reader, text: str, ends: "Sequence[str]") -> "Optional[Tuple[Optional[Command], Optional[str]]]":
    """Return what ``_read_command`` does for a word that begins or ends a compound command; None for any other."""
    if text in UNCLEAR_WORDS:
        raise UnclearError("after `%s`" % text)
    if text in OPENING:
        return _opened(reader, text), None
    if text in ends:
        return None, text
    if text in CLOSING:
        raise UnclearError("after a `%s` that nothing opens" % text)
    return None


def _is_descriptor(reader: Reader, word: Word) -> bool:
    """Whether the word just read is the number before a redirection."""
    if word.quoted or word.text.strip(DIGITS + NUMBER) or reader.char() not in ("<", ">"):
        return False
    reader.found.descriptors.update(word.holes)
    return not word.holes


def _function(reader: Reader, words: "List[Word]", assignments: "List[Word]") -> "Command":
    reader.pos += 1
    reader.blanks()
    if len(words) != 1 or assignments or reader.char() != ")":
        raise UnclearError("after a ( in the words of a command")
    reader.pos += 1
    return _function_body(reader, words[0])


def _function_body(reader: Reader, name: Word) -> "Command":
    _blank_lines(reader)
    body, _ = _read_command(reader, ())
    if body is None:
        raise UnclearError("after a function without a body")
    return Compound("function", (name,), (((body,),),), ())


def _opened(reader: Reader, kind: str) -> "Command":
    if kind == "{":
        return _compound(reader, kind, (), (_until(reader, "}"),))
    if kind == "[[":
        return _test_expression(reader)
    if kind == "if":
        return _if(reader)
    if kind in ("while", "until"):
        return _compound(reader, kind, (), (_until(reader, "do"), _until(reader, "done")))
    if kind == "case":
        return _case(reader)
    if kind == "function":
        return _function_word(reader)
    return _for(reader, kind)


def _compound(reader: Reader, kind: str, words: "Tuple[Word, ...]", bodies: "Tuple[Script, ...]") -> Compound:
    return Compound(kind, words, bodies, redirections.of_compound(reader))


def _until(reader: Reader, end: str) -> "Script":
    commands, met = _read_commands(reader, (end,))
    if met == ")" == end:
        reader.pos += 1
    if met != end:
        if not met:
            raise UnclosedError("a `%s` is missing" % end)
        raise UnclearError("after a `%s` in the place of a `%s`" % (met, end))
    return commands


def _if(reader: Reader) -> Compound:
    bodies = [_until(reader, "then")]
    while True:
        commands, met = _read_commands(reader, ("elif", "else", "fi"))
        bodies.append(commands)
        if met == "fi":
            return _compound(reader, "if", (), tuple(bodies))
        if met == "elif":
            bodies.append(_until(reader, "then"))
        elif met != "else":
            raise UnclosedError("a `fi` is missing")


def _for(reader: Reader, kind: str) -> Compound:
    reader.blanks()
    if reader.char() in tuple(ENDS_WORD):
        raise UnclearError("after a `%s` without a name" % kind)
    words = [quoting.read_word(reader)]
    _blank_lines(reader)
    if reader.char() == ";":
        reader.pos += 1
        _blank_lines(reader)
    if _take(reader, "in"):
        words.extend(_rest_of_words(reader))
    return _compound(reader, kind, tuple(words), (_until(reader, "do"), _until(reader, "done")))


def _case(reader: Reader) -> Compound:
    if reader.substitutions:
        raise UnclearError("after `case` inside $(…)")
    reader.blanks()
    words, bodies = [quoting.read_word(reader)], []
    _blank_lines(reader)
    if not _take(reader, "in"):
        raise UnclearError("after a `case` without `in`")
    while True:
        _blank_lines(reader)
        if reader.char() == "(":
            reader.pos += 1
            reader.blanks()
        elif _take(reader, "esac"):
            break
        words.extend(_patterns(reader))
        body, met = _read_commands(reader, ("esac",))
        bodies.append(body)
        if met == "esac":
            break
        if met != ";;":
            raise UnclosedError("an `esac` is missing")
    return _compound(reader, "case", tuple(words), tuple(bodies))


def _patterns(reader: Reader) -> "List[Word]":
    words: "List[Word]" = []
    while True:
        reader.blanks()
        if reader.char() in tuple(ENDS_WORD) or not reader.char():
            raise UnclearError("after a `case` without a pattern")
        words.append(quoting.read_word(reader))
        reader.blanks()
        reader.pos += 1
        if reader.src[reader.pos - 1 : reader.pos] == ")":
            return words
        if reader.src[reader.pos - 1 : reader.pos] != "|":
            raise UnclearError("after a pattern of a `case`")


def _function_word(reader: Reader) -> "Command":
    reader.blanks()
    name = quoting.read_word(reader)
    reader.blanks()
    if reader.char() == "(":
        reader.pos += 1
        reader.blanks()
        reader.pos += 1
    return _function_body(reader, name)


def _test_expression(reader: Reader) -> Compound:
    words: "List[Word]" = []
    while True:
        _blank_lines(reader)
        char = reader.char()
        if not char:
            raise UnclosedError("[[ is not closed")
        if char in ENDS_WORD:
            reader.pos += 1
            continue
        word = quoting.read_word(reader)
        if word.text == "]]":
            return _compound(reader, "[[", tuple(words), ())
        words.append(word)


def _rest_of_words(reader: Reader) -> "List[Word]":
    words: "List[Word]" = []
    while True:
        reader.blanks()
        if not reader.char() or reader.char() in ENDS_WORD:
            return words
        words.append(quoting.read_word(reader))


def _take(reader: Reader, reserved: str) -> bool:
    """Read this word if it stands here, unquoted; return whether it did."""
    reader.blanks()
    end = reader.pos + len(reserved)
    is_there = reader.src.startswith(reserved, reader.pos) and reader.src[end : end + 1] in ("", *ENDS_WORD)
    if is_there:
        reader.pos = end
    return is_there


def _blank_lines(reader: Reader) -> None:
    reader.blanks()
    while reader.char() == "\n":
        redirections.line_break(reader)
        reader.blanks()

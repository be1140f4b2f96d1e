"""What a ``$`` or a backquote begins: parameters, substitutions of commands, arithmetic.

Source: POSIX.1-2017, Shell Command Language, Word Expansions (2.6).
"""

from servo_batch.command.grammar.names import expanded, identifiers, name_at, parameter
from servo_batch.command.grammar.reader import OpenWord, Reader
from servo_batch.command.grammar.script import Found, UnclearError
from servo_batch.command.grammar.word import AFTER_DOLLAR, UnclosedError
from servo_batch.command.marks import NUMBER, PLACEHOLDERS, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from servo_batch.command.grammar.script import Script


def backquoted(reader: Reader, word: OpenWord, in_double: bool) -> None:
    """Read `` `…` ``, whose commands are those that are left when some backslashes are taken out."""
    reader.pos += 1
    start = reader.pos
    body: "List[str]" = []
    while reader.char() != "`":
        if not reader.char():
            raise UnclosedError("a backquote is not closed")
        following = reader.src[reader.pos + 1 : reader.pos + 2]
        if reader.char() == "\\" and following and following in '$`\\"' and (in_double or following != '"'):
            reader.pos += 1
        body.append(reader.char())
        reader.pos += 1
    numbers = reader.bare(reader.src[start : reader.pos], "inside backquotes; write $(…) instead")
    reader.pos += 1
    # Which quotes its placeholders stand in, shells may see differently; they are refused or numbers.
    text = "".join(NUMBER if char in PLACEHOLDERS else char for char in body)
    found = Found()
    word.scripts.append(Reader(text, numbers, found, reader.depth + 1, reader.commands).script())
    reader.found.add(found)
    word.unknown(not in_double)


def dollar(reader: Reader, word: OpenWord, in_double: bool) -> None:
    """Read what a ``$`` begins, or the ``$`` alone."""
    src, pos = reader.src, reader.pos
    following = src[pos + 1 : pos + 2]
    if src.startswith("$((", pos):
        reader.pos += 3
        arithmetic(reader, "$(( … ))")
        word.unknown(not in_double)
    elif following == "(":
        reader.pos += 2
        word.scripts.append(substitution(reader))
        word.unknown(not in_double)
    elif following == "{":
        reader.pos += 2
        _parameter(reader, word)
        word.unknown(not in_double)
    elif following and following in PLACEHOLDERS:
        reader.pos += 2
        reader.bare(following, AFTER_DOLLAR)
        word.unknown(True)
    elif following == "[":
        raise UnclearError("after $[")
    elif following == "'" and not in_double:
        _ansi_quoted(reader, word)
    elif following == '"' and not in_double:
        reader.pos += 1
        word.unknown(False)  # bash translates $"…" and leaves out the $
    else:
        _variable(reader, word, in_double)


def substitution(reader: Reader) -> "Script":
    """Read the commands of ``$(…)``, ``<(…)`` or ``>(…)`` behind their opening, and the ``)``."""
    reader.substitutions += 1
    commands, end = reader.commands(reader, ())
    reader.substitutions -= 1
    if end != ")":
        if end:
            raise UnclearError("after a `%s` inside $(…)" % end)
        raise UnclosedError("$( is not closed")
    if reader.heredocs:
        raise UnclearError("after a here-document that starts on the last line of $(…)")
    reader.pos += 1
    return commands


def _variable(reader: Reader, word: OpenWord, in_double: bool) -> None:
    reader.pos += 1
    name = name_at(reader.src, reader.pos)
    if not name:
        word.text.append("$")
        return
    reader.pos += len(name)
    word.names.add(parameter(name))
    word.unknown(not in_double or name == "@")


def _ansi_quoted(reader: Reader, word: OpenWord) -> None:
    """Read ``$'…'``, which dash takes for a ``$`` and a quoted string, and bash for escapes."""
    word.quoted = True
    reader.pos += 2
    end = reader.find("'", "a single quote is not closed")
    body = reader.src[reader.pos : end]
    if "\\" in body:
        raise UnclearError("after $'…' with a backslash")
    reader.bare(body, "inside $'…', which shells read differently; write '…' instead")
    word.text.append(UNKNOWN)
    reader.pos = end + 1


def _parameter(reader: Reader, word: OpenWord) -> None:
    start = reader.pos
    if reader.char() in tuple(" \t\n|("):
        raise UnclearError("after ${ that runs commands")
    level = 1
    while level:
        char = reader.char()
        reader.pos += 1
        if not char:
            raise UnclosedError("${ is not closed")
        if char in PLACEHOLDERS:
            reader.bare(
                char, "inside ${…}; write X={v} before it and $X here", in_arithmetic=reader.src[reader.pos - 2] == ":"
            )
        elif char in "'\"\\`" or (char == "$" and reader.char() in ("(", "[")):
            # Whether a quote is one here depends on the operator, on quotes outside, and on the shell.
            raise UnclearError("after a ${…} that holds quotes or commands")
        elif char == "{" and reader.src[reader.pos - 2] == "$":
            level += 1
        elif char == "}":
            level -= 1
    _parameter_names(reader, reader.src[start : reader.pos - 1], word)


def _parameter_names(reader: Reader, body: str, word: OpenWord) -> None:
    names = set(expanded(body))
    prefix = 1 if body[:1] in ("#", "!") and len(body) > 1 else 0
    main = name_at(body, prefix)
    rest = body[prefix + len(main) :]
    if main:
        names.add(parameter(main))
    word.names.update(names)
    if main == "@":
        word.one = False
    if rest.lstrip(":")[:1] == "=":
        reader.found.flows.append((main, names))
    evaluates = rest[:1] == "[" or (rest[:1] == ":" and rest[1:2] not in tuple("-=?+")) or "@" in rest
    if body[:1] == "!" or evaluates:
        reader.use(names | set(identifiers(body)), "inside ${…}, where shells evaluate it")


def arithmetic(reader: Reader, where: str) -> None:
    """Read the expression of ``$((…))`` or ``((…))`` behind its opening, and the ``))``; ``where``: which it is."""
    start = reader.pos
    level = 2
    while level:
        char = reader.char()
        reader.pos += 1
        if not char:
            raise UnclosedError("(( is not closed")
        if char in PLACEHOLDERS:
            reader.bare(char, "inside %s, where shells evaluate values" % where, in_arithmetic=True)
        elif char in "'\"\\`#\n":
            raise UnclearError("after a multi-line or quoting %s" % where)
        elif char in "()":
            level += 1 if char == "(" else -1
    body = reader.src[start : reader.pos]
    reader.use(set(expanded(body)) | set(identifiers(body)), "inside %s, where shells evaluate values" % where)

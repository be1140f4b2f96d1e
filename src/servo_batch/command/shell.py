"""Where a value may stand in a shell command line, and how it is quoted there so that it stays data.

Source: POSIX.1-2017, Shell Command Language, sections 2.2 (quoting), 2.3 (tokens), 2.6 (expansions), 2.7.4
(here-documents); ``/bin/sh`` may be dash, bash, busybox or ksh, so a place that any of them reads differently is
refused. The scanner walks a script in which each placeholder is one ``HOLE`` and says of each in which context it
stands, or why no quoting is safe there.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence, Tuple

HOLE = "\0"  # stands for a placeholder: no command can hold a NUL

UNQUOTED, SINGLE, DOUBLE = "unquoted", "single", "double"

MAX_NESTING = 50
BLANKS = " \t"
# These end a word. A redirection also does, but starts no new command.
SEPARATORS = ";&|\n()"
SHELLS = frozenset(("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox", "su"))
# These take their arguments as code, however they are quoted; ssh gives them to a shell on its other side.
CODE_COMMANDS = frozenset(("eval", "let", "trap", "alias", "unset", "read", "getopts", "ssh", "watch", "parallel"))
# In bash these evaluate the subscript of a name, `a[$(…)]`; after a `=` that stands in the script, all is data.
NAMING_COMMANDS = frozenset(("declare", "typeset", "local", "readonly", "export"))


class Unsafe(str):
    """Why no quoting is safe in a place, in place of its context."""

    __slots__ = ()


class UnclosedError(ValueError):
    """A quote, an expansion or a group that the script opens and does not close."""


def contexts(script: str) -> "List[str]":
    """Return the context of each HOLE in ``script``, in order: UNQUOTED, SINGLE, DOUBLE or an ``Unsafe`` reason.

    Raises ``UnclosedError`` where a quote or an expansion is left open.
    """
    scan = _Scan()
    try:
        _commands(script, 0, scan, "", 0, None)
    except _UnclearError as error:
        rest = script.count(HOLE) - len(scan.found)
        scan.refuse(HOLE * rest, "%s, which shells read differently" % error)
    return scan.found


def quote(value: str) -> str:
    """Return ``value`` quoted as one word or a part of one, for a place outside quotes.

    Always quoted: ``shlex.quote`` leaves ``2`` bare, and ``echo 2>file`` is a redirection.
    """
    return "'" + _escape_single(value) + "'"


def quote_for(context: str, value: str) -> str:
    """Return ``value`` as it has to stand in ``context`` to be itself.

    Inside double quotes the value is set in single quotes between two double-quoted parts: then a ``$name`` before
    it cannot grow by it.
    """
    if context == SINGLE:
        return _escape_single(value)
    if context == DOUBLE:
        return '"' + quote(value) + '"'
    return quote(value)


def _escape_single(value: str) -> str:
    return value.replace("'", "'\"'\"'")


class _UnclearError(Exception):
    """From here on, shells may disagree about what is quoted; the text is the place, as ``after …``."""


class _Scan:
    """The contexts found so far, and the here-documents whose bodies start at the next line."""

    def __init__(self) -> None:
        self.found: "List[str]" = []
        self.heredocs: "List[Tuple[str, bool, bool]]" = []  # delimiter, tabs are stripped, body is literal

    def refuse(self, text: str, reason: str) -> None:
        """Record ``reason`` for every HOLE in ``text``."""
        self.found.extend([Unsafe(reason)] * text.count(HOLE))


class _SimpleCommand:
    """The words of the simple command that is being read, for the commands that take arguments as code."""

    def __init__(self, scan: _Scan, outer_danger: "Optional[str]") -> None:
        self.scan = scan
        self.outer_danger = outer_danger
        self.in_test = False
        self.start()

    def start(self) -> None:
        self.words: "List[str]" = []
        self.word: "Optional[str]" = None

    def add(self, text: str) -> None:
        self.word = (self.word or "") + text

    def end_word(self) -> None:
        if self.word is not None:
            self.words.append(self.word)
            self.in_test = self.word == "[[" or (self.in_test and self.word != "]]")
        self.word = None

    def danger(self) -> "Optional[str]":
        """Return why the word that is being read is code to somebody, or None."""
        if self.in_test:
            return "inside [[ … ]], where bash evaluates values; [ … ] does not"
        return self.outer_danger or danger_of_code(self.words, self.word or "")

    def hole(self, context: str) -> None:
        danger = self.danger()
        self.scan.found.append(Unsafe(danger) if danger else context)
        self.add(HOLE)


def danger_of_code(words: "Sequence[str]", word: str) -> "Optional[str]":
    """Return why ``word``, which follows ``words`` in a command, is code to that command, or None if it is data."""
    for position, earlier in enumerate(words):
        program = earlier.rsplit("/", 1)[-1]
        if program in CODE_COMMANDS:
            return "in an argument of `%s`, which takes it as code" % program
        if program in NAMING_COMMANDS and "=" not in word.split(HOLE)[0]:
            return "in the name that `%s` declares" % program
        if program == "sbatch" and (words[-1] == "--wrap" or word.startswith("--wrap=")):
            return "in the script that `sbatch --wrap` gives to a shell; give it as an argument of a script's file"
        if program in SHELLS and position < len(words) - 1 and _takes_script(words[-1]):
            return "in the script of an inner shell; give it as an argument, %s %s '… \"$1\" …' %s {…}" % (
                program,
                words[-1],
                program,
            )
    return None


def _takes_script(word: str) -> bool:
    return word.startswith("-") and word.endswith("c") and word[1:].isalpha()


def _commands(src: str, pos: int, scan: _Scan, closing: str, depth: int, danger: "Optional[str]") -> int:
    """Read commands up to ``closing`` (``)`` of a ``$(``, or the end) and return the position after it.

    ``danger`` is why what these commands print is code to the command around them, if it is.
    """
    if depth > MAX_NESTING:
        raise UnclosedError("it nests deeper than %d levels" % MAX_NESTING)
    groups = 0
    command = _SimpleCommand(scan, danger)
    while pos < len(src):
        char = src[pos]
        if char == HOLE:
            command.hole(UNQUOTED)
            pos += 1
        elif char == "\\":
            pos = _escape(src, pos, command)
        elif char == "'":
            pos = _single_quoted(src, pos + 1, command)
        elif char == '"':
            pos = _double_quoted(src, pos + 1, command, depth)
        elif char == "`":
            pos = _backquoted(src, pos + 1, scan)
            command.add("`")
        elif char == "$":
            pos = _dollar(src, pos, command, depth, in_double=False)
        elif char == "#" and command.word is None:
            pos = _comment(src, pos, scan)
        elif src.startswith("((", pos):
            pos = _arithmetic(src, pos + 2, scan, "(( … ))")
        elif char in BLANKS + SEPARATORS + "<>":
            if closing and command.word == "case":
                raise _UnclearError("after `case` inside $(…)")
            command.end_word()
            if char in SEPARATORS:
                command.start()
            if src.startswith("<<<", pos):
                pos += 3
            elif src.startswith("<<", pos):
                pos = _heredoc_operator(src, pos + 2, scan)
            elif char == "\n":
                pos = _heredoc_bodies(src, pos + 1, scan)
            else:
                pos += 1
            if char == "(":
                groups += 1
            elif char == ")" and groups:
                groups -= 1
            elif char == ")" and closing:
                if scan.heredocs:
                    raise _UnclearError("after a here-document that starts on the last line of $(…)")
                return pos
        else:
            command.add(char)
            pos += 1
    if closing:
        raise UnclosedError("$( is not closed")
    return pos


def _escape(src: str, pos: int, command: _SimpleCommand) -> int:
    following = src[pos + 1 : pos + 2]
    if following == HOLE:
        command.scan.refuse(HOLE, "directly after a backslash, which would escape the quoting")
    elif following != "\n":
        command.add(following)
    return pos + 2


def _single_quoted(src: str, pos: int, command: _SimpleCommand) -> int:
    command.add("")
    while pos < len(src):
        char = src[pos]
        pos += 1
        if char == "'":
            return pos
        if char == HOLE:
            command.hole(SINGLE)
        else:
            command.add(char)
    raise UnclosedError("a single quote is not closed")


def _double_quoted(src: str, pos: int, command: _SimpleCommand, depth: int) -> int:
    command.add("")
    while pos < len(src):
        char = src[pos]
        if char == '"':
            return pos + 1
        if char == HOLE:
            command.hole(DOUBLE)
            pos += 1
        elif char == "\\":
            pos = _escape(src, pos, command)
        elif char == "`":
            pos = _backquoted(src, pos + 1, command.scan)
        elif char == "$":
            pos = _dollar(src, pos, command, depth, in_double=True)
        else:
            command.add(char)
            pos += 1
    raise UnclosedError("a double quote is not closed")


def _backquoted(src: str, pos: int, scan: _Scan) -> int:
    while pos < len(src):
        char = src[pos]
        if char == "`":
            return pos + 1
        if char == HOLE:
            scan.refuse(HOLE, "inside backquotes; write $(…) instead")
        pos += 2 if char == "\\" and src[pos + 1 : pos + 2] != HOLE else 1
    raise UnclosedError("a backquote is not closed")


def _dollar(src: str, pos: int, command: _SimpleCommand, depth: int, in_double: bool) -> int:
    command.add("$")
    scan = command.scan
    following = src[pos + 1 : pos + 2]
    if src.startswith("$((", pos):
        return _arithmetic(src, pos + 3, scan, "$(( … ))")
    if following == "(":
        return _commands(src, pos + 2, scan, ")", depth + 1, command.danger())
    if following == "{":
        return _parameter(src, pos + 2, scan)
    if following == HOLE:
        scan.refuse(HOLE, "directly after a $; a placeholder is {…} without it, a literal $ is \\$")
        return pos + 2
    if following == "[":
        raise _UnclearError("after $[")
    if following == "'" and not in_double:
        return _ansi_quoted(src, pos + 2, scan)
    return pos + 1


def _ansi_quoted(src: str, pos: int, scan: _Scan) -> int:
    """Read the rest of ``$'…'``, which dash takes for a ``$`` and a quoted string, and bash for escapes."""
    end = src.find("'", pos)
    if end < 0:
        raise UnclosedError("a single quote is not closed")
    body = src[pos:end]
    if "\\" in body:
        raise _UnclearError("after $'…' with a backslash")
    scan.refuse(body, "inside $'…', which shells read differently")
    return end + 1


def _parameter(src: str, pos: int, scan: _Scan) -> int:
    level = 1
    while pos < len(src):
        char = src[pos]
        pos += 1
        if char == HOLE:
            scan.refuse(HOLE, "inside ${…}")
        elif char in "'\"\\`" or (char == "$" and src[pos : pos + 1] == "("):
            # Whether a quote is one here depends on the operator, on quotes outside, and on the shell.
            raise _UnclearError("after a ${…} that holds quotes or commands")
        elif char == "{" and src[pos - 2] == "$":
            level += 1
        elif char == "}":
            level -= 1
            if not level:
                return pos
    raise UnclosedError("${ is not closed")


def _arithmetic(src: str, pos: int, scan: _Scan, where: str) -> int:
    level = 2
    while pos < len(src):
        char = src[pos]
        pos += 1
        if char == HOLE:
            scan.refuse(HOLE, "inside %s, where shells evaluate values" % where)
        elif char in "'\"\\`#\n":
            raise _UnclearError("after a multi-line or quoting %s" % where)
        elif char in "()":
            level += 1 if char == "(" else -1
            if not level:
                return pos
    raise UnclosedError("(( is not closed")


def _comment(src: str, pos: int, scan: _Scan) -> int:
    while pos < len(src) and src[pos] != "\n":
        if src[pos] == HOLE:
            scan.refuse(HOLE, "in a comment, which a line break in the value would end")
        pos += 1
    return pos


def _heredoc_operator(src: str, pos: int, scan: _Scan) -> int:
    strip_tabs = src.startswith("-", pos)
    pos += strip_tabs
    while pos < len(src) and src[pos] in BLANKS:
        pos += 1
    delimiter, literal = "", False
    while pos < len(src) and src[pos] not in BLANKS + SEPARATORS + "<>":
        char = src[pos]
        pos += 1
        if char in "'\"":
            end = src.find(char, pos)
            if end < 0:
                raise UnclosedError("the delimiter of a here-document is not closed")
            delimiter, literal, pos = delimiter + src[pos:end], True, end + 1
        elif char == "\\":
            delimiter, literal, pos = delimiter + src[pos : pos + 1], True, pos + 1
        else:
            delimiter += char
    if not delimiter or set(delimiter) & set(HOLE + "$`\\\n"):
        raise _UnclearError("in or after a here-document whose delimiter is not plain")
    scan.heredocs.append((delimiter, strip_tabs, literal))
    return pos


def _heredoc_bodies(src: str, pos: int, scan: _Scan) -> int:
    """Read the bodies that follow the line just ended and return the position after the last delimiter."""
    for delimiter, strip_tabs, literal in scan.heredocs:
        ended = False
        while pos < len(src) and not ended:
            end = src.find("\n", pos)
            end = len(src) if end < 0 else end
            line = src[pos:end]
            pos = end + 1
            ended = (line.lstrip("\t") if strip_tabs else line) == delimiter
            scan.refuse(line, "inside a here-document")
            if line.endswith("\\") and not literal:
                raise _UnclearError("after a here-document with a continued line")
    scan.heredocs = []
    return min(pos, len(src))

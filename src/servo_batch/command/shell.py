"""A shell script → its commands, with the place of each placeholder in it.

Source: POSIX.1-2017, Shell Command Language: quoting (2.2), tokens (2.3), expansions (2.6), redirection (2.7) and the
grammar (2.10). ``/bin/sh`` may be dash, bash, busybox, mksh, ksh93 or zsh; where they may disagree about what is
quoted, reading ends with ``UnclearError``. What a placeholder may do in its place is judged in ``places``.
"""

from collections import namedtuple

from servo_batch.command.word import (
    AFTER_DOLLAR,
    BARE,
    DIGITS,
    DOUBLE,
    NAME_CHARS,
    NUMBER,
    PLACEHOLDERS,
    SINGLE,
    UNKNOWN,
    UNQUOTED,
    WORDS,
    UnclosedError,
    Word,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

MAX_NESTING = 50
BLANKS = " \t"
ENDS_WORD = BLANKS + "\n;&|()<>"
PATTERN_CHARS = "*?["
NO_PATTERNS = ("[", "[[", "{", "{}", "=")  # words of their own
OPENING = ("{", "if", "while", "until", "for", "select", "case", "function", "[[")
PREFIXES = ("!", "time")  # … of a pipeline
UNCLEAR_WORDS = ("coproc", "repeat", "foreach", "nocorrect")  # reserved in few shells, and followed by commands
CLOSING = ("}", "then", "elif", "else", "fi", "do", "done", "esac", "in")
HEREDOC = "inside a here-document; write X={v} before the command and $X here"
REDIRECTIONS = ("<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">|", ">&", ">")


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


def read(script: str, numbers: "Sequence[int]", found: Found, depth: int = 0) -> "Script":
    """Return the commands of ``script`` and record in ``found`` where its placeholders stand.

    ``numbers`` are the numbers of the placeholders in it, in their order. Raises ``UnclosedError``, ``UnclearError``.
    """
    reader = _Reader(script, numbers, found, depth)
    commands, end = reader.commands(())
    if end:
        raise UnclearError("after a `%s` that nothing opens" % end)
    return commands


class _Word:
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
        self.text.append(UNKNOWN)
        self.one = self.one and not splits

    def done(self) -> Word:
        text = "".join(self.text)
        holes, scripts, sinks = tuple(self.holes), tuple(self.scripts), tuple(self.sinks)
        return Word(text, self.one, self.quoted, holes, self.names, scripts, sinks)


class _Reader:
    """A script and how far it is read. The methods are the rules of the grammar; each reads what it is called."""

    def __init__(self, src: str, numbers: "Sequence[int]", found: Found, depth: int) -> None:
        self.src = src
        self.pos = 0
        self.numbers: "Iterator[int]" = iter(numbers)
        self.found = found
        self.depth = depth
        self.substitutions = 0
        self.heredocs: "List[Tuple[str, bool, bool, Set[str]]]" = []  # delimiter, strips tabs, literal, its names

    # Commands.

    def commands(self, ends: "Sequence[str]") -> "Tuple[Script, str]":
        """Return the pipelines up to a reserved word of ``ends``, a ``)``, a ``;;`` or the end, and which of these."""
        pipelines: "List[Tuple[Command, ...]]" = []
        self._descend()
        while True:
            end = self._separators()
            if end is None:
                stages, end = self._pipeline(ends)
                if stages:
                    pipelines.append(stages)
                    self._complete(stages)
            if end is not None:
                self.depth -= 1
                return tuple(pipelines), end

    def _complete(self, stages: "Tuple[Command, ...]") -> None:
        if self.depth == 1:
            self.found.pipelines.append(stages)
            self.found.end = self.pos

    def _descend(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise UnclosedError("it nests deeper than %d levels" % MAX_NESTING)

    def _separators(self) -> "Optional[str]":
        """Read what stands between commands; return the end that is met, or None before a command."""
        while True:
            self._blanks()
            char = self._char()
            if not char:
                return ""
            if char == ")":
                return ")"
            if char == ";" and self.src[self.pos + 1 : self.pos + 2] in (";", "&", "|"):
                self.pos += 2
                return ";;"
            if char == "\n":
                self._line_break()
            elif char in ";&|":
                self.pos += 1
            else:
                return None

    def _pipeline(self, ends: "Sequence[str]") -> "Tuple[Tuple[Command, ...], Optional[str]]":
        command, end = self._command(ends)
        stages = [command] if command else []
        while end is None and self._at_pipe():
            command, end = self._command(())
            if command is None:
                raise UnclearError("after a | without a command")
            stages.append(command)
        return tuple(stages), end

    def _at_pipe(self) -> bool:
        self._blanks()
        if self._char() != "|" or self.src.startswith("||", self.pos):
            return False
        self.pos += 2 if self.src.startswith("|&", self.pos) else 1
        self._blank_lines()
        return True

    def _command(self, ends: "Sequence[str]") -> "Tuple[Optional[Command], Optional[str]]":
        """Return a command, or None and the reserved word of ``ends`` that stands there."""
        start = self.pos
        self._blanks()
        if self.src.startswith("((", self.pos):
            self.pos += 2
            self._arithmetic("(( … ))")
            return Compound("((", (), (), self._redirections()), None
        if self._char() == "(":
            self.pos += 1
            return self._compound("(", (), (self._until(")"),)), None
        assignments: "List[Word]" = []
        words: "List[Word]" = []
        redirections: "List[Redirection]" = []
        prefix = ""
        while True:
            self._blanks()
            char = self._char()
            if char == "(" and prefix and not words:
                return self._command(())
            if char == "(":
                return self._function(words, assignments), None
            if char in "<>" and char and self.src[self.pos + 1 : self.pos + 2] != "(":
                redirections.append(self._redirection())
                continue
            if not char or (char in ENDS_WORD and char not in "<>"):
                break
            word = self._word()
            if self._is_descriptor(word):
                continue
            if not words and not assignments and not redirections and not word.quoted:
                if word.text in PREFIXES:
                    prefix = word.text
                    continue
                if prefix == "time" and word.text in ("-p", "--"):
                    continue
                reserved = self._reserved(word.text, ends)
                if reserved:
                    return reserved
            (words if words or not is_assignment(word.text) else assignments).append(word)
        if self.pos == start:
            raise UnclearError("after what is no command")
        return Simple(tuple(assignments), tuple(words), tuple(redirections)), None

    def _reserved(self, text: str, ends: "Sequence[str]") -> "Optional[Tuple[Optional[Command], Optional[str]]]":
        """Return what ``_command`` does for a word that begins or ends a compound command; None for any other."""
        if text in UNCLEAR_WORDS:
            raise UnclearError("after `%s`" % text)
        if text in OPENING:
            return self._opened(text), None
        if text in ends:
            return None, text
        if text in CLOSING:
            raise UnclearError("after a `%s` that nothing opens" % text)
        return None

    def _is_descriptor(self, word: Word) -> bool:
        """Whether the word just read is the number before a redirection."""
        if word.quoted or word.text.strip(DIGITS + NUMBER) or self._char() not in ("<", ">"):
            return False
        self.found.descriptors.update(word.holes)
        return not word.holes

    def _function(self, words: "List[Word]", assignments: "List[Word]") -> "Command":
        self.pos += 1
        self._blanks()
        if len(words) != 1 or assignments or self._char() != ")":
            raise UnclearError("after a ( in the words of a command")
        self.pos += 1
        return self._function_body(words[0])

    def _function_body(self, name: Word) -> "Command":
        self._blank_lines()
        body, _ = self._command(())
        if body is None:
            raise UnclearError("after a function without a body")
        return Compound("function", (name,), (((body,),),), ())

    def _opened(self, kind: str) -> "Command":
        if kind == "{":
            return self._compound(kind, (), (self._until("}"),))
        if kind == "[[":
            return self._test_expression()
        if kind == "if":
            return self._if()
        if kind in ("while", "until"):
            return self._compound(kind, (), (self._until("do"), self._until("done")))
        if kind == "case":
            return self._case()
        if kind == "function":
            return self._function_word()
        return self._for(kind)

    def _compound(self, kind: str, words: "Tuple[Word, ...]", bodies: "Tuple[Script, ...]") -> Compound:
        return Compound(kind, words, bodies, self._redirections())

    def _until(self, end: str) -> "Script":
        commands, met = self.commands((end,))
        if met == ")" == end:
            self.pos += 1
        if met != end:
            if not met:
                raise UnclosedError("a `%s` is missing" % end)
            raise UnclearError("after a `%s` in the place of a `%s`" % (met, end))
        return commands

    def _if(self) -> Compound:
        bodies = [self._until("then")]
        while True:
            commands, met = self.commands(("elif", "else", "fi"))
            bodies.append(commands)
            if met == "fi":
                return self._compound("if", (), tuple(bodies))
            if met == "elif":
                bodies.append(self._until("then"))
            elif met != "else":
                raise UnclosedError("a `fi` is missing")

    def _for(self, kind: str) -> Compound:
        self._blanks()
        if self._char() in tuple(ENDS_WORD):
            raise UnclearError("after a `%s` without a name" % kind)
        words = [self._word()]
        self._blank_lines()
        if self._char() == ";":
            self.pos += 1
            self._blank_lines()
        if self._take("in"):
            words.extend(self._rest_of_words())
        return self._compound(kind, tuple(words), (self._until("do"), self._until("done")))

    def _case(self) -> Compound:
        if self.substitutions:
            raise UnclearError("after `case` inside $(…)")
        self._blanks()
        words, bodies = [self._word()], []
        self._blank_lines()
        if not self._take("in"):
            raise UnclearError("after a `case` without `in`")
        while True:
            self._blank_lines()
            if self._char() == "(":
                self.pos += 1
                self._blanks()
            elif self._take("esac"):
                break
            words.extend(self._patterns())
            body, met = self.commands(("esac",))
            bodies.append(body)
            if met == "esac":
                break
            if met != ";;":
                raise UnclosedError("an `esac` is missing")
        return self._compound("case", tuple(words), tuple(bodies))

    def _patterns(self) -> "List[Word]":
        words: "List[Word]" = []
        while True:
            self._blanks()
            if self._char() in tuple(ENDS_WORD) or not self._char():
                raise UnclearError("after a `case` without a pattern")
            words.append(self._word())
            self._blanks()
            self.pos += 1
            if self.src[self.pos - 1 : self.pos] == ")":
                return words
            if self.src[self.pos - 1 : self.pos] != "|":
                raise UnclearError("after a pattern of a `case`")

    def _function_word(self) -> "Command":
        self._blanks()
        name = self._word()
        self._blanks()
        if self._char() == "(":
            self.pos += 1
            self._blanks()
            self.pos += 1
        return self._function_body(name)

    def _test_expression(self) -> Compound:
        words: "List[Word]" = []
        while True:
            self._blank_lines()
            char = self._char()
            if not char:
                raise UnclosedError("[[ is not closed")
            if char in ENDS_WORD:
                self.pos += 1
                continue
            word = self._word()
            if word.text == "]]":
                return self._compound("[[", tuple(words), ())
            words.append(word)

    def _rest_of_words(self) -> "List[Word]":
        words: "List[Word]" = []
        while True:
            self._blanks()
            if not self._char() or self._char() in ENDS_WORD:
                return words
            words.append(self._word())

    def _take(self, reserved: str) -> bool:
        """Read this word if it stands here, unquoted; return whether it did."""
        self._blanks()
        end = self.pos + len(reserved)
        is_there = self.src.startswith(reserved, self.pos) and self.src[end : end + 1] in ("", *ENDS_WORD)
        if is_there:
            self.pos = end
        return is_there

    # Redirections and here-documents.

    def _redirections(self) -> "Tuple[Redirection, ...]":
        """Read those of a compound command."""
        redirections: "List[Redirection]" = []
        while True:
            self._blanks()
            start = self.pos
            while self._char() and self._char() in DIGITS:
                self.pos += 1
            if not self._char() or self._char() not in "<>":
                self.pos = start
                return tuple(redirections)
            redirections.append(self._redirection())

    def _redirection(self) -> Redirection:
        operator = next(each for each in REDIRECTIONS if self.src.startswith(each, self.pos))
        self.pos += len(operator)
        self._blanks()
        if operator in ("<<", "<<-"):
            return Redirection("<<", self._heredoc(operator == "<<-"))
        if not self._char() or (self._char() in ENDS_WORD and not self._at_process_substitution()):
            raise UnclearError("after a redirection without a file")
        return Redirection(operator, self._word())

    def _at_process_substitution(self) -> bool:
        return self.src.startswith(("<(", ">("), self.pos)

    def _heredoc(self, strips_tabs: bool) -> Word:
        delimiter, literal = "", False
        while self._char() and self._char() not in ENDS_WORD:
            char = self._char()
            self.pos += 1
            if char in "'\"":
                end = self._find(char, "the delimiter of a here-document is not closed")
                delimiter, literal = delimiter + self.src[self.pos : end], True
                self.pos = end + 1
            elif char == "\\":
                delimiter, literal = delimiter + self._char(), True
                self.pos += 1
            else:
                delimiter += char
        if not delimiter or set(delimiter) & set(PLACEHOLDERS + "$`\\\n"):
            raise UnclearError("in or after a here-document whose delimiter is not plain")
        names: "Set[str]" = set()
        self.heredocs.append((delimiter, strips_tabs, literal, names))
        return Word(UNKNOWN, True, True, (), names, (), ())

    def _line_break(self) -> None:
        """Read a line break and the here-documents that follow it."""
        self.pos += 1
        heredocs, self.heredocs = self.heredocs, []
        for delimiter, strips_tabs, literal, names in heredocs:
            ended = False
            while self.pos < len(self.src) and not ended:
                end = self._line_end()
                line = self.src[self.pos : end]
                self.pos = min(end + 1, len(self.src))
                ended = (line.lstrip("\t") if strips_tabs else line) == delimiter
                if literal:
                    self._bare(line, HEREDOC)
                    names.update(mentioned(line))  # where a shell reads it as a script
                else:
                    self._heredoc_line(line, names)

    def _heredoc_line(self, line: str, names: "Set[str]") -> None:
        """Read a line in which the shell expands parameters."""
        for position, char in enumerate(line):
            if char in PLACEHOLDERS:
                in_arithmetic = line.rfind("$((", 0, position) > line.rfind("))", 0, position)
                self._bare(char, HEREDOC, in_arithmetic)
        if line.endswith("\\"):
            raise UnclearError("after a here-document with a continued line")
        names.update(_names_in(line))
        if any(opening in line for opening in ("$(", "`", "$[", "${")):
            self._use(set(mentioned(line)), "in what a here-document evaluates")

    # Words.

    def _word(self) -> Word:
        word = _Word()
        start = self.pos
        end = start
        while self.src[end : end + 1] and self.src[end] not in ENDS_WORD:
            end += 1
        if self.src[start:end] in NO_PATTERNS:
            self.pos = end
            word.text.append(self.src[start:end])
        while self.pos < len(self.src):
            char = self.src[self.pos]
            if char in "<>" and self.src.startswith("(", self.pos + 1):
                self.pos += 2
                (word.scripts if char == "<" else word.sinks).append(self._substitution())
                word.unknown(False)
            elif char in ENDS_WORD:
                break
            else:
                self._part(word, char)
        if self.pos == start:
            raise UnclearError("after a command that is not complete")
        return word.done()

    def _part(self, word: _Word, char: str) -> None:
        if char in PLACEHOLDERS:
            self._placeholder(word, UNQUOTED)
        elif char == "\\":
            self._escape(word)
        elif char == "'":
            self._single_quoted(word)
        elif char == '"':
            self._double_quoted(word)
        elif char == "`":
            self._backquoted(word, in_double=False)
        elif char == "$":
            self._dollar(word, in_double=False)
        else:
            self.pos += 1
            word.text.append(char)
            self._pattern_char(word, char)

    def _pattern_char(self, word: _Word, char: str) -> None:
        """Note that a pattern or braces may become other words than stand here, as may zsh's ``=program``."""
        braces = char == "{" and self._char() != "}"
        if char in PATTERN_CHARS or braces or (char == "=" and len(word.text) == 1):
            word.unknown(True)

    def _placeholder(self, word: _Word, quoting: str) -> None:
        char = self.src[self.pos]
        number = next(self.numbers)
        self.found.quoting[number] = quoting
        word.holes.append(number)
        word.text.append(char)
        word.one = word.one and char != WORDS
        if char == WORDS and quoting != UNQUOTED:
            self.found.dangers[number] = "in quotes, where it cannot become several words"
        self.pos += 1

    def _bare(self, text: str, reason: str, in_arithmetic: bool = False) -> "List[int]":
        """Record for every placeholder in ``text`` that no quoting is safe there; return their numbers."""
        numbers = [next(self.numbers) for char in text if char in PLACEHOLDERS]
        for number in numbers:
            self.found.quoting[number] = BARE
            self.found.dangers[number] = reason
        if in_arithmetic:
            self.found.arithmetic.update(numbers)
        return numbers

    def _use(self, names: "Set[str]", where: str) -> None:
        self.found.uses.extend((name, where) for name in sorted(names))

    def _escape(self, word: _Word) -> None:
        following = self.src[self.pos + 1 : self.pos + 2]
        self.pos += 2
        word.quoted = True
        if following and following in PLACEHOLDERS:
            self._bare(following, "directly after a backslash, which would escape the quoting; take that out")
            word.text.append(UNKNOWN)
        elif following != "\n":
            word.text.append(following)

    def _single_quoted(self, word: _Word) -> None:
        word.quoted = True
        self.pos += 1
        end = self._find("'", "a single quote is not closed")
        while self.pos < end:
            if self._char() in PLACEHOLDERS:
                self._placeholder(word, SINGLE)
            else:
                word.text.append(self._char())
                self.pos += 1
        self.pos += 1

    def _double_quoted(self, word: _Word) -> None:
        word.quoted = True
        self.pos += 1
        while self.pos < len(self.src):
            char = self.src[self.pos]
            if char == '"':
                self.pos += 1
                return
            if char in PLACEHOLDERS:
                self._placeholder(word, DOUBLE)
            elif char == "\\":
                if self.src[self.pos + 1 : self.pos + 2] not in tuple('$`"\\\n' + PLACEHOLDERS):
                    word.text.append("\\")
                self._escape(word)
            elif char == "`":
                self._backquoted(word, in_double=True)
            elif char == "$":
                self._dollar(word, in_double=True)
            else:
                word.text.append(char)
                self.pos += 1
        raise UnclosedError("a double quote is not closed")

    def _backquoted(self, word: _Word, in_double: bool) -> None:
        self.pos += 1
        start = self.pos
        body: "List[str]" = []
        while self._char() != "`":
            if not self._char():
                raise UnclosedError("a backquote is not closed")
            following = self.src[self.pos + 1 : self.pos + 2]
            if self._char() == "\\" and following and following in '$`\\"' and (in_double or following != '"'):
                self.pos += 1
            body.append(self._char())
            self.pos += 1
        numbers = self._bare(self.src[start : self.pos], "inside backquotes; write $(…) instead")
        self.pos += 1
        # Which quotes its placeholders stand in, shells may see differently; they are refused or numbers.
        text = "".join(NUMBER if char in PLACEHOLDERS else char for char in body)
        found = Found()
        word.scripts.append(read(text, numbers, found, self.depth + 1))
        self.found.add(found)
        word.unknown(not in_double)

    def _dollar(self, word: _Word, in_double: bool) -> None:
        src, pos = self.src, self.pos
        following = src[pos + 1 : pos + 2]
        if src.startswith("$((", pos):
            self.pos += 3
            self._arithmetic("$(( … ))")
            word.unknown(not in_double)
        elif following == "(":
            self.pos += 2
            word.scripts.append(self._substitution())
            word.unknown(not in_double)
        elif following == "{":
            self.pos += 2
            self._parameter(word)
            word.unknown(not in_double)
        elif following and following in PLACEHOLDERS:
            self.pos += 2
            self._bare(following, AFTER_DOLLAR)
            word.unknown(True)
        elif following == "[":
            raise UnclearError("after $[")
        elif following == "'" and not in_double:
            self._ansi_quoted(word)
        elif following == '"' and not in_double:
            self.pos += 1
            word.unknown(False)  # bash translates $"…" and leaves out the $
        else:
            self._variable(word, in_double)

    def _substitution(self) -> "Script":
        self.substitutions += 1
        commands, end = self.commands(())
        self.substitutions -= 1
        if end != ")":
            if end:
                raise UnclearError("after a `%s` inside $(…)" % end)
            raise UnclosedError("$( is not closed")
        if self.heredocs:
            raise UnclearError("after a here-document that starts on the last line of $(…)")
        self.pos += 1
        return commands

    def _variable(self, word: _Word, in_double: bool) -> None:
        self.pos += 1
        name = _name_at(self.src, self.pos)
        if not name:
            word.text.append("$")
            return
        self.pos += len(name)
        word.names.add(parameter(name))
        word.unknown(not in_double or name == "@")

    def _ansi_quoted(self, word: _Word) -> None:
        """Read ``$'…'``, which dash takes for a ``$`` and a quoted string, and bash for escapes."""
        word.quoted = True
        self.pos += 2
        end = self._find("'", "a single quote is not closed")
        body = self.src[self.pos : end]
        if "\\" in body:
            raise UnclearError("after $'…' with a backslash")
        self._bare(body, "inside $'…', which shells read differently; write '…' instead")
        word.text.append(UNKNOWN)
        self.pos = end + 1

    def _parameter(self, word: _Word) -> None:
        start = self.pos
        if self._char() in tuple(" \t\n|("):
            raise UnclearError("after ${ that runs commands")
        level = 1
        while level:
            char = self._char()
            self.pos += 1
            if not char:
                raise UnclosedError("${ is not closed")
            if char in PLACEHOLDERS:
                self._bare(
                    char, "inside ${…}; write X={v} before it and $X here", in_arithmetic=self.src[self.pos - 2] == ":"
                )
            elif char in "'\"\\`" or (char == "$" and self._char() in ("(", "[")):
                # Whether a quote is one here depends on the operator, on quotes outside, and on the shell.
                raise UnclearError("after a ${…} that holds quotes or commands")
            elif char == "{" and self.src[self.pos - 2] == "$":
                level += 1
            elif char == "}":
                level -= 1
        self._parameter_names(self.src[start : self.pos - 1], word)

    def _parameter_names(self, body: str, word: _Word) -> None:
        names = set(_names_in(body))
        prefix = 1 if body[:1] in ("#", "!") and len(body) > 1 else 0
        main = _name_at(body, prefix)
        rest = body[prefix + len(main) :]
        if main:
            names.add(parameter(main))
        word.names.update(names)
        if main == "@":
            word.one = False
        if rest.lstrip(":")[:1] == "=":
            self.found.flows.append((main, names))
        evaluates = rest[:1] == "[" or (rest[:1] == ":" and rest[1:2] not in tuple("-=?+")) or "@" in rest
        if body[:1] == "!" or evaluates:
            self._use(names | set(_identifiers(body)), "inside ${…}, where shells evaluate it")

    def _arithmetic(self, where: str) -> None:
        start = self.pos
        level = 2
        while level:
            char = self._char()
            self.pos += 1
            if not char:
                raise UnclosedError("(( is not closed")
            if char in PLACEHOLDERS:
                self._bare(char, "inside %s, where shells evaluate values" % where, in_arithmetic=True)
            elif char in "'\"\\`#\n":
                raise UnclearError("after a multi-line or quoting %s" % where)
            elif char in "()":
                level += 1 if char == "(" else -1
        body = self.src[start : self.pos]
        self._use(set(_names_in(body)) | set(_identifiers(body)), "inside %s, where shells evaluate values" % where)

    # Characters.

    def _char(self) -> str:
        return self.src[self.pos : self.pos + 1]

    def _line_end(self) -> int:
        end = self.src.find("\n", self.pos)
        return len(self.src) if end < 0 else end

    def _find(self, char: str, problem: str) -> int:
        end = self.src.find(char, self.pos)
        if end < 0:
            raise UnclosedError(problem)
        return end

    def _blanks(self) -> None:
        """Read blanks, continued lines, and a comment that starts here."""
        while True:
            if self._char() and self._char() in BLANKS:
                self.pos += 1
            elif self.src.startswith("\\\n", self.pos):
                self.pos += 2
            elif self._char() == "#":
                end = self._line_end()
                self._bare(
                    self.src[self.pos : end], "in a comment, which a line break in the value would end; take it out"
                )
                self.pos = end
            else:
                return

    def _blank_lines(self) -> None:
        self._blanks()
        while self._char() == "\n":
            self._line_break()
            self._blanks()


def is_assignment(text: str) -> bool:
    """Return whether an unquoted word of this text is an assignment before a command, of an element too."""
    target = text.partition("=")[0].partition("[")[0]
    return "=" in text and bool(target) and target[0] not in DIGITS and not target.rstrip("+").strip(NAME_CHARS)


def parameter(name: str) -> str:
    """Return how a parameter is recorded: all that are positional as ``@``."""
    return "@" if name in ("@", "*") or name.isdigit() else name


def mentioned(text: str) -> "Iterator[str]":
    """Yield every name in a text that may be that of a parameter or a function, positional ones as ``@``."""
    yield from _names_in(text)
    yield from _identifiers(text)


def _name_at(text: str, pos: int) -> str:
    """Return the name of the parameter that starts there: a name, one digit, or one special character."""
    end = pos
    if text[pos : pos + 1] in tuple("@*#?-!" + DIGITS):
        return text[pos]
    if text[pos : pos + 1] == "$":
        return "$"
    while end < len(text) and text[end] in NAME_CHARS:
        end += 1
    return text[pos:end]


def _names_in(text: str) -> "Iterator[str]":
    """Yield the parameters that ``$name`` and ``${name…`` expand in a text."""
    pos = text.find("$")
    while pos >= 0:
        start = pos + 1
        while text[start : start + 1] in ("{", "#", "!"):
            start += 1
        name = _name_at(text, start)
        if name:
            yield parameter(name)
        pos = text.find("$", pos + 1)


def _identifiers(text: str) -> "Iterator[str]":
    name = ""
    for char in text + " ":
        if char in NAME_CHARS:
            name += char
        else:
            if name and name[0] not in DIGITS:
                yield name
            name = ""

"""The words of a simple command → which of them somebody takes as code, and why.

The rule is about the words: a program of the tables in ``takers`` is looked for in every word, not only in the first,
since what the others hand on is not known. After it a placeholder is refused unless it is clearly data.
"""

from collections import namedtuple

from servo_batch.command import takers
from servo_batch.command.word import (
    BARE,
    HOLE,
    NAME_CHARS,
    NUMBER,
    PLACEHOLDERS,
    UNKNOWN,
    UNQUOTED,
    WORDS,
    Judged,
    Place,
    Word,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence

PLAIN_CHARS = frozenset(NAME_CHARS + "-./=:,@%+ " + HOLE + NUMBER)
PLAIN_RESERVED = takers.RESERVED | takers.PREFIXES
AS_ARGUMENT = "give it as an argument after a literal script: %s -c '… \"$1\" …' %s {v}"


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


def judge(words: "Sequence[Word]", in_shell: bool) -> Verdict:
    """Return what is known of a command's words; ``in_shell``: whether a shell reads them, which has builtins."""
    verdict = Verdict()
    _Judge(words, verdict).command(in_shell)
    return verdict


def of_plain_script(text: str) -> "Optional[Judged]":
    """Return the places in a script that is one command of plain words, in which nothing is code; else None.

    It needs no grammar, which takes longer to load than all else that a short call needs.
    """
    texts = text.split(" ")
    first = texts[0]
    if set(text) - PLAIN_CHARS or "=" in first or first in PLAIN_RESERVED or not first:
        return None
    words = [Word(each, True, False, (), set(), (), ()) for each in texts if each]
    return _undisputed(words, True, UNQUOTED)


def of_plain_arguments(texts: "Sequence[str]") -> "Optional[Judged]":
    """Return the places in a list of arguments of which none is code or a script; else None."""
    if any(WORDS in text for text in texts):
        return None
    return _undisputed([Word(text, True, True, (), set(), (), ()) for text in texts], False, BARE)


def _undisputed(words: "Sequence[Word]", in_shell: bool, quoting: str) -> "Optional[Judged]":
    verdict = judge(words, in_shell)
    if verdict.refused or verdict.warned or verdict.scripts:
        return None
    count = sum(word.text.count(char) for word in words for char in PLACEHOLDERS)
    return Judged((Place(quoting, None, None, False, False),) * count, ())


def program(word: Word) -> "Optional[str]":
    """Return the base name of the program that a word names, or None where that is not literal."""
    name = word.text.rpartition("/")[2]
    if not word.one or not _is_literal(name) or UNKNOWN in name or (not name and UNKNOWN in word.text):
        return None
    if name[:-4] and name.lower().endswith(".exe"):
        name = name[:-4]
    known = name.rstrip("0123456789.-")
    return known if _is_known(known) and not _is_known(name) else name


def _is_known(name: str) -> bool:
    return name in takers.SHELLS or name in takers.LANGUAGES or name in takers.CODE_PROGRAMS


def _is_literal(text: str) -> bool:
    return HOLE not in text and WORDS not in text


class _ShellOptions(namedtuple("_ShellOptions", ("after", "flags", "ended", "known"))):
    """A shell's options: the first word after them, their letters, whether a -- ends them, whether all are known."""

    __slots__ = ()
    after: int
    flags: str
    ended: bool
    known: bool


class _Judge:
    """The words, and what is found. A method that reads words takes the index of the first, returns the one after."""

    def __init__(self, words: "Sequence[Word]", verdict: Verdict) -> None:
        self.words = words
        self.verdict = verdict
        self.handed_on = False  # whether words are appended or put in: xargs, find, parallel
        self.puts_in = False  # … in the place of `{}` or so, into a script too

    def command(self, in_shell: bool) -> None:
        """Judge the whole command."""
        if not self.words:
            return
        if not self._names_a_program(0):
            return
        index = 0
        if in_shell:
            index = self._builtin()
        while index < len(self.words):
            index = self._word(index)

    # What is found.

    def refuse(self, first: int, reason: str, last: "Optional[int]" = None) -> int:
        count = len(self.words)
        for index in range(first, count if last is None else min(last, count)):
            self.verdict.refused.setdefault(index, reason)
        return count

    def warn(self, index: int, reason: str) -> None:
        if index < len(self.words):
            self.verdict.warned.setdefault(index, reason)

    def reads(self, reason: str) -> None:
        self.verdict.reads_code = self.verdict.reads_code or reason

    # Programs.

    def _names_a_program(self, index: int) -> bool:
        """Judge the word that says what runs."""
        word = self.words[index]
        if program(word) is not None:
            return True
        reason = (
            "in the name of the program, by which it would choose what runs; write `case {v} in a) ./a;; b) ./b;; esac`"
        )
        if _is_literal(word.text):
            reason = "after a program whose name comes from an expansion, and which may take code; write its name"
            if UNKNOWN not in word.text:
                reason = "after a program whose name is not plain; write its name"
        self.refuse(index, reason)
        self.reads("what a program that is not named reads")
        return False

    def _word(self, index: int) -> int:
        """Judge what the program that this word may name does with the words after it."""
        name = program(self.words[index])
        self._command_in_word(index)
        if name is None:
            return self._shell(index, "sh") if _may_be_shell(self.words[index]) else index + 1
        of_option = self.words[index].text.rpartition("=")[2].rpartition("/")[2]
        if of_option != name and of_option in takers.SHELLS and self._is_option(index + 1):
            return self._shell(index, of_option)
        if name in takers.SHELLS:
            return self._shell(index, name)
        if name in takers.APPLETS:
            if index + 1 < len(self.words) and not self._names_a_program(index + 1):
                return len(self.words)
        elif name in takers.CODE_PROGRAMS:
            return self._code_program(index, name)
        elif name in takers.WRAPPERS:
            return self._wrapper(index, name)
        elif name in takers.CODE_OPTIONS:
            self._code_options(index, name)
        elif name in takers.SCRIPT_OPTIONS:
            self._script_option(index, name)
        elif name in takers.LANGUAGES:
            self._language(index, name)
        elif name == "find":
            self._find(index)
        return index + 1

    def _is_option(self, index: int) -> bool:
        return index < len(self.words) and self.words[index].text.startswith("-")

    def _command_in_word(self, index: int) -> None:
        """Judge a word that has in it what looks like a command of a shell, ``--exec='sh -c …'``."""
        tokens = self.words[index].text.replace("=", " ").split()
        for token, following in zip(tokens, tokens[1:]):
            if token.rpartition("/")[2] in takers.SHELLS and following.startswith("-"):
                self.refuse(index, "in what looks like a command with a script of an inner shell", index + 1)

    # The first word.

    def _builtin(self) -> int:
        """Judge the builtins of shells, which only the first word can name; return where programs may begin."""
        index = 0
        while program(self.words[index]) in takers.COMMAND_WRAPPERS:
            index = self._wrapper(index, program(self.words[index]) or "")
            if index >= len(self.words):
                return index
        name = program(self.words[index]) or ""
        after = index + 1
        if name in takers.CODE_BUILTINS:
            if name in takers.SCRIPT_BUILTINS:
                scripts = range(after, len(self.words))
                self.verdict.scripts.extend(InnerScript(index, len(self.words)) for index in scripts)
            if name in takers.ARITHMETIC_BUILTINS:
                self.verdict.evaluated.extend(range(after, len(self.words)))
            return self.refuse(after, "in an argument of `%s`, which shells take as code" % name)
        if name in (".", "source"):
            if after < len(self.words) and self.words[after].text.startswith(("/dev/", "/proc/", "-")):
                self.reads("what the shell reads by `%s`" % name)
            return self.refuse(after, "in an argument of `%s`, which runs a file as commands" % name)
        if name in takers.DECLARING:
            return self._declaring(after, name)
        if name in ("[", "test"):
            return self._test(after, name)
        if name == "printf":
            return self._printf(after)
        if name == "set":
            return self._set(after)
        return index

    def _declaring(self, first: int, name: str) -> int:
        for index in range(first, len(self.words)):
            target, equals, _ = self.words[index].text.partition("=")
            if not equals or target.strip(NAME_CHARS) or WORDS in self.words[index].text:
                self.refuse(index, "in the name that `%s` declares; write NAME={v}" % name, index + 1)
            elif target in takers.CODE_VARIABLES:
                self.refuse(index, variable_reason(target), index + 1)
        return len(self.words)

    def _test(self, first: int, name: str) -> int:
        """Judge the forms of POSIX's test: one operator, which is a comparison of strings or says something of a file.

        mksh evaluates numbers as arithmetic, bash a name after -v, and of more words a value may be an operator.
        """
        last = len(self.words) - (name == "[")
        words = list(self.words[first:last])
        while words and words[0].text == "!" and len(words) > 1:
            words.pop(0)
        texts = [word.text for word in words]
        safe = all(word.one for word in words) and (
            len(texts) == 1
            or (len(texts) == 2 and texts[0] in tuple("-" + letter for letter in "bcdefghLnprSsuwxzkO"))
            or (len(texts) == 3 and texts[1] in ("=", "!=", "==", "<", ">", "-nt", "-ot", "-ef"))
        )
        if not safe:
            self.verdict.evaluated.extend(range(first, last))
            self.refuse(
                first,
                "in a `%s` that compares numbers, which some shells evaluate, or has more than one operator; "
                "compare texts by [ {v} = … ], one in each [ … ]" % name,
            )
        return len(self.words)

    def _printf(self, first: int) -> int:
        """Judge printf: -v takes a name; ksh93 and zsh evaluate what a %d takes; a format can ask for both."""
        index = first + (first < len(self.words) and self.words[first].text == "--")
        if index >= len(self.words):
            return index
        form = self.words[index]
        if not _is_plain(form) or form.text.startswith("-"):
            return self.refuse(first, "after a format of printf that is not literal; write printf '%s' {v}")
        conversions = form.text.replace("%%", "").split("%")[1:]
        if any(not conversion.lstrip("-+ #0123456789.").startswith(("s", "b")) for conversion in conversions):
            self.verdict.evaluated.extend(range(index + 1, len(self.words)))
            self.refuse(index + 1, "after a format of printf with a number, which some shells evaluate; write %s")
        return len(self.words)

    def _set(self, first: int) -> int:
        for index in range(first, len(self.words)):
            if self.words[index].text == "--":
                return len(self.words)
            self.refuse(index, "in an option of `set`; write set -- {v}", index + 1)
        return len(self.words)

    # Shells.

    def _shell(self, index: int, name: str) -> int:
        """Judge ``sh [option…] [-c script [name]] [argument…]``."""
        options = self._shell_options(index + 1)
        after = options.after
        reason = "in the script of an inner shell, or where it may be one; " + AS_ARGUMENT % (name, name)
        if not options.known:
            self.reads("what %s reads" % name)
            return self.refuse(after, reason)
        takes_script = "c" in options.flags
        if after >= len(self.words) or ("s" in options.flags and not takes_script):
            self.reads("what %s reads as its script" % name)
            if after < len(self.words) and not options.ended and not _is_plain(self.words[after]):
                self.refuse(after, reason + ", or put -- before it")
            return after
        script = self.words[after]
        may_be_option = script.text == UNKNOWN and not takes_script
        if not script.one or not _is_literal(script.text) or script.scripts or may_be_option:
            self.reads("what %s reads" % name)
            return self.refuse(after, reason)
        return self._shell_script(after, name) if takes_script else self._shell_file(after, name)

    def _shell_options(self, first: int) -> "_ShellOptions":
        """Read options in clusters, with values, long ones, up to ``--``, ``-`` or the first word that is none."""
        at, flags = first, ""
        while at < len(self.words) and _is_plain(self.words[at]):
            text = self.words[at].text
            if text in ("--", "-"):
                return _ShellOptions(at + 1, flags, True, True)
            if text[:1] not in ("-", "+"):
                break
            at += 1
            if text in takers.SHELL_LONG_FLAGS:
                continue
            flags += text[1:]
            values = self.words[at : at + sum(map(text[1:].count, takers.SHELL_VALUE_FLAGS))]
            if set(text[1:]) - takers.SHELL_FLAGS - takers.SHELL_VALUE_FLAGS or not all(map(_is_plain, values)):
                return _ShellOptions(at - 1, flags, False, False)
            at += len(values)
        return _ShellOptions(at, flags, False, True)

    def _shell_script(self, index: int, name: str) -> int:
        if self._puts_words_into(self.words[index]):
            self.reads("what is put into the script of %s" % name)
            way_out = "give them as arguments: sh -c '… \"$1\" …' sh"
            return self.refuse(0, "where xargs or find puts words into the script of a shell; " + way_out)
        self.verdict.scripts.append(InnerScript(index, index + 1))
        return index + 2  # the word after the script is its name, $0

    def _shell_file(self, index: int, name: str) -> int:
        if self.words[index].text.startswith(("/dev/", "/proc/")):
            self.reads("what %s reads as its script" % name)
        return index + 1

    def _puts_words_into(self, script: Word) -> bool:
        """Whether what hands on words puts them into this script."""
        return self.puts_in or (self.handed_on and "{}" in script.text)

    # Programs that start others.

    def _wrapper(self, index: int, name: str) -> int:
        """Judge ``wrapper [option…] [operand…] program [argument…]``; return the index of the program."""
        with_value, operands = takers.WRAPPERS[name]
        self.handed_on = self.handed_on or name == "xargs"
        at = index + 1
        options = True
        while at < len(self.words):
            text = self.words[at].text
            if options and text == "--":
                options = False
            elif options and text.startswith("-") and (len(text) > 1 or name == "env"):
                if self._wrapper_runs(at, name):
                    return len(self.words)
                if text in with_value.split():
                    at += 1
                    self._operand(at)
            elif name in ("env", "sudo", "doas") and _is_plain_assignment(self.words[at]):
                self._environment(at)
            elif operands:
                self._operand(at)
                operands -= 1
            else:
                break
            at += 1
        return self._wrapped(at, name)

    def _wrapper_runs(self, index: int, name: str) -> bool:
        """Judge an option of a wrapper; return whether all that follows is code by it."""
        text = self.words[index].text
        if _has_option(text, *takers.WRAPPER_CODE_OPTIONS.get(name, ("", ""))):
            self.reads("what the shell that `%s` starts reads" % name)
            self.refuse(index, "in what `%s` with this option gives to a shell, or splits into words itself" % name)
            return True
        self.puts_in = self.puts_in or (name == "xargs" and text.startswith(("-I", "-i", "-J", "--rep")))
        return False

    def _environment(self, index: int) -> None:
        name = self.words[index].text.partition("=")[0]
        if name in takers.CODE_VARIABLES:
            self.refuse(index, variable_reason(name), index + 1)

    def _operand(self, index: int) -> None:
        if index < len(self.words) and not self.words[index].one:
            self.refuse(index, "where it may become none or several words; write it as one")

    def _wrapped(self, index: int, name: str) -> int:
        if index >= len(self.words):
            if self.handed_on and name != "xargs":
                self.reads("what xargs gives to `%s`" % name)
            if name in takers.STARTS_A_SHELL:
                self.reads("what the shell that `%s` starts reads" % name)
            return index
        if not self._names_a_program(index):
            if self.handed_on:
                self.reads("what xargs gives to a program")
            return len(self.words)
        return index

    def _find(self, index: int) -> None:
        self.handed_on = True
        for at in range(index + 1, len(self.words) - 1):
            if self.words[at].text in ("-exec", "-execdir", "-ok", "-okdir"):
                self._names_a_program(at + 1)

    # Programs that take code.

    def _code_program(self, index: int, name: str) -> int:
        why, way_out = takers.CODE_PROGRAMS[name]
        if name in takers.SCRIPT_PROGRAMS:
            scripts = range(index + 1, len(self.words))
            self.verdict.scripts.extend(InnerScript(at, len(self.words)) for at in scripts)
        if self.handed_on or not self._has_command(index, name):
            self.reads("what `%s` reads" % name)
        return self.refuse(index + 1, "in an argument of `%s`, which %s; %s" % (name, why, way_out))

    def _has_command(self, index: int, name: str) -> bool:
        """Whether a program that otherwise takes its input as code has a command to do with it as it likes."""
        texts = [word.text for word in self.words[index + 1 :]]
        if name in takers.COMMAND_OPTION:
            return any(_has_option(text, *takers.COMMAND_OPTION[name]) for text in texts)
        operands = 0
        at = 0
        while at < len(texts) and operands < 2:
            if not texts[at].startswith("-"):
                operands += 1
            elif len(texts[at]) == 2 and texts[at][1] in takers.SSH_VALUE_FLAGS:
                at += 1
            at += 1
        return name in takers.COMMAND_OPERAND and operands > 1

    def _code_options(self, index: int, name: str) -> None:
        letters, long_options = takers.CODE_OPTIONS[name]
        before = ""
        subcommand = self.words[index + 1].text if index + 1 < len(self.words) else ""
        if subcommand in takers.DATA_SUBCOMMANDS.get(name, ()):
            return
        for at in range(index + 1, len(self.words)):
            text = self.words[at].text
            if before == "--":
                return
            if not self.words[at].one or (text[:1] in (HOLE, WORDS)):
                reason = (
                    "where it could be an option of `%s`, some of which run programs; write ./{v} or put -- before it"
                )
                self.refuse(at, reason % name, at + 1)
            if _has_option(text, letters, long_options) or _has_option(before, letters, long_options):
                self.refuse(at, "in what `%s` runs as a program; put that into a script's file" % name, at + 1)
            before = text

    def _script_option(self, index: int, name: str) -> None:
        option, way_out = takers.SCRIPT_OPTIONS[name]
        for at in range(index + 1, len(self.words)):
            text = self.words[at].text.partition("=")[0]
            if text == option or (text.startswith("--") and len(text) > 3 and option.startswith(text)):
                last = at + 1 if "=" in self.words[at].text else at + 2
                self.refuse(at, "in the script that `%s %s` gives to a shell; %s" % (name, option, way_out), last)

    def _language(self, index: int, name: str) -> None:
        """Warn of placeholders in the program text that an interpreter is given."""
        letters, long_options, first_is_text, with_value = takers.LANGUAGES[name]
        given = False
        at = index + 1
        reason = (
            "in the program text of `%s`, where it is code to %s: give it as an argument, or through the environment"
            % (name, name)
        )
        while at < len(self.words):
            text = self.words[at].text
            if not text.startswith("-") or text in ("-", "--"):
                break
            given = given or text.partition("=")[0] in takers.FILE_OPTIONS
            if _has_option(text, letters, long_options):
                given = True
                self.warn(at, reason)
                if text[-1:] in tuple(letters) or text in long_options.split():
                    at += 1
                    self.warn(at, reason)
            elif text in with_value.split() or text in takers.FILE_OPTIONS:
                at += 1
            at += 1
        if at < len(self.words) and not given:
            if first_is_text or not _is_plain(self.words[at]):
                self.warn(at, reason)
        elif not given or (at < len(self.words) and self.words[at].text == "-"):
            self.verdict.reads_program = "in what `%s` reads as its program" % name


def variable_reason(name: str) -> str:
    """Return why a placeholder may not stand in the value of this variable."""
    return (
        "in the value of %s, which shells or other programs take as code, as arithmetic or as the place of code" % name
    )


def _is_plain(word: Word) -> bool:
    """Whether a word is literal: no placeholder but a number, nothing that the shell puts in."""
    return word.one and not word.scripts and _is_literal(word.text) and UNKNOWN not in word.text


def _is_plain_assignment(word: Word) -> bool:
    name, equals, _ = word.text.partition("=")
    return word.one and bool(equals) and _is_literal(name) and UNKNOWN not in name


def _may_be_shell(word: Word) -> bool:
    """Whether a word that is put in may be the name of a shell, by the name of what holds it: $SHELL, $BASH."""
    return any(name.upper().endswith(("SH", "SHELL")) for name in word.names)


def _has_option(text: str, letters: str, long_options: str) -> bool:
    """Whether a word is one of these options, in a cluster, with its value, or in an abbreviation."""
    if text.startswith("--"):
        name = text.partition("=")[0]
        return len(name) > 3 and any(option.startswith(name) for option in long_options.split())
    if text in long_options.split():
        return True
    return text.startswith("-") and any(letter in text.partition("=")[0] for letter in letters)

"""A shell script or a list of arguments → how each placeholder is quoted in its place, or why it may not stand there.

A value is followed where the script itself hands it on: into a variable, the arguments of a function, the input of the
next command of a pipeline, an inner script. Where it then stands in code, the placeholder is refused.
"""

from collections import namedtuple

from servo_batch.command.grammar import commands
from servo_batch.command.grammar.names import NAME_CHARS, is_assignment, mentioned
from servo_batch.command.grammar.script import Compound, Found, Simple, UnclearError
from servo_batch.command.grammar.word import Judged, Place, UnclosedError, Word
from servo_batch.command.marks import BARE, HOLE, NUMBER, PLACEHOLDERS, UNKNOWN, UNQUOTED, WORDS
from servo_batch.command.safety import takers, variables, words
from servo_batch.command.safety.judge import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional, Sequence, Set, Tuple

    from servo_batch.command.grammar.script import Command, Script


def of_script(text: str) -> Judged:
    """Return where the placeholders of a shell script stand: each is one character of ``PLACEHOLDERS``.

    Raises ``UnclosedError`` where the script leaves a quote, an expansion or a group open.
    """
    return _Script(Found()).judged(text, sum(map(text.count, PLACEHOLDERS)))


def of_arguments(texts: "Sequence[str]") -> Judged:
    """Return where the placeholders of a list of arguments stand, which no shell reads before the program does."""
    judge = _Script(Found())
    count = 0
    arguments = []
    for text in texts:
        holes = tuple(range(count, count + sum(text.count(char) for char in PLACEHOLDERS)))
        judge.found.quoting.update((hole, BARE) for hole in holes)
        count += len(holes)
        arguments.append(Word(text, True, True, holes, set(), (), ()))
    judge.words_of(Simple((), tuple(arguments), ()), in_shell=False)
    judge.follow()
    return judge.result(count)


class _Contents(namedtuple("_Contents", ("holes", "names"))):
    """What may stand in a text: placeholders by their number, and parameters."""

    __slots__ = ()
    holes: "Set[int]"
    names: "Set[str]"


class _Script:
    """What is found in a script and the scripts within it. A method that takes a part judges it."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.warned: "Dict[int, str]" = {}
        self.warned_uses: "List[Tuple[str, str]]" = []
        self.flows: "Dict[str, _Contents]" = {}  # what a parameter may hold
        self.functions: "Set[str]" = set()
        self.fed = _Contents(set(), set())  # what may come from the input of the command that is judged
        self.calls: "List[Tuple[str, _Contents]]" = []
        self.declares: "Optional[str]" = None
        self.hidden: "List[str]" = []  # programs whose failure a pipeline hides

    def judged(self, text: str, count: int) -> Judged:
        try:
            commands.read(text, range(count), self.found)
        except UnclearError as error:
            self.unclear(text[self.found.end :], error)
        script = tuple(self.found.pipelines)
        self.script(script, _Contents(set(), set()))
        if not any(name in text for name in ("pipefail", "PIPESTATUS", "pipestatus")):
            self.hidden_failures(script)
        self.follow()
        for number in range(count):
            self.found.quoting.setdefault(number, BARE)
        return self.result(count)

    def unclear(self, rest: str, error: UnclearError) -> None:
        """Refuse what stands, or may be used, in the rest of a script that shells read differently."""
        reason = "in a part of the script that shells read differently, %s; put it before that" % error
        read = {
            hole
            for pipeline in self.found.pipelines
            for stage in pipeline
            for hole in _contents_of_command(stage).holes
        }
        count = sum(map(rest.count, PLACEHOLDERS))
        last = max(list(self.found.quoting) + [-1]) + 1
        for hole in set(range(last + count)) - read:
            self.found.dangers.setdefault(hole, reason)
        names = set(mentioned(rest))
        self.found.uses.extend((name, reason) for name in sorted(names))
        self.functions.update(names)
        self.declares = next(iter(sorted(names & (takers.DECLARING | takers.DECLARING_ALWAYS))), None)

    def result(self, count: int) -> Judged:
        found = self.found
        places = (
            Place(
                found.quoting[number],
                found.dangers.get(number),
                self.warned.get(number),
                number in found.arithmetic,
                number in found.descriptors and found.quoting[number] != UNQUOTED,
            )
            for number in range(count)
        )
        return Judged(tuple(places), tuple(self.hidden))

    # Where values go.

    def refuse(self, contents: _Contents, reason: str) -> None:
        for hole in contents.holes:
            self.found.dangers.setdefault(hole, reason)
        self.found.uses.extend((name, reason) for name in sorted(contents.names))

    def flow(self, name: str, contents: _Contents) -> None:
        there = self.flows.setdefault(name, _Contents(set(), set()))
        there.holes.update(contents.holes)
        there.names.update(contents.names)

    def follow(self) -> None:
        """Refuse what comes into code by way of parameters."""
        for name, names in self.found.flows:
            self.flow(name, _Contents(set(), names))
        for name, contents in self.calls:
            if name in self.functions:
                self.flow("@", contents)
        for name, reason in self.found.uses:
            for hole in self._may_hold(name):
                subject = "an argument" if name == "@" else "$%s" % name
                self.found.dangers.setdefault(hole, "in the value of %s, which stands %s" % (subject, reason))
        for name, reason in self.warned_uses:
            for hole in self._may_hold(name):
                self.warned.setdefault(hole, "in the value of $%s, which stands %s" % (name, reason))
        if self.declares:
            reason = "in a script with `%s`, by which values or words may become code" % self.declares
            for hole in self.found.quoting:
                self.found.dangers.setdefault(hole, reason)

    def _may_hold(self, name: str) -> "Set[int]":
        holes: "Set[int]" = set()
        seen: "Set[str]" = set()
        names = [name]
        while names:
            name = names.pop()
            if name not in seen and name in self.flows:
                seen.add(name)
                holes |= self.flows[name].holes
                names.extend(self.flows[name].names)
        return holes

    # The grammar.

    def script(self, script: "Script", fed: _Contents) -> None:
        """``fed``: what may come from its input."""
        for pipeline in script:
            sent = fed
            for stage in pipeline:
                self.command(stage, sent)
                sent = _joined((sent, _contents_of_command(stage)))

    def command(self, command: "Command", fed: _Contents) -> None:
        outer, self.fed = self.fed, _joined([fed] + [_contents(word) for _, word in command.redirections])
        self.redirections(command)
        for word in _all_words(command):
            for inner in word.scripts:
                self.script(inner, self.fed)
            for inner in word.sinks:
                self.script(inner, _joined((self.fed, _contents_of_command(command))))
        if isinstance(command, Simple):
            self.simple(command)
        else:
            self.compound(command)
        self.fed = outer

    def contents(self, word: Word) -> _Contents:
        """Return what may stand in a word; the commands in it may print what they read."""
        return _joined((_contents(word), self.fed)) if word.scripts else _contents(word)

    def compound(self, command: Compound) -> None:
        contents = _joined(map(self.contents, command.words))
        if command.kind == "[[":
            self.refuse(contents, "inside [[ … ]], where bash evaluates values; [ … ] does not")
        elif command.kind in ("for", "select"):
            variable = command.words[0]
            name = variable.text
            self.refuse(_contents(variable), "in the name of a variable")
            self.flow(name, contents if len(command.words) > 1 else _Contents(set(), {"@"}))
            if name in variables.CODE:
                self.refuse(contents, variables.reason(name))
        elif command.kind == "function":
            self.refuse(contents, "in the name of a function")
            self.functions.add(command.words[0].text)
        elif command.kind == "case":
            self.refuse(_several(command.words), "where several words may not stand")
        for body in command.bodies:
            self.script(body, self.fed)

    def redirections(self, command: "Command") -> None:
        for operator, word in command.redirections:
            if operator in (">&", "<&"):
                reason = "after a %s, where bash evaluates it once more; write >{v} 2>&1 for a file" % operator
                self.refuse(_contents(word), reason)
            self.refuse(_several((word,)), "in the name of a file, which is one word")

    def simple(self, command: Simple) -> None:
        for word in command.assignments:
            self.assignment(word)
        if command.words:
            self.words_of(command, in_shell=True)
            self.declarations(command)

    def assignment(self, word: Word) -> None:
        name, _, _ = word.text.rstrip("+").partition("=")
        name = name.rstrip("+")
        contents = self.contents(word)
        if name.strip(NAME_CHARS):
            reason = "in the assignment of an element, whose subscript shells evaluate"
            self.refuse(_joined((contents, _Contents(set(), set(mentioned(name))))), reason)
        elif name in variables.CODE or name.startswith(("BASH_FUNC_", "LD_", "DYLD_")):
            self.refuse(contents, variables.reason(name))
        self.refuse(_several((word,)), "in the value of a variable, which is one word: without !w it is all of it")
        self.flow(name, contents)

    def words_of(self, command: Simple, in_shell: bool) -> None:
        """Judge the words of a simple command, and the scripts among them."""
        all_words = command.words
        verdict = words.judged(all_words, in_shell)
        for index, reason in verdict.refused.items():
            self.refuse(self.contents(all_words[index]), reason)
            if index in verdict.evaluated:
                named = set(mentioned(all_words[index].text))
                self.refuse(_Contents(set(), named), reason)
        for index, reason in verdict.warned.items():
            self.warn(self.contents(all_words[index]), reason)
        if verdict.reads_code:
            self.refuse(self.fed, "in " + verdict.reads_code)
        if verdict.reads_program:
            self.warn(self.fed, verdict.reads_program)
        for index, first in verdict.scripts:
            self.inner_script(all_words[index], _joined(map(self.contents, all_words[first:])))

    def warn(self, contents: _Contents, reason: str) -> None:
        for hole in contents.holes:
            self.warned.setdefault(hole, reason)
        self.warned_uses.extend((name, reason) for name in sorted(contents.names))

    def inner_script(self, word: Word, arguments: _Contents) -> None:
        """Judge a script that an inner shell reads, as far as it is literal, and what it does with its arguments."""
        self.refuse(_contents(word), "in the script of an inner shell")
        self.flow("@", arguments)
        found = Found()
        inside = _Script(found)
        inside.flows, inside.functions, inside.calls = self.flows, self.functions, self.calls
        text = word.text.replace(HOLE, NUMBER).replace(WORDS, NUMBER)
        try:
            script = commands.read(text, word.holes, found)
            inside.script(script, self.fed)
        except (UnclearError, UnclosedError) as error:
            reason = "in an argument of an inner script that shells read differently: %s" % error
            self.refuse(arguments, reason)
            self.refuse(_Contents(set(), set(mentioned(word.text))), reason)
            return
        self.found.add(found)
        self.warned.update(inside.warned)
        self.warned_uses.extend(inside.warned_uses)
        self.declares = self.declares or inside.declares
        for hole in set(found.dangers) & set(self.found.quoting):
            self.found.dangers.setdefault(hole, found.dangers[hole])

    def declarations(self, command: Simple) -> None:
        """Note what a command says of variables, aliases and functions."""
        texts = [word.text for word in command.words]
        name = program(command.words[0]) or ""
        while name in takers.COMMAND_WRAPPERS and len(texts) > 1:
            texts.pop(0)
            name = texts[0]
        arguments = command.words[len(command.words) - len(texts) + 1 :]
        self.calls.append((name, _joined(map(self.contents, arguments))))
        for word in arguments:
            if is_assignment(word.text):  # env, sudo
                self.flow(word.text.partition("=")[0], self.contents(word))
        has_option = any(text.startswith(("-", "+", UNKNOWN)) for text in texts[1:])
        if name in takers.DECLARING_ALWAYS or (name in takers.DECLARING and has_option):
            self.declares = name
        elif name in takers.DECLARING:
            for word in arguments:
                self.flow(word.text.partition("=")[0], self.contents(word))
        elif name in ("read", "mapfile", "readarray", "getopts"):
            for word in arguments:
                self.flow(word.text, self.fed)
                if word.text in variables.CODE:
                    self.refuse(self.fed, variables.reason(word.text))
            self.flow("REPLY", self.fed)
        elif name == "set":
            self.flow("@", _joined(map(self.contents, arguments)))

    def hidden_failures(self, script: "Script") -> None:
        """Note the commands whose exit status is lost because the output goes to another."""
        for pipeline in script:
            for stage in pipeline[:-1]:
                if not isinstance(stage, Simple):
                    self.hidden.append(stage.kind + " …")
                elif stage.words and program(stage.words[0]) not in takers.PRODUCERS:
                    self.hidden.append(stage.words[0].text)
            for stage in pipeline:
                if isinstance(stage, Compound) and stage.kind in ("{", "("):
                    for body in stage.bodies:
                        self.hidden_failures(body)


def _contents(word: Word) -> _Contents:
    """Return what may stand in a word, the output of its commands too."""
    inner = [
        _contents_of_command(stage) for script in word.scripts + word.sinks for pipeline in script for stage in pipeline
    ]
    return _joined([_Contents(set(word.holes), set(word.names))] + inner)


def _contents_of_command(command: "Command") -> _Contents:
    """Return what may stand in what a command prints."""
    return _joined(map(_contents, _all_words(command, inside=True)))


def _all_words(command: "Command", inside: bool = False) -> "Iterable[Word]":
    """Return a command's words, redirections too; ``inside``: also those of the commands that it consists of."""
    all_words = list(command.words) + [redirection.word for redirection in command.redirections]
    if isinstance(command, Simple):
        return all_words + list(command.assignments)
    if inside:
        for body in command.bodies:
            for pipeline in body:
                for stage in pipeline:
                    all_words.extend(_all_words(stage, inside))
    return all_words


def _several(all_words: "Iterable[Word]") -> _Contents:
    """Return what makes several words of one."""
    return _joined(_contents(word)._replace(names=set()) for word in all_words if WORDS in word.text)


def _joined(contents: "Iterable[_Contents]") -> _Contents:
    joined = _Contents(set(), set())
    for each in contents:
        joined.holes.update(each.holes)
        joined.names.update(each.names)
    return joined

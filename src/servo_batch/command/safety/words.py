"""The words of a simple command → which of them somebody takes as code, and why.

The rule is about the words: a program of the tables in ``takers`` is looked for in every word, not only in the first,
since what the others hand on is not known. After it a placeholder is refused unless it is clearly data.
"""

from servo_batch.command.safety import code_programs, inner_shells, shell_builtins, takers, wrappers
from servo_batch.command.safety.judge import Judge, Verdict, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from servo_batch.command.grammar.word import Word


def judged(words: "Sequence[Word]", in_shell: bool) -> Verdict:
    """Return what is known of a command's words; ``in_shell``: whether a shell reads them, which has builtins."""
    judge = Judge(words)
    if not judge.words:
        return judge.verdict
    if not judge.names_a_program(0):
        return judge.verdict
    index = 0
    if in_shell:
        index = shell_builtins.builtin(judge)
    while index < len(judge.words):
        index = _word(judge, index)
    return judge.verdict


def _word(judge: Judge, index: int) -> int:
    """Judge what the program that this word may name does with the words after it."""
    name = program(judge.words[index])
    _command_in_word(judge, index)
    if name is None:
        return inner_shells.shell(judge, index, "sh") if _may_be_shell(judge.words[index]) else index + 1
    of_option = takers.program(judge.words[index].text.rpartition("=")[2])
    if of_option != name and of_option in takers.SHELLS and _is_option(judge, index + 1):
        return inner_shells.shell(judge, index, of_option)
    if name not in takers.PROGRAMS:  # where plain looks too, so that it overlooks nothing that is judged here
        return index + 1
    if name in takers.SHELLS:
        return inner_shells.shell(judge, index, name)
    if name in takers.APPLETS:
        if index + 1 < len(judge.words) and not judge.names_a_program(index + 1):
            return len(judge.words)
    elif name in takers.CODE_PROGRAMS:
        return code_programs.code_program(judge, index, name)
    elif name in takers.WRAPPERS:
        return wrappers.wrapper(judge, index, name)
    elif name in takers.CODE_OPTIONS:
        code_programs.code_options(judge, index, name)
    elif name in takers.SCRIPT_OPTIONS:
        code_programs.script_option(judge, index, name)
    elif name in takers.LANGUAGES:
        code_programs.language(judge, index, name)
    elif name == "find":
        wrappers.find(judge, index)
    return index + 1


def _is_option(judge: Judge, index: int) -> bool:
    return index < len(judge.words) and judge.words[index].text.startswith("-")


def _command_in_word(judge: Judge, index: int) -> None:
    """Judge a word that has in it what looks like a command of a shell, ``--exec='sh -c …'``."""
    tokens = judge.words[index].text.replace("=", " ").split()
    for token, following in zip(tokens, tokens[1:]):
        if takers.program(token) in takers.SHELLS and following.startswith("-"):
            judge.refuse(index, "in what looks like a command with a script of an inner shell", index + 1)


def _may_be_shell(word: "Word") -> bool:
    """Whether a word that is put in may be the name of a shell, by the name of what holds it: $SHELL, $BASH."""
    return any(name.upper().endswith(("SH", "SHELL")) for name in word.names)

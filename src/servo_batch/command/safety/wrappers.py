"""Programs that start the program in their words: env, nice, timeout, sudo, xargs, find -exec."""

from servo_batch.command.marks import UNKNOWN
from servo_batch.command.safety import takers, variables
from servo_batch.command.safety.judge import Judge, has_option, is_literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from servo_batch.command.grammar.word import Word


def wrapper(judge: Judge, index: int, name: str) -> int:
    """Judge ``wrapper [option…] [operand…] program [argument…]``; return the index of the program."""
    with_value, operands = takers.WRAPPERS[name]
    judge.handed_on = judge.handed_on or name == "xargs"
    at = index + 1
    options = True
    while at < len(judge.words):
        text = judge.words[at].text
        if options and text == "--":
            options = False
        elif options and text.startswith("-") and (len(text) > 1 or name == "env"):
            if _wrapper_runs(judge, at, name):
                return len(judge.words)
            if text in with_value.split():
                at += 1
                _operand(judge, at)
        elif name in ("env", "sudo", "doas") and _is_plain_assignment(judge.words[at]):
            _environment(judge, at)
        elif operands:
            _operand(judge, at)
            operands -= 1
        else:
            break
        at += 1
    return _wrapped(judge, at, name)


def _wrapper_runs(judge: Judge, index: int, name: str) -> bool:
    """Judge an option of a wrapper; return whether all that follows is code by it."""
    text = judge.words[index].text
    if has_option(text, *takers.WRAPPER_CODE_OPTIONS.get(name, ("", ""))):
        judge.reads("what the shell that `%s` starts reads" % name)
        judge.refuse(index, "in what `%s` with this option gives to a shell, or splits into words itself" % name)
        return True
    judge.puts_in = judge.puts_in or (name == "xargs" and text.startswith(("-I", "-i", "-J", "--rep")))
    return False


def _environment(judge: Judge, index: int) -> None:
    name = judge.words[index].text.partition("=")[0]
    if name in variables.CODE:
        judge.refuse(index, variables.reason(name), index + 1)


def _operand(judge: Judge, index: int) -> None:
    if index < len(judge.words) and not judge.words[index].one:
        judge.refuse(index, "where it may become none or several words; write it as one")


def _wrapped(judge: Judge, index: int, name: str) -> int:
    if index >= len(judge.words):
        if judge.handed_on and name != "xargs":
            judge.reads("what xargs gives to `%s`" % name)
        if name in takers.STARTS_A_SHELL:
            judge.reads("what the shell that `%s` starts reads" % name)
        return index
    if not judge.names_a_program(index):
        if judge.handed_on:
            judge.reads("what xargs gives to a program")
        return len(judge.words)
    return index


def find(judge: Judge, index: int) -> None:
    """Judge what ``find`` starts by -exec and its like."""
    judge.handed_on = True
    for at in range(index + 1, len(judge.words) - 1):
        if judge.words[at].text in ("-exec", "-execdir", "-ok", "-okdir"):
            judge.names_a_program(at + 1)


def _is_plain_assignment(word: "Word") -> bool:
    name, equals, _ = word.text.partition("=")
    return word.one and bool(equals) and is_literal(name) and UNKNOWN not in name

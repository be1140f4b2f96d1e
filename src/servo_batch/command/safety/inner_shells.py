"""Shells among the words of a command: ``sh -c SCRIPT``, ``bash FILE``, ``sh`` that reads its script.

Source: POSIX.1-2017, sh; the manual pages of the shells for their other options.
"""

from collections import namedtuple

from servo_batch.command.marks import UNKNOWN
from servo_batch.command.safety import takers
from servo_batch.command.safety.judge import InnerScript, Judge, is_literal, is_plain

AS_ARGUMENT = "give it as an argument after a literal script: %s -c '… \"$1\" …' %s {v}"


class _ShellOptions(namedtuple("_ShellOptions", ("after", "flags", "ended", "known"))):
    """A shell's options: the first word after them, their letters, whether a -- ends them, whether all are known."""

    __slots__ = ()
    after: int
    flags: str
    ended: bool
    known: bool


def shell(judge: Judge, index: int, name: str) -> int:
    """Judge ``sh [option…] [-c script [name]] [argument…]``."""
    options = _shell_options(judge, index + 1)
    after = options.after
    reason = "in the script of an inner shell, or where it may be one; " + AS_ARGUMENT % (name, name)
    if not options.known:
        judge.reads("what %s reads" % name)
        return judge.refuse(after, reason)
    takes_script = "c" in options.flags
    if after >= len(judge.words) or ("s" in options.flags and not takes_script):
        judge.reads("what %s reads as its script" % name)
        if after < len(judge.words) and not options.ended and not is_plain(judge.words[after]):
            judge.refuse(after, reason + ", or put -- before it")
        return after
    script = judge.words[after]
    may_be_option = script.text == UNKNOWN and not takes_script
    if not script.one or not is_literal(script.text) or script.scripts or may_be_option:
        judge.reads("what %s reads" % name)
        return judge.refuse(after, reason)
    return _shell_script(judge, after, name) if takes_script else _shell_file(judge, after, name)


def _shell_options(judge: Judge, first: int) -> _ShellOptions:
    """Read options in clusters, with values, long ones, up to ``--``, ``-`` or the first word that is none."""
    at, flags = first, ""
    while at < len(judge.words) and is_plain(judge.words[at]):
        text = judge.words[at].text
        if text in ("--", "-"):
            return _ShellOptions(at + 1, flags, True, True)
        if text[:1] not in ("-", "+"):
            break
        at += 1
        if text in takers.SHELL_LONG_FLAGS:
            continue
        flags += text[1:]
        values = judge.words[at : at + sum(map(text[1:].count, takers.SHELL_VALUE_FLAGS))]
        if set(text[1:]) - takers.SHELL_FLAGS - takers.SHELL_VALUE_FLAGS or not all(map(is_plain, values)):
            return _ShellOptions(at - 1, flags, False, False)
        at += len(values)
    return _ShellOptions(at, flags, False, True)


def _shell_script(judge: Judge, index: int, name: str) -> int:
    if judge.puts_words_into(judge.words[index]):
        judge.reads("what is put into the script of %s" % name)
        way_out = "give them as arguments: sh -c '… \"$1\" …' sh"
        return judge.refuse(0, "where xargs or find puts words into the script of a shell; " + way_out)
    judge.verdict.scripts.append(InnerScript(index, index + 1))
    return index + 2  # the word after the script is its name, $0


def _shell_file(judge: Judge, index: int, name: str) -> int:
    if judge.words[index].text.startswith(("/dev/", "/proc/")):
        judge.reads("what %s reads as its script" % name)
    return index + 1

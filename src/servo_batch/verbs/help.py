"""Help: the verbs and their options, and the manual that the file carries."""

import os
import re
import shutil
from collections import namedtuple

from servo_batch import __version__, answers, sources
from servo_batch.invocation.options import OPTIONS, UsageError
from servo_batch.wording import did_you_mean, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Match


VERBS = {
    "adjust": "store settings, given as arguments or by a request on stdin; or answer what they are",
    "measure": "run the job with the stored settings; report how long it took, and its metrics",
    "check": "say what is wrong with the configuration, and what measure would run, without running the job",
    "history": "show what was measured, as a table, a picture, or for other tools",
    "tune": "look for the best settings by measuring, and say honestly whether they are better",
    "servo": "be the agent: do what the service says, with the two drivers",
    "help": "show the manual, or the section of it that a word names",
}
MEANINGS = {
    "--config": "the configuration; else $OPTUNE_CONFIG, ./config.yaml, ./config.yml or ./config.json",
    "--state": "where the settings are stored; else $OPTUNE_STATE, batch.state or ./_state.json",
    "--control": "control values, laid over those of the request",
    "--runs": "how many runs of the job make the measurement; else batch.runs, or 1",
    "--warmup-runs": "how many runs come first and do not count; else batch.warmup_runs, or 0",
    "--history": "the file in which measurements are recorded; else batch.history",
    "--json": "answer in JSON also at a terminal",
    "--show-output": "show what the job prints, on stderr, as it comes",
    "--keep-output": "keep what the job prints to stdout in this file, and what to stderr in FILE.stderr",
    "--info": "say what the driver can do",
    "--version": "say the version, and a digest of the sources that run",
    "--describe": "say which metrics there are",
    "--query": "say what the settings are",
    "--reset": "remove what is stored, back to the default state",
    "--output": "what the job once printed: try the metrics' patterns on it",
    "--csv": "write all of it as CSV",
    "--svg": "draw a picture of it into this file",
    "--measurements": "how many measurements to make in all; else 30",
    "--minimize": "what to look for the least of, like '{total_runtime}'; else batch.objective",
    "--maximize": "what to look for the most of",
    "--cap": "stop a run that takes so many times the best so far, and count it as failed",
    "--confirm": "how often to measure the best and the default again at the end; else 3",
    "--seed": "another number makes other proposals; else 0",
}
# What an option means to one verb only.
OWN = {("adjust", "--describe"): "the same as --query", ("history", "--json"): "write all of it as JSON"}
WITH_WORDS = ("adjust", "measure")
# Of the manual, a block of code; and outside of these a paragraph or list item, which is no heading and no table.
CODE = re.compile("(^```.*?^```$)", re.M | re.S)
PARAGRAPH = re.compile("^(?![#|])(?P<item>- )?.+(\n(?![#|]|- ).+)*", re.M)
WIDEST = 120  # as it is written
SHELL_FINDS_NONE = (126, 127)  # what it exits with where a command cannot be executed or is not there, says POSIX
WORDS = "[APP_ID] [COMPONENT.SETTING=VALUE …] [<request]"
STDIN = "A request, a JSON object, is read from stdin unless that is a terminal; without one, give </dev/null.\n"
# A verb's example, and the section of the manual that tells the rest.
EXAMPLES = {
    "adjust": ("web.cpu=4", "Requests and answers"),
    "measure": ("web.cpu=4 --runs 3 </dev/null", "Which settings are fastest?"),
    "check": ("--config config.yaml --output yesterday.log", "Configuration"),
    "history": ("--svg picture.svg", "Which settings are fastest?"),
    "tune": ("--measurements 30", "Tuning"),
}


class Section(namedtuple("Section", ("title", "level", "text"))):
    """A section of the manual: its title, how deep it is below the manual's own, and its text with the title."""

    __slots__ = ()
    title: str
    level: int
    text: str


def tell(word: str, name: str, arguments: "List[str]") -> int:
    """Write what the first word of a command line asks for, help or the version, and return the exit status.

    Raises ``UsageError`` where it is nothing that the file, called by ``name``, knows.
    """
    if word in ("--help", "-h"):
        answers.write_text(overview(name))
    elif word == "--version":
        answers.write_text(version())
    elif word == "help":
        return show(arguments)
    else:
        hint = "there is no verb " + word if word else "no verb is given"
        raise UsageError(f"{hint}{did_you_mean(word, VERBS)}; the verbs are {', '.join(VERBS)}")
    return 0


def version() -> str:
    """Return the version and the digest of the sources that run, as a line."""
    return f"{__version__} (sources sha256 {sources.digest()})\n"


def overview(name: str) -> str:
    """Return the help of the file as a whole, which was called by ``name``."""
    examples = "".join(f"  {name} {call}\n" for call in ("check", "measure web.cpu=4 </dev/null", "help metrics"))
    return (
        f"usage: {name} VERB [--help | options]\n\nBoth Optune drivers for a batch job, and more.\n\n"
        f"verbs:\n{_columns(VERBS)}\n\nexamples:\n{examples}\n"
        "Called by the name of a verb, as by a link called adjust, it is that verb.\n"
    )


def usage(verb: str, name: str) -> str:
    """Return the help of a verb; the file was called by ``name``."""
    options = {
        f"{option} {value}" if value else option: OWN.get((verb, option), MEANINGS[option])
        for option, value in OPTIONS[verb].items()
    }
    call = name if name.startswith(verb) else f"{name} {verb}"
    example, section = EXAMPLES[verb]
    words = f" {WORDS}" if verb in WITH_WORDS else ""
    stdin = STDIN if verb in WITH_WORDS else ""
    return (
        f"usage: {call} [options]{words}\n\n{VERBS[verb][:1].upper()}{VERBS[verb][1:]}.\n{stdin}\n"
        f"options:\n{_columns(options)}\n\nexample:\n  {call} {example}\n\n"
        f'More: the manual\'s section "{section}", which `help {section.split()[0].lower()}` shows.\n'
    )


def show(arguments: "List[str]") -> int:
    """Write the manual's sections, or the one that the words name; return the exit status.

    Raises ``UsageError`` where no section is named so.
    """
    found = manual()
    if not arguments or arguments[0] in ("--help", "-h"):
        titles = "\n".join(f"{'  ' * section.level}{section.title}" for section in found)
        answers.write_text(
            f"{titles}\n\nhelp WORD shows the section that has WORD in its title; help all, the manual.\n"
        )
        return 0
    words = " ".join(arguments).lower()
    text = sources.manual() if words == "all" else _section(found, words)
    _page(text)
    return 0


def manual() -> "List[Section]":
    """Return the sections of the manual in their order, each with those below it."""
    lines = sources.manual().split("\n")
    places = []
    in_block = False
    for number, line in enumerate(lines):
        in_block ^= line.startswith("```")
        heading = None if in_block else re.match("(#+) (.*)", line)
        if heading:
            places.append((number, len(heading.group(1)), heading.group(2)))
    found = []
    for index, (start, level, title) in enumerate(places):
        end = next((number for number, other, _ in places[index + 1 :] if other <= level), len(lines))
        found.append(Section(title, level - 1, "\n".join(lines[start:end]).rstrip() + "\n"))
    return found


def _section(found: "List[Section]", words: str) -> str:
    """Return the text of the section that ``words`` name, or the one that tells of a verb."""
    named = [section for section in found if section.title.lower() == words]
    named += [section for section in found if words in section.title.lower() and section.level]
    if words in EXAMPLES and not named:
        named = [section for section in found if section.title == EXAMPLES[words][1]]
    if not named:
        titles = [section.title for section in found if section.level == 1 and words in section.text.lower()]
        if titles:
            raise UsageError(f"the manual has no section {words}, but has it in these: {', '.join(titles)}")
        near = did_you_mean(words, [section.title.lower() for section in found])
        raise UsageError(f"the manual has no section {words}{near}; help lists them")
    return named[0].text


def _page(text: str) -> None:
    """Write ``text``, at a terminal through $PAGER where that is set and the shell finds it."""
    if not os.isatty(answers.STDOUT):
        answers.write_text(text)
        return
    text = _filled(text, min(shutil.get_terminal_size().columns, WIDEST))
    pager = os.environ.get("PAGER")
    if pager:
        import subprocess

        # $PAGER is a command of the person's own, and run as man(1) runs it.
        ended = subprocess.run(["/bin/sh", "-c", pager], input=text.encode("utf-8"))
        if ended.returncode not in SHELL_FINDS_NONE:
            return
    answers.write_text(text)


def _filled(text: str, columns: int) -> str:
    """Return the manual's text with paragraphs and list items as wide as a terminal; code and tables stay."""
    import textwrap

    def filled(paragraph: "Match[str]") -> str:
        indent = "  " if paragraph.group("item") else ""
        line = re.sub("\n *", " ", paragraph.group())
        return textwrap.fill(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)

    parts = CODE.split(text)
    parts[::2] = [PARAGRAPH.sub(filled, part) for part in parts[::2]]
    return "".join(parts)


def _columns(rows: "Dict[str, str]") -> str:
    widest = max(map(width, rows))
    return "\n".join(f"  {left}{' ' * (widest - width(left))}  {right}" for left, right in rows.items())

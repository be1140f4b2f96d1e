"""Help: what the verbs and their options are, and the manual that the file carries.

The manual is the README and the pages in manual/, each of one subject.
"""

import os
import re

from servo_batch import __version__, answers, contents, options
from servo_batch.options import UsageError
from servo_batch.wording import did_you_mean, padded, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Match

    from servo_batch.options import Options

# Of each verb what it does, how it may be called, and the page of the manual that tells the rest.
VERBS = {
    "adjust": (
        "store settings, given as arguments or by a request on stdin; or answer what they are",
        "web.cpu=4",
        "configuration",
    ),
    "measure": (
        "run the job with the stored settings; report how long it took, and its metrics",
        "web.cpu=4 --runs 3 </dev/null",
        "job",
    ),
    "compare": (
        "measure combinations of settings in turns, and say which are better",
        "--command 'xz -{xz.level} -kc FILE >/dev/null' xz.level=1,6,9",
        "comparing",
    ),
    "check": (
        "say what is wrong with the configuration, and what measure would run, without running the job",
        "--config config.yaml --output yesterday.log",
        "configuration",
    ),
    "history": ("show what was measured, as a table, a picture, or for other tools", "--svg picture.svg", "history"),
    "tune": (
        "look for the best settings by measuring, and say honestly whether they are better",
        "--measurements 30",
        "tuning",
    ),
    "servo": ("be the agent: do what the service says, with the two drivers", "--account ACCOUNT APP_ID", "agent"),
    "help": ("show the manual: its pages, one of them, or where a word is explained", "metrics", "README"),
}
STDIN = "A request, a JSON object, is read from stdin unless that is a terminal; without one, give </dev/null.\n"
# Of the manual, a block of code; and outside of these a paragraph or list item, which is no heading and no table.
CODE = re.compile("(^```.*?^```$)", re.M | re.S)
PARAGRAPH = re.compile("^(?![#|])(?P<item>- )?.+(\n(?![#|]|- ).+)*", re.M)
WIDEST = 120  # as it is written
SHELL_FINDS_NONE = (126, 127)  # what it exits with where a command cannot be executed or is not there, says POSIX


def of_the_whole(word: str, name: str) -> str:
    """Return what ``word``, which is no verb, asks of the file, called by ``name``; raise ``UsageError``."""
    if word == "--version":
        return version()
    if word not in ("--help", "-h"):
        problem = f"there is no verb {word}" if word else "no verb is given"
        raise UsageError(f"{problem}{did_you_mean(word, VERBS)}; the verbs are {', '.join(VERBS)}")
    examples = "".join(f"  {name} {call}\n" for call in ("check", "measure web.cpu=4 </dev/null", "help metrics"))
    return (
        f"usage: {name} VERB [--help | options]\n\nBoth Optune drivers for a batch job, and more.\n\n"
        f"verbs:\n{_columns({verb: meaning for verb, (meaning, _, _) in VERBS.items()})}\n\nexamples:\n{examples}\n"
        "Called by the name of a verb, as by a link called adjust, it is that verb.\n"
    )


def version() -> str:
    """Return the version and the digest of the sources that run, as a line."""
    return f"{__version__} (sources sha256 {contents.digest()})\n"


def usage(verb: str, name: str) -> str:
    """Return the help of a verb; the file was called by ``name``."""
    meaning, example, page = VERBS[verb]
    rows = {}
    for option in options.of(verb):
        names = ", ".join(filter(None, (option.short, option.name)))
        rows[f"{names} {option.value}" if option.value else names] = option.meaning
    words = "".join(
        word
        for word, verbs in (
            (" [APP_ID]", ("adjust", "measure")),
            (" APP_ID", ("servo",)),
            (" [COMPONENT.SETTING=VALUE …]", ("adjust", "measure", "tune")),
            (" COMPONENT.SETTING=VALUES …", ("compare",)),
            (" [PAGE | WORD]", ("help",)),
            (" [<request]", ("adjust", "measure")),
        )
        if verb in verbs
    )
    stdin = STDIN if verb in ("adjust", "measure") else ""
    call = name if name.startswith(verb) else f"{name} {verb}"
    return (
        f"usage: {call} [options]{words}\n\n{meaning[:1].upper()}{meaning[1:]}.\n{stdin}\n"
        f"options:\n{_columns(rows)}\n\nexample:\n  {call} {example}\n\nMore: help {page}\n"
    )


def show(asked: "Options") -> None:
    """Write the list of the manual's pages, the page that the word names, or the lines that explain it.

    Raises ``UsageError`` where the manual does not have the word.
    """
    pages = contents.manual()
    word = asked.app_id or ""
    if not word:
        titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in pages.items()}
        _page(f"{_columns(titles)}\n\nhelp PAGE shows a page, help WORD where the manual has a word.\n")
    elif word.lower() in (name.lower() for name in pages):
        _page(next(text for name, text in pages.items() if name.lower() == word.lower()))
    else:
        _page(_lines_with(pages, word))


def _lines_with(pages: "Dict[str, str]", word: str) -> str:
    """Return the lines that explain a word: headings and first cells of tables, else those that have it at all."""
    plain = re.escape(word)
    whole = rf"(?<!\w){plain}(?!\w)" if word.isalnum() else plain
    for pattern in (rf"^#.*{whole}|^\| [^|]*{whole}", whole, plain):
        found: "List[str]" = []
        for name, text in pages.items():
            lines = [line for block in CODE.sub("", text).split("\n\n") for line in _matching(block, pattern)]
            if lines:
                found.append(f"{name}:\n" + "".join(f"    {line.strip()}\n" for line in lines))
        if found:
            return "\n".join([*found, "help PAGE shows the whole page\n"])
    nearest = did_you_mean(word.lower(), map(str.lower, pages))
    raise UsageError(f"the manual has nothing about {word}{nearest}; help lists its pages")


def _matching(block: str, pattern: str) -> "List[str]":
    """Return the lines of a block that match, and all of a table whose titles do."""
    lines = block.strip("\n").split("\n")
    if lines[0].startswith("|") and re.search(pattern, lines[0], re.I):
        return lines
    return [line for line in lines if re.search(pattern, line, re.I)]


def _page(text: str) -> None:
    """Write ``text``, at a terminal through $PAGER where that is set and the shell finds it."""
    if not os.isatty(answers.STDOUT):
        answers.write_text(text)
        return
    import shutil

    text = filled(text, min(shutil.get_terminal_size().columns, WIDEST))
    pager = os.environ.get("PAGER")
    if pager:
        import subprocess

        # $PAGER is a command of the person's own, and run as man(1) runs it.
        ended = subprocess.run(["/bin/sh", "-c", pager], input=text.encode("utf-8"))
        if ended.returncode not in SHELL_FINDS_NONE:
            return
    answers.write_text(text)


def filled(text: str, columns: int) -> str:
    """Return the manual's text with paragraphs and list items as wide as a terminal; code and tables stay."""
    import textwrap

    def one(paragraph: "Match[str]") -> str:
        indent = "  " if paragraph.group("item") else ""
        line = re.sub("\n *", " ", paragraph.group())
        return textwrap.fill(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)

    parts = CODE.split(text)
    parts[::2] = [PARAGRAPH.sub(one, part) for part in parts[::2]]
    return "".join(parts)


def _columns(rows: "Dict[str, str]") -> str:
    widest = max(map(width, rows))
    return "\n".join(f"  {padded(left, widest, False)}  {right}" for left, right in rows.items())

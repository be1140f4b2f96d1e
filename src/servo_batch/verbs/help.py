"""Help: what the verbs and their options are, the manual that the file carries, and which sources it runs from.

The manual is the README and the pages in manual/, each of one subject.
"""

import os
import re

from servo_batch import __version__, answers, options
from servo_batch.columns import lined_up
from servo_batch.options import UsageError
from servo_batch.wording import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

# Of each verb what it does, how it may be called, and the page of the manual that tells the rest.
VERBS = {
    "adjust": ("store settings that arguments or a request name; or say what they are", "web.cpu=4", "configuration"),
    "measure": ("run the job with the stored settings; report its time and its metrics", "web.cpu=4 --runs 3", "job"),
    "compare": ("measure combinations of settings in turns, best first", "web.cpu=1,2,4 --runs 5", "comparing"),
    "check": ("say what is wrong, and what measure would run, without running it", "--config my.yaml", "configuration"),
    "history": ("show what was measured, as a table, a picture, or for other tools", "--svg picture.svg", "history"),
    "tune": ("look for the best settings by measuring, and say if they are better", "--measurements 30", "tuning"),
    "servo": ("be the agent: do what the service says, with the drivers", "--account ACCOUNT APP_ID", "agent"),
    "help": ("show the manual: its pages, one of them, or where a word is explained", "metrics", "README"),
}
STDIN = "A request, a JSON object, is read from stdin unless that is a terminal; without one, give </dev/null.\n"
CODE = re.compile("^```.*?^```$", re.M | re.S)
# The folder that holds the package, or the archive, in which Python's loader finds files by longer paths.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


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
        f"verbs:\n{_columns({verb: meaning for verb, (meaning, _, _) in VERBS.items()})}\nexamples:\n{examples}\n"
        "Called by the name of a verb, as by a link called adjust, it is that verb.\n"
    )


def version() -> str:
    """Return the version, and the SHA-256 of what ``sha256sum`` prints of all sources in the order of their names.

    In the repository: ``cd src && find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum``.
    """
    from hashlib import sha256

    lines = [f"{sha256(source).hexdigest()}  {name}\n" for name, source in sorted(_files(".py").items())]
    return f"{__version__} (sources sha256 {sha256(''.join(lines).encode()).hexdigest()})\n"


def usage(verb: str, name: str) -> str:
    """Return the help of a verb; the file was called by ``name``."""
    meaning, example, page = VERBS[verb]
    words = " [PAGE | WORD]" if verb == "help" else " APP_ID" if verb == "servo" else ""
    words += " [COMPONENT.SETTING=VALUE …]" * (verb in options.TAKE_SETTINGS)
    reads = verb in ("adjust", "measure")
    call = name if name.startswith(verb) else f"{name} {verb}"
    return (
        f"usage: {call} [options]{' [APP_ID]' * reads}{words}{' [<request]' * reads}\n\n"
        f"{meaning[0].upper()}{meaning[1:]}.\n{STDIN * reads}\n"
        f"options:\n{_columns({option.shown: option.meaning for option in options.of(verb)})}\n"
        f"example:\n  {call} {example}{' </dev/null' * (verb == 'measure')}\n\nMore: help {page}\n"
    )


def show(word: str) -> None:
    """Write the list of the manual's pages, the page or the folder that ``word`` names or begins, or what explains it.

    Raises ``UsageError`` where the manual does not have the word. At a terminal, ``$PAGER`` shows it where that works.
    """
    files = sorted(_files(".md").items())
    pages = {name.replace("servo_batch/manual/", "")[:-3]: text.decode("utf-8") for name, text in files}
    named = [name for name in pages if word.lower() in ("", name.lower(), *name.lower().split("/"))]
    named = named or [name for name in pages if name.lower().rpartition("/")[2].startswith(word.lower())]
    if len(named) == 1:
        text = pages[named[0]]
    elif named:
        titles = {name: pages[name].partition("\n")[0].lstrip("# ") for name in named}
        text = _columns(titles) + "\nhelp PAGE shows a page, help WORD where the manual has a word.\n"
    else:
        text = _lines_with(pages, word)
    pager = os.environ.get("PAGER")
    if pager and os.isatty(answers.STDOUT):
        import subprocess

        # $PAGER is a command of the person's own, and run as man(1) runs it.
        if not subprocess.run(["/bin/sh", "-c", pager], input=text.encode("utf-8")).returncode:
            return
    answers.write_text(text)


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


def _files(ending: str) -> "Dict[str, bytes]":
    """Return the files with such an ending by their names in the archive."""
    if not os.path.isdir(ROOT):
        import zipfile

        with zipfile.ZipFile(ROOT) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name.endswith(ending)}
    import glob

    paths = {
        os.path.relpath(path, ROOT): path for path in glob.glob(f"{glob.escape(ROOT)}/**/*{ending}", recursive=True)
    }
    readme = os.path.join(os.path.dirname(ROOT), "README.md")
    if ending == ".md" and os.path.isfile(readme):
        paths["README.md"] = readme
    found = {}
    for name, path in paths.items():
        with open(path, "rb") as stream:
            found[name] = stream.read()
    return found


def _columns(rows: "Dict[str, str]") -> str:
    return "".join(f"  {line}\n" for line in lined_up([(list(rows), False), (list(rows.values()), False)]))

"""Help: what the verbs and their options are, the manual that the file carries, and which sources it runs from.

The manual is the README and the pages in manual/, each of one subject.
"""

import os
from typing import Dict

from servo_batch import __version__
from servo_batch.answers import Answer
from servo_batch.columns import lined_up
from servo_batch.options import USAGE, Options, UsageError, of
from servo_batch.wording import did_you_mean

# Of each verb what it does, how it may be called, and the page of the manual that tells the rest.
VERBS = {
    "adjust": ("store settings that arguments or a request name; or say what they are", "web.cpu=4", "configuration"),
    "measure": ("run the job with the stored settings; report its time and its metrics", "web.cpu=4 </dev/null", "job"),
    "compare": ("measure combinations of settings in turns, best first", "web.cpu=1,2,4 --runs 5", "comparing"),
    "check": ("say what is wrong, and what measure would run, without running it", "--config my.yaml", "configuration"),
    "history": ("show what was measured, as a table, a picture, or for other tools", "--svg picture.svg", "history"),
    "tune": ("look for the best settings by measuring, and say if they are better", "--measurements 30", "tuning"),
    "servo": ("be the agent: do what the service says, with the drivers", "--account ACCOUNT APP_ID", "agent"),
    "help": ("show the manual: its pages, one of them, or where it has a word", "help metrics", "README"),
}
WHOLE = "both Optune drivers for a batch job, and what measures, compares and tunes one without Optune"
READS = "A request, a JSON object, is read from stdin unless that is a terminal; without one, give </dev/null.\n"
# The folder that holds the package, or the archive, in which Python's loader finds files by longer paths.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def help(options: Options) -> Answer:
    """Answer --version and --help of any verb, and the verb help; raise ``UsageError``."""
    if options.question == "--version":
        text = version()
    elif options.question == "--help":
        text = usage(options.verb, options.call)
    else:
        text = manual(options.app_id or "")
    return Answer({"text": text}, lambda: text, verbatim=True)


def version() -> str:
    """Return the version, and the SHA-256 of what ``sha256sum`` prints of all sources in the order of their names.

    In the repository: ``cd src && find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum``.
    """
    from hashlib import sha256

    lines = [f"{sha256(source).hexdigest()}  {name}\n" for name, source in sorted(_files(".py").items())]
    return f"{__version__} (sources sha256 {sha256(''.join(lines).encode()).hexdigest()})\n"


def usage(verb: str, call: str) -> str:
    """Return the help of a verb, which was called by ``call``; that of the verb help is the help of the whole."""
    meaning, example, page = VERBS[verb]
    meaning = WHOLE if verb == "help" else meaning
    reads = READS if "<request" in USAGE[verb] else ""
    verbs = _section("verbs", {verb: meaning for verb, (meaning, _, _) in VERBS.items()}) if verb == "help" else ""
    options = _section("options", {option.shown: option.meaning for option in of(verb)})
    return (
        f"usage: {call} {USAGE[verb]}\n\n{meaning[0].upper()}{meaning[1:]}.\n{reads}\n"
        f"{verbs}{options}example:\n  {call} {example}\n\nMore: help {page}\n"
    )


def manual(word: str) -> str:
    """Return the page whose name, or folder, ``word`` begins, the list of several such, or the lines that have it.

    Raises ``UsageError`` where the manual does not have the word.
    """
    files = sorted(_files(".md").items())
    pages = {name.replace("servo_batch/manual/", "")[:-3]: text.decode("utf-8") for name, text in files}
    word = word.lower()
    named = [name for name in pages if f"/{word}" in f"/{name.lower()}"]
    if len(named) == 1:
        return pages[named[0]]
    if named:
        return _section("help PAGE shows a page", {name: pages[name].partition("\n")[0].lstrip("# ") for name in named})
    lines = [f"{name}: {line}\n" for name in pages for line in pages[name].split("\n") if word in line.lower()]
    if not lines:
        nearest = did_you_mean(word, map(str.lower, pages))
        raise UsageError(f"the manual has nothing about {word}{nearest}; help lists its pages")
    return "".join(lines)


def _files(ending: str) -> Dict[str, bytes]:
    """Return the files with such an ending by their names in the archive."""
    if os.path.isdir(ROOT):
        from pathlib import Path

        paths = Path(ROOT).glob(f"**/*{ending}")
        return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    from zipfile import ZipFile

    with ZipFile(ROOT) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(ending)}


def _section(title: str, rows: Dict[str, str]) -> str:
    lines = lined_up([(list(rows), False), (list(rows.values()), False)])
    return f"{title}:\n" + "".join(f"  {line}\n" for line in lines) + "\n"

"""What in a command is allowed and may still not be what was meant: a sentence each, for ``check``."""

import re

from servo_batch.command.template import Placeholder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Mapping, Sequence, Union

    from servo_batch.command.template import Parts

QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)#[^\n]*""", re.S)
PIPED = re.compile(r"([^|;&\n(]+)(?<![|>])\|(?!\|)")
FEEDERS = frozenset(("echo", "printf", "cat", "seq", "yes", "exec"))  # what ends well, or whose end says nothing
BACKGROUND = re.compile(r"(?<![&><|\\])&(?![&>])")
DOUBLED = re.compile(r"\{\{(\w+)[.\[][^{}\s]*\}\}")
LOOK_ALIKES = {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u00a0": "a blank", "\u2013": "-"}
OF_THE_SHELL = re.compile(r"(&&|\|\|?|;|&|\d?>>?(&\d|\S*)|<\S*)\Z")
# Whatever evaluates a text again, and so a variable in it.
EVALUATES = re.compile(
    r"\beval\b|\(\(|\$\[|\blet\s|\s-(?:eq|ne|lt|le|gt|ge)\s|\bssh\b|\bmake\b|sh(?:\s+-\S+)*\s+-\w*c\s+\"[^\"]*\$"
)


def warnings(
    value: "Union[str, Sequence[str]]", environment: "Mapping[str, Parts]", names: "Mapping[str, Any]"
) -> "List[str]":
    """Return what may be a slip in a command as it is configured, with its environment and the names it can use."""
    return list(dict.fromkeys([*_of_text(value, names), *_of_script(value), *_of_variables(value, environment)]))


def _of_text(value: "Union[str, Sequence[str]]", names: "Mapping[str, Any]") -> "Iterator[str]":
    text = value if isinstance(value, str) else "\n".join(value)
    for match in DOUBLED.finditer(text):
        if match.group(1) in names:
            yield f"{match.group()} has doubled braces, so it is no placeholder: write {match.group()[1:-1]}"
    for char, meant in LOOK_ALIKES.items():
        if char in text:
            what = "a no-break space" if char == "\u00a0" else char
            yield f"it has {what} in it, which a shell takes for a letter: write {meant}, if that is meant"


def _of_script(value: "Union[str, Sequence[str]]") -> "Iterator[str]":
    if not isinstance(value, str):
        for item in value[1:]:
            if OF_THE_SHELL.match(item):
                yield f"the item {item} is an argument, since a list has no shell: write [sh, -c, SCRIPT], or a string"
        return
    script = QUOTED.sub(lambda match: " x " if match.group()[0] in "'\"" else "  ", value)
    if re.search(r"\\[ \t]+\S", value):
        yield "it has a backslash before a blank, as a folded text makes of a continued line: leave the backslash out"
    if BACKGROUND.search(script) and not re.search(r"(?<![\w./-])wait\b", script):
        yield (
            "it leaves work in the background, which the time does not cover and nobody stops in the end: write wait "
            "behind it"
        )
    for match in PIPED.finditer(script):
        program = (match.group(1).split() or [""])[0]
        if program not in FEEDERS and "pipefail" not in value:
            yield (
                f"where {program} fails, the pipeline does not, and the job counts as one that ended well: write its "
                "output to a file (> FILE) or use --keep-output in the place of tee, or give the list [bash, -o, "
                "pipefail, -c, SCRIPT]"
            )


def _of_variables(value: "Union[str, Sequence[str]]", environment: "Mapping[str, Parts]") -> "Iterator[str]":
    text = value if isinstance(value, str) else " ".join(value)
    evaluating = EVALUATES.search(text)
    for name, parts in environment.items():
        is_free = any(isinstance(part, Placeholder) and part.kind != "listed" for part in parts)
        if evaluating and is_free and (name in text or evaluating.group() == "make"):
            yield (
                f'{name} holds free text, and `{evaluating.group().strip()}` may evaluate it: give it as "${name}" to '
                "the program itself, in double quotes, and to an inner shell in single ones: sh -c 'job \"$%s\"'" % name
            )

"""What in a command is allowed and may still not be what was meant: a sentence each, for ``check``."""

import re

from servo_batch.command.places import QUOTED
from servo_batch.command.template import Placeholder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Mapping, Sequence, Union

    from servo_batch.command.template import Parts

PIPE = re.compile(r"(?<![|>])\|(?!\|)")
FEEDERS = ("echo", "printf", "cat", "seq", "yes")  # what ends well, or whose end says nothing
BACKGROUND = re.compile(r"(?<![&><|])&(?![&>])")
DOUBLED = re.compile(r"\{(\{(\w+)[.\[][^{}\s]*\})\}")
LOOK_ALIKES = {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u00a0": "a blank"}
OF_THE_SHELL = re.compile(r"(&&|\|\|?|;|&|\d?>>?(&\d|\S*)|<\S*)\Z")
EVALUATES = re.compile(
    r"\beval\b|\(\(|\$\[|\blet\s|\s-(?:eq|ne|lt|le|gt|ge)\s|\bssh\b|\bmake\b|\b\w{0,3}sh(?:\s+-\S+)*\s+-\w*c\s+\"[^\"]*\$"
)


def warnings(
    value: "Union[str, Sequence[str]]", environment: "Mapping[str, Parts]", names: "Mapping[str, Any]"
) -> "Iterator[str]":
    """Yield what may be a slip in a command as it is configured, with its environment and the names it can use."""
    text = value if isinstance(value, str) else "\n".join(value)
    for match in DOUBLED.finditer(text):
        if match.group(2) in names:
            yield f"{match.group()} has doubled braces, so it is no placeholder: write {match.group(1)}"
    for char in filter(text.__contains__, LOOK_ALIKES):
        shown = char if char.isprintable() else "a no-break space"
        yield f"it has {shown} in it, a letter like others to a shell: write {LOOK_ALIKES[char]}, if that is meant"
    evaluating = EVALUATES.search(text)
    for name, parts in environment.items():
        is_free = any(isinstance(part, Placeholder) and part.kind != "listed" for part in parts)
        if evaluating and is_free and (name in text or evaluating.group() == "make"):
            yield (
                f'{name} holds free text, and `{evaluating.group().strip()}` may evaluate it: give "${name}" to the '
                f"program itself, in double quotes, and single ones around an inner script: sh -c './job \"${name}\"'"
            )
    if isinstance(value, str):
        yield from _of_script(value)
    else:
        for item in filter(OF_THE_SHELL.match, value[1:]):
            yield f"the item {item} is an argument, since a list has no shell: write [sh, -c, SCRIPT], or a string"


def _of_script(value: str) -> "Iterator[str]":
    script = QUOTED.sub(lambda match: "x" if match.group()[0] in "'\"" else "", value)
    if re.search(r"\\[ \t]+\S", value):
        yield "it has a backslash before a blank, as a folded text makes of a continued line: leave the backslash out"
    if BACKGROUND.search(script) and not re.search(r"(?<![\w./-])wait\b", script):
        yield "it leaves work in the background, of which the time knows nothing: write wait at the end"
    piped = (re.split(r"[;\n(]|\|\||(?<![<>])&", each)[-1].split() for each in PIPE.split(script)[:-1])
    for program in dict.fromkeys(words[0] for words in piped if words):
        if program not in FEEDERS and "pipefail" not in value:
            yield (
                f"where {program} fails, the pipeline does not, and the job counts as one that ended well: write its "
                "output to a file (> FILE) or use --keep-output in the place of tee, or give the list [bash, -o, "
                "pipefail, -c, SCRIPT]"
            )

"""What in a command is allowed and may still not be what was meant: a sentence each, for ``check``."""

import re
from typing import Any, Iterator, Mapping, Sequence, Union

from servo_batch.command.places import QUOTED
from servo_batch.command.template import Template

# A pipeline whose first command may fail: echo, printf and cat do not, or their end says nothing.
PIPELINE = re.compile(r"(?:\A|[;&|(\n])\s*(?!echo\b|printf\b|cat\b)[^\s;&|(](?:>&|[^;&|(\n])*(?<!>)\|(?!\|)")
BACKGROUND = re.compile(r"(?<![&><|])&(?![&>])")
DOUBLED = re.compile(r"\{(\{(\w+)[.\[][^{}\s]*\})\}")
EVALUATES = re.compile(
    r"\beval\b|\btrap\s+\"[^\"]*\$|\(\(|\$\[|\blet\s|\s-(?:eq|ne|lt|le|gt|ge)\s|\bssh\b|\bmake\b|\b(?:declare|typeset|local)\s+-\w*i"
    r"|\|\s*\w{0,3}sh\b|\b\w{0,3}sh\s*<<|\b\w{0,3}sh(?:\s+-\S+)*\s+-\w*c\s+(?:'[^']*')*\"(?:\\.|[^\"])*\$"
)


def warnings(
    value: Union[str, Sequence[str]], environment: Mapping[str, Template], names: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what may be a slip in a configured command, with its environment and the names it can use."""
    text = value if isinstance(value, str) else "\n".join(value)
    for match in DOUBLED.finditer(text):
        if match.group(2) in names:
            yield f"{match.group()} has doubled braces, so it is no placeholder: write {match.group(1)}"
    evaluating = EVALUATES.search(text)
    for name, template in environment.items():
        is_free = any(part.kind != "listed" for part in template.placeholders)
        if evaluating and is_free and (name in text or evaluating.group() == "make"):
            yield (
                f'{name} holds free text, and `{evaluating.group().strip()}` may evaluate it: give "${name}" to the '
                f"program itself, in double quotes, with single ones around a script: sh -c './job \"${name}\"'"
            )
    script = QUOTED.sub(lambda match: "x" if match.group()[0] in "'\"" else "", text) if text is value else ""
    if BACKGROUND.search(script) and not re.search(r"(?<![\w./-])wait\b", script):
        yield "it leaves work in the background, of which the time knows nothing: write wait at the end"
    if PIPELINE.search(script) and "pipefail" not in text:
        yield (
            "where a command in a pipeline fails, the job counts as one that ended well unless it is the last: write "
            "to a file (> FILE), or give the list [bash, -o, pipefail, -c, SCRIPT]"
        )

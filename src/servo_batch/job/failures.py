"""A command that did not end well, as the person has to see it who mends it."""

import shlex
from typing import Sequence

from servo_batch.answers import Details
from servo_batch.job.output import Output

TAIL_BYTES = 4096


def as_typed(arguments: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    is_shell = list(arguments[:2]) == ["/bin/sh", "-c"] and len(arguments) == 3
    return arguments[2] if is_shell else " ".join(shlex.quote(each) for each in arguments)


def details(arguments: Sequence[str], output: Output) -> Details:
    """Return the command and the end of what it printed."""
    printed = []
    for name in ("stderr", "stdout"):
        size = output.size(name)
        heading = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size) if size > TAIL_BYTES else name
        printed.append((heading, output.tail(name, TAIL_BYTES).rstrip("\n") if size else None))
    return Details(as_typed(arguments), printed)

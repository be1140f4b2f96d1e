"""What would have matched where a pattern does not: the other stream, or the same text written otherwise.

It may take as long as the pattern does, so whoever asks sets a limit.
"""

import re
from typing import Mapping, Optional, Union

from servo_batch.metrics.convert import NoMatch
from servo_batch.metrics.find import find, line
from servo_batch.metrics.sources import OutputJson, OutputRegex
from servo_batch.metrics.written import Output
from servo_batch.wording import shown

# So much of an output, its end, is rewritten in search of what would have matched.
MAX_REWRITTEN = 1 << 20
COLOUR = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]")  # ECMA-48
RETURN = re.compile(rb"\r+\n?")


def hint(metric: Union[OutputRegex, OutputJson], output: Output, others: Mapping[str, Output]) -> Optional[str]:
    """Return in words what would have matched in ``output``, or matches in one of ``others``, or None."""
    for name, other in others.items():
        try:
            match = find(metric, other).match
        except NoMatch:
            continue
        return "it matches%s in %s: add stream: %s" % (" " + shown(line(match)) if match else "", name, name)
    if isinstance(metric, OutputJson):
        return None
    pattern, end = metric.pattern, output[-MAX_REWRITTEN:]
    any_case = re.compile(pattern.pattern, pattern.flags | re.IGNORECASE)
    for altered, text, words in (
        (pattern, RETURN.sub(b"\n", end), r"each \r ended a line: let the pattern take it, by \s*"),
        (pattern, COLOUR.sub(b"", end), "the colour codes were not there: have the job print none"),
        (any_case, end, "case did not count: begin the pattern with (?i)"),
    ):
        match = altered.search(text)
        if match and match.group(1):
            return "it would match %s if %s" % (shown(line(match)), words)
    return None

r"""A number that a pattern found → the longer one that it was cut out of: ``10.3k`` for ``10.3``, ``-5`` for ``5``.

That is meant where the pattern asks for what stands beside the number, as ``(\d+)ms`` and ``^\d+,(\d+)`` do, and
``(\d+).*`` does not.
"""

import re
from typing import Match, Optional

# So far a number is looked for beside a value, and so far around a match the pattern is tried again, in bytes.
REACH = 100
CONTEXT = 200
# Bytes that are not UTF-8 are letters: in Latin-1 they are µ.
LENIENT = ("utf-8", "surrogateescape")
LETTER = r"[^\W_]|[\udc80-\udcff]"
# What joins digits to one number: also the quotes and blanks that locales group them by.
JOINT = "[.,:_'\u2019\xa0\u202f\u2009]"
SIGN_OF_EXPONENT = "(?<=[eE])[+-]"
AFTER = re.compile("(?:%s|%s(?=[0-9])|%s(?=[0-9]))+" % (LETTER, JOINT, SIGN_OF_EXPONENT))
# A minus that is no dash between words or numbers; then what begins with a digit and is no word, or digits at the end
# of a word, or a decimal point.
BEFORE = re.compile(
    r"(?:(?<![\w.)\]\"'-])[-\u2212])?(?:(?<![\w.])\.?[0-9](?:%s|%s|%s)*|[0-9]+|(?<![\w.])\.)?\Z"
    % (LETTER, JOINT, SIGN_OF_EXPONENT)
)
# Without what stands beside a number, and with something that no pattern for a number names.
REPLACEMENTS = (b"", b"~")


def whole(match: "Match[bytes]") -> Optional[str]:
    """Return the longer number that a match's first group, a number, is cut out of, or None."""
    output, group = match.string, match.group(1)
    begin = match.start(1) + len(group) - len(group.lstrip())
    end = begin + len(group.strip())
    near = output[max(0, begin - REACH) : begin]
    before = BEFORE.search(near.rsplit(None, 1)[-1].decode(*LENIENT)) if near.rstrip() == near != b"" else None
    after = AFTER.match(output[end : end + REACH].decode(*LENIENT))
    left = before.group().encode(*LENIENT) if before else b""
    right = after.group().encode(*LENIENT) if after else b""
    if left and _asks_for(match, begin - len(left), begin, begin, end):
        left = b""
    if right and _asks_for(match, end, end + len(right), begin, end):
        right = b""
    if not left and not right:
        return None
    return (left + output[begin:end] + right).decode("utf-8", "replace")


def _asks_for(match: "Match[bytes]", begin: int, end: int, number: int, number_end: int) -> bool:
    """Tell whether a pattern needs what stands from ``begin`` to ``end``, beside the number, to find this number."""
    output = match.string
    start = min(match.start(), begin)
    low = max(0, start - CONTEXT)
    high = max(match.end(), end) + CONTEXT
    for replacement in REPLACEMENTS:
        shift = -low + (len(replacement) - (end - begin) if end <= number else 0)
        again = match.re.search(output[low:begin] + replacement + output[end:high], start - low)
        if again and again.start(1) <= number + shift and number_end + shift <= again.end(1):
            return False
    return True

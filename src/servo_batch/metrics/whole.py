r"""A number that a pattern found → the longer one that it was cut out of: ``10.3k`` for ``10.3``, ``-5`` for ``5``.

That is meant where the pattern asks for what stands beside the number, as ``(\d+)ms`` and ``^\d+,(\d+)`` do, and
``(\d+).*`` does not.
"""

import re
from typing import Match, Optional

# So far around a match a number is looked for, and the pattern tried again, in bytes.
REACH = 200
# Bytes that are not UTF-8 are letters: in Latin-1 they are µ.
LENIENT = ("utf-8", "surrogateescape")
LETTER = r"[^\W_]|[\udc80-\udcff]"
# What joins digits to one number: also the quotes and blanks that locales group them by, and the sign of an exponent.
JOINT = "(?:[.,:_'\u2019\xa0\u202f\u2009]|(?<=[eE])[+-])"
AFTER = re.compile("(?:%s|%s(?=[0-9]))*" % (LETTER, JOINT))
# A minus that is no dash between words or numbers; then what begins with a digit and is no word, or digits at the end
# of a word, or a decimal point.
BEFORE = re.compile(
    r"(?:(?<![\w.)\]\"'-])[-\u2212])?(?:(?<![\w.])\.?[0-9](?:%s|%s)*|[0-9]+|(?<![\w.])\.)?\Z" % (LETTER, JOINT)
)


def whole(match: "Match[bytes]") -> Optional[str]:
    """Return the longer number that a match's first group, a number, is cut out of, or None."""
    output, group = match.string, match.group(1)
    begin = match.start(1) + len(group) - len(group.lstrip())
    end = begin + len(group.strip())
    # Only the word before it: to search all that stands there takes ten times as long.
    token = (output[max(0, begin - REACH) : begin] + b"|").rsplit(None, 1)[-1][:-1]
    left = BEFORE.search(token.decode(*LENIENT)).group()  # type: ignore[union-attr]
    right = AFTER.match(output[end : end + REACH].decode(*LENIENT)).group()  # type: ignore[union-attr]
    first, last = begin - len(left.encode(*LENIENT)), end + len(right.encode(*LENIENT))
    if left and _asks_for(match, begin, end, first, begin):
        first = begin
    if right and _asks_for(match, begin, end, end, last):
        last = end
    return None if (first, last) == (begin, end) else output[first:last].decode("utf-8", "replace")


def _asks_for(match: "Match[bytes]", number: int, number_end: int, begin: int, end: int) -> bool:
    """Tell whether a pattern needs what stands from ``begin`` to ``end``, beside the number, to find this number."""
    output = match.string
    start = min(match.start(), begin)
    low, high = max(0, start - REACH), max(match.end(), end) + REACH
    for replacement in (b"", b"~"):  # without what stands there, and with something that no pattern for a number names
        shift = -low + (len(replacement) - (end - begin) if end <= number else 0)
        again = match.re.search(output[low:begin] + replacement + output[end:high], start - low)
        if again and again.start(1) <= number + shift and number_end + shift <= again.end(1):
            return False
    return True

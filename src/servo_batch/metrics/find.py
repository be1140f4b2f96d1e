"""What a pattern or a path finds in an output: the value that counts, or why there is none and what would be one."""

import math
import re
from collections import deque
from contextlib import suppress
from itertools import islice
from typing import Any, List, Mapping, Match, Optional

from servo_batch.metrics import json_path
from servo_batch.metrics.convert import NoMatch, Number, Value, read
from servo_batch.metrics.sources import Metric
from servo_batch.metrics.written import Contents
from servo_batch.wording import SEQUENCE, shown

ONE = (None, "first", "last")  # what ``take`` is where one match counts
# So much of an output, its end, is rewritten in search of what would have matched.
MAX_REWRITTEN = 1 << 20
RETURN = re.compile(rb"\r+\n?")
# So far around a match a number is looked for, and the pattern tried again, in bytes.
REACH, FAR_REACH = 200, 1 << 16
# Bytes that are not UTF-8 are letters: in Latin-1 they are µ.
LENIENT = ("utf-8", "surrogateescape")
LETTER = r"[^\W_]|[\u207b\udc80-\udcff]"  # and the minus of an exponent
# What joins digits to one number: also the quotes and blanks that locales group them by, and what makes an exponent.
JOINT = "(?:[.,:_'\u2019\xa0\u202f\u2009]|\\^-?|[\xd7\xb7*](?=10[*^\xb2\xb3\xb9\u2070-\u207b])|(?<=[eE])[+-])"
AFTER = re.compile("(?:%s|%s(?=[0-9]))*" % (LETTER, JOINT))
# A minus that is no dash between words or numbers; then what begins with a digit and is no word, or digits at the end
# of a word, or a decimal point.
BEFORE = re.compile(
    r"(?:(?<![\w.)\]\"'-])[-\u2212])?(?:(?<![\w.])\.?[0-9](?:%s|%s)*|[0-9]+|(?<![\w.])\.)?\Z" % (LETTER, JOINT)
)


def find(metric: Metric, output: Contents) -> Value:
    """Return what a metric that is searched for finds in ``output``; raise ``NoMatch``."""
    if metric.source == "output_json":
        value = json_path.look_up(metric.parsed, output)
        return read(value, metric.convert) if isinstance(value, str) else value
    matches = metric.parsed.finditer(output)
    if metric.take == "count":
        return sum(1 for match in matches if match.group(1))
    if metric.take in ONE:
        matches = deque(matches, maxlen=1) if metric.take == "last" else islice(matches, 1)
    values: List[Any] = [_judged(metric, match) for match in matches]
    if not values:
        raise NoMatch
    return values[0] if metric.take in ONE else _figure(metric.take, values)


def _judged(metric: Metric, match: "Match[bytes]") -> Value:
    """Return the value of a match, which is its first group; raise ``NoMatch`` where there is none.

    There is none either where it is only a part of a number, and where it is text and ``take`` needs a number.
    """
    group = match.group(1)
    if not group or not group.strip():
        raise NoMatch("line %d matches, but the first group took no part or nothing" % _line(match))
    text = group.decode("utf-8", "replace")
    value = read(text, metric.convert)
    longer = None if isinstance(value, str) else _longer(match, metric.convert)
    if longer:
        remedy = "let the group take all of it (convert: si, binary and duration read what has a unit), or let the "
        problem = "is only a part of %s: %spattern name what stands beside it" % (shown(longer), remedy)
    elif isinstance(value, str) and metric.take not in ONE:
        problem = "is no number, and take: %s needs one" % metric.take
    else:
        return value
    raise NoMatch("%s in line %d %s" % (shown(text.strip()), _line(match), problem))


def _longer(match: "Match[bytes]", convert: Optional[str]) -> Optional[str]:
    r"""Return the number that a match's first group was cut out of, ``10.3k`` for ``10.3``, ``-5`` for ``5``, or None.

    With ``convert`` the next word is a part of it if that is a unit which makes it another number. The group is meant
    where the pattern asks for what is beside it, as ``(\d+)ms`` and ``^\d+,(\d+)`` do, and ``(\d+).*`` does not.
    """
    output, group = match.string, match.group(1)
    begin = match.start(1) + len(group) - len(group.lstrip())
    end = begin + len(group.strip())
    # Only the word before it: to search all that stands there takes ten times as long.
    token = (output[max(0, begin - REACH) : begin] + b"|").rsplit(None, 1)[-1][:-1]
    left = BEFORE.search(token.decode(*LENIENT)).group()  # type: ignore[union-attr]
    rest = output[end : end + REACH].decode(*LENIENT)
    right = AFTER.match(rest).group()  # type: ignore[union-attr]
    unit = re.match(r"(?: {1,2}|\t)([^\W0-9_]+)(?!\w)", rest) if convert and not right else None
    bare = group.strip().decode(*LENIENT)
    if unit and not isinstance(read(bare), str):
        with suppress(NoMatch):
            right = unit.group() if read(bare + unit.group(1), convert) != read(bare) else ""
    first, last = begin - len(left.encode(*LENIENT)), end + len(right.encode(*LENIENT))
    if left and _asks_for(match, begin, end, first, begin):
        first = begin
    if right and _asks_for(match, begin, end, end, last):
        last = end
    return None if (first, last) == (begin, end) else output[first:last].decode("utf-8", "replace")


def _asks_for(match: "Match[bytes]", number: int, number_end: int, begin: int, end: int) -> bool:
    """Tell whether a pattern needs what stands from ``begin`` to ``end``, beside the number, to find this number.

    Where that is a digit of the same number, a part of it found without is the number, too.
    """
    output = match.string
    start = min(match.start(), begin)
    is_cut = output[begin : begin + 1].isdigit() if number_end == begin else output[end - 1 : end].isdigit()

    def finds_it(beside: bytes, reach: int) -> bool:
        low, high = max(0, start - reach), max(match.end(), end) + reach
        shift = -low + (len(beside) - (end - begin) if end <= number else 0)
        again = match.re.search(output[low:begin] + beside + output[end:high], start - low)
        first, last = again.span(1) if again else (-1, -1)
        if is_cut:
            return first < number_end + shift and number + shift < last
        return 0 <= first <= number + shift and number_end + shift <= last

    for reach in (REACH, FAR_REACH):
        if finds_it(output[begin:end], reach):  # as it is: all that it asks for is within reach
            # Without what stands there, and with something that no pattern for a number names.
            return not finds_it(b"", reach) and not finds_it(b"~", reach)
    return False


def _figure(take: str, numbers: List[Number]) -> Number:
    """Return the least, the greatest, the sum or the mean: of whole numbers exactly, of others the nearest float."""
    if take in ("min", "max"):
        return min(numbers) if take == "min" else max(numbers)
    try:
        total = sum(numbers) if all(isinstance(each, int) for each in numbers) else math.fsum(numbers)
        return total / len(numbers) if take == "mean" else total
    except OverflowError:
        raise NoMatch("the sum is more than a number can be") from None


def _line(match: "Match[bytes]") -> int:
    """Return the number, from 1, of the line that a match's first group, or where it took no part the match, is on."""
    place = max(match.start(), match.start(1))
    return 1 + sum(1 for _ in re.compile(b"\n").finditer(match.string, 0, place))


def hint(metric: Metric, streams: Mapping[str, Contents]) -> Optional[str]:
    """Return in words where or how the metric would match, or None; ``streams`` are what the job printed.

    It may take as long as the pattern does, so whoever asks sets a limit.
    """
    end = streams[metric.stream][-MAX_REWRITTEN:]
    tried = [(metric, streams[name], f"in {name}: add stream: {name}") for name in streams if name != metric.stream]
    tried += [
        (metric, RETURN.sub(b"\n", end), r"if each \r ended a line: let the pattern take it, by \s*"),
        (metric, re.sub(SEQUENCE.encode(), b"", end), "if the colour codes were not there: have the job print none"),
    ]
    if metric.source == "output_regex":
        any_case = re.compile(metric.parsed.pattern, metric.parsed.flags | re.IGNORECASE)
        tried.append((metric._replace(parsed=any_case), end, "if case did not count: begin the pattern with (?i)"))
    for each, output, words in tried:
        try:
            return f"it would be {shown(find(each, output))} {words}"
        except NoMatch as none:
            if str(none) and metric.source == "output_regex":  # a pattern matches there, but not what is a value
                return f"it would match {words}; but then {none}"
    return None

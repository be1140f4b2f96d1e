"""What a pattern or a path finds in an output: the value that counts, or why there is none."""

import math
from typing import Iterator, Match, NamedTuple, Optional, Tuple, Union

from servo_batch.metrics import json_path
from servo_batch.metrics.convert import NoMatch, Value, converted, read, value_of
from servo_batch.metrics.sources import CONVERSIONS, OutputJson, OutputRegex
from servo_batch.metrics.whole import whole
from servo_batch.metrics.written import Output
from servo_batch.wording import shown

CHUNK = 1 << 20


class Found(NamedTuple):
    """A value, and the match that it was taken from, where it was one."""

    value: Value
    match: "Optional[Match[bytes]]" = None


def find(metric: Union[OutputRegex, OutputJson], output: Output) -> Found:
    """Return what a metric finds in ``output``; raise ``NoMatch``."""
    if isinstance(metric, OutputJson):
        value = json_path.look_up(metric.keys, output)
        return Found(read(value, metric.convert) if isinstance(value, str) else value)
    take = metric.take or "first"
    matches = metric.pattern.finditer(output)
    if take == "count":
        return Found(sum(1 for match in matches if match.group(1)))
    if take == "last":
        matches = (match for match in [census(metric, output)[1]] if match)
    values = (Found(judged(match, metric.convert, take), match) for match in matches)
    if take in ("sum", "mean"):
        found = _total(values, take == "mean")
    elif take in ("min", "max"):
        found = (min if take == "min" else max)(values, key=lambda each: each.value, default=None)
    else:
        found = next(values, None)
    if found is None:
        raise NoMatch
    return found


def census(metric: OutputRegex, output: Output) -> "Tuple[int, Optional[Match[bytes]]]":
    """Return how many matches there are, and the last."""
    count, last = 0, None
    for last in metric.pattern.finditer(output):  # noqa: B007
        count += 1
    return count, last


def judged(match: "Match[bytes]", convert: Optional[str], take: str = "first") -> Value:
    """Return the value of a match, which is its first group; raise ``NoMatch`` where there is none.

    There is none either where it is only a part of a number, and where it is text and ``take`` needs a number.
    """
    group = match.group(1)
    if group is None or not group.strip():
        why = "the first group took no part" if group is None else "the first group is empty there"
        raise NoMatch("line %d, %s, matches, but %s" % (line_number(match), shown(line(match)), why))
    value = read(group.decode("utf-8", "replace"), convert)
    longer = None if isinstance(value, str) else whole(match)
    if longer is None and (take in ("first", "last") or not isinstance(value, str)):
        return value
    found = "%s in line %d" % (shown(group.decode("utf-8", "replace").strip()), line_number(match))
    if longer is None:
        raise NoMatch("%s is no number, and take: %s needs one" % (found, take))
    conversions = " or ".join(each for each in CONVERSIONS if converted(longer, each) is not None)
    is_plain = not conversions or not isinstance(value_of(longer), str)
    remedy = "let the group take all of it" + ("" if is_plain else " and add convert: " + conversions)
    text = "%s is only a part of %s: %s, or let the pattern name what stands beside it"
    raise NoMatch(text % (found, shown(longer), remedy))


def _total(numbers: Iterator[Found], is_mean: bool) -> Optional[Found]:
    """Return the sum or the mean, of whole numbers exactly, of others as the nearest float."""
    count = integers = 0

    def floats() -> Iterator[float]:
        nonlocal count, integers
        for value, _ in numbers:
            count += 1
            if isinstance(value, int):
                integers += value
            else:
                yield float(value)

    try:
        rest = math.fsum(floats())
        total = integers + rest if rest else integers
        return Found(total / count if is_mean else total) if count else None
    except OverflowError:
        raise NoMatch("the sum is more than a number can be") from None


def line_number(match: "Match[bytes]") -> int:
    """Return the line, from 1, that a match's first group stands on, or its begin where the group took no part."""
    place = _place(match)
    return 1 + sum(match.string[at : min(at + CHUNK, place)].count(b"\n") for at in range(0, place, CHUNK))


def line(match: "Match[bytes]") -> str:
    """Return that line, or the beginning of a long one."""
    begin = match.string.rfind(b"\n", 0, _place(match)) + 1
    return match.string[begin : begin + CHUNK].partition(b"\n")[0].decode("utf-8", "replace")


def _place(match: "Match[bytes]") -> int:
    return max(match.start(0), match.start(1))

"""What a pattern or a path finds in an output: the value that counts, or why there is none and what would be one."""

import math
import re
from collections import deque
from typing import Iterable, List, Mapping, Match, NamedTuple, Optional, Tuple

from servo_batch.metrics import json_path
from servo_batch.metrics.convert import NoMatch, Number, Value, read
from servo_batch.metrics.sources import Metric
from servo_batch.metrics.whole import whole
from servo_batch.metrics.written import Output
from servo_batch.wording import shown

CHUNK = 1 << 20
# So much of an output, its end, is rewritten in search of what would have matched.
MAX_REWRITTEN = 1 << 20
COLOUR = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]")  # ECMA-48
RETURN = re.compile(rb"\r+\n?")


class Found(NamedTuple):
    """A value, and the match that it was taken from, where it was one."""

    value: Value
    match: "Optional[Match[bytes]]" = None


def find(metric: Metric, output: Output) -> Found:
    """Return what a metric that is searched for finds in ``output``; raise ``NoMatch``."""
    if metric.source == "output_json":
        value = json_path.look_up(metric.parsed, output)
        return Found(read(value, metric.convert) if isinstance(value, str) else value)
    matches: "Iterable[Match[bytes]]" = metric.parsed.finditer(output)
    if metric.take == "count":
        return Found(sum(1 for match in matches if match.group(1)))
    if metric.take == "last":
        matches = deque(matches, maxlen=1)
    values = (Found(judged(metric, match), match) for match in matches)
    if metric.take in ("min", "max"):
        found = (min if metric.take == "min" else max)(values, key=lambda each: each.value, default=None)
    elif metric.take in ("sum", "mean"):
        found = _total([each.value for each in values], metric.take == "mean")  # type: ignore[misc]
    else:
        found = next(values, None)
    if found is None:
        raise NoMatch
    return found


def judged(metric: Metric, match: "Match[bytes]") -> Value:
    """Return the value of a match, which is its first group; raise ``NoMatch`` where there is none.

    There is none either where it is only a part of a number, and where it is text and ``take`` needs a number.
    """
    group = match.group(1)
    if not group or not group.strip():
        number, where = line(match)
        raise NoMatch("line %d, %s, matches, but the first group took no part or nothing" % (number, shown(where)))
    text = group.decode("utf-8", "replace")
    value = read(text, metric.convert)
    longer = None if isinstance(value, str) else whole(match)
    if longer:
        remedy = "let the group take all of it (convert: si, binary and duration read what has a unit), or let the "
        problem = "is only a part of %s: %spattern name what stands beside it" % (shown(longer), remedy)
    elif isinstance(value, str) and metric.take not in (None, "first", "last"):
        problem = "is no number, and take: %s needs one" % metric.take
    else:
        return value
    raise NoMatch("%s in line %d %s" % (shown(text.strip()), line(match)[0], problem))


def _total(numbers: List[Number], is_mean: bool) -> Optional[Found]:
    """Return the sum or the mean, of whole numbers exactly, of others as the nearest float; None of none."""
    if not numbers:
        return None
    try:
        total = sum(numbers) if all(isinstance(each, int) for each in numbers) else math.fsum(numbers)
        return Found(total / len(numbers) if is_mean else total)
    except OverflowError:
        raise NoMatch("the sum is more than a number can be") from None


def line(match: "Match[bytes]") -> Tuple[int, str]:
    """Return the line that a match's first group stands on: its number, from 1, and its text or the beginning of it.

    Where the group took no part, it is the line that the match begins on.
    """
    output, place = match.string, max(match.start(), match.start(1))
    number = 1 + sum(output[at : min(at + CHUNK, place)].count(b"\n") for at in range(0, place, CHUNK))
    begin = output.rfind(b"\n", 0, place) + 1
    return number, output[begin : begin + CHUNK].partition(b"\n")[0].decode("utf-8", "replace")


def hint(metric: Metric, streams: Mapping[str, Output]) -> Optional[str]:
    """Return in words where or how the metric would have matched, or None where neither another stream has it.

    It may take as long as the pattern does, so whoever asks sets a limit.
    """
    end = streams[metric.stream][-MAX_REWRITTEN:]
    outputs = {"in %s: add stream: %s" % (name, name): streams[name] for name in streams if name != metric.stream}
    outputs[r"if each \r ended a line: let the pattern take it, by \s*"] = RETURN.sub(b"\n", end)
    outputs["if the colour codes were not there: have the job print none"] = COLOUR.sub(b"", end)
    for words, output in outputs.items():
        try:
            match = find(metric, output).match
        except NoMatch:
            continue
        return "it would match%s %s" % (" " + shown(line(match)[1]) if match else "", words)
    if metric.source == "output_regex":
        match = re.compile(metric.parsed.pattern, metric.parsed.flags | re.IGNORECASE).search(end)
        if match and match.group(1):
            return "it would match %s if case did not count: begin the pattern with (?i)" % shown(line(match)[1])
    return None

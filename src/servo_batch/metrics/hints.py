"""What a person should know of a search: that a value is only a part of a number, or what would have matched.

None of it changes what is found. It may take as long as the pattern does, so whoever asks sets a limit.
"""

import re
import time
import warnings
from typing import Callable, Iterator, List, Match, Optional, Pattern, Tuple

from servo_batch.metrics.extract import Found, Output, found_in, line_number
from servo_batch.metrics.sources import STREAMS
from servo_batch.wording import shown

# So far a number is looked for beside a value, and so far a match is looked at again, in bytes.
REACH = 100
CONTEXT = 1000
MAX_MATCH = 4 << 20
# So much of an output, its end, is rewritten in search of what would have matched.
MAX_REWRITTEN = 1 << 20
# Something that no pattern for a number names, to put in the place of what stands beside a value.
STRANGER = b"~"

# A value that may be a part of a longer one.
NUMERIC = re.compile(rb"[+-]?\.?[0-9](?:[0-9.,:_']*[0-9.])?(?:[eE][+-]?[0-9]+)?\Z")
# What joins digits to one number or one point in time: . , : _ ' and the blanks and quotes that locales group digits by
# (U+2019, U+00A0, U+202F, U+2009). Not the common blank: between numbers it separates columns.
JOINT = rb"(?:[.:_']|\xe2\x80(?:\x99|\xaf|\x89)|\xc2\xa0)"
JOINT_OR_COMMA = rb"(?:,|%s)" % JOINT
# A number with a comma in it; any other is a list. 1,234.5; 12,34,567; 1.234,5; 12:30:05,123.
WITH_COMMA = re.compile(rb"[+-]?(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?|[^,]+,[0-9]*)\Z")
UNIT_OF_TIME = rb"(?:d|h|m|min)"
# What stands before digits and makes one number of both: an exponent's mantissa, hexadecimal digits, hours and minutes.
STEM = re.compile(rb"(?<![A-Za-z0-9_.])(?:[0-9][0-9.,]*[eE][+-]?|0[xX][0-9a-fA-F]*|(?:[0-9]+%s)+)\Z" % UNIT_OF_TIME)
# A minus, ASCII or U+2212, where it is no dash between words or numbers.
MINUS = re.compile(rb"(?<![A-Za-z0-9_)\]\"'.\x80-\xff-])(?:-|\xe2\x88\x92)\Z")
# What follows a number and changes it: an exponent, also Fortran's; a power of ten; k, M, Ki, …, but no longer word,
# which is a unit and a person's choice; minutes and seconds after hours; the rest of 0x1f.
SCALE = re.compile(
    rb"[eEdD][+-]?[0-9]+"
    rb"| ?(?:[*x]|\xc3\x97) ?10(?:\^|\*\*)[+-]?[0-9]+"
    rb"|[kKMGTP]i?(?![A-Za-z0-9_])"
    rb"|(?:%s[0-9]+(?:\.[0-9]+)?)+(?:h|min|ms|m|s)?(?![A-Za-z0-9_])" % UNIT_OF_TIME
)
BASE = re.compile(rb"[xX][0-9a-fA-F]+|[bo][0-7]+")


def doubt(found: Found) -> Optional[str]:
    """Return in words that a value is only a part of a number, or None."""
    longer = whole(found.match)
    if longer is None:
        return None
    text = found.match.group(1).decode("utf-8", "replace").strip()
    return "%s is only a part of %s; if that is what is meant, let the pattern name what stands beside it" % (
        shown(text),
        shown(longer),
    )


def whole(match: "Match[bytes]") -> Optional[str]:
    r"""Return the longer number that a match's first group is cut out of, or with what changes it, or None.

    ``250,749.96`` for ``250``, ``13.8k`` for ``13.8``, ``1.5e-05`` for ``1.5``, ``-3`` for ``3``. None also where the
    pattern itself names what stands beside the group, as ``(\d+):\d+`` does.
    """
    text = match.group(1)
    number = text.strip()
    if not NUMERIC.match(number):
        return None
    begin = match.start(1) + len(text) - len(text.lstrip())
    end = begin + len(number)
    before, after = _beside(match.string, begin, end)
    if before and _names(match, begin - len(before), begin, (begin, end)):
        before = b""
    if after and _names(match, end, end + len(after), (begin, end)):
        after = b""
    return (before + number + after).decode("utf-8", "replace") if before or after else None


def _beside(output: Output, begin: int, end: int) -> "Tuple[bytes, bytes]":
    """Return what belongs to the number from ``begin`` to ``end``, before it and after it."""
    number = output[begin:end]
    before, after = output[max(0, begin - REACH) : begin], output[end : end + REACH]
    left, right = _joined(before, number, after, JOINT_OR_COMMA)
    if b"," in left + number + right and not WITH_COMMA.match(left + number + right):
        left, right = _joined(before, number, after, JOINT)
    stem = STEM.search(before[: len(before) - len(left)])
    left = (stem.group() if stem else b"") + left
    if number[:1] not in b"+-":
        minus = MINUS.search(before[: len(before) - len(left)])
        left = (minus.group() if minus else b"") + left
    rest = after[len(right) :]
    scale = SCALE.match(rest) or (BASE.match(rest) if number == b"0" and not right else None)
    return left, right + (scale.group() if scale else b"")


def _joined(before: bytes, number: bytes, after: bytes, joint: bytes) -> "Tuple[bytes, bytes]":
    """Return the digits, joined by ``joint``, before a number and after it."""
    right = re.match(rb"[0-9]*(?:%s[0-9]+)*" % joint, after)
    left = None
    if number[:1] not in b"+-":
        # A name may end with a digit and a joint: gpu0:85.
        left = re.search(rb"(?:(?<![A-Za-z0-9_])(?:[0-9]+%s)+)?[0-9]*\Z" % joint, before)
    return left.group() if left else b"", right.group() if right else b""


def _names(match: "Match[bytes]", begin: int, end: int, value: "Tuple[int, int]") -> bool:
    """Tell whether a pattern wants what stands from ``begin`` to ``end`` beside its value, or takes just anything."""
    if match.end() - match.start() > MAX_MATCH:  # too long to be tried again: what the match has taken in, it names
        return match.start() < end and begin < match.end()
    output = match.string
    low = max(0, min(match.start(), begin) - CONTEXT)
    low = output.rfind(b"\n", low, min(match.start(), begin)) + 1 or low  # where ^ matches, if it can
    high = min(len(output), max(match.end(), end) + CONTEXT)
    changed = output[low:begin] + STRANGER + output[end:high]
    shift = len(STRANGER) - (end - begin) if end <= value[0] else 0
    again = match.re.search(changed, min(match.start(), begin) - low)
    return not (again and again.start(1) <= value[0] - low + shift and value[1] - low + shift <= again.end(1))


# What the job printed, written otherwise, and what to say where a pattern matches then; %s is the line.
SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]")  # ECMA-48
BLANKS = re.compile(rb"[ \t]+")
# U+00A0, U+2000 to U+200A, U+202F, U+3000
OTHER_BLANKS = re.compile(rb"\xc2\xa0|\xe2\x80[\x80-\x8a\xaf]|\xe3\x80\x80")
EDGE_BLANKS = re.compile(rb"^ | (?=\r?$)", re.MULTILINE)


def _with_line_breaks(output: bytes) -> bytes:
    return re.sub(b"\r+\n?", b"\n", output)


def _as_latin1(output: bytes) -> bytes:
    try:
        output.decode("utf-8")
        return output
    except UnicodeDecodeError:
        return output.decode("latin-1").encode("utf-8")


REWRITINGS: "List[Tuple[Callable[[bytes], bytes], str]]" = [
    (
        lambda output: output.replace(b"\r\n", b"\n"),
        r"it would match in %s if that line did not end in \r\n: let the pattern allow for the \r, like \s*$",
    ),
    (
        _with_line_breaks,
        r"it would match in %s if each \r began a new line: programs that redraw a line end each state of it so",
    ),
    (
        lambda output: SEQUENCE.sub(b"", output),
        "it would match in %s if the colour codes were not there: have the job print none",
    ),
    (
        lambda output: _with_line_breaks(SEQUENCE.sub(b"", output)),
        r"it would match in %s if the colour codes and the \r were not there: have the job print none",
    ),
    (
        lambda output: EDGE_BLANKS.sub(b"", BLANKS.sub(b" ", output)),
        r"it would match in %s if the blanks were others: write \s* where there may be some",
    ),
    (
        lambda output: OTHER_BLANKS.sub(b" ", output),
        r"it would match in %s if the blanks in that line were common ones: \s does not match U+00A0 and its like",
    ),
    (
        lambda output: BLANKS.sub(b"", output),
        r"it would match in %s if there were no blanks: write \s* where there may be some",
    ),
    (
        lambda output: _with_line_breaks(output.replace(b"\0", b"")),
        "it would match in %s if the NUL bytes were not there, as UTF-16 has them: have the job print UTF-8",
    ),
    (
        _as_latin1,
        "it would match in %s if the output were UTF-8, but it is in another encoding",
    ),
]
# The pattern, written otherwise: source → source, and flags to add.
ALTERATIONS: "List[Tuple[Callable[[bytes], bytes], int, str]]" = [
    (bytes, re.IGNORECASE, "it would match in %s if case did not count: begin the pattern with (?i)"),
    (bytes, re.DOTALL, "it would match in %s, over several lines: begin the pattern with (?s)"),
    (bytes.strip, 0, "it would match in %s without the blanks or line breaks around the pattern"),
    (
        lambda source: re.sub(rb"\\[<>]", rb"\\b", source),
        0,
        r"it would match in %s with \b in place of \< and \>, which here are < and >",
    ),
    (
        lambda source: re.sub(rb"^/(.*)/$", rb"\1", source),
        0,
        "it would match in %s without the slashes around the pattern: they are a part of it",
    ),
    (
        lambda source: source.replace(b"\\\\", b"\\"),
        0,
        r"it would match in %s if each \\ were one backslash: \\ is the character, not the beginning of an escape",
    ),
]


def hint(
    pattern: "Pattern[bytes]",
    match: "Optional[Match[bytes]]",
    output: Output,
    other: Output = b"",
    stream: str = STREAMS[0],
) -> Optional[str]:
    """Return in words what a person should know of a search of ``output`` that ended with ``match``, or None.

    ``stream`` is the stream that ``output`` is, ``other`` what the job printed to the other one.
    """
    if not match:
        return would_match(pattern, output, other, stream)
    found = found_in(match)
    return doubt(found) if found else _empty_handed(match)


def would_match(
    pattern: "Pattern[bytes]", output: Output, other: Output = b"", stream: str = STREAMS[0], seconds: float = 1.0
) -> Optional[str]:
    """Return in words what would have matched where a pattern has no match in ``output``, or None.

    Of both streams the end is looked at, MAX_REWRITTEN bytes. After ``seconds`` nothing more is tried; what is being
    tried is not broken off.
    """
    limit = time.monotonic() + seconds
    for altered, text, original, words in _attempts(pattern, output, other, stream):
        if time.monotonic() >= limit:
            break
        match = altered.search(text)
        if match and found_in(match):
            return words % shown(_line(match, original))
    return None


def _empty_handed(match: "Match[bytes]") -> str:
    where = "line %d, %s, matches" % (line_number(match), shown(_line(match, match.string)))
    if match.group(1) is None:
        return where + ", but by a part of the pattern that leaves the first group out"
    if not match.group():
        return where + " by nothing at all, as all of the pattern is optional: let it want a digit, like + for *"
    return where + ", but the first group is empty there"


def _attempts(
    pattern: "Pattern[bytes]", output: Output, other: Output, stream: str
) -> "Iterator[Tuple[Pattern[bytes], Output, Output, str]]":
    """Yield what may match: a pattern, a text, the text as it was printed, and what to say where it does."""
    elsewhere = next(name for name in STREAMS if name != stream)
    plain = "it matches in %%s of %s: add stream: %s to the metric" % (elsewhere, elsewhere)
    addition = "; that line is in %s: add stream: %s to the metric" % (elsewhere, elsewhere)
    near, far = _end(output), _end(other)
    yield pattern, far, far, plain
    for printed, also in ((near, ""), (far, addition)):
        for rewrite, words in REWRITINGS:
            rewritten = rewrite(printed)
            if rewritten != printed:
                yield pattern, rewritten, printed, words + also
        for alter, flags, words in ALTERATIONS:
            altered = _altered(pattern, alter, flags) if printed else None
            if altered:
                yield altered, printed, printed, words + also
    if len(far) < len(other):
        yield pattern, other, other, plain


def _altered(pattern: "Pattern[bytes]", alter: "Callable[[bytes], bytes]", flags: int) -> "Optional[Pattern[bytes]]":
    source = alter(pattern.pattern)
    if (source, flags) == (pattern.pattern, 0):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            altered = re.compile(source, pattern.flags | flags)
    except re.error:
        return None
    return altered if altered.groups else None


def _end(output: Output) -> bytes:
    """Return the output, or of a long one as many whole lines from its end as MAX_REWRITTEN bytes hold."""
    begin = len(output) - MAX_REWRITTEN
    return output[output.find(b"\n", begin) + 1 :] if begin > 0 else output[:]


def _line(match: "Match[bytes]", printed: Output) -> str:
    """Return the line that a match's group is on, as it was printed where the lines of both texts are the same."""
    text = match.string
    at = max(match.start(0), match.start(1))
    if text is not printed and text[:].count(b"\n") == printed[:].count(b"\n"):
        line: bytes = printed[:].split(b"\n")[text.count(b"\n", 0, at)]
        if b"\0" not in line:
            return line.decode("utf-8", "replace")
    begin = text.rfind(b"\n", 0, at) + 1
    end = text.find(b"\n", at)
    return text[begin : end if end >= 0 else len(text)].decode("utf-8", "replace")

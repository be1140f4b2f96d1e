"""What a picture is drawn with: texts that fit, marks, two sets of colours. Sizes are in pixels of the picture."""

import re
from html import escape
from typing import Dict, Iterable, Tuple

WIDTH, MARGIN = 960, 40
HEADING, BODY, SMALL = 14, 13, 11.5

# One colour says "best", the rest is grey. Contrast on the paper as WCAG 2 counts it: text 4.5 and more, marks 3.
LIGHT = {
    "paper": "#ffffff",
    "text": "#1f2328",
    "quiet": "#59626d",
    "mark": "#8a929c",
    "axis": "#c3c9d0",
    "grid": "#e9ecef",
    "accent": "#0a5fd1",
}
DARK = {
    "paper": "#15181d",
    "text": "#e8ebee",
    "quiet": "#a2abb5",
    "mark": "#7b8590",
    "axis": "#47505a",
    "grid": "#272c33",
    "accent": "#6cb2ff",
}
# Each rule names the picture's class, since inside of a page a style is the whole page's. No variables: programs that
# print pictures often know none.
COLOURS = """\
.servo-batch .paper { fill: %(paper)s }
.servo-batch text { fill: %(text)s }
.servo-batch .quiet { fill: %(quiet)s }
.servo-batch .good { fill: %(accent)s }
.servo-batch .grid { stroke: %(grid)s }
.servo-batch .axis { stroke: %(axis)s }
.servo-batch .point { fill: %(mark)s; stroke: %(paper)s }
.servo-batch .failed, .servo-batch .median { stroke: %(quiet)s }
.servo-batch .line { stroke: %(accent)s }
.servo-batch .best { fill: %(accent)s; stroke: %(paper)s }
.servo-batch .halo { stroke: %(paper)s }
"""
SHAPES = """\
.servo-batch text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
.servo-batch .figures { font-variant-numeric: tabular-nums }
.servo-batch .strong { font-weight: 600 }
.servo-batch .grid, .servo-batch .axis { stroke-width: 1; shape-rendering: crispEdges }
.servo-batch .point { stroke-width: 0.75 }
.servo-batch .failed { stroke-width: 1.5; fill: none }
.servo-batch .median { stroke-width: 2 }
.servo-batch .line { stroke-width: 2; fill: none; stroke-linejoin: round }
.servo-batch .best { stroke-width: 2 }
.servo-batch .halo { stroke-width: 4; stroke-linejoin: round; paint-order: stroke }
"""
# A piece of a line: its text, its classes, the room before it, and its size where it has its own.
Span = Tuple[str, str, float, float]
STYLE = "%s%s@media (prefers-color-scheme: dark) {\n%s}" % (SHAPES, COLOURS % LIGHT, COLOURS % DARK)

# XML 1.0 has no such characters, not even escaped; U+202A and its like would turn the rest of a line around.
UNPRINTABLE = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
NARROW, BROAD = (
    frozenset("iIjlft.,:;'|!()[]{}/\\ -\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"),
    frozenset("mwMW@%…\N{MULTIPLICATION SIGN}"),
)


# How much wider bold text is.
STRONG = 1.12


def width(text: str, size: float) -> float:
    """Return about how wide a text is: rather too much, since only the reader's system knows the font."""
    import unicodedata

    total = 0.0
    for char in text:
        if char in NARROW:
            total += 0.4
        elif char in BROAD or char > "\u2e7f":
            total += 1.0
        elif char.isupper():
            total += 0.72
        elif not unicodedata.combining(char):
            total += 0.62
    return total * size


def clipped(text: str, room: float, size: float) -> str:
    """Return a text that fits: where it is too wide, its start and its end, which often tells names apart."""
    if width(text, size) <= room:
        return text
    for kept in range(min(len(text) - 1, int(room / size / 0.3)), 1, -1):
        head = kept - kept // 3
        shorter = text[:head].rstrip() + "…" + text[len(text) - kept // 3 :].lstrip()
        if width(shorter, size) <= room:
            return shorter
    return "…"


def safe(text: str) -> str:
    """Return a text as XML has it, between tags or in quotes."""
    return escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text))


def at(coordinate: float) -> str:
    """Return a coordinate: to a tenth, which no eye sees."""
    return ("%.1f" % coordinate).replace(".0", "")


def text(x: float, y: float, content: str, size: float, classes: str = "", anchor: str = "", turn: str = "") -> str:
    """Return one line of text, its baseline at ``y``; ``anchor`` is ``"middle"`` or ``"end"``."""
    named = {"class": classes, "text-anchor": anchor, "transform": turn}
    return '<text x="%s" y="%s" font-size="%s"%s>%s</text>' % (at(x), at(y), size, _attributes(named), safe(content))


def spans(x: float, y: float, size: float, pieces: Iterable[Span]) -> str:
    """Return pieces of text one after the other: so they never overlap, whatever the font."""
    inner = ""
    for content, classes, room, own_size in pieces:
        if not content:
            continue
        named = {"dx": at(room) if room else "", "class": classes, "font-size": str(own_size or "")}
        inner += "<tspan%s>%s</tspan>" % (_attributes(named), safe(content))
    return '<text x="%s" y="%s" font-size="%s">%s</text>' % (at(x), at(y), size, inner)


def line(classes: str, x: float, y: float, to_x: float, to_y: float) -> str:
    """Return a straight line."""
    return '<path class="%s" d="M%s %sL%s %s"/>' % (classes, at(x), at(y), at(to_x), at(to_y))


def circle(classes: str, x: float, y: float, radius: float, told: str = "") -> str:
    """Return the mark of a measurement; ``told`` is shown under the pointer."""
    start = '<circle class="%s" cx="%s" cy="%s" r="%s"' % (classes, at(x), at(y), radius)
    return "%s><title>%s</title></circle>" % (start, safe(told)) if told else start + "/>"


def arrow(x: float, y: float, up: bool, told: str = "") -> str:
    """Return the mark of a measurement that is off the scale."""
    start = '<path class="point" d="M%s %sl4.5 %sh-9z"' % (at(x), at(y - 4 if up else y + 4), 8 if up else -8)
    return "%s><title>%s</title></path>" % (start, safe(told)) if told else start + "/>"


def cross(x: float, y: float, told: str = "") -> str:
    """Return the mark of a failure."""
    start = '<path class="failed" d="M%s %sl6 6m0 -6l-6 6"' % (at(x - 3), at(y - 3))
    return "%s><title>%s</title></path>" % (start, safe(told)) if told else start + "/>"


def _attributes(named: Dict[str, str]) -> str:
    return "".join(' %s="%s"' % pair for pair in named.items() if pair[1])

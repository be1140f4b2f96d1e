"""Pictures that stand alone: one SVG document, no scripts, no fonts to fetch, for light and dark.

The objective upwards over the measurements; and to the right, in strips, one for each value of a setting or for each
combination compared. All text is horizontal, in places of its own.
"""

import math
import os
import re
from html import escape
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch import samples
from servo_batch.answers import bad_request
from servo_batch.files import replace, why
from servo_batch.history import figures
from servo_batch.history.figures import Axis, figure
from servo_batch.history.trials import Row, Trial, best_so_far, shown, varying
from servo_batch.wording import clipped

WIDTH, MARGIN, GAP = 960, 40, 36
TITLE, HEADING, BODY, SMALL = 20, 14, 13, 11.5
HEIGHT, STRIP, FAILED_LANE = 240, 20, 20
# So many values of a setting have a strip each; of more numbers neighbours share one, of more texts the best have.
MOST_NUMBERS, MOST_TEXTS = 12, 30
MISSING = "\N{EN DASH}"

# One colour says "best", the rest is grey. Contrast on the paper as WCAG 2 counts it: text 4.5 and more, marks 3.
LIGHT = {"paper": "#ffffff", "text": "#1f2328", "quiet": "#59626d", "mark": "#7c858f", "grid": "#e1e5e9"}
DARK = {"paper": "#15181d", "text": "#e8ebee", "quiet": "#a2abb5", "mark": "#848e99", "grid": "#2b3139"}
LIGHT["accent"], DARK["accent"] = "#0a5fd1", "#6cb2ff"
# Each rule names the picture's class, since inside of a page a style is the whole page's. No variables: programs that
# print pictures often know none.
COLOURS = """\
.servo-batch .paper { fill: %(paper)s }
.servo-batch text { fill: %(text)s }
.servo-batch .quiet { fill: %(quiet)s }
.servo-batch .good { fill: %(accent)s }
.servo-batch .grid { stroke: %(grid)s }
.servo-batch .point { fill: %(mark)s; stroke: %(paper)s }
.servo-batch .bar { stroke: %(mark)s }
.servo-batch .failed, .servo-batch .median { stroke: %(quiet)s }
.servo-batch .line, .servo-batch .ring { stroke: %(accent)s }
.servo-batch .best { fill: %(accent)s; stroke: %(paper)s }
"""
SHAPES = """\
.servo-batch text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
.servo-batch .strong { font-weight: 600 }
.servo-batch path, .servo-batch .ring { fill: none; stroke-width: 1.5 }
.servo-batch .point { stroke-width: 0.75 }
.servo-batch .line, .servo-batch .best, .servo-batch .median { stroke-width: 2 }
"""
STYLE = "%s%s@media (prefers-color-scheme: dark) {\n%s}" % (SHAPES, COLOURS % LIGHT, COLOURS % DARK)
# XML 1.0 has no such characters, not even escaped; U+202A and its like would turn the rest of a line around.
UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
NARROW, BROAD = frozenset("iIjlft.,:;'|!()[]{}/\\ -"), frozenset("mwMW@%…\N{MULTIPLICATION SIGN}")
STRONG = 1.12  # how much wider bold text is

# A piece of a line: its text and its classes.
Span = Tuple[str, str]


class Picture(NamedTuple):
    """What every chart of a picture shows; ``unit`` is the objective's, ``units`` those of settings, where known."""

    label: str
    unit: str
    minimize: bool
    rows: Sequence[Row]
    best: Optional[Row]
    units: Dict[str, str]

    def axis(self, count: int) -> Axis:
        """Return the objective's axis with about so many ticks, without any where all failed."""
        values = [value for row in self.rows for value in [*row.runs, row.value] if value is not None]
        if not values:
            return Axis(0.0, 1.0, [])
        return figures.axis(*figures.domain(figures.comparable(values, self.minimize), 0.08), count=count)

    def quantity(self, value: float) -> str:
        """Return a value of the objective with its unit."""
        return " ".join(filter(None, [figure(value), clip(self.unit, 200, SMALL)]))


class Point(NamedTuple):
    """A mark: the objective (None: failed), and how far its runs are apart."""

    value: Optional[float]
    is_best: bool = False
    is_confirmed: bool = False
    spread: Optional[float] = None


Strip = Tuple[str, List[Point]]

# --- pictures -----------------------------------------------------------------------------------------------------


def history(picture: Picture, matters: Dict[str, str]) -> str:
    """Return the picture of a history, as text to be written in UTF-8.

    ``matters`` says in a word how much a setting matters, from the one that matters most on, of those that do.
    """
    points = {trial.number: _point(picture, row, trial) for row in picture.rows for trial in row.trials}
    lines, top = _header(picture)
    if not points:
        return _document(picture, lines, top)
    top += 44
    lines += [text(MARGIN, top, HEADING, [("Measurement by measurement", "strong"), *_legend(picture, points)])]
    top = _measurements(picture, [points[number] for number in sorted(points)], top + 14, lines)
    names = varying([row.settings for row in picture.rows]) if picture.best else []
    names.sort(key=lambda name: list(matters).index(name) if name in matters else len(matters))
    if names:
        top += 44
        lines += [text(MARGIN, top, HEADING, [("Setting by setting", "strong"), ("| median", "quiet")])]
    wide = (WIDTH - 2 * MARGIN - GAP) / 2
    ends = [top, top]
    for name in names:
        side = ends.index(min(ends))
        x, y = MARGIN + side * (wide + GAP), ends[side] + 32
        strips, note = _values(picture, name, points)
        word = "explains %s" % matters[name] if name in matters else ""
        note = clip(", ".join(filter(None, [word, picture.units.get(name), note])), wide / 2, SMALL)
        title = clip(name, wide - width(note, SMALL) - 20, BODY * STRONG)
        lines.append(text(x, y, BODY, [(title, "strong"), (note, "quiet")]))
        ends[side] = _strips(picture, strips, x, y + 10, wide, lines)
    return _document(picture, lines, max(ends))


def comparison(picture: Picture) -> str:
    """Return the picture of a comparison: a strip for each combination, a dot for each run, a mark for the median."""
    lines, top = _header(picture)
    names = varying([row.settings for row in picture.rows])
    strips = []
    for row in picture.rows:
        failed = [Point(None) for trial in row.trials if trial.objective is None]
        points = [Point(value, is_best=row is picture.best) for value in row.runs]
        strips.append((", ".join("%s = %s" % (name, _value(row, name)) for name in names), points + failed))
    unit = "in %s" % clip(picture.unit, 200, SMALL) if picture.unit else ""
    lines += [text(MARGIN, top + 44, HEADING, [("Run by run", "strong"), (unit, "quiet"), ("| median", "quiet")])]
    top = _strips(picture, strips, MARGIN, top + 56, WIDTH - 2 * MARGIN, lines)
    return _document(picture, lines, top)


def check_replaceable(path: str) -> None:
    """Raise ``ServoError`` (bad-request) where a picture would replace something else."""
    problem = None if os.path.isfile(path) or not os.path.lexists(path) else "it is no file"
    folder = os.path.dirname(os.path.realpath(path))  # where it is written, before it gets its name
    if not os.path.isdir(folder):
        problem = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = f"the folder {folder} cannot be written to"
    try:
        with open(path if os.path.isfile(path) else os.devnull, "rb") as stream:
            if stream.read(4) not in (b"", b"<svg"):
                problem = "the file holds something else than a picture"
    except (OSError, ValueError) as error:
        problem = why(error)
    if problem:
        raise bad_request("%s: the picture cannot be written: %s; name another file" % (path, problem))


def write(path: str, document: str) -> None:
    """Write a picture; raise ``ServoError`` (bad-request)."""
    check_replaceable(path)
    try:
        replace(path, document.encode("utf-8"))
    except (OSError, ValueError) as error:
        raise bad_request("%s: the picture cannot be written: %s" % (path, why(error, "name another file"))) from None


def _document(picture: Picture, lines: Sequence[str], bottom: float) -> str:
    height, label = math.ceil(bottom + 24), safe(picture.label)
    start = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="servo-batch" role="img" aria-label="%s"' % label,
        '  width="%d" height="%d" viewBox="0 0 %d %d">' % (WIDTH, height, WIDTH, height),
        "<title>%s</title>\n<style>\n%s</style>" % (label, STYLE),
        '<rect class="paper" width="%d" height="%d"/>' % (WIDTH, height),
    ]
    return "\n".join([*start, *lines, "</svg>", ""])


def _header(picture: Picture) -> Tuple[List[str], float]:
    """Return what was measured and the best with its settings; and where that ends."""
    trials = [trial for row in picture.rows for trial in row.trials]
    failed = sum(trial.objective is None for trial in trials)
    facts = ["%d measurement%s" % (len(trials), "s" * (len(trials) != 1)) + (", %d failed" % failed if failed else "")]
    facts.append("lower is better" if picture.minimize else "higher is better")
    facts += sorted({trial.time[:10] for trial in trials})[:: max(1, len({trial.time[:10] for trial in trials}) - 1)]
    top = 73.0
    lines = [
        text(MARGIN, 50, TITLE, [(clip(picture.label, WIDTH - 2 * MARGIN, TITLE * STRONG), "strong")]),
        text(MARGIN, top, BODY, [(" · ".join(facts), "quiet")]),
    ]
    best = picture.best
    if best is None or best.value is None:
        return lines, top
    top += 33
    about = "median of %d runs" % len(best.runs) if len(best.runs) > 1 else "one run"
    about += ", confirmed by tune" if best.is_confirmed else ""
    lines.append(
        text(MARGIN, top, HEADING, [("Best: " + picture.quantity(best.value), "good strong"), (about, "quiet")])
    )
    spans: List[Span] = []
    used = math.inf
    for name in varying([row.settings for row in picture.rows]):
        name_shown = clip(name, 400, BODY)
        value = clip(" ".join(filter(None, [_value(best, name), picture.units.get(name)])), 400, BODY * STRONG)
        needed = width(name_shown, BODY) + width(value, BODY * STRONG) + 24
        used += needed
        if used > WIDTH - 2 * MARGIN:
            top += 21
            spans, used = [], needed
            lines.append("")
        spans += [(name_shown, "quiet"), (value, "strong")]
        lines[-1] = text(MARGIN, top, BODY, spans)
    return lines, top


def _value(row: Row, name: str) -> str:
    return shown(row.settings[name]) if name in row.settings else MISSING


def _legend(picture: Picture, points: Dict[int, Point]) -> List[Span]:
    spans = [("in %s" % clip(picture.unit, 150, SMALL), "quiet")] if picture.unit else []
    spans += [("● measured", "quiet"), ("● best", "good"), ("━ best so far", "good")]
    spans += [("○ confirmed by tune", "good")] if any(point.is_confirmed for point in points.values()) else []
    return spans + ([("| spread of runs", "quiet")] if any(point.spread for point in points.values()) else [])


def _point(picture: Picture, row: Row, trial: Trial) -> Point:
    is_confirmed = row.is_confirmed and trial.purpose is not None
    return Point(trial.objective, row is picture.best, is_confirmed, samples.deviation(trial.runs))


def _values(picture: Picture, name: str, points: Dict[int, Point]) -> Tuple[List[Strip], str]:
    """Return a strip for each value of a setting, or for several, and what is to be said of them.

    Numbers are in their order, texts in that of their best results.
    """
    groups: Dict[str, List[Row]] = {}
    for row in picture.rows:
        groups.setdefault(_value(row, name), []).append(row)
    numbers = {label: figures.as_number(rows[0].settings.get(name)) for label, rows in groups.items()}
    strips = {label: [points[trial.number] for row in rows for trial in row.trials] for label, rows in groups.items()}
    if None not in numbers.values():
        labels = sorted(strips, key=lambda label: numbers[label] or 0.0)
        share = math.ceil(len(labels) / MOST_NUMBERS)
        shares = [labels[index : index + share] for index in range(0, len(labels), share)]
        names = [" to ".join(dict.fromkeys([one[0], one[-1]])) for one in shares]
        return [(one, [point for label in each for point in strips[label]]) for one, each in zip(names, shares)], ""

    def result(label: str) -> float:
        values = [row.value for row in groups[label] if row.value is not None]
        return (min(values) if picture.minimize else -max(values)) if values else math.inf

    kept = sorted(strips, key=result)[:MOST_TEXTS]
    note = "the best %d of %d values" % (len(kept), len(strips)) if len(kept) < len(strips) else ""
    return [(label, strips[label]) for label in kept], note


# --- charts: each adds its lines and returns where it ends ---------------------------------------------------------


def _measurements(picture: Picture, points: Sequence[Point], top: float, lines: List[str]) -> float:
    """Draw the objective upwards over the measurements, and the best so far."""
    axis = picture.axis(5)
    labels = [label for _, label in axis.ticks] + ["failed"]
    left, right, bottom = MARGIN + max(width(label, SMALL) for label in labels) + 10, WIDTH - MARGIN, top + HEIGHT
    step = (right - left) / len(points)

    def height(value: float) -> float:
        return bottom - axis.part(value) * HEIGHT

    for value, label in axis.ticks:
        lines.append(path("grid", "M%s %sH%s" % (at(left), at(height(value)), right)))
        lines.append(text(left - 10, height(value) + 4, SMALL, [(label, "quiet")], "end"))
    drawn = ""
    for index, so_far in enumerate(best_so_far([point.value for point in points], picture.minimize)):
        if so_far is not None:
            drawn += "V" if drawn else "M%s " % at(left + index * step)
            drawn += "%sH%s" % (at(height(so_far)), at(left + (index + 1) * step))
    lines += [path("line", drawn)] if drawn else []
    places = [left + (index + 0.5) * step for index in range(len(points))]
    for x, point in sorted(zip(places, points), key=lambda each: each[1].is_best):
        if point.value is None:
            lines.append(path("failed", "M%s %sl6 6m0 -6l-6 6" % (at(x - 3), at(bottom + 9))))
            continue
        if point.spread:
            ends = height(point.value - point.spread), height(point.value + point.spread)
            lines.append(path("bar", "M%s %sV%s" % (at(x), at(ends[0]), at(ends[1]))))
        lines += _mark(x, height(point.value), point, axis, True, len(points))
    if any(point.value is None for point in points):
        lines.append(text(left - 10, bottom + 16, SMALL, [("failed", "quiet")], "end"))
        bottom += FAILED_LANE
    for value, label in figures.axis(0.5, len(points) + 0.5, 9, whole=True).ticks:
        lines.append(text(places[int(value) - 1], bottom + 18, SMALL, [(label, "quiet")], "middle"))
    return bottom + 22


def _strips(picture: Picture, strips: Sequence[Strip], x: float, top: float, wide: float, lines: List[str]) -> float:
    """Draw the objective to the right, a strip for each label, with a mark for the median."""
    labels = _told_apart([label for label, _ in strips], wide * 0.4)
    has_failures = any(point.value is None for _, points in strips for point in points)
    left = x + max((width(label, SMALL) for label in labels), default=0) + 18
    right, bottom = x + wide - (68 if has_failures else 8), top + STRIP * len(strips)
    axis = picture.axis(4)
    widest = max((width(label, SMALL) for _, label in axis.ticks), default=0) + 14
    crowded = math.ceil(widest * len(axis.ticks) / (right - left))

    def place(value: float) -> float:
        return left + axis.part(value) * (right - left)

    for value, label in axis.ticks[:: max(1, crowded)]:
        lines.append(path("grid", "M%s %sV%s" % (at(place(value)), at(top), at(bottom))))
        lines.append(text(place(value), bottom + 14, SMALL, [(label, "quiet")], "middle"))
    for index, (label, (_, points)) in enumerate(zip(labels, strips)):
        y = top + STRIP * (index + 0.5)
        lines.append(path("grid", "M%s %sH%s" % (at(left), at(y), at(right))))
        lines.append(text(left - 14, y + 4, SMALL, [(label, "quiet")], "end"))
        found = [point.value for point in points if point.value is not None]
        for point in sorted(points, key=lambda point: point.is_best):
            if point.value is not None:
                lines += _mark(place(point.value), y, point, axis, False, len(points))
        if len(found) > 1:
            lines.append(path("median", "M%s %sv14" % (at(place(samples.median(found))), at(y - 7))))
        if len(found) < len(points):
            failed = "%d failed" % (len(points) - len(found))
            lines.append(text(x + wide, y + 4, SMALL, [(failed, "quiet")], "end"))
    return bottom + 18


# --- what is drawn with: texts that fit, marks. Sizes are in pixels of the picture ---------------------------------


def width(content: str, size: float) -> float:
    """Return about how wide a text is: rather too much, since only the reader's system knows the font."""
    total = 0.0
    for char in content:
        wide = 1.0 if char in BROAD or char > "\u2e7f" else 0.72 if char.isupper() else 0.62
        total += 0.4 if char in NARROW else wide
    return total * size


def clip(content: str, room: float, size: float) -> str:
    """Return a text that fits, as ``wording.clipped`` does."""
    return clipped(content, room, lambda shorter: width(shorter, size), "…")


def _told_apart(labels: Sequence[str], room: float) -> List[str]:
    """Return labels that fit; where the same would be left of different ones, without what all start and end with."""
    fitting = [clip(label, room, SMALL) for label in labels]
    if len(set(fitting)) == len(set(labels)):
        return fitting
    start = _shared(labels)
    end = _shared([label[start:][::-1] for label in labels])
    inner = [label[start : len(label) - end] for label in labels]
    return [clip("…%s%s" % (each, "…" if end else ""), room, SMALL) for each in inner]


def _shared(texts: Sequence[str]) -> int:
    """Return how many characters all texts start with."""
    first, last = min(texts), max(texts)
    return next((at for at, pair in enumerate(zip(first, last)) if len(set(pair)) > 1), min(len(first), len(last)))


def safe(content: str) -> str:
    """Return a text as XML has it, between tags or in quotes."""
    return escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", content))


def at(coordinate: float) -> str:
    """Return a coordinate: to a tenth, which no eye sees."""
    return ("%.1f" % coordinate).replace(".0", "")


def text(x: float, y: float, size: float, spans: Sequence[Span], anchor: str = "start") -> str:
    """Return pieces of text one after the other on the line ``y``: so they never overlap, whatever the font."""
    pieces = ""
    for content, classes in spans:
        room = 6 if pieces and classes == "strong" else 18 if pieces else 0
        own = SMALL if size >= HEADING and "strong" not in classes else size
        if content:
            pieces += '<tspan dx="%d" class="%s" font-size="%s">%s</tspan>' % (room, classes, own, safe(content))
    return '<text x="%s" y="%s" font-size="%s" text-anchor="%s">%s</text>' % (at(x), at(y), size, anchor, pieces)


def path(classes: str, drawn: str, turn: str = "") -> str:
    """Return lines."""
    return '<path class="%s" d="%s"%s/>' % (classes, drawn, turn)


def _mark(x: float, y: float, point: Point, axis: Axis, is_upwards: bool, count: int) -> List[str]:
    """Return the mark of a measurement, an arrow where it is off the scale, and a ring where it is confirmed."""
    value = point.value or 0.0
    if not axis.low <= value <= axis.high:
        angle = (-90 if is_upwards else 0) + (0 if value > axis.high else 180)
        turn = ' transform="rotate(%d %s %s)"' % (angle, at(x), at(y))
        return [path("failed", "M%s %sl7 0m-3 -4l4 4l-4 4" % (at(x), at(y)), turn)]
    radius = 4.5 if point.is_best else 3.5 if count < 120 else 2.5
    circle = '<circle class="%s" cx="%s" cy="%s" r="%s"/>'
    ring = [circle % ("ring", at(x), at(y), 7.5)] if point.is_confirmed else []
    return [circle % ("best" if point.is_best else "point", at(x), at(y), radius), *ring]

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
from servo_batch.answers import ServoError, bad_request
from servo_batch.columns import clipped, folded, width
from servo_batch.files import refuse_input, replace, why
from servo_batch.history.axis import scale
from servo_batch.history.figures import as_number, figure
from servo_batch.history.table import unit
from servo_batch.history.trials import Row, View, best_so_far, shown

WIDTH, MARGIN = 960, 40
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
TITLE, HEADING, BODY, SMALL = 20, 14, 13, 11.5
HEIGHT, STRIP, LANE = 240, 20, 20
GAP = 14
GUTTER, HALF = 200, 400  # where labels stand left of a chart: the values of a setting, whole combinations
FAILED = 68  # and right of it, how many failed
# Of more numbers than these, neighbours share a strip.
MOST_STRIPS = 20
LEGEND = [("● measured", "quiet"), ("● best", "best"), ("━ best so far", "best"), ("○ confirmed by tune", "best")]
LEGEND += [("| spread of runs", "quiet")]

# Classes and their colours: one says "best", the rest is grey. Contrast on the paper as WCAG 2 counts it: text 4.5 and
# more, marks 3.
LIGHT = {"paper": "#ffffff", "text": "#1f2328", "quiet": "#59626d", "point": "#7c858f", "grid": "#e1e5e9"}
DARK = {"paper": "#15181d", "text": "#e8ebee", "quiet": "#a2abb5", "point": "#848e99", "grid": "#2b3139"}
LIGHT["best"], DARK["best"] = "#0a5fd1", "#6cb2ff"
# Each rule names the picture's class, since inside of a page a style is the whole page's. No variables: programs that
# print pictures often know none.
RULES = ".servo-batch .%s { fill: %s }\n.servo-batch path.%s { fill: none; stroke: %s }\n"
STYLE = """\
.servo-batch text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
.servo-batch .strong { font-weight: 600 }
.servo-batch path { stroke-width: 1.5 }
%s@media (prefers-color-scheme: dark) {
%s}
"""
STYLE %= tuple("".join(RULES % ((name, colour) * 2) for name, colour in each.items()) for each in (LIGHT, DARK))
# XML 1.0 has no such characters, not even escaped; U+202A and its like would turn the rest of a line around.
UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
CHARACTER = 0.7  # of its size, about how wide a character is: rather too much, since only the reader knows the font


class Point(NamedTuple):
    """A mark: the objective (None: failed), and how far its runs are apart."""

    value: Optional[float]
    is_best: bool = False
    is_confirmed: bool = False
    spread: Optional[float] = None


Strip = Tuple[str, List[Point]]


class Drawing:
    """The lines of a picture, in pixels, ``y``, down to where they reach, the settings that vary, and an axis."""

    def __init__(self, view: View) -> None:
        values = [value for row in view.rows for value in [*row.runs, row.value] if value is not None]
        self.view = view
        self.names = view.varying
        self.axis = scale(values or [0.0], view.minimize, 5)
        self.y = 24.0
        self._lines: List[str] = []

    def row(self, size: float, *pieces: Tuple[str, str], gap: float = 8) -> None:
        """Write a line below all else: texts with their classes, remarks smaller."""
        self.y += gap + size
        x: float = LEFT
        for content, classes in pieces:
            own = size if "text" in classes else min(size, BODY)
            self.text(x, self.y, content, "start", classes, own)
            x += width(content) * own * CHARACTER + GAP

    def text(self, x: float, y: float, content: str, anchor: str, classes: str = "quiet", size: float = SMALL) -> None:
        """Write a text; ``y`` is the line that it stands on."""
        shape = '<text class="%s" x="%s" y="%s" font-size="%s" text-anchor="%s">%s</text>'
        self._lines.append(shape % (classes, at(x), at(y), size, anchor, safe(content)))

    def path(self, classes: str, drawn: str, *numbers: float) -> None:
        """Draw lines; ``drawn`` has ``%s`` for each of the numbers."""
        self._lines.append('<path class="%s" d="%s"/>' % (classes, drawn % tuple(map(at, numbers))))

    def mark(self, x: float, y: float, point: Point, is_upwards: bool) -> None:
        """Draw a measurement: an arrow where it is off the scale, a ring around it where it is confirmed."""
        value = point.value or 0.0
        if not self.axis.low <= value <= self.axis.high:
            size = 3 if (value > self.axis.high) == is_upwards else -3
            arrow = "M%s %sm-4 %sl4 %sl4 %s" if is_upwards else "M%s %sm%s -4l%s 4l%s 4"
            self.path("quiet", arrow, x, y, size, -2 * size, 2 * size)
            return
        if point.is_confirmed:
            self.path("best", "M%s %sa7 7 0 1 1 -.1 0", x, y - 7)
        shape = ("best", at(x), at(y), 4.5) if point.is_best else ("point", at(x), at(y), 3.5)
        self._lines.append('<circle class="%s" cx="%s" cy="%s" r="%s"/>' % shape)

    def document(self) -> str:
        """Return the picture, as text to be written in UTF-8."""
        size, label = (WIDTH, math.ceil(self.y + 24)), safe(self.view.label)
        start = [
            '<svg xmlns="http://www.w3.org/2000/svg" class="servo-batch" role="img"',
            '  width="%d" height="%d" viewBox="0 0 %d %d">' % (size * 2),
            "<title>%s</title>\n<style>\n%s</style>" % (label, STYLE),
            '<rect class="paper" width="%d" height="%d"/>' % size,
        ]
        return "\n".join([*start, *self._lines, "</svg>", ""])


# --- pictures -----------------------------------------------------------------------------------------------------


def history(view: View, matters: Dict[str, str]) -> str:
    """Return the picture of a history, as text to be written in UTF-8.

    ``matters`` says in a word how much a setting matters, from the one that matters most on, of those that do.
    """
    drawing = _begun(view)
    points = {}
    for row in view.rows:
        for trial in row.trials:
            is_confirmed, spread = bool(row.confirmed and trial.purpose), samples.deviation(trial.runs)
            points[trial.number] = Point(trial.objective, row is view.top, is_confirmed, spread)
    if points:
        drawing.row(HEADING, ("Measurement by measurement", "text strong"), *LEGEND, gap=30)
        _measurements(drawing, [points[number] for number in sorted(points)])
    for name in sorted(drawing.names, key=lambda name: [*matters, name].index(name)):
        about = "| median" + (", explains " + matters[name] if name in matters else "")
        title = clip(name, RIGHT - LEFT - 300, HEADING)
        drawing.row(HEADING, (title, "text strong"), (about, "quiet"), gap=30)
        _strips(drawing, _values(view, name, points), GUTTER)
    return drawing.document()


def comparison(view: View) -> str:
    """Return the picture of a comparison: a strip for each combination, a dot for each run, a mark for the median."""
    drawing = _begun(view)
    drawing.row(HEADING, ("Run by run", "text strong"), ("| median", "quiet"), gap=30)
    strips = []
    for row in view.rows:
        failed = [Point(None) for trial in row.trials if trial.objective is None]
        strips.append((_settings(row, drawing.names), [Point(value, row is view.top) for value in row.runs] + failed))
    _strips(drawing, strips, HALF)
    return drawing.document()


def write(path: str, document: str) -> None:
    """Write a picture where ``check_replaceable`` allows it; raise ``ServoError`` (bad-request)."""
    try:
        replace(path, document.encode("utf-8"))
    except OSError as error:
        raise _unwritable(path, why(error)) from None


def check_replaceable(path: str, inputs: Dict[str, Optional[str]]) -> None:
    """Raise ``ServoError`` (bad-request) where a picture could not be written, or would replace something else.

    ``inputs`` are those of ``files.refuse_input``.
    """
    refuse_input("--svg", path, inputs)
    try:
        folder = os.path.dirname(os.path.realpath(path))  # where it is written, before it gets its name
    except OSError as error:  # the working directory is gone
        raise _unwritable(path, why(error)) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(path, f"there is no folder {folder} that can be written to")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise _unwritable(path, "it is no file")
    try:
        with open(path if os.path.isfile(path) else os.devnull, "rb") as stream:
            if stream.read(4) not in (b"", b"<svg"):
                raise _unwritable(path, "the file holds something else than a picture")
    except OSError as error:
        raise _unwritable(path, why(error)) from None


def _unwritable(path: str, problem: str) -> ServoError:
    return bad_request(f"{path}: the picture cannot be written: {problem}; name another file")


def _begun(view: View) -> Drawing:
    """Return a picture that says what was measured, and the best with its settings."""
    trials = [trial for row in view.rows for trial in row.trials]
    failed = sum(trial.objective is None for trial in trials)
    drawing = Drawing(view)
    drawing.row(TITLE, (clip(view.label, RIGHT - LEFT, TITLE), "text strong"))
    facts = len(trials), failed, "lower" if view.minimize else "higher"
    drawing.row(BODY, ("measurements: %d · failed: %d · %s is better" % facts, "quiet"))
    best = view.top
    if best and best.value is not None:
        about = "runs: %d" % len(best.runs) + (", confirmed by tune" if best.confirmed else "")
        found = " ".join(filter(None, ["Best:", figure(best.value), clip(unit(view.rows, view.label), 200, SMALL)]))
        drawing.row(HEADING, (found, "best text strong"), (about, "quiet"), gap=16)
        for line in folded(_settings(best, drawing.names), int((RIGHT - LEFT) / BODY / CHARACTER)):
            drawing.row(BODY, (line, "text"))
    return drawing


def _settings(row: Row, names: Sequence[str]) -> str:
    return ", ".join("%s = %s" % (name, _value(row, name)) for name in names)


def _value(row: Row, name: str) -> str:
    return shown(row.settings.get(name, "\N{EN DASH}"))


def _values(view: View, name: str, points: Dict[int, Point]) -> List[Strip]:
    """Return the points of each value of a setting: numbers in their order, texts in that of their best results."""
    groups: Dict[str, List[Row]] = {}
    for row in view.rows:  # the best first
        groups.setdefault(_value(row, name), []).append(row)
    numbers = {label: as_number(rows[0].settings.get(name)) for label, rows in groups.items()}
    labels, share = list(groups), 1
    if None not in numbers.values():
        labels.sort(key=lambda label: numbers[label] or 0.0)
        share = math.ceil(len(labels) / MOST_STRIPS)
    found = []
    for each in (labels[index : index + share] for index in range(0, len(labels), share)):
        title = " to ".join(dict.fromkeys([each[0], each[-1]]))
        found.append((title, [points[trial.number] for label in each for row in groups[label] for trial in row.trials]))
    return found


# --- charts: each is drawn below what there is ---------------------------------------------------------------------


def _measurements(drawing: Drawing, points: Sequence[Point]) -> None:
    """Draw the objective upwards over the measurements, and the best so far."""
    left, bottom = LEFT + GUTTER / 2, drawing.y + 14 + HEIGHT
    step = (RIGHT - left) / len(points)

    def height(value: float) -> float:
        return bottom - drawing.axis.part(value) * HEIGHT

    for tick, label in drawing.axis.ticks:
        drawing.path("grid", "M%s %sH%s", left, height(tick), RIGHT)
        drawing.text(left - 10, height(tick) + 4, label, "end")
    so_far = best_so_far([point.value for point in points], drawing.view.minimize)
    for index, value in enumerate(so_far):
        if value is not None:
            before = so_far[index - 1] if index else None
            start = height(value if before is None else before)
            drawing.path("best", "M%s %sV%sh%s", left + index * step, start, height(value), step)
    places = [left + (index + 0.5) * step for index in range(len(points))]
    for x, point in sorted(zip(places, points), key=lambda each: each[1].is_best):
        if point.value is None:
            drawing.path("quiet", "M%s %sl6 6m0 -6l-6 6", x - 3, bottom + 9)
            continue
        if point.spread:
            ends = height(point.value - point.spread), height(point.value + point.spread)
            drawing.path("point", "M%s %sV%s", x, *ends)
        drawing.mark(x, height(point.value), point, is_upwards=True)
    if any(point.value is None for point in points):
        drawing.text(left - 10, bottom + 16, "failed", "end")
        bottom += LANE
    for index in range(0, len(points), math.ceil(len(points) / 12)):
        drawing.text(places[index], bottom + 18, str(index + 1), "middle")
    drawing.y = bottom + 18


def _strips(drawing: Drawing, strips: Sequence[Strip], gutter: float) -> None:
    """Draw the objective to the right, a strip for each label, with a mark for the median."""
    left, right, y = LEFT + gutter, RIGHT - FAILED, drawing.y + 20

    def place(value: float) -> float:
        return left + drawing.axis.part(value) * (right - left)

    bottom = y + STRIP * len(strips) - 10
    for value, label in drawing.axis.ticks:
        drawing.path("grid", "M%s %sV%s", place(value), y - 10, bottom)
        drawing.text(place(value), bottom + 14, label, "middle")
    for label, points in strips:
        drawing.path("grid", "M%s %sH%s", left, y, right)
        drawing.text(left - 14, y + 4, clip(label, gutter - 14, SMALL), "end")
        found = [point.value for point in points if point.value is not None]
        for point in sorted(points, key=lambda point: point.is_best):
            if point.value is not None:
                drawing.mark(place(point.value), y, point, is_upwards=False)
        if len(found) > 1:
            drawing.path("quiet", "M%s %sv14", place(samples.median(found)), y - 7)
        if len(found) < len(points):
            drawing.text(RIGHT, y + 4, "%d failed" % (len(points) - len(found)), "end")
        y += STRIP
    drawing.y = bottom + 14


# --- texts --------------------------------------------------------------------------------------------------------


def clip(content: str, room: float, size: float) -> str:
    """Return a text that fits, as ``wording.clipped`` does."""
    return clipped(content, int(room / size / CHARACTER))


def safe(content: str) -> str:
    """Return a text as XML has it, between tags or in quotes."""
    return escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", content))


def at(coordinate: float) -> str:
    """Return a coordinate: to a tenth, which no eye sees."""
    return ("%.1f" % coordinate).replace(".0", "")

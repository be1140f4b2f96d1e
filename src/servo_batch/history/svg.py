"""Pictures that stand alone: one SVG document, no scripts, no fonts to fetch, for light and dark.

The objective upwards over the measurements; and to the right, in strips, one for each value of a setting or for each
combination compared. All text is horizontal, in places of its own.
"""

import math
import os
import re
from html import escape
from typing import Dict, List, Optional, Sequence, Tuple

from servo_batch import samples, terminal
from servo_batch.answers import ServoError, bad_request
from servo_batch.columns import clipped, folded, width
from servo_batch.files import check_folder, refuse_input, replace, why
from servo_batch.history.axis import scale
from servo_batch.history.figures import figure
from servo_batch.history.table import unit, varied
from servo_batch.history.trials import Trial, View, best_so_far
from servo_batch.wording import is_number, plain

WIDTH, MARGIN = 960, 40
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
TITLE, BODY, SMALL = 20, 13, 11.5
HEIGHT, LANE, GAP = 240, 20, 14
GUTTER, FAILED = 300, 68  # where labels stand left of strips, and how many failed right of them
# Of more numbers than these, neighbours share a strip.
MOST_STRIPS = 20
LEGEND = [("● measured", "quiet"), ("● best", "best"), ("━ best so far", "best"), ("○ far off", "quiet")]
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
# Beside what would turn the rest of a line around, XML 1.0 has no such characters, not even escaped.
UNPRINTABLE = re.compile(terminal.CONTROL.pattern + "|[\t\n\ud800-\udfff\ufffe\uffff]")
CHARACTER = 0.7  # of its size, about how wide a character is: rather too much, since only the reader knows the font


class Drawing:
    """What a picture shows, its lines, and ``y``, in pixels, down to where they reach."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.trials = sorted((trial for row in view.rows for trial in row.trials), key=lambda trial: trial.number)
        self.axis = scale([run for row in view.rows for run in row.runs] or [0.0], view.minimize, 5)
        self.y = 24.0
        self._lines: List[str] = []

    def row(self, *pieces: Tuple[str, str], gap: float = 8, size: float = BODY) -> None:
        """Write a line below all else: texts with their classes."""
        self.y += gap + size
        x: float = LEFT
        for content, classes in pieces:
            self.text(x, self.y, content, "start", classes, size)
            x += width(content) * size * CHARACTER + GAP

    def text(self, x: float, y: float, content: str, anchor: str, classes: str = "quiet", size: float = SMALL) -> None:
        """Write a text; ``y`` is the line that it stands on."""
        shape = '<text class="%s" x="%.1f" y="%.1f" font-size="%s" text-anchor="%s">%s</text>'
        self._lines.append(shape % (classes, x, y, size, anchor, safe(content)))

    def path(self, classes: str, drawn: str, *numbers: float) -> None:
        """Draw lines; ``drawn`` has ``%s`` for each of the numbers."""
        self._lines.append('<path class="%s" d="%s"/>' % (classes, drawn % tuple(round(each, 1) for each in numbers)))

    def mark(self, x: float, y: float, trial: Trial) -> None:
        """Draw a measurement that did not fail; one that is off the scale is a ring."""
        if not self.axis.low <= (trial.objective or 0.0) <= self.axis.high:
            self.path("quiet", "M%s %sa3.5 3.5 0 1 1 -.1 0", x, y - 3.5)
            return
        shape = ("best", x, y, 4.5) if self.view.is_best(trial) else ("point", x, y, 3.5)
        self._lines.append('<circle class="%s" cx="%.1f" cy="%.1f" r="%s"/>' % shape)

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
    if drawing.trials:
        drawing.row(("Measurement by measurement", "text strong"), *LEGEND, gap=30)
        _measurements(drawing)
    for name in sorted(view.varying, key=lambda name: [*matters, name].index(name)):
        about = "| median" + (", explains " + matters[name] if name in matters else "")
        title = clip(name, RIGHT - LEFT - 300, BODY)
        drawing.row((title, "text strong"), (about, "quiet"), gap=30)
        _strips(drawing, _by_value(view, name))
    return drawing.document()


def comparison(view: View) -> str:
    """Return the picture of a comparison: a strip for each combination, a dot for each run, a mark for the median."""
    drawing = _begun(view)
    drawing.row(("Run by run", "text strong"), ("| median", "quiet"), gap=30)
    _strips(drawing, [(varied(view, row), row.trials) for row in view.rows])
    return drawing.document()


def write(path: str, document: str) -> None:
    """Write a picture where ``check_replaceable`` allows it; raise ``ServoError`` (bad-request)."""
    try:
        replace(path, document.encode("utf-8"))
    except OSError as error:
        raise _unwritable(path, error) from None


def check_replaceable(path: str, inputs: Dict[str, Optional[str]]) -> None:
    """Raise ``ServoError`` (bad-request) where a picture could not be written, or would replace something else.

    ``inputs`` are those of ``files.refuse_input``.
    """
    refuse_input("--svg", path, inputs)
    try:
        check_folder(path)
        if os.path.lexists(path) and not os.path.isfile(path):
            raise OSError(0, "it is no file")
        with open(path if os.path.isfile(path) else os.devnull, "rb") as stream:
            if stream.read(4) not in (b"", b"<svg"):
                raise OSError(0, "the file holds something else than a picture")
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: str, error: OSError) -> ServoError:
    return bad_request(f"{path}: the picture cannot be written: {why(error)}; name another file")


def _begun(view: View) -> Drawing:
    """Return a picture that says what was measured, and the best with its settings."""
    drawing = Drawing(view)
    title = "%s %s" % ("minimize" if view.minimize else "maximize", view.label)
    drawing.row((clip(title, RIGHT - LEFT, TITLE), "text strong"), size=TITLE)
    best = view.top
    if best and best.value is not None:
        found = "Best: %s %s" % (figure(best.value), unit(view.rows, view.label.strip("{}")))
        about = "runs: %d" % len(best.runs) + (", confirmed by tune" if best.confirmed else "")
        drawing.row((found.rstrip(), "best text strong"), (about, "quiet"), gap=16)
        for line in folded(varied(view, best), int((RIGHT - LEFT) / BODY / CHARACTER)):
            drawing.row((line, "text"))
    return drawing


def _by_value(view: View, name: str) -> List[Tuple[str, List[Trial]]]:
    """Return the trials of each value of a setting: numbers in their order, texts in that of their best results."""
    rows, most = view.rows, len(view.rows)  # the best first
    if all(is_number(row.settings.get(name)) for row in rows):
        rows, most = sorted(rows, key=lambda row: row.settings[name]), MOST_STRIPS
    groups: Dict[str, List[Trial]] = {}
    for row in rows:
        groups.setdefault(plain(row.settings.get(name, "\N{EN DASH}")), []).extend(row.trials)
    labels, share = list(groups), math.ceil(len(groups) / most)
    found = []
    for each in (labels[index : index + share] for index in range(0, len(labels), share)):
        title = " to ".join(dict.fromkeys([each[0], each[-1]]))
        found.append((title, [trial for label in each for trial in groups[label]]))
    return found


# --- charts: each is drawn below what there is ---------------------------------------------------------------------


def _measurements(drawing: Drawing) -> None:
    """Draw the objective upwards over the measurements, and the best so far."""
    trials = drawing.trials
    left, bottom = LEFT + 100, drawing.y + 14 + HEIGHT
    step = (RIGHT - left) / len(trials)

    def height(value: float) -> float:
        return bottom - drawing.axis.part(value) * HEIGHT

    for tick, label in drawing.axis.ticks:
        drawing.path("grid", "M%s %sH%s", left, height(tick), RIGHT)
        drawing.text(left - 10, height(tick) + 4, label, "end")
    so_far = best_so_far([trial.objective for trial in trials], drawing.view.minimize)
    steps = [(left + index * step, height(value)) for index, value in enumerate(so_far) if value is not None]
    if steps:
        drawn = "M%s %s" + "H%sV%s" * (len(steps) - 1) + "H%s"
        drawing.path("best", drawn, *(number for place in steps for number in place), RIGHT)
    places = [left + (index + 0.5) * step for index in range(len(trials))]
    for x, trial in sorted(zip(places, trials), key=lambda each: drawing.view.is_best(each[1])):
        if trial.objective is None:
            drawing.path("quiet", "M%s %sl6 6m0 -6l-6 6", x - 3, bottom + 9)
            continue
        spread = samples.deviation(trial.runs)
        if spread:
            drawing.path("point", "M%s %sV%s", x, height(trial.objective - spread), height(trial.objective + spread))
        drawing.mark(x, height(trial.objective), trial)
    if None in [trial.objective for trial in trials]:
        drawing.text(left - 10, bottom + 16, "failed", "end")
        bottom += LANE
    for index in range(0, len(trials), math.ceil(len(trials) / 12)):
        drawing.text(places[index], bottom + 18, str(trials[index].number), "middle")
    drawing.y = bottom + 18


def _strips(drawing: Drawing, strips: Sequence[Tuple[str, List[Trial]]]) -> None:
    """Draw the objective to the right, a strip for each label, with a mark for the median."""
    left, right, y = LEFT + GUTTER, RIGHT - FAILED, drawing.y + 20

    def place(value: float) -> float:
        return left + drawing.axis.part(value) * (right - left)

    bottom = y + LANE * len(strips) - 10
    for value, label in drawing.axis.ticks:
        drawing.path("grid", "M%s %sV%s", place(value), y - 10, bottom)
        drawing.text(place(value), bottom + 14, label, "middle")
    for label, trials in strips:
        drawing.path("grid", "M%s %sH%s", left, y, right)
        drawing.text(left - 14, y + 4, clip(label, GUTTER - 14, SMALL), "end")
        found = []
        for trial in sorted(trials, key=drawing.view.is_best):
            if trial.objective is not None:
                drawing.mark(place(trial.objective), y, trial)
                found.append(trial.objective)
        if len(found) > 1:
            drawing.path("quiet", "M%s %sv14", place(samples.median(found)), y - 7)
        if len(found) < len(trials):
            drawing.text(RIGHT, y + 4, "%d failed" % (len(trials) - len(found)), "end")
        y += LANE
    drawing.y = bottom + 14


# --- texts --------------------------------------------------------------------------------------------------------


def clip(content: str, room: float, size: float) -> str:
    """Return a text that fits, as ``columns.clipped`` does."""
    return clipped(content, int(room / size / CHARACTER))


def safe(content: str) -> str:
    """Return a text as XML has it, between tags or in quotes."""
    return escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", content))

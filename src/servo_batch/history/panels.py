"""The objective against each setting that varies: small charts in rows, all with the main chart's scale."""

import math
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch.history import chart, drawing, ticks
from servo_batch.history.chart import Picture, Scale
from servo_batch.history.drawing import BODY, SMALL
from servo_batch.history.trials import Trial, as_number, objective_of, varying

HEIGHT, GAP = 150, 28
MOST_IN_A_ROW = 3
LABEL_ROOM = 22
# So far a label may stand out on either side, with some room left to the neighbour's.
OVERHANG = 10
AIR = 10.0
# Labels of more figures are too wide for a small chart.
LARGE = 1e5
# Labels that do not fit side by side are turned; so near they may stand then, and so wide they may be.
ANGLE, NARROWEST, WIDEST = 35, 23, 150
# What of the room left of the first panel a turned label may take, whatever the numbers there: it stays in the picture.
LEFT = drawing.MARGIN + 24
# So many values of a setting can be told apart by eye, where they are so far apart; each has its median marked where it
# was measured so often.
FEW_VALUES, APART, FEW_MEASUREMENTS = 12, 22, 3
# Numbers each of which is so many times the one before (1, 2, 4, 8) would stick together on an even axis.
STEP_RATIO = 1.5
MISSING = "\N{EN DASH}"


class Panel(NamedTuple):
    """How the values of a setting lie from left to right, each place a part of the width, 0 to 1.

    ``places`` is by the number of the measurement; ``labels`` stand under the axis; ``note`` beside the name.
    Medians are drawn where ``has_medians``.
    """

    name: str
    note: str
    places: Dict[int, float]
    labels: List[Tuple[float, str]]
    is_slanted: bool
    has_medians: bool


class Row(NamedTuple):
    """Panels side by side, each as wide as the others."""

    width: float
    panels: List[Panel]


def drawn(picture: Picture, left: float, right: float, top: float) -> Tuple[List[str], float]:
    """Return a chart for each setting that varies, under a heading, and where they end; nothing where none does."""
    names = varying(picture.trials)
    if not names or picture.axis is None:
        return [], top
    rows = _rows(picture, names, right - left)
    lines = [chart.heading(picture, "Setting by setting", top + 44)]
    if any(_medians(picture, panel) for row in rows for panel in row.panels):
        lines += _legend(right, top + 44)
    top += 50
    for row in rows:
        top += 26
        bottom = top + 12 + HEIGHT
        for index, panel in enumerate(row.panels):
            start = left + index * (row.width + GAP)
            across = Scale(0, 1, start, start + row.width)
            down = Scale(picture.axis.low, picture.axis.high, bottom, top + 12)
            lines.append(_title(panel, start, top, row.width))
            lines += _panel(picture, panel, across, down, is_first=index == 0)
        top = bottom + picture.lane + max(_label_room(panel) for panel in row.panels)
    return lines, top


def _legend(right: float, baseline: float) -> List[str]:
    name = "median of a value"
    x = right - drawing.width(name, SMALL)
    return [
        drawing.line("median", x - 26, baseline - 4, x - 10, baseline - 4),
        drawing.text(x, baseline, name, SMALL, "quiet"),
    ]


# --- layout -------------------------------------------------------------------------------------------------------


def _rows(picture: Picture, names: Sequence[str], room: float) -> List[Row]:
    """Return the panels in the order of their names; one with too many labels for its share has a row of its own."""
    columns = {1: 1, 2: 2, 4: 2}.get(len(names), MOST_IN_A_ROW)
    share = (room - GAP * (columns - 1)) / columns
    rows: List[Row] = []
    for name in names:
        panel = _numeric(picture, name, share) or _categories(picture, name, share)
        if panel is None:
            rows.append(Row(room, [_best_categories(picture, name, room)]))
        elif rows and rows[-1].width == share and len(rows[-1].panels) < columns:
            rows[-1].panels.append(panel)
        else:
            rows.append(Row(share, [panel]))
    return rows


def _numeric(picture: Picture, name: str, width: float) -> Optional[Panel]:
    """Return the panel of a setting whose values are numbers on an even axis, or None."""
    values = {trial.number: trial.settings[name] for trial in picture.trials if name in trial.settings}
    numbers = {number: as_number(value) for number, value in values.items()}
    if None in numbers.values():
        return None
    found = {number: value for number, value in numbers.items() if value is not None}
    low, high = _with_margin(list(found.values()))
    across = Scale(low, high, 0, 1)
    axis = _fitting(low, high, width, whole=all(isinstance(one, int) for one in values.values()))
    labels = [(across.at(value), label) for value, label in axis.ticks]
    labels = [label for label in labels if _fit([label], width)]
    distinct = sorted(set(found.values()))
    is_few = len(distinct) <= FEW_VALUES
    if is_few:
        own = [(across.at(value), ticks.rounded(value, 6)) for value in distinct]
        if _fit(own, width) and not axis.exponent:
            labels = own
        elif distinct[0] > 0 and all(after / value >= STEP_RATIO for value, after in zip(distinct, distinct[1:])):
            return None
    has_medians = is_few and all((b - a) / (high - low) * width >= APART for a, b in zip(distinct, distinct[1:]))
    places = {number: across.at(value) for number, value in found.items()}
    note = chart.unit_note(axis.exponent, picture.setting_units.get(name))
    return Panel(name, note, places, labels, False, has_medians)


def _with_margin(values: Sequence[float]) -> Tuple[float, float]:
    """Return a span with room at both ends; a setting's zero has no meaning of its own."""
    low, high = min(values), max(values)
    if high - low <= max(abs(low), abs(high)) * ticks.CLOSEST:
        return ticks.domain(values, 0)
    return low - (high - low) * 0.06, high + (high - low) * 0.06


def _fitting(low: float, high: float, width: float, whole: bool) -> ticks.Axis:
    """Return the axis with the most ticks, about, whose labels do not crowd."""
    for count in range(int(width / 50), 1, -1):
        axis = ticks.axis(low, high, count, whole, LARGE)
        inner = [(Scale(low, high, 0, 1).at(value), label) for value, label in axis.ticks]
        if _fit([one for one in inner if _fit([one], width)], width):
            break
    return axis


def _fit(labels: Sequence[Tuple[float, str]], width: float) -> bool:
    """Tell whether labels stand side by side with some air between them, and end in the gap beside the panel."""
    end = -OVERHANG - AIR
    for place, label in labels:
        half = drawing.width(label, SMALL) / 2
        if place * width - half < end + AIR:
            return False
        end = place * width + half
    return end <= width + OVERHANG


def _categories(picture: Picture, name: str, width: float) -> Optional[Panel]:
    """Return the panel of a setting whose values are named one by one, or None where they need more width."""
    return _laid_out(name, chart.unit_note(0, picture.setting_units.get(name)), _by_value(picture.trials, name), width)


def _best_categories(picture: Picture, name: str, width: float) -> Panel:
    """Return the panel that is as wide as the picture, with as many values as fit: those of the best results."""
    groups = _by_value(picture.trials, name)
    most = int(width / NARROWEST)
    note = chart.unit_note(0, picture.setting_units.get(name))
    if len(groups) > most:
        note = "the best %d of %d values" % (most, len(groups))
        worst = math.inf if picture.minimize else -math.inf

        def result(label: str) -> float:
            values = [value for value in map(objective_of, groups[label]) if value is not None]
            return (min if picture.minimize else max)(values, default=worst)

        kept = set(sorted(groups, key=result, reverse=not picture.minimize)[:most])
        groups = {label: trials for label, trials in groups.items() if label in kept}
    panel = _laid_out(name, note, groups, width)
    assert panel is not None  # since each has its slot
    return panel


def _by_value(trials: Sequence[Trial], name: str) -> Dict[str, List[Trial]]:
    groups: Dict[str, List[Trial]] = {}
    for trial in trials:
        label = _label(trial.settings[name]) if name in trial.settings else MISSING
        groups.setdefault(label, []).append(trial)
    numbers = {label: as_number(group[0].settings.get(name)) for label, group in groups.items()}
    if None in numbers.values():
        return {label: groups[label] for label in sorted(groups, key=_natural)}
    return {label: groups[label] for label in sorted(groups, key=lambda label: numbers[label] or 0.0)}


def _label(value: Any) -> str:
    number = as_number(value)
    return chart.shown(value) if number is None or isinstance(value, float) else ticks.fixed_point(value, 0)


def _natural(label: str) -> List[Any]:
    """Return the key of an order in which 9 comes before 11: text and numbers take turns."""
    parts = re.split(r"([0-9]+)", label)
    return [(int(part) if index % 2 else 0, part) for index, part in enumerate(parts)]


def _laid_out(name: str, note: str, groups: Dict[str, List[Trial]], width: float) -> Optional[Panel]:
    slot = width / len(groups)
    widest = max(drawing.width(label, SMALL) for label in groups)
    is_slanted = widest > slot - 10
    if is_slanted and slot < NARROWEST:
        return None
    places = {}
    labels = []
    for index, (label, trials) in enumerate(groups.items()):
        place = (index + 0.5) / len(groups)
        room = min(WIDEST, (LEFT + place * width) / math.cos(math.radians(ANGLE)))
        labels.append((place, drawing.clipped(label, room, SMALL) if is_slanted else label))
        places.update({trial.number: place for trial in trials})
    return Panel(name, note, places, labels, is_slanted, True)


# --- one panel ----------------------------------------------------------------------------------------------------


def _label_room(panel: Panel) -> float:
    if not panel.is_slanted:
        return LABEL_ROOM
    widest = max(drawing.width(label, SMALL) for _, label in panel.labels)
    return LABEL_ROOM + widest * math.sin(math.radians(ANGLE))


def _title(panel: Panel, x: float, y: float, width: float) -> str:
    """Return the setting's name and the note beside it, in one element: so they cannot meet."""
    note = drawing.clipped(panel.note, width / 2, SMALL)
    room = width - (drawing.width(note, SMALL) + 10 if note else 0)
    name = drawing.clipped(panel.name, room, BODY * drawing.STRONG)
    return drawing.spans(x, y, BODY, [(name, "strong", 0, 0), (note, "quiet", 8, SMALL)])


def _panel(picture: Picture, panel: Panel, across: Scale, down: Scale, is_first: bool) -> List[str]:
    assert picture.axis is not None
    left, right, bottom = across.start, across.end, down.start
    places = {number: across.at(place) for number, place in panel.places.items()}
    lines = chart.grid(picture.axis, down, left, right, labelled=is_first)
    lines.append(drawing.line("axis", left, bottom, right, bottom))
    for place, value in _medians(picture, panel):
        x, y = across.at(place), down.at(value)
        lines.append(drawing.line("median", x - 9, y, x + 9, y))
    lines += chart.points(picture, places, down, told=False)
    lines += chart.failures(picture, places, bottom, left if is_first else None, told=False)
    floor = bottom + picture.lane
    for place, label in panel.labels:
        x, y = across.at(place), floor + 16
        if panel.is_slanted:
            x, y = x + 4, y - 2
            turn = "rotate(-%d %s %s)" % (ANGLE, drawing.at(x), drawing.at(y))
            lines.append(drawing.text(x, y, label, SMALL, "quiet", "end", turn))
        else:
            lines.append(drawing.text(x, y, label, SMALL, "quiet figures", "middle"))
    return lines


def _medians(picture: Picture, panel: Panel) -> List[Tuple[float, float]]:
    """Return the median at each place that has enough measurements."""
    if not panel.has_medians:
        return []
    groups: Dict[float, List[float]] = {}
    for trial in picture.trials:
        value = objective_of(trial)
        if value is not None and trial.number in panel.places:
            groups.setdefault(panel.places[trial.number], []).append(value)
    return [(place, ticks.median(values)) for place, values in groups.items() if len(values) >= FEW_MEASUREMENTS]

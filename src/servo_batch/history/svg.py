"""The history as a picture that stands alone: one SVG document, no scripts, no fonts to fetch, for light and dark.

It has the objective over the measurements with the best so far, and below that a small chart of the objective against
each setting that varies.
"""

import math
from typing import Dict, List, Optional, Sequence, Tuple

from servo_batch.history import chart, drawing, panels, ticks
from servo_batch.history.chart import Picture, Scale
from servo_batch.history.drawing import BODY, HEADING, MARGIN, SMALL, WIDTH
from servo_batch.history.trials import Trial, best_so_far, comparable, objective_of, varying

TITLE = 21
RIGHT = WIDTH - MARGIN
HEIGHT = 240
# The best one's settings that are named.
MOST_SETTINGS, WIDEST_SETTING = 12, 260
# How far the text of the best stands from its mark.
FAR, NEAR = 11, 8


def document(
    trials: Sequence[Trial],
    objective_label: str,
    unit: Optional[str],
    minimize: bool,
    setting_units: Optional[Dict[str, str]] = None,
) -> str:
    """Return the picture of a history, as text to be written in UTF-8.

    ``objective_label`` and ``unit`` are text as it is to be read; ``unit`` is None where there is none.
    ``setting_units`` has the units of settings that have one, ``{"web.mem": "MiB"}``.
    """
    values = [value for value in map(objective_of, trials) if value is not None]
    axis = ticks.axis(*ticks.domain(comparable(values, minimize), 0.15), count=5) if values else None
    picture = Picture(trials, unit, minimize, axis, setting_units or {})
    left = MARGIN + math.ceil(_gutter(axis))
    lines, bottom = _header(picture, objective_label)
    if trials:
        added, bottom = _main(picture, left, bottom)
        lines += added
        added, bottom = panels.drawn(picture, left, RIGHT, bottom)
        lines += added
    height = math.ceil(bottom + 24)
    summary = drawing.safe("%s over %s" % (objective_label, _counted(len(trials), "measurement")))
    start = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="servo-batch" role="img" aria-label="%s"' % summary,
        '  width="%d" height="%d" viewBox="0 0 %d %d">' % (WIDTH, height, WIDTH, height),
        "<title>%s</title>" % summary,
        "<style>\n%s</style>" % drawing.STYLE,
        '<rect class="paper" width="%d" height="%d"/>' % (WIDTH, height),
    ]
    return "\n".join(start + lines + ["</svg>", ""])


def _counted(count: int, name: str) -> str:
    return "%d %s%s" % (count, name, "" if count == 1 else "s")


def _gutter(axis: Optional[ticks.Axis]) -> float:
    """Return the room that the texts left of the charts take."""
    labels = [label for _, label in axis.ticks] if axis else []
    return max(drawing.width(label, SMALL) for label in labels + ["failed"]) + 10


# --- the header ---------------------------------------------------------------------------------------------------


def _header(picture: Picture, label: str) -> Tuple[List[str], float]:
    """Return what was measured, the best, and with which settings; and where that ends."""
    top = 50.0
    lines = [drawing.text(MARGIN, top, drawing.clipped(label, RIGHT - MARGIN, TITLE * drawing.STRONG), TITLE, "strong")]
    top += 23
    lines.append(drawing.text(MARGIN, top, _facts(picture), BODY, "quiet"))
    best = picture.best
    if best is None:
        return lines, top
    top += 35
    value = "Best: %s" % chart.quantity(objective_of(best) or 0.0, picture.unit)
    about = "measurement %d%s" % (best.number, _gain(picture.trials[0], best))
    lines.append(drawing.spans(MARGIN, top, HEADING + 1, [(value, "good strong", 0, 0), (about, "quiet", 12, BODY)]))
    for spans in _settings(picture, best):
        top += 21
        lines.append(drawing.spans(MARGIN, top, BODY, spans))
    return lines, top


def _facts(picture: Picture) -> str:
    trials = picture.trials
    failed = sum(objective_of(trial) is None for trial in trials)
    facts = [_counted(len(trials), "measurement") + (", %d failed" % failed if failed else "")]
    facts.append("lower is better" if picture.minimize else "higher is better")
    days = sorted({trial.time[:10] for trial in trials})
    if days:
        facts.append(days[0] if days[0] == days[-1] else "%s to %s" % (days[0], days[-1]))
    return " · ".join(facts)


def _gain(first: Trial, best: Trial) -> str:
    """Return how far the best is from the first measurement, where per cent say it."""
    start, value = objective_of(first), objective_of(best)
    if start is None or value is None or start <= 0 or value < 0:
        return ""
    change = 100 * (value / start - 1)
    if not 0.05 <= abs(change) < 1000:
        return ""
    text = "%.*f" % (0 if abs(change) >= 10 else 1, abs(change))
    return ", %s\N{NO-BREAK SPACE}%% %s the first" % (text, "below" if change < 0 else "above")


def _settings(picture: Picture, best: Trial) -> List[List[drawing.Span]]:
    """Return lines of the settings that vary, with the best one's values."""
    pairs = []
    for name in varying(picture.trials):
        value = chart.shown(best.settings[name]) if name in best.settings else panels.MISSING
        pairs.append((name, " ".join(filter(None, (value, picture.setting_units.get(name))))))
    if len(pairs) > MOST_SETTINGS:
        pairs[MOST_SETTINGS - 1 :] = [("and %d more" % (len(pairs) - MOST_SETTINGS + 1), "")]
    lines: List[List[drawing.Span]] = []
    used = math.inf
    for name, value in pairs:
        name = drawing.clipped(name, WIDEST_SETTING, BODY)
        value = drawing.clipped(value, WIDEST_SETTING, BODY * drawing.STRONG)
        width = 6 + drawing.width(name, BODY) + drawing.width(value, BODY * drawing.STRONG) + 24
        if used + width > RIGHT - MARGIN:
            lines.append([])
            used = 0
        lines[-1] += [(name, "quiet", 24 if lines[-1] else 0, 0), (value, "strong", 6, 0)]
        used += width
    return lines


# --- the objective over the measurements --------------------------------------------------------------------------


def _main(picture: Picture, left: float, top: float) -> Tuple[List[str], float]:
    """Return the large chart and where it ends."""
    top += 44
    lines = [chart.heading(picture, "Measurement by measurement", top), *_legend(picture, top)]
    numbers = [trial.number for trial in picture.trials]
    across = _across(min(numbers), max(numbers), left)
    places = {number: across.at(number) for number in numbers}
    bottom = top + 24
    if picture.axis:
        axis = picture.axis
        bottom = top + 16 + HEIGHT
        down = Scale(axis.low, axis.high, bottom, top + 16)
        lines += chart.grid(axis, down, left, RIGHT, labelled=True)
        lines.append(drawing.line("axis", left, bottom, RIGHT, bottom))
        lines.append(_best_line(picture, across, down))
        lines += chart.points(picture, places, down, told=True)
        lines.append(_best_label(picture, across, down))
    else:
        lines.append(drawing.line("axis", left, bottom, RIGHT, bottom))
    lines += chart.failures(picture, places, bottom, left, told=True)
    bottom += picture.lane
    for x, label in _number_labels(across, min(numbers), max(numbers)):
        lines.append(drawing.text(x, bottom + 16, label, SMALL, "quiet figures", "middle"))
    return lines, bottom + 16


def _across(first: int, last: int, left: float) -> Scale:
    """Return the scale of the measurements' numbers, with room at both ends for the marks."""
    inset = max(0.3, 0.012 * (last - first))
    if first == last:
        inset = 1
    return Scale(first - inset, last + inset, left, RIGHT)


def _number_labels(across: Scale, first: int, last: int) -> List[Tuple[float, str]]:
    """Return round numbers, and the first one where there is room for it."""
    if first == last:
        return [(across.at(first), str(first))]
    axis = ticks.axis(first, last, 8, whole=True)
    labels = [(across.at(value), ticks.fixed_point(int(value), 0)) for value, _ in axis.ticks]
    step = axis.ticks[1][0] - axis.ticks[0][0] if len(axis.ticks) > 1 else 1
    if axis.ticks[0][0] - first >= step * 0.75:
        labels.insert(0, (across.at(first), ticks.fixed_point(first, 0)))
    return labels


def _legend(picture: Picture, baseline: float) -> List[str]:
    """Return what the marks mean, at the right end of the heading's line."""
    lines: List[str] = []
    x = float(RIGHT)
    y = baseline - 4
    names = ["failed"] if picture.lane else []
    if any(chart.is_off_scale(picture, trial) for trial in picture.trials):
        names.append("off the scale")
    if picture.axis:
        names += ["best", "best so far", "measured"] if len(picture.trials) > 1 else ["best"]
    for name in names:
        x -= drawing.width(name, SMALL)
        lines.append(drawing.text(x, baseline, name, SMALL, "quiet"))
        if name == "failed":
            lines.append(drawing.cross(x - 11, y))
        elif name == "off the scale":
            lines.append(drawing.arrow(x - 12, y, up=picture.minimize))
        elif name == "best so far":
            lines.append(drawing.line("line", x - 26, y, x - 9, y))
            x -= 12
        else:
            lines.append(drawing.circle("best" if name == "best" else "point", x - 12, y, 6 if name == "best" else 3.5))
        x -= 34
    return lines


def _best_line(picture: Picture, across: Scale, down: Scale) -> str:
    corners: List[Tuple[float, float]] = []
    last = None
    for trial, value in zip(picture.trials, best_so_far(picture.trials, picture.minimize)):
        if value is not None and value != last:
            corners.append((across.at(trial.number), down.at(value)))
            last = value
    return chart.step_line(corners, across.at(picture.trials[-1].number))


def _best_label(picture: Picture, across: Scale, down: Scale) -> str:
    """Return the best's value beside its mark, where it covers least."""
    best = picture.best
    assert best is not None
    value = objective_of(best) or 0.0
    label = chart.quantity(value, picture.unit)
    width, height = drawing.width(label, BODY * drawing.STRONG), 14
    x, y = across.at(best.number), down.at(value)
    covered = _covered(picture, across, down)

    def cost(corner: Tuple[float, float]) -> float:
        start, upper = corner
        hits = sum(start - 5 < a < start + width + 5 and upper - 4 < b < upper + height + 4 for a, b in covered)
        is_within = across.start <= start and start + width <= across.end and down.end <= upper
        return hits + (0 if is_within and upper + height <= down.start else 1e6)

    above, below = y - FAR - height, y + FAR
    heights = [below, above] if picture.minimize else [above, below]
    corners = [(start, upper) for upper in heights for start in (x - width / 2, x + NEAR, x - width - NEAR)]
    corners += [(x - width - FAR, y - height / 2), (x + FAR, y - height / 2)]
    start, upper = min(corners, key=cost)
    start = max(across.start, min(start, across.end - width))
    return drawing.text(start + width / 2, upper + height - 3, label, BODY, "good strong halo", "middle")


def _covered(picture: Picture, across: Scale, down: Scale) -> List[Tuple[float, float]]:
    """Return points of the marks and of the line."""
    covered = []
    trials, best = picture.trials, picture.best
    for trial in trials:
        value = objective_of(trial)
        if value is not None and trial is not best:
            covered.append((across.at(trial.number), down.at(value)))
    heights = [None if value is None else down.at(value) for value in best_so_far(trials, picture.minimize)]
    # The line has no gaps: a point every few pixels, and where it falls, on the way down.
    for one, after, height, next_height in zip(trials, trials[1:], heights, heights[1:]):
        if height is None or next_height is None:
            continue
        start, end = across.at(one.number), across.at(after.number)
        covered += [(start + step, height) for step in range(0, int(end - start) + 1, 6)]
        low, high = sorted((height, next_height))
        covered += [(end, low + step) for step in range(0, int(high - low) + 1, 6)]
    return covered

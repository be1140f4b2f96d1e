"""What the charts of a picture share: scales, the grid with its labels, the marks of measurements."""

import json
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch.history import drawing
from servo_batch.history.drawing import HEADING, MARGIN, SMALL, at
from servo_batch.history.ticks import Axis, power_of_ten, rounded
from servo_batch.history.trials import Trial, best, failure, objective_of

# A lane under the plot for what has no objective.
LANE = 22
# From so many measurements on the marks are smaller.
MANY = 120
MOST_TOLD = 12


class Scale(NamedTuple):
    """Where the values of an axis are drawn: ``low`` at ``start``, ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the coordinate of a value; of one beyond an end, that end's."""
        span = self.high - self.low
        value = max(self.low, min(value, self.high))
        return self.start + (self.end - self.start) * (value / span - self.low / span)


class Picture(NamedTuple):
    """What every chart of a picture shows.

    ``axis`` is the objective's, None where all measurements failed; ``unit`` is None where it has none.
    """

    trials: Sequence[Trial]
    unit: Optional[str]
    minimize: bool
    axis: Optional[Axis]
    setting_units: Dict[str, str]

    @property
    def best(self) -> Optional[Trial]:
        """Return the best measurement."""
        return best(self.trials, self.minimize)

    @property
    def lane(self) -> float:
        """Return the height of the lane of what failed: 0 where nothing did."""
        return LANE if any(objective_of(trial) is None for trial in self.trials) else 0


def shown(value: object) -> str:
    """Return a setting's value as it is read: text as it is, else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "%.12g" % value  # 0.1 + 0.2 is 0.3 to whoever set it
    return json.dumps(value, ensure_ascii=False)


def quantity(value: float, unit: Optional[str]) -> str:
    """Return a number and its unit: ``"16.62 seconds"``."""
    return "%s %s" % (rounded(value), drawing.clipped(unit, 200, SMALL)) if unit else rounded(value)


def heading(picture: Picture, title: str, baseline: float) -> str:
    """Return a chart's heading with the unit of its vertical axis."""
    note = unit_note(picture.axis.exponent, picture.unit) if picture.axis else ""
    return drawing.spans(MARGIN, baseline, HEADING, [(title, "strong", 0, 0), (note, "quiet", 10, SMALL)])


def unit_note(exponent: int, unit: Optional[str]) -> str:
    """Return what is to be known of an axis's labels: ``"in seconds"``, a power of ten, both or nothing."""
    unit = drawing.clipped(unit or "", 220, SMALL)
    if not exponent:
        return "in %s" % unit if unit else ""
    return "%s %s" % (power_of_ten(exponent), unit) if unit else power_of_ten(exponent)


def grid(axis: Axis, down: Scale, left: float, right: float, labelled: bool) -> List[str]:
    """Return a line for each round value of the objective, with its number to the left."""
    lines = []
    for value, label in axis.ticks:
        y = down.at(value)
        is_zero = value == 0 and axis.low < 0 < axis.high
        lines.append(drawing.line("axis" if is_zero else "grid", left, y, right, y))
        if labelled:
            lines.append(drawing.text(left - 10, y + 4, label, SMALL, "quiet figures", "end"))
    return lines


def points(picture: Picture, places: Dict[int, float], down: Scale, told: bool) -> List[str]:
    """Return the marks of what was measured, the best on top; ``places`` maps a measurement's number to its x."""
    radius = 3.5 if len(picture.trials) < MANY else 2.5
    best_lines = []
    lines = []
    best_trial = picture.best
    for trial in picture.trials:
        value = objective_of(trial)
        if value is None or trial.number not in places:
            continue
        text = _told(trial, picture.unit) if told else ""
        if is_off_scale(picture, trial):
            lines.append(drawing.arrow(places[trial.number], down.at(value), picture.minimize, text))
        elif trial is best_trial:
            best_lines.append(drawing.circle("best", places[trial.number], down.at(value), 6, text))
        else:
            lines.append(drawing.circle("point", places[trial.number], down.at(value), radius, text))
    return lines + best_lines


def is_off_scale(picture: Picture, trial: Trial) -> bool:
    """Tell whether a measurement's objective lies beyond the axis: above it, or below where the highest is the best."""
    value, axis = objective_of(trial), picture.axis
    return value is not None and axis is not None and not axis.low <= value <= axis.high


def failures(picture: Picture, places: Dict[int, float], bottom: float, left: Optional[float], told: bool) -> List[str]:
    """Return the lane under a plot's ``bottom`` with what failed; it is named at ``left`` unless that is None."""
    if not picture.lane:
        return []
    y = bottom + picture.lane / 2 + 1
    lines = [] if left is None else [drawing.text(left - 10, y + 4, "failed", SMALL, "quiet", "end")]
    for trial in picture.trials:
        if objective_of(trial) is None and trial.number in places:
            lines.append(drawing.cross(places[trial.number], y, _told(trial, None) if told else ""))
    return lines


def _told(trial: Trial, unit: Optional[str]) -> str:
    value = objective_of(trial)
    what = failure(trial) if value is None else quantity(value, unit)
    settings = ["%s = %s" % (name, shown(one)[:80]) for name, one in trial.settings.items()]
    if len(settings) > MOST_TOLD:
        settings[MOST_TOLD - 1 :] = ["and %d more" % (len(settings) - MOST_TOLD + 1)]
    return "\n".join(["measurement %d: %s" % (trial.number, what)] + settings)


def step_line(corners: Sequence[Tuple[float, float]], end: float) -> str:
    """Return a line that keeps each height until the next corner, and the last one until ``end``."""
    (x, y), *rest = corners
    path = "M%s %s" % (at(x), at(y)) + "".join("H%sV%s" % (at(x), at(y)) for x, y in rest)
    return '<path class="line" d="%sH%s"/>' % (path, at(end))

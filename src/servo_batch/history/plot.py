"""The objective over the measurements as text, for a terminal."""

from typing import Sequence

from servo_batch import terminal
from servo_batch.columns import clipped
from servo_batch.history.axis import Axis, scale
from servo_batch.history.trials import Trial, View, best_so_far

HEIGHT = 10
# What is measured, the best, the best so far, failed, off the scale; a tick, the side and the corner of the axis.
UNICODE, ASCII = "•◆─\N{MULTIPLICATION SIGN}▲┤│└", "o#-x^+|+"


def text(view: View, trials: Sequence[Trial], width: int) -> str:
    """Return a plot of the trials, at most ``width`` columns wide; nothing where nothing was measured."""
    values = [trial.objective for trial in trials]
    found = [value for value in values if value is not None]
    if not found:
        return ""
    marks = tuple(UNICODE if terminal.has_unicode() else ASCII)
    measured, best_mark, so_far_mark, failed, beyond, tick, side, corner = marks
    axis = scale(found, view.minimize, HEIGHT // 3)
    labels = {_row(value, axis): label for value, label in axis.ticks}
    gutter = max(map(len, labels.values()))
    last = max(1, width - gutter - 2) - 1
    columns = [index * last // max(1, len(values) - 1) for index in range(len(values))]
    canvas = [[" "] * (last + 1) for _ in range(HEIGHT)]
    floor = [so_far_mark] * (last + 1)
    for column, after, so_far in zip(columns, [*columns[1:], last + 1], best_so_far(values, view.minimize)):
        if so_far is not None:
            canvas[_row(so_far, axis)][column:after] = so_far_mark * (after - column)
    for column, trial in sorted(zip(columns, trials), key=lambda each: view.is_best(each[1])):
        if trial.objective is None:
            floor[column] = failed
        else:
            mark = measured if axis.low <= trial.objective <= axis.high else beyond
            canvas[_row(trial.objective, axis)][column] = best_mark if view.is_best(trial) else mark
    legend = "%s best  %s best so far  %s failed" % (best_mark, so_far_mark * 2, failed)
    lines = [clipped(terminal.one_line(view.label), max(2, width - len(legend) - 3)) + "   " + legend]
    for row, cells in enumerate(canvas):
        lines.append("%s %s%s" % (labels.get(row, "").rjust(gutter), tick if row in labels else side, "".join(cells)))
    lines.append(" " * (gutter + 1) + corner + "".join(floor))
    first, latest = str(trials[0].number), str(trials[-1].number)
    lines.append(" " * (gutter + 2) + first + latest.rjust(last + 1 - len(first)))
    return "".join(line[:width].rstrip() + "\n" for line in lines)


def _row(value: float, axis: Axis) -> int:
    """Return the line from the top; of a value that is off the scale, the first or the last."""
    return int((1 - axis.part(value)) * (HEIGHT - 1) + 0.5)

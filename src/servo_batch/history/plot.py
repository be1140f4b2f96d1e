"""The objective over the measurements as text, for a terminal."""

from typing import List, Optional, Sequence

from servo_batch import terminal
from servo_batch.history import figures
from servo_batch.history.trials import best_so_far
from servo_batch.wording import clipped

# Wider, a few measurements would stand too far apart to be seen as a row.
FARTHEST_APART = 12
# So many columns are between the numbers under the axis.
APART = 8


# What is measured, the best, the best so far, failed, off the scale; a tick, the side and the corner of the axis.
UNICODE, ASCII = "•◆─\N{MULTIPLICATION SIGN}▲┤│└", "o#-x^+|+"


def text(
    values: Sequence[Optional[float]], best: Sequence[int], minimize: bool, width: int, height: int, label: str
) -> str:
    """Return a plot of ``height`` lines besides its axis and its title, at most ``width`` columns wide.

    ``values`` has the objective of each measurement, None for one that failed; ``best`` is the places of the best ones.
    Nothing is returned where nothing was measured.
    """
    found = [value for value in values if value is not None]
    if not found:
        return ""
    measured, best_mark, so_far_mark, failed, beyond, tick, side, corner = tuple(
        UNICODE if terminal.has_unicode() else ASCII
    )
    low, high = figures.domain(figures.comparable(found, minimize), 0)
    axis = figures.axis(low, high, max(2, height // 3))
    labels = {_row(value, axis, height): label for value, label in axis.ticks}
    gutter = max(map(len, labels.values()))
    columns = _columns(len(values), max(1, width - gutter - 2))
    canvas = [[" "] * (columns[-1] + 1) for _ in range(height)]
    floor = [so_far_mark] * (columns[-1] + 1)
    for column, after, so_far in zip(columns, columns[1:] + [columns[-1] + 1], best_so_far(values, minimize)):
        if so_far is not None:
            canvas[_row(so_far, axis, height)][column:after] = so_far_mark * (after - column)
    for column, value in zip(columns, values):
        if value is None:
            floor[column] = failed
        else:
            canvas[_row(value, axis, height)][column] = measured if low <= value <= high else beyond
    for place in best:
        value = values[place]
        if value is not None:
            canvas[_row(value, axis, height)][columns[place]] = best_mark
    legend = "%s best  %s best so far" % (best_mark, so_far_mark * 2)
    legend += "  %s failed" % failed if None in values else ""
    lines = [clipped(terminal.one_line(label), max(2, width - len(legend) - 3)) + "   " + legend]
    for index, cells in enumerate(canvas):
        lines.append(
            "%s %s" % (labels.get(index, "").rjust(gutter), tick if index in labels else side) + "".join(cells)
        )
    lines.append(" " * (gutter + 1) + corner + "".join(floor))
    lines.append(" " * (gutter + 2) + _numbers(columns))
    return "".join(line[:width].rstrip() + "\n" for line in lines)


def _row(value: float, axis: figures.Axis, rows: int) -> int:
    """Return the line from the top; of a value that is off the scale, the first or the last."""
    return int((1 - axis.part(value)) * (rows - 1) + 0.5)


def _columns(count: int, room: int) -> List[int]:
    """Return the place of each measurement."""
    last = min(room - 1, (count - 1) * FARTHEST_APART)
    return [index * last // max(1, count - 1) for index in range(count)]


def _numbers(columns: Sequence[int]) -> str:
    """Return the numbers of measurements, each under its place."""
    count = len(columns)
    if count == 1:
        return "1"
    line = ""
    for value, label in figures.axis(1, count, max(2, columns[-1] // APART), whole=True).ticks:
        start = max(0, min(columns[int(value) - 1] - len(label) // 2, columns[-1] + 1 - len(label)))
        if not line or start > len(line):
            line = line.ljust(start) + label
    return line

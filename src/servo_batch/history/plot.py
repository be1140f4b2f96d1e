"""The objective over the measurements as text, for a terminal."""

from typing import List, NamedTuple, Optional, Sequence

from servo_batch import terminal
from servo_batch.history import ticks
from servo_batch.history.trials import as_number, comparable

# Wider, a few measurements would stand too far apart to be seen as a row.
FARTHEST_APART = 12
LEAST_ROWS = 3
# So far apart are the numbers under the axis.
APART = 8


class Marks(NamedTuple):
    """The characters of a plot."""

    measured: str
    best: str
    so_far: str
    failed: str
    beyond: str
    tick: str
    side: str
    corner: str
    floor: str


UNICODE = Marks("•", "◆", "─", "\N{MULTIPLICATION SIGN}", "▲", "┤", "│", "└", "─")
ASCII = Marks("o", "#", "-", "x", "^", "+", "|", "+", "-")


def text(
    values: Sequence[Optional[float]],
    best_so_far: Sequence[Optional[float]],
    width: int,
    height: int,
    unicode: bool,
    label: str,
) -> str:
    """Return a plot of ``height`` lines besides its axis and its title, at most ``width`` columns wide.

    ``values`` has the objective of each measurement, None for one that failed; ``best_so_far`` the best up to each.
    ``unicode`` tells whether the terminal has more than ASCII. Nothing is returned where nothing was measured.
    """
    marks = UNICODE if unicode else ASCII
    numbers = [None if value is None else as_number(value) for value in values]
    found = [number for number in numbers if number is not None]
    if not found:
        return ""
    best = best_so_far[-1]
    low, high = ticks.domain(comparable(found, minimize=best == min(found)), 0)
    rows = max(LEAST_ROWS, height)
    axis = ticks.axis(low, high, max(2, rows // 3))
    labels = {_row(value, axis, rows): ticks.ascii_only(label) for value, label in axis.ticks}
    gutter = max(map(len, labels.values()))
    columns = _columns(len(numbers), max(1, width - gutter - 2))
    canvas = [[" "] * (columns[-1] + 1) for _ in range(rows)]
    for column, after, so_far in zip(columns, columns[1:] + [columns[-1] + 1], best_so_far):
        if so_far is not None:
            row = canvas[_row(so_far, axis, rows)]
            row[column:after] = marks.so_far * (after - column)
    for column, number in zip(columns, numbers):
        if number is not None:
            canvas[_row(number, axis, rows)][column] = marks.measured if low <= number <= high else marks.beyond
    if best is not None and best in numbers:
        canvas[_row(best, axis, rows)][columns[numbers.index(best)]] = marks.best
    floor = [marks.failed if number is None else marks.floor for number in _by_column(columns, numbers)]
    lines = [_title(_plain(label, unicode), axis, marks, has_failures=None in numbers)]
    for index, cells in enumerate(canvas):
        side = marks.tick if index in labels else marks.side
        lines.append("%s %s%s" % (labels.get(index, "").rjust(gutter), side, "".join(cells)))
    lines.append(" " * (gutter + 1) + marks.corner + "".join(floor))
    lines.append(" " * (gutter + 2) + _numbers_line(columns))
    return "".join(line[:width].rstrip() + "\n" for line in lines)


def _row(value: float, axis: ticks.Axis, rows: int) -> int:
    """Return the line from the top; of a value that is off the scale, the first or the last."""
    part = max(0.0, min((axis.high - value) / (axis.high - axis.low), 1.0))
    return int(part * (rows - 1) + 0.5)


def _columns(count: int, room: int) -> List[int]:
    """Return the place of each measurement."""
    if count == 1:
        return [0]
    last = min(room - 1, (count - 1) * FARTHEST_APART)
    return [index * last // (count - 1) for index in range(count)]


def _by_column(columns: Sequence[int], numbers: Sequence[Optional[float]]) -> List[Optional[float]]:
    """Return what the axis marks at each place: None where a measurement failed."""
    found: List[Optional[float]] = [0.0] * (columns[-1] + 1)
    for column, number in zip(columns, numbers):
        if number is None:
            found[column] = None
    return found


def _plain(label: str, unicode: bool) -> str:
    """Return a label as one line that the terminal can show."""
    text = " ".join(terminal.printable(label).split())
    return text if unicode else text.encode("ascii", "backslashreplace").decode("ascii")


def _title(label: str, axis: ticks.Axis, marks: Marks, has_failures: bool) -> str:
    """Return the first line: what is plotted, and what the marks mean."""
    power = " (1e%d)" % axis.exponent if axis.exponent else ""
    legend = "%s best  %s best so far" % (marks.best, marks.so_far * 2)
    if has_failures:
        legend += "  %s failed" % marks.failed
    return "%s%s   %s" % (label, power, legend)


def _numbers_line(columns: Sequence[int]) -> str:
    """Return the numbers of measurements, each under its place."""
    count = len(columns)
    if count == 1:
        return "1"
    line = ""
    for value, _ in ticks.axis(1, count, max(2, columns[-1] // APART), whole=True).ticks:
        number = str(int(value))
        start = max(0, min(columns[int(value) - 1] - len(number) // 2, columns[-1] + 1 - len(number)))
        if not line or start > len(line):
            line = line.ljust(start) + number
    return line

"""Measurements as a table: settings that vary, objective, metrics, what is best. For a terminal, and as markdown.

No setting that varies is left out: where a terminal is narrow, their names and values are shortened, metrics are left
out and named, and where that is not enough, rows go on in the next line.
"""

import math
import re
import shlex
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from servo_batch import samples, terminal
from servo_batch.columns import clipped, folded, lined_up, width
from servo_batch.history.figures import aligned, as_number, figure, short_unit
from servo_batch.history.trials import Row, View, names
from servo_batch.wording import plain

# Where there is no room for whole names and values, so much of them has to do.
ENOUGH = 12


class Column(NamedTuple):
    """A title and a text for each row; the ``unit`` stands below the title, or behind it in ``whole_title``.

    Where a terminal is narrow, a setting is shortened, and what is optional is left out.
    """

    title: str
    cells: List[str]
    to_right: bool = True
    is_setting: bool = False
    is_optional: bool = False
    unit: str = ""

    @property
    def whole_title(self) -> str:
        """Return the title with the unit."""
        return "%s (%s)" % (self.title, self.unit) if self.unit else self.title


def text(view: View, room: int) -> str:
    """Return the table for a terminal in lines of at most ``room`` columns."""
    columns = _columns(view)
    if _width(columns) > room:
        columns = [_shortened(column) if column.is_setting else column for column in columns]
    hidden: List[str] = []
    for column in [column for column in reversed(columns) if column.is_optional]:
        if _width(columns) > room:
            columns.remove(column)
            hidden.insert(0, column.whole_title)
    notes = ["no room for %s: --csv has all" % ", ".join(hidden)] if hidden else []
    return paragraphs([_head(view), *_lines(columns), *notes], room)


def markdown(view: View) -> str:
    """Return the table as GitHub has it, all of it."""
    columns = _columns(view)
    lines = [[column.whole_title for column in columns], ["--:" if column.to_right else "---" for column in columns]]
    lines += [list(cells) for cells in zip(*(column.cells for column in columns))]
    return _plain(_head(view)) + "\n\n" + "".join("| %s |\n" % " | ".join(map(_plain, line)) for line in lines)


def _plain(cell: str) -> str:
    return re.sub(r"([\\`*<>&|\[\]])", r"\\\1", " ".join(terminal.CONTROL.sub(" ", cell).split()))


# --- what is in the columns ---------------------------------------------------------------------------------------


def _head(view: View) -> str:
    """Return what stands above the table."""
    has_spread = any(len(row.runs) > 1 for row in view.rows)
    spread = "; median ± sample standard deviation of the runs" if has_spread else ""
    return "%s %s%s" % ("minimize" if view.minimize else "maximize", view.label, spread)


def _columns(view: View) -> List[Column]:
    """Return all columns, the last one for remarks."""
    rows = view.rows
    columns = [Column("#", [str(row.trials[0].number) for row in rows])] if view.numbered else []
    for name in view.varying:
        values = [[row.settings[name]] if name in row.settings else [] for row in rows]
        columns.append(_texts(name, values)._replace(is_setting=True))
    subject = view.label.strip("{}")
    metrics = names([trial.metrics for row in rows for trial in row.trials])
    title = subject if subject in metrics else "objective"  # the head has all of it
    columns.append(_figures(title, unit(rows, subject), [row.runs for row in rows]))
    if view.is_comparison:
        columns.append(_relative(view))
    if any(len(row.runs) > len(row.trials) for row in rows) and not view.numbered:
        columns.append(Column("measured", [str(len(row.trials)) for row in rows]))
    columns.append(Column("runs", [str(len(row.runs)) for row in rows]))
    for name in (name for name in metrics if name != subject):
        values = [row.values(name) for row in rows]
        column = _texts(name, values)
        if column.to_right:
            column = _figures(name, unit(rows, name), values, has_spread=not view.is_comparison)
        columns.append(column._replace(is_optional=True))
    return [*columns, Column("", [_note(row, view) for row in rows], to_right=False)]


def _texts(name: str, values: Sequence[Sequence[Any]]) -> Column:
    """Return a column of values as they are, numbers to the right."""
    is_number = all(as_number(value) is not None for found in values for value in found)
    return Column(name, [", ".join(dict.fromkeys(map(plain, found))) for found in values], is_number)


def _figures(name: str, of: str, values: Sequence[Sequence[float]], has_spread: bool = True) -> Column:
    """Return a column of medians with their spread."""
    short, divisor = short_unit(of, [value for found in values for value in found])
    divided = [[value / divisor for value in found] for found in values]
    medians = aligned([samples.median(found) if found else None for found in divided])
    spreads = [samples.deviation(found) if has_spread else None for found in divided]
    return Column(name, _joined(medians, spreads), unit=short)


def _joined(medians: Sequence[str], spreads: Sequence[Optional[float]]) -> List[str]:
    """Return each figure with its spread, both in line."""
    texts = ["" if spread is None else "± " + figure(spread, 2) for spread in spreads]
    wide = max(map(len, texts), default=0)
    return ["%s %s" % (median, text.ljust(wide)) if wide else median for median, text in zip(medians, texts)]


def unit(rows: Sequence[Row], name: str) -> str:
    """Return the unit that a metric was recorded with, an empty text where it has none."""
    units = [trial.metrics.get(name, {}).get("unit") for row in rows for trial in row.trials]
    return next((str(each) for each in units if each), "")


def _relative(view: View) -> Column:
    ratios = [relative(row, view.top) for row in view.rows]
    medians = ["%.2f" % ratio[0] if ratio else "" for ratio in ratios]
    return Column("times the best", _joined(medians, [ratio[1] if ratio else None for ratio in ratios]))


def relative(row: Row, top: Optional[Row]) -> Optional[Tuple[float, Optional[float]]]:
    """Return how many times the best's median a row's is and the spread of that; None where one is not positive."""
    if top is None or not top.value or not row.value or top.value < 0 or row.value < 0:
        return None
    ratio, spread, other = row.value / top.value, samples.deviation(row.runs), samples.deviation(top.runs)
    if row is top or spread is None or other is None:
        return ratio, None
    return ratio, ratio * math.hypot(spread / row.value, other / top.value)


def pairs(settings: Mapping[str, Any]) -> str:
    """Return settings as they are given on the command line, ``web.cpu=4 web.gc=g1``, quoted where a shell needs it."""
    return " ".join(shlex.quote("%s=%s" % (name, plain(value))) for name, value in settings.items())


def varied(view: View, row: Row) -> str:
    """Return the settings that vary as a row has them, as they are given on the command line."""
    return pairs({name: row.settings[name] for name in view.varying if name in row.settings})


def verdict(view: View) -> str:
    """Return a sentence that names what these runs cannot tell from the best, and how many it would take at least."""
    best = view.top
    others = [row for row in view.rows if row is not best and row.value is not None]
    if best is None:
        return "all combinations failed"
    if not others:
        return ""
    is_exact = all(len(best.costs) + len(row.costs) <= samples.MOST_EXACT for row in others)
    test = "%sone-sided rank test at 5 %%, uncorrected for how many are compared" % ("exact " if is_exact else "")
    equal = [row for row in others if not samples.is_lower(best.costs, row.costs)]
    if not equal:
        return "the best is better than any other by more than chance explains (%s)" % test
    listed = ["[%s]" % varied(view, row) for row in equal]
    least = samples.least_runs(best.costs, [row.costs for row in equal])
    told = "these runs cannot tell from the best: %s (%s); it takes %d runs of each at least"
    return told % (", ".join(listed), test, least)


def _note(row: Row, view: View) -> str:
    notes = ["* best"] if view.is_best(row.trials[0]) else []
    if row.confirmed:
        notes.append("confirmed by tune")
    failures = [trial.reason or "no objective" for trial in row.trials if trial.objective is None]
    if failures:
        part = "" if len(failures) == len(row.trials) else "%d of %d " % (len(failures), len(row.trials))
        reason = ", ".join(dict.fromkeys(failures))
        notes.append(part + ("failed" if reason == "command-failed" else "failed: " + reason))
    return ", ".join(notes)


# --- how they fit -------------------------------------------------------------------------------------------------


def _lines(columns: Sequence[Column]) -> List[str]:
    """Return the titles, the units (an empty line where there are none) and the rows, the columns aligned."""
    texts = [[column.title, column.unit, *column.cells] for column in columns]
    return lined_up([(list(map(terminal.one_line, cells)), each.to_right) for cells, each in zip(texts, columns)])


def _width(columns: Sequence[Column]) -> int:
    return max(map(width, _lines(columns)))


def _shortened(column: Column) -> Column:
    """Return a column with its title and its cells clipped, these where that leaves them told apart."""
    cells = [clipped(terminal.one_line(cell), ENOUGH) for cell in column.cells]
    cells = cells if len(set(cells)) == len(set(column.cells)) else column.cells
    title = clipped(terminal.one_line(column.title), max([ENOUGH, *map(width, cells)]))
    return column._replace(title=title, cells=cells)


def paragraphs(texts: Sequence[str], room: int) -> str:
    """Return texts as a terminal shows them, each in lines of at most ``room`` columns; none for an empty one."""
    return "".join(line + "\n" for text in texts if text for line in folded(terminal.one_line(text), room))

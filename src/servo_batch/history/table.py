"""Measurements as a table: settings that vary, objective, metrics, what is best. For a terminal, and as markdown.

Nothing that varies is left out: where a terminal is narrow, names and values are shortened, and where they could not be
told apart then, each row becomes a paragraph.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch import samples, terminal
from servo_batch.history.figures import aligned, as_number, figure, short_unit
from servo_batch.history.trials import Row, costs, failure, is_better, names, shown, varying
from servo_batch.wording import clipped, padded, width

# Of more rows than that the first ones are shown.
MOST_ROWS = 40
GAP = "  "
ALWAYS_COMPARED = ("cpu_time", "max_rss")
# Where there is no room for whole names and values, so much of them has to do.
SHORTEST_NAME, WIDEST_VALUE = 6, 12
WIDEST_LABEL = 24  # the head has all of it


class Column(NamedTuple):
    """A title and a text for each row; the ``unit`` stands below the title, or behind it in ``whole_title``."""

    title: str
    cells: List[str]
    to_right: bool = True
    is_setting: bool = False
    unit: str = ""

    @property
    def whole_title(self) -> str:
        """Return the title with the unit."""
        return "%s (%s)" % (self.title, self.unit) if self.unit else self.title


class View(NamedTuple):
    """What a table says: its rows, ``top`` the best of them, and of what objective (its label and its direction).

    ``is_comparison``: with how many times the best's value each is, and without marks of what a tuning confirmed.
    ``numbered``: each row is one measurement.
    """

    rows: Sequence[Row]
    top: Optional[Row]
    label: str
    minimize: bool
    numbered: bool = False
    is_comparison: bool = False

    @property
    def head(self) -> str:
        """Return what stands above the table."""
        counts = {len(row.runs) for row in self.rows if row.runs}
        runs = "%d runs" % max(counts) if self.has_even_runs else "the runs"
        spread = "; median ± sample standard deviation of " + runs if max(counts, default=0) > 1 else ""
        return "%s %s%s" % ("minimize" if self.minimize else "maximize", self.label, spread)

    @property
    def has_even_runs(self) -> bool:
        """Return whether it compares combinations that all have had as many runs, or failed in all of them."""
        return self.is_comparison and len({len(row.trials) for row in self.rows}) == 1 == len(
            {len(row.runs) for row in self.rows if row.runs}
        )


def text(view: View, room: int) -> str:
    """Return the table for a terminal in lines of at most ``room`` columns."""
    rows = view.rows if view.numbered or view.is_comparison else view.rows[:MOST_ROWS]
    columns, extras, note = _columns(view._replace(rows=rows))
    lines, hidden = _paragraphs([*columns, *extras, note], room), []
    for kept in range(len(extras), -1, -1):
        fitting = _fitting([*columns, *extras[:kept], note], room, is_last=kept == 0)
        if fitting:
            lines, hidden = fitting, [column.whole_title for column in extras[kept:]]
            break
    notes = ["no room for %s: --csv has all" % ", ".join(hidden)] if hidden else []
    if len(rows) < len(view.rows):
        notes.append("the best %d of %d combinations: --csv has all" % (len(rows), len(view.rows)))
    return paragraphs([view.head], room) + "".join(line + "\n" for line in lines) + paragraphs(notes, room)


def markdown(view: View) -> str:
    """Return the table as GitHub has it, all of it."""
    columns, extras, note = _columns(view)
    columns = [*columns, *extras, note]
    lines = [[column.whole_title for column in columns], ["--:" if column.to_right else "---" for column in columns]]
    lines += [list(cells) for cells in zip(*(column.cells for column in columns))]
    return _plain(view.head) + "\n\n" + "".join("| %s |\n" % " | ".join(map(_plain, line)) for line in lines)


def _plain(cell: str) -> str:
    return re.sub(r"([\\`*<>|\[\]])", r"\\\1", " ".join(re.sub("[\0-\x1f\x7f-\x9f]", " ", cell).split()))


# --- what is in the columns ---------------------------------------------------------------------------------------


def _columns(view: View) -> Tuple[List[Column], List[Column], Column]:
    """Return the columns that are always there, those for which there has to be room, and the remarks."""
    rows = view.rows
    columns = [Column("#", [str(row.trials[0].number) for row in rows])] if view.numbered else []
    columns += [_setting(name, rows) for name in varying([row.settings for row in rows])]
    subject = view.label.strip("{}")
    metrics = names([trial.metrics for row in rows for trial in row.trials])
    label = clipped(subject if subject in metrics else view.label, WIDEST_LABEL)
    columns.append(_figures(label, unit(rows, subject), [row.runs for row in rows]))
    if view.is_comparison and len(rows) > 1:
        columns.append(_relative(view))
    several = any(len(row.runs) > sum(trial.objective is not None for trial in row.trials) for row in rows)
    if several and not (view.numbered or view.is_comparison):
        columns.append(Column("measured", [str(len(row.trials)) for row in rows]))
    if not view.has_even_runs:
        columns.append(Column("runs", [str(len(row.runs)) for row in rows]))
    extras: List[Column] = []
    for name in metrics:
        values = [row.values(name) for row in rows]
        if name == subject:
            continue
        if any(as_number(value) is None for found in values for value in found):
            column = Column(name, [", ".join(dict.fromkeys(map(shown, found))) for found in values], to_right=False)
        else:
            column = _figures(name, unit(rows, name), values, has_spread=not view.is_comparison)
        (columns if view.is_comparison and name in ALWAYS_COMPARED else extras).append(column)
    return columns, extras, Column("", [_note(row, view) for row in rows], to_right=False)


def _setting(name: str, rows: Sequence[Row]) -> Column:
    found = [row.settings[name] for row in rows if name in row.settings]
    cells = [shown(row.settings[name]) if name in row.settings else "" for row in rows]
    return Column(name, cells, all(as_number(value) is not None for value in found), is_setting=True)


def _figures(name: str, of: str, values: Sequence[Sequence[float]], has_spread: bool = True) -> Column:
    """Return a column of medians with their spread."""
    short, divisor = short_unit(of, [value for found in values for value in found])
    medians = aligned([as_number(samples.median(found) / divisor) if found else None for found in values])
    spreads = [samples.deviation(found) if has_spread else None for found in values]
    return Column(name, _joined(medians, [None if one is None else one / divisor for one in spreads]), unit=short)


def _joined(medians: Sequence[str], spreads: Sequence[Optional[float]]) -> List[str]:
    """Return each figure with its spread, both in line."""
    texts = ["" if spread is None else "± " + figure(spread, 2) for spread in spreads]
    wide = max(map(len, texts), default=0)
    return ["%s %s" % (median, text.ljust(wide)) if wide else median for median, text in zip(medians, texts)]


def unit(rows: Sequence[Row], name: str) -> str:
    """Return the unit that a metric, or an objective that is one alone, was recorded with; else an empty text."""
    name = name.strip("{}")
    units = [trial.metrics.get(name, {}).get("unit") for row in rows for trial in row.trials]
    return next((str(each) for each in units if each), "")


def _relative(view: View) -> Column:
    ratios = [relative(row, view.top) for row in view.rows]
    spreads = [ratio[1] if ratio and row is not view.top else None for ratio, row in zip(ratios, view.rows)]
    medians = ["%.2f" % ratio[0] if ratio else "" for ratio in ratios]
    return Column("times the best", _joined(medians, spreads))


def relative(row: Row, top: Optional[Row]) -> Optional[Tuple[float, Optional[float]]]:
    """Return how many times the best's median a row's is and the spread of that; None where one is not positive."""
    if top is None or not top.value or not row.value or top.value < 0 or row.value < 0:
        return None
    ratio = row.value / top.value
    if row is top:
        return 1.0, None
    spread, other = samples.deviation(row.runs), samples.deviation(top.runs)
    if spread is None or other is None:
        return ratio, None
    return ratio, ratio * ((spread / row.value) ** 2 + (other / top.value) ** 2) ** 0.5


def pairs(settings: Dict[str, Any]) -> str:
    """Return settings as they are given on the command line."""
    return " ".join("%s=%s" % (name, shown(value)) for name, value in settings.items())


def verdict(view: View) -> str:
    """Return a sentence that names what these runs cannot tell from the best, and how many it would take at least."""
    best = view.top
    others = [row for row in view.rows if row is not best and row.value is not None]
    if best is None or not others:
        return ""
    test = "exact one-sided rank test at 5 %, uncorrected for how many are compared"
    equal = [row for row in others if not is_better(best, row, view.minimize)]
    if not equal:
        return "the best is better than any other by more than chance explains (%s)" % test
    varied = varying([row.settings for row in view.rows])
    listed = ["[%s]" % pairs({name: row.settings.get(name) for name in varied}) for row in equal]
    mine, theirs = costs(best, view.minimize), [costs(row, view.minimize) for row in equal]
    least = max(samples.least_runs(mine, each) for each in theirs)
    told = "these runs cannot tell from the best: %s (%s); it takes %d runs of each at least"
    return told % (", ".join(listed), test, least)


def _note(row: Row, view: View) -> str:
    notes = ["* best"] if view.top and row.trials[0] in view.top.trials else []
    if row.is_confirmed and not view.is_comparison:
        notes.append("confirmed by tune")
    failures = [found for found in map(failure, row.trials) if found]
    if failures:
        reason = ", ".join(dict.fromkeys(failures))
        reason = "failed" if reason == "command-failed" else "failed: " + reason
        every = len(failures) == len(row.trials)
        notes.append(reason if every else "%d of %d %s" % (len(failures), len(row.trials), reason))
    return ", ".join(notes)


# --- how they fit -------------------------------------------------------------------------------------------------


def _fitting(columns: Sequence[Column], room: int, is_last: bool) -> Optional[List[str]]:
    """Return the lines of a table with whole names, else without components, else cut if ``is_last``, else None."""
    full = [terminal.one_line(column.title) for column in columns]
    short = short_names([title if column.is_setting else None for column, title in zip(columns, full)], full)
    for titles, is_cut in ((full, False), (short, False), (short, True))[: 3 if is_last else 2]:
        texts = []
        for column, title in zip(columns, titles):
            whole = cells = list(map(terminal.one_line, column.cells))
            if is_cut:
                cells = [clipped(cell, WIDEST_VALUE) for cell in whole] if column.is_setting else whole
                title = clipped(title, max([SHORTEST_NAME, *map(width, cells)]))
                if len(set(cells)) < len(set(whole)):
                    return None  # what cannot be told apart says nothing
            heads = [title, terminal.one_line(column.unit)] if any(each.unit for each in columns) else [title]
            widest = max(map(width, [*heads, *cells]))
            texts.append([padded(cell, widest, column.to_right) for cell in [*heads, *cells]])
        lines = [GAP.join(cells).rstrip() for cells in zip(*texts)]
        if max(map(width, lines)) <= room:
            return lines
    return None


def short_names(settings: Sequence[Optional[str]], titles: Sequence[str]) -> List[str]:
    """Return the titles without the components of those that are settings, if that leaves them different."""
    short = [name.rpartition(".")[2] if name else title for name, title in zip(settings, titles)]
    return short if len(set(short)) == len(short) else list(titles)


def _paragraphs(columns: Sequence[Column], room: int) -> List[str]:
    """Return each row as lines of ``name: value``, nothing of which is cut."""
    lines: List[str] = []
    for cells in zip(*(column.cells for column in columns)):
        line = ""
        for column, cell in zip(columns, cells):
            field = terminal.one_line(("%s: %s" if column.title else "%s%s") % (column.whole_title, cell.strip()))
            if line and cell.strip() and width(line + GAP + field) > room:
                lines += _folded(line, room)
                line = GAP + field
            elif cell.strip():
                line += GAP + field if line else field
        lines += _folded(line, room)
    return lines


def paragraphs(texts: Sequence[str], room: int) -> str:
    """Return texts as a terminal shows them, each in lines of at most ``room`` columns."""
    return "".join(line + "\n" for text in texts if text for line in _folded(terminal.one_line(text), room))


def _folded(line: str, room: int) -> List[str]:
    """Return a line in pieces that fit, broken at blanks where there are such."""
    pieces = [""]
    for char in line:
        if width(pieces[-1] + char) > max(room, 2):
            head, _, rest = pieces[-1].rpartition(" ")
            pieces[-1:] = [head, rest] if head.strip() else [pieces[-1], ""]
        pieces[-1] += char
    return pieces

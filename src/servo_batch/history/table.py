"""The history as a table for a terminal: the settings that vary, the metrics, the objective, the best marked."""

import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch import terminal
from servo_batch.history import ticks
from servo_batch.history.chart import shown
from servo_batch.history.trials import Trial, as_number, best, failure, names, objective_of, varying
from servo_batch.wording import padded, width

# Of more rows than that the first, the best ones and the last are shown.
MOST_ROWS, BEST_ROWS = 40, 10
WIDEST_CELL = 24
GAP = 2
DIGITS = 4
SHORT_UNITS = {"seconds": "s", "bytes": "B"}
# Where figures are so far apart, digits in line would show nothing of the small ones.
FARTHEST = 1e5


class Column(NamedTuple):
    """A title and a text for each row, all as wide as the widest."""

    title: str
    cells: List[str]

    @property
    def width(self) -> int:
        """How many columns of the terminal it takes."""
        return width(self.title)


def text(
    trials: Sequence[Trial], objective_label: str, minimize: bool, room: int, most_rows: Optional[int] = MOST_ROWS
) -> str:
    """Return the table, in lines of at most ``room`` columns where that can be; ``most_rows`` is None for all rows.

    Columns for which there is no room are named below it, and so are rows that were left out.
    """
    rows = _chosen(trials, minimize, most_rows)
    top = best(trials, minimize)
    chosen = [trial for trial in rows if trial is not None]
    number = _column("#", [str(trial.number) for trial in chosen], to_right=True)
    settings = [_setting(name, chosen) for name in varying(trials)]
    metrics = [_metric(name, chosen) for name in _other_metrics(trials, objective_label)]
    objective = _numbers(_objective_title(trials, objective_label), [objective_of(trial) for trial in chosen])
    note = _column("", [_note(trial, top) for trial in chosen], to_right=False)
    shown_ones, hidden = _fitting([number, *settings], metrics, [objective, note], room)
    lines = [_line(column.title for column in shown_ones)]
    index = 0
    for trial in rows:
        if trial is None:
            lines.append("...")
            continue
        lines.append(_line(column.cells[index] for column in shown_ones))
        index += 1
    if len(chosen) < len(trials):
        lines.append("%d of %d measurements: the first, the best and the last" % (len(chosen), len(trials)))
    if hidden:
        lines.append("no room for %s" % ", ".join(column.title.strip() for column in hidden))
    return "".join(line + "\n" for line in lines)


def _chosen(trials: Sequence[Trial], minimize: bool, most: Optional[int]) -> List[Optional[Trial]]:
    """Return the trials to show in their order, None where some are left out."""
    if most is None or len(trials) <= most:
        return list(trials)
    done = [trial for trial in trials if objective_of(trial) is not None]
    done.sort(key=lambda trial: objective_of(trial) or 0.0, reverse=not minimize)
    kept = {id(trial) for trial in [trials[0], *done[:BEST_ROWS]]}
    for trial in reversed(trials):
        if len(kept) >= most:
            break
        kept.add(id(trial))
    rows: List[Optional[Trial]] = []
    for trial in trials:
        if id(trial) in kept:
            rows.append(trial)
        elif rows[-1] is not None:
            rows.append(None)
    return rows


def _setting(name: str, trials: Sequence[Trial]) -> Column:
    values = [trial.settings.get(name) for trial in trials]
    cells = [_cut(shown(trial.settings[name])) if name in trial.settings else "" for trial in trials]
    return _column(_cut(name), cells, to_right=all(value is None or as_number(value) is not None for value in values))


def _metric(name: str, trials: Sequence[Trial]) -> Column:
    found = [trial.metrics.get(name, {}) for trial in trials]
    units = _units(name, trials)
    title = _title(name, units)
    values = [one.get("value") for one in found]
    if all(value is None or as_number(value) is not None for value in values):
        return _numbers(title, [as_number(value) for value in values])
    return _column(title, ["" if value is None else _cut(shown(value)) for value in values], to_right=False)


def _units(name: str, trials: Sequence[Trial]) -> List[str]:
    return [str(trial.metrics[name]["unit"]) for trial in trials if trial.metrics.get(name, {}).get("unit")]


def _title(name: str, units: Sequence[str]) -> str:
    return "%s (%s)" % (_cut(name), SHORT_UNITS.get(units[0], _cut(units[0]))) if units else _cut(name)


def _objective_title(trials: Sequence[Trial], label: str) -> str:
    """Return the title of the objective, with the unit where it is a metric."""
    return _title(label, _units(label.strip("{}"), trials))


def _other_metrics(trials: Sequence[Trial], objective_label: str) -> List[str]:
    """Return the metrics' names without the one that is the objective itself."""
    return [name for name in names([trial.metrics for trial in trials]) if name != objective_label.strip("{}")]


def _numbers(title: str, values: Sequence[Optional[float]]) -> Column:
    """Return a column of numbers with their points in line, all to the same decimal."""
    sizes = [abs(value) for value in values if value]
    if sizes and (max(sizes) >= ticks.LARGE or max(sizes) < ticks.SMALL or max(sizes) > FARTHEST * min(sizes)):
        cells = ["" if value is None else ticks.ascii_only(ticks.rounded(value)) for value in values]
    else:
        whole = all(value is None or value == int(value) for value in values)
        decimals = 0 if whole or not sizes else max(0, DIGITS - 1 - math.floor(math.log10(ticks.median(sizes))))
        cells = ["" if value is None else "%.*f" % (decimals, value) for value in values]
    return _column(title, cells, to_right=True)


def _note(trial: Trial, top: Optional[Trial]) -> str:
    return "* best" if trial is top else _cut(failure(trial) or "")


def _column(title: str, cells: Sequence[str], to_right: bool) -> Column:
    texts = [terminal.one_line(cell) for cell in [title, *cells]]
    widest = max(map(width, texts))
    padded_title, *padded_cells = [padded(text, widest, to_right) for text in texts]
    return Column(padded_title, padded_cells)


def _cut(content: str) -> str:
    if len(content) <= WIDEST_CELL:
        return content
    half = WIDEST_CELL // 2 - 2
    return content[:half] + "..." + content[-half:]


def _fitting(
    first: List[Column], between: List[Column], last: List[Column], room: int
) -> Tuple[List[Column], List[Column]]:
    """Return the columns that fit, and those that had to make room: metrics first, then settings, from the right."""
    hidden: List[Column] = []
    first, between = list(first), list(between)
    while sum(column.width + GAP for column in first + between + last) - GAP > room and len(first) + len(between) > 1:
        hidden.insert(0, (between or first).pop())
    return first + between + last, hidden


def _line(cells: Any) -> str:
    return (" " * GAP).join(cells).rstrip()

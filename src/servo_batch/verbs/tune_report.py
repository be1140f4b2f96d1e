"""What a person reads of a tuning: a line for each measurement as it comes, and at the end the comparison."""

from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Sequence

from servo_batch import terminal
from servo_batch.history import figures
from servo_batch.settings import is_same
from servo_batch.tuning import loop
from servo_batch.wording import is_number, shown, width

if TYPE_CHECKING:
    from servo_batch.tuning.search import Space

NOTES = {loop.DEFAULT: "default", loop.CONFIRM_BEST: "best", loop.CONFIRM_DEFAULT: "default"}
FAILED = {"command-failed": "failed"}  # which has no room; other reasons have
# Where there is no room for whole names and values, their beginnings have to do.
SHORTEST_NAME, WIDEST_VALUE = 6, 12
# So many levels of a setting are looked at to see how wide its values are.
LOOKS = 100


class Column(NamedTuple):
    """Where the values of a setting stand."""

    name: str
    title: str
    width: int
    to_right: bool

    def filled(self, text: str) -> str:
        """Return ``text`` in as many columns: with blanks beside it, or cut."""
        if width(text) > self.width:
            text = text[: self.width - 2] + ".."
        blanks = " " * (self.width - width(text))
        return blanks + text if self.to_right else text + blanks


class Account:
    """Tells of a tuning in lines of the same columns, which fit a terminal that is ``columns`` wide.

    ``space`` is ``{name: (values, ordered)}``; ``unit`` is the objective's.
    """

    def __init__(self, space: "Space", default: Mapping[str, Any], unit: Optional[str], columns: int) -> None:
        self._default = default
        self._unit = unit
        self._columns = _fitting(space, columns - len(_line("", "", "", [], "default")))
        self._hidden = [name for name in space if name not in {column.name for column in self._columns}]

    def titles(self) -> str:
        """Return what stands above the lines."""
        text = _line("#", "objective", "best", [column.filled(column.title) for column in self._columns], "")
        return f"no room for {', '.join(self._hidden)}: history --csv has all\n{text}" if self._hidden else text

    def line(self, step: loop.Step, value: Optional[float], reason: str, best: Optional[float]) -> str:
        """Return the line of a step that was measured; ``reason`` says why it failed."""
        found = figure(value) if value is not None else FAILED.get(reason, reason)
        so_far = "" if best is None else figure(best)
        values = [column.filled(plain(step.settings[column.name])) for column in self._columns]
        return _line(str(step.number), found, so_far, values, NOTES.get(step.purpose, ""))

    def differences(self, settings: Mapping[str, Any]) -> str:
        """Return what of the settings is not as the default is, as it is given on the command line."""
        others = {name: value for name, value in settings.items() if not is_same(value, self._default[name])}
        return pairs(others) if others else "the default"

    def comparison(self, outcome: loop.Outcome, objective: str, path: str) -> str:
        """Return the outcome; ``path`` is the state's."""
        if all(is_same(value, self._default[name]) for name, value in outcome.settings.items()):
            return "\nnothing was found that is better than the default: the state is as it was\n"
        rows = [
            [name, plain(self._default[name]), plain(value)]
            for name, value in outcome.settings.items()
            if not is_same(value, self._default[name])
        ]
        if outcome.best_runs:
            rows.append([objective, figure(outcome.default), figure(outcome.best), self._unit or ""])
        table = terminal.table(["", "default", "best", ""], [row + [""] * (4 - len(row)) for row in rows])
        return f"\n{table}\n{_verdict(outcome, path)}\n"


def _verdict(outcome: loop.Outcome, path: str) -> str:
    if not outcome.best_runs:
        return "the best, as far as it can be predicted, was not measured again: the state is as it was"
    runs = f"{_figures(outcome.best_runs)} against {_figures(outcome.default_runs)}"
    if not outcome.better:
        return f"the difference may be noise, {runs}: the state is as it was"
    gain = ""
    if outcome.default and outcome.best is not None:
        gain = f" by {abs(100 * (outcome.best - outcome.default) / outcome.default):.1f} %"
    return f"the best is better{gain}, {runs}, and is stored in {path}"


def pairs(settings: Mapping[str, Any]) -> str:
    """Return settings as they are given on the command line: ``web.cpu=4 web.gc=g1``."""
    return " ".join(f"{name}={plain(value)}" for name, value in settings.items())


def plain(value: Any) -> str:
    """Return a setting's value as it is typed: text as it is where that is one word, else JSON."""
    is_word = isinstance(value, str) and value.isprintable() and len(value.split()) == 1
    return value if is_word else shown(value)


def figure(value: Optional[float]) -> str:
    """Return a value of the objective with four digits."""
    return "failed" if value is None else figures.figure(value)


def _figures(values: Sequence[Optional[float]]) -> str:
    return ", ".join(map(figure, values))


def _line(number: str, objective: str, best: str, values: Sequence[str], note: str) -> str:
    return "  ".join([f"{number:>4}", f"{objective:>9}", f"{best:>9}", *values, note]).rstrip()


def _fitting(space: "Space", room: int) -> List[Column]:
    """Return the columns of the settings: with whole names, else without components, else cut, else fewer."""
    short = {name: name.rpartition(".")[2] for name in space}
    if len(set(short.values())) < len(short):
        short = {name: name for name in space}
    widths = {name: _widest_value(values) for name, (values, _) in space.items()}
    for titles, widest in (
        ({name: name for name in space}, None),
        (short, None),
        (
            {name: title[: max(SHORTEST_NAME, min(widths[name], WIDEST_VALUE))] for name, title in short.items()},
            WIDEST_VALUE,
        ),
    ):
        columns = []
        for name, (values, _) in space.items():
            wide = max(width(titles[name]), min(widths[name], widest or widths[name]))
            columns.append(Column(name, titles[name], wide, to_right=is_number(values[0])))
        if _taken(columns) <= room:
            return columns
    while len(columns) > 1 and _taken(columns) > room:
        columns.pop()
    return columns


def _taken(columns: Sequence[Column]) -> int:
    return sum(column.width + 2 for column in columns)


def _widest_value(values: Sequence[Any]) -> int:
    return max(width(plain(value)) for value in (values[len(values) - 1], *values[:LOOKS]))

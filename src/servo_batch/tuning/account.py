"""A tuning as a person reads it: a line for each measurement as it comes, and at the end the comparison."""

import textwrap
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from servo_batch import terminal
from servo_batch.history.figures import figure
from servo_batch.history.table import short_names
from servo_batch.history.trials import CONFIRM_BEST, CONFIRM_DEFAULT
from servo_batch.settings import is_same
from servo_batch.tuning import loop
from servo_batch.tuning.search import Space
from servo_batch.wording import is_number, padded, shown, width

NOTES = {loop.DEFAULT: "default", CONFIRM_BEST: "best", CONFIRM_DEFAULT: "default"}
FAILED = {"command-failed": "failed"}  # which has no room; other reasons have
# So many levels of a setting are looked at to see how wide its values are.
LOOKS = 100
BEYOND = "better than the default is all that this shows: how near to the best that there is, nobody knows"


class Column(NamedTuple):
    """Where the values of a setting stand."""

    name: str
    title: str
    width: int
    to_right: bool


class Account:
    """Tells of a tuning in lines for a terminal that is ``room`` columns wide.

    The values stand in columns, or, where there is no room for them, as they are typed, in lines below each other.
    """

    def __init__(self, space: Space, default: Mapping[str, Any], room: int) -> None:
        self._default = default
        self._room = room
        self._columns = _columns(space, room - len(_line("", "", "", "default")))

    def titles(self) -> str:
        """Return what stands above the lines."""
        titles = [padded(column.title, column.width, column.to_right) for column in self._columns or []]
        return _line("#", "objective", "best", *titles)

    def line(self, step: loop.Step, value: Optional[float], reason: str, best: Optional[float]) -> str:
        """Return the line of a step that was measured; ``reason`` says why it failed."""
        found = figure(value) if value is not None else FAILED.get(reason, reason)
        values = [pairs(step.settings)]
        if self._columns:
            values = [padded(plain(step.settings[each.name]), each.width, each.to_right) for each in self._columns]
        line = _line(str(step.number), found, figures([best]) if best is not None else "", *values)
        note = NOTES.get(step.purpose, "")
        if self._columns:
            return f"{line}  {note}".rstrip()
        return textwrap.fill(f"{line}  {note}", self._room, subsequent_indent=" " * 8).rstrip()

    def differences(self, settings: Mapping[str, Any]) -> str:
        """Return what of the settings is not as the default is, as it is given on the command line."""
        others = {name: value for name, value in settings.items() if not is_same(value, self._default[name])}
        return pairs(others) if others else "the default"

    def comparison(self, outcome: loop.Outcome, objective: str, unit: Optional[str], stored: str) -> str:
        """Return the outcome; ``stored`` says what became of it."""
        changed = [name for name, value in outcome.settings.items() if not is_same(value, self._default[name])]
        if not changed:
            return "nothing was found that is better than the default: the state is as it was"
        rows = [[name, plain(self._default[name]), plain(outcome.settings[name]), ""] for name in changed]
        if outcome.best_runs:
            rows.append([objective, figures([outcome.default]), figures([outcome.best]), unit or ""])
        return terminal.table(["", "default", "best", ""], rows) + "\n" + _verdict(outcome, stored)


def pairs(settings: Mapping[str, Any]) -> str:
    """Return settings as they are given on the command line: ``web.cpu=4 web.gc=g1``."""
    return " ".join(f"{name}={plain(value)}" for name, value in settings.items())


def plain(value: Any) -> str:
    """Return a setting's value as it is typed: text as it is where that is one word, else JSON."""
    is_word = isinstance(value, str) and value.isprintable() and len(value.split()) == 1
    return str(value) if is_word else shown(value)


def figures(values: Sequence[Optional[float]]) -> str:
    """Return values of the objective with four digits."""
    return ", ".join("failed" if value is None else figure(value) for value in values)


def _verdict(outcome: loop.Outcome, stored: str) -> str:
    if outcome.better is None:
        return "the best, as far as it can be predicted, was not measured again: the state is as it was"
    runs = f"{figures(outcome.best_runs)} against {figures(outcome.default_runs)}"
    if not outcome.better:
        return f"the difference may be noise, {runs}: the state is as it was"
    gain = ""
    if outcome.default and outcome.best is not None:
        gain = f" by {abs(100 * (outcome.best - outcome.default) / outcome.default):.1f} %"
    return f"the best is better{gain}, {runs}, and {stored}\n{BEYOND}"


def _line(number: str, objective: str, best: str, *values: str) -> str:
    return "  ".join([f"{number:>4}", f"{objective:>9}", f"{best:>9}", *values]).rstrip()


def _columns(space: Space, room: int) -> Optional[List[Column]]:
    """Return the columns of the settings: with whole names, else without components; None where they do not fit."""
    for titles in (list(space), short_names(list(space), list(space))):
        columns = []
        for (name, (values, _)), title in zip(space.items(), titles):
            widest = max(width(plain(value)) for value in (values[len(values) - 1], *values[:LOOKS]))
            columns.append(Column(name, title, max(widest, width(title)), is_number(values[0])))
        if sum(column.width + 2 for column in columns) <= room:
            return columns
    return None

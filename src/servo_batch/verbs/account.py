"""What a person reads of a tuning: a line for each measurement as it comes, and at the end the comparison."""

import textwrap
from typing import Any, Mapping, NamedTuple, Optional

from servo_batch.config.settings import is_same
from servo_batch.history import ticks
from servo_batch.tuning import loop
from servo_batch.tuning.search import Space
from servo_batch.wording import shown

NOTES = {loop.DEFAULT: "the default", loop.CONFIRM_BEST: "the best again", loop.CONFIRM_DEFAULT: "the default again"}
FIGURE = 9  # as wide are the objective and the best so far
# So many levels of a setting are looked at to see how wide its values are.
LOOKS = 100


class Account(NamedTuple):
    """Who tells of a tuning, in lines that fit ``columns``."""

    space: Space
    default: Mapping[str, Any]
    unit: Optional[str]  # of the objective
    columns: int

    def titles(self) -> str:
        """Return what stands above the lines."""
        objective, best = "objective".rjust(FIGURE), "best".rjust(FIGURE)
        return f"   #  {objective}  {best}  " + (f"(in {self.unit})" if self.unit else "")

    def line(self, step: loop.Step, value: Optional[float], reason: str, best: Optional[float]) -> str:
        """Return the line of a step that was measured; ``reason`` says why it failed.

        All settings stand in columns where the terminal is wide enough, else those that are not as the default is.
        """
        figures = [figure(value).rjust(FIGURE), ("" if best is None else figure(best)).rjust(FIGURE)]
        head = f"{step.number:4d}  {figures[0]}  {figures[1]}  "
        note = ", ".join(filter(None, [NOTES.get(step.purpose, ""), reason]))
        columns = [pair(name, step.settings[name]).ljust(self._width(name)) for name in self.space]
        line = head + "  ".join(columns + [note])
        if len(line.rstrip()) <= self.columns:
            return line.rstrip()
        others = [name for name in self.space if not is_same(step.settings[name], self.default[name])]
        text = ", ".join([pair(name, step.settings[name]) for name in others] + [note] * bool(note))
        wrapped = textwrap.wrap(
            text, self.columns - 1, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
        )
        return "\n".join(wrapped)

    def _width(self, name: str) -> int:
        values = self.space[name][0]
        return max(len(pair(name, value)) for value in (values[len(values) - 1], *values[:LOOKS]))

    def comparison(self, outcome: loop.Outcome, path: str) -> str:
        """Return the outcome; ``path`` is the state's."""
        best = pairs(outcome.settings)
        if outcome.settings == dict(self.default):
            return f"\nnothing was found that is better than the default: {best}\nthe state is as it was\n"
        if not outcome.best_runs:
            return f"\nthe best, by the model, which was not measured again: {best}\nthe state is as it was\n"
        rows = [("best", outcome.best, outcome.best_runs, best), ("default", outcome.default, outcome.default_runs, "")]
        unit = f" {self.unit}" if self.unit else ""
        lines = [""]
        for name, median, runs, settings in rows:
            each = f"({', '.join(map(figure, runs))})" if len(runs) > 1 else ""
            lines.append(f"{name:7}  {figure(median)}{unit}  {each}  {settings}".rstrip())
        lines.append("")
        if outcome.better:
            lines.append(f"the best is better{_gain(outcome)}, and stored in {path}")
        else:
            lines.append("the difference may be noise: the state is as it was")
        return "\n".join(lines) + "\n"


def pairs(settings: Mapping[str, Any]) -> str:
    """Return settings as they are given on the command line: ``web.cpu=4, web.gc=g1``."""
    return ", ".join(pair(name, value) for name, value in settings.items())


def pair(name: str, value: Any) -> str:
    """Return a setting and its value as they are given on the command line, more or less."""
    is_plain = isinstance(value, str) and value.isprintable() and value.strip() == value != ""
    return f"{name}={value if is_plain else shown(value)}"


def figure(value: Optional[float]) -> str:
    """Return a value of the objective with four digits."""
    return "failed" if value is None else ticks.ascii_only(ticks.rounded(value))


def _gain(outcome: loop.Outcome) -> str:
    if not outcome.default or outcome.best is None:
        return ""
    return f" by {abs(100 * (outcome.best - outcome.default) / outcome.default):.1f} %"

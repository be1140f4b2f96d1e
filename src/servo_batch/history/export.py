"""The history for other tools: a table as CSV (RFC 4180), and the whole of it as JSON."""

import json
from typing import Any, Dict, List, Sequence

from servo_batch.history.trials import Trial, best, names, objective_of

FIXED = ["number", "time", "status", "reason", "message", "objective"]
# A spreadsheet takes text that starts so for a formula; it may come from a job or a service. An apostrophe says "text".
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(trials: Sequence[Trial]) -> str:
    """Return a line of names and a line for each measurement.

    The columns are ``number,time,status,reason,message,objective``, the settings (``web.cpu``), and for each metric its
    value (``total_runtime``), its unit (``total_runtime.unit``) and, where measurements had several runs, the value of
    each (``total_runtime.run1``). A name that is taken already has ``_`` after it. Lists and mappings are JSON. Text
    that a spreadsheet would compute has an apostrophe before it; ``as_json`` has all as it is.
    """
    rows = [_fixed(trial) for trial in trials]
    columns = list(FIXED)
    for name in names([trial.settings for trial in trials]):
        _add(columns, rows, name, [trial.settings.get(name) for trial in trials])
    for name in names([trial.metrics for trial in trials]):
        found = [trial.metrics.get(name, {}) for trial in trials]
        _add(columns, rows, name, [one.get("value") for one in found])
        if any("unit" in one for one in found):
            _add(columns, rows, "%s.unit" % name, [one.get("unit") for one in found])
        runs = [one.get("runs") if isinstance(one.get("runs"), list) else [] for one in found]
        for index in range(max(map(len, runs))):
            values = [one[index] if index < len(one) else None for one in runs]
            _add(columns, rows, "%s.run%d" % (name, index + 1), values)
    lines = [columns] + [[row[name] for name in columns] for row in rows]
    return "".join(",".join(map(_cell, line)) + "\n" for line in lines)


def _fixed(trial: Trial) -> Dict[str, Any]:
    values = [trial.number, trial.time, trial.status, trial.reason, trial.message, objective_of(trial)]
    return dict(zip(FIXED, values))


def _add(columns: List[str], rows: List[Dict[str, Any]], name: str, values: Sequence[Any]) -> None:
    while name in columns:
        name += "_"
    columns.append(name)
    for row, value in zip(rows, values):
        row[name] = value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # which many readers take for the end
        text = "'" + text if text.startswith(FORMULA_STARTS) else text
    # Not the csv module: before Python 3.13 it leaves a carriage return unquoted, and readers end the line there.
    return '"%s"' % text.replace('"', '""') if any(char in text for char in ',"\r\n') else text


def as_json(trials: Sequence[Trial], objective_label: str, minimize: bool) -> Dict[str, Any]:
    """Return ``{"objective": …, "minimize": …, "best": NUMBER, "measurements": […]}``, all of the history.

    A measurement has what a ``Trial`` has, without what it lacks. ``best`` is its ``number``, null where all failed.
    """
    top = best(trials, minimize)
    return {
        "objective": objective_label,
        "minimize": minimize,
        "best": top.number if top else None,
        "measurements": [
            {name: value for name, value in trial._asdict().items() if value is not None} for trial in trials
        ],
    }

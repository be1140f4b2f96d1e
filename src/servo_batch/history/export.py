"""The history for other tools: CSV (RFC 4180) and JSON, all of it, of every job."""

import json
import re
from typing import Any, Dict, List, Optional, Sequence

from servo_batch.history.trials import Row, Trial, names

FIXED = ["number", "time", "job", "status", "reason", "message", "objective"]
# Text that a spreadsheet takes for a formula, and what is made of digits, signs and words of this kind only, which it
# takes for a number or a date and writes otherwise: 1.30, 007, 1e5, 1/2, 12:30, mar-1. An apostrophe says "text".
MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?![a-z])"
DATE = r"(?=.*\d)(?:[\W\d_]|%s)(?:[\W\d_]|%s|(?:e|[ap]m?)(?![a-z]))*\Z" % (MONTH, MONTH)
COMPUTED = re.compile(r"[=+\-@\t\r]|" + DATE, re.I | re.S)
BYTE_ORDER_MARK = "\ufeff"


def as_csv(trials: Sequence[Trial]) -> str:
    """Return a line of names and a line for each measurement.

    The columns are those of FIXED, the settings (``web.cpu``), and for each metric its value (``total_runtime``), its
    unit (``total_runtime.unit``) and, where measurements had several runs, the value of each (``total_runtime.run1``).
    A name that is taken already has ``_`` after it. Lists and mappings are JSON. Text that a spreadsheet would compute,
    or take for a number or a date, has an apostrophe before it; ``as_json`` has all as it is. What is not ASCII
    throughout begins with a byte order mark, by which Excel knows UTF-8.
    """
    columns: Dict[str, List[Any]] = {name: [getattr(trial, name) for trial in trials] for name in FIXED}

    def add(name: str, values: List[Any]) -> None:
        while name in columns:
            name += "_"
        columns[name] = values

    for name in names([trial.settings for trial in trials]):
        add(name, [trial.settings.get(name) for trial in trials])
    for name in names([trial.metrics for trial in trials]):
        found = [trial.metrics.get(name, {}) for trial in trials]
        add(name, [one.get("value") for one in found])
        if any("unit" in one for one in found):
            add("%s.unit" % name, [one.get("unit") for one in found])
        runs = [one.get("runs") if isinstance(one.get("runs"), list) else [] for one in found]
        for index in range(max(map(len, runs))):
            add("%s.run%d" % (name, index + 1), [one[index] if index < len(one) else None for one in runs])
    text = "".join(",".join(map(_cell, line)) + "\n" for line in [columns, *zip(*columns.values())])
    return text if all(char < "\x80" for char in text) else BYTE_ORDER_MARK + text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # which many readers take for the end
        text = "'" + text if COMPUTED.match(text) else text
    # Not the csv module: before Python 3.13 it leaves a carriage return unquoted, and readers end the line there.
    return '"%s"' % text.replace('"', '""') if any(char in text for char in ',"\r\n') else text


def as_json(trials: Sequence[Trial], objective: str, best: Optional[Row]) -> Dict[str, Any]:
    """Return ``{"objective": "minimize {…}", "best": {…}, "measurements": […]}``, all of the history.

    A measurement has what a ``Trial`` has, without what it lacks. ``best`` has its ``settings``, the ``value``, the
    ``measurements`` by number, and whether a tuning ``confirmed`` it; it is null where all failed.
    """
    return {
        "objective": objective,
        "best": best
        and {
            "settings": best.settings,
            "value": best.value,
            "measurements": [trial.number for trial in best.trials],
            "confirmed": bool(best.confirmed),
        },
        "measurements": [
            {name: value for name, value in trial._asdict().items() if value is not None} for trial in trials
        ],
    }

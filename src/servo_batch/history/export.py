"""The history for other tools: CSV (RFC 4180) and JSON, all of it, of every job."""

import json
import re
from typing import Any, Dict, List, Optional, Sequence

from servo_batch.history.trials import Row, Trial, names

FIXED = ["number", "time", "job", "status", "reason", "message", "objective"]
# A spreadsheet takes text that starts so for a formula; it may come from a job or a service. An apostrophe says "text".
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# What is made of such characters and words only, a digit among them, it takes for a number or a date and writes
# otherwise: 1.30, 007, 1e5, 1/2, 12:30, mar-1.
LIKE_A_NUMBER = re.compile("[0-9\\s.,:/+%$€-]*\\Z")
MONTHS = "january february march april may june july august september october november december"
BYTE_ORDER_MARK = "\ufeff"


def as_csv(trials: Sequence[Trial]) -> str:
    """Return a line of names and a line for each measurement.

    The columns are those of FIXED, the settings (``web.cpu``), and for each metric its value (``total_runtime``), its
    unit (``total_runtime.unit``) and, where measurements had several runs, the value of each (``total_runtime.run1``).
    A name that is taken already has ``_`` after it. Lists and mappings are JSON. Text that a spreadsheet would compute,
    or take for a number or a date, has an apostrophe before it; ``as_json`` has all as it is. What is not ASCII
    throughout begins with a byte order mark, by which Excel knows UTF-8.
    """
    rows: List[Dict[str, Any]] = [{name: getattr(trial, name) for name in FIXED} for trial in trials]
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
    text = "".join(",".join(map(_cell, line)) + "\n" for line in lines)
    return text if all(char < "\x80" for char in text) else BYTE_ORDER_MARK + text


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
        text = "'" + text if text.startswith(FORMULA_STARTS) or _is_like_a_number(text) else text
    # Not the csv module: before Python 3.13 it leaves a carriage return unquoted, and readers end the line there.
    return '"%s"' % text.replace('"', '""') if any(char in text for char in ',"\r\n') else text


def _is_like_a_number(text: str) -> bool:
    rest = LIKE_A_NUMBER.match(re.sub("[A-Za-z]+", "", text))
    words = [word.lower() for word in re.findall("[A-Za-z]+", text)] if rest and re.search("[0-9]", text) else ["none"]
    return all(word in ("e", "am", "pm", "a", "p") or _is_month(word) for word in words)


def _is_month(word: str) -> bool:
    return len(word) >= 3 and re.search(r"\b" + word, MONTHS) is not None


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
            "confirmed": best.is_confirmed,
        },
        "measurements": [
            {name: value for name, value in trial._asdict().items() if value is not None} for trial in trials
        ],
    }

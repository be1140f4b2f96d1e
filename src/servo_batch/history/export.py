"""The history for other tools: CSV (RFC 4180) and JSON, all of it, of every job; Markdown, the table."""

import json
from typing import Any, Callable, Dict, Optional, Sequence

from servo_batch.history import table
from servo_batch.history.trials import Row, Trial, View, names
from servo_batch.options import Options

FIXED = ["number", "time", "job", "status", "reason", "message", "objective"]
# A spreadsheet takes text that begins so for a formula. An apostrophe says that it is text.
COMPUTED = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"


def as_csv(trials: Sequence[Trial]) -> str:
    """Return a line of names and a line for each measurement.

    The columns are those of FIXED, the settings (``web.cpu``), and for each metric its value (``total_runtime``), its
    unit (``total_runtime.unit``) and, where there were several runs, the value of each (``total_runtime.run1``). A name
    that is taken already has ``_`` after it. Lists and mappings are JSON. Text that a spreadsheet would compute has an
    apostrophe before it; ``as_json`` has all as it is. What is not ASCII throughout begins with a byte order mark, by
    which Excel knows UTF-8.
    """
    rows = [_row(trial) for trial in trials]
    titles = names([dict.fromkeys(FIXED), *rows])
    lines = [dict(zip(titles, titles)), *rows]
    text = "".join(",".join(_cell(line.get(title)) for title in titles) + "\n" for line in lines)
    return text if all(char < "\x80" for char in text) else BYTE_ORDER_MARK + text


def _row(trial: Trial) -> Dict[str, Any]:
    """Return the cells of a measurement by the names of their columns."""
    row = {name: getattr(trial, name) for name in FIXED}
    cells = list(trial.settings.items())
    for name, metric in trial.metrics.items():
        cells.append((name, metric["value"]))
        cells += [(name + ".unit", metric["unit"])] if "unit" in metric else []
        cells += [("%s.run%d" % (name, number), run) for number, run in enumerate(metric.get("runs", []), 1)]
    for name, value in cells:
        while name in row:
            name += "_"
        row[name] = value
    return row


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # which many readers take for the end
    if isinstance(value, str) and value.startswith(COMPUTED):
        text = "'" + text
    # Not the csv module: before Python 3.13 it leaves a carriage return unquoted, and readers end the line there.
    return '"%s"' % text.replace('"', '""') if any(char in text for char in ',"\r\n') else text


def as_json(trials: Sequence[Trial], objective: str, best: Optional[Row]) -> Dict[str, Any]:
    """Return ``{"objective": "minimize {…}", "best": {…}, "measurements": […]}``, all of the history.

    A measurement has what a ``Trial`` has, without what it lacks. ``best`` has its ``settings``, the ``value``, the
    ``measurements`` by number, and whether a tuning ``confirmed`` it; it is null where all failed.
    """
    measurements = [{name: value for name, value in trial._asdict().items() if value is not None} for trial in trials]
    told = best and {
        "settings": best.settings,
        "value": best.value,
        "measurements": [trial.number for trial in best.trials],
        "confirmed": bool(best.confirmed),
    }
    return {"objective": objective, "best": told, "measurements": measurements}


def asked(options: Options, view: View, trials: Sequence[Trial]) -> Optional[Callable[[], str]]:
    """Return what makes the text that the command line asks for: CSV of the trials, Markdown of the view, or None."""
    if options.get("--csv"):
        return lambda: as_csv(trials)
    return (lambda: table.markdown(view)) if options.get("--markdown") else None

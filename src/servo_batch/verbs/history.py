"""The history verb: what was measured, as a table and a plot, for other tools, or as a picture."""

import os
import shutil

from servo_batch import answers, configuration, measurement, terminal
from servo_batch.config import settings
from servo_batch.history import record, trials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from servo_batch.configuration import Config
    from servo_batch.history.trials import Trial
    from servo_batch.options import Options

PLOT_HEIGHT = 10


def history(options: "Options") -> answers.Answer:
    """Show the measurements that can be compared with the latest one; raise ``ServoError``.

    Those of another job, whose command, metrics, runs or control were others, are counted and left out.
    """
    config = configuration.load(options.get("--config"))
    path = options.get("--history") or config.schema.history or record.DEFAULT_PATH
    if not (options.get("--history") or config.schema.history or os.path.lexists(path)):
        remedy = f"give --history FILE, or batch.history in {config.source.name}"
        raise answers.bad_request(f"no history is named, and no ./{path} is there as tune makes it: {remedy}")
    entries, warnings = record.read(path)
    for warning in warnings:
        answers.complain(warning)
    found = as_trials([entry for entry in entries if entry["job"] == entries[-1]["job"]], config)
    others = len(entries) - len(found)
    if options.get("--svg"):
        _draw(options.get("--svg"), found, config)
    label, minimize = config.objective.text, config.objective.direction == "minimize"
    if options.get("--csv"):
        from servo_batch.history import export

        text = export.as_csv(found)
        return answers.Answer({}, lambda: text, verbatim=True)
    if options.get("--json"):
        from servo_batch.history import export

        return answers.Answer(export.as_json(found, label, minimize))
    return answers.Answer({}, lambda: _page(path, found, others, config))


def as_trials(entries: "List[Dict[str, Any]]", config: "Config") -> "List[Trial]":
    """Return entries of the history as they are compared, each with what the objective comes to."""
    return [
        trials.Trial(
            number,
            entry["time"],
            entry["settings"],
            entry["status"],
            entry.get("reason"),
            metrics,
            measurement.objective_value(config.objective, metrics, entry["settings"]),
            entry["control"],
            entry.get("message"),
        )
        for number, entry in enumerate(entries, 1)
        for metrics in [measurement.recorded(config, entry)]
    ]


def _page(path: str, found: "List[Trial]", others: int, config: "Config") -> str:
    from servo_batch.history import plot, table

    if not found:
        return f"nothing has been measured yet: {terminal.printable(path)} is empty or not there\n"
    label, minimize = config.objective.text, config.objective.direction == "minimize"
    width = shutil.get_terminal_size().columns
    values = [trials.objective_of(trial) for trial in found]
    parts = [table.text(found, label, minimize, width)]
    if len(found) > 1:
        so_far = trials.best_so_far(found, minimize)
        parts.append(plot.text(values, so_far, width, PLOT_HEIGHT, terminal.has_unicode(), label))
    if others:
        parts.append(
            f"{others} more in {terminal.printable(path)} are of another job: its command, runs, metrics or control "
            "were others than in the latest measurement\n"
        )
    return "\n".join(filter(None, parts))


def _draw(path: str, found: "List[Trial]", config: "Config") -> None:
    from servo_batch.history import svg

    units = {
        settings.full_name(component, name): setting["unit"]
        for component, name, setting in settings.walk(config.settings.application)
        if isinstance(setting.get("unit"), str)
    }
    minimize = config.objective.direction == "minimize"
    picture = svg.document(found, config.objective.text, configuration.objective_unit(config), minimize, units)
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(picture)
    except OSError as error:
        problem = f"{path}: the picture cannot be written: {error.strerror}; name another file"
        raise answers.bad_request(problem) from None

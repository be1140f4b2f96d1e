"""The history verb: what was measured, as a table and a plot, for other tools, or as a picture."""

import os
import shutil

from servo_batch import answers, measurement, settings, terminal
from servo_batch.config import load
from servo_batch.history import record, trials
from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from servo_batch.config import Config
    from servo_batch.history.svg import Picture
    from servo_batch.history.table import View
    from servo_batch.history.trials import Trial
    from servo_batch.options import Options

PLOT_HEIGHT = 10


def history(options: "Options") -> answers.Answer:
    """Show the measurements that can be compared with the latest one; raise ``ServoError``.

    Those of another job, whose command, metrics, runs or control were others, are counted and left out, but of what is
    written for other tools.
    """
    from servo_batch.history import table

    config = load(options.get("--config"))
    path = options.get("--history") or config.history or record.DEFAULT_PATH
    if not (options.get("--history") or config.history or os.path.lexists(path)):
        remedy = f"give --history FILE, or batch.history in {config.name}"
        raise answers.bad_request(f"no history is named, and no ./{path} is there as tune makes it: {remedy}")
    entries, warnings = record.read(path)
    for warning in warnings:
        answers.complain(warning)
    every = [as_trial(number, entry, config) for number, entry in enumerate(entries, 1)]
    found = [trial for trial in every if trial.job == every[-1].job]
    minimize = config.objective.direction == "minimize"
    rows = trials.pooled(found, minimize)
    best = trials.best(rows, minimize)
    ranked = trials.in_order(rows, minimize)
    view = table.View(ranked, best, config.objective.text, minimize)
    if options.get("--svg"):
        from servo_batch.history import svg

        write_picture(options.get("--svg"), svg.history(picture(view, config), {}))
    if options.get("--csv"):
        from servo_batch.history import export

        text = export.as_csv(every)
        return answers.Answer({}, lambda: text, verbatim=True)
    if options.get("--json"):
        from servo_batch.history import export

        return answers.Answer(export.as_json(every, f"{config.objective.direction} {config.objective.text}", best))
    if options.get("--all"):
        each = [row for trial in found for row in trials.pooled([trial], minimize)]
        view = view._replace(rows=each, numbered=True)
    if options.get("--markdown"):
        return answers.Answer({}, lambda: table.markdown(view), verbatim=True)
    others = [entry for entry in entries if entry["job"] != entries[-1]["job"]]
    return answers.Answer({}, lambda: _page(path, view, found, others))


def as_trial(number: int, entry: "Dict[str, Any]", config: "Config") -> "Trial":
    """Return an entry of the history as it is compared, with what the objective comes to."""
    metrics = measurement.recorded(config, entry)
    value = measurement.objective_value(config.objective, metrics, entry["settings"])
    return trials.Trial(
        number,
        entry["time"],
        entry["job"],
        entry["settings"],
        entry["status"],
        metrics,
        value,
        measurement.objective_runs(config.objective, metrics, entry["settings"]),
        entry["control"],
        entry.get("reason"),
        entry.get("message"),
        entry.get("purpose"),
    )


def picture(view: "View", config: "Config") -> "Picture":
    """Return what a picture of the rows shows."""
    from servo_batch.history import svg

    units = {
        settings.full_name(component, name): setting["unit"]
        for component, name, setting in settings.walk(config.settings.application)
        if isinstance(setting.get("unit"), str)
    }
    unit = config.objective_unit() or ""
    return svg.Picture(view.label, unit, view.minimize, view.rows, view.top, units)


def write_picture(path: str, text: str) -> None:
    """Write a picture; raise ``ServoError`` where that cannot be, or where the file holds something else."""
    try:
        with open(path, "a+b") as stream:
            stream.seek(0)
            if stream.read(4) not in (b"", b"<svg"):
                raise answers.bad_request(f"{path}: the file holds something else than a picture; name another file")
            stream.truncate(0)
            stream.write(text.encode("utf-8"))
    except OSError as error:
        problem = f"{path}: the picture cannot be written: {error.strerror}; name another file"
        raise answers.bad_request(problem) from None


def _page(path: str, view: "View", found: "List[Trial]", others: "List[Dict[str, Any]]") -> str:
    from servo_batch.history import plot, table

    if not found:
        return f"nothing has been measured yet: {terminal.printable(path)} is empty or not there\n"
    width = shutil.get_terminal_size().columns
    parts = [table.text(view, width)]
    if len(found) > 1:
        values = [trial.objective for trial in found]
        best = [place for place, trial in enumerate(found) if view.top and trial in view.top.trials]
        parts.append(plot.text(values, best, view.minimize, width, PLOT_HEIGHT, view.label))
    if others:
        commands = dict.fromkeys(shown(entry.get("command", "")) for entry in others)
        counts = [sum(shown(entry.get("command", "")) == command for entry in others) for command in commands]
        listed = "".join(f"\n  {count} of {command}" for command, count in zip(commands, counts))
        parts.append(
            f"{len(others)} more in {terminal.printable(path)} are of another job: its command, runs, metrics or "
            f"control were others than in the latest measurement; --csv has them{terminal.printable(listed)}\n"
        )
    return "\n".join(filter(None, parts))

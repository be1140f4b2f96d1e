"""The history verb: what was measured, as a table and a plot, for other tools, or as a picture."""

from typing import Any, Dict, List

from servo_batch import answers, columns, document, recorded, settings, state, terminal
from servo_batch.config import DEFAULT_HISTORY, Config, aimed, of_options
from servo_batch.history import export, plot, record, svg, table, trials
from servo_batch.history.figures import as_number
from servo_batch.metrics import sources
from servo_batch.options import Options
from servo_batch.session import files_of
from servo_batch.tuning import importance
from servo_batch.tuning.space import space
from servo_batch.wording import is_scalar, shown


def history(options: Options) -> answers.Answer:
    """Show the measurements that can be compared with the latest one; raise ``ServoError``.

    Those of another job, whose command, metrics, runs or control were others, are told and left out, but of what is
    written for other tools.
    """
    config = of_options(options) if document.path_of(options.get("--config")) else None
    path: str = config.history if config else options.get("--history") or DEFAULT_HISTORY
    entries = record.read(path)
    latest = [entry for entry in entries if entry["job"] == entries[-1]["job"]]
    config = config or aimed(_as_recorded(latest), options)
    config.history = path
    every = [recorded.trial(config, number, entry) for number, entry in enumerate(entries, 1)]
    found = [trial for trial in every if trial.job == every[-1].job]
    minimize = config.objective.direction == "minimize"
    view = trials.view(found, config.objective.text, minimize)
    costs = [(trial.settings, trials.cost(trial, minimize)) for trial in found]
    searched = {name: each for name, each in space(config.settings.described).items() if name in view.varying}
    matters = importance.words(searched, costs)
    if options.get("--svg"):
        svg.check_replaceable(options.get("--svg"), files_of(config, state.find(options, config)))
        svg.write(options.get("--svg"), svg.history(view, matters))
    response = export.as_json(every, str(config.objective), view.top)
    if options.get("--all"):
        each = [row for trial in found for row in trials.pooled([trial], minimize)]
        view = view._replace(rows=each, numbered=True)
    others = [shown(entry.get("command", "")) for entry in entries if entry["job"] != entries[-1]["job"]]
    told = importance.sentence(matters)
    exported = export.asked(options, view, every)
    page = exported or (lambda: _page(path, view, found, others, told))
    return answers.Answer(response, page, verbatim=bool(exported))


def _as_recorded(entries: List[Dict[str, Any]]) -> Config:
    """Return what stands for the configuration of a history that has none: the settings and metrics of these lines."""
    scalars = [{name: each for name, each in entry["settings"].items() if is_scalar(each)} for entry in entries]
    described: Dict[str, Any] = {}
    for name in trials.names(scalars):
        values = [each[name] for each in scalars if name in each]
        described[name] = {"type": "enum", "values": values}
        if None not in map(as_number, values):
            described[name] = {"type": "range", "min": min(values), "max": max(values)}
    metrics = trials.names([entry["metrics"] for entry in entries])
    patterns = {name: {"output_regex": "(.)"} for name in metrics if name != sources.TOTAL_RUNTIME}
    application = settings.application_of(described)
    return Config("--history", {"batch": {"command": "true", "application": application, "metrics": patterns}})


def _page(path: str, view: trials.View, found: List[trials.Trial], others: List[str], matters: str) -> str:
    if not found:
        why = f"{terminal.printable(path)} is not there, or holds no measurement"
        return f"nothing has been measured yet: {why}; name the history by --history FILE, or batch.history\n"
    width = columns.of_terminal(columns.UNLIMITED)
    parts = [table.text(view, width) + table.paragraphs([matters], width)]
    if len(found) > 1:
        parts.append(plot.text(view, found, columns.of_terminal()))
    if others:
        counts = [f"  {others.count(command)} of {command}" for command in dict.fromkeys(others)]
        told = "its command, runs, metrics or control were others than in the latest measurement; --csv has them"
        parts.append(table.paragraphs([f"{len(others)} more in {path} are of another job: {told}", *counts], width))
    return "\n".join(filter(None, parts))

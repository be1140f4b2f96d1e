"""One measurement as functions of values: what is to be run, running it, and what came of it.

Whoever measures (the verb, the tuning) calls these; they read no stdin, write no stdout and know no options.
"""

import fcntl
import os
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

from servo_batch import settings
from servo_batch.answers import HostError, ServoError, complain, failed
from servo_batch.command import render
from servo_batch.config import Config, Objective
from servo_batch.history import record
from servo_batch.history.figures import as_number
from servo_batch.history.trials import Trial
from servo_batch.job import failures, rounds
from servo_batch.job.attention import Caller
from servo_batch.job.steps import Ended, Kind, Step
from servo_batch.metrics import searching, sources, summary, written
from servo_batch.samples import median
from servo_batch.wording import named

if TYPE_CHECKING:
    from servo_batch.formulas import Formula
    from servo_batch.metrics.sources import Metric
    from servo_batch.settings import Application


class Plan(NamedTuple):
    """What one measurement runs and looks for; nothing of it is looked up any more."""

    job: rounds.Job
    metrics: "Dict[str, Metric]"  # those asked for, without the time, which is always measured
    needed: "Dict[str, Metric]"  # these, and those that their formulas are about
    application: "Application"
    control: Dict[str, Any]
    comparable: Dict[str, Any]  # all that makes two measurements comparable, for the history


class Measurement(NamedTuple):
    """What was measured."""

    metrics: Dict[str, Dict[str, Any]]  # as answered
    runtimes: List[float]  # seconds, of each run
    notes: List[str]  # what a person should know of it


def plan(
    config: Config,
    application: "Application",
    control: Dict[str, Any],
    asked: Optional[Sequence[str]] = None,
    runs: Optional[int] = None,
    warmup_runs: Optional[int] = None,
) -> Plan:
    """Return what a measurement runs with the settings of ``application``; raise ``ServoError``.

    ``control`` is laid over the default one. ``asked`` names metrics, all by default; ``runs`` and ``warmup_runs`` are
    the configuration's by default. A shell reads each script once, without running it.
    """
    control = settings.overlay(config.default_control, control)
    names = render.values({"application": application}, control)
    configured = render.values({"application": config.settings.current()}, config.default_control)
    environment = {
        name: render.render_variable(name, parts, names, configured, config.place(("batch", "env", name)))
        for name, parts in config.env.items()
    }
    rendered = {}
    for key, command in config.commands.items():
        place = config.place(("batch", key))
        rendered[key] = render.render(command, names, configured, place)
        render.have_shell_read(rendered[key], place)
    job = rounds.Job(
        Step(
            Kind.JOB,
            rendered["command"],
            environment,
            config.working_directory,
            config.success_exit_statuses,
            config.grace_seconds,
            config.timeout_seconds,
        ),
        rendered.get("prepare"),
        rendered.get("cleanup"),
        config.runs if runs is None else runs,
        config.warmup_runs if warmup_runs is None else warmup_runs,
    )
    metrics = {name: config.metrics[name] for name in config.metrics if asked is None or name in asked}
    names_of_needed = _needed(metrics, config.metrics)
    needed = {name: config.metrics[name] for name in config.metrics if name in names_of_needed}
    return Plan(
        job,
        metrics,
        needed,
        application,
        control,
        {
            "commands": {key: config.batch[key] for key in config.commands},
            "env": config.batch.get("env", {}),
            "where": [config.batch.get("working_directory"), list(config.success_exit_statuses)],
            "runs": [job.runs, job.warmup_runs],
            # A formula changes nothing of what is measured: ``recorded`` computes it for what was measured before.
            "metrics": {name: each for name, each in config.metric_entries.items() if "formula" not in each},
            "control": control,
        },
    )


def _needed(metrics: "Dict[str, Metric]", known: "Dict[str, Metric]") -> Set[str]:
    """Return the names of ``metrics`` and of all that their formulas, directly or not, are about."""
    found: Set[str] = set()
    pending = list(metrics)
    while pending:
        name = pending.pop()
        if name in known and name not in found:
            found.add(name)
            each = known[name]
            if isinstance(each, sources.Formula):
                pending.extend(".".join(field) for field in each.formula.fields)
    return found


def refuse_hopeless(config: Config, planned: Plan) -> None:
    """Raise ``ServoError`` (bad-config) where a formula cannot be computed whatever the job will print.

    Not a part of ``plan``: settings with which that is so are something that tuning learns from.
    """
    computed = _formulas(planned)
    if not computed:
        return
    from servo_batch import formulas

    later = dict.fromkeys(sources.measured(config.metrics), formulas.Later())
    known = look_up(later, settings.values(planned.application), planned.control)
    problems = []
    for name, formula in computed.items():
        try:
            formulas.evaluate(formula, known, formulas.NUMBER)
        except formulas.FormulaError as error:
            place = config.place(("batch", "metrics", name, "formula"))
            problems.append(f"{place}: it cannot be computed with the settings and the control as they are: {error}")
    if problems:
        raise failed("bad-config", "\n".join(problems))


def run(planned: Plan, caller: Caller) -> Measurement:
    """Run the job as planned and return what was measured; raise ``ServoError``."""
    notes: Dict[str, None] = {}
    first: Dict[str, Any] = {}
    runtimes: List[float] = []
    runs: List[Dict[str, Any]] = []

    def begin() -> rounds.Examine:
        stamps = written.stamps(planned.needed, planned.job.command.working_directory or "")

        def examine(ended: Ended, step: Step) -> None:
            searched = searching.search(planned.needed, ended.output, stamps, step, caller)
            values, remarks = _values(planned, ended, searched)
            summary.refuse_mixed(first, values)
            notes.update(dict.fromkeys(remarks))
            runtimes.append(ended.runtime_seconds)
            runs.append(values)

        return examine

    notes.update(dict.fromkeys(rounds.measure(planned.job, begin, caller)))
    described = sources.described(planned.metrics)
    metrics = summary.summarise([{name: run[name] for name in described} for run in runs], runtimes, described)
    if len(runtimes) > 1:
        remark = summary.remark(runtimes, planned.job.warmup_runs)
        notes.update(dict.fromkeys(filter(None, [remark])))
    return Measurement(metrics, runtimes, list(notes))


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold the lock on the configuration file ``name``; where somebody else measures with it, say so and go on."""
    with ExitStack() as undo:
        try:
            if os.path.isfile(name):
                fcntl.flock(undo.enter_context(open(name, "rb")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            complain(f"another measurement with {name} is running: each makes the other's figures wrong")
        except OSError:
            pass  # it cannot be opened any more, or its file system has no locks
        yield


def files_of(planned: Plan) -> Dict[str, str]:
    """Return the paths of the files that metrics are read from, by what a message calls each."""
    folder = planned.job.command.working_directory or ""
    files = {name: each.file for name, each in planned.needed.items() if isinstance(each, sources.Output) and each.file}
    return {f"the file of the metric {named(name)}": os.path.join(folder, file) for name, file in files.items()}


def _values(planned: Plan, ended: Ended, searched: searching.Searched) -> Tuple[Dict[str, Any], List[str]]:
    """Return the value of every metric that is needed, for one run, and what a person should know of them."""
    if searched.missing:
        details = failures.details(planned.job.command.arguments, ended.output)
        raise failed("no-match", searching.no_match_message(planned.needed, searched.missing), [details])
    notes = []
    usage = ended.usage
    figures = {sources.TOTAL_RUNTIME: ended.runtime_seconds, "cpu_time": usage.cpu_time, **usage._asdict()}
    values = summary.run_values(planned.needed, figures, searched.values)
    if usage.max_rss <= usage.max_rss_floor:
        at_most = "the job needed at most so much: it is smaller than the process that starts it"
        notes += [f"{named(name)}: {at_most}" for name, each in planned.metrics.items() if _is_max_rss(each)]
    computed = _formulas(planned)
    if computed:
        values.update(_computed(computed, values, planned))
    return values, notes


def _formulas(planned: Plan) -> "Dict[str, Formula]":
    """Return the formulas among the metrics that are needed."""
    return {name: each.formula for name, each in planned.needed.items() if isinstance(each, sources.Formula)}


def _is_max_rss(each: "Metric") -> bool:
    return isinstance(each, sources.Resource) and each.text == "max_rss"


def _computed(computed: "Dict[str, Formula]", values: Dict[str, Any], planned: Plan) -> Dict[str, Any]:
    """Return the values of formulas over ``values``, settings and control; raise ``ServoError`` (no-match)."""
    from servo_batch import formulas

    known = dict(values)
    for name in formulas.order(computed)[0]:
        try:
            known[name] = formulas.evaluate(
                computed[name], look_up(known, settings.values(planned.application), planned.control), formulas.NUMBER
            )
        except formulas.FormulaError as error:
            raise failed("no-match", f"the job ended well, but {named(name)} cannot be computed: {error}") from None
    return known


def look_up(
    metrics: Dict[str, Any], application_settings: Dict[str, Any], control: Dict[str, Any]
) -> Callable[[Tuple[str, ...]], Any]:
    """Return a function from a field's keys to its value among metrics, settings and control; it raises KeyError."""
    known = {**application_settings, **metrics}

    def value(field: Tuple[str, ...]) -> Any:
        if field[0] in ("control", "_control"):
            inner: Any = control
            for key in field[1:]:
                if not isinstance(inner, dict):
                    raise KeyError(key)
                inner = inner[key]
            return inner
        return known[".".join(field)]

    return value


def recorded(config: Config, entry: Dict[str, Any]) -> Dict[str, Any]:
    """Return the metrics of a history's entry, formulas as the configuration has them now.

    One that was recorded stays where what it needs was not; one that was not is left out then.
    """
    metrics: Dict[str, Any] = entry.get("metrics", {})
    computed = {name: each for name, each in config.metrics.items() if isinstance(each, sources.Formula)}
    if not computed or not metrics:
        return metrics
    from servo_batch import formulas

    metrics = dict(metrics)
    runs = each_run(metrics)
    for name in formulas.order({name: each.formula for name, each in computed.items()})[0]:
        try:
            values = [
                formulas.evaluate(
                    computed[name].formula, look_up(run, entry["settings"], entry["control"]), formulas.NUMBER
                )
                for run in runs
            ]
        except formulas.FormulaError:
            continue
        for run, value in zip(runs, values):
            run[name] = value
        metrics[name] = {"value": median(values), **sources.described(computed).get(name, {})}
        if len(values) > 1:
            metrics[name]["runs"] = values
    return metrics


def trial(config: Config, number: int, line: Dict[str, Any]) -> Trial:
    """Return an entry of the history as it is compared, with what the configuration's objective comes to."""
    metrics = recorded(config, line)
    is_ok = line["status"] == "ok"  # a formula over settings alone could be computed for a failure, too
    return Trial(
        number,
        line["time"],
        line["job"],
        line["settings"],
        line["status"],
        metrics,
        objective_value(config.objective, metrics, line["settings"]) if is_ok else None,
        objective_runs(config.objective, metrics, line["settings"]) if is_ok else [],
        line["control"],
        line.get("reason"),
        line.get("message"),
        line.get("purpose"),
    )


def each_run(metrics: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return the values of each run, ``{NAME: VALUE}``, from metrics as answered."""
    count = max([1, *(len(each["runs"]) for each in metrics.values() if isinstance(each.get("runs"), list))])
    runs: List[Dict[str, Any]] = [{} for _ in range(count)]
    for name, each in metrics.items():
        values = each.get("runs", [each["value"]] * count if "value" in each else [])
        if isinstance(values, list) and len(values) == count:
            for run, value in zip(runs, values):
                run[name] = value
    return runs


def objective_runs(objective: Objective, metrics: Dict[str, Any], application_settings: Dict[str, Any]) -> List[float]:
    """Return what an objective comes to in each run, from metrics as answered; nothing where one has none."""
    try:
        return [_objective(objective, {**application_settings, **run}) for run in each_run(metrics)]
    except ValueError:
        return []


def objective_value(
    objective: Objective, metrics: Dict[str, Any], application_settings: Dict[str, Any]
) -> Optional[float]:
    """Return what an objective comes to for metrics as answered, or None where it cannot be computed from them."""
    try:
        return computed_objective(objective, metrics, application_settings)
    except ValueError:
        return None


def computed_objective(objective: Objective, metrics: Dict[str, Any], application_settings: Dict[str, Any]) -> float:
    """Return what an objective comes to for metrics as answered; raise ``ValueError`` that says why it cannot."""
    values = {name: each["value"] for name, each in metrics.items() if "value" in each}
    return _objective(objective, {**application_settings, **values})


def _objective(objective: Objective, known: Dict[str, Any]) -> float:
    value: Any = known.get(sources.TOTAL_RUNTIME)
    if objective.formula is not None:
        from servo_batch import formulas

        value = formulas.evaluate(objective.formula, lambda field: known[".".join(field)], formulas.NUMBER)
    number = as_number(value)
    if number is None:
        raise ValueError(f"{objective.text} is no number that can be compared")
    return value if isinstance(value, int) else number


def entry(planned: Plan, outcome: Union[Measurement, ServoError]) -> Dict[str, Any]:
    """Return the line of the history for a measurement that was made, or for one that failed."""
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "job": record.digest(planned.comparable),
        "command": planned.comparable["commands"]["command"],
        "settings": settings.values(planned.application),
        "control": planned.control,
    }
    if isinstance(outcome, ServoError):
        return {**line, **outcome.response(), **_circumstances(planned, outcome)}
    return {**line, "status": "ok", "metrics": outcome.metrics}


def _circumstances(planned: Plan, error: ServoError) -> Dict[str, Any]:
    """Return what whoever learns from a failure has to know: the machine was to blame, or which timeout it was."""
    if isinstance(error, HostError):
        return {"cause": "machine"}
    timeout, cap = planned.job.command.timeout_seconds, planned.job.cap_seconds
    if error.reason == "timeout" and timeout is not None and (cap is None or timeout <= cap):
        return {"timeout": timeout}
    return {}

"""One measurement as functions of values: what is to be run, running it, and what came of it.

Whoever measures (the verb, the tuning) calls these; they read no stdin, write no stdout and know no options.
"""

from functools import partial
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch import settings
from servo_batch.answers import bad_request, failed
from servo_batch.command import render
from servo_batch.command.template import CONTROL
from servo_batch.config import Config
from servo_batch.job import sequence
from servo_batch.job.attention import Caller
from servo_batch.job.outcomes import Ended
from servo_batch.job.output import Output
from servo_batch.job.types import Kind, Step
from servo_batch.metrics import searching, sources, summary, written
from servo_batch.metrics.sources import Metric
from servo_batch.settings import Application
from servo_batch.wording import named

TIME_DIGITS = 6  # after the point of a time in seconds: a microsecond is less than any clock here can tell


class Plan(NamedTuple):
    """What one measurement runs and looks for; nothing of it is looked up any more."""

    job: sequence.Job
    metrics: Dict[str, Metric]  # those asked for, and the time
    needed: Dict[str, Metric]  # these, and those that their formulas are about
    settings: Dict[str, Any]  # ``{"web.cpu": 4, …}``
    control: Dict[str, Any]
    comparable: Dict[str, Any]  # all that makes two measurements comparable, for the history


class Measurement(NamedTuple):
    """What was measured."""

    metrics: Dict[str, Dict[str, Any]]  # as answered
    notes: List[str]  # what a person should know of it


def plan(
    config: Config,
    application: Application,
    control: Dict[str, Any],
    asked: Optional[Sequence[str]] = None,
    runs: Optional[int] = None,
    warmup_runs: Optional[int] = None,
) -> Plan:
    """Return what a measurement runs with the settings of ``application``; raise ``ServoError``.

    ``control`` is laid over the default one. ``asked`` names metrics, all by default; ``runs`` and ``warmup_runs`` are
    the configuration's by default. A shell reads each script, without running it.
    """
    control = settings.overlay(config.default_control, control)
    rendered, rendering = steps(config, application, control)
    for key, step in rendered.items():
        render.have_shell_read(list(step.arguments), config.place(("batch", key)))
    rendering.refuse()
    runs = config.runs if runs is None else runs
    warmup_runs = config.warmup_runs if warmup_runs is None else warmup_runs
    job = sequence.Job(rendered["command"], rendered.get("prepare"), rendered.get("cleanup"), runs, warmup_runs)
    wanted = config.metrics if asked is None else (sources.TOTAL_RUNTIME, *asked)
    metrics = {name: each for name, each in config.metrics.items() if name in wanted}
    return Plan(
        job,
        metrics,
        _needed(metrics, config.metrics),
        settings.values(application),
        control,
        {
            "commands": {key: config.batch[key] for key in config.commands},
            "env": config.batch.get("env", {}),
            "where": [config.batch.get("working_directory"), list(config.success_exit_statuses)],
            "runs": [job.runs, job.warmup_runs],
            # A formula changes nothing of what is measured: ``trial`` computes it for what was measured before.
            "metrics": {name: each for name, each in config.metric_entries.items() if "formula" not in each},
            "control": control,
        },
    )


def steps(
    config: Config, application: Application, control: Dict[str, Any]
) -> Tuple[Dict[str, Step], render.Rendering]:
    """Return what each command comes to, by its key, and who tells what is wrong with the values in it.

    A placeholder without a value that may stand there stands there itself.
    """
    names = render.values({"application": application}, control)
    configured = render.values({"application": config.settings.current()}, config.default_control)
    rendering = render.Rendering(names, configured)
    environment = {
        name: rendering.variable(name, each, config.place(("batch", "env", name))) for name, each in config.env.items()
    }
    rendered = {}
    for key, command in config.commands.items():
        arguments = rendering.arguments(command, config.place(("batch", key)))
        kind, statuses = (Kind.JOB, config.success_exit_statuses) if key == "command" else (Kind(key), (0,))
        limits = config.grace_seconds, config.timeout_seconds
        rendered[key] = Step(kind, arguments, environment, config.working_directory, statuses, *limits)
    return rendered, rendering


def _needed(metrics: Dict[str, Metric], known: Dict[str, Metric]) -> Dict[str, Metric]:
    """Return ``metrics`` and all that their formulas, directly or not, are about."""
    needed, pending = {}, list(metrics)
    while pending:
        name = pending.pop()
        if name in known and name not in needed:
            needed[name] = known[name]
            pending += needed[name].parsed.names if needed[name].source == "formula" else []
    return {name: each for name, each in known.items() if name in needed}


def refuse_hopeless(config: Config, *plans: Plan) -> None:
    """Raise ``ServoError`` where with each of the plans a formula cannot be computed whatever the job will print.

    It is bad-request where each that cannot be is about control, else bad-config. Not a part of ``plan``: settings with
    which that is so are something that tuning learns from.
    """
    if all(each.source != "formula" for each in plans[0].needed.values()):
        return
    from servo_batch.formulas import Later

    later = dict.fromkeys(config.metrics, Later())
    why = "it cannot be computed with the settings and the control as they are"
    lines: Dict[str, None] = {}
    is_about_control = True
    for planned in plans:
        _, problems = computed(planned.needed, later, planned.settings, planned.control)
        if not problems:
            return
        for name, problem in problems.items():
            lines[f"{config.place(('batch', 'metrics', name, 'formula'))}: {why}: {problem}"] = None
            is_about_control &= any(field[0] in CONTROL for field in planned.needed[name].parsed.fields)
    message = "\n".join(lines)
    raise bad_request(message) if is_about_control else failed("bad-config", message)


def computed(
    metrics: Dict[str, Metric], values: Dict[str, Any], application_settings: Dict[str, Any], control: Any
) -> Tuple[Dict[str, Any], Dict[str, str]]:
    """Return, by their names, what the formulas among ``metrics`` come to in a run that gave ``values``.

    The second is, by their names, why those that come to nothing do.
    """
    by_name = {name: each.parsed for name, each in metrics.items() if each.source == "formula"}
    if not by_name:
        return {}, {}
    from servo_batch import formulas

    known = {**application_settings, **values, "control": control, "_control": control}
    return formulas.computed(formulas.order(by_name)[0], known, formulas.NUMBER)


def run(planned: Plan, caller: Caller) -> Measurement:
    """Run the job as planned and return what was measured; raise ``ServoError``."""
    runs = _Runs(planned, caller)
    left = sequence.measure(planned.job, runs.begin, caller)
    remark = summary.remark([values[sources.TOTAL_RUNTIME] for values in runs.values])
    notes = dict.fromkeys(filter(None, [*runs.notes, *left, remark]))
    return Measurement(summary.summarise(runs.values, sources.described(planned.metrics)), list(notes))


class _Runs:
    """What the runs of a measurement yield: the values of each, and what a person should know of them."""

    def __init__(self, planned: Plan, caller: Caller) -> None:
        self.values: List[Dict[str, Any]] = []
        self.notes: List[str] = []
        self._planned = planned
        self._caller = caller

    def begin(self) -> sequence.Examine:
        """Look at the files that the job writes before a run; return what takes its values."""
        files = [each.file for each in self._planned.needed.values() if each.file]
        return partial(self._examine, {path: written.state(path) for path in files})

    def _examine(self, before: searching.Before, ended: Ended, printed: Output, step: Step) -> None:
        """Take the values of a run; raise ``ServoError`` where one is not found, or is none of the kind it was."""
        planned = self._planned
        values = searching.search(planned.needed, printed, before, step, self._caller)
        figures = {sources.TOTAL_RUNTIME: ended.runtime_seconds, **ended.usage}
        system = {name: each for name, each in planned.needed.items() if each.source == "resource"}
        values.update((name, round(figures[each.text], TIME_DIGITS)) for name, each in system.items())
        found, problems = computed(planned.needed, values, planned.settings, planned.control)
        if problems:
            texts = [f"{named(name)} cannot be computed: {problem}" for name, problem in problems.items()]
            raise failed("no-match", f"the job ended well, but {'; '.join(texts)}")
        self.values.append({**values, **found})
        summary.refuse_mixed(self.values[0], self.values[-1])
        if ended.usage["max_rss"] <= ended.usage["max_rss_floor"]:
            at_most = "the job needed at most so much: it is smaller than the process that starts it"
            names = [name for name, each in system.items() if each.text == "max_rss" and name in planned.metrics]
            self.notes += [f"{named(name)}: {at_most}" for name in names]

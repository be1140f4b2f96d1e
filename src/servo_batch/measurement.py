"""One measurement as functions of values: what is to be run, running it, and what came of it.

Whoever measures (the verb, the tuning) calls these; they read no stdin, write no stdout and know no options.
"""

import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch import executable, formulas, settings
from servo_batch.answers import bad_config, bad_request, failed
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
    notes: Dict[str, str]  # what a person should know of it, each with what it is about


def plan(
    config: Config, application: Application, control: Dict[str, Any], asked: Optional[Sequence[str]] = None
) -> Plan:
    """Return what a measurement runs with the settings of ``application``; raise ``ServoError``.

    ``control`` is laid over the default one; ``asked`` names metrics, all by default. A shell reads each script,
    without running it.
    """
    control = settings.overlay(config.default_control, control)
    rendered, rendering = steps(config, application, control)
    for key, step in rendered.items():
        render.have_shell_read(list(step.arguments), config.place(("batch", key)))
    rendering.refuse()
    prepare, cleanup = rendered.get("prepare"), rendered.get("cleanup")
    if cleanup and not prepare:  # of the others it is told before long; and what has a path, the job may make
        problem = executable.unknown(cleanup.arguments, cleanup.environment, cleanup.working_directory)
        if problem:
            raise bad_config(f"{config.place(('batch', 'cleanup'))}: {problem}")
    wanted = config.metrics if asked is None else (sources.TOTAL_RUNTIME, *asked)
    needed = list(wanted)
    for name in needed:  # which grows meanwhile
        names = config.formulas[name].names if name in config.formulas else []
        needed += [each for each in names if each not in needed]
    comparable = {
        "commands": {key: config.batch[key] for key in config.commands},
        "env": config.batch.get("env", {}),
        "where": [config.batch.get("working_directory"), list(config.success_exit_statuses)],
        "runs": [config.runs, config.warmup_runs],
        # A formula changes nothing of what is measured: ``trial`` computes it for what was measured before.
        "metrics": {name: each for name, each in config.metric_entries.items() if "formula" not in each},
        "control": control,
    }
    return Plan(
        sequence.Job(rendered["command"], prepare, cleanup, config.runs, config.warmup_runs),
        {name: each for name, each in config.metrics.items() if name in wanted},
        {name: each for name, each in config.metrics.items() if name in needed},
        settings.values(application),
        control,
        comparable,
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
        limits = config.grace_seconds, config.timeout_seconds or math.inf
        rendered[key] = Step(kind, arguments, environment, config.working_directory, statuses, *limits)
    return rendered, rendering


def refuse_hopeless(config: Config, *plans: Plan) -> None:
    """Raise ``ServoError`` where with each of the plans a formula cannot be computed whatever the job will print.

    It is bad-request where each that cannot be is about control, else bad-config. Not a part of ``plan``: settings with
    which that is so are something that tuning learns from.
    """
    later = dict.fromkeys(config.metrics)
    found = [computed(each.needed, later, each.settings, each.control)[1] for each in plans]
    if not all(found):
        return
    why = "it cannot be computed with the settings and the control as they are"
    lines: Dict[str, str] = {}
    for problems in found:
        for name, problem in problems.items():
            lines.setdefault(name, f"{config.place(('batch', 'metrics', name, 'formula'))}: {why}: {problem}")
    are_about_control = all(set(CONTROL) & {field[0] for field in config.formulas[name].fields} for name in lines)
    message = "\n".join(lines.values())
    raise bad_request(message) if are_about_control else bad_config(message)


def computed(
    metrics: Dict[str, Metric], values: Dict[str, Any], application_settings: Dict[str, Any], control: Any
) -> Tuple[Dict[str, Any], Dict[str, str]]:
    """Return by their names what the formulas among ``metrics`` come to in a run that gave ``values``.

    The second is why those that come to nothing do.
    """
    found = {name: each.parsed for name, each in metrics.items() if each.source == "formula"}
    return formulas.computed(found, {**application_settings, **values, "control": control, "_control": control})


def run(planned: Plan, caller: Caller) -> Measurement:
    """Run the job as planned and return what was measured; raise ``ServoError``."""
    runs: List[Dict[str, Any]] = []
    notes: Dict[str, str] = {}

    def begin() -> sequence.Examine:
        before = {each.file: written.state(each.file) for each in planned.needed.values() if each.file}

        def examine(ended: Ended, printed: Output, step: Step) -> None:
            found = searching.search(planned.needed, printed, before, step, caller)
            runs.append(_values(planned, ended, found))
            summary.refuse_mixed(runs[0], runs[-1])
            notes.update(dict.fromkeys(_at_most(planned, ended), "max_rss"))

        return examine

    notes.update((note, note) for note in sequence.measure(planned.job, begin, caller))  # each tells of another process
    remarks = summary.remarks([values[sources.TOTAL_RUNTIME] for values in runs])
    notes.update(dict.fromkeys(remarks, "how far the runs are apart"))
    return Measurement(summary.summarise(runs, planned.metrics), notes)


def _values(planned: Plan, ended: Ended, found: Dict[str, Any]) -> Dict[str, Any]:
    """Return the values of all metrics in a run, beside those that were ``found``; raise ``ServoError`` (no-match)."""
    figures = {sources.TOTAL_RUNTIME: ended.runtime_seconds, **ended.usage}
    counted = {name: each.text for name, each in planned.needed.items() if each.source == "resource"}
    values = {**found, **{name: round(figures[text], TIME_DIGITS) for name, text in counted.items()}}
    results, problems = computed(planned.needed, values, planned.settings, planned.control)
    if problems:
        texts = [f"{named(name)} cannot be computed: {problem}" for name, problem in problems.items()]
        raise failed("no-match", f"the job ended well, but {'; '.join(texts)}")
    return {**values, **results}


def _at_most(planned: Plan, ended: Ended) -> List[str]:
    """Return what is to be said of each ``max_rss`` that is only what the process has that starts the job."""
    if ended.usage["max_rss"] > ended.usage["max_rss_floor"]:
        return []
    names = [name for name, each in planned.metrics.items() if (each.source, each.text) == ("resource", "max_rss")]
    why = "the job needed at most so much: it is smaller than the process that starts it"
    return [f"{named(name)}: {why}" for name in names]

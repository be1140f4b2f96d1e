"""The tune verb: measure, learn, propose, and in the end say honestly whether the best settings found are better.

Every step is in the history, so that it goes on where it was stopped, for whatever reason.
"""

import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from servo_batch import protocol, state
from servo_batch.config import settings
from servo_batch.history import record
from servo_batch.job.cancel import Cancelled
from servo_batch.metrics import metric
from servo_batch.tuning import loop
from servo_batch.tuning.space import space
from servo_batch.verbs import adjust, configuration, measurement
from servo_batch.verbs.lock import alone
from servo_batch.verbs.measure import remember
from servo_batch.verbs.telling import Telling
from servo_batch.wording import percent, shown

if TYPE_CHECKING:
    from servo_batch.cli import Options, Voice
    from servo_batch.config.settings import Application
    from servo_batch.job.cancel import Cancellation
    from servo_batch.verbs.configuration import Config, Objective
    from servo_batch.verbs.measurement import Plan

DEFAULT_HISTORY = "_history.jsonl"
DEFAULT_MEASUREMENTS, DEFAULT_CONFIRM = 30, 3
# What the settings may be to blame for; anything else ends the tuning.
LEARNT_FROM = ("command-failed", "timeout", "no-match")


class Tuning(NamedTuple):
    """What is tuned, by what, and where its steps are recorded."""

    config: "Config"
    objective: "Objective"
    application: "Application"  # with the default values of what is tuned
    control: Dict[str, Any]
    history: str
    task: loop.Task

    def plan(self, values: Dict[str, Any]) -> "Plan":
        """Return the measurement with these values; raise ``ServoError``."""
        application = settings.overlay(self.application, _nested(values, self.application))
        if self.config.settings.rules:
            from servo_batch.config import derived

            application = derived.computed(self.config.settings.rules, application)
        return measurement.plan(self.config, application, self.control)

    def value(self, metrics: Dict[str, Any], values: Dict[str, Any]) -> Optional[float]:
        """Return what the objective comes to, None where it cannot be computed."""
        return measurement.objective_value(self.objective, metrics, values)


def tune(options: "Options", voice: "Voice", cancellation: "Cancellation") -> protocol.Answer:
    """Tune as the command line says, store the best settings if they are better, and return the answer.

    Raises ``ServoError``: where the configuration is wrong, where the first measurement fails, and for a cancel.
    """
    with cancellation.interrupting():
        tuning, stored, path = _tuning(options)
        job = record.digest(tuning.plan(dict(tuning.task.default)).comparable)
        record.check_writable(tuning.history)
        entries, warnings = record.read(tuning.history)
    for warning in warnings:
        protocol.complain(warning)
    past = [
        (entry["settings"], tuning.value(entry["metrics"], entry["settings"]) if entry["status"] == "ok" else None)
        for entry in entries
        if entry["job"] == job and (entry["status"] == "ok" or entry.get("reason") in LEARNT_FROM)
    ]
    with alone(tuning.config.source.name):
        outcome = _Run(tuning, voice, cancellation).to_the_end(past)
    if outcome.better:
        best = {name: outcome.settings[name] for name in tuning.task.space}
        adjust.store(path, settings.overlay(stored or {}, _nested(best, tuning.application)))
    goal = f"{tuning.objective.direction} {tuning.objective.text}"
    return protocol.Answer(outcome.answer(goal), lambda terminal: _summary(tuning, outcome, path))


def _tuning(options: "Options") -> "Tuple[Tuning, Optional[Application], str]":
    """Return what is to be tuned, what is stored, and where; raise ``ServoError``."""
    config = configuration.load(options.get("--config"))
    objective = _objective(config, options)
    path = state.path_of(options.get("--state"), config.settings.state)
    stored = state.load(path)
    state.refuse_problems(config.settings, stored, path)
    described = {
        settings.full_name(component, name): setting
        for component, name, setting in settings.walk(config.settings.application)
    }
    searched = space(described)
    if not searched:
        raise _no_tuning(config, "no setting is a range or an enum, so there is nothing to tune")
    lacking = [name for name in searched if described[name].get("value") is None]
    if lacking:
        raise _no_tuning(config, f"{', '.join(lacking)} has no value to begin with: give it one in the configuration")
    default = {name: described[name]["value"] for name in searched}
    application = state.current(config.settings, stored)
    application = settings.overlay(application, _nested(default, application))
    control = options.get("--control") or {}
    if options.get("--cap") and (objective.formula is not None or config.schema.runs > 1):
        raise protocol.bad_request(
            "--cap stops a run by its time, so it needs one run and the objective minimize {total_runtime}"
        )
    task = loop.Task(
        searched,
        {**_scalars(application, described), **default},
        _or(options.get("--measurements"), DEFAULT_MEASUREMENTS),
        objective.direction == "maximize",
        _or(options.get("--seed"), 0),
        _allowed(config, application),
        _or(options.get("--confirm"), DEFAULT_CONFIRM),
        options.get("--cap"),
    )
    history = options.get("--history") or config.schema.history or DEFAULT_HISTORY
    return Tuning(config, objective, application, control, history, task), stored, path


def _or(given: Optional[int], default: int) -> int:
    return default if given is None else given


def _no_tuning(config: "Config", problem: str) -> protocol.ServoError:
    return protocol.failed("bad-config", f"{config.source.name}: {problem}")


def _objective(config: "Config", options: "Options") -> "Objective":
    given = [(name[2:], options.get(name)) for name in ("--minimize", "--maximize") if options.get(name)]
    if not given:
        return config.objective
    if len(given) > 1:
        raise protocol.bad_request("--minimize and --maximize exclude each other: give one of them")
    objective = configuration.objective(config.source, given[0], config.settings, config.schema)
    config.source.refuse_problems()
    return objective


def _scalars(application: "Application", described: Dict[str, Any]) -> Dict[str, Any]:
    """Return the values of the settings that keep them, without those that formulas compute."""
    values = settings.values(application)
    return {name: values[name] for name in described if name in values and not settings.is_formula(described[name])}


def _nested(values: Dict[str, Any], application: "Application") -> "Application":
    """Return the application that has these values of settings of ``application`` and nothing else."""
    components: Dict[str, Any] = {}
    for component, name, _ in settings.walk(application):
        full_name = settings.full_name(component, name)
        if full_name in values:
            components.setdefault(component, {"settings": {}})["settings"][name] = {"value": values[full_name]}
    return {"components": components}


def _allowed(config: "Config", application: "Application") -> Any:
    """Return a predicate that tells whether the constraints allow values, or None where there are none."""
    rules = config.settings.rules
    if not rules or not (rules.constraints or rules.formulas):
        return None
    from servo_batch.config import derived

    return lambda values: not derived.broken(rules, settings.overlay(application, _nested(values, application)))


class _Run:
    """One call of tune, step by step."""

    def __init__(self, tuning: Tuning, voice: "Voice", cancellation: "Cancellation") -> None:
        self._tuning = tuning
        self._voice = voice
        self._cancellation = cancellation
        task = tuning.task
        self._total = task.measurements + 2 * task.confirm
        self._telling = Telling(voice, tuning.config.schema.expected_seconds, self._total)
        self._began = time.monotonic()
        self._made = 0
        self._best: Optional[float] = None
        self._failure: Optional[protocol.ServoError] = None

    def to_the_end(self, past: "loop.Past") -> loop.Outcome:
        """Measure all that is left to be measured, and return the outcome; raise ``ServoError``."""
        try:
            for event in loop.tune(self._tuning.task, past, self._measure):
                if isinstance(event, loop.Outcome):
                    return event
                if isinstance(event, loop.Measured):
                    self._tell(event)
        except protocol.ServoError as error:
            if error.reason == "cancelled":
                raise self._stopped(error) from None
            raise
        finally:
            self._telling.finish()
        assert self._failure is not None  # the loop ends without an outcome where the first measurement failed
        raise self._failure

    def _measure(self, step: loop.Step) -> Optional[float]:
        """Return what the objective comes to with the settings of ``step``, None where they make the job fail."""
        plan = self._tuning.plan(step.settings)
        if step.limit is not None:
            limit = min(step.limit, plan.job.timeout_seconds or step.limit)
            plan = plan._replace(job=plan.job._replace(timeout_seconds=limit))
        self._telling.begin(step.number)
        self._failure = None
        try:
            measured = measurement.run(plan, self._cancellation, self._telling)
        except protocol.ServoError as error:
            if error.reason not in LEARNT_FROM:
                raise
            self._failure = error
            remember(self._tuning.history, measurement.entry(plan, error))
            return None
        remember(self._tuning.history, measurement.entry(plan, measured))
        value = self._tuning.value(measured.metrics, settings.values(plan.application))
        if value is None:
            self._failure = protocol.failed("no-match", f"{self._tuning.objective.text} cannot be computed")
        return value

    def _tell(self, measured: loop.Measured) -> None:
        """Tell of a step: a line for a person, progress for a program."""
        self._made += 1
        self._telling.finish()
        elapsed = time.monotonic() - self._began
        left = self._total - measured.step.number
        self._telling.expect(elapsed + elapsed / self._made * left)
        what = "failed" if measured.value is None else f"{measured.value:.4g}"
        if measured.value is None and self._failure is not None:
            what += f" ({self._failure.reason})"
        best = f"best {measured.best[1]:.4g}" if measured.best else ""
        line = f"{measured.step.number:3d}  {self._settings(measured.step.settings)}  {what:>10}  {best}"
        self._best = measured.best[1] if measured.best else None
        self._voice.step(percent(measured.step.number, self._total), " ".join(line.split()), line)

    def _settings(self, values: Dict[str, Any]) -> str:
        """Return the values of what is tuned, each as wide as its widest."""
        parts = []
        for name, (levels, _) in self._tuning.task.space.items():
            widest = max(len(shown(level)) for level in (levels[0], levels[-1], *levels[:50]))
            parts.append(f"{name}={shown(values[name])}".ljust(len(name) + 1 + widest))
        return "  ".join(parts)

    def _stopped(self, error: protocol.ServoError) -> protocol.ServoError:
        """Return the error for a cancel, which says what was found and how to go on."""
        found = f"the best so far is {self._best:.4g}; " if self._best is not None else ""
        history = self._tuning.history
        consequence = (
            f"{found}the state is as it was; the same command goes on from {history}, and history --history {history} "
            "shows it"
        )
        if isinstance(error, Cancelled):
            return Cancelled(error.signum, f"{error.consequence}; {consequence}")
        return protocol.failed("cancelled", f"{error.message}; {consequence}")


def _summary(tuning: Tuning, outcome: loop.Outcome, path: str) -> str:
    """Return the outcome as a person reads it."""
    unit = _unit(tuning)
    best = ", ".join(f"{name}={shown(outcome.settings[name])}" for name in tuning.task.space)
    if not outcome.best_runs:
        if all(outcome.settings[name] == tuning.task.default[name] for name in tuning.task.space):
            return f"\nnothing was found that is better than the default: {best}\n"
        return f"\nthe best predicted, which was not confirmed: {best}\nthe state is as it was\n"
    lines = [
        "",
        f"best     {_runs(outcome.best, outcome.best_runs)}{unit}  {best}",
        f"default  {_runs(outcome.default, outcome.default_runs)}{unit}",
        "",
    ]
    if outcome.better:
        lines.append(f"the best is better{_gain(outcome)}, and stored in {path}")
    else:
        lines.append("the difference may be noise, so the state is as it was")
    return "\n".join(lines) + "\n"


def _runs(median: Optional[float], runs: List[Optional[float]]) -> str:
    middle = "failed" if median is None else f"{median:.4g}"
    return f"{middle}  ({', '.join('failed' if run is None else f'{run:.4g}' for run in runs)})"


def _gain(outcome: loop.Outcome) -> str:
    if not outcome.default or outcome.best is None:
        return ""
    change = 100 * (outcome.best - outcome.default) / abs(outcome.default)
    return f" by {abs(change):.1f} %"


def _unit(tuning: Tuning) -> str:
    for name, each in metric.measured(tuning.config.metrics).items():
        if tuning.objective.text.strip() == "{%s}" % name and each.unit:
            return " " + each.unit
    return ""

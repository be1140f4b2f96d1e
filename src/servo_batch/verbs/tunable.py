"""What there is to tune: space, default and past, as configuration, state, command line and history have them."""

from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from servo_batch import answers, measurement, rules, settings, state
from servo_batch.config import Config, load
from servo_batch.history import record
from servo_batch.metrics import sources
from servo_batch.tuning import loop, search
from servo_batch.tuning.space import space
from servo_batch.wording import is_number

if TYPE_CHECKING:
    from servo_batch.measurement import Plan
    from servo_batch.options import Options
    from servo_batch.settings import Application
    from servo_batch.tuning.search import Space

    Values = Dict[str, Any]  # of what is tuned
    Past = List[Tuple[Values, Optional[float]]]

DEFAULT_MEASUREMENTS, DEFAULT_CONFIRM = 30, 3
# What the settings may be to blame for; anything else ends the tuning.
LEARNT_FROM = ("command-failed", "timeout", "no-match")


class Tuning(NamedTuple):
    """What is tuned, by what, and where its steps are recorded."""

    config: Config  # with the objective that is asked for
    application: "Application"  # what is stored, but with the default values of what is tuned
    control: Dict[str, Any]
    history: str
    state: state.StateFile
    task: loop.Task

    def with_values(self, values: "Values") -> "Application":
        """Return the state in which what is tuned has these values."""
        return self.config.settings.computed(_overlaid(self.application, values))

    def plan(self, values: "Values") -> "Plan":
        """Return the measurement with these values of what is tuned; raise ``ServoError``."""
        return measurement.plan(self.config, self.with_values(values), self.control)

    def past(self) -> "Past":
        """Return what the history has that counts: the values of what is tuned, and the objective; None for a failure.

        That is what was measured of the same job in a state that would be the same now and is allowed now. Raises
        ``ServoError``.
        """
        job = record.digest(self.plan(dict(self.task.default)).comparable)
        entries, warnings = record.read(self.history)
        for warning in warnings:
            answers.complain(warning)
        return [
            ({name: entry["settings"][name] for name in self.task.space}, self.value(entry))
            for entry in entries
            if entry["job"] == job and self._counts(entry)
        ]

    def _counts(self, entry: Dict[str, Any]) -> bool:
        measured = entry["settings"]
        if search.locate(self.task.space, measured) is None:
            return False
        values = {name: measured[name] for name in self.task.space}
        now = settings.values(self.with_values(values))
        if not all(name in measured and settings.is_same(measured[name], value) for name, value in now.items()):
            return False
        if self.task.allowed and not self.task.allowed(values):
            return False
        if entry["status"] != "ok":
            return is_learnt_from(entry.get("reason"), entry.get("cause")) and not self._has_time_now(entry)
        # Who measured may not have asked for all that the objective needs; that says nothing of the settings.
        return set(self.config.objective_metrics()) <= set(measurement.recorded(self.config, entry))

    def _has_time_now(self, entry: Dict[str, Any]) -> bool:
        """Tell whether a job that ran past the timeout of that time may run longer by now."""
        limit = self.config.timeout_seconds
        then: Any = entry.get("timeout")
        return is_number(then) and (limit is None or limit > then)

    def value(self, entry: Dict[str, Any]) -> Optional[float]:
        """Return what the objective comes to for an entry of the history, None for a failure."""
        if entry["status"] != "ok":
            return None
        metrics = measurement.recorded(self.config, entry)
        return measurement.objective_value(self.config.objective, metrics, entry["settings"])


def is_learnt_from(reason: Optional[str], cause: Optional[str]) -> bool:
    """Tell whether the settings may be to blame for a failure; ``cause`` is that of the history's entry."""
    return reason in LEARNT_FROM and cause != "machine"


def read(options: "Options") -> Tuning:
    """Return what the command line asks for; raise ``ServoError``."""
    config = _with_objective(load(options.get("--config")), options)
    cap = options.get("--cap")
    objective = config.objective
    is_shortest_time = objective.direction == "minimize" and objective.metric == sources.TOTAL_RUNTIME
    if cap and (config.runs > 1 or not is_shortest_time):
        raise answers.bad_request(
            "--cap stops a run by its time, so it needs runs: 1 and the objective minimize {total_runtime}"
        )
    file = state.find(options.get("--state"), config.state, config.path)
    stored = file.load()
    state.refuse_problems(config.settings, stored, file.path)
    searched, default = _space(config)
    application = settings.overlay(config.settings.application, stored or {})
    allowed = _allowed(config, application, file.path, default)
    confirm = options.get("--confirm")
    task = loop.Task(
        searched,
        default,
        options.get("--measurements") or DEFAULT_MEASUREMENTS,
        objective.direction == "maximize",
        options.get("--seed") or 0,
        allowed,
        DEFAULT_CONFIRM if confirm is None else confirm,
        cap,
    )
    history = options.get("--history") or config.history or record.DEFAULT_PATH
    return Tuning(config, application, options.get("--control") or {}, history, file, task)


def _with_objective(config: Config, options: "Options") -> Config:
    """Return the configuration with the objective that the command line gives, if it does; raise ``ServoError``."""
    given = [name for name in ("--minimize", "--maximize") if options.get(name)]
    if not given:
        return config
    if len(given) > 1:
        raise answers.bad_request("--minimize and --maximize exclude each other: give one of them")
    name = given[0]
    return config.with_objective(name, name[2:], options.get(name))


def _space(config: Config) -> "Tuple[Space, Values]":
    """Return what there is to search and the default in it; raise ``ServoError`` (bad-config)."""
    described = {
        settings.full_name(component, name): setting
        for component, name, setting in settings.walk(config.settings.application)
    }
    searched = space(described)
    default = {name: described[name].get("value") for name in searched}
    lacking = [name for name in searched if default[name] is None]
    problem = ""
    if not searched:
        problem = "no setting is a range or an enum, so there is nothing to tune"
    elif lacking:
        problem = f"the tuning starts from the default values, but {lacking[0]} has none: give it a value"
    if problem:
        raise answers.failed("bad-config", f"{config.name}: {problem}")
    return searched, default


def _allowed(
    config: Config, application: "Application", path: str, default: "Values"
) -> "Optional[Callable[[Values], bool]]":
    """Return what tells whether the constraints allow values, None where there are none.

    Raises ``ServoError`` (bad-state) where they do not allow the default together with what else is stored.
    """
    if not config.settings.formulas and not config.settings.constraints:
        return None

    def broken(values: "Values") -> List[str]:
        return rules.broken(config.settings, _overlaid(application, values))

    problems = broken(default)
    if problems:
        problem = f"{path}: the default of what is tuned, with what else is stored, {problems[0]}"
        raise answers.failed("bad-state", f"{problem}; adjust it, or remove what is stored by adjust --reset")
    return lambda values: not broken(values)


def _overlaid(application: "Application", values: "Values") -> "Application":
    return settings.overlay(application, nested(application, values))


def nested(application: "Application", values: "Values") -> "Application":
    """Return the application that has these values of settings of ``application`` and nothing else."""
    components: Dict[str, Any] = {}
    for component, name, _ in settings.walk(application):
        full_name = settings.full_name(component, name)
        if full_name in values:
            components.setdefault(component, {"settings": {}})["settings"][name] = {"value": values[full_name]}
    return {"components": components}

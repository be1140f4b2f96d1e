"""The tune verb: measure, learn, propose, and in the end say honestly whether the best settings found are better.

Every step is in the history, so that it goes on where it was stopped, for whatever reason.
"""

import shutil
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from servo_batch import protocol, state
from servo_batch.config import settings
from servo_batch.history import record
from servo_batch.job.cancel import Cancelled
from servo_batch.metrics import metric
from servo_batch.tuning import loop, search
from servo_batch.tuning.confirm import FEWEST
from servo_batch.tuning.space import space
from servo_batch.verbs import account, adjust, configuration, measurement
from servo_batch.verbs.lock import alone
from servo_batch.verbs.measure import remember
from servo_batch.verbs.telling import Telling
from servo_batch.wording import percent

if TYPE_CHECKING:
    from servo_batch.command_line import Options
    from servo_batch.config.settings import Application
    from servo_batch.job.cancel import Cancellation
    from servo_batch.terminal import Voice
    from servo_batch.tuning.search import Space
    from servo_batch.verbs.configuration import Config
    from servo_batch.verbs.measurement import Plan

    Values = Dict[str, Any]

DEFAULT_HISTORY = "_history.jsonl"
DEFAULT_MEASUREMENTS, DEFAULT_CONFIRM = 30, 3
# What the settings may be to blame for; anything else ends the tuning.
LEARNT_FROM = ("command-failed", "timeout", "no-match")


class Tuning(NamedTuple):
    """What is tuned, by what, and where its steps are recorded."""

    config: "Config"  # with the objective that is asked for
    application: "Application"  # what is stored, but with the default values of what is tuned
    control: Dict[str, Any]
    history: str
    state: str
    task: loop.Task

    def with_values(self, values: "Values") -> "Application":
        """Return the state in which what is tuned has these values."""
        return _with_values(self.config, self.application, values)

    def plan(self, values: "Values") -> "Plan":
        """Return the measurement with these values of what is tuned; raise ``ServoError``."""
        return measurement.plan(self.config, self.with_values(values), self.control)

    def past(self) -> List[Tuple["Values", Optional[float]]]:
        """Return what the history has that counts: the values of what is tuned, and the objective; None for a failure.

        That is what was measured of the same job in a state that would be the same now and is allowed now. Raises
        ``ServoError``.
        """
        job = record.digest(self.plan(dict(self.task.default)).comparable)
        entries, warnings = record.read(self.history)
        for warning in warnings:
            protocol.complain(warning)
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
            return entry.get("reason") in LEARNT_FROM
        # Who measured may not have asked for all that the objective needs; that says nothing of the settings.
        return set(configuration.objective_metrics(self.config)) <= set(entry["metrics"])

    def value(self, entry: Dict[str, Any]) -> Optional[float]:
        """Return what the objective comes to for an entry of the history, None for a failure."""
        if entry["status"] != "ok":
            return None
        return measurement.objective_value(self.config.objective, entry["metrics"], entry["settings"])


def tune(options: "Options", voice: "Voice", cancellation: "Cancellation") -> protocol.Answer:
    """Tune as the command line says, store the best settings if they are better, and return the answer.

    Raises ``ServoError``: where the configuration is wrong, where the first measurement fails, and for a cancel.
    """
    with cancellation.interrupting():
        tuning = _tuning(options)
        measurement.refuse_hopeless(tuning.config, tuning.plan(dict(tuning.task.default)))
        record.check_writable(tuning.history)
        past = tuning.past()
    if 0 < tuning.task.confirm < FEWEST:
        protocol.complain(f"--confirm {tuning.task.confirm}: with fewer than {FEWEST} no test can call settings better")
    run = _Run(tuning, past, voice, cancellation)
    with alone(tuning.config.source.name):
        outcome = run.to_the_end()
    if outcome.better:
        _store(tuning, outcome)
    response = {
        "status": "ok",
        "better": outcome.better,
        "settings": settings.values(tuning.with_values(outcome.settings)),
        "objective": f"{tuning.config.objective.direction} {tuning.config.objective.text}",
        "best": {"value": outcome.best, "runs": outcome.best_runs},
        "default": {"value": outcome.default, "runs": outcome.default_runs},
        "measurements": outcome.measurements,
    }
    text = tuning.config.objective.text
    return protocol.Answer(response, lambda terminal: run.account.comparison(terminal, outcome, text, tuning.state))


def _tuning(options: "Options") -> Tuning:
    """Return what the command line asks for; raise ``ServoError``."""
    config = _with_objective(configuration.load(options.get("--config")), options)
    cap = options.get("--cap")
    objective = config.objective
    is_shortest_time = objective.direction == "minimize" and objective.metric == metric.TOTAL_RUNTIME
    if cap and (config.schema.runs > 1 or not is_shortest_time):
        raise protocol.bad_request(
            "--cap stops a run by its time, so it needs runs: 1 and the objective minimize {total_runtime}"
        )
    path = state.path_of(options.get("--state"), config.settings.state)
    stored = state.load(path)
    state.refuse_problems(config.settings, stored, path)
    searched, default = _space(config)
    application = settings.overlay(config.settings.application, stored or {})
    allowed = _allowed(config, application, path, default)
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
    history = options.get("--history") or config.schema.history or DEFAULT_HISTORY
    return Tuning(config, application, options.get("--control") or {}, history, path, task)


def _with_objective(config: "Config", options: "Options") -> "Config":
    """Return the configuration with the objective that the command line gives, if it does; raise ``ServoError``."""
    given = [name for name in ("--minimize", "--maximize") if options.get(name)]
    if not given:
        return config
    if len(given) > 1:
        raise protocol.bad_request("--minimize and --maximize exclude each other: give one of them")
    name = given[0]
    return config._replace(objective=configuration.given_objective(config, name, name[2:], options.get(name)))


def _space(config: "Config") -> "Tuple[Space, Values]":
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
        raise protocol.failed("bad-config", f"{config.source.name}: {problem}")
    return searched, default


def _allowed(
    config: "Config", application: "Application", path: str, default: "Values"
) -> "Optional[Callable[[Values], bool]]":
    """Return what tells whether the constraints allow values, None where there are none.

    Raises ``ServoError`` (bad-state) where they do not allow the default together with what else is stored.
    """
    rules = config.settings.rules
    if not rules:
        return None
    from servo_batch.config import derived

    def broken(values: "Values") -> List[str]:
        return derived.broken(rules, _overlaid(application, values))

    problems = broken(default)
    if problems:
        problem = f"{path}: the default of what is tuned, with what else is stored, {problems[0]}"
        raise protocol.failed("bad-state", f"{problem}; adjust it, or remove what is stored by adjust --reset")
    return lambda values: not broken(values)


def _with_values(config: "Config", application: "Application", values: "Values") -> "Application":
    application = _overlaid(application, values)
    if config.settings.rules:
        from servo_batch.config import derived

        application = derived.computed(config.settings.rules, application)
    return application


def _overlaid(application: "Application", values: "Values") -> "Application":
    return settings.overlay(application, _nested(application, values))


def _nested(application: "Application", values: "Values") -> "Application":
    """Return the application that has these values of settings of ``application`` and nothing else."""
    components: Dict[str, Any] = {}
    for component, name, _ in settings.walk(application):
        full_name = settings.full_name(component, name)
        if full_name in values:
            components.setdefault(component, {"settings": {}})["settings"][name] = {"value": values[full_name]}
    return {"components": components}


def _of_the_default(error: protocol.ServoError) -> protocol.ServoError:
    return protocol.failed(error.reason, f"the first measurement, of the default settings, failed: {error.message}")


def _store(tuning: Tuning, outcome: loop.Outcome) -> None:
    """Lay the best settings over what is stored by now; raise ``ServoError``."""
    try:
        stored = state.load(tuning.state)
        asked = settings.overlay(stored or {}, _nested(tuning.application, outcome.settings))
        present = state.current(tuning.config.settings, stored)
        adjust.store(tuning.state, adjust.accepted(tuning.config.settings, asked, present, "the best is not stored"))
    except protocol.ServoError as error:
        remedy = f"the best is {account.pairs(outcome.settings)}; the same command stores it without measuring again"
        raise protocol.ServoError(error.status, error.reason, f"{error.message}; {remedy}") from None


class _Run:
    """One call of tune, step by step."""

    def __init__(
        self,
        tuning: Tuning,
        past: List[Tuple["Values", Optional[float]]],
        voice: "Voice",
        cancellation: "Cancellation",
    ) -> None:
        self._tuning = tuning
        self._past = past
        self._voice = voice
        self._cancellation = cancellation
        self._telling = Telling(voice, tuning.config.schema.expected_seconds)
        unit = configuration.objective_unit(tuning.config)
        columns = shutil.get_terminal_size().columns
        self.account = account.Account(tuning.task.space, tuning.task.default, unit, columns)
        self._failure: Optional[protocol.ServoError] = None  # of the latest step
        self._noted: Dict[str, None] = {}

    def to_the_end(self) -> loop.Outcome:
        """Measure all that is left to be measured, and return the outcome; raise ``ServoError``."""
        try:
            self._begin()
            while True:
                with self._cancellation.interrupting():
                    step = loop.next_step(self._tuning.task, self._past)
                if isinstance(step, loop.Outcome):
                    return step
                value = self._measure(step)
                self._past.append((step.settings, value))
                self._tell(step, value)
                if step.purpose == loop.DEFAULT and self._failure:
                    raise _of_the_default(self._failure)
        except OSError as error:
            problem = f"cannot write progress to stdout: {error.strerror}"
            raise protocol.failed("cancelled", f"{problem}; {self._way_on()}") from None
        except Cancelled as error:
            consequence = "; ".join(filter(None, [error.consequence, self._way_on()]))
            raise Cancelled(error.signum, consequence) from None
        except protocol.ServoError as error:
            if error.reason != "cancelled":
                raise
            raise protocol.failed("cancelled", f"{error.message}; {self._way_on()}") from None
        finally:
            self._telling.finish()

    def _begin(self) -> None:
        config = self._tuning.config
        unit = configuration.objective_unit(config)
        count = f"{len(self._past)} measurements that count" if self._past else "no measurement that counts yet"
        goal = f"{config.objective.direction} {config.objective.text}" + (f" in {unit}" if unit else "")
        text = f"{goal}; {self._tuning.history} has {count}"
        self._voice.step(0, text, text + "\n" + self.account.titles())

    def _measure(self, step: loop.Step) -> Optional[float]:
        """Return what the objective comes to with the settings of ``step``, None where they make the job fail."""
        record.check_writable(self._tuning.history)  # what is not recorded would be measured for nothing
        plan = self._tuning.plan(step.settings)
        plan = plan._replace(job=plan.job._replace(cap_seconds=step.limit))
        self._telling.begin(step.number, step.of)
        self._failure = None
        try:
            measured = measurement.run(plan, self._cancellation, self._telling)
        except protocol.ServoError as error:
            if error.reason not in LEARNT_FROM:
                raise
            self._failure = error
            remember(self._tuning.history, measurement.entry(plan, error))
            return None
        finally:
            self._telling.finish()
        remember(self._tuning.history, measurement.entry(plan, measured))
        for note in measured.notes:
            if note not in self._noted:
                protocol.complain(note)
            self._noted[note] = None
        try:
            return measurement.computed_objective(
                self._tuning.config.objective, measured.metrics, settings.values(plan.application)
            )
        except ValueError as error:
            self._failure = protocol.failed("no-match", f"the job ended well, but the objective is none: {error}")
            return None

    def _tell(self, step: loop.Step, value: Optional[float]) -> None:
        """Tell of a step: a line for a person, progress for a program."""
        found = loop.best_so_far(self._tuning.task, self._past)
        best = found[1] if found else None
        reason = self._failure.reason if self._failure else ""
        message = f"measurement {step.number} of {step.of}: {reason or account.figure(value)}"
        message += f" with {account.pairs(step.settings)}" + (f"; best so far {account.figure(best)}" if found else "")
        self._voice.step(percent(step.number, step.of), message, self.account.line(step, value, reason, best))

    def _way_on(self) -> str:
        """Return what was found so far, and how to go on."""
        best = loop.best_so_far(self._tuning.task, self._past)
        found = (
            f"the best so far is {account.figure(best[1])} with {self.account.differences(best[0])}; " if best else ""
        )
        history = self._tuning.history
        return f"{found}the state is as it was; the same command goes on from {history}"

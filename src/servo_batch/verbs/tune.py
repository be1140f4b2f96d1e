"""The tune verb: measure, learn, propose, and in the end say honestly whether the best settings found are better.

Every step is in the history, so that it goes on where it was stopped, for whatever reason.
"""

import shutil
import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Set, Tuple, Union

from servo_batch import answers, config, files, measurement, rules, settings, state
from servo_batch.history import record
from servo_batch.history.table import paragraphs
from servo_batch.history.trials import CONFIRM_BEST, CONFIRM_DEFAULT
from servo_batch.job.attention import Caller
from servo_batch.job.cancel import Cancelled
from servo_batch.job.progress import Telling
from servo_batch.metrics import sources
from servo_batch.options import UsageError
from servo_batch.samples import FEWEST
from servo_batch.terminal import duration
from servo_batch.tuning import importance, loop, search
from servo_batch.tuning.account import Account, figures, pairs
from servo_batch.tuning.space import space
from servo_batch.verbs.measure import remember
from servo_batch.wording import is_number, percent

if TYPE_CHECKING:
    from servo_batch.config import Config
    from servo_batch.job.cancel import Cancellation
    from servo_batch.options import Options
    from servo_batch.settings import Application
    from servo_batch.terminal import Voice

Values = Dict[str, Any]  # of what is tuned

DEFAULT_MEASUREMENTS, DEFAULT_CONFIRM = 30, 3
LONG_SECONDS = 10.0  # what takes longer a person is told before
# What the settings may be to blame for; anything else ends the tuning.
LEARNT_FROM = ("command-failed", "timeout", "no-match")


def tune(options: "Options", voice: "Voice", cancellation: "Cancellation") -> answers.Answer:
    """Tune as the command line says, store the best settings if they are better, and return the answer.

    Raises ``ServoError``: where the configuration is wrong, where the first measurement fails, and for a cancel.
    """
    with cancellation.interrupting():
        tuning = _read(options)
        measurement.refuse_hopeless(tuning.config, tuning.plan(dict(tuning.task.default)))
        kept = {"the configuration": tuning.config.path, "the state": tuning.state.path if tuning.state else None}
        files.refuse_input("--history", tuning.history, kept)
        record.check_writable(tuning.history)
        run = _Run(tuning, voice, cancellation)
    if 0 < tuning.task.confirm < FEWEST:
        answers.complain(f"--confirm {tuning.task.confirm}: with fewer than {FEWEST} no test can call settings better")
    with measurement.alone(tuning.config.name):
        outcome = run.to_the_end()
    if outcome.better:
        tuning.store(outcome.settings)
    objective = tuning.config.objective
    response = {
        "status": "ok",
        "better": outcome.better,
        "settings": settings.values(tuning.with_values(outcome.settings)),
        "objective": f"{objective.direction} {objective.text}",
        "best": {"value": outcome.best, "runs": outcome.best_runs},
        "default": {"value": outcome.default, "runs": outcome.default_runs},
        "measurements": outcome.measurements,
    }
    return answers.Answer(response, lambda: run.summary(outcome))


class _Tuning(NamedTuple):
    """What is tuned, by what, and where its steps are recorded."""

    config: "Config"  # with the objective that is asked for
    application: "Application"  # what is stored, and over it the default of what is tuned, and what is held
    control: Dict[str, Any]
    history: str
    state: Optional[state.StateFile]  # None without a configuration
    held: Values
    task: loop.Task
    budget_seconds: Optional[float]

    def with_values(self, values: Values) -> "Application":
        """Return the state in which what is tuned has these values."""
        configured = self.config.settings
        return configured.current(configured.with_values(self.application, values))

    def plan(self, values: Values) -> measurement.Plan:
        """Return the measurement with these values of what is tuned; raise ``ServoError``."""
        return measurement.plan(self.config, self.with_values(values), self.control)

    def past(self) -> List[loop.Measured]:
        """Return what the history has that counts: the values of what is tuned, and the objective; None for a failure.

        That is what was measured of the same job in a state that would be the same now and is allowed now. Raises
        ``ServoError``.
        """
        job = record.digest(self.plan(dict(self.task.default)).comparable)
        entries, warnings = record.read(self.history)
        for warning in warnings:
            answers.complain(warning)
        known = [entry for entry in entries if entry["job"] == job and self._counts(entry)]
        found = [measurement.trial(self.config, number, entry) for number, entry in enumerate(known)]
        return [
            loop.Measured({name: each.settings[name] for name in self.task.space}, each.objective, each.purpose)
            for each in found
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
            limit: Any = self.config.timeout_seconds
            has_time_now = is_number(entry.get("timeout")) and (limit is None or limit > entry["timeout"])
            return _is_learnt_from(entry.get("reason"), entry.get("cause")) and not has_time_now
        # Who measured may not have asked for all that the objective needs; that says nothing of the settings.
        return set(self.config.objective_metrics()) <= set(measurement.recorded(self.config, entry))

    def store(self, values: Values) -> None:
        """Lay the best settings over what is stored by now; raise ``ServoError``."""

        def merge(stored: "Optional[Application]") -> "Application":
            configured = self.config.settings
            best = configured.with_values(stored or {}, {**self.held, **values})
            return rules.accepted(configured, best, configured.current(stored), "the best is not stored")

        try:
            if self.state:
                self.state.change(merge)
        except answers.ServoError as error:
            remedy = f"the best is {pairs(values)}; the same command stores it without measuring again"
            raise answers.ServoError(error.status, error.reason, f"{error.message}; {remedy}") from None


def _is_learnt_from(reason: Optional[str], cause: Optional[str]) -> bool:
    """Tell whether the settings may be to blame for a failure; ``cause`` is that of the history's entry."""
    return reason in LEARNT_FROM and cause != "machine"


def _read(options: "Options") -> _Tuning:
    """Return what the command line asks for; raise ``ServoError`` and ``UsageError``."""
    is_of_file = options.get("--command") is None
    read = config.of_options(options)
    budget, cap = options.get("--budget"), options.get("--cap")
    seconds = config.duration(budget) if budget else None
    if budget and not seconds:
        raise UsageError(f"--budget needs a duration like 90m or 1h30m, not {budget}")
    objective = read.objective
    is_shortest_time = objective.direction == "minimize" and objective.metric == sources.TOTAL_RUNTIME
    if cap and (read.runs > 1 or not is_shortest_time):
        problem = "--cap stops a run by its time, so it needs runs: 1 and the objective minimize {total_runtime}"
        raise answers.bad_request(problem)
    file = state.find(options.get("--state"), read.state, read.path) if is_of_file else None
    stored = file.load() if file else None
    if file:
        state.refuse_problems(read.settings, stored, file.path)
    held = rules.assigned(read.settings, options.assignments if is_of_file else [], read.name)
    tuned, default = _space(read, held)
    first = settings.overlay(read.settings.application, stored or {})
    first = read.settings.with_values(first, {**default, **held})
    broken = list(read.settings.broken(first).values())
    if held:
        rules.accepted(read.settings, first, first, "nothing was measured")
    elif broken and file:
        problem = f"{file.path}: the default of what is tuned, with what else is stored, {broken[0]}"
        raise answers.failed("bad-state", f"{problem}; adjust it, or remove what is stored by adjust --reset")
    has_rules = read.settings.formulas or read.settings.constraints
    confirm = options.get("--confirm")

    def allowed(values: Values) -> bool:
        return not read.settings.broken(read.settings.with_values(first, values))

    task = loop.Task(
        tuned,
        default,
        options.get("--measurements") or DEFAULT_MEASUREMENTS,
        objective.direction == "maximize",
        options.get("--seed") or 0,
        allowed if has_rules else None,
        DEFAULT_CONFIRM if confirm is None else confirm,
        cap,
    )
    history = options.get("--history") or read.history or record.DEFAULT_PATH
    return _Tuning(read, first, options.get("--control") or {}, history, file, held, task, seconds)


def _space(read: "Config", held: Values) -> "Tuple[search.Space, Values]":
    """Return what there is to search and the default in it; raise ``ServoError`` (bad-config)."""
    described = read.settings.described
    unused = [name for name in read.unused_settings() if name in space(described) and name not in held]
    tuned = space({name: each for name, each in described.items() if name not in unused and name not in held})
    default = {name: described[name].get("value") for name in tuned}
    lacking = [name for name in tuned if default[name] is None]
    if unused:
        answers.complain(f"no command, env, constraint or objective uses {', '.join(unused)}, so it is not varied")
    if not tuned:
        problem = "no setting that the command uses is a range or an enum, so there is nothing to tune"
        raise answers.failed("bad-config", f"{read.name}: {problem}")
    if lacking:
        problem = f"the tuning starts from the default values, but {lacking[0]} has none: give it a value"
        raise answers.failed("bad-config", f"{read.name}: {problem}")
    return tuned, default


class _Run:
    """One call of tune, step by step."""

    def __init__(self, tuning: _Tuning, voice: "Voice", cancellation: "Cancellation") -> None:
        self._tuning = tuning
        self._past = tuning.past()
        self._voice = voice
        self._cancellation = cancellation
        self._telling = Telling(voice, tuning.config.expected_seconds)
        self._account = Account(tuning.task.space, tuning.task.default, shutil.get_terminal_size().columns)
        self._failure: Optional[answers.ServoError] = None  # of the latest step
        self._noted: Set[str] = set()  # the metrics of which something was said
        self._began = time.monotonic()
        self._seconds: List[float] = []  # that each measurement of this call took

    def to_the_end(self) -> loop.Outcome:
        """Measure all that is left to be measured, and return the outcome; raise ``ServoError``."""
        try:
            self._begin()
            while True:
                with self._cancellation.interrupting():
                    step = self._next_step()
                if isinstance(step, loop.Outcome):
                    self._end(step)
                    return step
                value = self._measure(step)
                self._past.append(loop.Measured(step.settings, value, step.purpose))
                self._tell(step, value)
                if step.purpose == loop.DEFAULT and self._failure:
                    problem = f"the first measurement, of the default settings, failed: {self._failure.message}"
                    raise answers.failed(self._failure.reason, problem)
        except Cancelled as error:
            consequence = "; ".join(filter(None, [error.consequence, self._way_on()]))
            raise Cancelled(error.signum, consequence) from None
        except answers.HostError as error:
            raise error.saying(f"{error.message}\n{self._way_on()}") from None
        except answers.ServoError as error:
            if error.reason != "cancelled":
                raise
            raise answers.failed("cancelled", f"{error.message}; {self._way_on()}") from None
        finally:
            self._telling.finish()

    def _next_step(self) -> Union[loop.Step, loop.Outcome]:
        task, budget = self._tuning.task, self._tuning.budget_seconds
        if budget is None or not self._seconds:
            return loop.next_step(task, self._past)
        return loop.next_in_time(task, self._past, self._began + budget - time.monotonic(), self._seconds)

    def _begin(self) -> None:
        read = self._tuning.config
        unit = read.objective_unit()
        count = f"{len(self._past)} measurements that count" if self._past else "no measurement that counts yet"
        goal = f"{read.objective.direction} {read.objective.text}" + (f" in {unit}" if unit else "")
        text = f"{goal}; {self._tuning.history} has {count}"
        self._say(0, text, text + "\n" + self._account.titles())

    def _measure(self, step: loop.Step) -> Optional[float]:
        """Return what the objective comes to with the settings of ``step``, None where they make the job fail."""
        record.check_writable(self._tuning.history)  # what is not recorded would be measured for nothing
        plan = self._tuning.plan(step.settings)
        plan = plan._replace(job=plan.job._replace(cap_seconds=step.limit))
        self._telling.begin(step.number, step.of)
        self._failure = None
        began = time.monotonic()
        try:
            measured = measurement.run(plan, Caller(self._cancellation, self._telling))
        except answers.ServoError as error:
            line = measurement.entry(plan, error)
            if error.reason != "cancelled":
                self._remember(step, line)
            if not _is_learnt_from(error.reason, line.get("cause")):
                raise
            self._failure = error
            return None
        finally:
            self._seconds.append(time.monotonic() - began)
            self._telling.finish()
        self._remember(step, measurement.entry(plan, measured))
        for note in measured.notes:  # once for each metric: the values in it are others each time
            subject = note.partition(":")[0]
            if subject not in self._noted:
                self._noted.add(subject)
                answers.complain(note)
        objective = self._tuning.config.objective
        try:
            return measurement.objective(objective, measured.metrics, settings.values(plan.application))[0]
        except ValueError as error:
            self._failure = answers.failed("no-match", f"the job ended well, but the objective is none: {error}")
            return None

    def _remember(self, step: loop.Step, line: Dict[str, Any]) -> None:
        is_search = step.purpose in (loop.DEFAULT, loop.SEARCH)
        remember(self._tuning.history, line if is_search else {**line, "purpose": step.purpose})

    def _tell(self, step: loop.Step, value: Optional[float]) -> None:
        """Tell of a step: a line for a person, progress for a program."""
        found = loop.best_so_far(self._tuning.task, self._past)
        best = found[1] if found else None
        reason = self._failure.reason if self._failure else ""
        confirming = f"to {step.purpose}, " if step.purpose in (CONFIRM_BEST, CONFIRM_DEFAULT) else ""
        message = f"measurement {step.number} of {step.of}: {confirming}{reason or figures([value])}"
        message += f" with {pairs(step.settings)}"
        message += f"; best so far {figures([best])}" if found else ""
        self._say(percent(step.number, step.of), message, self._account.line(step, value, reason, best))
        if len(self._seconds) == 1 and value is not None and step.number < step.of:
            count, each = step.of - step.number + 1, self._seconds[0]
            text = f"{count} measurements take about {_time(count * each)} if each takes {_time(each)}, as this one"
            self._say(percent(step.number, step.of), text, text if count * each > LONG_SECONDS else "")

    def _say(self, part: int, message: str, line: str = "") -> None:
        """Say a message to a program, and a line to a person."""
        try:
            if line:
                self._voice.step(part, message, line)
            else:
                self._voice.progress(part, message)
        except OSError as error:
            raise answers.failed("cancelled", f"cannot write progress to stdout: {error.strerror}") from None

    def _way_on(self) -> str:
        """Return what was found so far, and how to go on."""
        best = loop.best_so_far(self._tuning.task, self._past)
        found = ""
        if best:
            found = f"the best so far is {figures([best[1]])} with {self._account.differences(best[0])}; "
        return f"{found}the state is as it was; the same command goes on from {self._tuning.history}"

    def _end(self, outcome: loop.Outcome) -> None:
        """Tell a program what is to be known beside the answer; a person reads it below that."""
        for remark in self._remarks(outcome):
            self._say(percent(1, 1), remark)

    def _remarks(self, outcome: loop.Outcome) -> List[str]:
        """Return that the budget ended it, which settings matter, and where there may be better ones."""
        task = self._tuning.task
        most = min(task.measurements, loop.size(task.space))
        ended = f"--budget ended the search after {outcome.measurements} of {most} measurements"
        is_cut = self._tuning.budget_seconds is not None and outcome.measurements < most
        matter = importance.in_words(importance.effects(task.space, loop.costs(task, self._past)))
        return [ended] * is_cut + ([matter] if matter else []) + loop.remarks(task, self._past, outcome.settings)

    def summary(self, outcome: loop.Outcome) -> str:
        """Return the outcome for a person."""
        objective, file = self._tuning.config.objective, self._tuning.state
        stored = f"is stored in {file.path}" if file else f"is {pairs(outcome.settings)}"
        comparison = self._account.comparison(outcome, objective.text, self._tuning.config.objective_unit(), stored)
        return f"\n{comparison}\n" + paragraphs(self._remarks(outcome), shutil.get_terminal_size().columns)


def _time(seconds: float) -> str:
    return duration(seconds) if seconds >= 60 else f"{seconds:.1f} s"

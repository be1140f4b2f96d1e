"""The tune verb: measure, learn, propose, and in the end say honestly whether the best settings found are better.

Every step is in the history, so that it goes on where it was stopped, for whatever reason.
"""

import math
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from servo_batch import answers, columns, config, measurement, recorded, rules, settings, state, terminal
from servo_batch.config import Config
from servo_batch.history import record
from servo_batch.history.figures import figure
from servo_batch.history.table import pairs, paragraphs
from servo_batch.job.cancel import Cancellation
from servo_batch.job.progress import duration
from servo_batch.options import Options, UsageError
from servo_batch.samples import FEWEST
from servo_batch.session import Session
from servo_batch.settings import Application
from servo_batch.state import StateFile
from servo_batch.tuning import loop, search
from servo_batch.tuning.space import space
from servo_batch.wording import percent, plain

Values = Dict[str, Any]  # of what is tuned

BEYOND = "better than the default is all that this shows: how near to the best that there is, nobody knows"


def tune(options: Options, voice: answers.ForPrograms, cancellation: Cancellation) -> answers.Answer:
    """Tune as the command line says, store the best settings if they are better, and return the answer.

    Raises ``ServoError``: where the configuration is wrong, where the first measurement fails, and for a cancel.
    """
    with cancellation.interrupting():
        tuning = _read(options)
        measurement.refuse_hopeless(tuning.config, tuning.plan(tuning.task.default))
        session = Session(tuning.config, tuning.state, voice, cancellation)
    if 0 < tuning.task.confirm < FEWEST:
        answers.complain(f"--confirm {tuning.task.confirm}: with fewer than {FEWEST} no test can call settings better")
    conclusion = _to_the_end(tuning, session, voice, cancellation)
    response = {
        "status": "ok",
        "better": conclusion.better,
        "settings": settings.values(tuning.with_values(conclusion.settings)),
        "objective": str(tuning.config.objective),
        "best": {"value": conclusion.best, "runs": conclusion.best_runs},
        "default": {"value": conclusion.default, "runs": conclusion.default_runs},
        "measurements": conclusion.measurements,
    }
    return answers.Answer(response, lambda: _summary(tuning, conclusion))


class _Tuning(NamedTuple):
    """What is tuned, by what, and where its steps are recorded."""

    config: Config  # with the objective that is asked for
    application: Application  # what is stored, and over it the default of what is tuned, and what is held
    control: Dict[str, Any]
    state: StateFile
    held: Values  # by the command line
    task: loop.Task
    budget_seconds: float

    def with_values(self, values: Values) -> Application:
        """Return the state in which what is tuned has these values."""
        configured = self.config.settings
        return configured.current(configured.with_values(self.application, values))

    def plan(self, values: Values) -> measurement.Plan:
        """Return the measurement with these values of what is tuned; raise ``ServoError``."""
        return measurement.plan(self.config, self.with_values(values), self.control)

    def past(self) -> loop.Past:
        """Return what the history has that counts; raise ``ServoError``.

        That is what was measured of the same job in a state that would be the same now and is allowed now, and was not
        stopped at a limit that is longer now.
        """
        job = record.digest(self.plan(self.task.default).comparable)
        entries = [entry for entry in record.read(self.config.history) if entry["job"] == job]
        known = [(self._measured(entry), entry.get("timeout", math.inf)) for entry in entries]
        cap = loop.Past(self.task, [one for one, _ in known if one]).limit() or math.inf
        limit = min(self.config.timeout_seconds or math.inf, cap)
        return loop.Past(self.task, [one for one, timeout in known if one and timeout >= limit])

    def _measured(self, entry: Dict[str, Any]) -> Optional[loop.Measured]:
        """Return what an entry of the history tells, None where it does not count."""
        measured = entry["settings"]
        if search.locate(self.task.space, measured) is None:
            return None
        values = {name: measured[name] for name in self.task.space}
        now = self.with_values(values)
        is_now = all(settings.is_same(measured.get(name), value) for name, value in settings.values(now).items())
        trial = recorded.trial(self.config, 0, entry)
        formula = self.config.objective.formula
        # Who measured may not have asked for all that the objective needs; that says nothing of the settings.
        needed = {*self.config.metrics}.intersection(formula.names if formula else ())
        tells = needed <= {*trial.metrics} if trial.status == "ok" else recorded.is_of_settings(entry)
        counts = is_now and tells and not self.config.settings.broken(now)
        return loop.Measured(values, trial.objective, trial.purpose) if counts else None

    def store(self, values: Values) -> None:
        """Lay the best settings over what is stored by now, if anything is; raise ``ServoError``."""
        best, refused = {**self.held, **values}, "the best is not stored"
        if self.state.path:  # there is none with --command
            self.state.change(lambda stored: rules.changed(self.config.settings, stored, best, refused))


def _read(options: Options) -> _Tuning:
    """Return what the command line asks for; raise ``ServoError`` and ``UsageError``."""
    read = config.of_options(options)
    budget = options.get("--budget")
    seconds = config.duration(budget) if budget else math.inf
    if not seconds:
        raise UsageError(f"--budget needs a duration like 90m or 1h30m, not {budget}")
    objective = read.objective
    if options.get("--cap") and (read.runs > 1 or objective != config.SHORTEST):
        problem = "--cap stops a run by its time, so it needs runs: 1 and the objective minimize {total_runtime}"
        raise answers.bad_request(problem)
    file = state.find(options, read)
    stored = file.allowed(read.settings, file.load())
    if file.path and options.get("--confirm") != 0:
        file.check_changeable()
    # With --command they are what is tuned.
    held = {} if options.get("--command") else rules.assigned(read.settings, options.assignments, read.name)
    tuned, default = _space(read, held)
    refused = "nothing was measured, since the first settings, the default of what is tuned, are refused"
    first = rules.changed(read.settings, stored, {**held, **default}, refused)

    def allowed(values: Values) -> bool:
        return not read.settings.broken(read.settings.with_values(first, values))

    wanted = {name: options.get("--" + name) for name in ("measurements", "confirm", "seed", "cap")}
    given = {name: value for name, value in wanted.items() if value is not None}
    constrained = allowed if read.settings.constraints or read.settings.formulas else None
    task = loop.Task(tuned, default, objective.direction == "maximize", constrained, **given)
    return _Tuning(read, first, options.get("--control") or {}, file, held, task, seconds)


def _space(read: Config, held: Values) -> Tuple[search.Space, Values]:
    """Return what there is to search and the default in it; raise ``ServoError`` (bad-config)."""
    described = read.settings.described
    possible = {name: each for name, each in space(described).items() if name not in held}
    unused = [name for name in read.unused_settings() if name in possible]
    tuned = {name: each for name, each in possible.items() if name not in unused}
    default = {name: described[name].get("value") for name in tuned}
    lacking = [name for name in tuned if default[name] is None]
    if unused:
        answers.complain(f"no command, env, constraint or objective uses {', '.join(unused)}, so it is not varied")
    problem = "" if tuned else "no setting that the command uses is a range or an enum, so there is nothing to tune"
    if lacking:
        problem = f"the tuning starts from the default values, but {lacking[0]} has none: give it a value"
    if problem:
        raise answers.bad_config(f"{read.name}: {problem}")
    return tuned, default


def _to_the_end(
    tuning: _Tuning, session: Session, voice: answers.ForPrograms, cancellation: Cancellation
) -> loop.Conclusion:
    """Measure all that is left to be measured, store the best if it is better, and return the conclusion.

    Raises ``ServoError``.
    """
    with cancellation.interrupting():
        past = tuning.past()
    ends = time.monotonic() + tuning.budget_seconds
    seconds: List[float] = []  # that each measurement of this call took, with the proposal of its settings
    try:
        counted = f"measurements that count in {tuning.config.history}: {len(past.measured)}"
        _say(voice, 0, f"{tuning.config.objective}; {counted}")
        while True:
            began = time.monotonic()
            with cancellation.interrupting():
                step = past.next_step(ends - began, seconds)
            if isinstance(step, loop.Conclusion):
                for remark in past.remarks(step.settings):
                    _say(voice, percent(1, 1), remark)
                if step.better:
                    tuning.store(step.settings)
                return step
            value, failure = _measure(tuning, step, session)
            seconds.append(time.monotonic() - began)
            past = loop.Past(tuning.task, [*past.measured, loop.Measured(step.settings, value, step.purpose)])
            _tell(voice, step, failure.reason if failure else _figures([value]), past.best())
            if failure and step.purpose is None and step.settings == tuning.task.default:
                raise failure.saying(f"the first measurement, of the default settings, failed: {failure.summary}")
            count = step.of - step.number + 1
            if len(seconds) == 1 and count > 1:
                about = f"{count} measurements take about {duration(count * seconds[0])}"
                _say(voice, percent(step.number, step.of), f"{about} if each takes as long as this one")
    except answers.ServoError as error:
        best = past.best()
        found = f"the best so far is {figure(best[1])} with {pairs(best[0])}; " if best else ""
        raise error.saying(f"{error.summary}; {found}the same command goes on from {tuning.config.history}") from None


def _measure(
    tuning: _Tuning, step: loop.Next, session: Session
) -> Tuple[Optional[float], Optional[answers.ServoError]]:
    """Return what the objective comes to with the settings of ``step``, or why they make the job fail."""
    record.check_writable(tuning.config.history)  # what is not recorded would be measured for nothing
    plan = tuning.plan(step.settings)
    plan = plan._replace(job=plan.job._replace(command=plan.job.command.capped(step.limit)))
    measured = session.take(plan, step.number, step.of, step.purpose)
    if isinstance(measured, answers.ServoError):
        return None, measured
    try:
        return recorded.objective(tuning.config.objective, measured.metrics, plan.settings)[0], None
    except ValueError as error:
        return None, answers.failed("no-match", f"the job ended well, but the objective is none: {error}")


def _tell(voice: answers.ForPrograms, step: loop.Next, found: str, best: Optional[Tuple[Values, float]]) -> None:
    so_far = figure(best[1]) if best else "none"
    purpose = f", to {step.purpose}" if step.purpose else ""
    text = f"{step.number} of {step.of}: {found}, best so far {so_far}, {pairs(step.settings)}{purpose}"
    _say(voice, percent(step.number, step.of), text)


def _say(voice: answers.ForPrograms, part: int, text: str) -> None:
    voice.progress(part, text, paragraphs([text], columns.of_terminal()))


def _summary(tuning: _Tuning, conclusion: loop.Conclusion) -> str:
    """Return the conclusion as a person reads it: what of the best is not as the default is, and what that brings."""
    default, best = tuning.task.default, conclusion.settings
    changed = [name for name in best if not settings.is_same(best[name], default[name])]
    if not changed:
        return "\nnothing was found that is better than the default\n"
    rows = [[name, plain(default[name]), plain(best[name])] for name in changed]
    if conclusion.best_runs:
        rows.append([str(tuning.config.objective), _figures([conclusion.default]), _figures([conclusion.best])])
    return f"\n{terminal.table(['', 'default', 'best'], rows)}\n{_verdict(tuning, conclusion)}\n"


def _verdict(tuning: _Tuning, conclusion: loop.Conclusion) -> str:
    if conclusion.better is None:
        return "too few runs to tell: nothing was stored; more --confirm or --budget goes on"
    runs = f"{_figures(conclusion.best_runs)} against {_figures(conclusion.default_runs)}"
    if not conclusion.better:
        return f"the difference may be noise, {runs}: nothing was stored"
    gain = ""
    if conclusion.default and conclusion.best is not None:
        gain = f" by {abs(100 * (conclusion.best - conclusion.default) / conclusion.default):.1f} %"
    stored = f"is stored in {tuning.state.path}" if tuning.state.path else f"is {pairs(conclusion.settings)}"
    return f"the best is better{gain}, {runs}, and {stored}\n{BEYOND}"


def _figures(values: Sequence[Optional[float]]) -> str:
    """Return values of the objective with four digits."""
    return ", ".join("failed" if value is None else figure(value) for value in values)

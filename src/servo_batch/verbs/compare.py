"""The compare verb: combinations of settings measured in turns, and which is best as far as these runs can tell."""

import shutil
from decimal import Decimal
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from servo_batch import answers, measurement, rules, samples, settings, state
from servo_batch.config import VALUES, Config, load, of_command
from servo_batch.history import record, svg, trials
from servo_batch.history import table as tables
from servo_batch.metrics import sources
from servo_batch.options import UsageError
from servo_batch.verbs.history import exported, picture
from servo_batch.verbs.lock import alone
from servo_batch.verbs.measure import remember
from servo_batch.verbs.progress import Telling
from servo_batch.wording import shown

if TYPE_CHECKING:
    from servo_batch.history.trials import Row
    from servo_batch.job.cancel import Cancellation
    from servo_batch.measurement import Plan
    from servo_batch.options import Options
    from servo_batch.settings import Setting
    from servo_batch.terminal import Voice

MOST, DEFAULT_RUNS = 1000, 3
SHOWN_ALWAYS = ("cpu_time", "max_rss")
# What a combination may be to blame for; anything else ends the comparison.
OF_SETTINGS = ("command-failed", "timeout", "no-match")


class _Task(NamedTuple):
    """What is compared, and where it is recorded."""

    config: Config
    plans: "List[Plan]"  # a combination each
    forbidden: List[str]  # combinations that are left out, and why
    runs: int
    history: Optional[str]


def compare(options: "Options", voice: "Voice", cancellation: "Cancellation") -> answers.Answer:
    """Measure every combination of the values that the command line names, and return which is best.

    Raises ``ServoError`` and ``UsageError`` for what is wrong before anything runs, and where nothing is known.
    """
    with cancellation.interrupting():
        task = _read(options)
    entries, stopped = _measure_in_turns(task, voice, cancellation)
    if stopped and not entries:
        raise stopped
    config = task.config
    minimize = config.objective.direction == "minimize"
    measured = [measurement.trial(config, number, entry) for number, entry in enumerate(entries, 1)]
    rows = trials.in_order(trials.pooled(measured, minimize), minimize)
    best = trials.best(rows, minimize)
    view = tables.View(rows, best, config.objective.text, minimize, is_comparison=True)
    if options.get("--svg"):
        svg.write(options.get("--svg"), svg.comparison(picture(view, config)))
    remarks = [f"left out: {each}" for each in task.forbidden]
    remarks += _verdict(rows, best, minimize) if best else ["all combinations failed"]
    if stopped:
        remarks.append(f"this is not all: {stopped.message}")
    response = _response(view, f"{config.objective.direction} {config.objective.text}")
    if stopped or not best:
        reason = stopped.reason if stopped else measured[0].reason or "no-match"
        response = {"status": "failed", "reason": reason, "message": "; ".join(remarks), **response}
    else:
        response = {"status": "ok", **response, **({"notes": remarks} if task.forbidden else {})}
    exit_status = stopped.exit_status if stopped else int(not best)
    if options.get("--csv") or options.get("--markdown"):
        for remark in remarks:
            answers.complain(remark)

    def text() -> str:
        room = shutil.get_terminal_size().columns
        return "\n".join(filter(None, [tables.text(view, room), tables.paragraphs(remarks, room)]))

    return exported(options, view, measured, response, text, exit_status)


def _read(options: "Options") -> _Task:
    """Return what the command line asks for; raise ``ServoError`` and ``UsageError``."""
    command = options.get("--command")
    if not command and not options.assignments:
        raise UsageError("compare needs the values to compare: COMPONENT.SETTING=VALUE,VALUE")
    config = (
        of_command(command, options.assignments, options.get("--metric") or [])
        if command
        else load(options.get("--config"))
    )
    for direction in ("minimize", "maximize"):
        if options.get("--" + direction):
            config = config.with_objective("--" + direction, direction, options.get("--" + direction))
    rules.assigned(config.settings, options.assignments, config.name)
    stored = None if command else state.find(options.get("--state"), config.state, config.path).load()
    choices = [list(islice(_choices(config, *each), MOST + 1)) for each in options.assignments]
    combinations = list(islice(product(*choices), MOST + 1))
    if len(combinations) > MOST:
        raise UsageError(f"these are more than {MOST} combinations: compare fewer values, or let tune search")
    plans, forbidden = [], []
    for values in combinations:
        asked = stored or {"components": {}}
        for (component, name, _), value in zip(options.assignments, values):
            asked = settings.overlay(asked, settings.nested(component, name, {"value": value}))
        try:
            accepted = rules.accepted(config.settings, asked, config.settings.current(stored), "nothing was measured")
        except answers.ServoError as error:
            if error.reason != "constraint":
                raise
            named = [f"{each[0]}.{each[1]}={shown(value)}" for each, value in zip(options.assignments, values)]
            forbidden.append(f"{' '.join(named)} {error.message.partition(': ')[2]}")
            refusal = error
            continue
        plans.append(_plan(config, config.settings.current(accepted), options))
    if not plans:
        raise refusal
    measurement.refuse_hopeless(config, plans[0])
    history = options.get("--history") or config.history
    if history:
        record.check_writable(history)
    if options.get("--svg"):
        svg.check_replaceable(options.get("--svg"))
    return _Task(config, plans, forbidden, options.get("--runs") or DEFAULT_RUNS, history)


def _choices(config: Config, component: str, name: str, text: str) -> Iterator[Any]:
    """Yield the values that a person typed: ``1,6,9``, ``1..9``, ``1..9/2``, or one that has a comma of its own."""
    described: "Setting" = settings.declared(config.settings.application, component, name) or {}
    whole = rules.typed(described, text)
    match = VALUES.match(text)
    if settings.is_enum(described) and settings.refusal(described, whole) is None:
        yield whole
    elif match:
        step = Decimal(match.group(3) or repr(described.get("step", 1) if settings.is_range(described) else 1))
        low, high = Decimal(match.group(1)), Decimal(match.group(2))
        if high < low or not step:
            raise UsageError(f"{component}.{name}={text} has no values: write LEAST..MOST, or LEAST..MOST/STEP")
        for index in range(int((high - low) / step) + 1):
            yield rules.typed(described, str(low + index * step))
    elif not all(text.split(",")):
        raise UsageError(f"{component}.{name}={text} lacks a value: write VALUE,VALUE")
    else:
        yield from (rules.typed(described, part) for part in text.split(","))


def _plan(config: Config, application: Dict[str, Any], options: "Options") -> "Plan":
    """Return a measurement of one run, with the figures of the system that are always shown."""
    control = options.get("--control") or {}
    plan = measurement.plan(config, application, control, runs=1, warmup_runs=options.get("--warmup-runs"))
    figures = {name: sources.Resource(name, {}) for name in SHOWN_ALWAYS if name not in config.metrics}
    return plan._replace(metrics={**figures, **plan.metrics}, needed={**figures, **plan.needed})


def _measure_in_turns(
    task: _Task, voice: "Voice", cancellation: "Cancellation"
) -> Tuple[List[Dict[str, Any]], Optional[answers.ServoError]]:
    """Return the history's line of each run, and what ended the comparison before its end."""
    telling = Telling(voice, task.config.expected_seconds)
    entries: List[Dict[str, Any]] = []
    noted: Dict[str, str] = {}
    turns = [plan for _ in range(task.runs) for plan in task.plans]
    try:
        with alone(task.config.name):
            for number, plan in enumerate(turns, 1):
                telling.begin(number, len(turns))
                try:
                    measured = measurement.run(plan, cancellation, telling)
                    entries.append(measurement.entry(plan, measured))
                    noted.update((note.partition(":")[0], note) for note in measured.notes)
                except answers.ServoError as error:
                    if error.reason not in OF_SETTINGS or isinstance(error, answers.HostError):
                        return entries, error
                    entries.append(measurement.entry(plan, error))
                if task.history:
                    remember(task.history, entries[-1])
    finally:
        telling.finish()
        for note in noted.values():
            answers.complain(note)
    return entries, None


def _verdict(rows: "List[Row]", best: "Row", minimize: bool) -> List[str]:
    """Return a sentence that names what these runs cannot tell from the best, and how many it would take at least."""
    others = [row for row in rows if row is not best and row.value is not None]
    equal = [row for row in others if not trials.is_better(best, row, minimize)]
    test = "exact one-sided rank test at 5 %, uncorrected for how many are compared"
    if not equal:
        return [f"the best is better than each other by more than chance explains ({test})"] if others else []
    names = trials.varying([row.settings for row in rows])
    listed = ", ".join(f"[{tables.pairs(row, names)}]" for row in equal)
    costs = trials.costs(best, minimize)
    least = max(samples.least_runs(costs, trials.costs(row, minimize)) for row in equal)
    return [f"these runs cannot tell from the best: {listed} ({test}); it takes {least} runs of each at least"]


def _response(view: tables.View, objective: str) -> Dict[str, Any]:
    measurements = []
    for row in view.rows:
        one: Dict[str, Any] = {"settings": row.settings, "metrics": row.metrics()}
        failed = [trial for trial in row.trials if trial.status != "ok"]
        if failed:
            one.update(failed=len(failed), reason=failed[-1].reason, message=failed[-1].message)
        ratio = tables.relative(row, view.top)
        if ratio:
            one["relative"] = {"value": ratio[0], "spread": ratio[1]}
        measurements.append(one)
    return {"objective": objective, "measurements": measurements}

"""The compare verb: combinations of settings measured in turns, and which is best as far as these runs can tell."""

import re
from decimal import Decimal
from itertools import islice, product
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from servo_batch import answers, columns, measurement, recorded, rules, settings, state
from servo_batch.config import VALUES, Config, of_options
from servo_batch.history import svg, table, trials
from servo_batch.job.cancel import Cancellation
from servo_batch.metrics import sources, summary
from servo_batch.options import Options, UsageError
from servo_batch.session import Session, files_of
from servo_batch.verbs.history import exported

MOST, DEFAULT_RUNS = 1000, 3
ALWAYS_COMPARED = (sources.TOTAL_RUNTIME, "cpu_time", "max_rss")  # in this order, before any others


def compare(options: Options, voice: answers.ForPrograms, cancellation: Cancellation) -> answers.Answer:
    """Measure every combination of the values that the command line names, and return which is best.

    Raises ``ServoError`` and ``UsageError`` for what is wrong before anything runs, and where nothing is known.
    """
    with cancellation.interrupting():
        config, file, plans, left_out = _read(options)
        if options.get("--svg"):
            svg.check_replaceable(options.get("--svg"), files_of(config, file))
        session = Session(config, file, voice, cancellation)
    stopped = _measure(session, plans)
    if stopped and not session.lines:
        raise stopped
    objective = config.objective
    measured = [recorded.trial(config, number, line) for number, line in enumerate(session.lines, 1)]
    view = trials.view(measured, objective.text, objective.direction == "minimize", is_comparison=True)
    notes = _notes(options.get("--svg"), view, measured, left_out)
    incomplete = f"this is not all: {stopped.message}" if stopped else ""
    remarks = list(filter(None, [table.verdict(view), *notes, incomplete]))
    response: Dict[str, Any] = {"status": "ok", "notes": notes} if notes else {"status": "ok"}
    if stopped or not view.top:
        reason = stopped.reason if stopped else measured[-1].reason or "no-match"
        response = {"status": "failed", "reason": reason, "message": "; ".join(remarks)}
    described = sources.described(plans[0].metrics)
    response["objective"] = f"{objective.direction} {objective.text}"
    response["measurements"] = [_measurement(row, view, described) for row in view.rows]
    if options.get("--csv") or options.get("--markdown"):
        for remark in remarks:
            answers.complain(remark)
    exit_status = stopped.exit_status if stopped else int(not view.top)
    return exported(options, view, measured, response, lambda: _page(view, remarks), exit_status)


def _notes(path: Optional[str], view: trials.View, measured: List[trials.Trial], left_out: List[str]) -> List[str]:
    """Draw the picture that is asked for; return what lacks: the picture, combinations, runs that failed; and why."""
    notes = list(left_out)
    if path:
        try:
            svg.write(path, svg.comparison(view))
        except answers.ServoError as error:  # what was measured is worth more
            notes.insert(0, error.message)
    failed = next((trial for trial in measured if trial.reason), None)
    if failed:
        why = (failed.message or failed.reason or "").split("\n")[0]
        notes.append(f"[{table.pairs(failed.settings)}] failed: {why}")
    return notes


def _read(options: Options) -> Tuple[Config, state.StateFile, List[measurement.Plan], List[str]]:
    """Return the configuration, the state's file, the plan of each run, in turns, and what is left out and why.

    Raises ``ServoError`` and ``UsageError``.
    """
    if not options.assignments and not options.get("--command"):
        raise UsageError("compare needs the values to compare: COMPONENT.SETTING=VALUE,VALUE")
    config = of_options(options)
    rules.assigned(config.settings, options.assignments, config.name)  # which refuses what is not declared
    file = state.find(options, config)
    stored = file.load()
    plans, left_out, refusal = [], [], None
    for values in _combinations(config, options):
        asked = config.settings.with_values(stored, values)
        try:
            accepted = rules.accepted(config.settings, asked, stored, f"{table.pairs(values)} is not measured")
            plans.append(_plan(config, config.settings.current(accepted), options))
        except answers.ServoError as error:
            if error.reason != "constraint":
                raise
            refusal = error
            left_out.append(error.message)
    if refusal and not plans:
        raise refusal
    measurement.refuse_hopeless(config, *plans)
    return config, file, plans * (options.get("--runs") or DEFAULT_RUNS), left_out


def _combinations(config: Config, options: Options) -> List[Dict[str, Any]]:
    """Return every value of one setting with every value of the others, each combination once."""
    choices = [list(islice(_choices(config, *each), MOST + 1)) for each in options.assignments.items()]
    found = [dict(zip(options.assignments, values)) for values in islice(product(*choices), MOST + 1)]
    if len(found) > MOST:
        raise UsageError(f"these are more than {MOST} combinations: compare fewer values, or let tune search")
    return found


def _choices(config: Config, name: str, text: str) -> Iterator[Any]:
    """Return the values that a person typed: ``1,6,9``, ``1..9``, ``1..9/2``, or one that has a comma of its own."""
    described = config.settings.described[name]
    match = re.match(VALUES, text)
    texts: Iterable[str] = text.split(",")
    kind = settings.type_of(described)
    if kind == "enum" and settings.refusal(described, rules.typed(described, text)) is None:
        texts = [text]
    elif match:
        low, high = Decimal(match.group(1)), Decimal(match.group(2))
        step = Decimal(match.group(3) or repr(described.get("step", 1) if kind == "range" else 1))
        if high < low or not step:
            raise UsageError(f"{name}={text} has no values: write LEAST..MOST, or LEAST..MOST/STEP")
        texts = (str(low + index * step) for index in range(int((high - low) / step) + 1))
    elif not all(texts):
        raise UsageError(f"{name}={text} lacks a value: write VALUE,VALUE")
    return (rules.typed(described, each) for each in texts)


def _plan(config: Config, application: Dict[str, Any], options: Options) -> measurement.Plan:
    """Return a measurement of one run, with the figures of the system that are always shown."""
    control = options.get("--control") or {}
    plan = measurement.plan(config, application, control, runs=1, warmup_runs=options.get("--warmup-runs"))
    figures = {name: sources.Metric("resource", {"resource": name}) for name in ALWAYS_COMPARED}
    return plan._replace(metrics={**figures, **plan.metrics}, needed={**figures, **plan.needed})


def _measure(session: Session, plans: List[measurement.Plan]) -> Optional[answers.ServoError]:
    """Measure all in order, and return what ended that before its end."""
    try:
        for number, plan in enumerate(plans, 1):
            session.take(plan, number, len(plans))
    except answers.ServoError as error:
        return error
    return None


def _measurement(row: trials.Row, view: trials.View, described: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    """Return what a program is told of a combination."""
    runs = [{name: metric["value"] for name, metric in trial.metrics.items()} for trial in row.trials if trial.metrics]
    told: Dict[str, Any] = {"settings": row.settings, "metrics": summary.summarise(runs, described) if runs else {}}
    failed = [trial for trial in row.trials if trial.status != "ok"]
    if failed:
        told.update(failed=len(failed), reason=failed[-1].reason, message=failed[-1].message)
    ratio = table.relative(row, view.top)
    if ratio:
        told["relative"] = {"value": ratio[0], "spread": ratio[1]}
    return told


def _page(view: trials.View, remarks: List[str]) -> str:
    """Return what a person is shown."""
    room = columns.of_terminal()
    return "\n".join(filter(None, [table.text(view, room), table.paragraphs(remarks, room)]))

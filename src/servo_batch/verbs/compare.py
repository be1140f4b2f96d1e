"""The compare verb: combinations of settings measured in turns, and which is best as far as these runs can tell."""

import re
from decimal import Decimal
from itertools import islice, product
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from servo_batch import answers, columns, measurement, recorded, rules, settings, state
from servo_batch.config import VALUES, Config, of_options
from servo_batch.history import export, svg, table, trials
from servo_batch.job.cancel import Cancellation
from servo_batch.metrics import sources, summary
from servo_batch.options import Options, UsageError
from servo_batch.session import Session, files_of
from servo_batch.settings import Application
from servo_batch.wording import is_number

MOST, DEFAULT_RUNS = 1000, 3
ALWAYS_COMPARED = (sources.TOTAL_RUNTIME, "cpu_time", "max_rss")  # in this order, before any others


def compare(options: Options, voice: answers.ForPrograms, cancellation: Cancellation) -> answers.Answer:
    """Measure every combination of the values that the command line names, and return which is best.

    Raises ``ServoError`` and ``UsageError`` for what is wrong before anything runs, and where nothing is known.
    """
    if not options.assignments and not options.get("--command"):
        raise UsageError("compare needs the values to compare: COMPONENT.SETTING=VALUE,VALUE")
    with cancellation.interrupting():
        config = of_options(options)
        config.metrics = {**{name: sources.of_system(name) for name in ALWAYS_COMPARED}, **config.metrics}
        file = state.find(options, config)
        stored = file.allowed(config.settings, file.load(), options.assignments)
        plans, left_out = _plans(config, stored, options)
        if options.get("--svg"):
            svg.check_replaceable(options.get("--svg"), files_of(config, file))
        session = Session(config, file, voice, cancellation)
    plans *= options.get("--runs") or DEFAULT_RUNS
    stopped: Optional[answers.ServoError] = None
    try:
        for number, plan in enumerate(plans, 1):
            session.take(plan, number, len(plans))
    except answers.ServoError as error:
        if not session.lines:  # nothing is known
            raise
        stopped = error
    else:
        voice.progress(100, "all runs have ended")
    return _answer(options, config, session, left_out, stopped)


def _answer(
    options: Options, config: Config, session: Session, left_out: List[str], stopped: Optional[answers.ServoError]
) -> answers.Answer:
    """Return what these measurements tell, which ``stopped`` ended before their end; draw the picture, if any."""
    measured = [recorded.trial(config, number, line) for number, line in enumerate(session.lines, 1)]
    objective = config.objective
    view = trials.view(measured, objective.text, objective.direction == "minimize", is_comparison=True)
    if options.get("--svg"):
        try:
            svg.write(options.get("--svg"), svg.comparison(view))
        except answers.ServoError as error:
            answers.complain(error.message)  # what was measured is worth more
    notes = [*left_out, *_why_failed(measured), *_mixed(view)]
    remarks = list(filter(None, [table.verdict(view), *notes]))
    response: Dict[str, Any] = {
        "status": "ok",
        "objective": str(objective),
        "measurements": [_measurement(row, view, config.metrics) for row in view.rows],
    }
    if notes or session.notes:
        response["notes"] = [*notes, *session.notes]  # those have been said
    if stopped:
        remarks.append(f"this is not all: {stopped.message}")
    if stopped or not view.top:
        reason = stopped.reason if stopped else measured[-1].reason or "no-match"
        response.update(status="failed", reason=reason, message="; ".join(remarks))
    exported = export.asked(options, view, measured)
    for remark in remarks if exported else ():
        answers.complain(remark)
    exit_status = stopped.exit_status if stopped else int(not view.top)
    return answers.Answer(response, exported or (lambda: _page(view, remarks)), exit_status, verbatim=bool(exported))


def _plans(config: Config, stored: Application, options: Options) -> Tuple[List[measurement.Plan], List[str]]:
    """Return the plan of a run of each combination, and which are left out and why; raise ``ServoError``."""
    rules.assigned(config.settings, options.assignments, config.name)  # which refuses what is not declared
    control = options.get("--control") or {}
    plans, left_out = [], []
    for values in _combinations(config, options):
        try:
            accepted = rules.changed(config.settings, stored, values, f"{table.pairs(values)} is not measured")
        except answers.ServoError as error:
            if error.reason != "constraint":
                raise
            left_out.append(error)
            continue
        plans.append(measurement.plan(config, config.settings.current(accepted), control))
    if not plans:
        raise left_out[-1]
    measurement.refuse_hopeless(config, *plans)
    return plans, [error.message for error in left_out]


def _combinations(config: Config, options: Options) -> List[Dict[str, Any]]:
    """Return every value of one setting with every value of the others."""
    choices = []
    for name, text in options.assignments.items():
        values = list(islice(_choices(config, name, text), MOST + 1))
        if len({(isinstance(each, bool), each) for each in values}) < len(values):
            raise UsageError(f"{name}={text} has a value twice: each is measured --runs times")
        choices.append(values)
    found = [dict(zip(options.assignments, values)) for values in islice(product(*choices), MOST + 1)]
    if len(found) > MOST:
        raise UsageError(f"these are more than {MOST} combinations: compare fewer values, or let tune search")
    return found


def _choices(config: Config, name: str, text: str) -> Iterator[Any]:
    """Return the values that a person typed: ``1,6,9``, ``1..9``, ``1..9/2``, or one that has a comma of its own."""
    described = config.settings.described[name]
    match = re.match(VALUES, text)
    texts: Iterable[str] = text.split(",")
    if settings.type_of(described) == "enum" and settings.refusal(described, rules.typed(described, text)) is None:
        texts = [text]
    elif match:
        low, high = Decimal(match.group(1)), Decimal(match.group(2))
        step = Decimal(match.group(3) or repr(described["step"] if is_number(described.get("step")) else 1))
        if high < low or not step:
            raise UsageError(f"{name}={text} has no values: write LEAST..MOST, or LEAST..MOST/STEP")
        texts = (str(low + index * step) for index in range(int((high - low) / step) + 1))
    elif not all(texts):
        raise UsageError(f"{name}={text} lacks a value: write VALUE,VALUE")
    return (rules.typed(described, each) for each in texts)


def _why_failed(measured: List[trials.Trial]) -> List[str]:
    """Return a sentence on the first run that failed, if any has."""
    failed = next((trial for trial in measured if trial.objective is None), None)
    if failed is None:
        return []
    why = (failed.message or failed.reason or "").split("\n")[0]
    return [f"[{table.pairs(failed.settings)}] failed: {why}"]


def _mixed(view: trials.View) -> List[str]:
    """Return a sentence on each metric of a combination that is a number in some runs and text in others."""
    found = []
    for row in view.rows:
        mixed = [name for name in trials.names([trial.metrics for trial in row.trials]) if len(row.kinds(name)) > 1]
        settings = f"[{table.pairs(row.settings)}]"
        found += [f"{settings}: {name} is a number in some runs and text in others: it has no median" for name in mixed]
    return found


def _measurement(row: trials.Row, view: trials.View, metrics: Dict[str, sources.Metric]) -> Dict[str, Any]:
    """Return what a program is told of a combination."""
    runs = [{name: metric["value"] for name, metric in trial.metrics.items()} for trial in row.trials if trial.metrics]
    known = {name: each for name, each in metrics.items() if len(row.kinds(name)) == 1}
    told: Dict[str, Any] = {"settings": row.settings, "metrics": summary.summarise(runs, known) if runs else {}}
    failed = [trial for trial in row.trials if trial.objective is None]
    if failed:
        told.update(failed=len(failed), reason=failed[-1].reason or "no-match", message=failed[-1].message)
    ratio = table.relative(row, view.top)
    if ratio:
        told["relative"] = {"value": ratio[0], "spread": ratio[1]}
    return told


def _page(view: trials.View, remarks: List[str]) -> str:
    room = columns.of_terminal(columns.UNLIMITED)
    return "\n".join(filter(None, [table.text(view, room), table.paragraphs(remarks, room)]))

"""A measurement → the line of the history that tells of it, and such a line → the measurement as it is compared."""

import time
from typing import Any, Dict, List, Optional, Tuple, Union

from servo_batch import formulas
from servo_batch.answers import ServoError
from servo_batch.config import Config, Objective
from servo_batch.history import record
from servo_batch.history.figures import as_number
from servo_batch.history.trials import Trial
from servo_batch.measurement import Measurement, Plan, computed
from servo_batch.metrics import sources, summary
from servo_batch.samples import median


def line(planned: Plan, outcome: Union[Measurement, ServoError], purpose: Optional[str]) -> Dict[str, Any]:
    """Return the line of the history for a measurement that was made, or for one that failed.

    Of a failure it tells what is learnt from it: ``cause`` where the machine was to blame, or the ``timeout`` in
    seconds, of which a cap is one.
    """
    told = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "job": record.digest(planned.comparable),
        "command": planned.comparable["commands"]["command"],
        "settings": planned.settings,
        "control": planned.control,
        **({"purpose": purpose} if purpose else {}),
    }
    if isinstance(outcome, Measurement):
        return {**told, "status": "ok", "metrics": outcome.metrics}
    told.update(outcome.response())
    if outcome.cause:
        told["cause"] = outcome.cause
    elif outcome.reason == "timeout":
        told["timeout"] = planned.job.command.timeout_seconds
    return told


def trial(config: Config, number: int, line: Dict[str, Any]) -> Trial:
    """Return an entry of the history as it is compared: formulas and objective as the configuration has them now.

    A formula that was recorded stays where what it needs was not; one that was not is left out then.
    """
    metrics = line.get("metrics", {})
    known = {key: line[key] for key in Trial._fields if key in line}
    value, runs = None, []  # type: Tuple[Optional[float], List[float]]
    if line["status"] == "ok":
        found = [computed(config.metrics, run, line["settings"], line["control"])[0] for run in _runs(metrics)]
        in_all = {name: config.metrics[name] for name in config.formulas if all(name in run for run in found)}
        metrics = {**metrics, **summary.summarise(found, in_all)}
        try:
            value, runs = objective(config.objective, metrics, line["settings"])
        except ValueError as error:
            known["message"] = f"the objective is none: {error}"
    return Trial(**{**known, "number": number, "metrics": metrics, "objective": value, "runs": runs})


def _runs(metrics: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return the values of each run, ``{NAME: VALUE}``, from metrics as answered."""
    lists = {name: each.get("runs", [each["value"]]) for name, each in metrics.items()}
    count = max([1, *map(len, lists.values())])
    return [{name: each[i] for name, each in lists.items() if len(each) == count} for i in range(count)]


def objective(
    goal: Objective, metrics: Dict[str, Any], application_settings: Dict[str, Any]
) -> Tuple[float, List[float]]:
    """Return what an objective comes to for metrics as answered, the median, and in each of the runs.

    Raises ``ValueError`` that says why it cannot be computed.
    """
    found: List[float] = []
    for known in _runs(metrics):
        value: Any = known.get(sources.TOTAL_RUNTIME)
        if goal.formula is not None:
            value = formulas.evaluate(goal.formula, {**application_settings, **known})
        number = as_number(value)
        if number is None:
            raise ValueError(f"{goal.text} is no number that can be compared")
        found.append(value if isinstance(value, int) else number)
    return median(found), found


def is_of_settings(line: Dict[str, Any]) -> bool:
    """Tell whether the settings may be to blame for a failure in the history, rather than the machine or us."""
    return line.get("reason") in ("command-failed", "timeout", "no-match") and line.get("cause") != "machine"

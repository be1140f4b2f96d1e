"""The measure driver: run the job with the current settings, and report."""

from typing import Any, Dict, List

from servo_batch import answers, measurement, rules, settings, state
from servo_batch.config import Config, of_options
from servo_batch.job.cancel import Cancellation
from servo_batch.measurement import Measurement
from servo_batch.metrics import sources
from servo_batch.options import Options
from servo_batch.request import read_request
from servo_batch.samples import deviation
from servo_batch.session import Session
from servo_batch.settings import Application
from servo_batch.state import StateFile
from servo_batch.wording import did_you_mean, is_number, kind, shown


def measure(options: Options, voice: answers.ForPrograms, cancellation: Cancellation) -> answers.Answer:
    """Measure as the command line and the request on stdin ask, and return the answer; raise ``ServoError``.

    Whatever can be known before the job runs is checked before it runs.
    """
    with cancellation.interrupting():
        config = of_options(options)
        config.runs = options.get("--runs") or config.runs
        request = read_request()
        asked = requested_metrics(request, config)
        file = state.find(options, config)
        application = measured_with(config, options, file)
        control = settings.overlay(requested_control(request), options.get("--control") or {})
        plan = measurement.plan(config, application, control, asked)
        measurement.refuse_hopeless(config, plan)
        printed = bool(options.get("--show-output")), options.get("--keep-output")
        session = Session(config, file, voice, cancellation, *printed)
    measured = session.take(plan)
    if isinstance(measured, answers.ServoError):
        raise measured
    voice.progress(100, f"the job ended after {measured.metrics[sources.TOTAL_RUNTIME]['value']:.1f} s")
    response = {"status": "ok", "metrics": measured.metrics, "settings": settings.values(application)}
    if "annotations" in application:
        response["annotations"] = application["annotations"]
    if measured.notes:
        response["notes"] = measured.notes
    return answers.Answer(response, lambda: _table(application, measured))


def measured_with(config: Config, options: Options, file: StateFile) -> Application:
    """Return the state to measure with: what is stored, and over it what the command line says.

    Raises ``ServoError``: bad-state where what is stored is not allowed any more, rejected where the command line's
    values are not, as several of one are not.
    """
    stored = file.load()
    if not options.assignments:
        state.refuse_problems(config.settings, stored, file)
        return config.settings.current(stored)
    asked = rules.assigned(config.settings, options.assignments, config.name)
    wanted = config.settings.with_values(stored, asked)
    return config.settings.current(rules.accepted(config.settings, wanted, stored, "nothing was measured"))


def requested_metrics(request: Dict[str, Any], config: Config) -> List[str]:
    """Return the metrics that the request asks for, all where it names none; raise ``ServoError``."""
    asked = request.get("metrics", list(config.metrics))
    if not isinstance(asked, (list, dict)) or not all(isinstance(name, str) for name in asked):
        raise answers.bad_request(
            "the request's metrics must be a list of names, or an object whose keys are names, but is " + shown(asked)
        )
    for name in asked:
        if name not in config.metrics:
            known = f"known are {', '.join(config.metrics)}{did_you_mean(name, config.metrics)}"
            raise answers.bad_request(f"the request asks for the metric {shown(name)}; {known}")
    return list(asked)


def requested_control(request: Dict[str, Any]) -> Dict[str, Any]:
    """Return the request's control, empty where it has none; raise ``ServoError``."""
    control = request.get("control", {})
    if not isinstance(control, dict):
        raise answers.bad_request(f"the request's control must be an object, but is {kind(control)}")
    return control


def _table(application: Application, measured: Measurement) -> str:
    """Return what was measured as a person reads it: the settings, then the metrics with how far runs are apart."""
    from servo_batch import terminal

    rows = [(*row, "") for row in settings.rows(application)]
    rows += [(name, each["value"], each.get("unit"), _spread(each)) for name, each in measured.metrics.items()]
    runs = measured.metrics[sources.TOTAL_RUNTIME].get("runs")
    spread = f"median of {len(runs)} runs ± standard deviation" if runs else ""
    return terminal.table(("name", "value", "unit", spread), rows)


def _spread(metric: Dict[str, Any]) -> str:
    apart = deviation(metric.get("runs", [])) if is_number(metric["value"]) else None
    relative = f" ({100 * apart / abs(metric['value']):.1f} %)" if apart and metric["value"] else ""
    return "" if apart is None else f"± {apart:.3g}{relative}"

"""The measure driver: run the job with the current settings, and report."""

from typing import Any, Dict

from servo_batch import answers, measurement, request, rules, settings, state
from servo_batch.config import of_options
from servo_batch.job.cancel import Cancellation
from servo_batch.measurement import Measurement
from servo_batch.metrics import sources
from servo_batch.options import Options
from servo_batch.samples import deviation
from servo_batch.session import Session
from servo_batch.settings import Application
from servo_batch.wording import is_number


def measure(options: Options, voice: answers.ForPrograms, cancellation: Cancellation) -> answers.Answer:
    """Measure as the command line and the request on stdin ask, and return the answer; raise ``ServoError``.

    The settings are those stored, and over them those of the command line. Whatever can be known before the job runs is
    checked before it runs.
    """
    with cancellation.interrupting():
        config = of_options(options)
        requested = request.read()
        asked = request.metrics(requested, config.metrics)
        file = state.find(options, config)
        values = rules.assigned(config.settings, options.assignments, config.name)
        stored = file.allowed(config.settings, file.load(), values)
        application = config.settings.current(rules.changed(config.settings, stored, values, "nothing was measured"))
        control = settings.overlay(request.control(requested), options.get("--control") or {})
        plan = measurement.plan(config, application, control, asked)
        measurement.refuse_hopeless(config, plan)
        show_output, keep_output = bool(options.get("--show-output")), options.get("--keep-output")
        session = Session(config, file, voice, cancellation, show_output, keep_output)
    measured = session.take(plan)
    if isinstance(measured, answers.ServoError):
        raise measured
    voice.progress(100, f"the job ended after {measured.metrics[sources.TOTAL_RUNTIME]['value']:.1f} s")
    response = {"status": "ok", "metrics": measured.metrics, "settings": settings.values(application)}
    if "annotations" in application:
        response["annotations"] = application["annotations"]
    if measured.notes:
        response["notes"] = list(measured.notes)
    return answers.Answer(response, lambda: _table(application, measured))


def _table(application: Application, measured: Measurement) -> str:
    """Return what was measured as a person reads it: the settings, then the metrics with how far runs are apart."""
    from servo_batch import terminal

    rows = [(*row, "") for row in settings.rows(application)]
    rows += [(name, each["value"], each.get("unit"), _spread(each)) for name, each in measured.metrics.items()]
    runs = measured.metrics[sources.TOTAL_RUNTIME].get("runs")
    spread = f"median of {len(runs)} runs ± sample standard deviation" if runs else ""
    return terminal.table(("name", "value", "unit", spread), rows)


def _spread(metric: Dict[str, Any]) -> str:
    apart = deviation(metric.get("runs", [])) if is_number(metric["value"]) else None
    relative = f" ({100 * apart / abs(metric['value']):.1f} %)" if apart and metric["value"] else ""
    return "" if apart is None else f"± {apart:.3g}{relative}"

"""The measure driver: run the job with the current settings and report (sections 2, 6 and 7 of the contract)."""

import os

from servo_batch import protocol, state, wording
from servo_batch.command import render
from servo_batch.config import schema as config
from servo_batch.metrics import patterns as metrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from servo_batch.cli import Options
    from servo_batch.config.schema import Config
    from servo_batch.job.cancel import Cancellation
    from servo_batch.job.outcomes import Ended
    from servo_batch.metrics.find import Value
    from servo_batch.metrics.patterns import Metric

DEFAULT_EXPECTED_SECONDS = 3600


def describe(options: "Options") -> "Dict[str, Any]":
    """Return the answer to ``measure --describe``: every metric with its unit."""
    return {"status": "ok", "metrics": metrics.described(config.load(options.config).metrics)}


def measure(options: "Options", cancellation: "Cancellation") -> "Dict[str, Any]":
    """Run the job as the request on stdin asks, write progress, and return the answer; raise ``ServoError``."""
    with cancellation.interrupting():
        loaded = config.load(options.config)
        request = protocol.read_request()
        names = requested_metrics(request, loaded)
        application = state.current(loaded.application, state.path_of(options.state))
        arguments = planned(loaded, application, state.overlay(requested_control(request), options.control))
        render.check_syntax(arguments, loaded.place(config.COMMAND_PATH))
    # Not paid for by a request that is refused; nor after the job, when this program's file may be another one.
    from servo_batch.metrics import search

    def report_search(elapsed: float) -> None:
        if not options.for_people:
            protocol.write_progress(99, "the job has ended, its output has been searched for %.0f s" % elapsed)

    wanted = {name: loaded.metrics[name] for name in names}
    result = _run(arguments, loaded, cancellation, options.for_people)
    with result.output:
        measured = _measured(result, wanted, search.search(wanted, result.output, cancellation, report_search))
    if not options.for_people:
        try:
            protocol.write({"progress": 100, "message": "the job ended after %.1f s" % result.runtime_seconds})
        except OSError as error:
            raise protocol.failed("cancelled", "cannot write progress to stdout: %s" % error.strerror) from None
    answer = {"status": "ok", "metrics": measured}
    if "annotations" in application:
        answer["annotations"] = application["annotations"]
    return answer


def planned(loaded: "Config", application: "Dict[str, Any]", control: "Dict[str, Any]") -> "List[str]":
    """Return the arguments to execute for a state and a request's control; raise ``ServoError``."""
    names = render.values({"application": application}, state.overlay(loaded.default_control, control))
    return render.render(loaded.command, names, loaded.place(config.COMMAND_PATH))


def requested_metrics(request: "Dict[str, Any]", loaded: "Config") -> "List[str]":
    """Return the configured metrics that the request asks for, all where it names none; raise ``ServoError``."""
    asked = request.get("metrics", list(loaded.metrics))
    if not isinstance(asked, (list, dict)) or not all(isinstance(name, str) for name in asked):
        raise protocol.bad_request(
            "the request's metrics must be a list of names, or an object whose keys are names, but is %s"
            % wording.shown(asked)
        )
    known = metrics.described(loaded.metrics)
    for name in asked:
        if name not in known:
            raise protocol.bad_request(
                "the request asks for the metric %s, which the configuration does not have; known are %s%s"
                % (wording.shown(name), ", ".join(known), wording.did_you_mean(name, known))
            )
    return [name for name in asked if name in loaded.metrics]


def requested_control(request: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return the request's control, empty where it has none; raise ``ServoError``."""
    control = request.get("control", {})
    if not isinstance(control, dict):
        raise protocol.bad_request("the request's control must be an object, but is %s" % wording.kind(control))
    return control


def _run(arguments: "List[str]", loaded: "Config", cancellation: "Cancellation", for_people: bool) -> "Ended":
    """Run the job, with protocol lines unless stdout is for people, and a progress bar where stderr is a terminal."""
    from servo_batch.job import failures
    from servo_batch.job import run as job
    from servo_batch.job.child import PROGRESS_SECONDS

    def report(elapsed: float) -> None:
        if not for_people:
            percent = int(min(99, 100 * elapsed / (loaded.expected_duration or DEFAULT_EXPECTED_SECONDS)))
            protocol.write_progress(percent, "the job has been running for %.0f s" % elapsed)

    on_progress, bar, interval = report, None, PROGRESS_SECONDS
    if os.isatty(protocol.STDERR):
        from servo_batch.terminal import ProgressBar

        bar = ProgressBar(loaded.expected_duration, None if for_people else report, interval)
        on_progress, interval = bar.update, bar.redraw_seconds
    try:
        ended = job.run(
            arguments,
            grace_seconds=loaded.grace_period,
            timeout_seconds=loaded.timeout,
            cancellation=cancellation,
            on_progress=on_progress,
            progress_seconds=interval,
        )
    finally:
        if bar:
            bar.remove()
    if ended.left_running:
        protocol.complain(failures.left_running(ended))
    return ended


def _measured(result: "Ended", wanted: "Dict[str, Metric]", found: "Dict[str, Optional[Value]]") -> "Dict[str, Any]":
    """Return the answer's metrics, ``{NAME: {"value": …, "unit": …}}``; raise ``ServoError`` (no-match)."""
    missing = [(name, wanted[name]) for name, value in found.items() if value is None]
    if missing:
        raise protocol.failed("no-match", _no_match(missing, result))
    measured = metrics.described(wanted)
    measured[metrics.TOTAL_RUNTIME]["value"] = round(result.runtime_seconds, 6)
    for name, value in found.items():
        measured[name]["value"] = value
    return measured


def _no_match(missing: "List[Tuple[str, Metric]]", result: "Ended") -> str:
    from servo_batch.job.failures import TAIL_BYTES

    searched = "; ".join("%s: %s" % (name, metric.output_regex) for name, metric in missing)
    message = "the job ended well, but in what it printed there is no match for the first group of %s" % searched
    printed = "stdout:\n" + result.output.tail("stdout", TAIL_BYTES) if result.output.stdout_size else "stdout: nothing"
    return "%s; check --output FILE tries patterns\n%s" % (message, printed)

"""The measure driver: run the job with the current settings and report (sections 2, 6 and 7 of the contract)."""

import os

from servo_batch import protocol, state, wording
from servo_batch.command import render
from servo_batch.config import schema as config
from servo_batch.metrics import metric as metrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from servo_batch.cli import Options
    from servo_batch.config.schema import Config
    from servo_batch.job.cancel import Cancellation
    from servo_batch.job.run import Result
    from servo_batch.metrics.metric import Metric
    from servo_batch.metrics.search import Searched

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
    with result.stdout, result.stderr:
        measured = _measured(result, wanted, search.search(wanted, result, cancellation, report_search))
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
    known = metrics.measured(loaded.metrics)
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


def _run(arguments: "List[str]", loaded: "Config", cancellation: "Cancellation", for_people: bool) -> "Result":
    """Run the job, with protocol lines unless stdout is for people, and a progress bar where stderr is a terminal."""
    from servo_batch.job import run as job

    def report(elapsed: float) -> None:
        if not for_people:
            percent = int(min(99, 100 * elapsed / (loaded.expected_duration or DEFAULT_EXPECTED_SECONDS)))
            protocol.write_progress(percent, "the job has been running for %.0f s" % elapsed)

    on_progress, bar, interval = report, None, job.PROGRESS_SECONDS
    if os.isatty(protocol.STDERR):
        from servo_batch.terminal import ProgressBar

        bar = ProgressBar(loaded.expected_duration, None if for_people else report, interval)
        on_progress, interval = bar.update, bar.redraw_seconds
    try:
        return job.run(
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


def _measured(result: "Result", wanted: "Dict[str, Metric]", searched: "Searched") -> "Dict[str, Any]":
    """Return the answer's metrics, ``{NAME: {"value": …, "unit": …}}``; raise ``ServoError`` (no-match)."""
    from servo_batch.metrics import search, summary

    if searched.missing:
        raise protocol.failed("no-match", search.no_match_message(wanted, searched) + _printed(result))
    for name, hint in searched.hints.items():
        protocol.complain("%s: %s" % (wording.named(name), hint))
    values = summary.run_values(wanted, {metrics.TOTAL_RUNTIME: result.runtime_seconds}, searched.values)
    return summary.summarise([values], [result.runtime_seconds], metrics.described(wanted))


def _printed(result: "Result") -> str:
    from servo_batch.job.run import tail

    text = ""
    for name, stream, size in (
        ("stderr", result.stderr, result.stderr_size),
        ("stdout", result.stdout, result.stdout_size),
    ):
        text += "\n%s:\n%s" % (name, tail(stream, size).rstrip("\n")) if size else "\n%s: nothing" % name
    return text

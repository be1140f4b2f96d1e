"""The check verb: would this work? Every problem, what may be a slip, and what measure would run, without running it.

Whatever is wrong, the rest is looked at too; but of a configuration that is wrong only its problems are told. What is
executed is the shell, to read the scripts (``/bin/sh -n``).
"""

import os
import signal
from typing import Any, Callable, Dict, List, Optional, Tuple

from servo_batch import answers, executable, measurement, settings, state, terminal
from servo_batch.command import remarks, render
from servo_batch.config import Config, of_options
from servo_batch.job import output
from servo_batch.job.run import check_working_directory
from servo_batch.metrics import find, patterns, written
from servo_batch.metrics.convert import NoMatch
from servo_batch.metrics.sources import Metric
from servo_batch.metrics.written import Contents
from servo_batch.options import Options
from servo_batch.session import check_history
from servo_batch.settings import Application
from servo_batch.wording import did_you_mean, shown


class Findings:
    """What would work, as the sections of a page; what is good to know; what may be a slip; and what would not work."""

    def __init__(self) -> None:
        self.sections: List[str] = []
        self.notes: List[str] = []
        self.warnings: List[str] = []
        self.problems: List[str] = []

    def attempt(self, step: Callable[..., Any], *arguments: Any, is_needed: bool = True) -> Any:
        """Return what ``step`` returns, or None after noting why it failed: a warning where all can do without it."""
        try:
            return step(*arguments)
        except answers.ServoError as error:
            (self.problems if is_needed else self.warnings).append(error.message)
        return None

    def text(self) -> str:
        """Return all of it for a person: what is wrong last, next to the prompt."""
        lines = ["note: " + note for note in self.notes] + ["warning: " + warning for warning in self.warnings]
        told = "".join(line + "\n" for line in lines + self.problems)
        verdict = "all is well"
        if self.problems:
            verdict = "this would not work yet: mend what is named above and check again"
        elif self.warnings:
            verdict = "this would run: look first at what the warnings say"
        return "\n".join(filter(None, [*self.sections, told, verdict + "\n"]))


def check(options: Options) -> answers.Answer:
    """Return what is found, with the exit status 1 if anything is wrong."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, nobody is told how children end
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's handler would wait for the end of a pattern
    findings = Findings()
    findings.attempt(output.check)
    saved = findings.attempt(_saved_output, options.get("--output")) if options.get("--output") else {}
    config = findings.attempt(of_options, options)
    file = findings.attempt(state.find, options, config)
    stored = findings.attempt(file.load) if file else None
    if config:
        findings.sections.append(f"configuration: {config.name}\n")
        findings.attempt(check_working_directory, config.working_directory)
    if stored:
        source = file.stored_in if os.path.exists(file.stored_in) else f"{file.path}, which is not there yet"
        findings.sections.append(f"state: the default state overlaid with what is stored in {source}\n")
        findings.attempt(file.check_changeable, is_needed=False)  # by whoever only measures
    if config and stored:
        findings.attempt(file.allowed, config.settings, stored)
        application = config.settings.current(stored)
        findings.sections.append(terminal.table(("name", "value", "unit"), settings.rows(application)))
        _look_at_commands(findings, config, application, options.get("--control"))
    if config:
        _look_at_settings(findings, config)
        _look_at_metrics(findings, config, saved)
    if config and file:
        findings.attempt(check_history, config, file)
    return answers.Answer({}, findings.text, exit_status=1 if findings.problems else 0)


def _look_at_commands(
    findings: Findings, config: Config, application: Application, given: Optional[Dict[str, Any]]
) -> None:
    """Show the commands as they would be run with the control that is ``given``; note what is wrong with them."""
    control = given or {}
    try:
        measurement.refuse_hopeless(config, measurement.plan(config, application, control))
    except answers.ServoError as error:
        # What a service sends with the request is no fault of the configuration.
        is_awaited = error.reason == "bad-request" and given is None
        (findings.notes if is_awaited else findings.problems).append(error.message)
    names = render.values({"application": application}, {})
    steps, _ = measurement.steps(config, application, settings.overlay(config.default_control, control))
    for key, step in steps.items():
        place = config.place(("batch", key))
        slips = remarks.warnings(config.batch[key], config.env, names)
        findings.warnings += [f"{place}: {slip}" for slip in slips]
        how = "by /bin/sh -c" if config.commands[key].uses_shell else "without a shell"
        findings.sections.append(f"{key}, run {how}:\n{terminal.escaped(step.as_typed)}\n")
        program = executable.first_program(step.arguments)
        problem = executable.unknown(step.arguments, step.environment, step.working_directory)
        if program and "/" in program:
            problem = executable.foreseen(program, step.working_directory)
        if problem and f"{place}: {problem}" not in findings.problems:
            may_come = key != "prepare" and "prepare" in steps  # prepare may be what makes it
            (findings.warnings if may_come else findings.problems).append(f"{place}: {problem}")


def _look_at_settings(findings: Findings, config: Config) -> None:
    """Note what may be a slip in the settings, and those that nothing uses."""
    for full, setting in config.settings.described.items():
        what = settings.named_setting(full)
        if "values" in setting and "type" not in setting:
            findings.warnings.append(f"{what} has values and no type, so any value is allowed: add type: enum")
        for key in setting:
            hint = "" if key in settings.KEYS else did_you_mean(key, settings.KEYS)
            if hint:
                passed_on = f"{what} has {shown(key)}, which adjust --query passes on, and nothing else"
                findings.warnings.append(passed_on + hint)
    unused = config.unused_settings()
    if unused:
        findings.notes.append(f"no command, env, constraint or objective uses {', '.join(unused)}")


def _look_at_metrics(findings: Findings, config: Config, saved: Dict[str, Tuple[str, Contents]]) -> None:
    """Show the metrics, with the value of each where there is a ``saved`` output to try it on."""
    rows = []
    for name, metric in config.metrics.items():
        place, value = config.place(("batch", "metrics", name, metric.source)), None
        if metric.source == "output_regex" and "application" in config.batch:  # of the older servo-batch, it seems
            difference = patterns.older_difference(metric.text)
            findings.notes += [f"{place}: {difference}"] if difference else []
        if saved and metric.is_searched:
            value = _tried(findings, place, metric, saved)
        rows.append((name, metric.unit, metric.text, value))
    findings.sections.append(terminal.table(("metric", "unit", "source", "value" if saved else ""), rows))


def _tried(findings: Findings, place: str, metric: Metric, saved: Dict[str, Tuple[str, Contents]]) -> Any:
    """Return the value that a metric has in a saved output, or in its file as that is now; note what is to be known."""
    try:
        path, held = (metric.file, written.read(metric.file)) if metric.file else saved[metric.stream]
    except NoMatch as none:
        findings.notes.append(f"{place}: {metric.file} cannot be tried: {none}")
        return None
    try:
        value = find.find(metric, held)
    except NoMatch as none:
        streams = {metric.stream: held} if metric.file else {name: each for name, (_, each) in saved.items()}
        why = str(none) or find.hint(metric, streams)
        findings.problems.append(f"{place}: no match in {path}: {metric.text}{f' ({why})' if why else ''}")
        return None
    count = find.find(metric._replace(take="count"), held) if metric.source == "output_regex" and not metric.take else 1
    if count != 1:
        try:
            last = shown(find.find(metric._replace(take="last"), held))
        except NoMatch as none:
            last = f"none: {none}"
        findings.notes.append(f"{place}: {count} matches in {path}: the first counts; the last would be {last}")
    return value


def _saved_output(path: str) -> Dict[str, Tuple[str, Contents]]:
    """Return by stream a file and what it holds: for stderr the one beside it that ``--keep-output`` leaves, if any."""
    saved = (path, _contents(path))
    beside = path + output.STDERR_SUFFIX
    return {"stdout": saved, "stderr": (beside, _contents(beside)) if os.path.exists(beside) else saved}


def _contents(path: str) -> Contents:
    try:
        with open(path, "rb") as stream:
            has_size = os.fstat(stream.fileno()).st_size  # a pipe has none
            return written.mapped(stream.fileno()) if has_size else stream.read()
    except OSError as error:
        raise answers.bad_request(f"{path}: the saved output cannot be read: {error.strerror}") from None

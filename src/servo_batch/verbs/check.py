"""The check verb: would this work? Every problem, what may be a slip, and what measure would run, without running it.

Whatever is wrong, the rest is looked at too; but of a configuration that is wrong only its problems are told. What is
executed is the shell, to read the scripts (``/bin/sh -n``).
"""

import os
import re
import signal
from typing import Any, Callable, Dict, List, Optional, Tuple

from servo_batch import answers, executable, measurement, settings, state, terminal
from servo_batch.command import remarks, render
from servo_batch.config import Config, of_options
from servo_batch.job import cancel, output
from servo_batch.job.run import check_working_directory
from servo_batch.job.types import Step
from servo_batch.metrics import find, patterns, written
from servo_batch.metrics.convert import NoMatch
from servo_batch.metrics.written import Output
from servo_batch.options import Options
from servo_batch.session import check_history
from servo_batch.settings import Application
from servo_batch.state import StateFile
from servo_batch.verbs import adjust
from servo_batch.wording import did_you_mean, shown

# A path that comes first in a script. Of a name, or of what is quoted or computed, only the shell knows what it runs.
FIRST_PATH = re.compile(r"\s*([A-Za-z0-9_.+-]*/[A-Za-z0-9_./+-]*)(?=[\s;&|]|\Z)")
GOOD, DOUBTFUL, BAD = (
    "all is well",
    "this would run: look first at what the warnings say",
    "this would not work yet: mend what is named above and check again",
)


class Findings:
    """What would work, as the sections of a page; what would not; what may be a slip; and what is good to know."""

    def __init__(self) -> None:
        self.sections: List[str] = []
        self.problems: List[str] = []
        self.warnings: List[str] = []
        self.notes: List[str] = []

    def attempt(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """Return what ``step`` returns, or None after noting why it failed."""
        try:
            return step(*arguments)
        except answers.ServoError as error:
            self.problems.append(error.message)
        return None

    def text(self) -> str:
        """Return all of it for a person: what is wrong last, next to the prompt."""
        notes = ["note: " + note for note in self.notes] + ["warning: " + warning for warning in self.warnings]
        notes += self.problems
        verdict = BAD if self.problems else DOUBTFUL if self.warnings else GOOD
        parts = self.sections + ["".join(note + "\n" for note in notes), verdict + "\n"]
        return "\n".join(filter(None, parts))


def check(options: Options) -> answers.Answer:
    """Return what is found, with the exit status 1 if anything is wrong."""
    cancel.expect_children()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's handler would wait for the end of a pattern
    findings = Findings()
    findings.attempt(output.check)
    saved = findings.attempt(_saved_output, options.get("--output")) if options.get("--output") else None
    config = findings.attempt(of_options, options)
    if config:
        findings.attempt(check_working_directory, config.working_directory)
        findings.sections.append(f"configuration: {config.name}\n")
    file = findings.attempt(state.find, options, config)
    application = findings.attempt(_application, findings, config, file) if file else None
    if config and application:
        findings.sections.append(adjust.settings_table(application))
        control = options.get("--control")
        try:
            plan = measurement.plan(config, application, control or {})
            measurement.refuse_hopeless(config, plan)
        except answers.ServoError as error:
            # What a service sends with the request is no fault of the configuration.
            is_awaited = error.reason == "bad-request" and control is None
            (findings.notes if is_awaited else findings.problems).append(error.message)
        whole = settings.overlay(config.default_control, control or {})
        _look_at_commands(findings, config, application, measurement.steps(config, application, whole)[0])
    if config:
        _look_at_settings_and_patterns(findings, config)
        if file:
            findings.attempt(check_history, config, file)
        findings.sections.append(_metrics(findings, config, saved))
    return answers.Answer({}, findings.text, exit_status=1 if findings.problems else 0)


def _application(findings: Findings, config: Optional[Config], file: StateFile) -> Optional[Application]:
    """Return the application as a command would see it, after saying where it comes from; raise ``ServoError``."""
    stored = file.load()
    source = file.stored_in if os.path.exists(file.stored_in) else f"{file.path}, which is not there yet"
    findings.sections.append(f"state: the default state overlaid with what is stored in {source}\n")
    if config is None:
        return None
    findings.attempt(state.refuse_problems, config.settings, stored, file)
    return config.settings.current(stored)


def _look_at_settings_and_patterns(findings: Findings, config: Config) -> None:
    """Note what may be a slip in the settings, what nothing uses, and patterns that meant something else before."""
    for full, setting in config.settings.described.items():
        what = settings.named_setting(full)
        if "values" in setting and "type" not in setting:
            findings.warnings.append(f"{what} has values and no type, so any value is allowed: add type: enum")
        for key in setting:
            hint = "" if key in settings.KEYS else did_you_mean(key, settings.KEYS)
            if hint:
                findings.warnings.append(
                    f"{what} has {shown(key)}, which adjust --query passes on, and nothing else{hint}"
                )
    unused = config.unused_settings()
    if unused:
        findings.notes.append(f"no command, env, constraint or objective uses {', '.join(unused)}")
    if "application" in config.batch:  # it was written for the older servo-batch, it seems
        searched = {name: each.text for name, each in config.metrics.items() if each.source == "output_regex"}
        told = {name: patterns.older_difference(text) for name, text in searched.items()}
        for name in filter(told.get, told):
            findings.notes.append(f"{config.place(('batch', 'metrics', name, 'output_regex'))}: {told[name]}")


def _look_at_commands(findings: Findings, config: Config, application: Application, steps: Dict[str, Step]) -> None:
    """Note what may be a slip in the commands; show them as they would be run, and a program that is not there."""
    names = render.values({"application": application}, {})
    for key in ("prepare", "command", "cleanup"):
        if key not in config.commands:
            continue
        place = config.place(("batch", key))
        slips = remarks.warnings(config.batch[key], config.env, names)
        findings.warnings += [f"{place}: {slip}" for slip in slips]
        step, by_shell = steps[key], config.commands[key].uses_shell
        how = "by /bin/sh -c" if by_shell else "without a shell"
        findings.sections.append(f"{key}, run {how}:\n{step.as_typed}\n")
        match = FIRST_PATH.match(step.arguments[2]) if by_shell else None
        program = match.group(1) if match else step.arguments[0]
        is_known = not any(part.text in program for part in config.commands[key].templates[0].placeholders)
        problem = executable.foreseen(program, step.working_directory) if is_known else None
        if problem:
            may_come = key != "prepare" and "prepare" in steps  # prepare may be what makes it
            (findings.warnings if may_come else findings.problems).append(f"{place}: {problem}")


def _saved_output(path: str) -> Dict[str, Tuple[str, Output]]:
    """Return by stream a file and what it holds: for stderr the one beside it that ``--keep-output`` leaves, if any."""
    saved = (path, _contents(path))
    beside = path + output.STDERR_SUFFIX
    return {"stdout": saved, "stderr": (beside, _contents(beside)) if os.path.exists(beside) else saved}


def _contents(path: str) -> Output:
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            return written.mapped(stream.fileno(), size) if size else stream.read()  # a pipe has no size
    except OSError as error:
        raise answers.bad_request(f"{path}: the saved output cannot be read: {error.strerror}") from None


def _metrics(findings: Findings, config: Config, saved: Optional[Dict[str, Tuple[str, Output]]]) -> str:
    """Return the table of the metrics, with what each yields where there is an output to try it on."""
    searched = [name for name, each in config.metrics.items() if each.is_searched]
    values = {name: _tried(findings, config, name, saved) for name in searched} if saved else {}
    rows = [(name, each.unit, each.text, values.get(name)) for name, each in config.metrics.items()]
    return terminal.table(("metric", "unit", "source", "value" if saved else ""), rows)


def _tried(findings: Findings, config: Config, name: str, saved: Dict[str, Tuple[str, Output]]) -> Any:
    """Return the value that a metric has in a saved output, or in its file as that is now; note what is to be known."""
    metric = config.metrics[name]
    place = config.place(("batch", "metrics", name, metric.source))
    path, held = saved[metric.stream]
    if metric.file:
        path = metric.file
        try:
            held = written.read(path)
        except NoMatch as none:
            findings.notes.append(f"{place}: {path} cannot be tried: {none}")
            return None
    try:
        value = find.find(metric, held)
    except NoMatch as none:
        why = str(none) or find.hint(metric, {metric.stream: held})
        findings.problems.append(f"{place}: no match in {path}: {metric.text}{f' ({why})' if why else ''}")
        return None
    is_of_many = metric.source == "output_regex" and metric.take is None
    count = find.find(metric.but(take="count"), held) if is_of_many else 1
    if count != 1:
        try:
            last = shown(find.find(metric.but(take="last"), held))
        except NoMatch as none:
            last = f"none: {none}"
        findings.notes.append(f"{place}: {count} matches in {path}: the first counts; the last would be {last}")
    return value

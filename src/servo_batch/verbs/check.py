"""The check verb: would this work? Every problem, what may be a slip, and what measure would run, without running it.

A part that is wrong does not keep the others from being looked at. What is executed is the shell, twice: to read the
script (``/bin/sh -n``) and to look for its first word (``command -v``).
"""

import os
import re
import signal
import subprocess
from collections import deque

from servo_batch import answers, executable, measurement, settings, state, terminal
from servo_batch.command import remarks, render, template
from servo_batch.config import load
from servo_batch.history import record
from servo_batch.job import cancel, failures, output
from servo_batch.job.run import check_working_directory
from servo_batch.metrics import find, patterns, sources, written
from servo_batch.metrics.convert import NoMatch
from servo_batch.verbs import adjust
from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    from servo_batch.config import Config
    from servo_batch.measurement import Plan
    from servo_batch.metrics.sources import Metric
    from servo_batch.metrics.written import Output
    from servo_batch.options import Options
    from servo_batch.settings import Application

# A word that the shell takes as it stands. Where a quote, an assignment or an expansion comes first, nobody knows.
FIRST_WORD = re.compile(r"\s*([A-Za-z0-9_./+-]+)(?=[\s;&|]|\Z)")
# What a setting with such a key is likely to be, where it does not say so itself.
TYPE_OF = {
    "values": "type: enum",
    "enum": "type: enum with values",
    "choices": "type: enum with values",
    "options": "type: enum with values",
    "minimum": "type: range with min and max",
    "maximum": "type: range with min and max",
    "step": "type: range with min and max",
    "range": "type: range with min and max",
    "formula": "type: formula",
}
GOOD, DOUBTFUL, BAD = (
    "all is well",
    "this would run: look first at what the warnings say",
    "this would not work yet: mend what is named above and check again",
)


class Findings:
    """What would work, as the sections of a page; what would not; what may be a slip; and what is good to know."""

    def __init__(self) -> None:
        self.sections: "List[str]" = []
        self.problems: "List[str]" = []
        self.warnings: "List[str]" = []
        self.notes: "List[str]" = []

    def attempt(self, step: "Callable[..., Any]", *arguments: "Any") -> "Any":
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
        parts = self.sections + ["".join(terminal.printable(note) + "\n" for note in notes), verdict + "\n"]
        return "\n".join(filter(None, parts))


def check(options: "Options") -> answers.Answer:
    """Return what is found, with the exit status 1 if anything is wrong."""
    cancel.expect_children()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's handler would wait for the end of a pattern
    findings = Findings()
    findings.attempt(check_working_directory, None)
    findings.attempt(output.check_folder)
    saved = findings.attempt(_saved_output, options.get("--output")) if options.get("--output") else None
    config = findings.attempt(load, options.get("--config"))
    if config:
        findings.attempt(check_working_directory, config.working_directory)
        findings.sections.append(_facts(config))
    application = findings.attempt(_application, findings, config, options)
    if config and application:
        findings.sections.append(adjust.settings_table(application))
        control = settings.overlay(config.default_control, options.get("--control") or {})
        missing = _from_the_request(config, control)
        if missing:
            findings.sections.append(f"from the request: {', '.join(map('.'.join, missing))}\n")
        for keys in missing:
            control = settings.overlay(control, _stand_in(keys[1:]))
        plan = findings.attempt(measurement.plan, config, application, control)
        if plan:
            _look_at_commands(findings, config, plan, bool(missing))
        if plan and not missing:
            findings.attempt(measurement.refuse_hopeless, config, plan)
    if config:
        _look_at_settings(findings, config)
        if config.history:
            findings.attempt(record.check_writable, config.history)
        findings.sections.append(_metrics(findings, config, saved))
    return answers.Answer({}, findings.text, exit_status=1 if findings.problems else 0)


def _facts(config: "Config") -> str:
    expected = f"{config.expected_seconds:g} s" if config.expected_seconds else "not given"
    timeout = f"{config.timeout_seconds:g} s" if config.timeout_seconds else "none"
    lines = [
        f"configuration: {terminal.printable(config.name)}",
        f"expected duration: {expected}; timeout: {timeout}; grace period: {config.grace_seconds:g} s",
    ]
    if config.runs > 1 or config.warmup_runs:
        lines.append(f"runs: {config.runs}; warm-up runs before them: {config.warmup_runs}")
    if "objective" in config.batch:
        lines.append(f"objective: {config.objective.direction} {terminal.printable(config.objective.text)}")
    if config.history:
        lines.append(f"history: {terminal.printable(config.history)}")
    return "\n".join(lines) + "\n"


def _application(findings: Findings, config: "Optional[Config]", options: "Options") -> "Optional[Application]":
    """Return the application as a command would see it, after saying where it comes from; raise ``ServoError``."""
    file = state.find(options.get("--state"), config.state if config else None, config.path if config else None)
    path, stored = file.path, file.load()
    if stored is None:
        source = f"the default state; nothing is stored yet, {path} is not there"
    else:
        source = f"the default state overlaid with what is stored in {file.older or path}"
    findings.sections.append(f"state: {terminal.printable(source)}\n")
    if file.notice:
        findings.warnings.append(file.notice)
    if config is None:
        return None
    if path == state.DEFAULT_PATH and os.path.dirname(config.name):
        findings.warnings.append(
            f"./{path} is the state of whoever is called in this folder, and the configuration lies in another: "
            "batch.state names a file that goes with it"
        )
    undeclared = settings.undeclared(config.settings.application, stored) if stored else []
    if undeclared:
        findings.warnings.append(
            f"{path}: the configuration has no {', '.join(undeclared)}; if two configurations share this state, "
            "batch.state gives each its own"
        )
    findings.problems += state.problems(config.settings, stored, path)
    return config.settings.current(stored)


def _look_at_settings(findings: Findings, config: "Config") -> None:
    """Note where more is allowed than may be meant (any value, numbers between whole ones), and what nothing uses."""
    for component, name, setting in settings.walk(config.settings.application):
        lacking = next((kind for key, kind in TYPE_OF.items() if key in setting), None)
        if lacking and not settings.is_range(setting) and "type" not in setting:
            findings.warnings.append(
                f"{settings.named_setting(component, name)} has no type, so any value is allowed: {lacking} is meant, "
                "it seems"
            )
        if not settings.is_range(setting) or "step" in setting or setting.get("scale") == "log":
            continue
        low, high = setting["min"], setting["max"]
        if low != high and isinstance(low, int) and isinstance(high, int):
            findings.notes.append(
                f"{settings.named_setting(component, name)} has no step, so a service may choose {low}.5: "
                "whole numbers need step: 1"
            )
    unused = config.unused_settings()
    if unused:
        what = ", ".join(map(terminal.printable, unused))
        findings.notes.append(f"no command, env, constraint or objective uses {what}: adjusting it changes nothing")


def _from_the_request(config: "Config", control: "Dict[str, Any]") -> "List[Tuple[str, ...]]":
    """Return the fields of control that commands use and that are not there: a service sends them with the request."""
    templates = [parts for command in config.commands.values() for parts in command.templates]
    missing = []
    computed = [each.parsed for each in config.metrics.values() if each.source == "formula"]
    fields = template.fields([*templates, *config.env.values()]) + [field for each in computed for field in each.fields]
    for keys in dict.fromkeys(fields):
        found: "Any" = control if keys[0] in template.CONTROL and len(keys) > 1 else None
        for key in keys[1:]:
            if isinstance(found, dict) and key not in found:
                missing.append(keys)
            found = found.get(key) if isinstance(found, dict) else None
    return missing


def _stand_in(keys: "Sequence[str]") -> "Dict[str, Any]":
    """Return control in which a number stands for what the request will bring: it is plain wherever it stands."""
    inner: "Any" = 1
    for key in reversed(keys):
        inner = {key: inner}
    found: "Dict[str, Any]" = inner
    return found


def _look_at_commands(findings: Findings, config: "Config", plan: "Plan", is_rough: bool) -> None:
    """Show the commands as they would be run, or as written where the plan ``is_rough``; note what is wrong."""
    names = render.values({"application": plan.application}, plan.control)
    job = plan.job
    for key, arguments in (("prepare", job.prepare), ("command", job.command.arguments), ("cleanup", job.cleanup)):
        if not arguments:
            continue
        command = config.commands[key]
        place = config.place(("batch", key))
        how = "by /bin/sh -c" if command.uses_shell else "without a shell"
        written = config.batch[key]
        text = (written if isinstance(written, str) else failures.as_typed(written)) if is_rough else None
        findings.sections.append(f"{key}, run {how}:\n{text or failures.as_typed(arguments)}\n")
        for warning in remarks.warnings(written, config.env, names):
            findings.warnings.append(f"{place}: {warning}")
        may_come = key != "prepare" and job.prepare is not None
        _look_for_program(findings, place, arguments, job.command.working_directory, command.uses_shell, may_come)


def _look_for_program(
    findings: Findings,
    place: str,
    arguments: "Sequence[str]",
    folder: "Optional[str]",
    uses_shell: bool,
    may_come: bool,
) -> None:
    """Note where the program that comes first is not there; ``prepare`` may be what makes it."""
    if uses_shell and not os.access("/bin/sh", os.X_OK):
        findings.problems.append(
            f"{place}: there is no /bin/sh here to run it: write the command as a list, [program, argument, …], or "
            "install a shell"
        )
        return
    if uses_shell:
        match = FIRST_WORD.match(arguments[2])
        if not match or ("/" not in match.group(1) and _shell_finds(match.group(1))):
            return
        program, is_certain = match.group(1), "/" in match.group(1)
    else:
        program, is_certain = arguments[0], True
    problem = executable.foreseen(program, folder)
    if problem:
        notes = findings.problems if is_certain and not may_come else findings.warnings
        notes.append(f"{place}: {problem}")


def _shell_finds(word: str) -> bool:
    """Tell whether the shell has a built-in command, a keyword or a program of that name."""
    finder = ["/bin/sh", "-c", 'command -v "$1"', "sh", word]
    return not subprocess.call(finder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _saved_output(path: str) -> "Dict[str, Tuple[str, Output]]":
    """Return by stream a file and what it holds: for stderr the one beside it that ``--keep-output`` leaves, if any."""
    saved = (path, _contents(path))
    beside = path + output.STDERR_SUFFIX
    return {"stdout": saved, "stderr": (beside, _contents(beside)) if os.path.exists(beside) else saved}


def _contents(path: str) -> "Output":
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            return written.mapped(stream.fileno(), size) if size else stream.read()  # a pipe has no size
    except OSError as error:
        raise answers.bad_request(f"{path}: the saved output cannot be read: {error.strerror}") from None


def _metrics(findings: Findings, config: "Config", saved: "Optional[Dict[str, Tuple[str, Output]]]") -> str:
    """Return the table of the metrics, with what each yields where there is an output to try it on."""
    titles = ["metric", "unit", "source", "value", "line"]
    rows: "List[List[Any]]" = []
    for name, each in sources.measured(config.metrics).items():
        value = line = None
        if each.is_searched:
            place = config.place(("batch", "metrics", name, each.source))
            if saved is not None and each.file:
                value, line = _tried_on_file(findings, config, place, each, each.file)
            elif saved is not None:
                value, line = _tried(findings, place, each, *saved[each.stream])
            if "application" in config.batch:  # it was written for the older servo-batch, it seems
                difference = patterns.older_difference(each.text)
                findings.notes += [f"{place}: {difference}"] if difference else []
        elif each.source == "resource" and name != sources.TOTAL_RUNTIME:
            _look_at_unit(findings, config, name, each)
        rows.append([name, each.unit, None if name == sources.TOTAL_RUNTIME else each.text, value, line])
    columns = len(titles) if saved is not None else titles.index("value")
    return terminal.table(titles[:columns], [row[:columns] for row in rows])


def _look_at_unit(findings: Findings, config: "Config", name: str, each: "Metric") -> None:
    """Note a unit that is not the source's own, however that is spelt: B, byte, s, sec."""
    own = sources.UNITS[each.text]
    if each.unit is not None and each.unit[:1].lower() != own[0]:
        place = config.place(("batch", "metrics", name, "unit"))
        findings.warnings.append(
            f"{place}: {each.text} is in {own}, and a unit is only a label: leave it out, and let another metric "
            f"convert, by a formula over {{{name}}}"
        )


def _tried_on_file(
    findings: Findings, config: "Config", place: str, each: "Metric", file: str
) -> "Tuple[Any, Optional[int]]":
    """Return what a metric has in the file as it lies there now, which the job writes; nothing where there is none."""
    try:
        output = written.read(written.Stamp(os.path.join(config.working_directory or "", file)))
    except NoMatch as none:
        findings.notes.append(f"{place}: {file} cannot be tried: {none}")
        return None, None
    return _tried(findings, place, each, file, output)


def _tried(findings: Findings, place: str, each: "Metric", path: str, output: "Output") -> "Tuple[Any, Optional[int]]":
    """Return the value that a metric has in an output, and its line; note what is wrong or to be known."""
    try:
        found = find.find(each, output)
    except NoMatch as none:
        why = str(none) or find.hint(each, output, {})
        findings.problems.append(f"{place}: no match in {path}: {each.text}{f' ({why})' if why else ''}")
        return None, None
    except MemoryError:
        findings.problems.append(f"{place}: to look for it in {path} takes more memory than there is")
        return None, None
    every = each.parsed.finditer(output) if each.source == "output_regex" and each.take is None else ()
    for count, last in deque(enumerate(every, 1), maxlen=1):
        if count > 1:
            try:
                text = shown(find.judged(last, each.convert))
            except NoMatch as none:
                text = f"none: {none}"
            findings.notes.append(f"{place}: {count} matches in {path}: the first counts; the last would be {text}")
    return found.value, find.line_number(found.match) if found.match else None

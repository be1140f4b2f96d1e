"""The check verb: would this work? Every problem, and what measure would run, without running it.

Source: section 8 of the contract. A part that is wrong does not keep the others from being looked at.
"""

import os
import re
import shutil
import subprocess

from servo_batch import protocol, state, terminal
from servo_batch.command import render
from servo_batch.config import schema as config
from servo_batch.job import cancel, failures
from servo_batch.job import run as job
from servo_batch.metrics import find, hints, older
from servo_batch.metrics import metric as metrics
from servo_batch.verbs import adjust, measure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    from servo_batch.cli import Options
    from servo_batch.config.schema import Config
    from servo_batch.metrics.find import Output

# A word that the shell takes as it stands. Where a quote, an assignment or an expansion comes first, nobody knows.
FIRST_WORD = re.compile(r"\s*([A-Za-z0-9_./+-]+)(?=[\s;&|]|\Z)")


class Findings:
    """What would work, as the sections of a page; what would not; and what may be a slip."""

    def __init__(self) -> None:
        self.sections: "List[str]" = []
        self.problems: "List[str]" = []
        self.warnings: "List[str]" = []

    def attempt(self, step: "Callable[..., Any]", *arguments: "Any") -> "Any":
        """Return what ``step`` returns, or None after noting why it failed."""
        try:
            return step(*arguments)
        except protocol.ServoError as error:
            self.problems.append(error.message)
        return None

    def text(self) -> str:
        """Return all of it for a person: what is wrong last, next to the prompt."""
        notes = ["warning: " + warning for warning in self.warnings] + self.problems
        verdict = (
            "this would not work yet: mend what is named above and check again" if self.problems else "all is well"
        )
        parts = self.sections + ["".join(terminal.printable(note) + "\n" for note in notes), verdict + "\n"]
        return "\n".join(filter(None, parts))


def check(options: "Options") -> int:
    """Write what is found to stdout, and return the exit status: 1 if anything is wrong."""
    cancel.expect_children()
    findings = Findings()
    findings.attempt(job.check_working_directory)
    findings.attempt(job.check_output_folder)
    output = findings.attempt(_output, options.output) if options.output else None
    path = state.path_of(options.state)
    loaded = findings.attempt(config.load, options.config)
    if loaded:
        findings.sections.append(_facts(loaded))
    application = findings.attempt(_application, findings, loaded, path)
    if loaded and application:
        findings.sections.append(terminal.described({"application": application}))
        findings.attempt(_look_at_command, findings, loaded, application, options.control)
    if loaded:
        findings.sections.append(_metrics(findings, loaded, options.output, output))
    protocol.write_text(findings.text())
    return 1 if findings.problems else 0


def _facts(loaded: "Config") -> str:
    expected = "%g s" % loaded.expected_duration if loaded.expected_duration else "not given"
    timeout = "%g s" % loaded.timeout if loaded.timeout else "none"
    return "configuration: %s\nexpected duration: %s; timeout: %s; grace period: %g s\n" % (
        terminal.printable(loaded.name),
        expected,
        timeout,
        loaded.grace_period,
    )


def _application(findings: Findings, loaded: "Optional[Config]", path: str) -> "Optional[Dict[str, Any]]":
    """Return the application as a command would see it, after saying where it comes from; raise ``ServoError``."""
    stored = state.load(path)
    if stored is None:
        source = "the default state; nothing is stored yet, %s is not there" % path
    else:
        source = "the default state overlaid with what is stored in %s" % path
    findings.sections.append("state: %s\n" % terminal.printable(source))
    if loaded is None:
        return None
    for problem in adjust.refused_values(loaded, stored or {"components": {}}):
        findings.warnings.append("%s: the stored %s" % (path, problem))
    return state.overlay(loaded.application, stored or {})


def _look_at_command(
    findings: Findings, loaded: "Config", application: "Dict[str, Any]", control: "Dict[str, Any]"
) -> None:
    """Show the command as it would be run; raise ``ServoError`` where it could not be."""
    arguments = measure.planned(loaded, application, control)
    uses_shell = loaded.command.uses_shell
    place = loaded.place(config.COMMAND_PATH)
    how = "by /bin/sh -c" if uses_shell else "without a shell"
    findings.sections.append("command, run %s:\n%s\n" % (how, terminal.printable(failures.as_typed(arguments))))
    render.check_syntax(arguments, place)
    # As UTF-8 whatever the locale is, as measure gives it to the job.
    if not uses_shell and not shutil.which(os.fsdecode(arguments[0].encode("utf-8", "surrogateescape"))):
        raise protocol.failed("bad-config", "%s: %s" % (place, _not_found(arguments[0])))
    word = FIRST_WORD.match(arguments[2]) if uses_shell else None
    if word and not _shell_finds(word.group(1)):
        findings.warnings.append("%s: %s" % (place, _not_found(word.group(1))))


def _shell_finds(word: str) -> bool:
    """Tell whether the shell has a built-in command, a keyword or a program of that name."""
    finder = ["/bin/sh", "-c", 'command -v "$1"', "sh", word]
    return not subprocess.call(finder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _not_found(program: str) -> str:
    where = "" if "/" in program else " on PATH"
    return "there is no program %s%s that can be executed: correct the name, or install it" % (program, where)


def _output(path: str) -> "Output":
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            return find.mapped(stream, size) if size else stream.read()  # a pipe has no size
    except OSError as error:
        raise protocol.bad_request("%s: the saved output cannot be read: %s" % (path, error.strerror)) from None


def _metrics(findings: Findings, loaded: "Config", path: "Optional[str]", output: "Optional[Output]") -> str:
    """Return the table of the metrics, with what each pattern yields where there is an output to try it on."""
    titles = ["metric", "unit", "pattern", "value", "line"]
    rows: "List[List[Any]]" = []
    for name, metric in metrics.measured(loaded.metrics).items():
        pattern = value = line = None
        if isinstance(metric, metrics.OutputMetric):
            pattern = metric.output_regex
            place = loaded.place(("batch", "metrics", name, "output_regex"))
            notes = older.differences(pattern)
            if output is not None:
                match = metric.pattern.search(output)
                found = find.found_in(match) if match else None
                hint = hints.hint(metric.pattern, match, output)
                if found:
                    value, line = found.value, find.line_number(found.match)
                    findings.warnings.extend(["%s: %s" % (place, hint)] if hint else [])
                else:
                    problem = "no match in %s: %s%s" % (path, pattern, " (%s)" % hint if hint else "")
                    findings.problems.append("%s: %s" % (place, problem))
                differs = older.difference(pattern, output, found)
                notes = [differs] if differs else []
            findings.warnings.extend("%s: %s" % (place, note) for note in notes)
        rows.append([name, metric.unit, pattern, value, line])
    columns = len(titles) if output is not None else titles.index("value")
    return terminal.table(titles[:columns], [row[:columns] for row in rows])

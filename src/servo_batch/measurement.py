"""One measurement as functions of values: what is to be run, running it, and what came of it.

Whoever measures (the verb, the tuning) calls these; they read no stdin, write no stdout and know no options.
"""

import fcntl
import os
import time
from contextlib import suppress
from functools import partial
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

from servo_batch import settings
from servo_batch.answers import ForPrograms, HostError, ServoError, bad_request, complain, failed
from servo_batch.command import render
from servo_batch.command.template import CONTROL
from servo_batch.config import Config, Objective
from servo_batch.files import refuse_input
from servo_batch.history import record
from servo_batch.history.figures import as_number
from servo_batch.history.trials import Trial
from servo_batch.job import output, sequence
from servo_batch.job.attention import Caller
from servo_batch.job.cancel import Cancellation
from servo_batch.job.outcomes import Ended
from servo_batch.job.output import Output
from servo_batch.job.progress import Telling
from servo_batch.job.types import Kind, Step
from servo_batch.metrics import searching, sources, summary, written
from servo_batch.metrics.sources import Metric
from servo_batch.samples import median
from servo_batch.settings import Application
from servo_batch.state import StateFile
from servo_batch.wording import named

TIME_DIGITS = 6  # after the point of a time in seconds: a microsecond is less than any clock here can tell


class Plan(NamedTuple):
    """What one measurement runs and looks for; nothing of it is looked up any more."""

    job: sequence.Job
    metrics: Dict[str, Metric]  # those asked for, and the time
    needed: Dict[str, Metric]  # these, and those that their formulas are about
    settings: Dict[str, Any]  # ``{"web.cpu": 4, …}``
    control: Dict[str, Any]
    comparable: Dict[str, Any]  # all that makes two measurements comparable, for the history


class Measurement(NamedTuple):
    """What was measured."""

    metrics: Dict[str, Dict[str, Any]]  # as answered
    notes: List[str]  # what a person should know of it


def plan(
    config: Config,
    application: Application,
    control: Dict[str, Any],
    asked: Optional[Sequence[str]] = None,
    runs: Optional[int] = None,
    warmup_runs: Optional[int] = None,
) -> Plan:
    """Return what a measurement runs with the settings of ``application``; raise ``ServoError``.

    ``control`` is laid over the default one. ``asked`` names metrics, all by default; ``runs`` and ``warmup_runs`` are
    the configuration's by default. A shell reads each script, without running it.
    """
    control = settings.overlay(config.default_control, control)
    rendered, rendering = steps(config, application, control)
    for key, step in rendered.items():
        render.have_shell_read(list(step.arguments), config.place(("batch", key)))
    rendering.refuse()
    runs = config.runs if runs is None else runs
    warmup_runs = config.warmup_runs if warmup_runs is None else warmup_runs
    job = sequence.Job(rendered["command"], rendered.get("prepare"), rendered.get("cleanup"), runs, warmup_runs)
    wanted = config.metrics if asked is None else (sources.TOTAL_RUNTIME, *asked)
    metrics = {name: each for name, each in config.metrics.items() if name in wanted}
    return Plan(
        job,
        metrics,
        _needed(metrics, config.metrics),
        settings.values(application),
        control,
        {
            "commands": {key: config.batch[key] for key in config.commands},
            "env": config.batch.get("env", {}),
            "where": [config.batch.get("working_directory"), list(config.success_exit_statuses)],
            "runs": [job.runs, job.warmup_runs],
            # A formula changes nothing of what is measured: ``trial`` computes it for what was measured before.
            "metrics": {name: each for name, each in config.metric_entries.items() if "formula" not in each},
            "control": control,
        },
    )


def steps(
    config: Config, application: Application, control: Dict[str, Any]
) -> Tuple[Dict[str, Step], render.Rendering]:
    """Return what each command comes to, by its key, and who tells what is wrong with the values in it.

    A placeholder without a value that may stand there stands there itself.
    """
    names = render.values({"application": application}, control)
    configured = render.values({"application": config.settings.current()}, config.default_control)
    rendering = render.Rendering(names, configured)
    environment = {
        name: rendering.variable(name, each, config.place(("batch", "env", name))) for name, each in config.env.items()
    }
    rendered = {}
    for key, command in config.commands.items():
        arguments = rendering.arguments(command, config.place(("batch", key)))
        kind, statuses = (Kind.JOB, config.success_exit_statuses) if key == "command" else (Kind(key), (0,))
        limits = config.grace_seconds, config.timeout_seconds
        rendered[key] = Step(kind, arguments, environment, config.working_directory, statuses, *limits)
    return rendered, rendering


def _needed(metrics: Dict[str, Metric], known: Dict[str, Metric]) -> Dict[str, Metric]:
    """Return ``metrics`` and all that their formulas, directly or not, are about."""
    needed, pending = {}, list(metrics)
    while pending:
        name = pending.pop()
        if name in known and name not in needed:
            needed[name] = known[name]
            pending += needed[name].parsed.names if needed[name].source == "formula" else []
    return {name: each for name, each in known.items() if name in needed}


def refuse_hopeless(config: Config, *plans: Plan) -> None:
    """Raise ``ServoError`` where with each of the plans a formula cannot be computed whatever the job will print.

    It is bad-request where each that cannot be is about control, else bad-config. Not a part of ``plan``: settings with
    which that is so are something that tuning learns from.
    """
    if all(each.source != "formula" for each in plans[0].needed.values()):
        return
    from servo_batch.formulas import Later

    later = dict.fromkeys(config.metrics, Later())
    why = "it cannot be computed with the settings and the control as they are"
    lines: Dict[str, None] = {}
    is_about_control = True
    for planned in plans:
        _, problems = computed(planned.needed, later, planned.settings, planned.control)
        if not problems:
            return
        for name, problem in problems.items():
            lines[f"{config.place(('batch', 'metrics', name, 'formula'))}: {why}: {problem}"] = None
            is_about_control &= any(field[0] in CONTROL for field in planned.needed[name].parsed.fields)
    message = "\n".join(lines)
    raise bad_request(message) if is_about_control else failed("bad-config", message)


def computed(
    metrics: Dict[str, Metric], values: Dict[str, Any], application_settings: Dict[str, Any], control: Any
) -> Tuple[Dict[str, Any], Dict[str, str]]:
    """Return, by their names, what the formulas among ``metrics`` come to in a run that gave ``values``.

    The second is, by their names, why those that come to nothing do.
    """
    by_name = {name: each.parsed for name, each in metrics.items() if each.source == "formula"}
    if not by_name:
        return {}, {}
    from servo_batch import formulas

    known = {**application_settings, **values, "control": control, "_control": control}
    return formulas.computed(formulas.order(by_name)[0], known, formulas.NUMBER)


def run(planned: Plan, caller: Caller) -> Measurement:
    """Run the job as planned and return what was measured; raise ``ServoError``."""
    runs = _Runs(planned, caller)
    left = sequence.measure(planned.job, runs.begin, caller)
    remark = summary.remark([values[sources.TOTAL_RUNTIME] for values in runs.values])
    notes = dict.fromkeys(filter(None, [*runs.notes, *left, remark]))
    return Measurement(summary.summarise(runs.values, sources.described(planned.metrics)), list(notes))


class _Runs:
    """What the runs of a measurement yield: the values of each, and what a person should know of them."""

    def __init__(self, planned: Plan, caller: Caller) -> None:
        self.values: List[Dict[str, Any]] = []
        self.notes: List[str] = []
        self._planned = planned
        self._caller = caller

    def begin(self) -> sequence.Examine:
        """Look at the files that the job writes before a run; return what takes its values."""
        files = [each.file for each in self._planned.needed.values() if each.file]
        return partial(self._examine, {path: written.state(path) for path in files})

    def _examine(self, before: searching.Before, ended: Ended, printed: Output, step: Step) -> None:
        """Take the values of a run; raise ``ServoError`` where one is not found, or is none of the kind it was."""
        planned = self._planned
        values = searching.search(planned.needed, printed, before, step, self._caller)
        figures = {sources.TOTAL_RUNTIME: ended.runtime_seconds, **ended.usage}
        system = {name: each for name, each in planned.needed.items() if each.source == "resource"}
        values.update((name, round(figures[each.text], TIME_DIGITS)) for name, each in system.items())
        found, problems = computed(planned.needed, values, planned.settings, planned.control)
        if problems:
            texts = [f"{named(name)} cannot be computed: {problem}" for name, problem in problems.items()]
            raise failed("no-match", f"the job ended well, but {'; '.join(texts)}")
        self.values.append({**values, **found})
        summary.refuse_mixed(self.values[0], self.values[-1])
        if ended.usage["max_rss"] <= ended.usage["max_rss_floor"]:
            at_most = "the job needed at most so much: it is smaller than the process that starts it"
            names = [name for name, each in system.items() if each.text == "max_rss" and name in planned.metrics]
            self.notes += [f"{named(name)}: {at_most}" for name in names]


def files(config: Config, state: StateFile) -> Dict[str, Optional[str]]:
    """Return the files that a call reads or writes, None for none, by what a message calls them."""
    return {
        "the configuration": config.name,
        "the state": state.path or None,
        "the state of an older servo-batch": state.older,
        **{f"the file of the metric {named(name)}": each.file for name, each in config.metrics.items()},
        "the history": config.history,
    }


def check_history(config: Config, state: StateFile) -> None:
    """Raise ``ServoError`` where measurements could not be recorded, or would be in another file of the call."""
    if config.history:
        option = "batch.history" if config.history == config.file_name("history") else "--history"
        refuse_input(option, config.history, {**files(config, state), "the history": None})
        record.check_writable(config.history)


class Session:
    """The measurements of one call: how they go is told, each is recorded, and what is to be known of them is said.

    ``lines`` are those of the history, also where none is named. Another session at the same time is said.
    """

    def __init__(
        self,
        config: Config,
        state: StateFile,
        voice: ForPrograms,
        cancellation: Cancellation,
        show_output: bool = False,
        keep_output: Optional[str] = None,
    ) -> None:
        """Raise ``ServoError`` where measurements could not be recorded, or what the job prints not be kept."""
        self.lines: List[Dict[str, Any]] = []
        check_history(config, state)
        if keep_output:
            for path in (keep_output, keep_output + output.STDERR_SUFFIX):
                refuse_input("--keep-output", path, files(config, state))
            output.check(keep_output)
        self._caller = Caller(cancellation, Telling(voice, config.expected_seconds), show_output, keep_output)
        self._history = config.history
        self._said: Set[str] = set()
        _lock(config.name)

    def take(
        self, planned: Plan, number: int = 1, of: int = 1, purpose: Optional[str] = None
    ) -> Union[Measurement, ServoError]:
        """Run the job as planned, the measurement of this ``number``, and return what came of it.

        That it cannot be recorded is said, since the answer is worth more. Raises ``ServoError`` for a failure that no
        settings are to blame for; of a cancel nothing is recorded.
        """
        outcome: Union[Measurement, ServoError]
        self._caller.telling.begin(number, of)
        try:
            outcome = run(planned, self._caller)
        except ServoError as error:
            outcome = error
        finally:
            self._caller.telling.finish()
        line = _line(planned, outcome, purpose)
        if self._history and line.get("reason") != "cancelled":
            try:
                record.append(self._history, line)
            except ServoError as error:
                complain(error.message)
        if isinstance(outcome, Measurement):
            self._say(outcome.notes)
        elif not is_of_settings(line):
            raise outcome
        self.lines.append(line)
        return outcome

    def _say(self, notes: List[str]) -> None:
        """Say what was not said of an earlier measurement; the values in it are others each time."""
        subjects = [note.partition(":")[0] for note in notes]
        for subject, note in zip(subjects, notes):
            if subject not in self._said:
                complain(note)
        self._said.update(subjects)


def _line(planned: Plan, outcome: Union[Measurement, ServoError], purpose: Optional[str]) -> Dict[str, Any]:
    """Return the line of the history for a measurement that was made, or for one that failed.

    Of a failure it tells what is learnt from it: ``cause`` where the machine was to blame, or the ``timeout`` in
    seconds, of which a cap is one.
    """
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "job": record.digest(planned.comparable),
        "command": planned.comparable["commands"]["command"],
        "settings": planned.settings,
        "control": planned.control,
        **({"purpose": purpose} if purpose else {}),
    }
    if isinstance(outcome, Measurement):
        return {**line, "status": "ok", "metrics": outcome.metrics}
    line.update(outcome.response())
    if isinstance(outcome, HostError):
        line["cause"] = "machine"
    elif outcome.reason == "timeout":
        line["timeout"] = planned.job.command.timeout_seconds
    return line


def _lock(name: str) -> None:
    """Take the lock on the configuration file ``name`` until this process ends; where another measures, say so."""
    try:
        fcntl.flock(os.open(name, os.O_RDONLY | os.O_NONBLOCK), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        complain(f"another measurement with {name} is running: each makes the other's figures wrong")
    except OSError:
        pass  # it cannot be opened any more, is none (--command), or its file system has no locks


def trial(config: Config, number: int, line: Dict[str, Any]) -> Trial:
    """Return an entry of the history as it is compared: formulas and objective as the configuration has them now.

    A formula that was recorded stays where what it needs was not; one that was not is left out then.
    """
    metrics = line.get("metrics", {})
    value, runs = None, []  # type: Tuple[Optional[float], List[float]]
    if line["status"] == "ok":
        found = [computed(config.metrics, run, line["settings"], line["control"])[0] for run in _runs(metrics)]
        described = sources.described(config.metrics).items()
        in_all = {name: each for name, each in described if all(name in values for values in found)}
        metrics = {**metrics, **summary.summarise(found, in_all)}
        with suppress(ValueError):
            value, runs = objective(config.objective, metrics, line["settings"])
    known = {key: line[key] for key in Trial._fields if key in line}
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
            from servo_batch import formulas

            value = formulas.evaluate(goal.formula, {**application_settings, **known}, formulas.NUMBER)
        number = as_number(value)
        if number is None:
            raise ValueError(f"{goal.text} is no number that can be compared")
        found.append(value if isinstance(value, int) else number)
    return median(found), found


def is_of_settings(line: Dict[str, Any]) -> bool:
    """Tell whether the settings may be to blame for a failure in the history, rather than the machine or us."""
    return line.get("reason") in ("command-failed", "timeout", "no-match") and line.get("cause") != "machine"

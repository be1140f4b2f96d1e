"""The tune verb: measure, learn, propose, and in the end say honestly whether the best settings found are better.

Every step is in the history, so that it goes on where it was stopped, for whatever reason.
"""

import shutil
from typing import TYPE_CHECKING, List, Optional, Set

from servo_batch import answers, measurement, rules, settings
from servo_batch.history import record
from servo_batch.job.cancel import Cancelled
from servo_batch.samples import FEWEST
from servo_batch.tuning import loop
from servo_batch.verbs import tunable, tune_report
from servo_batch.verbs.lock import alone
from servo_batch.verbs.measure import remember
from servo_batch.verbs.progress import Telling
from servo_batch.wording import percent

if TYPE_CHECKING:
    from servo_batch.job.cancel import Cancellation
    from servo_batch.options import Options
    from servo_batch.settings import Application
    from servo_batch.terminal import Voice
    from servo_batch.verbs.tunable import Past, Tuning


def tune(options: "Options", voice: "Voice", cancellation: "Cancellation") -> answers.Answer:
    """Tune as the command line says, store the best settings if they are better, and return the answer.

    Raises ``ServoError``: where the configuration is wrong, where the first measurement fails, and for a cancel.
    """
    with cancellation.interrupting():
        tuning = tunable.read(options)
        measurement.refuse_hopeless(tuning.config, tuning.plan(dict(tuning.task.default)))
        record.check_writable(tuning.history)
        past = tuning.past()
    if 0 < tuning.task.confirm < FEWEST:
        answers.complain(f"--confirm {tuning.task.confirm}: with fewer than {FEWEST} no test can call settings better")
    run = _Run(tuning, past, voice, cancellation)
    with alone(tuning.config.name):
        outcome = run.to_the_end()
    if outcome.better:
        _store(tuning, outcome)
    response = {
        "status": "ok",
        "better": outcome.better,
        "settings": settings.values(tuning.with_values(outcome.settings)),
        "objective": f"{tuning.config.objective.direction} {tuning.config.objective.text}",
        "best": {"value": outcome.best, "runs": outcome.best_runs},
        "default": {"value": outcome.default, "runs": outcome.default_runs},
        "measurements": outcome.measurements,
    }
    text = tuning.config.objective.text
    return answers.Answer(response, lambda: run.account.comparison(outcome, text, tuning.state.path))


class _Run:
    """One call of tune, step by step."""

    def __init__(self, tuning: "Tuning", past: "Past", voice: "Voice", cancellation: "Cancellation") -> None:
        self._tuning = tuning
        self._past = past
        self._voice = voice
        self._cancellation = cancellation
        self._telling = Telling(voice, tuning.config.expected_seconds)
        unit = tuning.config.objective_unit()
        columns = shutil.get_terminal_size().columns
        self.account = tune_report.Account(tuning.task.space, tuning.task.default, unit, columns)
        self._failure: Optional[answers.ServoError] = None  # of the latest step
        self._noted: Set[str] = set()  # the metrics of which something was said

    def to_the_end(self) -> loop.Outcome:
        """Measure all that is left to be measured, and return the outcome; raise ``ServoError``."""
        try:
            self._begin()
            while True:
                with self._cancellation.interrupting():
                    step = loop.next_step(self._tuning.task, self._past)
                if isinstance(step, loop.Outcome):
                    return step
                value = self._measure(step)
                self._past.append((step.settings, value))
                self._tell(step, value)
                if step.purpose == loop.DEFAULT and self._failure:
                    raise _of_the_default(self._failure)
        except Cancelled as error:
            consequence = "; ".join(filter(None, [error.consequence, self._way_on()]))
            raise Cancelled(error.signum, consequence) from None
        except answers.HostError as error:
            raise error.saying(f"{error.summary}\n{self._way_on()}") from None
        except answers.ServoError as error:
            if error.reason != "cancelled":
                raise
            raise answers.failed("cancelled", f"{error.message}; {self._way_on()}") from None
        finally:
            self._telling.finish()

    def _begin(self) -> None:
        config = self._tuning.config
        unit = config.objective_unit()
        count = f"{len(self._past)} measurements that count" if self._past else "no measurement that counts yet"
        goal = f"{config.objective.direction} {config.objective.text}" + (f" in {unit}" if unit else "")
        text = f"{goal}; {self._tuning.history} has {count}"
        self._say(0, text, text + "\n" + self.account.titles())

    def _measure(self, step: loop.Step) -> Optional[float]:
        """Return what the objective comes to with the settings of ``step``, None where they make the job fail."""
        record.check_writable(self._tuning.history)  # what is not recorded would be measured for nothing
        plan = self._tuning.plan(step.settings)
        plan = plan._replace(job=plan.job._replace(cap_seconds=step.limit))
        self._telling.begin(step.number, step.of)
        self._failure = None
        try:
            measured = measurement.run(plan, self._cancellation, self._telling)
        except answers.ServoError as error:
            line = {**measurement.entry(plan, error), "purpose": step.purpose}
            if error.reason != "cancelled":
                remember(self._tuning.history, line)
            if not tunable.is_learnt_from(error.reason, line.get("cause")):
                raise
            self._failure = error
            return None
        finally:
            self._telling.finish()
        remember(self._tuning.history, {**measurement.entry(plan, measured), "purpose": step.purpose})
        self._complain_once(measured.notes)
        try:
            return measurement.computed_objective(
                self._tuning.config.objective, measured.metrics, settings.values(plan.application)
            )
        except ValueError as error:
            self._failure = answers.failed("no-match", f"the job ended well, but the objective is none: {error}")
            return None

    def _complain_once(self, notes: List[str]) -> None:
        """Say what a person should know of the figures, once for each metric: the values in it are others each time."""
        for note in notes:
            subject = note.partition(":")[0]
            if subject not in self._noted:
                self._noted.add(subject)
                answers.complain(note)

    def _tell(self, step: loop.Step, value: Optional[float]) -> None:
        """Tell of a step: a line for a person, progress for a program."""
        found = loop.best_so_far(self._tuning.task, self._past)
        best = found[1] if found else None
        reason = self._failure.reason if self._failure else ""
        message = f"measurement {step.number} of {step.of}: {reason or tune_report.figure(value)}"
        message += f" with {tune_report.pairs(step.settings)}" + (
            f"; best so far {tune_report.figure(best)}" if found else ""
        )
        self._say(percent(step.number, step.of), message, self.account.line(step, value, reason, best))

    def _say(self, part: int, message: str, line: str) -> None:
        try:
            self._voice.step(part, message, line)
        except OSError as error:
            raise answers.failed("cancelled", f"cannot write progress to stdout: {error.strerror}") from None

    def _way_on(self) -> str:
        """Return what was found so far, and how to go on."""
        best = loop.best_so_far(self._tuning.task, self._past)
        found = (
            f"the best so far is {tune_report.figure(best[1])} with {self.account.differences(best[0])}; "
            if best
            else ""
        )
        history = self._tuning.history
        return f"{found}the state is as it was; the same command goes on from {history}"


def _of_the_default(error: answers.ServoError) -> answers.ServoError:
    return error.saying(f"the first measurement, of the default settings, failed: {error.summary}")


def _store(tuning: "Tuning", outcome: loop.Outcome) -> None:
    """Lay the best settings over what is stored by now; raise ``ServoError``."""

    def merge(stored: "Optional[Application]") -> "Application":
        asked = settings.overlay(stored or {}, tunable.nested(tuning.application, outcome.settings))
        described = tuning.config.settings
        return rules.accepted(described, asked, described.current(stored), "the best is not stored")

    try:
        tuning.state.change(merge)
    except answers.ServoError as error:
        remedy = (
            f"the best is {tune_report.pairs(outcome.settings)}; the same command stores it without measuring again"
        )
        raise answers.ServoError(error.status, error.reason, f"{error.message}; {remedy}") from None

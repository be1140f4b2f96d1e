"""The measurements of one call: its files, and one measurement after the other, told, recorded and remarked on."""

import fcntl
import os
from typing import Any, Dict, List, Optional, Union

from servo_batch import recorded
from servo_batch.answers import ForPrograms, ServoError, bad_config, bad_request, complain
from servo_batch.config import Config
from servo_batch.files import refuse_input
from servo_batch.history import record
from servo_batch.job import output
from servo_batch.job.attention import Caller
from servo_batch.job.cancel import Cancellation
from servo_batch.job.progress import Telling
from servo_batch.measurement import Measurement, Plan, run
from servo_batch.state import StateFile
from servo_batch.wording import named


def files_of(config: Config, state: StateFile) -> Dict[str, Optional[str]]:
    """Return the files that a call reads or writes, None for none, by what a message calls them."""
    return {
        "the configuration": config.name,
        "the state": state.path or None,
        "the state of an older servo-batch": state.older,
        **{f"the file of the metric {named(name)}": each.file for name, each in config.metrics.items()},
        "the history": config.history or None,
    }


def check_history(config: Config, state: StateFile) -> None:
    """Raise ``ServoError`` where measurements could not be recorded, or would be in another file of the call."""
    if config.history:
        name, error = "--history", bad_request
        if config.history == config.file_name("history"):
            name, error = config.place(("batch", "history")), bad_config
        refuse_input(name, config.history, {**files_of(config, state), "the history": None}, error)
        record.check_writable(config.history)


class Session:
    """The measurements of one call: how they go is told, each is recorded, and what is to be known of them is said.

    ``lines`` are those of the history, also where none is named; ``notes`` are what was said of them, each with what it
    is about. Another session at the same time is said.
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
        self.notes: Dict[str, str] = {}
        if keep_output:
            for path in (keep_output, keep_output + output.STDERR_SUFFIX):
                refuse_input("--keep-output", path, files_of(config, state))
        check_history(config, state)
        if keep_output:
            output.check(keep_output)
        self._caller = Caller(cancellation, Telling(voice, config.expected_seconds), show_output, keep_output)
        self._history = config.history
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
        line = recorded.line(planned, outcome, purpose)
        if self._history and line.get("reason") != "cancelled":
            try:
                record.append(self._history, line)
            except ServoError as error:
                complain(error.message)
        if isinstance(outcome, ServoError):
            if not recorded.is_of_settings(line):
                raise outcome
        else:
            said = set(self.notes.values())  # of earlier measurements
            for note, about in outcome.notes.items():
                if about not in said:
                    self.notes[note] = about
                    complain(note)
        self.lines.append(line)
        return outcome


def _lock(name: str) -> None:
    """Take the lock on the configuration file ``name`` until this process ends; where another measures, say so."""
    try:
        fcntl.flock(os.open(name, os.O_RDONLY | os.O_NONBLOCK), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        complain(f"another measurement with {name} is running: each makes the other's figures wrong")
    except OSError:
        pass  # it cannot be opened any more, is none (--command), or its file system has no locks

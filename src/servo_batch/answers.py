"""The drivers' side of the protocol: progress and answers written, and what can go wrong. Requests: request.py.

Requests and responses are JSON (the manual's page "Requests and answers"); nothing but responses reaches stdout.
"""

import os
import select
import sys

from servo_batch.wording import visible

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

    # Returns once stdout takes something; raises what there is instead of waiting for that any longer.
    Wait = Callable[[], None]

STDIN, STDOUT, STDERR = 0, 1, 2
STDERR_SECONDS = 1.0  # whoever does not read stderr for so long does not read it


class ServoError(Exception):
    """A call that failed or was rejected, as the answer says it.

    ``status`` and ``reason`` are a pair of that page's table; ``summary`` says what is wrong, where, and what to do.
    ``details`` are the commands that failed, with what they printed; ``message`` has all of it. ``cause`` is "machine"
    where a job failed for want of what the machine has to give, like room or a folder: no settings are to blame.
    """

    def __init__(
        self, status: str, reason: str, summary: str, details: str = "", cause: str = "", exit_status: int = 1
    ) -> None:
        self.status = status
        self.reason = reason
        self.summary = summary
        self.details = details
        self.cause = cause
        self.exit_status = exit_status
        message = f"{summary}\n{details}" if details else summary
        # A file name may hold bytes that are not UTF-8; Python carries them as lone surrogates, which JSON cannot.
        self.message = message.encode("utf-8", "backslashreplace").decode("utf-8")
        super().__init__(self.message)

    def saying(self, summary: str, details: "Optional[str]" = None) -> "ServoError":
        """Return the error with another summary, and its own details where no others are given."""
        details = self.details if details is None else details
        return ServoError(self.status, self.reason, summary, details, self.cause, self.exit_status)

    def response(self) -> "Dict[str, Any]":
        """Return the answer: ``{"status": …, "reason": …, "message": …}``."""
        return {"status": self.status, "reason": self.reason, "message": self.message}


class Answer:
    """What a verb answers: ``response`` to a program, ``text()`` to a person, or the response where there is no text.

    A ``verbatim`` text is for other tools: no terminal's limits change it.
    """

    def __init__(
        self,
        response: "Dict[str, Any]",
        text: "Optional[Callable[[], str]]" = None,
        exit_status: int = 0,
        verbatim: bool = False,
    ) -> None:
        self.response = response
        self.text = text
        self.exit_status = exit_status
        self.verbatim = verbatim


def bad_request(message: str) -> ServoError:
    """Return the error for a request that lacks or misshapes what the call needs."""
    return ServoError("bad-request", "bad-request", message)


def bad_config(message: str) -> ServoError:
    """Return the error for a configuration that is missing, unreadable or wrong."""
    return failed("bad-config", message)


def failed(reason: str, summary: str, details: str = "") -> ServoError:
    """Return the error of status ``failed`` with one of its reasons."""
    return ServoError("failed", reason, summary, details)


def failed_by_machine(summary: str, details: str = "") -> ServoError:
    """Return the error for a job that failed for want of what the machine has to give."""
    return ServoError("failed", "command-failed", summary, details, cause="machine")


class ForPrograms:
    """Writes answers and progress as lines of JSON.

    ``wait`` waits for whoever reads stdout, and raises ``ServoError`` where that is not to be waited for any longer.
    """

    tells_progress = True

    def __init__(self, wait: "Optional[Wait]" = None) -> None:
        self._wait = wait

    def answer(self, answer: Answer) -> None:
        """Write what a verb answers, and of a failure one line to stderr; raise ``ServoError``."""
        if "message" in answer.response:
            first, *rest = answer.response["message"].split("\n")
            complain(first.rstrip(":") + (" (more in the answer)" if rest else ""))
        self._write(answer.response)

    def progress(self, percent: int, message: str, line: str = "") -> None:
        """Write a line of progress, unless that would have to wait for whoever reads stdout; raise ``ServoError``.

        Nobody who does not read may keep the driver from stopping the job. A ``line`` says the same to a person.
        """
        if select.select([], [STDOUT], [], 0)[1]:
            self._write({"progress": percent, "message": message})

    def _write(self, response: "Dict[str, Any]") -> None:
        import json  # here: its import takes as long as all else that --help does

        # ASCII only, so that a reader that splits lines at U+2028 reads the same lines.
        write_text(json.dumps(response, allow_nan=False) + "\n", self._wait)


def write_text(text: str, wait: "Optional[Wait]" = None) -> None:
    """Write ``text`` to stdout as UTF-8, whole, past Python's buffers.

    Raises ``ServoError`` (cancelled) where stdout takes nothing any more, and what ``wait`` raises.
    """
    rest = memoryview(text.encode("utf-8", "replace"))
    while rest:
        if wait:
            wait()
        try:
            rest = rest[os.write(STDOUT, rest[: select.PIPE_BUF]) :]
        except BlockingIOError:  # the other end made the pipe non-blocking
            select.select([], [STDOUT], [])
        except OSError as error:
            raise failed("cancelled", f"stdout cannot be written to: {error.strerror}") from None


def complain(message: str) -> None:
    """Write one line to stderr, for people; where nobody reads it, nothing happens, and no answer waits for that."""
    if sys.stderr is None:
        return  # there was none at the start, and the descriptor may be something else by now
    shown = "\n".join(map(visible, message.split("\n")))
    rest = f"servo-batch: {shown}\n".encode(sys.stderr.encoding, "backslashreplace")
    try:
        while rest and select.select([], [STDERR], [], STDERR_SECONDS)[1]:
            rest = rest[os.write(STDERR, rest[: select.PIPE_BUF]) :]
    except OSError:
        pass

"""The drivers' side of the protocol: a request read, progress and answers written, and what can go wrong.

Source: section 2 of the contract. Requests and responses are JSON; nothing but responses reaches stdout.
"""

import os
import sys

from servo_batch.wording import kind

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Dict

STDIN, STDOUT, STDERR = 0, 1, 2


class ServoError(Exception):
    """A call that failed or was rejected, as the answer says it.

    ``status`` and ``reason`` are a pair of section 2's table; ``message`` says what is wrong, where, and what to do.
    """

    exit_status = 1

    def __init__(self, status: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        # A file name may hold bytes that are not UTF-8; Python carries them as lone surrogates, which JSON cannot.
        self.message = message.encode("utf-8", "backslashreplace").decode("utf-8")

    def answer(self) -> "Dict[str, Any]":
        """Return the answer of section 2: ``{"status": …, "reason": …, "message": …}``."""
        return {"status": self.status, "reason": self.reason, "message": self.message}


def bad_request(message: str) -> ServoError:
    """Return the error for a request that lacks or misshapes what the call needs."""
    return ServoError("bad-request", "bad-request", message)


def failed(reason: str, message: str) -> ServoError:
    """Return the error of status ``failed`` with one of section 2's reasons."""
    return ServoError("failed", reason, message)


def read_request() -> "Dict[str, Any]":
    """Return the request on stdin; an empty stdin, a closed one and a terminal are ``{}``.

    Raises ``ServoError`` (bad-request) for anything that is not one JSON object.
    """
    if sys.stdin is None or os.isatty(STDIN):
        return {}
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise bad_request("the request on stdin cannot be read: %s" % error.strerror) from None
    if not data.strip():
        return {}
    from servo_batch.formats import strict_json

    try:
        request = strict_json.loads(data)
    except strict_json.JsonError as error:
        place = ", line %d, column %d" % (error.lineno, error.colno) if error.lineno else ""
        raise bad_request("the request on stdin is not JSON%s: %s" % (place, error.msg)) from None
    if not isinstance(request, dict):
        raise bad_request("the request on stdin is %s: send a JSON object" % kind(request))
    return request


def write(response: "Dict[str, Any]") -> None:
    """Write one response, one line of JSON, and return when the system has it.

    Raises ``OSError`` where stdout takes nothing any more. ASCII only, so that a reader that splits lines at U+2028
    reads the same lines.
    """
    import json  # here and below: its import takes as long as all else that --help does

    write_text(json.dumps(response, allow_nan=False) + "\n")


def write_progress(percent: int, message: str) -> None:
    """Write a line of progress, unless that would have to wait for whoever reads stdout; raise ``OSError``.

    Nobody who does not read may keep the driver from stopping the job.
    """
    import select

    if select.select([], [STDOUT], [], 0)[1]:
        write({"progress": percent, "message": message})


def write_text(text: str) -> None:
    """Write ``text`` to stdout as UTF-8, whole, past Python's buffers; raise ``OSError``."""
    rest = memoryview(text.encode("utf-8", "replace"))
    while rest:
        try:
            rest = rest[os.write(STDOUT, rest) :]
        except BlockingIOError:  # the other end made the pipe non-blocking
            import select

            select.select([], [STDOUT], [])


def complain(message: str) -> None:
    """Write one line to stderr, for people; where nobody reads it, nothing happens."""
    if sys.stderr is None:
        return  # print would take stdout instead
    try:
        print("servo-batch: %s" % message, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass

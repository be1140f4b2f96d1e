"""The drivers' side of the protocol: a request read, progress and answers written, and what can go wrong.

Source: section 2 of the contract. Requests and responses are JSON; nothing but responses reaches stdout.
"""

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Dict


class ServoError(Exception):
    """A call that failed or was rejected, as the answer says it.

    ``status`` and ``reason`` are a pair of section 2's table; ``message`` says what is wrong, where, and what to do.
    """

    def __init__(self, status: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message

    def answer(self) -> "Dict[str, Any]":
        """Return the answer of section 2: ``{"status": …, "reason": …, "message": …}``."""
        return {"status": self.status, "reason": self.reason, "message": self.message}


def bad_request(message: str) -> ServoError:
    """Return the error for a request that lacks or misshapes what the call needs."""
    return ServoError("bad-request", "bad-request", message)


def failed(reason: str, message: str) -> ServoError:
    """Return the error of status ``failed`` with one of section 2's reasons."""
    return ServoError("failed", reason, message)

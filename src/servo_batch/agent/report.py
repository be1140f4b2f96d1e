"""What the service hears of an operation: its progress while it runs, its failure at the end."""

import json
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from servo_batch.agent import connection
from servo_batch.agent.connection import Exchange
from servo_batch.answers import ServoError

# A failure's report is no longer than this, its envelope included.
MAX_FAILURE_BYTES = 2 * 1024 * 1024
# The envelope: the event, the keys, the status and the reason, every character of them escaped.
ENVELOPE_BYTES = 16 * 1024
MAX_WORD = 200
MAX_MESSAGE = 4000
# A driver that chatters makes at most one report in this time.
MIN_REPORT_SECONDS = 1.0
# For a silent driver, or while a report waits for its answer, the next one comes after this time, because only in the
# answer to a report can the service cancel: with the answer's way that is within ten seconds.
MAX_REPORT_SECONDS = 9.0


def encode(event: str, param: Any) -> bytes:
    """Return the body of a request."""
    return json.dumps({"event": event, "param": param}, allow_nan=False).encode("ascii")


def failure(error: ServoError) -> Dict[str, Any]:
    """Return the param that reports ``error``, its message cut where the report would be too long."""
    message = error.message
    limit = MAX_FAILURE_BYTES - ENVELOPE_BYTES
    size = len(json.dumps(message))
    while size > limit:
        message = message[: len(message) * limit // size]
        size = len(json.dumps(message))
    return {"status": error.status[:MAX_WORD], "reason": error.reason[:MAX_WORD], "message": message}


class _Sent(NamedTuple):
    exchange: Exchange
    at: float  # on the monotonic clock


class Progress:
    """Reports the progress of one operation; a report that cannot be delivered is dropped.

    One that is not answered holds up no other: a service that lost it may still cancel in the answer to the next.
    """

    def __init__(self, event: str, post: Callable[[bytes], Exchange], log: Callable[[str], None]) -> None:
        self.cancel: Optional[str] = None  # once the service cancels the operation: a phrase that says so, and why
        self._event = event
        self._post = post
        self._log = log
        self._started = time.monotonic()
        self._line: Dict[str, Any] = {"progress": 0}
        self._fresh = False
        self._under_way: List[_Sent] = []
        self._quick_from = self._started  # a report of something new may go
        self._due_at = self._started + MAX_REPORT_SECONDS  # a report has to go

    @property
    def under_way(self) -> bool:
        """Whether a report waits for its answer."""
        return bool(self._under_way)

    @property
    def due(self) -> float:
        """When ``collect`` or ``send`` will have something to do, should nothing happen before."""
        given_up = [sent.at + connection.REQUEST_SECONDS for sent in self._under_way]
        return min([self._next, *given_up])

    @property
    def _next(self) -> float:
        return self._quick_from if self._fresh and not self._under_way else self._due_at

    def update(self, line: Dict[str, Any]) -> None:
        """Take a driver's progress line; the next report tells the newest."""
        self._line = line
        self._fresh = True

    def send(self) -> None:
        """Send a report if one is due."""
        now = time.monotonic()
        if now < self._next:
            return
        param = {"progress": min(max(self._line["progress"], 0), 100), "runtime": round(now - self._started, 1)}
        if self._line.get("message") is not None:
            param["message"] = str(self._line["message"])[:MAX_MESSAGE]
        self._under_way.append(_Sent(self._post(encode(self._event, param)), now))
        self._quick_from = now + MIN_REPORT_SECONDS
        self._due_at = now + MAX_REPORT_SECONDS
        self._fresh = False

    def collect(self) -> None:
        """Take the answers that have come; a report without one is given up in time."""
        now = time.monotonic()
        for sent in list(self._under_way):
            if sent.exchange.outcome is None and now < sent.at + connection.REQUEST_SECONDS:
                continue
            self._under_way.remove(sent)
            outcome = sent.exchange.end()
            if outcome.answer is None:
                self._log("progress not delivered: %s" % outcome.error)
            elif outcome.answer.get("status") == "cancel" and self.cancel is None:
                self.cancel = _cancel(outcome.answer.get("reason"))
                self._log(self.cancel)

    def drop(self) -> None:
        """Break off the reports under way."""
        for sent in self._under_way:
            sent.exchange.end()
        self._under_way = []


def _cancel(reason: Any) -> str:
    if reason in (None, ""):
        return "the service cancelled it and gave no reason"
    words = reason if isinstance(reason, str) else json.dumps(reason)
    return "the service cancelled it: %s" % words[:MAX_MESSAGE]

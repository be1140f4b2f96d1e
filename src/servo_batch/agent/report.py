"""What the service hears of an operation: its progress while it runs, its failure at the end."""

import json
import time
from typing import Any, Callable, Dict, Optional

from servo_batch.agent import service
from servo_batch.protocol import ServoError

# A failure's report is no longer than this, its envelope included.
MAX_FAILURE_BYTES = 2 * 1024 * 1024
# The envelope: the event, the keys, the status and the reason, every character of them escaped.
ENVELOPE_BYTES = 16 * 1024
MAX_WORD = 200
MAX_MESSAGE = 4000
# A driver that chatters makes at most one report in this time; for a silent one the last is repeated, because only in
# the answer to a report can the service cancel.
MIN_REPORT_SECONDS = 1.0
MAX_REPORT_SECONDS = 60.0


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


class Progress:
    """Reports the progress of one operation, one report at a time; one that cannot be delivered is dropped."""

    def __init__(self, event: str, post: Callable[[bytes], "service.Exchange"], log: Callable[[str], None]) -> None:
        self._event = event
        self._post = post
        self._log = log
        self._started = time.monotonic()
        self._line: Dict[str, Any] = {"progress": 0}
        self._fresh = False
        self._exchange: Optional[service.Exchange] = None
        self._sent = self._started - MIN_REPORT_SECONDS

    @property
    def under_way(self) -> bool:
        """Whether a report waits for its answer."""
        return self._exchange is not None

    @property
    def due(self) -> float:
        """When ``collect`` or ``send`` will have something to do, should nothing happen before."""
        if self._exchange is not None:
            return self._sent + service.REQUEST_SECONDS
        return self._sent + (MIN_REPORT_SECONDS if self._fresh else MAX_REPORT_SECONDS)

    def update(self, line: Dict[str, Any]) -> None:
        """Take a driver's progress line; the next report tells the newest."""
        self._line = line
        self._fresh = True

    def send(self) -> None:
        """Send a report if one is due and none is under way."""
        now = time.monotonic()
        if self._exchange is not None or now < self.due:
            return
        param = {"progress": min(max(self._line["progress"], 0), 100), "runtime": round(now - self._started, 1)}
        if self._line.get("message") is not None:
            param["message"] = str(self._line["message"])[:MAX_MESSAGE]
        self._exchange = self._post(encode(self._event, param))
        self._sent = now
        self._fresh = False

    def collect(self) -> Optional[Dict[str, Any]]:
        """Return the answer to the report under way if it has come; a report without one is given up in time."""
        exchange = self._exchange
        if exchange is None or (exchange.outcome is None and time.monotonic() < self.due):
            return None
        outcome = exchange.end()
        self._exchange = None
        if outcome.answer is None:
            self._log("progress not delivered: %s" % outcome.error)
        return outcome.answer

    def drop(self) -> None:
        """Break off the report under way, if there is one."""
        if self._exchange is not None:
            self._exchange.end()
            self._exchange = None

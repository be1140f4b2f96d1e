"""The agent: asks the service what to do next, has a driver do it, and delivers what came of it.

Nothing but a signal ends it: what the service and the drivers send is checked where it is used, and a case that nobody
thought of costs one command, not the agent.
"""

import json
import math
import os
import signal
import time
import traceback
from typing import Any, Callable, Dict, List, Optional

from servo_batch.agent.driver import Driver, is_there
from servo_batch.agent.events import Events
from servo_batch.agent.identity import Options
from servo_batch.agent.log import Log
from servo_batch.agent.retry import Pauses
from servo_batch.agent.service import REQUEST_SECONDS, Exchange, Service
from servo_batch.answers import ServoError, bad_request, failed

DEFAULT_SLEEP_SECONDS = 120.0
# Progress is reported so often, also of a silent driver, because only in the answer to a report can the service cancel.
# So long a report may go without an answer.
REPORT_SECONDS = 9.0
# On the way out nothing is tried for long: whoever stops a container kills it ten seconds later. A result and the
# goodbye have so many tries of so long, with a pause; after LEAVE_SECONDS each has one.
LAST_TRIES = 3
LEAVE_SECONDS = 6.0
LAST_REQUEST_SECONDS = 1.0
LAST_PAUSE_SECONDS = 0.2
# A failure's report has 2 MiB at the most; what is left is for its other keys.
MAX_MESSAGE_BYTES = 2 * 1024 * 1024 - 16 * 1024


class _Leave(BaseException):
    """The agent is idle and was asked to end or to start again; no net for bugs catches this."""


class Agent:
    """One life of the agent, from HELLO to GOODBYE."""

    def __init__(self, options: Options, service: Service, events: Events, log: Log) -> None:
        self._options = options
        self._service = service
        self._events = events
        self._log = log
        self._reports: Optional[Reports] = None  # of the operation under way
        self._commands = {
            "DESCRIBE": ("DESCRIPTION", self._describe),
            "ADJUST": ("ADJUSTMENT", self._adjust),
            "MEASURE": ("MEASUREMENT", self._measure),
            "SLEEP": ("", self._sleep_as_told),
        }

    def run(self) -> None:
        """Serve until a signal ends it."""
        try:
            for name in ("adjust", "measure"):
                self._log("the %s driver is %s" % (name, "./" + name if is_there(name) else "our own"))
            self._sleep(self._options.delay_seconds)
            self._send("HELLO", {"agent": self._options.agent}, is_idle=True)
            while True:
                self._serve(self._send("WHATS_NEXT", None, is_idle=True))
        except _Leave:
            why = "restart: " if self._events.restarting else "exit: "
            names = [signal.Signals(number).name for number in self._events.signals]
            self._events.stop()
            self._send("GOODBYE", {"reason": why + ", ".join(names)})

    def _serve(self, answer: Dict[str, Any]) -> None:
        """Do what the service says and report what came of it."""
        command = answer.get("cmd")
        if not isinstance(command, str) or command not in self._commands:
            self._log("unknown command: %s" % json.dumps(answer))
            self._sleep(self._options.retry_seconds)
            return
        event, operation = self._commands[command]
        self._log(command)
        try:
            if self._options.interactive:
                self._ask_operator(command)
            result = operation(answer.get("param"))
        except Exception as error:
            if not isinstance(error, ServoError):
                self._log("a bug of servo-batch: %s" % traceback.format_exc())
                error = failed("internal", "a bug of servo-batch; the agent's log has more: %r" % error)
            self._log("%s failed: %s: %s" % (command, error.reason, error.message))
            result = _failure(error)
        if event:
            self._send(event, result)

    # Talking to the service

    def _send(self, event: str, param: Any, is_idle: bool = False) -> Dict[str, Any]:
        """Send until the service takes it, and return its answer.

        An idle question gives way to any signal, by ``_Leave``. Anything else is given up, and answered by nothing, a
        moment after the agent is told to stop.
        """
        body = _encode(event, param)
        pauses = Pauses(self._options.retry_seconds)
        tries_left = LAST_TRIES

        def is_over() -> bool:
            return is_idle and bool(self._events.signals)

        while tries_left and not is_over():
            exchange = self._service.post(body)
            self._wait(lambda: exchange.outcome or is_over(), REQUEST_SECONDS, LAST_REQUEST_SECONDS)  # noqa: B023
            outcome = exchange.end()
            if outcome.answer is not None:
                if param is not None:
                    self._log("%s delivered" % event)
                return outcome.answer
            pause = pauses.following(outcome.retry_after_seconds)
            if self._events.stopped_at is not None:
                is_late = time.monotonic() > self._events.stopped_at + LEAVE_SECONDS
                tries_left = 0 if is_late else tries_left - 1
                pause = LAST_PAUSE_SECONDS
            what = "trying again in %.1f s" % pause if tries_left else "given up"
            self._log("%s not delivered: %s; %s" % (event, outcome.error, what))
            self._wait(is_over, pause, LAST_PAUSE_SECONDS)
        if is_idle:
            raise _Leave
        return {}

    def _sleep(self, seconds: float) -> None:
        """Be idle for so long."""
        self._wait(lambda: self._events.signals, seconds)
        if self._events.signals:
            raise _Leave

    def _wait(self, is_over: Callable[[], object], seconds: float, last_seconds: float = 0.0) -> None:
        """Wait until ``is_over``, for so many seconds; once the agent is told to stop for so many ``last_seconds``."""
        began = time.monotonic()
        until = began + seconds
        while not is_over():
            if self._events.stopped_at is not None:
                until = min(until, max(began, self._events.stopped_at) + last_seconds)
            self._events.wait(until)
            if time.monotonic() >= until:
                return

    # Doing what it says

    def _sleep_as_told(self, param: Any) -> Dict[str, Any]:
        try:
            seconds = float(param["duration"])
        except (TypeError, LookupError, ValueError, OverflowError):
            seconds = math.nan
        self._sleep(seconds if 0 <= seconds < math.inf else DEFAULT_SLEEP_SECONDS)
        return {}

    def _describe(self, param: Any) -> Dict[str, Any]:
        query = self._run("adjust", ["--query", self._options.app_id], needed="application")
        described = self._run("measure", ["--describe", self._options.app_id], needed="metrics")
        descriptor = {"application": query["application"], "measurement": {"metrics": described["metrics"]}}
        if self._options.perf is not None:
            descriptor["optimization"] = {"perf": self._options.perf}
        return {"status": "ok", "descriptor": descriptor}

    def _adjust(self, param: Any) -> Dict[str, Any]:
        state = param.get("state") if isinstance(param, dict) else None
        if not isinstance(state, dict) or "application" not in state:
            raise bad_request("the service's ADJUST has no state with an application")
        request = {"application": state["application"]}
        if "control" in param:
            request["control"] = param["control"]
        self._operate("adjust", "ADJUSTMENT", param, request)
        return {"state": state}

    def _measure(self, param: Any) -> Dict[str, Any]:
        if param is not None and not isinstance(param, dict):
            raise bad_request("the param of the service's MEASURE is not an object")
        answer = self._operate("measure", "MEASUREMENT", param or {}, param or {}, needed="metrics")
        return {key: answer[key] for key in ("metrics", "annotations") if key in answer}

    def _ask_operator(self, command: str) -> None:
        self._log("run %s? Enter runs it, any other answer declines it:" % command)
        while not self._events.wait(None, [0]):
            if self._events.signals:
                raise _Leave
        if os.read(0, 1000).strip(b" \t") != b"\n":
            raise failed("declined", "the operator declined it at the terminal")

    # Running drivers

    def _operate(
        self, name: str, event: str, param: Dict[str, Any], request: Dict[str, Any], needed: str = ""
    ) -> Dict[str, Any]:
        """Run a driver's operation with its progress reported; return its answer or raise ``ServoError``."""
        reports = self._reports = Reports(event, self._service, self._log)
        try:
            control = param.get("control")
            if isinstance(control, dict) and "environment" in control:
                self._check_environment(param)
            return self._run(name, [self._options.app_id], request, needed, self._says_has_cancel(name))
        finally:
            # A report that comes after the result would make the service believe that the operation goes on. But one
            # that nobody answers must not hold the result up.
            self._wait(reports.is_answered, REPORT_SECONDS)
            reports.drop()
            self._reports = None

    def _check_environment(self, param: Dict[str, Any]) -> None:
        """Have ./environment say whether the environment is the one that is asked for."""
        if not is_there("environment"):
            self._log("there is no ./environment to run: the request's control.environment is passed over")
            return
        try:
            self._run("environment", [self._options.app_id], param)
        except ServoError as error:
            status = error.status if self._why_stop() else "environment-mismatch"
            raise ServoError(status, error.reason, error.message) from None

    def _says_has_cancel(self, name: str) -> bool:
        try:
            return self._run(name, ["--info"]).get("has_cancel") is True
        except ServoError as error:
            self._log("%s --info: %s; it would be cancelled with SIGKILL" % (name, error.message))
            return False

    def _run(
        self,
        name: str,
        arguments: List[str],
        request: Optional[Dict[str, Any]] = None,
        needed: str = "",
        gently: bool = False,
    ) -> Dict[str, Any]:
        """Run a driver to its end; return its answer, which has the object ``needed``, or raise ``ServoError``."""
        driver = Driver(name, self._options.io_timeout_seconds, self._options.shown_lines, self._events, self._log)

        def turn() -> float:
            due = self._reports.turn(driver.progress) if self._reports is not None else math.inf
            why = self._why_stop()
            if why is not None:
                driver.cancel(why, gently)
            return due

        why = self._why_stop()
        if why is not None:
            raise why
        answer = driver.run(arguments, request, turn)
        if answer.get("notes"):
            self._log("%s notes: %s" % (name, answer["notes"]))
        if needed and not isinstance(answer.get(needed), dict):
            raise failed("driver-failed", "the %s driver's answer has no %s" % (name, needed))
        return answer

    def _why_stop(self) -> Optional[ServoError]:
        """Return why what is under way has to stop, or None where it has not."""
        if self._events.stopped_at is not None:
            return failed("cancelled", "the agent was told to stop")
        return self._reports.cancel if self._reports is not None else None


class Reports:
    """Reports the progress of one operation; a report that cannot be delivered, or that nobody answers, is dropped."""

    def __init__(self, event: str, service: Service, log: Log) -> None:
        self.cancel: Optional[ServoError] = None  # that the service cancelled the operation
        self._event = event
        self._service = service
        self._log = log
        self._began = time.monotonic()
        self._due = self._began + REPORT_SECONDS
        self._told: Optional[Dict[str, Any]] = None  # the line of the last report
        self._exchange: Optional[Exchange] = None

    def turn(self, line: Optional[Dict[str, Any]]) -> float:
        """Take the driver's newest line, send a report if one is due, and return when the next is.

        The first line is told at once.
        """
        self.is_answered()
        now = time.monotonic()
        if now >= self._due or (line and not self._told):
            self.drop()
            told = line or {"progress": 0}
            param: Dict[str, Any] = {key: told[key] for key in ("progress", "message") if key in told}
            param["runtime"] = round(now - self._began, 1)
            self._exchange = self._service.post(_encode(self._event, param))
            self._told = line
            self._due = now + REPORT_SECONDS
        return self._due

    def is_answered(self) -> bool:
        """Take the answer if it has come, and tell whether none is awaited."""
        if self._exchange is None or self._exchange.outcome is None:
            return self._exchange is None
        outcome = self._exchange.outcome
        self._exchange = None
        if outcome.answer is None:
            self._log("progress not delivered: %s" % outcome.error)
        elif outcome.answer.get("status") == "cancel" and self.cancel is None:
            reason = outcome.answer.get("reason") or "no reason given"
            self.cancel = failed("cancelled", "the service cancelled it: %s" % (reason,))
            self._log(self.cancel.message)
        return True

    def drop(self) -> None:
        """Break off the report that is under way, if any."""
        if self._exchange is not None:
            self._exchange.end()
            self.is_answered()


def _encode(event: str, param: Any) -> bytes:
    """Return the body of a request."""
    return json.dumps({"event": event, "param": param}, allow_nan=False).encode("ascii")


def _failure(error: ServoError) -> Dict[str, Any]:
    """Return the param that reports ``error``, its message cut where the report would be too long."""
    message = error.message
    while len(json.dumps(message)) > MAX_MESSAGE_BYTES:
        message = message[: len(message) * MAX_MESSAGE_BYTES // (len(json.dumps(message)) + 1)]
    return {"status": error.status[:200], "reason": error.reason[:200], "message": message}

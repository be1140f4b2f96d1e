"""The agent: asks the service what to do next, has a driver do it, and delivers what came of it.

Nothing but a signal ends it: what the service and the drivers send is checked where it is used, and a case that nobody
thought of costs one command, not the agent.
"""

import json
import math
import os
import random
import signal
import time
import traceback
from typing import Any, Callable, Dict, List, Optional

from servo_batch.agent.driver import Driver, is_there
from servo_batch.agent.events import Events
from servo_batch.agent.identity import Options
from servo_batch.agent.log import Log
from servo_batch.agent.service import REQUEST_SECONDS, Exchange, Service
from servo_batch.answers import ServoError, bad_request, failed
from servo_batch.wording import is_number

# The pause between two tries doubles up to the first; a service that names one may have the second.
MAX_RETRY_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 600.0
DEFAULT_SLEEP_SECONDS = 120.0
# Nobody means a longer one, and a clock takes it.
MAX_SLEEP_SECONDS = 1e9
# --info is answered at once or never.
INFO_SECONDS = 30.0
# A driver that chatters makes at most one report in the first time. For a silent driver, or where a report gets no
# answer, the next one comes after the second, because only in the answer to a report can the service cancel.
MIN_REPORT_SECONDS = 1.0
MAX_REPORT_SECONDS = 9.0
# A result waits so long for the progress report before it to be answered, then it overtakes it.
OVERTAKEN_SECONDS = 2.0
# On the way out nothing is tried for long: whoever stops a container kills it ten seconds later. A result and the
# goodbye have so many tries of so long, with a pause, but after LEAVE_SECONDS each has one.
LEAVE_SECONDS = 6.0
LAST_TRIES = 3
LAST_REQUEST_SECONDS = 1.5
LAST_PAUSE_SECONDS = 0.2
# A failure's report is no longer than this, with its envelope: the event, the keys, the status and the reason.
MAX_FAILURE_BYTES = 2 * 1024 * 1024
ENVELOPE_BYTES = 16 * 1024
MAX_WORD = 200
MAX_MESSAGE = 4000


class _Leave(Exception):  # noqa: N818 it is a way out, not an error
    """The agent is idle and was asked to end or to start again."""


class Agent:
    """One life of the agent, from HELLO to GOODBYE."""

    def __init__(self, options: Options, service: Service, events: Events, log: Log) -> None:
        self._options = options
        self._service = service
        self._events = events
        self._log = log
        self._has_cancel: Dict[str, bool] = {}
        self._commands = {
            "DESCRIBE": ("DESCRIPTION", self._describe),
            "ADJUST": ("ADJUSTMENT", self._adjust),
            "MEASURE": ("MEASUREMENT", self._measure),
            "SLEEP": ("", self._sleep_as_told),
        }

    def run(self) -> None:
        """Serve until a signal ends it."""
        try:
            self._guarded(self._introduce)
            while True:
                self._guarded(self._serve)
        except _Leave:
            names = [signal.Signals(number).name for number in self._events.signals]
            reason = ("restart: " if self._events.restarting else "exit: ") + ", ".join(names or ["the operator"])
            self._events.stop()
            self._send("GOODBYE", {"reason": reason})

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step; a bug in it is logged, and the agent goes on after a pause."""
        try:
            step()
        except _Leave:
            raise
        except Exception:
            self._log("a bug of servo-batch: %s" % traceback.format_exc())
            self._sleep(self._options.retry_seconds)

    def _introduce(self) -> None:
        for name in ("adjust", "measure"):
            self._log("the %s driver is %s" % (name, "./" + name if is_there(name) else "our own"))
        self._sleep(self._options.delay_seconds)
        self._ask("HELLO", {"agent": self._options.agent})

    def _serve(self) -> None:
        answer = self._ask("WHATS_NEXT", None)
        command = answer.get("cmd")
        if not isinstance(command, str) or command not in self._commands:
            self._log("unknown command %.200s in %.200s" % (json.dumps(command), json.dumps(answer)))
            self._sleep(self._options.retry_seconds)
            return
        event, operation = self._commands[command]
        self._log(command)
        try:
            if self._options.interactive:
                self._ask_operator(command)
            result = operation(answer.get("param"))
        except ServoError as error:
            self._log("%s failed: %s: %s" % (command, error.reason, error.message))
            result = _failure(error)
        except _Leave:
            raise
        except Exception as bug:
            self._log("a bug of servo-batch: %s" % traceback.format_exc())
            result = _failure(failed("internal", "a bug of servo-batch; the agent's log has more: %r" % bug))
        if event:
            self._send(event, result)

    # Talking to the service

    def _ask(self, event: str, param: Any) -> Dict[str, Any]:
        """Return the service's answer, however long it takes to get one; any signal ends that."""
        self._sleep(0)
        answer = self._send(event, param, is_idle=True)
        if answer is None or self._events.signals:
            raise _Leave
        return answer

    def _send(self, event: str, param: Any, is_idle: bool = False) -> Optional[Dict[str, Any]]:
        """Send until the service takes it and return its answer; None where it was given up.

        An idle question is, by any signal; a result and the goodbye are once the agent is told to stop, after a moment.
        """
        body = _encode(event, param)
        delay = self._options.retry_seconds
        tries = 0

        def is_over() -> bool:
            return is_idle and bool(self._events.signals)

        while not is_over():
            exchange = self._service.post(body)
            self._wait(lambda: exchange.outcome or is_over(), REQUEST_SECONDS, LAST_REQUEST_SECONDS)  # noqa: B023
            outcome = exchange.end()
            if outcome.answer is not None:
                if param is not None:
                    self._log("%s delivered" % event)
                return outcome.answer
            pause = delay * random.uniform(0.75, 1)  # agents that failed together come back apart
            if outcome.retry_after_seconds is not None:
                pause = min(max(outcome.retry_after_seconds, 1) * random.uniform(1, 1.1), MAX_RETRY_AFTER_SECONDS)
            delay = min(delay * 2, max(self._options.retry_seconds, MAX_RETRY_SECONDS))
            if is_over():
                break
            if self._events.stopped_at is not None:
                tries += 1
                is_late = time.monotonic() > self._events.stopped_at + LEAVE_SECONDS
                if tries == LAST_TRIES or is_late or self._events.hurried:
                    self._log("%s given up: %s" % (event, outcome.error))
                    break
                pause = LAST_PAUSE_SECONDS
            self._log("%s not delivered: %s; trying again in %.1f s" % (event, outcome.error, pause))
            self._wait(is_over, pause, LAST_PAUSE_SECONDS)
        return None

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
        duration: Any = param.get("duration") if isinstance(param, dict) else None
        try:
            seconds = float(duration) if is_number(duration) or isinstance(duration, str) else -1.0
        except (ValueError, OverflowError):
            seconds = -1.0
        self._sleep(min(seconds, MAX_SLEEP_SECONDS) if 0 <= seconds < math.inf else DEFAULT_SLEEP_SECONDS)
        return {}

    def _describe(self, param: Any) -> Dict[str, Any]:
        application = self._run("adjust", ["--query", self._options.app_id]).get("application")
        metrics = self._run("measure", ["--describe", self._options.app_id]).get("metrics")
        if not isinstance(application, dict):
            raise failed("driver-failed", "the adjust driver's answer to --query has no application")
        if not isinstance(metrics, dict):
            raise failed("driver-failed", "the measure driver's answer to --describe has no metrics")
        descriptor = {"application": application, "measurement": {"metrics": metrics}}
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
        self._operate("adjust", param, request, "ADJUSTMENT")
        return {"state": state}

    def _measure(self, param: Any) -> Dict[str, Any]:
        if param is not None and not isinstance(param, dict):
            raise bad_request("the param of the service's MEASURE is not an object")
        answer = self._operate("measure", param or {}, param or {}, "MEASUREMENT")
        if not isinstance(answer.get("metrics"), dict):
            raise failed("driver-failed", "the measure driver's answer has no metrics")
        return {key: answer[key] for key in ("metrics", "annotations") if key in answer}

    def _ask_operator(self, command: str) -> None:
        self._log("run %s? Enter runs it, n declines it, q ends the agent:" % command)
        while not self._events.wait(None, [0]):
            if self._events.signals:
                raise _Leave
        try:
            line = os.read(0, 1000).lower()
        except OSError:  # the terminal has gone
            line = b""
        if not line or line.startswith(b"q"):  # an end of file: nobody is there to ask again
            raise _Leave
        if line.startswith(b"n"):
            raise failed("declined", "the operator declined it at the terminal")

    # Running drivers

    def _operate(self, name: str, param: Dict[str, Any], request: Dict[str, Any], event: str) -> Dict[str, Any]:
        """Run a driver's operation with its progress reported; return its answer or raise ``ServoError``."""
        reports = Reports(event, self._service, self._log)
        try:
            control = param.get("control")
            if isinstance(control, dict) and "environment" in control:
                self._check_environment(param, reports)
            if name not in self._has_cancel:
                self._has_cancel[name] = self._says_has_cancel(name, reports)
            return self._run(name, [self._options.app_id], request, reports, self._has_cancel[name])
        finally:
            # A report that comes after the result would make the service believe that the operation goes on. But one
            # that nobody answers must not hold the result up.
            self._wait(reports.is_answered, OVERTAKEN_SECONDS)
            reports.drop()

    def _check_environment(self, param: Dict[str, Any], reports: "Reports") -> None:
        """Have ./environment say whether the environment is the one that is asked for."""
        if not is_there("environment"):
            self._log("there is no ./environment to run: the request's control.environment is passed over")
            return
        try:
            self._run("environment", [self._options.app_id], param, reports)
        except ServoError as error:
            if self._cancelled(reports):
                raise
            raise ServoError("environment-mismatch", error.reason, error.message) from None

    def _says_has_cancel(self, name: str, reports: "Reports") -> bool:
        try:
            info = self._run(name, ["--info"], None, reports, silence_seconds=INFO_SECONDS)
        except ServoError as error:
            if self._cancelled(reports):
                raise
            self._log("%s --info: %s; it will be cancelled with SIGKILL" % (name, error.message))
            return False
        return info.get("has_cancel") is True

    def _run(
        self,
        name: str,
        arguments: List[str],
        request: Optional[Dict[str, Any]] = None,
        reports: "Optional[Reports]" = None,
        gently: bool = False,
        silence_seconds: Optional[float] = None,
    ) -> Dict[str, Any]:
        """Run a driver to its end; return its answer or raise ``ServoError``."""
        silence_seconds = silence_seconds or self._options.io_timeout_seconds
        driver = Driver(name, silence_seconds, self._options.verbose_stderr, self._events, self._log)

        def turn() -> Optional[float]:
            due = reports.turn(driver.progress) if reports is not None else None
            why = self._cancelled(reports)
            if why is not None:
                driver.cancel(why, gently)
            return due

        why = self._cancelled(reports)
        if why is not None:
            raise why
        answer = driver.run(arguments, request, turn)
        notes = answer.get("notes")
        for note in notes if isinstance(notes, list) else []:
            self._log("%s notes: %s" % (name, note))
        return answer

    def _cancelled(self, reports: "Optional[Reports]") -> Optional[ServoError]:
        """Return why what is under way has to stop, or None where it has not."""
        if self._events.stopped_at is not None:
            return failed("cancelled", "the agent was told to stop")
        if reports is not None and reports.cancel is not None:
            return failed("cancelled", reports.cancel)
        return None


class Reports:
    """Reports the progress of one operation; a report that cannot be delivered, or that nobody answers, is dropped."""

    def __init__(self, event: str, service: Service, log: Log) -> None:
        self.cancel: Optional[str] = None  # once the service cancels the operation: a phrase that says so, and why
        self._event = event
        self._service = service
        self._log = log
        self._started = time.monotonic()
        self._sent: Optional[Dict[str, Any]] = None  # the last line that was told
        self._sent_at = self._started - MIN_REPORT_SECONDS
        self._exchange: Optional[Exchange] = None

    def turn(self, line: Optional[Dict[str, Any]]) -> float:
        """Take the driver's newest line, send a report if one is due, and return when the next is."""
        now = time.monotonic()
        is_quick = self.is_answered() and line is not self._sent
        due = self._sent_at + (MIN_REPORT_SECONDS if is_quick else MAX_REPORT_SECONDS)
        if now < due:
            return due
        self.drop()
        told = line or {"progress": 0}
        param = {"progress": min(max(told["progress"], 0), 100), "runtime": round(now - self._started, 1)}
        if told.get("message") is not None:
            param["message"] = str(told["message"])[:MAX_MESSAGE]
        self._exchange = self._service.post(_encode(self._event, param))
        self._sent, self._sent_at = line, now
        return now + MAX_REPORT_SECONDS

    def is_answered(self) -> bool:
        """Take the answer if it has come, and tell whether none is awaited."""
        if self._exchange is None or self._exchange.outcome is None:
            return self._exchange is None
        outcome = self._exchange.outcome
        self._exchange = None
        if outcome.answer is None:
            self._log("progress not delivered: %s" % outcome.error)
        elif outcome.answer.get("status") == "cancel" and self.cancel is None:
            reason = outcome.answer.get("reason")
            words = reason if isinstance(reason, str) else json.dumps(reason)
            said = " and gave no reason" if reason in (None, "") else ": %s" % words[:MAX_MESSAGE]
            self.cancel = "the service cancelled it" + said
            self._log(self.cancel)
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
    limit = MAX_FAILURE_BYTES - ENVELOPE_BYTES
    while len(json.dumps(message)) > limit:
        message = message[: len(message) * limit // (len(json.dumps(message)) + 1)]
    return {"status": error.status[:MAX_WORD], "reason": error.reason[:MAX_WORD], "message": message}

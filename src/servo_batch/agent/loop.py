"""The agent: asks the service what to do next, has a driver do it, and delivers what came of it.

Nothing but a signal ends it: what the service and the drivers send is checked where it is used, and a case that nobody
thought of costs one command, not the agent.
"""

import json
import os
import random
import signal
import time
import traceback
from typing import Any, Callable, Dict, List, Optional

from servo_batch.agent.driver import Driver, is_there
from servo_batch.agent.events import Events
from servo_batch.agent.log import Log
from servo_batch.agent.options import Options
from servo_batch.agent.service import Exchange, Outcome, Service
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
# A driver that chatters makes at most one report in the first time. For a silent driver, or while a report waits for
# its answer, the next one comes after the second, because only in the answer to a report can the service cancel.
MIN_REPORT_SECONDS = 1.0
MAX_REPORT_SECONDS = 9.0
# A result waits so long for the progress report before it to be answered, then it overtakes it.
OVERTAKEN_SECONDS = 2.0
# On the way out nothing is tried for long: whoever stops a container kills it ten seconds later. From the signal to the
# end it takes LEAVE_SECONDS, though a driver that takes long to stop leaves a moment for the result and the goodbye.
LEAVE_SECONDS = 7.0
LEAST_RESULT_SECONDS = 1.0
LEAST_GOODBYE_SECONDS = 0.7
LAST_TRIES = 3
LAST_REQUEST_SECONDS = 2.0
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
        steps = [self._introduce, self._serve]
        try:
            while True:
                try:
                    steps[0]()
                except _Leave:
                    raise
                except Exception:
                    self._log("a bug of servo-batch: %s" % traceback.format_exc())
                    self._sleep(self._options.retry_seconds)
                steps = steps[-1:]
        except _Leave:
            self._say_goodbye()

    def _introduce(self) -> None:
        for name in ("adjust", "measure"):
            self._log("the %s driver is %s" % (name, "./" + name if is_there(name) else "our own"))
        self._sleep(self._options.delay_seconds)
        self._ask("HELLO", {"agent": self._options.agent})

    def _serve(self) -> None:
        answer = self._ask("WHATS_NEXT", None)
        command = answer["cmd"]
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
            self._deliver(event, result)

    # Talking to the service

    def _ask(self, event: str, param: Any) -> Dict[str, Any]:
        """Return the service's answer, however long it takes to get one; any signal ends that."""
        answer = self._send(event, param, lambda: 0.0 if self._events.leaving else None)
        if answer is None or self._events.leaving:
            raise _Leave
        return answer

    def _deliver(self, event: str, result: Dict[str, Any]) -> None:
        """Send a result until the service takes it; only SIGTERM and SIGINT end that sooner."""

        def ends_at() -> Optional[float]:
            return self._events.stopped_at and self._events.stopped_at + LAST_REQUEST_SECONDS

        if self._send(event, result, ends_at) is None:
            # Half of what is left is for the goodbye.
            self._try_last(event, result, max(self._seconds_to_leave() / 2, LEAST_RESULT_SECONDS))

    def _say_goodbye(self) -> None:
        names = [signal.Signals(number).name for number in self._events.signals]
        reason = ("restart: " if self._events.restarting else "exit: ") + ", ".join(names or ["the operator"])
        self._try_last("GOODBYE", {"reason": reason}, max(self._seconds_to_leave(), LEAST_GOODBYE_SECONDS))

    def _seconds_to_leave(self) -> float:
        """Return what is left of the time to leave in; it begins when a signal says that there is no other."""
        began = self._events.stopped_at
        return LEAVE_SECONDS - (0 if began is None else time.monotonic() - began)

    def _send(self, event: str, param: Any, ends_at: Callable[[], Optional[float]]) -> Optional[Dict[str, Any]]:
        """Send until the service takes it, and return its answer, or None where ``ends_at``, a time, comes first."""
        body = _encode(event, param)
        delay = self._options.retry_seconds
        self._events.wait(time.monotonic())  # signals are seen here alone
        while ends_at() is None:
            outcome = self._exchange(body, ends_at)
            problem = outcome.error
            if outcome.answer is not None and event == "WHATS_NEXT":
                problem = self._not_understood(outcome.answer)
            if not problem:
                if param is not None:
                    self._log("%s delivered" % event)
                return outcome.answer
            if ends_at() is not None:
                break
            pause = delay * random.uniform(0.75, 1)  # agents that failed together come back apart
            if outcome.retry_after_seconds is not None:
                pause = min(max(outcome.retry_after_seconds, 1) * random.uniform(1, 1.1), MAX_RETRY_AFTER_SECONDS)
            delay = min(delay * 2, max(self._options.retry_seconds, MAX_RETRY_SECONDS))
            self._log("%s not delivered: %s; trying again in %.1f s" % (event, problem, pause))
            until = time.monotonic() + pause
            while ends_at() is None and time.monotonic() < until:
                self._events.wait(until)
        return None

    def _not_understood(self, answer: Dict[str, Any]) -> str:
        command = answer.get("cmd")
        if isinstance(command, str) and command in self._commands:
            return ""
        return "unknown command %.200s in %.200s" % (json.dumps(command), json.dumps(answer))

    def _try_last(self, event: str, param: Dict[str, Any], seconds: float) -> None:
        """Send what is left to be said, within so many seconds."""
        body = _encode(event, param)
        until = time.monotonic() + seconds
        for _ in range(LAST_TRIES):
            request_until = min(until, time.monotonic() + LAST_REQUEST_SECONDS)
            outcome = self._exchange(body, lambda: request_until)  # noqa: B023 - called before the next turn
            if outcome.answer is not None:
                self._log("%s delivered" % event)
                return
            self._log("%s not delivered: %s" % (event, outcome.error))
            pause_until = time.monotonic() + LAST_PAUSE_SECONDS
            if self._events.hurried or pause_until >= until:
                break
            while time.monotonic() < pause_until:
                self._events.wait(pause_until)
        self._log("%s given up" % event)

    def _exchange(self, body: bytes, ends_at: Callable[[], Optional[float]]) -> Outcome:
        """Return what came of one request, which is broken off at ``ends_at``, if that is a time."""
        exchange = self._service.post(body)
        while True:
            end = ends_at()
            if end is not None:
                exchange.until = min(exchange.until, end)
            outcome = exchange.ended()
            if outcome is not None:
                return outcome
            self._events.wait(exchange.until)

    def _sleep(self, seconds: float) -> None:
        """Be idle for so long."""
        until = time.monotonic() + seconds
        while not self._events.leaving:
            self._events.wait(until)
            if time.monotonic() >= until and not self._events.leaving:
                return
        raise _Leave

    # Doing what it says

    def _sleep_as_told(self, param: Any) -> Dict[str, Any]:
        duration: Any = param.get("duration") if isinstance(param, dict) else None
        try:
            seconds = float(duration) if is_number(duration) or isinstance(duration, str) else -1.0
        except (ValueError, OverflowError):
            seconds = -1.0
        self._sleep(min(seconds, MAX_SLEEP_SECONDS) if seconds >= 0 else DEFAULT_SLEEP_SECONDS)
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
            if self._events.leaving:
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
            gently = self._cancels(name, reports)
            return self._run(name, [self._options.app_id], request, reports, gently)
        finally:
            # A report that comes after the result would make the service believe that the operation goes on. But one
            # that nobody answers must not hold the result up.
            until = time.monotonic() + OVERTAKEN_SECONDS
            while reports.under_way and not self._events.stopping and time.monotonic() < until:
                self._events.wait(until)
                reports.collect()
            for exchange in reports.under_way:
                exchange.end()

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

    def _cancels(self, name: str, reports: "Reports") -> bool:
        """Return whether the driver says ``has_cancel``; it is asked once."""
        if name not in self._has_cancel:
            try:
                info = self._run(name, ["--info"], reports=reports, silence_seconds=INFO_SECONDS)
            except ServoError as error:
                if self._cancelled(reports):
                    raise
                self._log("%s --info: %s; it will be cancelled with SIGKILL" % (name, error.message))
                info = {}
            self._has_cancel[name] = info.get("has_cancel") is True
        return self._has_cancel[name]

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
        why = self._cancelled(reports)
        if why is not None:
            raise why
        silence_seconds = silence_seconds or self._options.io_timeout_seconds
        driver = Driver(name, silence_seconds, self._options.verbose_stderr, self._events, self._log)
        driver.start(arguments, request)
        try:
            while not driver.ended:
                times = [driver.deadline, reports.due if reports is not None else None]
                until = min((time for time in times if time is not None), default=None)
                driver.advance(self._events.wait(until, driver.descriptors))
                if reports is not None:
                    if driver.progress is not None:
                        reports.update(driver.progress)
                        driver.progress = None
                    reports.collect()
                    if not driver.ended:
                        reports.send()
                why = self._cancelled(reports)
                if why is not None:
                    driver.cancel(why, gently)
                if self._events.hurried:
                    driver.hurry()
        finally:
            driver.abandon()
        answer = driver.result()
        notes = answer.get("notes")
        for note in notes if isinstance(notes, list) else []:
            self._log("%s notes: %s" % (name, note))
        return answer

    def _cancelled(self, reports: "Optional[Reports]") -> Optional[ServoError]:
        """Return why what is under way has to stop, or None where it has not."""
        if self._events.stopping:
            return failed("cancelled", "the agent was told to stop")
        if reports is not None and reports.cancel is not None:
            return failed("cancelled", reports.cancel)
        return None


class Reports:
    """Reports the progress of one operation; a report that cannot be delivered is dropped.

    One that is not answered holds up no other: a service that lost it may still cancel in the answer to the next.
    """

    def __init__(self, event: str, service: Service, log: Log) -> None:
        self.cancel: Optional[str] = None  # once the service cancels the operation: a phrase that says so, and why
        self.under_way: List[Exchange] = []
        self._event = event
        self._service = service
        self._log = log
        self._started = time.monotonic()
        self._line: Dict[str, Any] = {"progress": 0}
        self._is_fresh = False
        self._sent_at = self._started - MIN_REPORT_SECONDS

    @property
    def due(self) -> float:
        """When ``collect`` or ``send`` will have something to do, should nothing happen before."""
        return min([self._next, *(exchange.until for exchange in self.under_way)])

    @property
    def _next(self) -> float:
        is_quick = self._is_fresh and not self.under_way
        return self._sent_at + (MIN_REPORT_SECONDS if is_quick else MAX_REPORT_SECONDS)

    def update(self, line: Dict[str, Any]) -> None:
        """Take a driver's progress line; the next report tells the newest."""
        self._line = line
        self._is_fresh = True

    def send(self) -> None:
        """Send a report if one is due."""
        now = time.monotonic()
        if now < self._next:
            return
        param = {"progress": min(max(self._line["progress"], 0), 100), "runtime": round(now - self._started, 1)}
        if self._line.get("message") is not None:
            param["message"] = str(self._line["message"])[:MAX_MESSAGE]
        self.under_way.append(self._service.post(_encode(self._event, param)))
        self._sent_at = now
        self._is_fresh = False

    def collect(self) -> None:
        """Take the answers that have come; a report without one is given up in time."""
        for exchange in list(self.under_way):
            outcome = exchange.ended()
            if outcome is None:
                continue
            self.under_way.remove(exchange)
            if outcome.answer is None:
                self._log("progress not delivered: %s" % outcome.error)
            elif outcome.answer.get("status") == "cancel" and self.cancel is None:
                reason = outcome.answer.get("reason")
                words = reason if isinstance(reason, str) else json.dumps(reason)
                said = " and gave no reason" if reason in (None, "") else ": %s" % words[:MAX_MESSAGE]
                self.cancel = "the service cancelled it" + said
                self._log(self.cancel)


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

"""The agent: asks the service what to do next, has a driver do it, and delivers what came of it.

Only a signal ends it: what the service and the drivers send is checked where it is used, and a case that nobody
thought of costs one command.
"""

import contextlib
import json
import math
import os
import signal
import time
import traceback
from typing import Any, Dict, List, Optional

from servo_batch.agent.driver import Driver, is_there, start
from servo_batch.agent.events import Events
from servo_batch.agent.identity import AgentOptions
from servo_batch.agent.log import Log
from servo_batch.agent.retry import pauses
from servo_batch.agent.service import REQUEST_SECONDS, Exchange, Service
from servo_batch.answers import ServoError, bad_request, failed

DEFAULT_SLEEP_SECONDS = 120.0
# How often progress is reported, and how long an answer may take: only in that can the service cancel.
REPORT_SECONDS = 9.0
# On the way out: whoever stops a container kills it ten seconds later. A result and the goodbye have so many tries,
# with a pause; after LEAVE_SECONDS each has one.
LAST_WAIT_SECONDS = 1.0
LAST_TRIES = 3
LAST_PAUSE_SECONDS = 0.2
LEAVE_SECONDS = 6.0
# A failure's report has 2 MiB. A longer one has its texts cut, of which no character takes more than twelve bytes.
MAX_FAILURE_BYTES = 2 * 1024 * 1024 - 1024
CUT_CHARACTERS = 50000


class Agent:
    """One life of the agent, from HELLO to GOODBYE."""

    def __init__(self, options: AgentOptions, service: Service, events: Events, log: Log) -> None:
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
        for name in ("adjust", "measure"):
            self._log("the %s driver is %s" % (name, "./" + name if is_there(name) else "our own"))
        self._wait(self._options.delay_seconds)
        self._send("HELLO", {"agent": self._options.agent}, is_idle=True)
        while not self._events.signals:
            answer = self._send("WHATS_NEXT", None, is_idle=True)
            if answer is not None:
                self._serve(answer)
        why = "restart: " if self._events.restarting else "exit: "
        names = [signal.Signals(number).name for number in self._events.signals]
        self._events.stop()
        self._send("GOODBYE", {"reason": why + ", ".join(names)})

    def _serve(self, answer: Dict[str, Any]) -> None:
        command = answer.get("cmd")
        if not isinstance(command, str) or command not in self._commands:
            self._log("unknown command: %s" % json.dumps(answer))
            self._wait(self._options.retry_seconds)
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

    def _send(self, event: str, param: Any, is_idle: bool = False) -> Optional[Dict[str, Any]]:
        """Send until the service takes it, and return its answer; None where it is given up.

        An idle question is given up at any signal, anything else a moment after the agent is told to stop.
        """
        tries_left = LAST_TRIES
        for pause in pauses(self._options.retry_seconds):
            if is_idle and self._events.signals:
                break
            exchange = self._service.post(event, param)
            self._wait(REQUEST_SECONDS, exchange, is_idle)
            reply = exchange.end()
            if reply.answer is not None:
                if param is not None:
                    self._log("%s delivered" % event)
                return reply.answer
            pause = reply.pause_seconds or pause
            if self._events.stopped_at < math.inf:
                tries_left -= 1
                pause = LAST_PAUSE_SECONDS
            if time.monotonic() > self._events.stopped_at + LEAVE_SECONDS or (is_idle and self._events.signals):
                tries_left = 0
            what = "trying again in %.1f s" % pause if tries_left else "given up"
            self._log("%s not delivered: %s; %s" % (event, reply.error, what))
            if not tries_left:
                break
            self._wait(pause, is_idle=is_idle)
        return None

    def _wait(self, seconds: float, exchange: Optional[Exchange] = None, is_idle: bool = True) -> None:
        """Wait so many seconds, or until the ``exchange`` is over; where it ``is_idle``, until any signal.

        Once the agent is told to stop, wait for a moment only.
        """
        until = time.monotonic() + seconds
        while not ((exchange and exchange.reply) or (is_idle and self._events.signals)) and time.monotonic() < until:
            if self._events.stopped_at < math.inf:
                until = min(until, time.monotonic() + LAST_WAIT_SECONDS)
            self._events.wait(until)

    # Doing what it says

    def _sleep_as_told(self, param: Any) -> Dict[str, Any]:
        try:
            seconds = float(param["duration"])
        except (TypeError, LookupError, ValueError, OverflowError):
            seconds = math.nan
        self._wait(seconds if 0 <= seconds < math.inf else DEFAULT_SLEEP_SECONDS)
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
        param = {} if param is None else param
        if not isinstance(param, dict):
            raise bad_request("the param of the service's MEASURE is not an object")
        answer = self._operate("measure", "MEASUREMENT", param, param, needed="metrics")
        return {key: answer[key] for key in ("metrics", "annotations") if key in answer}

    def _ask_operator(self, command: str) -> None:
        self._log("run %s? Enter runs it, any other answer declines it:" % command)
        while not self._events.wait(pipes=[0]):
            if self._events.signals:
                raise failed("cancelled", "the agent was told to stop")
        if os.read(0, 1000).strip(b" \t") != b"\n":
            raise failed("declined", "the operator declined it at the terminal")

    # Running drivers

    def _operate(
        self, name: str, event: str, param: Dict[str, Any], request: Dict[str, Any], needed: str = ""
    ) -> Dict[str, Any]:
        reports = self._reports = Reports(event, self._service, self._log)
        try:
            control = param.get("control")
            if isinstance(control, dict) and "environment" in control:
                self._check_environment(param)
            return self._run(name, [self._options.app_id], request, needed, self._cancels_by(name))
        finally:
            # A report after the result would say that the operation goes on. One that nobody answers must not hold the
            # result up.
            if reports.exchange:
                self._wait(REPORT_SECONDS, reports.exchange, is_idle=False)
            reports.end()
            self._reports = None

    def _check_environment(self, param: Dict[str, Any]) -> None:
        if not is_there("environment"):
            self._log("there is no ./environment to run: the request's control.environment is passed over")
            return
        try:
            if self._run("environment", [self._options.app_id], param).get("status") != "ok":
                raise failed("environment-mismatch", "the answer of ./environment has no status")
        except ServoError as error:
            status = error.status if self._why_stop() else "environment-mismatch"
            raise ServoError(status, error.reason, error.message) from None

    def _cancels_by(self, name: str) -> signal.Signals:
        try:
            if self._run(name, ["--info"]).get("has_cancel") is True:
                return signal.SIGUSR1
        except ServoError as error:
            self._log("%s --info: %s; it would be cancelled with SIGKILL" % (name, error.message))
        return signal.SIGKILL

    def _run(
        self,
        name: str,
        arguments: List[str],
        request: Optional[Dict[str, Any]] = None,
        needed: str = "",
        cancel_by: signal.Signals = signal.SIGKILL,
    ) -> Dict[str, Any]:
        """Return what a driver answers, which has the object ``needed``."""
        why = self._why_stop()
        if why is not None:
            raise why
        process = start(name, arguments, request)
        with contextlib.closing(Driver(name, process, self._options, self._events, self._log)) as driver:
            while driver.status is None:
                due = self._reports.turn(driver.progress) if self._reports is not None else math.inf
                why = self._why_stop()
                if why is not None:
                    driver.stop(why, signal.SIGKILL if self._events.hurried else cancel_by)
                driver.wait(due)
        answer = driver.answer()
        if needed and not isinstance(answer.get(needed), dict):
            raise failed("driver-failed", "the %s driver's answer has no %s" % (name, needed))
        return answer

    def _why_stop(self) -> Optional[ServoError]:
        if self._events.stopped_at < math.inf:
            return failed("cancelled", "the agent was told to stop")
        return self._reports.cancel if self._reports is not None else None


class Reports:
    """Reports the progress of one operation; what cannot be delivered, or nobody answers, is dropped."""

    def __init__(self, event: str, service: Service, log: Log) -> None:
        self.cancel: Optional[ServoError] = None  # that the service cancelled the operation
        self.exchange: Optional[Exchange] = None  # the report whose answer is awaited
        self._event = event
        self._service = service
        self._log = log
        self._began = time.monotonic()
        self._due = self._began + REPORT_SECONDS
        self._told: Optional[Dict[str, Any]] = None  # the line of the last report

    def turn(self, line: Optional[Dict[str, Any]]) -> float:
        """Report ``line``, the driver's newest, if that is due, the first at once; return when the next is due."""
        now = time.monotonic()
        is_due = now >= self._due or (line is not None and self._told is None)
        if is_due or (self.exchange and self.exchange.reply):
            self.end()
        if is_due:
            told = line or {"progress": 0}
            param = {"progress": told["progress"], "runtime": round(now - self._began, 1)}
            # An old message would not go with the new runtime.
            if line is not self._told and "message" in told:
                param["message"] = told["message"]
            self.exchange = self._service.post(self._event, param)
            self._told = line
            self._due = now + REPORT_SECONDS
        return self._due

    def end(self) -> None:
        """Take the answer to the report that is under way, if any; without an answer break it off."""
        if self.exchange is None:
            return
        reply = self.exchange.end()
        self.exchange = None
        if reply.answer is None:
            self._log("progress not delivered: %s" % reply.error)
        elif reply.answer.get("status") == "cancel":
            reason = reply.answer.get("reason") or "no reason given"
            self.cancel = failed("cancelled", "the service cancelled it: %s" % (reason,))
            self._log(self.cancel.message)


def _failure(error: ServoError) -> Dict[str, Any]:
    param = error.response()
    if len(json.dumps(param)) > MAX_FAILURE_BYTES:
        return {key: text[:CUT_CHARACTERS] for key, text in param.items()}
    return param

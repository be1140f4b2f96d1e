"""The agent: asks the service what to do next, has a driver do it, and delivers what came of it.

Source: section 9 of the contract.
"""

import json
import os
import random
import signal
import time
from typing import Any, Dict, Iterator, List, Optional

from servo_batch.agent import driver, report, service
from servo_batch.agent.events import Events
from servo_batch.agent.log import Log
from servo_batch.agent.options import Options
from servo_batch.protocol import ServoError, bad_request, failed

# The pause between two tries doubles up to this.
MAX_RETRY_SECONDS = 600.0
DEFAULT_SLEEP_SECONDS = 120.0
# --info is answered at once or never.
INFO_SECONDS = 30.0
# On the way out nothing is tried for long: whoever stops a container kills it soon after.
LAST_TRIES = 3
LAST_REQUEST_SECONDS = 3.0
LAST_PAUSE_SECONDS = 0.5


class _Leave(Exception):  # noqa: N818 it is a way out, not an error
    """The agent is idle and was asked to end or to start again."""


class Agent:
    """One life of the agent, from HELLO to GOODBYE."""

    def __init__(self, options: Options, at: "service.Service", events: Events, log: Log) -> None:
        self._options = options
        self._service = at
        self._events = events
        self._log = log
        self._limits = driver.Limits(options.io_timeout_seconds, options.verbose_stderr)
        self._has_cancel: Dict[str, bool] = {}
        self._saying_goodbye = False
        self._commands = {
            "DESCRIBE": ("DESCRIPTION", self._describe),
            "ADJUST": ("ADJUSTMENT", self._adjust),
            "MEASURE": ("MEASUREMENT", self._measure),
            "SLEEP": (None, self._sleep_as_told),
        }

    def run(self) -> None:
        """Serve until a signal ends it."""
        try:
            for name in ("adjust", "measure"):
                command = driver.find(name)
                self._log("the %s driver is %s" % (name, command[0] if len(command) == 1 else "our own"))
            self._sleep(self._options.delay_seconds)
            self._ask("HELLO", {"agent": self._options.agent})
            while True:
                answer = self._ask("WHATS_NEXT", None)
                self._obey(answer["cmd"], answer.get("param"))
        except _Leave:
            self._say_goodbye()

    # Talking to the service

    def _ask(self, event: str, param: Any) -> Dict[str, Any]:
        """Return the service's answer, however long it takes to get one."""
        body = report.encode(event, param)
        for delay in self._delays():
            self._sleep(0)
            outcome = self._exchange(body, idle=True)
            self._sleep(0)
            problem = outcome.error
            if outcome.answer is not None and event == "WHATS_NEXT":
                problem = self._not_understood(outcome.answer)
            if outcome.answer is not None and not problem:
                return outcome.answer
            self._log("%s: %s; asking again in %.1f s" % (event, problem, delay))
            self._sleep(delay)
        raise AssertionError("delays never end")

    def _not_understood(self, answer: Dict[str, Any]) -> str:
        command = answer.get("cmd")
        if isinstance(command, str) and command in self._commands:
            return ""
        return "unknown command %.200s in %.200s" % (json.dumps(command), json.dumps(answer))

    def _deliver(self, event: str, param: Dict[str, Any]) -> None:
        """Send a result until the service takes it; only SIGTERM and SIGINT end that sooner."""
        body = report.encode(event, param)
        for delay in self._delays():
            if self._events.stopping:
                break
            outcome = self._exchange(body)
            if outcome.answer is not None:
                self._log("%s delivered" % event)
                return
            self._log("%s not delivered: %s; trying again in %.1f s" % (event, outcome.error, delay))
            until = time.monotonic() + delay
            while time.monotonic() < until and not self._events.stopping:
                self._events.wait(until)
        self._try_last(event, body)

    def _say_goodbye(self) -> None:
        self._saying_goodbye = True
        names = [signal.Signals(number).name for number in self._events.signals]
        reason = ("restart: " if self._events.restarting else "exit: ") + ", ".join(names or ["the operator"])
        self._try_last("GOODBYE", report.encode("GOODBYE", {"reason": reason}))

    def _try_last(self, event: str, body: bytes) -> None:
        for _ in range(LAST_TRIES):
            outcome = self._exchange(body)
            if outcome.answer is not None:
                self._log("%s delivered" % event)
                return
            self._log("%s not delivered: %s" % (event, outcome.error))
            if self._events.hurried:
                break
            until = time.monotonic() + LAST_PAUSE_SECONDS
            while time.monotonic() < until:
                self._events.wait(until)
        self._log("%s given up" % event)

    def _exchange(self, body: bytes, idle: bool = False) -> "service.Outcome":
        """Return what came of one request; an ``idle`` one is broken off when the agent is asked to leave."""
        started = time.monotonic()
        exchange = self._post(body)
        while exchange.outcome is None and not (idle and self._events.leaving):
            last = self._saying_goodbye or self._events.stopping
            until = started + (LAST_REQUEST_SECONDS if last else service.REQUEST_SECONDS)
            if time.monotonic() >= until:
                break
            self._events.wait(until)
        outcome = exchange.end()
        if self._options.verbose:
            self._log("< %s" % (outcome.error if outcome.answer is None else json.dumps(outcome.answer)))
        return outcome

    def _post(self, body: bytes) -> "service.Exchange":
        if self._options.verbose:
            self._log("> %s" % body.decode("ascii"))
        return self._service.post(body, self._events.wake)

    def _delays(self) -> Iterator[float]:
        """Yield the pauses after the first, second, … try that failed; agents that failed together come back apart."""
        delay = self._options.retry_seconds
        while True:
            yield delay * random.uniform(0.75, 1.25)
            delay = min(delay * 2, max(self._options.retry_seconds, MAX_RETRY_SECONDS))

    def _sleep(self, seconds: float) -> None:
        """Be idle for so long; with 0, only see whether to leave."""
        until = time.monotonic() + seconds
        while not self._events.leaving:
            if time.monotonic() >= until:
                return
            self._events.wait(until)
        raise _Leave

    # Doing what it says

    def _obey(self, command: str, param: Any) -> None:
        event, operation = self._commands[command]
        self._log(command)
        try:
            if self._options.interactive:
                self._ask_operator(command)
            result = operation(param)
        except ServoError as error:
            self._log("%s failed: %s: %s" % (command, error.reason, error))
            result = report.failure(error)
        if event is not None:
            self._deliver(event, result)

    def _sleep_as_told(self, param: Any) -> Dict[str, Any]:
        duration = param.get("duration") if isinstance(param, dict) else None
        if not isinstance(duration, (int, float)) or isinstance(duration, bool) or duration < 0:
            duration = DEFAULT_SLEEP_SECONDS
        self._sleep(duration)
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
        self._operate("adjust", request, "ADJUSTMENT")
        return {"state": state}

    def _measure(self, param: Any) -> Dict[str, Any]:
        if param is not None and not isinstance(param, dict):
            raise bad_request("the param of the service's MEASURE is not an object")
        answer = self._operate("measure", param or {}, "MEASUREMENT")
        if not isinstance(answer.get("metrics"), dict):
            raise failed("driver-failed", "the measure driver's answer has no metrics")
        return {key: answer[key] for key in ("metrics", "annotations") if key in answer}

    def _ask_operator(self, command: str) -> None:
        self._log("run %s? Enter runs it, n declines it, q ends the agent:" % command)
        self._events.watch(0)
        try:
            while 0 not in self._events.wait():
                if self._events.leaving:
                    raise _Leave
            line = os.read(0, 1000)
        finally:
            self._events.unwatch(0)
        if not line or line.lower().startswith(b"q"):  # an end of file: nobody is there to ask again
            raise _Leave
        if line.lower().startswith(b"n"):
            raise failed("declined", "the operator declined it at the terminal")

    # Running drivers

    def _operate(self, name: str, request: Dict[str, Any], event: str) -> Dict[str, Any]:
        """Run a driver's operation with its progress reported; return its answer or raise ``ServoError``."""
        gently = self._cancels(name)
        progress = report.Progress(event, self._post, self._log)
        try:
            return self._run(name, [self._options.app_id], request, progress, gently)
        finally:
            # A report that comes after the result would make the service believe that the operation goes on.
            while progress.under_way and not self._events.stopping:
                self._events.wait(progress.due)
                progress.collect()
            progress.drop()

    def _cancels(self, name: str) -> bool:
        """Return whether the driver says ``has_cancel``; it is asked once."""
        if name not in self._has_cancel:
            try:
                info = self._run(name, ["--info"], silence_seconds=INFO_SECONDS)
            except ServoError as error:
                self._log("%s --info: %s; it will be cancelled with SIGKILL" % (name, error))
                info = {}
            self._has_cancel[name] = info.get("has_cancel") is True
        return self._has_cancel[name]

    def _run(
        self,
        name: str,
        arguments: List[str],
        request: Optional[Dict[str, Any]] = None,
        progress: "Optional[report.Progress]" = None,
        gently: bool = False,
        silence_seconds: Optional[float] = None,
    ) -> Dict[str, Any]:
        """Run a driver to its end; return its answer or raise ``ServoError``."""
        limits = self._limits if silence_seconds is None else self._limits._replace(io_timeout_seconds=silence_seconds)
        if self._events.stopping:
            raise failed("cancelled", "the agent was told to stop")
        running = driver.Running(name, limits, self._events, self._log)
        running.start(driver.find(name) + arguments, request)
        while not running.ended:
            times = [running.deadline, progress.due if progress is not None else None]
            running.advance(self._events.wait(min((time for time in times if time is not None), default=None)))
            if progress is not None:
                self._report(running, progress, gently)
            if self._events.stopping:
                running.cancel(failed("cancelled", "the agent was told to stop"), gently)
            if self._events.hurried:
                running.hurry()
        return running.result()

    def _report(self, running: "driver.Running", progress: "report.Progress", gently: bool) -> None:
        if running.progress is not None:
            progress.update(running.progress)
            running.progress = None
        answer = progress.collect()
        if answer is not None and answer.get("status") == "cancel":
            self._log("the service cancels: %s" % answer.get("reason"))
            running.cancel(failed("cancelled", "the service cancelled it: %s" % answer.get("reason")), gently)
        if not running.ended:
            progress.send()

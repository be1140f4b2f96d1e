"""The agent: asks the service what to do next, has a driver do it, and delivers what came of it.

The README's section "The agent" says what it does. Nothing but a signal ends it: what the service and the drivers send
is checked where it is used, and a case that nobody thought of costs one command, not the agent.
"""

import json
import os
import random
import signal
import time
import traceback
from typing import Any, Callable, Dict, Iterator, List, Optional

from servo_batch.agent import connection, driver, report
from servo_batch.agent.connection import Exchange, Outcome
from servo_batch.agent.events import Events
from servo_batch.agent.log import Log
from servo_batch.agent.options import Options
from servo_batch.agent.service import Service
from servo_batch.answers import ServoError, bad_request, failed
from servo_batch.wording import is_number

# The pause between two tries doubles up to this.
MAX_RETRY_SECONDS = 600.0
DEFAULT_SLEEP_SECONDS = 120.0
# Nobody means a longer one; a number that is no float at all would be an error of Python.
MAX_SLEEP_SECONDS = 1e9
# --info is answered at once or never.
INFO_SECONDS = 30.0
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


class _Leave(Exception):  # noqa: N818 it is a way out, not an error
    """The agent is idle and was asked to end or to start again."""


class Agent:
    """One life of the agent, from HELLO to GOODBYE."""

    def __init__(self, options: Options, service: Service, events: Events, log: Log) -> None:
        self._options = options
        self._service = service
        self._events = events
        self._log = log
        self._limits = driver.Limits(options.io_timeout_seconds, options.verbose_stderr)
        self._has_cancel: Dict[str, bool] = {}
        self._commands = {
            "DESCRIBE": ("DESCRIPTION", self._describe),
            "ADJUST": ("ADJUSTMENT", self._adjust),
            "MEASURE": ("MEASUREMENT", self._measure),
            "SLEEP": (None, self._sleep_as_told),
        }

    def run(self) -> None:
        """Serve until a signal ends it."""
        try:
            self._guarded(self._introduce)
            while True:
                self._guarded(self._serve)
        except _Leave:
            self._say_goodbye()

    def _introduce(self) -> None:
        for name in ("adjust", "measure"):
            command = driver.find(name)
            self._log("the %s driver is %s" % (name, command[0] if len(command) == 1 else "our own"))
        self._sleep(self._options.delay_seconds)
        self._ask("HELLO", {"agent": self._options.agent})

    def _serve(self) -> None:
        answer = self._ask("WHATS_NEXT", None)
        self._obey(answer["cmd"], answer.get("param"))

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step; a bug in it is logged, and the agent goes on after a pause."""
        try:
            step()
        except _Leave:
            raise
        except Exception:
            self._log("a bug of servo-batch: %s" % traceback.format_exc())
            self._sleep(self._options.retry_seconds)

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
        # Half of what is left is for the goodbye.
        self._try_last(event, body, max(self._seconds_to_leave() / 2, LEAST_RESULT_SECONDS))

    def _say_goodbye(self) -> None:
        names = [signal.Signals(number).name for number in self._events.signals]
        reason = ("restart: " if self._events.restarting else "exit: ") + ", ".join(names or ["the operator"])
        body = report.encode("GOODBYE", {"reason": reason})
        self._try_last("GOODBYE", body, max(self._seconds_to_leave(), LEAST_GOODBYE_SECONDS))

    def _seconds_to_leave(self) -> float:
        """Return what is left of the time to leave in; it begins when a signal says that there is no other."""
        now = time.monotonic()
        began = self._events.stopped_at
        return (now if began is None else began) + LEAVE_SECONDS - now

    def _try_last(self, event: str, body: bytes, seconds: float) -> None:
        """Send what is left to be said, within so many seconds."""
        until = time.monotonic() + seconds
        for _ in range(LAST_TRIES):
            outcome = self._exchange(body, until=min(until, time.monotonic() + LAST_REQUEST_SECONDS))
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

    def _exchange(self, body: bytes, idle: bool = False, until: Optional[float] = None) -> Outcome:
        """Return what came of one request; an ``idle`` one is broken off when the agent is asked to leave.

        It has until ``until``, else ``REQUEST_SECONDS``, and once the agent is told to stop less.
        """
        limit = time.monotonic() + connection.REQUEST_SECONDS if until is None else until
        exchange = self._post(body)
        while exchange.outcome is None and not (idle and self._events.leaving):
            stopped_at = self._events.stopped_at
            if until is None and stopped_at is not None:
                limit = min(limit, stopped_at + LAST_REQUEST_SECONDS)
            if time.monotonic() >= limit:
                break
            self._events.wait(limit)
        outcome = exchange.end()
        if self._options.verbose:
            self._log("< %s" % (outcome.error if outcome.answer is None else json.dumps(outcome.answer)))
        return outcome

    def _post(self, body: bytes) -> Exchange:
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
            self._events.wait(until)  # also with 0: a signal is seen here alone
            if time.monotonic() >= until and not self._events.leaving:
                return
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
            self._log("%s failed: %s: %s" % (command, error.reason, error.message))
            result = report.failure(error)
        except _Leave:
            raise
        except Exception as bug:
            self._log("a bug of servo-batch: %s" % traceback.format_exc())
            result = report.failure(failed("internal", "a bug of servo-batch; the agent's log has more: %r" % bug))
        if event is not None:
            self._deliver(event, result)

    def _sleep_as_told(self, param: Any) -> Dict[str, Any]:
        duration: Any = param.get("duration") if isinstance(param, dict) else None
        if not is_number(duration) or duration < 0:
            duration = DEFAULT_SLEEP_SECONDS
        self._sleep(float(min(duration, MAX_SLEEP_SECONDS)))
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
        except OSError:  # the terminal has gone
            line = b""
        finally:
            self._events.unwatch(0)
        if not line or line.lower().startswith(b"q"):  # an end of file: nobody is there to ask again
            raise _Leave
        if line.lower().startswith(b"n"):
            raise failed("declined", "the operator declined it at the terminal")

    # Running drivers

    def _operate(self, name: str, request: Dict[str, Any], event: str) -> Dict[str, Any]:
        """Run a driver's operation with its progress reported; return its answer or raise ``ServoError``."""
        progress = report.Progress(event, self._post, self._log)
        try:
            gently = self._cancels(name, progress)
            return self._run(name, [self._options.app_id], request, progress, gently)
        finally:
            # A report that comes after the result would make the service believe that the operation goes on. But one
            # that nobody answers must not hold the result up.
            until = time.monotonic() + OVERTAKEN_SECONDS
            while progress.under_way and not self._events.stopping and time.monotonic() < until:
                self._events.wait(min(until, progress.due))
                progress.collect()
            progress.drop()

    def _cancels(self, name: str, progress: report.Progress) -> bool:
        """Return whether the driver says ``has_cancel``; it is asked once."""
        if name not in self._has_cancel:
            try:
                info = self._run(name, ["--info"], progress=progress, silence_seconds=INFO_SECONDS)
            except ServoError as error:
                if progress.cancel is not None or self._events.stopping:
                    raise  # it was not the driver that failed
                self._log("%s --info: %s; it will be cancelled with SIGKILL" % (name, error.message))
                info = {}
            self._has_cancel[name] = info.get("has_cancel") is True
        return self._has_cancel[name]

    def _run(
        self,
        name: str,
        arguments: List[str],
        request: Optional[Dict[str, Any]] = None,
        progress: Optional[report.Progress] = None,
        gently: bool = False,
        silence_seconds: Optional[float] = None,
    ) -> Dict[str, Any]:
        """Run a driver to its end; return its answer or raise ``ServoError``."""
        limits = self._limits if silence_seconds is None else self._limits._replace(io_timeout_seconds=silence_seconds)
        why = self._cancelled(progress)
        if why is not None:
            raise why
        running = driver.Running(name, limits, self._events, self._log)
        running.start(driver.find(name) + arguments, request)
        try:
            while not running.ended:
                times = [running.deadline, progress.due if progress is not None else None]
                running.advance(self._events.wait(min((time for time in times if time is not None), default=None)))
                if progress is not None:
                    self._report(running, progress)
                why = self._cancelled(progress)
                if why is not None:
                    running.cancel(why, gently)
                if self._events.hurried:
                    running.hurry()
        finally:
            running.abandon()
        return running.result()

    def _cancelled(self, progress: Optional[report.Progress]) -> Optional[ServoError]:
        """Return why what is under way has to stop, or None where it has not."""
        if self._events.stopping:
            return failed("cancelled", "the agent was told to stop")
        if progress is not None and progress.cancel is not None:
            return failed("cancelled", progress.cancel)
        return None

    def _report(self, running: driver.Running, progress: report.Progress) -> None:
        if running.progress is not None:
            progress.update(running.progress)
            running.progress = None
        progress.collect()
        if not running.ended:
            progress.send()

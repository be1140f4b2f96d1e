"""A service that misbehaves: nothing of it is fatal, no result is lost or changed, and the token stays at home."""

import contextlib
import functools
import json
import select
import socket
import time

import pytest
from agent_fixtures import *  # noqa: F403
from agent_fixtures import ANSWER, MEASURE_COMMAND, METRICS, STARTED, TOKEN, never


def content(body, code=200, **headers):
    """Return a fault that answers so."""
    return lambda handler: handler.answer(body, code, **headers)


def reset(handler):
    # With linger 0 closing sends a reset.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


def raw(first, piece=b"", pause=0.0):
    """Return a fault that sends ``first`` as it is, then ``piece`` with pauses for as long as the agent takes it."""

    def run(handler):
        handler.close_connection = True
        handler.wfile.write(first)
        with contextlib.suppress(OSError):
            while piece:
                handler.wfile.write(piece)
                select.select([handler.connection], [], [], pause)  # returns at once when the agent has hung up

    return run


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# Every fault, and what the log says of it.
FAULTS = {
    "401": (content(b'{"status": "error"}', 401), 'status 401 Unauthorized: {"status": "error"}'),
    "503": (content(b"", 503, **{"Retry-After": "soon"}), "status 503 Service Unavailable"),
    "204": (content(b"", 204), "not JSON"),
    "redirect": (content(b"{}", 307, Location="http://127.0.0.1:9/"), "status 307 Temporary Redirect"),
    "html": (content(b"<html><body>Please log in to the guest network</body></html>"), "Please log in"),
    "null": (content(b"null"), "not a JSON object"),
    "reset": (reset, "127.0.0.1:"),
    "end in the middle": (raw(OK + b'Content-Length: 100\r\n\r\n{"status": "ok"'), "ended 85 bytes before its end"),
    "end after JSON": (raw(OK + b"Content-Length: 3\r\n\r\n{}"), "ended 1 bytes before its end"),
    "no HTTP": (raw(b"220 mail.example ESMTP\r\n"), "BadStatusLine"),
    "endless length": (raw(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nno"), "before its end"),
    "half a chunk": (raw(CHUNKED + b'ff\r\n{"status": '), "trying again"),
    "too many headers": (raw(OK + b"X: y\r\n" * 1000 + b"\r\n{}"), "got more than"),
    "endless": (raw(OK + b"\r\n", b" " * 65536), "longer than 4194304 bytes"),
}
SLOW_FAULTS = [
    *(never, raw(OK + b"\r\n", b"x", 0.05), raw(OK + b"X-Slow: ", b"x", 0.05), raw(CHUNKED, b"x", 0.05)),
    *(raw(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999), raw(CHUNKED + b"0\r\n", b"X: y\r\n" * 999)),
]


@pytest.fixture
def deliver(measure):
    """A function that has a result delivered through faults in turn; it returns the log's line of each."""

    def deliver(faults, **changes):
        changes = ["retry.MAX_RETRY_SECONDS=0.01", *("life.%s=%s" % change for change in changes.items())]
        service, agent = measure(answers=faults, changes=changes)
        service.wait_for("WHATS_NEXT", 2)
        agent.stop()
        assert service.results() == [METRICS] * (len(faults) + 1)
        return [line for line in agent.output.split("\n") if "MEASUREMENT not delivered: " in line]

    return deliver


def test_a_result_outlives_any_fault_and_stays_as_it_was_and_the_log_says_why(deliver):
    lines = deliver([fault for fault, _ in FAULTS.values()])
    assert len(lines) == len(FAULTS)
    for (name, (_, why)), line in zip(FAULTS.items(), lines):
        assert why in line, name


def test_a_result_outlives_a_service_that_takes_for_ever(deliver):
    assert len(deliver(SLOW_FAULTS, REQUEST_SECONDS=0.2)) == len(SLOW_FAULTS)


DEEP = functools.reduce(lambda inner, _: [inner], range(90), 1)
ODD = [None, -1, 1.7e308, "x" * 100000, "\u2028\0\U0001f600", [], {}, {"": {}}, DEEP]
UNKNOWN = [{}, {"cmd": "DANCE"}, {"cmd": 7}, {"cmd": ["MEASURE"]}, {"cmd": {"MEASURE": 1}}, {"cmd": "measure"}]


def test_an_unknown_command_is_passed_over_and_a_known_one_with_any_param_costs_one_report_at_most(serve, servo):
    # Of a sleep an odd duration is the default one, so that none takes long.
    durations = [odd for odd in [*ODD, "soon", "nan", "inf", "-1"] if odd != 1.7e308]
    sleeps = [{"cmd": "SLEEP", "param": {"duration": duration}} for duration in durations]
    params = [*ODD, {"state": None}, {"state": {"application": DEEP}}, {"state": {"application": {}}, "control": DEEP}]
    commands = [{"cmd": name, "param": param} for param in params for name in ("DESCRIBE", "ADJUST", "MEASURE")]
    service = serve([*UNKNOWN, *sleeps, *commands])
    agent = servo(service, changes=["life.DEFAULT_SLEEP_SECONDS=0.001"], env={"SERVO_RETRY_DELAY_SEC": "0.001"})
    service.wait_for("WHATS_NEXT", len([*UNKNOWN, *sleeps, *commands]) + 1)
    for event in ("DESCRIPTION", "ADJUSTMENT", "MEASUREMENT"):
        assert len(service.results(event)) == len(params)
    agent.stop()
    assert agent.output.count("unknown command") == len(UNKNOWN)
    assert "a bug of servo-batch" not in agent.output


def test_a_bug_costs_one_command_and_is_reported(serve, servo):
    service = serve([MEASURE_COMMAND, {"cmd": "DESCRIBE"}])
    # A number where a function is to be: the case that nobody thought of.
    agent = servo(service, changes=["driver.is_there=0"])
    for event in ("MEASUREMENT", "DESCRIPTION"):
        assert service.wait_for(event).param["reason"] == "internal"
    assert "Traceback" in agent.output


def test_a_service_that_is_away_at_the_start_is_waited_for(serve, servo):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    agent = servo("http://127.0.0.1:%d/" % port)
    agent.wait_for_log("HELLO not delivered: http://127.0.0.1:%d/: ConnectionRefusedError" % port, 3)
    serve(port=port).wait_for("WHATS_NEXT")


def test_an_outage_while_the_job_runs_loses_progress_and_no_result(measure, serve, folder):
    service, agent = measure(STARTED + "cat go; " + ANSWER, answers=[reset])
    agent.wait_for_log("progress not delivered")
    service.close()
    (folder / "go").write_text("")
    agent.wait_for_log("ConnectionRefusedError", 3)
    again = serve(port=service.server_address[1])
    assert again.wait_for("MEASUREMENT").param == METRICS
    again.wait_for("WHATS_NEXT")
    assert [one.param["progress"] for one in service.of("MEASUREMENT")] == [1]


def test_a_report_without_answer_holds_neither_the_driver_nor_the_result_and_a_chatterer_floods_nobody(measure):
    script = "yes '{\"progress\": 11}' | head -n 20000; " + ANSWER
    service, _ = measure(STARTED + script, answers=[never], changes=["life.REPORT_SECONDS=0.3"])
    service.wait_for("WHATS_NEXT", 2)
    assert service.results() == [METRICS]
    assert len(service.of("MEASUREMENT")) < 100


REASONS = {"too slow": ": too slow", None: ": no reason given", "x" * 100000: ": xxx", ("a", 1): ": ['a', 1]"}


def test_the_services_reason_for_a_cancel_reaches_the_report(measure):
    answers = [answer for reason in REASONS for answer in ({"status": "cancel", "reason": reason}, {})]
    service, _ = measure(STARTED + "exec sleep 1000", answers=answers, times=len(REASONS))
    service.wait_for("WHATS_NEXT", len(REASONS) + 1)
    for report, said in zip(service.results(), REASONS.values()):
        assert report["message"].startswith("the service cancelled it" + said)


def test_progress_is_told_at_once_and_the_result_does_not_overtake_a_report_that_is_being_answered(folder, measure):
    overtaken = []

    def slow(handler):
        time.sleep(0.3)  # a moment in which nothing may happen
        overtaken.append(len(handler.server.of("MEASUREMENT")) > 1)
        handler.answer(b"{}")

    service, _ = measure(STARTED + "cat go; " + ANSWER, answers=[slow], changes=["life.REPORT_SECONDS=1000.0"])
    service.wait_for("MEASUREMENT")
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 2)
    assert overtaken == [False]


def test_a_service_that_says_how_long_to_wait_is_obeyed(serve, servo):
    faults = [content(b"", 503), content(b"", 503, **{"Retry-After": "300"})]
    agent = servo(serve(answers={"HELLO": faults}))
    agent.wait_for_log("again in 0.0 s")
    agent.wait_for_log("again in 3")


def test_what_a_service_echoes_of_the_token_is_not_shown_not_even_in_part(serve, servo):
    # The cut of what is shown falls into the token.
    body = b"x" * 3950 + TOKEN.encode()
    # A service may quote the headers that it got, as JSON inside JSON.
    headers = json.dumps({"headers": json.dumps({"authorization": "Bearer " + TOKEN})}).encode()
    faults = [content(body), content(body, 401), content(headers, 401), content(headers)]
    service = serve(answers={"HELLO": faults})
    agent = servo(service, "--verbose")
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert agent.output.count("[token]") >= len(faults)
    for part in TOKEN.replace("\\", '"').split('"'):
        assert part[:6] not in agent.output

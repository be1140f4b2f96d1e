"""A service that misbehaves: nothing of it is fatal, no result is lost or changed, and the token stays at home."""

import contextlib
import email.utils
import functools
import json
import os
import re
import socket
import time

import pytest
from agent_fixtures import *  # noqa: F403
from fakes import ANSWER, MEASURE_COMMAND, METRICS, TOKEN, agents, furnish, services, write, write_measure_in_turn

STEP = {"SERVO_RETRY_DELAY_SEC": "0.001"}


def content(body, code=200, **headers):
    """Return a fault that answers so."""
    return lambda handler: handler.answer(body, code, **headers)


def reset(handler):
    # With linger 0 closing sends a reset.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


def never(handler):
    handler.rfile.read(1)  # returns when the agent hangs up


def trickle(first):
    """Return a fault that sends ``first``, then a byte now and then, until the agent hangs up."""

    def run(handler):
        handler.connection.settimeout(0.05)
        with contextlib.suppress(OSError):
            handler.wfile.write(first)
            while True:
                handler.wfile.write(b"x")
                with contextlib.suppress(socket.timeout):
                    if handler.connection.recv(1) == b"":
                        break

    return run


def raw(*parts):
    """Return a fault that sends ``parts`` as they are and closes the connection."""

    def run(handler):
        for part in parts:
            handler.wfile.write(part)
        handler.close_connection = True

    return run


def for_ever(first, piece):
    """Return a fault that sends ``first``, then ``piece`` until the agent hangs up."""

    def run(handler):
        with contextlib.suppress(OSError):
            handler.wfile.write(first)
            while True:
                handler.wfile.write(piece * (1 + 65536 // len(piece)))

    return run


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# Every fault, and what the log says of it.
FAULTS = {
    "401": (content(b'{"status": "error"}', 401), 'status 401 Unauthorized: {"status": "error"}'),
    "503": (content(b"", 503, **{"Retry-After": "soon"}), "status 503 Service Unavailable: it is empty"),
    "204": (content(b"", 204), "not JSON"),
    "html": (content(b"<html><body>Please log in to the guest network</body></html>"), "Please log in"),
    "null": (content(b"null"), "not a JSON object"),
    "not UTF-8": (content(b'{"cmd": "\xff"}'), "not JSON"),
    "half a surrogate pair": (content(b'{"cmd": "\\ud800"}'), "not JSON"),
    "NaN": (content(b'{"cmd": NaN}'), "not JSON"),
    "deep": (content(b"[" * 100000), "not JSON"),
    "many digits": (content(b'{"cmd": %s}' % (b"9" * 1000000)), "the answer is not JSON"),
    "packed": (content(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), "packed"),
    "reset": (reset, "127.0.0.1:"),
    "end in the middle": (raw(OK + b'Content-Length: 100\r\n\r\n{"status": "ok"'), "ended 85 bytes before its end"),
    "end after JSON": (raw(OK + b"Content-Length: 3\r\n\r\n{}"), "ended 1 bytes before its end"),
    "no HTTP": (raw(b"220 mail.example ESMTP\r\n"), "BadStatusLine"),
    "interim response": (raw(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK + b"\r\n{}"), "status 103"),
    "length of no number": (raw(OK + b"Content-Length: many\r\n\r\nno"), "not JSON"),
    "endless length": (raw(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nno"), "before its end"),
    "chunk of no size": (raw(CHUNKED + b"many\r\n{}"), "trying again"),
    "half a chunk": (raw(CHUNKED + b'ff\r\n{"status": '), "trying again"),
    "headers of no form": (raw(OK + b"\0\xff: \xff\r\n:\r\n no\r\n\r\nno"), "trying again"),
    "too many headers": (raw(OK + b"X: y\r\n" * 1000 + b"\r\n{}"), "got more than"),
    "endless": (for_ever(OK + b"\r\n", b" "), "longer than 4194304 bytes"),
}
SLOW_FAULTS = [
    never,
    trickle(OK + b"\r\n"),
    trickle(OK + b"X-Slow: "),
    trickle(b"HT"),
    trickle(CHUNKED),
    for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    for_ever(CHUNKED + b"0\r\n", b"X: y\r\n"),
    for_ever(CHUNKED + b"-1\r\n", b"x"),
]


def numbered(number):
    return {"metrics": {"number": {"value": number}}}


def deliver(folder, pyz, faults, repeat, **options):
    """Have an agent deliver a result through each of ``faults``, ``repeat`` times; return its requests and its log."""
    bodies = ["echo '%s'" % json.dumps({"status": "ok", **numbered(number)}) for number in range(len(faults))]
    write_measure_in_turn(folder, bodies)
    answers = [answer for fault in faults for answer in [fault] * repeat + [{"status": "ok"}]]
    with services() as serve, agents(folder, pyz) as servo:
        service = serve([MEASURE_COMMAND] * len(faults), {"MEASUREMENT": answers})
        agent = servo(service, **options)
        service.wait_for("WHATS_NEXT", len(faults) + 1)
        agent.stop()
    return service.of("MEASUREMENT"), agent.output


@pytest.fixture(scope="module")
def delivered(tmp_path_factory, pyz):
    """What an agent sent and logged of the result that met each fault twice: {name: (requests, log)}."""
    folder = furnish(tmp_path_factory.mktemp("delivered"))
    requests, log = deliver(folder, pyz, [fault for fault, _ in FAULTS.values()], 2)
    logs = log.split("MEASUREMENT delivered")
    sent = [[one for one in requests if one.param == numbered(number)] for number in range(len(FAULTS))]
    return dict(zip(FAULTS, zip(sent, logs)))


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_result_outlives_any_fault_and_stays_as_it_was_and_the_log_says_why(delivered, fault):
    requests, log = delivered[fault]
    assert len(requests) == 3
    assert len({one.body for one in requests}) == 1
    said = [line for line in log.split("\n") if "MEASUREMENT not delivered: " in line]
    assert len(said) == 2
    assert all(FAULTS[fault][1] in line for line in said)


def test_a_result_outlives_a_service_that_takes_for_ever(folder, pyz):
    requests, _ = deliver(folder, pyz, SLOW_FAULTS, 1, changes=["life.REQUEST_SECONDS=0.5"])
    for number in range(len(SLOW_FAULTS)):
        assert len([one for one in requests if one.param == numbered(number)]) >= 2, number


UNKNOWN = [
    *({}, {"cmd": "DANCE"}, {"cmd": None}, {"cmd": 10**309}, {"cmd": True}),
    *({"cmd": ["MEASURE"]}, {"cmd": {"MEASURE": 1}}, {"cmd": "measure", "param": 1}, {"CMD": "MEASURE"}),
]


def test_an_unknown_command_is_logged_and_passed_over(serve, servo):
    service = serve([*UNKNOWN, MEASURE_COMMAND])
    agent = servo(service, env=STEP)
    assert service.wait_for("MEASUREMENT").param == METRICS
    agent.stop()
    assert agent.output.count("unknown command") == len(UNKNOWN)


DEEP = functools.reduce(lambda inner, _: [inner], range(90), 1)
ODD = [None, True, -1, 10**309, 1.7e308, "", "x" * 100000, "\u2028\0\U0001f600", [], [[]], {}, {"": {}}, DEEP]


def test_a_known_command_with_any_param_costs_one_report_at_most(serve, servo):
    # Of a sleep an odd duration is the default one, so that none takes long.
    durations = [
        {"cmd": "SLEEP", "param": {"duration": odd}} for odd in [*ODD, "soon", "nan", "inf", "-1"] if odd != 1.7e308
    ]
    params = [*ODD, {"state": None}, {"state": {"application": DEEP}}, {"state": {"application": {}}, "control": DEEP}]
    commands = [{"cmd": name, "param": param} for param in params for name in ("DESCRIBE", "ADJUST", "MEASURE")]
    service = serve(durations + commands)
    agent = servo(service, changes=["life.DEFAULT_SLEEP_SECONDS=0.001"])
    service.wait_for("WHATS_NEXT", len(durations + commands) + 1)
    for event in ("DESCRIPTION", "ADJUSTMENT", "MEASUREMENT"):
        assert len(service.results(event)) == len(params)
    agent.stop()
    assert "a bug of servo-batch" not in agent.output


def test_a_bug_costs_one_command_and_is_reported(serve, servo):
    service = serve([MEASURE_COMMAND, {"cmd": "DESCRIBE"}])
    # A number where a function is to be: the case that nobody thought of.
    agent = servo(service, changes=["driver.is_there=0"], env=STEP)
    assert service.wait_for("MEASUREMENT").param["reason"] == "internal"
    assert service.wait_for("DESCRIPTION").param["reason"] == "internal"
    agent.stop()
    assert "Traceback" in agent.output


def test_a_service_that_is_away_at_the_start_is_waited_for(serve, servo):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    agent = servo("http://127.0.0.1:%d/" % port)
    agent.wait_for_log("HELLO not delivered: cannot connect to 127.0.0.1:%d: Connection refused" % port, 3)
    serve(port=port).wait_for("WHATS_NEXT")


def test_an_outage_while_the_job_runs_loses_progress_and_no_result(measure, serve, folder):
    os.mkfifo(str(folder / "go"))
    service, agent = measure("echo '{\"progress\": 10}'; cat go; " + ANSWER, answers=[reset])
    port = service.server_address[1]
    agent.wait_for_log("progress not delivered")
    service.close()
    (folder / "go").write_text("")
    agent.wait_for_log("MEASUREMENT not delivered: cannot connect to 127.0.0.1:%d" % port, 3)
    again = serve(port=port)
    assert again.wait_for("MEASUREMENT").param == METRICS
    again.wait_for("WHATS_NEXT")
    assert [one.param["progress"] for one in service.of("MEASUREMENT")] == [10]


def test_a_progress_report_without_answer_holds_neither_the_driver_nor_the_result(measure):
    script = "echo '{\"progress\": 10}'; yes '{\"progress\": 11}' | head -n 20000; " + ANSWER
    service, _ = measure(script, answers=[never], changes=["life.OVERTAKEN_SECONDS=0.1"])
    service.wait_for("WHATS_NEXT", 2)
    assert service.of("MEASUREMENT")[-1].param == METRICS


def test_a_hanging_question_about_the_driver_can_be_cancelled_too(folder, measure):
    write(folder / "measure", "#!/bin/sh\nexec sleep 1000\n")
    cancel = {"status": "cancel", "reason": "enough"}
    service, _ = measure(None, answers=[cancel], changes=["life.MAX_REPORT_SECONDS=0.1"])
    assert "enough" in service.wait_for("MEASUREMENT", 2).param["message"]


REASONS = {"too slow": ": too slow", None: " and gave no reason", "x" * 100000: ": xxx", ("a", 1): ': ["a", 1]'}


def test_the_services_reason_for_a_cancel_reaches_the_report(measure):
    answers = [answer for reason in REASONS for answer in ({"status": "cancel", "reason": reason}, {})]
    service, _ = measure("echo '{\"progress\": 1}'; exec sleep 1000", answers=answers, times=len(REASONS))
    service.wait_for("WHATS_NEXT", len(REASONS) + 1)
    for report, said in zip(service.results(), REASONS.values()):
        assert report["message"].startswith("the service cancelled it" + said)
        assert len(report["message"]) < 5000


def test_the_result_does_not_overtake_a_progress_report_that_is_being_answered(folder, measure):
    overtaken = []

    def slow(handler):
        service = handler.server
        with service.changed:
            overtaken.append(service.changed.wait_for(lambda: len(service.of("MEASUREMENT")) > 1, 0.3))
        handler.answer(b"{}")

    os.mkfifo(str(folder / "go"))
    script = "echo '{\"progress\": 10}'; cat go; " + ANSWER
    service, _ = measure(script, answers=[slow], changes=["life.OVERTAKEN_SECONDS=30.0"])
    service.wait_for("MEASUREMENT")
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 2)
    assert overtaken == [False]


def test_a_redirect_is_not_followed(serve, servo):
    codes = (301, 302, 303, 307, 308)
    other = serve()
    service = serve(answers={"HELLO": [content(b"{}", code, Location=other.url) for code in codes]})
    agent = servo(service, env=STEP)
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert other.requests == []
    assert agent.output.count("redirects are not followed") == len(codes)


def test_pauses_grow_to_a_limit(serve, servo):
    service = serve(answers={"HELLO": [content(b"", 503)] * 5})
    agent = servo(service, env={"SERVO_RETRY_DELAY_SEC": "0.2"}, changes=["life.MAX_RETRY_SECONDS=0.8"])
    service.wait_for("WHATS_NEXT")
    agent.stop()
    first, _, *others = [float(pause) for pause in re.findall(r"HELLO .* again in ([0-9.]+) s", agent.output)]
    assert first <= 0.2
    assert [0.5 < pause <= 0.8 for pause in others] == [True] * 3


AFTER = [(lambda: "30", 30), (lambda: "9" * 400, 600), (lambda: email.utils.formatdate(time.time() + 99), 99)]


@pytest.mark.parametrize(("after", "seconds"), AFTER)
def test_a_service_is_left_alone_for_as_long_as_it_asks(serve, servo, after, seconds):
    agent = servo(serve(answers={"HELLO": [content(b"", 503, **{"Retry-After": after()})]}))
    agent.wait_for_log("trying again in ")
    agent.stop()
    (pause,) = re.findall(r"trying again in ([0-9.]+) s", agent.output)
    assert seconds - 60 <= float(pause) <= seconds * 1.1


def test_what_a_service_echoes_of_the_token_is_not_shown_not_even_in_part(serve, servo):
    # The cut of what is shown falls into the token.
    body = b"x" * 185 + TOKEN.encode()
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

"""A service that misbehaves: nothing of it is fatal, no result is lost or changed, and the token stays at home."""

import email.utils
import functools
import json
import os
import re
import socket
import time

import pytest
from fakes import (
    ANSWER,
    LIMIT,
    MEASURE_COMMAND,
    METRICS,
    TOKEN,
    agents,
    furnish,
    services,
    write,
    write_measure,
    write_measure_in_turn,
)

pytest_plugins = ("agent_fixtures",)


def status(code):
    return lambda handler: handler.answer(b'{"status": "error"}', code)


def content(body, code=200, **headers):
    return lambda handler: handler.answer(body, code, **headers)


def reset_at_once(handler):
    # With linger 0 closing sends a reset.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


def reset_in_the_middle(handler):
    handler.wfile.write(b'HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{"status": ')
    handler.wfile.flush()
    reset_at_once(handler)


def end_in_the_middle(handler):
    handler.wfile.write(b'HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{"status": "ok"')


def no_http(handler):
    handler.wfile.write(b"220 mail.example ESMTP\r\n")


def never(handler):
    handler.rfile.read(1)  # returns when the agent hangs up


def huge(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" " * 1024 * 1024)
    except OSError:
        hang_up(handler)


def hang_up(handler):
    with handler.server.changed:
        handler.server.hung_up += 1
        handler.server.changed.notify_all()


def trickle(first):
    """Return a fault that sends ``first``, then a byte now and then, until the agent hangs up."""

    def run(handler):
        handler.connection.settimeout(0.05)
        handler.wfile.write(first)
        for _ in range(10000):
            handler.wfile.write(b"x")
            try:
                if handler.connection.recv(1) == b"":
                    break
            except socket.timeout:
                pass
        hang_up(handler)

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
        try:
            handler.wfile.write(first)
            while True:
                handler.wfile.write(piece * (1 + 65536 // len(piece)))
        except OSError:
            hang_up(handler)

    return run


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LONG = "longer than 4194304 bytes"

# Every fault, and what the log says of it.
FAULTS = {
    "401": (status(401), "status 401"),
    "403": (status(403), "status 403"),
    "404": (status(404), "status 404"),
    "500": (status(500), "status 500"),
    "503": (status(503), "status 503"),
    "retry after nothing": (content(b"", 503, **{"Retry-After": "soon"}), "status 503"),
    "204": (content(b"", 204), "not JSON"),
    "html": (content(b"<html><body>Please log in to the guest network</body></html>"), "Please log in"),
    "half JSON": (content(b'{"cmd": "MEA'), "not JSON"),
    "empty": (content(b""), "not JSON"),
    "null": (content(b"null"), "not a JSON object"),
    "list": (content(b'["cmd"]'), "not a JSON object"),
    "not UTF-8": (content(b'{"cmd": "\xff"}'), "not JSON"),
    "half a surrogate pair": (content(b'{"cmd": "\\ud800"}'), "not JSON"),
    "NaN": (content(b'{"cmd": NaN}'), "not JSON"),
    "deep": (content(b"[" * 100000), "not JSON"),
    "many digits": (content(b'{"cmd": %s}' % (b"9" * 1000000)), "the answer is not JSON"),
    "packed": (lambda handler: handler.answer(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), "packed"),
    "reset": (reset_at_once, "trying again"),
    "reset in the middle": (reset_in_the_middle, "trying again"),
    "end in the middle": (end_in_the_middle, "ended 85 bytes before its end"),
    "end after JSON": (raw(OK + b"Content-Length: 3\r\n\r\n{}"), "ended 1 bytes before its end"),
    "no HTTP": (no_http, "BadStatusLine"),
    "status of no number": (raw(b"HTTP/1.1 ok\r\n\r\n"), "BadStatusLine"),
    "other version": (raw(b"HTTP/9.9 200 OK\r\n\r\n{}"), "UnknownProtocol"),
    "interim response": (raw(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK + b"\r\n{}"), "status 103"),
    "length of no number": (raw(OK + b"Content-Length: many\r\n\r\nno"), "not JSON"),
    "negative length": (raw(OK + b"Content-Length: -5\r\n\r\nno"), "not JSON"),
    "endless length": (raw(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nno"), "before its end"),
    "length of many digits": (raw(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nno"), "trying again"),
    "chunk of no size": (raw(CHUNKED + b"many\r\n{}"), "trying again"),
    "half a chunk": (raw(CHUNKED + b'ff\r\n{"status": '), "trying again"),
    "headers of no form": (raw(OK + b"\0\xff: \xff\r\n:\r\n no\r\n\r\nno"), "trying again"),
    "too many headers": (raw(OK + b"X: y\r\n" * 1000 + b"\r\n{}"), "got more than"),
    "100 MB": (huge, TOO_LONG),
}
SLOW_FAULTS = {
    "never": never,
    "slow body": trickle(b"HTTP/1.0 200 OK\r\n\r\n"),
    "slow header": trickle(b"HTTP/1.0 200 OK\r\nX-Slow: "),
    "slow status": trickle(b"HT"),
    "slow chunk": trickle(CHUNKED),
    "endless interim responses": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless trailers": for_ever(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "chunk of a negative size": for_ever(CHUNKED + b"-1\r\n", b"x"),
}


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
    return {
        name: ([one for one in requests if one.param == numbered(number)], logs[number])
        for number, name in enumerate(FAULTS)
    }


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_result_outlives_any_fault_and_stays_as_it_was(delivered, fault):
    requests, _ = delivered[fault]
    assert len(requests) == 3
    assert len({one.body for one in requests}) == 1


@pytest.mark.parametrize("fault", list(FAULTS))
def test_the_log_says_why_a_result_was_not_delivered(delivered, fault):
    _, log = delivered[fault]
    said = [line for line in log.split("\n") if "MEASUREMENT not delivered: " in line]
    assert len(said) == 2
    assert all(FAULTS[fault][1] in line for line in said)


def test_a_result_outlives_a_service_that_takes_for_ever(folder, pyz):
    requests, log = deliver(folder, pyz, list(SLOW_FAULTS.values()), 1, changes=["loop.REQUEST_SECONDS=0.5"])
    for number, name in enumerate(SLOW_FAULTS):
        assert len([one for one in requests if one.param == numbered(number)]) >= 2, name
    assert log.count("MEASUREMENT not delivered: ") >= len(SLOW_FAULTS)


def test_a_slow_exchange_is_broken_off_not_left_behind(serve, servo):
    service = serve(answers={"HELLO": [trickle(b"HTTP/1.0 200 OK\r\nX-Slow: ")]})
    servo(service, changes=["loop.REQUEST_SECONDS=0.3"])
    service.wait_for("WHATS_NEXT")
    with service.changed:
        assert service.changed.wait_for(lambda: service.hung_up, LIMIT)


def test_an_endless_answer_is_not_read_to_its_end(edge_python, serve, servo):
    service = serve(answers={"HELLO": [huge]})
    servo(service, python=edge_python)
    service.wait_for("WHATS_NEXT")
    with service.changed:
        assert service.changed.wait_for(lambda: service.hung_up, LIMIT)


@pytest.mark.parametrize("event", ["HELLO", "WHATS_NEXT"])
def test_questions_are_asked_again(serve, servo, event):
    faults = [FAULTS[name][0] for name in ("503", "html", "null", "reset in the middle", "100 MB", "chunk of no size")]
    service = serve(answers={event: faults})
    servo(service, env={"SERVO_RETRY_DELAY_SEC": "0.001"})
    service.wait_for(event, len(faults) + 1)
    service.wait_for("WHATS_NEXT")


UNKNOWN = [
    *({}, {"cmd": "DANCE"}, {"cmd": None}, {"cmd": 10**309}, {"cmd": True}),
    *({"cmd": ["MEASURE"]}, {"cmd": {"MEASURE": 1}}, {"cmd": "measure", "param": 1}, {"CMD": "MEASURE"}),
]


def test_an_unknown_command_is_logged_and_passed_over(serve, servo):
    service = serve([*UNKNOWN, MEASURE_COMMAND])
    agent = servo(service, env={"SERVO_RETRY_DELAY_SEC": "0.001"})
    assert service.wait_for("MEASUREMENT").param == METRICS
    agent.stop()
    assert agent.output.count("unknown command") == len(UNKNOWN)


DEEP = functools.reduce(lambda inner, _: [inner], range(90), 1)
ODD = [None, True, -1, 10**309, 1.7e308, "", "x" * 100000, "\u2028\0\U0001f600", [], [[]], {}, {"": {}}, DEEP]


def test_a_known_command_with_any_param_costs_one_report_at_most(serve, servo, folder):
    # Of a sleep an odd duration is the default one, so that none takes long.
    durations = [{"cmd": "SLEEP", "param": {"duration": odd}} for odd in ODD if odd not in (10**309, 1.7e308)]
    params = [*ODD, {"state": None}, {"state": {"application": DEEP}}, {"state": {"application": {}}, "control": DEEP}]
    commands = durations + [{"cmd": name, "param": param} for param in params for name in ("DESCRIBE", "ADJUST")]
    commands += [{"cmd": "MEASURE", "param": param} for param in params]
    service = serve(commands)
    agent = servo(service, changes=["loop.DEFAULT_SLEEP_SECONDS=0.001"])
    service.wait_for("WHATS_NEXT", len(commands) + 1)
    for event in ("DESCRIPTION", "ADJUSTMENT", "MEASUREMENT"):
        assert len([one for one in service.of(event) if "progress" not in one.param]) == len(params)
    agent.stop()
    assert "a bug of servo-batch" not in agent.output


def test_a_bug_costs_one_command_and_is_reported(serve, servo):
    service = serve([MEASURE_COMMAND, {"cmd": "DESCRIBE"}])
    # A number where a function is to be: the case that nobody thought of.
    agent = servo(service, changes=["driver.is_there=0"], env={"SERVO_RETRY_DELAY_SEC": "0.001"})
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
    service = serve(port=port)
    service.wait_for("WHATS_NEXT")
    agent.stop()


def test_an_outage_while_the_job_runs_loses_progress_and_no_result(serve, servo, folder):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [reset_at_once]})
    port = service.server_address[1]
    os.mkfifo(str(folder / "go"))
    write_measure(folder, "echo '{\"progress\": 10}'; cat go; " + ANSWER)
    agent = servo(service)
    agent.wait_for_log("progress not delivered")
    service.close()
    (folder / "go").write_text("")
    agent.wait_for_log("MEASUREMENT not delivered: cannot connect to 127.0.0.1:%d" % port, 3)
    again = serve(port=port)
    assert again.wait_for("MEASUREMENT").param == METRICS
    again.wait_for("WHATS_NEXT")
    assert [one.param["progress"] for one in service.of("MEASUREMENT")] == [10]


def test_a_progress_report_without_answer_holds_neither_the_driver_nor_the_result(serve, servo, folder):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [never]})
    write_measure(folder, "echo '{\"progress\": 10}'; yes '{\"progress\": 11}' | head -n 20000; " + ANSWER)
    # Else the report would be given up after the limit of the test.
    servo(service, changes=["loop.REQUEST_SECONDS=1000.0", "loop.OVERTAKEN_SECONDS=0.1"])
    service.wait_for("WHATS_NEXT", 2)
    assert service.of("MEASUREMENT")[-1].param == METRICS


def test_a_report_without_answer_does_not_hide_the_cancel_in_the_next(serve, servo, folder):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [never, {"status": "cancel", "reason": "enough"}]})
    write_measure(folder, "echo '{\"progress\": 10}'; exec sleep 1000")
    servo(service, changes=["loop.MAX_REPORT_SECONDS=0.1", "loop.OVERTAKEN_SECONDS=0.1"])
    assert "enough" in service.wait_for("MEASUREMENT", 3).param["message"]


def test_a_hanging_question_about_the_driver_can_be_cancelled_too(serve, servo, folder):
    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [{"status": "cancel", "reason": "enough"}]})
    write(folder / "measure", "#!/bin/sh\nexec sleep 1000\n")
    servo(service, changes=["loop.MAX_REPORT_SECONDS=0.1"])
    assert "enough" in service.wait_for("MEASUREMENT", 2).param["message"]


REASONS = {
    "too slow": ": too slow",
    "": " and gave no reason",
    None: " and gave no reason",
    10**309: ": 1000",
    "x" * 100000: ": xxx",
    "\u2028\0": ": \u2028\0",
    ("a", 1): ': ["a", 1]',
    False: ": false",
}


def test_the_services_reason_for_a_cancel_reaches_the_report(serve, servo, folder):
    cancels = [{"status": "cancel", "reason": reason} for reason in REASONS]
    answers = [answer for cancel in cancels for answer in (cancel, {"status": "ok"})]
    service = serve([MEASURE_COMMAND] * len(REASONS), {"MEASUREMENT": answers})
    write_measure(folder, "echo '{\"progress\": 1}'; exec sleep 1000")
    servo(service)
    service.wait_for("WHATS_NEXT", len(REASONS) + 1)
    messages = [one.param["message"] for one in service.of("MEASUREMENT") if "progress" not in one.param]
    assert len(messages) == len(REASONS)
    for message, said in zip(messages, REASONS.values()):
        assert message.startswith("the service cancelled it" + said)
        assert len(message) < 5000


def test_the_result_does_not_overtake_a_progress_report_that_is_being_answered(serve, servo, folder):
    overtaken = []

    def slow(handler):
        service = handler.server
        with service.changed:
            overtaken.append(service.changed.wait_for(lambda: len(service.of("MEASUREMENT")) > 1, 0.3))
        handler.answer(b"{}")

    service = serve([MEASURE_COMMAND], {"MEASUREMENT": [slow]})
    os.mkfifo(str(folder / "go"))
    write_measure(folder, "echo '{\"progress\": 10}'; cat go; " + ANSWER)
    servo(service, changes=["loop.OVERTAKEN_SECONDS=30.0"])
    service.wait_for("MEASUREMENT")
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 2)
    assert overtaken == [False]


def test_a_redirect_is_not_followed(serve, servo):
    codes = (301, 302, 303, 307, 308)
    other = serve()
    moved = [lambda handler, code=code: handler.answer(b"{}", code, Location=other.url) for code in codes]
    service = serve(answers={"HELLO": moved})
    agent = servo(service, env={"SERVO_RETRY_DELAY_SEC": "0.001"})
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert other.requests == []
    assert agent.output.count("redirects are not followed") == len(codes)


def test_pauses_grow_to_a_limit(serve, servo):
    service = serve(answers={"HELLO": [status(503)] * 5})
    agent = servo(service, env={"SERVO_RETRY_DELAY_SEC": "0.2"}, changes=["loop.MAX_RETRY_SECONDS=0.8"])
    service.wait_for("WHATS_NEXT")
    agent.stop()
    pauses = [float(pause) for pause in re.findall(r"HELLO .*trying again in ([0-9.]+) s", agent.output)]
    assert pauses[0] <= 0.2
    assert all(0.5 < pause <= 0.8 for pause in pauses[2:])
    assert len(pauses) == 5


@pytest.mark.parametrize("after", [lambda: "2", lambda: email.utils.formatdate(time.time() + 3, usegmt=True)])
def test_a_service_is_left_alone_for_as_long_as_it_asks(serve, servo, after):
    service = serve(answers={"HELLO": [lambda handler: handler.answer(b"", 503, **{"Retry-After": after()})]})
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.stop()
    (pause,) = re.findall(r"trying again in ([0-9.]+) s", agent.output)
    assert 1 <= float(pause) <= 3.5


def test_no_service_makes_the_agent_wait_for_hours(serve, servo):
    service = serve(answers={"HELLO": [content(b"", 503, **{"Retry-After": "9" * 400})]})
    agent = servo(service)
    agent.wait_for_log("trying again in 600.0 s")
    agent.stop()


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

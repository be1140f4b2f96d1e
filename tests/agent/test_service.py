"""A service that misbehaves: nothing of it is fatal, no result is lost or changed, and the token stays at home."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import pytest
from fakes import ANSWER, LIMIT, METRICS, TOKEN, write_measure

from servo_batch.agent import loop
from servo_batch.agent.options import Options
from servo_batch.agent.service import Service

pytest_plugins = ("agent_fixtures",)

MEASURE = {"cmd": "MEASURE", "param": {}}


def status(code):
    return lambda handler: handler.answer(b'{"status": "error"}', code)


def content(body, code=200):
    return lambda handler: handler.answer(body, code)


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
        handler.server.hung_up = True
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


# Every fault, and what the log says of it.
FAULTS = {
    "401": (status(401), "status 401"),
    "403": (status(403), "status 403"),
    "404": (status(404), "status 404"),
    "500": (status(500), "status 500"),
    "503": (status(503), "status 503"),
    "204": (content(b"", 204), "not JSON"),
    "html": (content(b"<html><body>Please log in to the guest network</body></html>"), "Please log in"),
    "half JSON": (content(b'{"cmd": "MEA'), "not JSON"),
    "empty": (content(b""), "not JSON"),
    "null": (content(b"null"), "not a JSON object"),
    "list": (content(b'["cmd"]'), "not a JSON object"),
    "not UTF-8": (content(b'{"cmd": "\xff"}'), "not JSON"),
    "NaN": (content(b'{"cmd": NaN}'), "not JSON"),
    "deep": (content(b"[" * 100000), "not JSON"),
    "many digits": (content(b'{"cmd": %s}' % (b"9" * 1000000)), "the answer is not JSON"),
    "reset": (reset_at_once, "trying again"),
    "reset in the middle": (reset_in_the_middle, "trying again"),
    "end in the middle": (end_in_the_middle, "trying again"),
    "no HTTP": (no_http, "BadStatusLine"),
    "100 MB": (huge, "longer than 4194304 bytes"),
}
SLOW_FAULTS = {
    "never": never,
    "slow body": trickle(b"HTTP/1.0 200 OK\r\n\r\n"),
    "slow header": trickle(b"HTTP/1.0 200 OK\r\nX-Slow: "),
    "slow status": trickle(b"HT"),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_result_outlives_any_fault_and_stays_as_it_was(serve, servo, fault):
    misbehave, log = FAULTS[fault]
    service = serve([MEASURE], {"MEASUREMENT": [misbehave, misbehave]})
    agent = servo(service)
    service.wait_for("WHATS_NEXT", 2)
    assert [one.param for one in service.of("MEASUREMENT")] == [METRICS] * 3
    assert len({one.body for one in service.of("MEASUREMENT")}) == 1
    agent.stop()
    assert agent.output.count("MEASUREMENT not delivered") == 2
    assert log.replace("trying again", "MEASUREMENT not") in agent.output


@pytest.mark.parametrize("fault", list(SLOW_FAULTS))
def test_a_result_outlives_a_service_that_takes_for_ever(serve, servo, fault):
    service = serve([MEASURE], {"MEASUREMENT": [SLOW_FAULTS[fault]]})
    agent = servo(service, changes=["connection.REQUEST_SECONDS=1.0"])
    service.wait_for("WHATS_NEXT", 2)
    results = service.of("MEASUREMENT")
    assert [one.param for one in results] == [METRICS] * len(results)
    assert len(results) >= 2
    agent.wait_for_log("MEASUREMENT not delivered: ")


def test_a_slow_exchange_is_broken_off_not_left_behind(serve, servo):
    service = serve(answers={"HELLO": [trickle(b"HTTP/1.0 200 OK\r\nX-Slow: ")]})
    servo(service, changes=["connection.REQUEST_SECONDS=0.3"])
    service.wait_for("WHATS_NEXT")
    with service.changed:
        assert service.changed.wait_for(lambda: hasattr(service, "hung_up"), LIMIT)


def test_a_huge_answer_is_not_read_to_its_end(serve, servo):
    service = serve(answers={"HELLO": [huge]})
    servo(service)
    service.wait_for("WHATS_NEXT")
    with service.changed:
        assert service.changed.wait_for(lambda: hasattr(service, "hung_up"), LIMIT)


@pytest.mark.parametrize("event", ["HELLO", "WHATS_NEXT"])
@pytest.mark.parametrize("fault", ["503", "html", "null", "reset in the middle", "100 MB"])
def test_questions_are_asked_again(serve, servo, event, fault):
    misbehave = FAULTS[fault][0]
    service = serve(answers={event: [misbehave, misbehave]})
    servo(service)
    service.wait_for(event, 3)
    service.wait_for("WHATS_NEXT")


@pytest.mark.parametrize(
    "answer", [{}, {"cmd": "DANCE"}, {"cmd": None}, {"cmd": ["MEASURE"]}, {"cmd": {}}, {"cmd": "measure", "param": 1}]
)
def test_an_unknown_command_is_logged_and_passed_over(serve, servo, answer):
    service = serve([answer, MEASURE])
    agent = servo(service)
    assert service.wait_for("MEASUREMENT").param == METRICS
    assert "unknown command" in agent.output


def test_a_service_that_is_away_at_the_start_is_waited_for(serve, servo):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    agent = servo("http://127.0.0.1:%d/" % port)
    agent.wait_for_log("HELLO: ConnectionRefusedError", 3)
    service = serve(port=port)
    service.wait_for("WHATS_NEXT")
    agent.stop()


def test_an_outage_while_the_job_runs_loses_progress_and_no_result(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [reset_at_once]})
    port = service.server_address[1]
    os.mkfifo(str(folder / "go"))
    write_measure(folder, "echo '{\"progress\": 10}'; cat go; " + ANSWER)
    agent = servo(service)
    agent.wait_for_log("progress not delivered")
    service.close()
    (folder / "go").write_text("")
    agent.wait_for_log("MEASUREMENT not delivered: ConnectionRefusedError", 3)
    again = serve(port=port)
    assert again.wait_for("MEASUREMENT").param == METRICS
    again.wait_for("WHATS_NEXT")
    assert [one.param["progress"] for one in service.of("MEASUREMENT")] == [10]


def test_a_progress_report_without_answer_holds_neither_the_driver_nor_the_result(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [never]})
    write_measure(folder, "echo '{\"progress\": 10}'; yes '{\"progress\": 11}' | head -n 20000; " + ANSWER)
    servo(service, changes=["connection.REQUEST_SECONDS=1.0"])
    service.wait_for("WHATS_NEXT", 2)
    assert service.of("MEASUREMENT")[-1].param == METRICS


def test_the_result_does_not_overtake_a_progress_report(serve, servo, folder):
    overtaken = []

    def slow(handler):
        service = handler.server
        with service.changed:
            overtaken.append(service.changed.wait_for(lambda: len(service.of("MEASUREMENT")) > 1, 0.5))
        handler.answer(b"{}")

    service = serve([MEASURE], {"MEASUREMENT": [slow]})
    os.mkfifo(str(folder / "go"))
    write_measure(folder, "echo '{\"progress\": 10}'; cat go; " + ANSWER)
    servo(service)
    service.wait_for("MEASUREMENT")
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 2)
    assert overtaken == [False]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve, servo, code):
    other = serve()
    service = serve(answers={"HELLO": [lambda handler: handler.answer(b"{}", code, Location=other.url)]})
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert other.requests == []
    assert "redirects are not followed" in agent.output


OPTIONS = Options("app", "me", "http://127.0.0.1/", None, 0, 20, None, "all", None, False, False)


def test_nothing_is_asked_once_a_signal_told_to_leave():
    class Told:
        leaving = True

    with pytest.raises(loop._Leave):
        # Without a service: a question would be an error.
        loop.Agent(OPTIONS, None, Told(), None)._ask("WHATS_NEXT", None)


def test_pauses_grow_with_jitter_up_to_a_limit():
    delays = loop.Agent(OPTIONS, None, None, None)._delays()
    middles = [20, 40, 80, 160, 320, 600, 600, 600]
    got = [next(delays) for _ in middles]
    assert all(0.75 * middle <= delay <= 1.25 * middle for delay, middle in zip(got, middles))
    assert len(set(got)) == len(got)


def test_the_token_does_not_go_through_an_http_proxy(serve, servo):
    service, proxy = serve(), serve()
    servo(service, env={"http_proxy": proxy.url, "HTTP_PROXY": proxy.url})
    service.wait_for("WHATS_NEXT")
    assert proxy.requests == []


def test_https_goes_through_the_proxy_as_a_tunnel(servo):
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen(5)
        proxy.settimeout(20)
        address = "http://127.0.0.1:%d" % proxy.getsockname()[1]
        servo("https://service.invalid/servo", env={"HTTPS_PROXY": address, "https_proxy": address})
        connection = proxy.accept()[0]
        connection.settimeout(20)
        with connection, connection.makefile("rb") as lines:
            head = b"".join(iter(lines.readline, b"\r\n"))
    assert head.startswith(b"CONNECT service.invalid:443 HTTP/1.")
    assert TOKEN.encode() not in head


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = str(tmp_path / "certificate.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", path + ".key", "-out", path],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return path


def test_certificates_are_verified(oldest_or_newest, serve, servo, certificate):
    service = serve([MEASURE])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate + ".key")
    service.socket = context.wrap_socket(service.socket, server_side=True)
    service.scheme = "https"
    stranger = servo(service, python=oldest_or_newest, env={"SSL_CERT_FILE": ""})
    stranger.wait_for_log("CERTIFICATE_VERIFY_FAILED", 2)
    stranger.stop()
    assert service.requests == []
    servo(service, python=oldest_or_newest, env={"SSL_CERT_FILE": certificate})
    assert service.wait_for("MEASUREMENT").param == METRICS


def test_a_handshake_that_hangs_is_broken_off(servo):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        server.settimeout(20)
        agent = servo("https://127.0.0.1:%d/" % server.getsockname()[1], changes=["connection.REQUEST_SECONDS=0.5"])
        first = server.accept()[0]
        first.settimeout(20)
        with first, first.makefile("rb") as stream:
            stream.read()  # to the end that the agent makes
        agent.wait_for_log("HELLO: ")
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0


def test_what_a_service_echoes_of_the_token_is_not_shown_not_even_in_part(serve, servo):
    # The cut of what is shown falls into the token.
    body = b"x" * 190 + TOKEN.encode()
    service = serve(answers={"HELLO": [content(body), content(body, 401)]})
    agent = servo(service, "--verbose")
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert TOKEN[:6] not in agent.output


def test_an_exchange_given_up_while_it_connects_sends_nothing(serve, monkeypatch):
    service = serve()
    done, connect = threading.Event(), http.client.HTTPConnection.connect

    def slow(connection):
        given_up.wait(20)
        connect(connection)

    given_up = threading.Event()
    monkeypatch.setattr(http.client.HTTPConnection, "connect", slow)
    exchange = Service(service.url, None).post(b"{}", done.set)
    assert exchange.end().answer is None
    given_up.set()
    assert done.wait(20)
    assert exchange.outcome.error.endswith("given up")
    assert service.requests == []


def test_a_machine_without_room_for_a_thread_is_a_failed_exchange(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert Service("http://127.0.0.1:9/", None).post(b"{}", None).outcome.error == "can't start new thread"

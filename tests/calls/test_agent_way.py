"""The way to the service: proxies, and TLS. Whom the agent trusts, and what it says where it does not."""

import contextlib
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading

import pytest
from agent_fixtures import *  # noqa: F403
from fakes import MEASURE_COMMAND, METRICS, TOKEN

HERE = "DNS:localhost,IP:127.0.0.1"
NONE = {"no_proxy": "", "NO_PROXY": ""}


def through(address, **more):
    """Return the environment that names a proxy."""
    return dict(NONE, https_proxy=address, HTTPS_PROXY=address, http_proxy=address, HTTP_PROXY=address, **more)


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy that opens a tunnel to wherever it is asked for, where it may, and keeps the heads of what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.answer = answer
        self.heads = []
        self.place = "127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class Tunnel(socketserver.BaseRequestHandler):
    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.request.recv(1)
        self.server.heads.append(head.decode("ascii"))
        self.request.sendall(self.server.answer)
        if b" 200 " in self.server.answer:
            host, _, port = head.split()[1].decode("ascii").rpartition(":")
            with socket.create_connection((host, int(port))) as theirs:
                threading.Thread(target=copy, args=(theirs, self.request), daemon=True).start()
                copy(self.request, theirs)


def copy(source, target):
    with contextlib.suppress(OSError):
        for data in iter(lambda: source.recv(65536), b""):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy():
    """A function that starts a proxy."""
    started = []

    def start(*arguments):
        started.append(Proxy(*arguments))
        return started[-1]

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


@pytest.fixture(scope="module")
def certify(tmp_path_factory):
    """A function that makes a certificate, signed by itself, and returns its path; beside it lies its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def certificate(names, days):
        path = str(folder / ("%d-%s" % (days, names.replace(":", "-"))))
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path + ".key"]
        extensions = folder / "extensions"
        extensions.write_text("subjectAltName=" + names)
        sign = ["-days", str(days), "-signkey", path + ".key", "-extfile", str(extensions), "-out", path]
        for command in (
            ["req", "-new", *key, "-subj", "/CN=servo", "-out", path + ".csr"],
            ["x509", "-req", "-in", path + ".csr", *sign],
        ):
            subprocess.run(["openssl", *command], check=True, stderr=subprocess.DEVNULL)
        return path

    return certificate


@pytest.fixture
def serve_tls(serve):
    """A function that starts a service with a certificate."""

    def start(certificate, commands=()):
        service = serve(commands)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate + ".key")
        service.socket = context.wrap_socket(service.socket, server_side=True)
        service.scheme = "https"
        return service

    return start


def test_certificates_are_verified(edge_python, serve_tls, servo, certify):
    certificate = certify(HERE, 30)
    service = serve_tls(certificate, [MEASURE_COMMAND])
    stranger = servo(service, python=edge_python, env={"SSL_CERT_FILE": ""})
    stranger.wait_for_log("CERTIFICATE_VERIFY_FAILED", 2)
    stranger.stop()
    assert "name the file of the authorities to trust with SSL_CERT_FILE" in stranger.output
    assert service.requests == []
    servo(service, python=edge_python, env={"SSL_CERT_FILE": certificate})
    assert service.wait_for("MEASUREMENT").param == METRICS


@pytest.fixture
def problem(serve_tls, servo):
    """A function that returns what the log says of an exchange with a service that has a certificate."""

    def problem(certificate, trusted):
        agent = servo(serve_tls(certificate), env={"SSL_CERT_FILE": trusted})
        agent.wait_for_log("HELLO not delivered")
        agent.signal(signal.SIGKILL)
        agent.ended()
        return agent.output

    return problem


def test_a_file_of_authorities_that_is_missing_is_named_as_the_cause(problem, certify):
    said = problem(certify(HERE, 30), "/no/where")
    assert "SSL_CERT_FILE names /no/where, which cannot be read" in said


def test_a_file_with_other_authorities_is_named(problem, certify):
    other = certify("DNS:other", 30)
    assert "SSL_CERT_FILE names %s, which does not have its authority" % other in problem(certify(HERE, 30), other)


@pytest.mark.parametrize(
    ("names", "days", "cause"), [(HERE, -1, "expired"), ("DNS:elsewhere.example", 30, "not valid for")]
)
def test_what_no_authority_could_change_has_no_hint_to_name_one(problem, certify, names, days, cause):
    certificate = certify(names, days)
    said = problem(certificate, certificate)
    assert cause in said
    assert "SSL_CERT_FILE" not in said


def test_a_handshake_that_hangs_is_broken_off(servo):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        server.settimeout(20)
        agent = servo("https://127.0.0.1:%d/" % server.getsockname()[1], changes=["life.REQUEST_SECONDS=0.5"])
        first = server.accept()[0]
        first.settimeout(20)
        with first, first.makefile("rb") as stream:
            stream.read()  # to the end that the agent makes
        agent.wait_for_log("HELLO not delivered")
    agent.stop()


def test_a_token_does_not_go_through_an_http_proxy(serve, servo, proxy):
    service, other = serve(), proxy()
    servo(service, env=through("http://" + other.place))
    service.wait_for("WHATS_NEXT")
    assert other.heads == []


def test_without_a_token_http_goes_through_the_proxy(serve, servo):
    as_proxy = serve()
    servo("http://service.invalid/servo", auth=False, env=through("http://" + as_proxy.url.split("/")[2]))
    as_proxy.wait_for("WHATS_NEXT")
    assert as_proxy.requests[0].headers["host"] == "service.invalid"


def test_https_goes_through_the_proxy_as_a_tunnel_and_shows_it_the_way_alone(
    edge_python, serve_tls, servo, certify, proxy
):
    certificate = certify(HERE, 30)
    service, tunnel = serve_tls(certificate, [MEASURE_COMMAND]), proxy()
    environment = through("http://user:pass%20word@" + tunnel.place, SSL_CERT_FILE=certificate)
    agent = servo(service, python=edge_python, env=environment)
    assert service.wait_for("MEASUREMENT").param == METRICS
    agent.stop()
    assert "through the proxy " + tunnel.place in agent.lines[0]
    assert "pass" not in agent.output
    head = tunnel.heads[0]
    assert head.startswith("CONNECT 127.0.0.1:%d HTTP/1." % service.server_address[1])
    assert "Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n" in head
    assert "Bearer" not in head
    assert TOKEN not in head
    assert all("proxy-authorization" not in one.headers for one in service.requests)


def test_a_proxy_that_refuses_is_named_without_its_password(serve_tls, servo, certify, proxy):
    tunnel = proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    agent = servo("https://127.0.0.1:9/", env=through("http://user:PASSWORD@" + tunnel.place))
    agent.wait_for_log(
        "the proxy %s: OSError: Tunnel connection failed: 407 Proxy Authentication Required" % tunnel.place
    )
    agent.stop()
    assert "PASSWORD" not in agent.output


def test_a_dead_proxy_is_named_in_place_of_the_service(servo):
    agent = servo("https://service.invalid/", env=through("http://user:PASSWORD@127.0.0.1:9"))
    agent.wait_for_log("cannot connect to the proxy 127.0.0.1:9: Connection refused")
    agent.stop()
    assert "PASSWORD" not in agent.output


OF_ANOTHER_KIND = ["https://%s:3128", "socks5://%s:3128", "http:/%s:3128", "%s:3128", "http://%s:port"]


@pytest.mark.parametrize("address", OF_ANOTHER_KIND)
def test_a_proxy_of_another_kind_is_refused_at_the_start_without_its_password(servo, address):
    agent = servo("https://service.example/", env=through(address % "user:PASSWORD@proxy.example"))
    assert agent.ended() == 2
    assert "HTTPS_PROXY must be like http://HOST:PORT" in agent.output
    assert "PASSWORD" not in agent.output
    assert agent.output.count("\n") == 1


PASSED_BY = ["*", "service.invalid", "invalid", ".invalid", "service.invalid:443", "other, service.invalid"]
NOT_PASSED_BY = ["service.invalid:80", "vice.invalid", "*.invalid", "10.0.0.0/8"]


@pytest.mark.parametrize("no_proxy", PASSED_BY + NOT_PASSED_BY)
def test_no_proxy_names_hosts_and_domains(servo, no_proxy):
    environment = dict(through("http://127.0.0.1:9"), no_proxy=no_proxy, NO_PROXY=no_proxy)
    agent = servo("https://service.invalid:443/", "--delay", "1000", env=environment)
    agent.wait_for_log("for https://service.invalid:443/")
    assert ("through the proxy" not in agent.lines[0]) is (no_proxy in PASSED_BY)


def test_the_token_is_in_no_process_list(serve, servo):
    service = serve()
    agent = servo(service, "--verbose")
    service.wait_for("WHATS_NEXT")
    for name in ("cmdline", "environ"):
        path = "/proc/%d/%s" % (agent.process.pid, name)
        if not os.path.exists(path):
            pytest.skip("there is no /proc")
        with open(path, "rb") as stream:
            assert TOKEN.encode() not in stream.read()
    agent.stop()
    assert TOKEN not in agent.output


def test_without_auth_no_token_is_read_or_sent(serve, servo, folder):
    (folder / "token").unlink()
    service = serve()
    servo(service, auth=False)
    service.wait_for("WHATS_NEXT")
    assert all("authorization" not in one.headers for one in service.requests)


@pytest.mark.parametrize(("token", "status"), [("abc-secret abc-secret", 1), (None, 1)])
def test_a_token_that_cannot_be_used_ends_the_agent_with_one_line(serve, servo, folder, token, status):
    (folder / "token").unlink()
    if token:
        (folder / "token").write_text(token)
    agent = servo(serve())
    assert agent.ended() == status
    assert agent.output.startswith("servo-batch: ")
    assert agent.output.count("\n") == 1
    assert "secret" not in agent.output

"""The way to the service: proxies, TLS and the token. Whom the agent trusts, and what it says where it does not."""

import shutil
import socket
import ssl
import subprocess

import pytest
from agent_fixtures import *  # noqa: F403
from agent_fixtures import MEASURE_COMMAND, METRICS, TOKEN


def through(place, **more):
    """Return the environment that names a proxy."""
    address = "http://user:PASS%20WORD@" + place
    names = {"https_proxy": address, "HTTPS_PROXY": address, "http_proxy": address, "HTTP_PROXY": address}
    return dict(names, no_proxy="", NO_PROXY="", **more)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The path of a certificate for localhost and service.invalid, signed by itself; beside it lies its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = str(tmp_path_factory.mktemp("certificate") / "certificate")
    command = "openssl req -x509 -days 30 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=servo"
    names = ["-addext", "subjectAltName=DNS:localhost,DNS:service.invalid", "-keyout", path + ".key", "-out", path]
    subprocess.run([*command.split(), *names], check=True, stderr=subprocess.DEVNULL)
    return path


@pytest.fixture
def tls_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate + ".key")
    return context


def test_certificates_and_their_names_are_verified(python, serve, servo, certificate, tls_context):
    service = serve([MEASURE_COMMAND])
    service.socket = tls_context.wrap_socket(service.socket, server_side=True)
    port = service.server_address[1]
    for host, trusted, why in (
        ("localhost", "", "CERTIFICATE_VERIFY_FAILED"),
        ("127.0.0.1", certificate, "127.0.0.1'"),
    ):
        agent = servo("https://%s:%d/" % (host, port), python=python, env={"SSL_CERT_FILE": trusted})
        agent.wait_for_log(why, 2)
        agent.stop()
    assert service.requests == []
    servo("https://localhost:%d/" % port, python=python, env={"SSL_CERT_FILE": certificate})
    assert service.wait_for("MEASUREMENT").param == METRICS


def test_a_handshake_that_hangs_is_broken_off(servo):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        agent = servo("https://127.0.0.1:%d/" % server.getsockname()[1], changes=["service.REQUEST_SECONDS=0.5"])
        with server.accept()[0] as first:
            while first.recv(65536):  # to the end that the agent makes
                pass
        agent.wait_for_log("HELLO not delivered")


@pytest.mark.parametrize("auth", [True, False])
def test_http_goes_through_the_proxy_only_without_a_token(serve, servo, auth):
    service, proxy = serve(), serve()
    servo(service, auth=auth, env=through(proxy.place))
    asked, other = (service, proxy) if auth else (proxy, service)
    headers = asked.wait_for("WHATS_NEXT").headers
    assert (headers["host"], "authorization" in headers) == (service.place, auth)
    assert other.requests == other.tunnels == []


def test_https_goes_through_the_proxy_as_a_tunnel_that_shows_it_the_way_alone(
    python, serve, servo, certificate, tls_context
):
    proxy = serve([MEASURE_COMMAND])
    proxy.tunnel = tls_context
    environment = through(proxy.place, SSL_CERT_FILE=certificate)
    agent = servo("https://service.invalid/", python=python, env=environment)
    assert proxy.wait_for("MEASUREMENT").param == METRICS
    assert "through the proxy " + proxy.place in agent.output.split("\n")[0]
    assert "PASS" not in agent.output
    assert "CONNECT service.invalid:443" in proxy.tunnels[0]
    assert "Proxy-Authorization: Basic dXNlcjpQQVNTIFdPUkQ=" in proxy.tunnels[0]
    assert TOKEN not in proxy.tunnels[0]
    assert all("proxy-authorization" not in one.headers for one in proxy.requests)


def test_a_proxy_that_refuses_or_is_not_there_is_named_without_its_password(serve, servo):
    for place, why in ((serve().place, "OSError: Tunnel connection failed: 407"), ("127.0.0.1:9", "ConnectionRefused")):
        agent = servo("https://service.invalid/", env=through(place))
        agent.wait_for_log("HELLO not delivered: https://service.invalid/ through the proxy %s: %s" % (place, why))
        assert "PASS" not in agent.output


def test_a_token_or_a_proxy_that_cannot_be_used_ends_the_agent_with_one_line(serve, servo, folder):
    agent = servo("https://service.invalid/", env={"https_proxy": "socks5://proxy.invalid", "no_proxy": ""})
    assert agent.ended() == 2
    assert "HTTPS_PROXY must be like http://HOST:PORT" in agent.output
    (folder / "token").write_text("abc-secret abc-secret")
    agent = servo(serve())
    assert agent.ended() == 1
    assert agent.output.startswith("servo-batch: ")
    assert agent.output.count("\n") == 1
    assert "secret" not in agent.output

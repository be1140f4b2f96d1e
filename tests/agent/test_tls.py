"""TLS: whom the agent trusts, and what it says where it does not."""

import shutil
import signal
import socket
import ssl
import subprocess
import threading

import pytest
from fakes import (
    LIMIT,
    MEASURE_COMMAND,
    METRICS,
)

from servo_batch.agent.service import Service

pytest_plugins = ("agent_fixtures",)

HERE = "DNS:localhost,IP:127.0.0.1"


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


def test_certificates_are_verified(implementation, serve_tls, servo, certify):
    certificate = certify(HERE, 30)
    service = serve_tls(certificate, [MEASURE_COMMAND])
    stranger = servo(service, python=implementation, env={"SSL_CERT_FILE": ""})
    stranger.wait_for_log("CERTIFICATE_VERIFY_FAILED", 2)
    stranger.stop()
    assert "name the file of the authorities to trust with SSL_CERT_FILE" in stranger.output
    assert service.requests == []
    servo(service, python=implementation, env={"SSL_CERT_FILE": certificate})
    assert service.wait_for("MEASUREMENT").param == METRICS


@pytest.fixture
def problem(serve_tls, monkeypatch):
    """A function that returns what the log says of an exchange with a service that has a certificate."""

    def problem(certificate, trusted):
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        done = threading.Event()
        exchange = Service(serve_tls(certificate).url, None).post(b"{}", done.set)
        assert done.wait(LIMIT)
        assert exchange.outcome.answer is None
        return exchange.outcome.error

    return problem


def test_a_file_of_authorities_that_is_missing_is_named_as_the_cause(problem, certify):
    assert "SSL_CERT_FILE names /no/where, which cannot be read: No such file" in problem(
        certify(HERE, 30), "/no/where"
    )


@pytest.mark.parametrize("content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_a_certificate_is_named_as_the_cause(problem, certify, tmp_path, content):
    (tmp_path / "authorities").write_text(content)
    path = str(tmp_path / "authorities")
    assert "SSL_CERT_FILE names %s, which holds no certificate" % path in problem(certify(HERE, 30), path)


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
        agent = servo("https://127.0.0.1:%d/" % server.getsockname()[1], changes=["connection.REQUEST_SECONDS=0.5"])
        first = server.accept()[0]
        first.settimeout(20)
        with first, first.makefile("rb") as stream:
            stream.read()  # to the end that the agent makes
        agent.wait_for_log("HELLO: ")
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0

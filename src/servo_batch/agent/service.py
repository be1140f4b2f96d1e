"""One exchange with the service: a POST, and its answer, within a time and a size.

The exchange runs in a thread of its own: whatever the service does (nothing, a byte a minute, a hundred megabytes), the
agent goes on reading its driver and hears its signals.
"""

import base64
import contextlib
import email.utils
import http.client
import json
import os
import socket
import threading
import time
import urllib.request
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple
from urllib.parse import unquote, urlsplit

from servo_batch import __version__
from servo_batch.agent.log import Log
from servo_batch.answers import bad_request, failed
from servo_batch.formats import strict_json

# For all of an exchange, from the name look-up to the last byte.
REQUEST_SECONDS = 60.0
# Commands are small: an answer above this is no answer.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
# So much of an answer that is none is logged.
SHOWN = 200


class Outcome(NamedTuple):
    """What came of an exchange: the answer, or what went wrong as a phrase for the log."""

    answer: Optional[Dict[str, Any]] = None
    error: str = ""
    retry_after_seconds: Optional[float] = None  # as the service said


class Exchange:
    """An exchange under way; ``outcome`` is None before its end."""

    def __init__(self) -> None:
        self.outcome: Optional[Outcome] = None
        # A second name for the connection's socket, since TLS takes the first one over.
        self._lifeline: Optional[socket.socket] = None

    def end(self) -> Outcome:
        """Return what came of it; if nothing did yet, break the connection, so that the thread ends too."""
        if self.outcome is None:
            self.outcome = Outcome(error="no answer in time")
            if self._lifeline is not None:
                with contextlib.suppress(OSError):  # it ended by itself meanwhile
                    self._lifeline.shutdown(socket.SHUT_RDWR)
        return self.outcome

    def connected(self, connection: socket.socket) -> None:
        """Take a connection that ``end`` is to break, before the request is sent; raise ``OSError`` if it is too late.

        A stale WHATS_NEXT would be answered with a command that nobody carries out.
        """
        self._lifeline = connection.dup()
        if self.outcome is not None:
            raise OSError("it came too late")

    def close(self) -> None:
        """Let go of the connection."""
        if self._lifeline is not None:
            self._lifeline.close()


class Service:
    """The service at ``url``; ``token`` is None where none is to be sent, ``wake`` is called when an exchange ends.

    Raises ``ServoError`` where the way there, a proxy or TLS, cannot be used.
    """

    def __init__(self, url: str, token: Optional[str], log: Log, wake: Callable[[], None], verbose: bool) -> None:
        parts = urlsplit(url)
        is_https = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if is_https else 80)
        self._place = parts.netloc if parts.port else "%s:%d" % (parts.netloc, self._port)
        self._target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        self._headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": "servo-batch/" + __version__,
            "Connection": "close",
        }
        if token is not None:
            self._headers["Authorization"] = "Bearer " + token
        self._log = log
        self._wake = wake
        self._verbose = verbose
        self._tls: Any = _tls_context() if is_https else None
        # Plain http with a token is for this machine only; a proxy would carry it to another one.
        use_proxy = is_https or token is None
        self._proxy, self._proxy_headers = _proxy(parts.scheme, parts.netloc) if use_proxy else (None, {})
        if self._proxy and not is_https:
            self._target = url
            self._headers.update(self._proxy_headers)
        self._through = "the proxy %s:%d" % self._proxy if self._proxy else ""
        self.way = url + (" through " + self._through if self._through else "")

    def post(self, body: bytes) -> Exchange:
        """Start an exchange."""
        exchange = Exchange()

        def run() -> None:
            outcome = self._exchange(exchange, body)
            exchange.outcome = exchange.outcome or outcome
            if self._verbose:
                self._log("< %s" % (outcome.error or json.dumps(outcome.answer)))
            self._wake()

        if self._verbose:
            self._log("> %s" % body.decode("ascii"))
        try:
            # A thread that hangs in a name look-up must not keep the agent from ending.
            threading.Thread(target=run, daemon=True).start()
        except RuntimeError as error:  # a job may have taken all the processes that a container may have
            exchange.outcome = Outcome(error=str(error))
        return exchange

    def _exchange(self, exchange: Exchange, body: bytes) -> Outcome:
        client = http.client.HTTPConnection(*(self._proxy or (self._host, self._port)), timeout=REQUEST_SECONDS)
        place = "cannot connect to " + (self._through or self._place)
        try:
            if self._proxy and self._tls:
                client.set_tunnel(self._host, self._port, self._proxy_headers)
            client.connect()
            place = self._place
            exchange.connected(client.sock)
            if self._tls:
                client.sock = self._tls.wrap_socket(client.sock, server_hostname=self._host)
            client.request("POST", self._target, body, self._headers)
            return self._judged(client.getresponse())
        except Exception as error:  # http.client and what is below it raise whatever they like
            why = getattr(error, "strerror", None) or "%s: %s" % (type(error).__name__, error)
            return Outcome(error="%s: %s%s" % (place, why, _remedy(error)))
        finally:
            client.close()
            exchange.close()

    def _judged(self, response: http.client.HTTPResponse) -> Outcome:
        """Tell a JSON object that the service means as its answer from all else."""
        content = b""
        part = b"-"
        while part and len(content) <= MAX_ANSWER_BYTES:
            part = response.read(MAX_ANSWER_BYTES + 1 - len(content))
            content += part
        if len(content) > MAX_ANSWER_BYTES:
            return Outcome(error="the answer is longer than %d bytes" % MAX_ANSWER_BYTES)
        if response.length:  # what it said that would come, less what came
            return Outcome(error="the answer ended %d bytes before its end" % response.length)
        shown = self._log.clean(content.decode("utf-8", "replace"), SHOWN) or "it is empty"
        if not 200 <= response.status < 300:
            # No redirect is followed: the token is for the host it was given for alone.
            moved = response.headers.get("Location")
            hint = "; redirects are not followed: name the new place with --url: %s" % moved if moved else ""
            problem = "status %d %s%s: %s" % (response.status, response.reason, hint, shown)
            return Outcome(error=problem, retry_after_seconds=_seconds(response.headers.get("Retry-After")))
        try:
            answer = strict_json.loads(content)
        except strict_json.JsonError as error:
            packed = response.headers.get("Content-Encoding")
            problem = "it is packed, which nobody asked for: %s" % packed if packed else error.msg
            return Outcome(error="the answer is not JSON: %s: %s" % (problem, shown))
        if not isinstance(answer, dict):
            return Outcome(error="the answer is not a JSON object: %s" % shown)
        return Outcome(answer)


def _seconds(retry_after: Optional[str]) -> Optional[float]:
    """Return how long a Retry-After header asks to wait, a number or a date (RFC 7231); None where it says neither."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _proxy(scheme: str, authority: str) -> Tuple[Optional[Tuple[str, int]], Dict[str, str]]:
    """Return the proxy that the environment names for an address, if any, and the headers that it wants.

    Raises ``ServoError``, without a password, where it is no proxy of ours.
    """
    url = urllib.request.getproxies().get(scheme)
    if not url or urllib.request.proxy_bypass(authority):
        return None, {}
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:  # a port that is no number, half of an IPv6 address
        host = None
    if not host or parts.scheme != "http":
        raise bad_request(
            "%s_PROXY must be like http://HOST:PORT, since requests go to a proxy by plain http, not %r"
            % (scheme.upper(), "…@" + url.rpartition("@")[2] if "@" in url else url)
        )
    headers = {}
    if parts.username is not None:
        user = "%s:%s" % (unquote(parts.username), unquote(parts.password or ""))
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(user.encode()).decode("ascii")
    return (host, port), headers


def _tls_context() -> Any:
    """Return a context that verifies certificates and host names, as $SSL_CERT_FILE or else the system says."""
    try:
        import ssl

        return ssl.create_default_context()
    except (ImportError, OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise failed("no-tls", "https needs a Python with TLS, and this one's cannot be used: %s" % error) from None


def _remedy(error: Exception) -> str:
    """Return what to do about a certificate whose authority is not trusted, or nothing where that is not the cause."""
    # Codes of OpenSSL's x509_vfy.h: no authority known (2, 20, 21), signed by itself (18, 19). Python 3.6 has none.
    unknown = 20 if "CERTIFICATE_VERIFY_FAILED" in str(error) else 0
    if getattr(error, "verify_code", unknown) not in (2, 18, 19, 20, 21):
        return ""
    path = os.environ.get("SSL_CERT_FILE")
    if not path:
        return "; name the file of the authorities to trust with SSL_CERT_FILE"
    if not os.access(path, os.R_OK):
        return "; SSL_CERT_FILE names %s, which cannot be read" % path
    return "; SSL_CERT_FILE names %s, which does not have its authority" % path

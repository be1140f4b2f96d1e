"""One exchange with the service: a POST, and its answer, within a time and a size.

The exchange runs in a thread of its own: whatever the service does (nothing, a byte a minute, a hundred megabytes), the
agent goes on reading its driver and hears its signals.
"""

import contextlib
import functools
import http.client
import socket
import threading
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from servo_batch import __version__, strict_json
from servo_batch.protocol import failed

# For all of an exchange, from the name look-up to the last byte.
REQUEST_SECONDS = 60.0
# Commands are small: an answer above this is no answer.
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class Outcome(NamedTuple):
    """What came of an exchange: the answer, or what went wrong as a phrase for the log."""

    answer: Optional[Dict[str, Any]]
    error: str = ""


class Exchange:
    """An exchange under way: ``outcome`` is None until it is done."""

    def __init__(self) -> None:
        self.outcome: Optional[Outcome] = None
        # A second name for the connection's socket: urllib and TLS hide the first one.
        self.lifeline: Optional[socket.socket] = None

    def end(self) -> Outcome:
        """Return the outcome; if there is none yet, break the connection, so that the thread ends too."""
        if self.outcome is not None:
            return self.outcome
        if self.lifeline is not None:
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                self.lifeline.shutdown(socket.SHUT_RDWR)
        return Outcome(None, "no answer in time")


class Connection(http.client.HTTPConnection):
    """A connection that hands its socket to the exchange as soon as there is one."""

    def __init__(self, host: str, exchange: Exchange, **keywords: Any) -> None:
        super().__init__(host, **keywords)
        self._exchange = exchange

    def connect(self) -> None:
        """Connect, as http.client does."""
        super().connect()
        self._exchange.lifeline = self.sock.dup()


class _HttpHandler(urllib.request.HTTPHandler):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._connection = functools.partial(Connection, exchange=exchange)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Take every status as it comes. So no redirect is followed: the token is for the host it was given for alone."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class Service:
    """The service at ``url``; ``token`` is None where none is to be sent."""

    def __init__(self, url: str, token: Optional[str]) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json", "User-Agent": "servo-batch/" + __version__}
        if token is not None:
            self._headers["Authorization"] = "Bearer " + token
        self._tls = _tls() if urlsplit(url).scheme == "https" else None
        # Plain http with a token is for this machine only; $HTTP_PROXY would carry it to another one.
        self._direct = self._tls is None and token is not None

    def post(self, body: bytes, done: Callable[[], None]) -> Exchange:
        """Start an exchange; ``done`` is called from its thread at the end."""
        exchange = Exchange()

        def run() -> None:
            try:
                exchange.outcome = self._exchange(exchange, body)
            finally:
                done()

        # A thread that hangs in a name look-up must not keep the agent from ending.
        threading.Thread(target=run, daemon=True).start()
        return exchange

    def _exchange(self, exchange: Exchange, body: bytes) -> Outcome:
        request = urllib.request.Request(self._url, data=body, headers=self._headers, method="POST")
        try:
            with self._opener(exchange).open(request, timeout=REQUEST_SECONDS) as response:
                content = response.read(MAX_ANSWER_BYTES + 1)
                if not 200 <= response.status < 300:
                    return Outcome(None, _refusal(response, content))
            return Outcome(parse_answer(content))
        except urllib.error.URLError as error:
            return Outcome(None, _reason(error.reason))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Outcome(None, _reason(error))
        finally:
            if exchange.lifeline is not None:
                exchange.lifeline.close()

    def _opener(self, exchange: Exchange) -> urllib.request.OpenerDirector:
        opener = urllib.request.build_opener(_AnyStatus, _HttpHandler(exchange))
        if self._tls is not None:
            opener.add_handler(self._tls(exchange))
        if self._direct:
            opener = urllib.request.build_opener(_AnyStatus, _HttpHandler(exchange), urllib.request.ProxyHandler({}))
        return opener


def _tls() -> "Callable[[Exchange], urllib.request.BaseHandler]":
    try:
        from servo_batch.agent.tls import TlsHandler, verifying_context
    except ImportError as error:
        raise failed("no-tls", "https needs a Python with TLS, and this one has none: %s" % error) from None
    return functools.partial(TlsHandler, context=verifying_context())


def _refusal(response: http.client.HTTPResponse, content: bytes) -> str:
    location = response.headers.get("Location")
    moved = "; redirects are not followed: name the new place with --url: %s" % location if location else ""
    return "status %d %s%s: %r" % (response.status, response.reason, moved, content[:200])


def _reason(error: Any) -> str:
    text = "%s: %s" % (type(error).__name__, error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        text += "; name the file of the authorities to trust with SSL_CERT_FILE"
    return text


def parse_answer(content: bytes) -> Dict[str, Any]:
    """Return the service's answer, a JSON object. Raises ``ValueError`` with what it is instead."""
    if len(content) > MAX_ANSWER_BYTES:
        raise ValueError("the answer is longer than %d bytes" % MAX_ANSWER_BYTES)
    try:
        answer = strict_json.loads(content)
    except strict_json.JsonError as error:
        raise ValueError("the answer is not JSON: %s: %r" % (error.msg, content[:200])) from None
    if not isinstance(answer, dict):
        raise ValueError("the answer is not a JSON object: %r" % content[:200])
    return answer

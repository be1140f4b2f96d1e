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
from typing import Any, Callable, Dict, List, NamedTuple, Optional
from urllib.parse import urlsplit

from servo_batch import __version__
from servo_batch.formats import strict_json
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
        self._given_up = False
        # A second name for the connection's socket: urllib and TLS hide the first one.
        self._lifeline: Optional[socket.socket] = None

    def end(self) -> Outcome:
        """Return the outcome; if there is none yet, break the connection, so that the thread ends too."""
        if self.outcome is not None:
            return self.outcome
        self._given_up = True
        if self._lifeline is not None:
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                self._lifeline.shutdown(socket.SHUT_RDWR)
        return Outcome(None, "no answer in time")

    def connected(self, connection: socket.socket) -> None:
        """Note the connection, before anything is sent; raise ``OSError`` when it comes too late.

        Nothing may be sent then: a stale WHATS_NEXT would be answered with a command that nobody carries out.
        """
        self._lifeline = connection.dup()
        if self._given_up:
            raise OSError("given up")

    def close(self) -> None:
        """Let go of the connection."""
        if self._lifeline is not None:
            self._lifeline.close()


class Connection(http.client.HTTPConnection):
    """A connection that hands its socket to ``exchange`` as soon as there is one."""

    exchange: Exchange

    @classmethod
    def of(cls, exchange: Exchange) -> "Callable[..., Connection]":
        """Return what makes connections for ``exchange``, with the arguments that urllib has for http.client."""

        def connection(*arguments: Any, **keywords: Any) -> Connection:
            made = cls(*arguments, **keywords)
            made.exchange = exchange
            return made

        return connection

    def connect(self) -> None:
        """Connect, as http.client does."""
        super().connect()
        self.exchange.connected(self.sock)


class _HttpHandler(urllib.request.HTTPHandler):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._connection = Connection.of(exchange)

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
        self._token = (token or "").encode("ascii")
        self._headers = {"Content-Type": "application/json", "User-Agent": "servo-batch/" + __version__}
        if token is not None:
            self._headers["Authorization"] = "Bearer " + token
        self._tls = _tls() if urlsplit(url).scheme == "https" else None

    def post(self, body: bytes, done: Callable[[], None]) -> Exchange:
        """Start an exchange; ``done`` is called from its thread at the end."""
        exchange = Exchange()

        def run() -> None:
            try:
                exchange.outcome = self._exchange(exchange, body)
            finally:
                done()

        try:
            # A thread that hangs in a name look-up must not keep the agent from ending.
            threading.Thread(target=run, daemon=True).start()
        except RuntimeError as error:  # a job may have taken all the processes that a container may have
            exchange.outcome = Outcome(None, str(error))
        return exchange

    def _exchange(self, exchange: Exchange, body: bytes) -> Outcome:
        request = urllib.request.Request(self._url, data=body, headers=self._headers, method="POST")
        try:
            with self._opener(exchange).open(request, timeout=REQUEST_SECONDS) as response:
                content = response.read(MAX_ANSWER_BYTES + 1)
            return self._judged(response, content)
        except urllib.error.URLError as error:
            return Outcome(None, _reason(error.reason))
        except Exception as error:  # urllib and what is below it raise whatever they like
            return Outcome(None, _reason(error))
        finally:
            exchange.close()

    def _judged(self, response: http.client.HTTPResponse, content: bytes) -> Outcome:
        """Tell a JSON object that the service means as its answer from all else."""
        # A service may say what it got: what is shown is cut only where that cannot leave a part of the token.
        shown = "%r" % (content.replace(self._token, b"[token]") if self._token else content)[:200]
        if not 200 <= response.status < 300:
            moved = response.headers.get("Location")
            hint = "; redirects are not followed: name the new place with --url: %s" % moved if moved else ""
            return Outcome(None, "status %d %s%s: %s" % (response.status, response.reason, hint, shown))
        if len(content) > MAX_ANSWER_BYTES:
            return Outcome(None, "the answer is longer than %d bytes" % MAX_ANSWER_BYTES)
        try:
            answer = strict_json.loads(content)
        except strict_json.JsonError as error:
            return Outcome(None, "the answer is not JSON: %s: %s" % (error.msg, shown))
        if not isinstance(answer, dict):
            return Outcome(None, "the answer is not a JSON object: %s" % shown)
        return Outcome(answer)

    def _opener(self, exchange: Exchange) -> urllib.request.OpenerDirector:
        handlers: List[urllib.request.BaseHandler] = [_AnyStatus(), _HttpHandler(exchange)]
        if self._tls is not None:
            handlers.append(self._tls(exchange))
        elif self._token:
            # Plain http with a token is for this machine only; $HTTP_PROXY would carry it to another one.
            handlers.append(urllib.request.ProxyHandler({}))
        return urllib.request.build_opener(*handlers)


def _tls() -> "Callable[[Exchange], urllib.request.BaseHandler]":
    try:
        from servo_batch.agent.tls import TlsHandler, verifying_context
    except ImportError as error:
        raise failed("no-tls", "https needs a Python with TLS, and this one has none: %s" % error) from None
    return functools.partial(TlsHandler, context=verifying_context())


def _reason(error: Any) -> str:
    text = "%s: %s" % (type(error).__name__, error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        text += "; name the file of the authorities to trust with SSL_CERT_FILE"
    return text

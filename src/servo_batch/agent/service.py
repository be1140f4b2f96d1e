"""One exchange with the service: a POST, and its answer, within a time and a size.

The exchange runs in a thread of its own: whatever the service does (nothing, a byte a minute, a hundred megabytes), the
agent goes on reading its driver and hears its signals.
"""

import functools
import http.client
import threading
import urllib.error
import urllib.request
from typing import Any, Callable, List, Optional, Tuple
from urllib.parse import urlsplit

from servo_batch import __version__
from servo_batch.agent import connection, signals
from servo_batch.agent.connection import Connection, Exchange, Outcome, TooLongError
from servo_batch.answers import failed
from servo_batch.formats import strict_json


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
        self._tls: Optional[Callable[[Exchange], urllib.request.BaseHandler]] = None
        self._remedy: Callable[[object], str] = lambda error: ""
        if urlsplit(url).scheme == "https":
            self._tls, self._remedy = _tls()

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
            with signals.held():
                threading.Thread(target=run, daemon=True).start()
        except RuntimeError as error:  # a job may have taken all the processes that a container may have
            exchange.outcome = Outcome(None, str(error))
        return exchange

    def _exchange(self, exchange: Exchange, body: bytes) -> Outcome:
        request = urllib.request.Request(self._url, data=body, headers=self._headers, method="POST")
        try:
            with self._opener(exchange).open(request, timeout=connection.REQUEST_SECONDS) as response:
                # With a size: without one some Pythons make room for all that Content-Length promises.
                content = response.read(connection.MAX_ANSWER_BYTES)
            return self._judged(response, content)
        except urllib.error.URLError as error:
            return Outcome(None, self._problem(error.reason))
        except Exception as error:  # urllib and what is below it raise whatever they like
            return Outcome(None, self._problem(error))
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
        try:
            answer = strict_json.loads(content)
        except strict_json.JsonError as error:
            packed = response.headers.get("Content-Encoding")
            problem = "it is packed, which nobody asked for: %s" % packed if packed else error.msg
            return Outcome(None, "the answer is not JSON: %s: %s" % (problem, shown))
        if not isinstance(answer, dict):
            return Outcome(None, "the answer is not a JSON object: %s" % shown)
        return Outcome(answer)

    def _problem(self, error: object) -> str:
        if isinstance(error, TooLongError):
            return str(error)
        remedy = self._remedy(error)
        return "%s: %s%s" % (type(error).__name__, error, "; " + remedy if remedy else "")

    def _opener(self, exchange: Exchange) -> urllib.request.OpenerDirector:
        handlers: List[urllib.request.BaseHandler] = [_AnyStatus(), _HttpHandler(exchange)]
        if self._tls is not None:
            handlers.append(self._tls(exchange))
        elif self._token:
            # Plain http with a token is for this machine only; $HTTP_PROXY would carry it to another one.
            handlers.append(urllib.request.ProxyHandler({}))
        return urllib.request.build_opener(*handlers)


def _tls() -> "Tuple[Callable[[Exchange], urllib.request.BaseHandler], Callable[[object], str]]":
    """Return what opens https addresses, and what says how a certificate comes to be trusted."""
    try:
        from servo_batch.agent.tls import TlsHandler, remedy, verifying_context
    except ImportError as error:
        raise failed("no-tls", "https needs a Python with TLS, and this one has none: %s" % error) from None
    try:
        return functools.partial(TlsHandler, context=verifying_context()), remedy
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise failed("no-tls", "TLS cannot be set up: %s" % error) from None

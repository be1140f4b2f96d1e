"""One exchange with the service: a POST, and its answer, within a time and a size.

It runs in a thread: whatever the service does (nothing, a byte a minute, a hundred megabytes), the agent goes on
reading its driver and hears its signals.
"""

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import urllib.request
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple
from urllib.parse import unquote, urlsplit

from servo_batch import __version__
from servo_batch.agent.events import FINISH, STOP
from servo_batch.agent.retry import pause_of
from servo_batch.answers import bad_request
from servo_batch.formats import strict_json

# For all of an exchange, from the name look-up to the last byte.
REQUEST_SECONDS = 60.0
# Commands are small: an answer above this is no answer.
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class Reply(NamedTuple):
    """What came of an exchange: the answer, or what went wrong as a phrase for the log."""

    answer: Optional[Dict[str, Any]] = None
    error: str = ""
    pause_seconds: Optional[float] = None  # before the next try, where the service said so


class Exchange:
    """An exchange under way; ``reply`` is None before its end."""

    def __init__(self) -> None:
        self.reply: Optional[Reply] = None
        self.socket: Optional[socket.socket] = None  # once it is connected

    def end(self) -> Reply:
        """Return what came of it; if nothing did yet, break the connection, which ends the thread."""
        if self.reply is None:
            self.reply = Reply(error="no answer in time")
            if self.socket is not None:
                with contextlib.suppress(OSError):  # it ended by itself meanwhile
                    self.socket.shutdown(socket.SHUT_RDWR)
        return self.reply


class Service:
    """The service at ``url``; raises ``ServoError`` where the proxy on the way there cannot be used.

    ``tell`` is called with each text that is sent or comes, ``wake`` when an exchange has ended.
    """

    def __init__(self, url: str, token: Optional[str], tell: Callable[[str], None], wake: Callable[[], None]) -> None:
        parts = urlsplit(url)
        is_https = parts.scheme == "https"
        self._address = (parts.hostname or "", parts.port or (443 if is_https else 80))
        self._target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": "servo-batch/" + __version__,
            "Connection": "close",
        }
        if token is not None:
            self._headers["Authorization"] = "Bearer " + token
        self._tell = tell
        self._wake = wake
        self._tls: Any = None
        if is_https:
            import ssl  # here: a Python without TLS can do without https

            for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
                if os.environ.get(name) and not os.path.exists(os.environ[name]):
                    raise bad_request("$%s names %s, which is not there" % (name, os.environ[name]))
            self._tls = ssl.create_default_context()  # it verifies, by $SSL_CERT_FILE if that is set
        # Plain http with a token is for this machine only; a proxy would carry it to another one.
        use_proxy = is_https or token is None
        self._proxy, self._proxy_headers = _proxy(parts.scheme, parts.netloc) if use_proxy else (None, {})
        self.way = url + (" through the proxy %s:%d" % self._proxy if self._proxy else "")
        if self._proxy and not is_https:
            self._target = url
            self._headers.update(self._proxy_headers)

    def post(self, event: str, param: Any) -> Exchange:
        """Start an exchange."""
        exchange = Exchange()
        body = json.dumps({"event": event, "param": param})
        self._tell("> " + body)
        try:
            # A thread that hangs in a name look-up must not keep the agent from ending.
            threading.Thread(target=self._run, args=(exchange, body), daemon=True).start()
        except RuntimeError as error:  # there are too many processes
            exchange.reply = Reply(error=str(error))
        return exchange

    def _run(self, exchange: Exchange, body: str) -> None:
        # Else a signal that this thread takes just before exec would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP + FINISH)
        address = self._proxy or self._address
        if self._tls is None:
            client = http.client.HTTPConnection(*address, timeout=REQUEST_SECONDS)
        else:
            client = http.client.HTTPSConnection(*address, timeout=REQUEST_SECONDS, context=self._tls)
            if self._proxy:
                client.set_tunnel(*self._address, self._proxy_headers)
        try:
            client.connect()
            exchange.socket = client.sock
            # A stale WHATS_NEXT would be answered with a command that nobody carries out.
            if exchange.reply is None:
                client.request("POST", self._target, body, self._headers)
                exchange.reply = _judged(client.getresponse())
        except Exception as error:  # http.client and what is below it raise whatever they like
            why = "%s: %s: %s" % (self.way, type(error).__name__, error)
            exchange.reply = exchange.reply or Reply(error=why)
        finally:
            client.close()
        reply = exchange.end()
        self._tell("< " + (reply.error or json.dumps(reply.answer)))
        self._wake()


def _judged(response: http.client.HTTPResponse) -> Reply:
    content = response.read(MAX_ANSWER_BYTES + 1)
    if len(content) > MAX_ANSWER_BYTES:
        return Reply(error="the answer is longer than %d bytes" % MAX_ANSWER_BYTES)
    if response.length:  # what it said that would come, less what came
        return Reply(error="the answer ended %d bytes before its end" % response.length)
    shown = content.decode("utf-8", "replace")
    if not 200 <= response.status < 300:
        # No redirect is followed: the token is for the host it was given for alone.
        why = "status %d %s: %s" % (response.status, response.reason, shown)
        return Reply(None, why, pause_of(response.headers.get("Retry-After", "")))
    try:
        answer = strict_json.loads(content)
    except strict_json.JsonError as error:
        return Reply(error="the answer is not JSON: %s: %s" % (error.msg, shown))
    if not isinstance(answer, dict):
        return Reply(error="the answer is not a JSON object: %s" % shown)
    return Reply(answer)


def _proxy(scheme: str, authority: str) -> Tuple[Optional[Tuple[str, int]], Dict[str, str]]:
    """Return the proxy for an address, if any, and the headers that it wants; raise ``ServoError``."""
    proxies = urllib.request.getproxies()
    kind = scheme if scheme in proxies else "all"
    url = proxies.get(kind)
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
            % (kind.upper(), "…@" + url.rpartition("@")[2] if "@" in url else url)  # without a password
        )
    if parts.username is None:
        return (host, port), {}
    user = "%s:%s" % (unquote(parts.username), unquote(parts.password or ""))
    return (host, port), {"Proxy-Authorization": "Basic " + base64.b64encode(user.encode()).decode("ascii")}

"""The part of an exchange that needs TLS; apart, because a Python without it can still run the agent over http."""

import functools
import http.client
import ssl
import urllib.request

from servo_batch.agent.service import Connection, Exchange


class TlsConnection(http.client.HTTPSConnection, Connection):
    """In this order connect() comes by ``Connection`` between TCP and TLS: a handshake that hangs can be cut too."""


def verifying_context() -> ssl.SSLContext:
    """Return a context that verifies certificates and host names, as $SSL_CERT_FILE or else the system says."""
    return ssl.create_default_context()


class TlsHandler(urllib.request.HTTPSHandler):
    """Opens https addresses; ``context`` verifies certificates."""

    def __init__(self, exchange: Exchange, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._connection = functools.partial(TlsConnection.of(exchange), context=context)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open an https address, as urllib does."""
        return self.do_open(self._connection, req)

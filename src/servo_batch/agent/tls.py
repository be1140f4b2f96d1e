"""The part of an exchange that needs TLS; apart, because a Python without it can still run the agent over http."""

import functools
import http.client
import os
import ssl
import urllib.request

from servo_batch.agent.connection import Connection, Exchange

# X509_V_ERR_… of OpenSSL's x509_vfy.h, where other authorities would help: none known for the certificate (2, 20, 21),
# signed by itself (18, 19). For an expired one (10) or another host's (62, 64) no authority can vouch.
UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)


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


def remedy(error: object) -> str:
    """Return what to do about a certificate that was not trusted, or nothing where that is not what went wrong."""
    if not isinstance(error, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return ""
    code = getattr(error, "verify_code", None)
    if code is None:  # Python 3.6
        return "either it has expired, or its authority is not known: %s" % _authorities()
    return _authorities() if code in UNKNOWN_AUTHORITY else ""


def _authorities() -> str:
    """Say where the authorities to trust are looked for, and what is wrong there."""
    variable = ssl.get_default_verify_paths().openssl_cafile_env
    path = os.environ.get(variable)
    if not path:
        return "name the file of the authorities to trust with %s" % variable
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "%s names %s, which holds no certificate" % (variable, path)
    except OSError as error:
        return "%s names %s, which cannot be read: %s" % (variable, path, error.strerror)
    return "%s names %s, which does not have its authority" % (variable, path)

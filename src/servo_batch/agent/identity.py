"""The agent's settings: the command line and the environment, checked once, before anything is sent.

A mistake in how the agent was called is a ``bad-request``; a token file that cannot be used is ``failed``.
"""

import ipaddress
import math
import os
from typing import Optional
from urllib.parse import quote, urlsplit

from servo_batch import __version__
from servo_batch.answers import bad_request, failed
from servo_batch.options import Options, utf8

DEFAULT_TOKEN_FILE = "/run/secrets/optune_auth_token"
DEFAULT_URL = "https://api.opsani.com/accounts/%s/applications/%s/servo"
DEFAULT_RETRY_SECONDS = 20.0
LEAST_RETRY_SECONDS = 0.001  # the service needs a pause between two tries
# OPTUNE_VERBOSE_STDERR: so many lines of what a driver writes for people are passed on.
SHOWN_LINES = {"all": math.inf, "minimal": 2, "none": 0}
# No server takes a longer header; a file that is longer was named by mistake.
MAX_TOKEN_BYTES = 16 * 1024


class AgentOptions:
    """What the command line and the environment ask for; raises ``ServoError``.

    An empty variable counts as unset: Compose passes ${UNSET} on as one.
    """

    def __init__(self, arguments: Options) -> None:
        self.app_id = arguments.app_id or ""
        if not self.app_id or self.app_id.startswith("-"):
            raise bad_request("APP_ID is missing, or begins with '-': a driver would take it for an option; see --help")
        self.agent = utf8(arguments.get("--agent") or "servo-batch/" + __version__)
        self.url = _url(self.app_id, arguments)
        token_file = arguments.get("--auth-token") or DEFAULT_TOKEN_FILE
        self.token_file: Optional[str] = None if arguments.get("--no-auth") else token_file
        self.delay_seconds: float = arguments.get("--delay") or 0.0
        self.verbose = bool(arguments.get("--verbose"))
        self.interactive = bool(arguments.get("--interactive"))
        if self.interactive and not os.isatty(0):
            raise bad_request("--interactive asks at the terminal, but stdin is not one")
        self.retry_seconds = _seconds("SERVO_RETRY_DELAY_SEC", DEFAULT_RETRY_SECONDS, LEAST_RETRY_SECONDS)
        self.io_timeout_seconds = _seconds("OPTUNE_IO_TIMEOUT", 0.0) or math.inf  # a driver may be silent for ever
        verbose = os.environ.get("OPTUNE_VERBOSE_STDERR") or "all"
        if verbose not in SHOWN_LINES:
            raise bad_request("OPTUNE_VERBOSE_STDERR must be all, minimal or none, not %r" % verbose)
        self.shown_lines = SHOWN_LINES[verbose]
        self.perf = _perf(os.environ.get("OPTUNE_PERF", "").strip())


def _seconds(name: str, default: float, least: float = 0.0) -> float:
    try:
        seconds = float(os.environ.get(name) or default)
    except ValueError:
        seconds = math.nan
    if not least <= seconds < math.inf:
        raise bad_request("%s must be a number of seconds, %g or more, not %r" % (name, least, os.environ[name]))
    return seconds


def _url(app_id: str, arguments: Options) -> str:
    account = arguments.get("--account") or os.environ.get("OPTUNE_ACCOUNT")
    if arguments.get("--url") is None:
        if not account:
            raise bad_request("no account: give --account, $OPTUNE_ACCOUNT or --url")
        return DEFAULT_URL % (quote(os.fsencode(account), safe=""), quote(os.fsencode(app_id), safe=""))
    url = str(arguments.get("--url"))
    # Whoever reads the address: the host that is checked below has to be the one that is called.
    printable = all("!" <= character <= "~" for character in url) and "\\" not in url
    try:
        parts = urlsplit(url if printable else "")
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        right = False
    if not right or "@" in parts.netloc or "%" in parts.netloc:
        raise bad_request("--url must be like https://HOST/PATH, without user name or blanks, not %r" % url)
    if parts.scheme == "http" and not arguments.get("--no-auth") and not _is_loopback(parts.hostname or ""):
        raise bad_request(
            "--url %s would send the token over plain http to another machine: use https, or --no-auth for a service"
            " that wants no token" % url
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _perf(text: str) -> Optional[str]:
    # Only the form is checked: the service knows the names.
    if not text:
        return None
    try:
        names = compile(text, "OPTUNE_PERF", "eval").co_names
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        names = ()
    if not names:
        raise bad_request("OPTUNE_PERF must be an expression over metrics, like 1 / total_runtime, not %.200r" % text)
    return text


def read_token(path: str) -> str:
    """Return the token in a file or a pipe; what ``ServoError`` says shows no part of it."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(MAX_TOKEN_BYTES + 1)
    except OSError as error:
        remedy = "name its file with --auth-token, or use --no-auth"
        raise failed("bad-token", "cannot read the token: %s: %s; %s" % (path, error.strerror, remedy)) from None
    token = content.strip()
    # RFC 6750 allows less; a blank or a line break would end the header early or start another.
    if not token or len(content) > MAX_TOKEN_BYTES or not all(0x21 <= byte <= 0x7E for byte in token):
        shape = "one line of ASCII without blanks, at most %d bytes" % MAX_TOKEN_BYTES
        raise failed("bad-token", "the token file must hold one token, %s: %s" % (shape, path))
    return token.decode("ascii")

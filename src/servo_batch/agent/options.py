"""The agent's settings: the command line and the environment, checked once, before anything is sent.

The README's section "The agent" has them. A mistake in how the agent was called is a ``bad-request``; a token file that
cannot be used is ``failed``.
"""

import ast
import ipaddress
import math
import os
import re
import stat
from typing import Callable, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import quote, urlsplit

from servo_batch import __version__
from servo_batch.answers import ServoError, bad_request, failed
from servo_batch.options import Options as CommandLine

DEFAULT_TOKEN_FILE = "/run/secrets/optune_auth_token"
DEFAULT_URL = "https://api.opsani.com/accounts/%s/applications/%s/servo"
DEFAULT_RETRY_SECONDS = 20.0
VERBOSE_STDERR = ("all", "minimal", "none")
# No server takes a longer header; a file that is longer was named by mistake.
MAX_TOKEN_BYTES = 16 * 1024
# A pipe that the token is to come from has a writer within this time, and the writer the token within that.
WRITER_SECONDS = 2.0
WRITING_SECONDS = 30.0
PAUSE_SECONDS = 0.05

# What an expression over metrics is made of, as ast calls it: names, numbers, operators, calls, comparisons, a choice.
# By their names, because the classes come and go with the versions of Python.
_PERF_NODES = re.compile(
    r"Expression|BinOp|UnaryOp|BoolOp|Compare|IfExp|Call|Name|Attribute|Subscript|Index|Num|Str|Constant|Load"
    r"|Add|Sub|Mult|Div|FloorDiv|Mod|Pow|UAdd|USub|Not|And|Or|Eq|NotEq|Lt|LtE|Gt|GtE"
)


class Options(NamedTuple):
    """What the agent was asked to be; the token is not part of it, so that no message can show it by accident."""

    app_id: str
    agent: str
    url: str
    token_file: Optional[str]  # None: --no-auth
    delay_seconds: float
    retry_seconds: float
    io_timeout_seconds: Optional[float]  # None: a driver may be silent for ever
    verbose_stderr: str
    perf: Optional[str]
    interactive: bool
    verbose: bool


def read(arguments: CommandLine, environment: Mapping[str, str]) -> Options:
    """Return the checked options; an empty environment variable counts as unset. Raises ``ServoError``."""
    app_id = arguments.app_id
    if not app_id or app_id.startswith("-"):
        raise bad_request("APP_ID is missing, or begins with '-': a driver would take it for an option")
    if arguments.get("--interactive") and not os.isatty(0):
        raise bad_request("--interactive asks at the terminal, but stdin is not one")
    verbose_stderr = environment.get("OPTUNE_VERBOSE_STDERR") or "all"
    if verbose_stderr not in VERBOSE_STDERR:
        raise bad_request("OPTUNE_VERBOSE_STDERR must be all, minimal or none, not %r" % verbose_stderr)
    retry_seconds = _seconds(environment, "SERVO_RETRY_DELAY_SEC", DEFAULT_RETRY_SECONDS)
    if retry_seconds == 0:
        raise bad_request("SERVO_RETRY_DELAY_SEC must be more than 0: the service needs a pause between two tries")
    return Options(
        app_id=app_id,
        agent=arguments.get("--agent") or "servo-batch/" + __version__,
        url=_url(arguments, app_id, environment),
        token_file=None if arguments.get("--no-auth") else arguments.get("--auth-token") or DEFAULT_TOKEN_FILE,
        delay_seconds=arguments.get("--delay") or 0.0,
        retry_seconds=retry_seconds,
        io_timeout_seconds=_seconds(environment, "OPTUNE_IO_TIMEOUT", 0.0) or None,
        verbose_stderr=verbose_stderr,
        perf=_perf(environment.get("OPTUNE_PERF", "")),
        interactive=bool(arguments.get("--interactive")),
        verbose=bool(arguments.get("--verbose")),
    )


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise bad_request("%s must be a number of seconds, 0 or more, not %r" % (name, text))
    return seconds


def _url(arguments: CommandLine, app_id: str, environment: Mapping[str, str]) -> str:
    account = arguments.get("--account") or environment.get("OPTUNE_ACCOUNT")
    if arguments.get("--url") is None:
        if not account:
            raise bad_request("no account: give --account, $OPTUNE_ACCOUNT or --url")
        return DEFAULT_URL % (quote(os.fsencode(account), safe=""), quote(os.fsencode(app_id), safe=""))
    url = str(arguments.get("--url"))
    # What is left after this check means the same to every reader of addresses: the host that is checked below is the
    # host that is called.
    printable = all("!" <= character <= "~" for character in url) and "\\" not in url
    scheme, authority, host = _split(url) if printable else ("", "", "")
    if scheme not in ("http", "https") or not host or "@" in authority or "%" in authority:
        raise bad_request("--url must be like https://HOST/PATH, without user name or blanks, not %r" % url)
    if scheme == "http" and not arguments.get("--no-auth") and not is_loopback(host):
        raise bad_request(
            "--url %s would send the token over plain http to another machine: use https, or --no-auth for a service"
            " that wants no token" % url
        )
    return url


def _split(url: str) -> Tuple[str, str, str]:
    try:
        parts = urlsplit(url)
        # A port that is no number is a ValueError as well, but only once it is looked at.
        return parts.scheme if parts.port != 0 else "", parts.netloc, parts.hostname or ""
    except ValueError:
        return "", "", ""


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine and no other: ``localhost`` or a loopback address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _perf(text: str) -> Optional[str]:
    """Return the expression, or None where there is none; only its form is checked: the service knows its names."""
    text = text.strip()
    if not text:
        return None
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        problem = getattr(error, "msg", error) or "nested too deep"
        raise bad_request("OPTUNE_PERF is not an expression: %.200r: %s" % (text, problem)) from None
    names = [type(node).__name__ for node in ast.walk(tree)]
    foreign = [name for name in names if not _PERF_NODES.fullmatch(name)]
    if foreign:
        raise bad_request("OPTUNE_PERF must be arithmetic over metrics, %r has a %s" % (text, foreign[0]))
    if "Name" not in names:
        raise bad_request("OPTUNE_PERF names no metric: %r" % text)
    return text


def read_token(path: str, pause: Callable[[float], bool]) -> str:
    """Return the token in the file at ``path``, without white space around it.

    It may be a pipe, as of a shell's ``<(...)``; ``pause`` waits so many seconds, and returns False to give it up.
    Raises ``ServoError``, with a message that shows nothing of what the file holds.
    """
    try:
        # Opening a named pipe would otherwise wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    try:
        content = _content(path, descriptor, pause)
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    finally:
        os.close(descriptor)
    token = content.strip()
    if not token:
        raise failed("bad-token", "the token file is empty: %s" % path)
    # RFC 6750 allows less; a blank or a line break would end the header early or start another.
    if len(content) > MAX_TOKEN_BYTES or not all(0x21 <= byte <= 0x7E for byte in token):
        raise failed(
            "bad-token",
            "the token file must hold one token: one line of ASCII without blanks, at most %d bytes: %s"
            % (MAX_TOKEN_BYTES, path),
        )
    return token.decode("ascii")


def _content(path: str, descriptor: int, pause: Callable[[float], bool]) -> bytes:
    """Return what the file holds, up to a byte more than a token may have."""
    content = b""
    is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    waited, limit = 0.0, WRITER_SECONDS
    while len(content) <= MAX_TOKEN_BYTES:
        try:
            data = os.read(descriptor, MAX_TOKEN_BYTES + 1 - len(content))
        except BlockingIOError:  # there is a writer
            data, limit = b"", WRITING_SECONDS
        else:
            if not data and (content or not is_pipe or limit == WRITING_SECONDS):
                break
        content += data
        if not data:
            if waited >= limit:
                nobody = "nobody wrote to the pipe" if limit == WRITER_SECONDS else "the pipe's writer did not finish"
                raise _unreadable(path, "%s within %g seconds" % (nobody, limit))
            if not pause(PAUSE_SECONDS):
                raise _unreadable(path, "the agent was told to stop")
            waited += PAUSE_SECONDS
    return content


def _unreadable(path: str, why: Optional[str]) -> ServoError:
    return failed(
        "bad-token", "cannot read the token: %s: %s; name its file with --auth-token, or use --no-auth" % (path, why)
    )

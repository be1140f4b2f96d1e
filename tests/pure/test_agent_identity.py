"""How the agent may be called; everything that is wrong is said before anything is sent, and nothing of the token."""

import json
import os
import time
import urllib.parse

import pytest

from servo_batch.agent import identity
from servo_batch.agent.log import MAX_LINE, Log
from servo_batch.answers import ServoError
from servo_batch.options import UsageError, read


@pytest.fixture
def parse(monkeypatch):
    """A function that reads arguments, and environment variables given by name."""

    def parse(*arguments, **environment):
        for name in os.environ:
            if name.startswith(("OPTUNE", "SERVO")):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return identity.Options(read("servo", list(arguments)))

    return parse


@pytest.fixture
def refusal(parse):
    """A function that returns what is said of arguments and variables that are wrong."""

    def refusal(*arguments, **environment):
        with pytest.raises((ServoError, UsageError)) as error:
            parse(*arguments, **environment)
        assert getattr(error.value, "status", "bad-request") == "bad-request"
        return str(error.value)

    return refusal


def test_defaults(parse):
    chosen = parse("app", OPTUNE_ACCOUNT="acme")
    assert chosen.url == "https://api.opsani.com/accounts/acme/applications/app/servo"
    assert chosen.token_file == "/run/secrets/optune_auth_token"
    assert (chosen.delay_seconds, chosen.retry_seconds, chosen.io_timeout_seconds) == (0, 20, None)
    assert (chosen.verbose_stderr, chosen.perf, chosen.interactive, chosen.verbose) == ("all", None, False, False)


def test_the_option_wins_over_the_environment_and_names_are_quoted(parse):
    chosen = parse("--account", "a/b c", "über?", OPTUNE_ACCOUNT="other")
    assert chosen.url == "https://api.opsani.com/accounts/a%2Fb%20c/applications/%C3%BCber%3F/servo"


def test_an_account_is_needed_unless_the_address_is_given(parse, refusal):
    assert "--account" in refusal("app")
    assert parse("--url", "https://h/", "app").url == "https://h/"


BAD_URLS = """
service.example/servo ftp://service.example/ file:///etc/passwd https:// https:///servo https://[::1/
https://user:password@service.example/ http://127.0.0.1@service.example/ http://127.0.0.1\\@service.example/
https://service.example/\u00e9 https://service.example:port/ https://service.example:99999/ http://127.0.0.1%2eexample/
"""


@pytest.mark.parametrize("url", [*BAD_URLS.split(), "https://service.example/a b", "https://service.example/\n"])
def test_an_address_that_could_mean_two_things_is_refused(refusal, url):
    assert "--url" in refusal("--url", url, "app")
    assert "--url" in refusal("--no-auth", "--url", url, "app")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1:8080", "[::1]", "[::1]:80", "LOCALHOST"])
def test_plain_http_may_go_to_this_machine(parse, host):
    assert parse("--url", "http://%s/" % host, "app").token_file


@pytest.mark.parametrize(
    "host", ["service.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "[::2]", "0"]
)
def test_plain_http_to_another_machine_needs_no_auth(parse, refusal, host):
    assert "--no-auth" in refusal("--url", "http://%s/" % host, "app")
    assert parse("--no-auth", "--url", "http://%s/" % host, "app").token_file is None


@pytest.mark.parametrize("app_id", ["", "-x"])
def test_an_app_id_is_not_mistaken_for_an_option(refusal, app_id):
    assert "APP_ID" in refusal("--url", "https://h/", "--", app_id)


def test_interactive_needs_a_terminal(refusal, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)
    assert "stdin" in refusal("--interactive", "--url", "https://h/", "app")


BAD_VARIABLES = {
    "OPTUNE_VERBOSE_STDERR": ["some"],
    "SERVO_RETRY_DELAY_SEC": ["0", "-1", "soon"],
    "OPTUNE_IO_TIMEOUT": ["-1", "nan", "1m"],
    "OPTUNE_PERF": [
        "a +",
        "requests per second",
        "a; b",
        "a = 1",
        "12",
        "[a]",
        "lambda a: a",
        "(" * 500 + "a" + ")" * 500,
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD_VARIABLES for value in BAD_VARIABLES[name]])
def test_a_bad_variable_is_an_error_that_names_it(refusal, name, value):
    assert name in refusal("--url", "https://h/", "app", **{name: value})


def test_variables(parse):
    times = {"OPTUNE_IO_TIMEOUT": "90", "SERVO_RETRY_DELAY_SEC": "0.5"}
    chosen = parse("--url", "https://h/", "app", OPTUNE_VERBOSE_STDERR="minimal", **times)
    assert (chosen.io_timeout_seconds, chosen.retry_seconds, chosen.verbose_stderr) == (90, 0.5, "minimal")


PERFS = [" throughput / (1 + a) ", "-a ** 2", "max(a, b) / 2", "metrics['requests per second']", "a if a > 1 else 0"]


@pytest.mark.parametrize("perf", PERFS)
def test_any_arithmetic_over_metrics_is_a_perf(parse, perf):
    assert parse("--url", "https://h/", "app", OPTUNE_PERF=perf).perf == perf.strip()


def test_an_empty_variable_is_no_variable(parse):
    # Compose passes ${UNSET} on as an empty one.
    empty = {"OPTUNE_PERF": "", "OPTUNE_IO_TIMEOUT": "", "SERVO_RETRY_DELAY_SEC": "", "OPTUNE_VERBOSE_STDERR": ""}
    assert vars(parse("--url", "https://h/", "app", **empty)) == vars(parse("--url", "https://h/", "app"))


class Waiting:
    """Stands for the agent's events: whatever it waits for is there."""

    stopped_at = None

    def wait(self, until, descriptors):
        return descriptors


@pytest.mark.parametrize("content", ["abc", " abc\n", "\tabc\r\n\r\n", "\n\nabc"])
def test_white_space_around_the_token_is_stripped(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content.encode())
    assert identity.read_token(str(path), Waiting()) == "abc"


NO_TOKENS = [
    *((None, "No such file"), (b"", "empty"), (b" \r\n", "empty"), (b"x" * 70000, "at most")),
    *(
        (b"abc-secret" + odd + b"abc-secret", "one token")
        for odd in (b"\n", b"\rX-Header: ", b" ", b"\0", b"\x7f", b"\xc3")
    ),
]


@pytest.mark.parametrize(("content", "message"), NO_TOKENS)
def test_a_token_file_that_holds_no_token_is_an_error_that_keeps_it_secret(tmp_path, content, message):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    error = unreadable(path)
    assert message in error
    assert str(path) in error
    assert "secr" not in error


def unreadable(path, events=None):
    """Return what is said of a token file that cannot be used."""
    with pytest.raises(ServoError) as error:
        identity.read_token(str(path), events or Waiting())
    assert (error.value.status, error.value.reason) == ("failed", "bad-token")
    return error.value.message


def test_a_token_comes_through_a_pipe_in_pieces(tmp_path):
    path = str(tmp_path / "token")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # without a reader there is no writer
    writer = os.open(path, os.O_WRONLY)
    pieces = [b"abc", b"-def\n", None]

    class Writing(Waiting):
        def wait(self, until, descriptors):
            piece = pieces.pop(0)
            if piece is None:
                os.close(writer)
            else:
                os.write(writer, piece)
            return descriptors

    assert identity.read_token(path, Writing()) == "abc-def"
    os.close(reader)


def test_a_pipe_that_nobody_writes_to_is_given_up(tmp_path, monkeypatch):
    path = str(tmp_path / "token")
    os.mkfifo(path)
    monkeypatch.setattr(identity, "TOKEN_SECONDS", 0.05)

    class Silence(Waiting):
        def wait(self, until, descriptors):
            time.sleep(max(until - time.monotonic(), 0))
            return []

    assert "the pipe brought no whole token" in unreadable(path, Silence())


TOKEN = 'ab"cd\\ef-gh.ij/kl+mn=op123456'


@pytest.mark.parametrize(
    "wrap",
    [str, json.dumps, lambda text: json.dumps(json.dumps(text)), lambda text: urllib.parse.quote(text, safe="")],
    ids=["as it is", "JSON", "JSON in JSON", "URL"],
)
def test_the_token_is_concealed_as_it_is_written_and_escaped(wrap):
    log = Log()
    log.conceal(TOKEN)
    said = log.clean("authorization: Bearer %s; trace: 12" % wrap(TOKEN))
    assert said.replace('"', "").replace("\\", "") == "authorization: Bearer [token]; trace: 12"
    assert "cd" not in log.clean("x" * (MAX_LINE - 10) + wrap(TOKEN))


def test_control_characters_are_escaped_and_long_lines_are_cut():
    assert Log().clean("a\x1b[31m\nb\u2028\udcff") == "a\\x1b[31m\\nb\\u2028\\udcff"
    assert Log().clean("x" * (MAX_LINE + 5)) == "x" * MAX_LINE + "… (5 characters more)"

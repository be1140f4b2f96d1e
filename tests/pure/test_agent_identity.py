"""How the agent may be called; everything that is wrong is said before anything is sent, and nothing of the token."""

import itertools
import json
import math
import os
import urllib.parse

import pytest

from servo_batch.agent import identity
from servo_batch.agent.log import MAX_LINE, Log
from servo_batch.agent.retry import MAX_RETRY_SECONDS, pause_of, pauses
from servo_batch.agent.service import Service
from servo_batch.answers import ServoError
from servo_batch.options import UsageError, read

URL = ("--url", "https://h/", "app")


@pytest.fixture
def parse(monkeypatch):
    """A function that reads arguments, and environment variables given by name."""

    def parse(*arguments, **environment):
        for name in os.environ:
            if name.startswith(("OPTUNE", "SERVO")):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return identity.AgentOptions(read(["servo", *arguments]))

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


# Compose passes ${UNSET} on as an empty variable.
@pytest.mark.parametrize("empty", [{}, {"OPTUNE_PERF": "", "OPTUNE_IO_TIMEOUT": "", "OPTUNE_VERBOSE_STDERR": ""}])
def test_defaults(parse, empty):
    chosen = parse("app", OPTUNE_ACCOUNT="acme", **empty)
    assert chosen.url == "https://api.opsani.com/accounts/acme/applications/app/servo"
    assert chosen.token_file == "/run/secrets/optune_auth_token"
    assert (chosen.delay_seconds, chosen.retry_seconds, chosen.io_timeout_seconds) == (0, 20, math.inf)
    assert (chosen.shown_lines, chosen.perf, chosen.interactive, chosen.verbose) == (math.inf, None, False, False)


def test_the_option_wins_over_the_environment_and_names_are_quoted(parse, refusal):
    chosen = parse("--account", "a/b c", "über?", OPTUNE_ACCOUNT="other")
    assert chosen.url == "https://api.opsani.com/accounts/a%2Fb%20c/applications/%C3%BCber%3F/servo"
    assert parse(*URL).url == "https://h/"
    assert "--account" in refusal("app")


BAD_URLS = """
service.example/servo ftp://service.example/ https:///servo https://[::1/ https://service.example/\u00e9
https://user:password@service.example/ http://127.0.0.1@service.example/ http://127.0.0.1\\@service.example/
https://service.example:port/ https://service.example:99999/ http://127.0.0.1%2eexample/
"""


@pytest.mark.parametrize("url", [*BAD_URLS.split(), "https://service.example/a b", "https://service.example/\n"])
def test_an_address_that_could_mean_two_things_is_refused(refusal, url):
    assert "--url" in refusal("--url", url, "app")
    assert "--url" in refusal("--no-auth", "--url", url, "app")


HERE = ("localhost", "127.0.0.1", "127.8.9.1:8080", "[::1]:80", "LOCALHOST")
ELSEWHERE = ("service.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "[::2]", "0")


@pytest.mark.parametrize("host", HERE + ELSEWHERE)
def test_plain_http_to_another_machine_needs_no_auth(parse, refusal, host):
    url = "http://%s/" % host
    if host in HERE:
        assert parse("--url", url, "app").token_file
    else:
        assert "--no-auth" in refusal("--url", url, "app")
    assert parse("--no-auth", "--url", url, "app").token_file is None


def test_wrong_calls_are_refused(refusal, monkeypatch):
    for app_id in ("", "-x", "a=b"):
        assert "APP_ID" in refusal("--url", "https://h/", "--", app_id)
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)
    assert "stdin" in refusal("--interactive", *URL)


BAD_VARIABLES = {
    "OPTUNE_VERBOSE_STDERR": ["some"],
    "SERVO_RETRY_DELAY_SEC": ["0", "-1", "soon"],
    "OPTUNE_IO_TIMEOUT": ["-1", "nan", "1m"],
    "OPTUNE_PERF": ["a +", "requests per second", "a; b", "a = 1", "12", "(" * 500 + "a" + ")" * 500],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD_VARIABLES for value in BAD_VARIABLES[name]])
def test_a_bad_variable_is_an_error_that_names_it(refusal, name, value):
    assert name in refusal(*URL, **{name: value})


PERFS = [" throughput / (1 + a) ", "max(a, b) / 2", "metrics['requests per second']", "a if a > 1 else 0"]


@pytest.mark.parametrize("perf", PERFS)
def test_variables(parse, perf):
    times = {"OPTUNE_IO_TIMEOUT": "90", "SERVO_RETRY_DELAY_SEC": "0.5"}
    chosen = parse(*URL, OPTUNE_VERBOSE_STDERR="minimal", OPTUNE_PERF=perf, **times)
    assert (chosen.io_timeout_seconds, chosen.retry_seconds, chosen.shown_lines) == (90, 0.5, 2)
    assert chosen.perf == perf.strip()


@pytest.fixture
def way(monkeypatch):
    """A function that returns the way to a service, past a proxy or through it."""

    def way(url, proxy, no_proxy):
        for name, value in (("https_proxy", proxy), ("no_proxy", no_proxy)):
            monkeypatch.setenv(name, value)
            monkeypatch.setenv(name.upper(), value)
        return Service(url, None, print, print).way

    return way


PASSED_BY = ["*", "invalid", ".invalid", "service.invalid:443", "other, service.invalid"]
NOT_PASSED_BY = ["", "service.invalid:80", "vice.invalid"]


@pytest.mark.parametrize("no_proxy", PASSED_BY + NOT_PASSED_BY)
def test_no_proxy_names_hosts_and_domains(way, no_proxy):
    url = "https://service.invalid:443/"
    through = "" if no_proxy in PASSED_BY else " through the proxy proxy.invalid:3128"
    assert way(url, "http://user:PASS@proxy.invalid:3128", no_proxy) == url + through


@pytest.mark.parametrize(
    "proxy", ["https://user:PASS@h:1", "user:PASS@h:1", "http:/user:PASS@h:1", "http://user:PASS@h:x"]
)
def test_a_proxy_of_another_kind_is_refused_without_its_password(way, proxy):
    with pytest.raises(ServoError, match="HTTPS_PROXY must be like http://HOST:PORT") as error:
        way("https://service.invalid/", proxy, "")
    assert "PASS" not in error.value.message


@pytest.mark.parametrize("content", ["abc", "\tabc\r\n\r\n", "\n\nabc"])
def test_white_space_around_the_token_is_stripped(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content.encode())
    assert identity.read_token(str(path)) == "abc"


ODD = (b"\n", b"\rX-Header: ", b" ", b"\0", b"\x7f", b"\xc3")
NO_TOKENS = [b"", b" \r\n", b"x" * 70000, *(b"abc-secret" + odd + b"abc-secret" for odd in ODD)]


@pytest.mark.parametrize("content", [None, *NO_TOKENS])
def test_a_token_file_that_holds_no_token_is_an_error_that_keeps_it_secret(tmp_path, content):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ServoError) as error:
        identity.read_token(str(path))
    assert (error.value.status, error.value.reason) == ("failed", "bad-token")
    assert ("No such file" if content is None else "one token") in error.value.message
    assert str(path) in error.value.message
    assert "secr" not in error.value.message


def test_pauses_grow_to_a_limit_and_differ():
    found = list(itertools.islice(pauses(20), 9))
    for pause, most in zip(found, (20, 40, *[MAX_RETRY_SECONDS] * 7)):
        assert most * 0.75 <= pause <= most
    assert len(set(found)) == 9
    assert min(itertools.islice(pauses(300), 9)) >= 300 * 0.75


AFTER = {"30": 30, "9" * 400: 600, "Fri, 31 Dec 9999 23:59:59 GMT": 600, "Thu, 01 Jan 1970 00:00:00 GMT": 1}


@pytest.mark.parametrize("after", AFTER)
def test_the_services_pause_is_obeyed_up_to_a_limit(after):
    assert AFTER[after] <= pause_of(after) <= min(AFTER[after] * 1.1, 600)


@pytest.mark.parametrize("after", ["", "soon", "-1", "1.5", "Fri, 31 Dec"])
def test_what_is_no_pause_is_none(after):
    assert pause_of(after) is None


TOKEN = 'ab"cd\\ef-gh.ij/kl+mn=op123456'
WRAPS = [str, json.dumps, lambda text: json.dumps(json.dumps(text)), lambda text: urllib.parse.quote(text, safe="")]


@pytest.mark.parametrize("wrap", WRAPS, ids=["as it is", "JSON", "JSON in JSON", "URL"])
def test_the_token_is_concealed_as_it_is_written_and_escaped(wrap):
    log = Log()
    log.conceal(TOKEN)
    said = log.clean("authorization: Bearer %s; trace: 12" % wrap(TOKEN))
    assert said.replace('"', "").replace("\\", "") == "authorization: Bearer [token]; trace: 12"
    assert "cd" not in log.clean("x" * (MAX_LINE - 10) + wrap(TOKEN))


def test_control_characters_are_escaped_and_long_lines_are_cut():
    assert Log().clean("a\x1b[31m\nb\u2028\udcff") == "a\\x1b[31m\\nb\\u2028\\udcff"
    assert Log().clean("x" * (MAX_LINE + 5)) == "x" * MAX_LINE + "… (5 characters more)"

"""How the agent may be called; everything that is wrong is said before anything is sent, and nothing of the token."""

import itertools
import json
import math
import os
import urllib.parse

import pytest

from servo_batch import answers
from servo_batch.agent import identity, log
from servo_batch.agent.log import MAX_LINE, Log
from servo_batch.agent.retry import MAX_RETRY_SECONDS, pause_of, pauses
from servo_batch.agent.service import Service
from servo_batch.answers import ServoError
from servo_batch.options import UsageError, read

URL = ("--url", "https://h/", "app")


@pytest.fixture
def parse(monkeypatch):
    """A function that reads arguments, and environment variables given by name."""
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)

    def parse(*arguments, **environment):
        monkeypatch.setattr(os, "environ", environment)
        return identity.AgentOptions(read(["servo", *arguments]))

    return parse


# Compose passes ${UNSET} on as an empty variable.
@pytest.mark.parametrize("empty", [{}, {"OPTUNE_PERF": "", "OPTUNE_IO_TIMEOUT": "", "OPTUNE_VERBOSE_STDERR": ""}])
def test_defaults(parse, empty):
    chosen = parse("app", OPTUNE_ACCOUNT="acme", **empty)
    assert chosen.url == "https://api.opsani.com/accounts/acme/applications/app/servo"
    assert chosen.token_file == "/run/secrets/optune_auth_token"
    assert (chosen.delay_seconds, chosen.retry_seconds, chosen.io_timeout_seconds) == (0, 20, math.inf)
    assert (chosen.shown_lines, chosen.perf, chosen.interactive, chosen.verbose) == (math.inf, None, False, False)


def test_the_option_wins_over_the_environment_and_names_are_quoted(parse):
    chosen = parse("--account", "a/b c", "über?", OPTUNE_ACCOUNT="other")
    assert chosen.url == "https://api.opsani.com/accounts/a%2Fb%20c/applications/%C3%BCber%3F/servo"
    assert parse(*URL).url == "https://h/"


PERFS = [" throughput / (1 + a) ", "max(a, b) / 2", "metrics['requests per second']", "a if a > 1 else 0"]


@pytest.mark.parametrize("perf", PERFS)
def test_variables(parse, perf):
    times = {"OPTUNE_IO_TIMEOUT": "90", "SERVO_RETRY_DELAY_SEC": "0.5"}
    chosen = parse(*URL, OPTUNE_VERBOSE_STDERR="minimal", OPTUNE_PERF=perf, **times)
    assert (chosen.io_timeout_seconds, chosen.retry_seconds, chosen.shown_lines) == (90, 0.5, 2)
    assert chosen.perf == perf.strip()


ELSEWHERE = ("service.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "[::2]", "0")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1:8080", "[::1]:80", "LOCALHOST", *ELSEWHERE])
def test_the_token_goes_to_this_machine_by_plain_http_and_to_another_one_only_without_it(parse, host):
    url = "http://%s/" % host
    assert host in ELSEWHERE or parse("--url", url, "app").token_file
    assert parse("--no-auth", "--url", url, "app").token_file is None


# What could mean two things to two readers of addresses, among others.
BAD_URLS = """
service.example/servo ftp://service.example/ https:///servo https://[::1/ https://service.example/\u00e9
https://user:password@service.example/ http://127.0.0.1@service.example/ http://127.0.0.1\\@service.example/
https://service.example:port/ https://service.example:99999/ http://127.0.0.1%2eexample/
"""
BAD_VARIABLES = {
    "OPTUNE_VERBOSE_STDERR": ["some"],
    "SERVO_RETRY_DELAY_SEC": ["0", "-1", "soon"],
    "OPTUNE_IO_TIMEOUT": ["-1", "nan", "1m"],
    "OPTUNE_PERF": ["a +", "requests per second", "a; b", "a = 1", "12", "(" * 500 + "a" + ")" * 500],
}
# What the message names, the arguments and the variables.
REFUSED = [
    ("--account", ["app"], {}),
    ("stdin", ["--interactive", *URL], {}),
    *(("APP_ID", ["--url", "https://h/", "--", app_id], {}) for app_id in ("", "-x", "a=b")),
    *(("--url", ["--url", url, "app"], {}) for url in (*BAD_URLS.split(), "https://h/a b", "https://h/\n")),
    *(("--no-auth", ["--url", "http://%s/" % host, "app"], {}) for host in ELSEWHERE),
    *((name, URL, {name: value}) for name, values in BAD_VARIABLES.items() for value in values),
]


@pytest.mark.parametrize(("named", "arguments", "variables"), REFUSED)
def test_a_wrong_call_is_refused_with_what_is_wrong(parse, named, arguments, variables):
    with pytest.raises((ServoError, UsageError)) as error:
        parse(*arguments, **variables)
    assert getattr(error.value, "status", "bad-request") == "bad-request"
    assert named in str(error.value)


def way(monkeypatch, proxy, no_proxy=""):
    """Return the way to a service, past a proxy or through it."""
    monkeypatch.setattr(os, "environ", {"https_proxy": proxy, "no_proxy": no_proxy})
    return Service("https://service.invalid:443/", None, print, print).way


def test_no_proxy_names_hosts_and_domains(monkeypatch):
    for no_proxy in ("*", "invalid", ".invalid", "service.invalid:443", "other, service.invalid"):
        assert way(monkeypatch, "http://user:PASS@h:1", no_proxy) == "https://service.invalid:443/"
    for no_proxy in ("", "service.invalid:80", "vice.invalid"):
        assert (
            way(monkeypatch, "http://user:PASS@h:1", no_proxy) == "https://service.invalid:443/ through the proxy h:1"
        )


@pytest.mark.parametrize("proxy", ["https://user:PASS@h:1", "user:PASS@h:1", "http:/a:PASS@h:1", "http://a:PASS@h:x"])
def test_a_proxy_of_another_kind_is_refused_without_its_password(monkeypatch, proxy):
    with pytest.raises(ServoError, match="HTTPS_PROXY must be like http://HOST:PORT") as error:
        way(monkeypatch, proxy)
    assert "PASS" not in error.value.message


ODD = (b"\n", b"\rX-Header: ", b" ", b"\0", b"\x7f", b"\xc3")
NO_TOKENS = [b"", b" \r\n", b"x" * 70000, *(b"abc-secret" + odd + b"abc-secret" for odd in ODD)]


def test_a_file_holds_one_token_with_white_space_around_it_or_the_error_keeps_it_secret(tmp_path):
    path = tmp_path / "token"
    for content in (b"abc", b"\tabc\r\n\r\n", b"\n\nabc"):
        path.write_bytes(content)
        assert identity.read_token(str(path)) == "abc"
    for content in NO_TOKENS:
        path.write_bytes(content)
        with pytest.raises(ServoError, match="the token file must hold one token") as error:
            identity.read_token(str(path))
        assert (error.value.status, error.value.reason) == ("failed", "bad-token")
        assert error.value.message.endswith(": " + str(path))
        assert "secr" not in error.value.message
    with pytest.raises(ServoError, match=r"cannot read the token: .*/nowhere: No such file"):
        identity.read_token(str(tmp_path / "nowhere"))


def test_pauses_grow_to_a_limit_and_differ():
    found = list(itertools.islice(pauses(20), 9))
    for pause, most in zip(found, (20, 40, *[MAX_RETRY_SECONDS] * 7)):
        assert most * 0.75 <= pause <= most
    assert len(set(found)) == 9
    assert min(itertools.islice(pauses(300), 9)) >= 300 * 0.75


AFTER = {"30": 30, "9" * 400: 600, "Fri, 31 Dec 9999 23:59:59 GMT": 600, "Thu, 01 Jan 1970 00:00:00 GMT": 1}


def test_the_services_pause_is_obeyed_up_to_a_limit():
    for after, seconds in AFTER.items():
        assert seconds <= pause_of(after) <= min(seconds * 1.1, 600)
    assert {pause_of(after) for after in ("", "soon", "-1", "1.5", "Fri, 31 Dec")} == {None}


TOKEN = 'ab"cd\\ef-gh.ij/kl+mn=op123456'
WRAPS = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON as PHP writes it": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON with numbers": lambda text: "".join(char if char.isalnum() else "\\u%04X" % ord(char) for char in text),
    "URL": lambda text: urllib.parse.quote(text, safe=""),
    "path of a URL": urllib.parse.quote,
    "URL in lower case": lambda text: "".join(char if char.isalnum() else "%%%02x" % ord(char) for char in text),
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_the_token_is_concealed_as_it_is_written_and_escaped(wrap):
    agents = Log()
    agents.conceal(TOKEN)
    said = agents.clean("authorization: Bearer %s; trace: 12" % wrap(TOKEN))
    assert said.replace('"', "").replace("\\", "") == "authorization: Bearer [token]; trace: 12"
    assert "cd" not in agents.clean("x" * (MAX_LINE - 10) + wrap(TOKEN))


def test_control_characters_are_escaped_and_long_lines_are_cut():
    assert Log().clean("a\x1b[31m\nb\u2028\udcff") == "a\\x1b[31m\\nb\\u2028\\udcff"
    assert Log().clean("x" * (MAX_LINE + 5)) == "x" * MAX_LINE + "… (5 characters more)"


def test_a_reader_who_stalls_holds_nothing_up_and_later_reads_what_there_was_room_for(monkeypatch):
    reader, writer = os.pipe()
    monkeypatch.setattr(answers, "STDOUT", writer)
    monkeypatch.setattr(log, "STALLED_SECONDS", 0.01)
    agents = Log()
    for number in range(100):
        agents("x" * 3000 + " %d;" % number)
    assert b" 5;" in os.read(reader, 1 << 20)
    agents("again")
    assert os.read(reader, 1 << 20).endswith(b" again\n")
    os.close(reader)
    os.close(writer)

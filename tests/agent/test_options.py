"""How the agent may be called; everything that is wrong is said before anything is sent, and nothing of the token."""

import os
import subprocess
import sys

import pytest
from fakes import LAUNCHER, TOKEN

from servo_batch.agent import options
from servo_batch.answers import ServoError
from servo_batch.options import UsageError, read

pytest_plugins = ("agent_fixtures",)


def parse(*arguments, **environment):
    return options.read(read("servo", list(arguments)), environment)


def refusal(*arguments, **environment):
    with pytest.raises((ServoError, UsageError)) as error:
        parse(*arguments, **environment)
    assert getattr(error.value, "status", "bad-request") == "bad-request"
    return str(error.value)


def test_defaults():
    chosen = parse("app", OPTUNE_ACCOUNT="acme")
    assert chosen.url == "https://api.opsani.com/accounts/acme/applications/app/servo"
    assert chosen.token_file == "/run/secrets/optune_auth_token"
    assert (chosen.delay_seconds, chosen.retry_seconds, chosen.io_timeout_seconds) == (0, 20, None)
    assert (chosen.verbose_stderr, chosen.perf, chosen.interactive, chosen.verbose) == ("all", None, False, False)


def test_the_option_wins_over_the_environment_and_names_are_quoted():
    chosen = parse("--account", "a/b c", "über?", OPTUNE_ACCOUNT="other")
    assert chosen.url == "https://api.opsani.com/accounts/a%2Fb%20c/applications/%C3%BCber%3F/servo"


def test_an_account_is_needed_unless_the_address_is_given():
    assert "--account" in refusal("app")
    assert parse("--url", "https://h/", "app").url == "https://h/"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "service.example/servo",
        "ftp://service.example/",
        "file:///etc/passwd",
        "https://",
        "https:///servo",
        "https://user:password@service.example/",
        "http://127.0.0.1@service.example/",
        "http://127.0.0.1\\@service.example/",
        "https://service.example/a b",
        "https://service.example/\u00e9",
        "https://service.example/\n",
        "https://service.example:port/",
        "https://service.example:99999/",
        "https://[::1/",
        "http://127.0.0.1%2eexample/",
    ],
)
def test_an_address_that_could_mean_two_things_is_refused(url):
    assert "--url" in refusal("--url", url, "app")
    assert "--url" in refusal("--no-auth", "--url", url, "app")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1:8080", "[::1]", "[::1]:80", "LOCALHOST"])
def test_plain_http_may_go_to_this_machine(host):
    assert parse("--url", "http://%s/" % host, "app").token_file


@pytest.mark.parametrize(
    "host", ["service.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "[::2]", "0"]
)
def test_plain_http_to_another_machine_needs_no_auth(host):
    assert "--no-auth" in refusal("--url", "http://%s/" % host, "app")
    assert parse("--no-auth", "--url", "http://%s/" % host, "app").token_file is None


@pytest.mark.parametrize("delay", ["-1", "nan", "inf"])
def test_a_delay_is_a_number_of_seconds(delay):
    assert "--delay" in refusal("--delay=" + delay, "--url", "https://h/", "app")


def test_interactive_needs_a_terminal(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)
    assert "stdin" in refusal("--interactive", "--url", "https://h/", "app")


@pytest.mark.parametrize("app_id", ["", "-x"])
def test_an_app_id_is_not_mistaken_for_an_option(app_id):
    assert "APP_ID" in refusal("--url", "https://h/", "--", app_id)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPTUNE_VERBOSE_STDERR", "some"),
        ("SERVO_RETRY_DELAY_SEC", "0"),
        ("SERVO_RETRY_DELAY_SEC", "-1"),
        ("SERVO_RETRY_DELAY_SEC", "soon"),
        ("OPTUNE_IO_TIMEOUT", "-1"),
        ("OPTUNE_IO_TIMEOUT", "nan"),
        ("OPTUNE_IO_TIMEOUT", "1m"),
        ("OPTUNE_PERF", "total_runtime +"),
        ("OPTUNE_PERF", "requests per second"),
        ("OPTUNE_PERF", "a; b"),
        ("OPTUNE_PERF", "a = 1"),
        ("OPTUNE_PERF", "12"),
        ("OPTUNE_PERF", "[a]"),
        ("OPTUNE_PERF", "lambda a: a"),
        ("OPTUNE_PERF", "(" * 500 + "a" + ")" * 500),
    ],
)
def test_a_bad_variable_is_an_error_that_names_it(name, value):
    assert name in refusal("--url", "https://h/", "app", **{name: value})


def test_variables():
    chosen = parse(
        "--url",
        "https://h/",
        "app",
        OPTUNE_PERF=" throughput / (1 + total_runtime) ",
        OPTUNE_IO_TIMEOUT="90",
        SERVO_RETRY_DELAY_SEC="0.5",
        OPTUNE_VERBOSE_STDERR="minimal",
    )
    assert chosen.perf == "throughput / (1 + total_runtime)"
    assert (chosen.io_timeout_seconds, chosen.retry_seconds, chosen.verbose_stderr) == (90, 0.5, "minimal")


@pytest.mark.parametrize(
    "perf", ["a", "-a ** 2", "max(a, b) / 2", "metrics['requests per second']", "a if a > 1 else 0"]
)
def test_any_arithmetic_over_metrics_is_a_perf(perf):
    assert parse("--url", "https://h/", "app", OPTUNE_PERF=perf).perf == perf


def test_an_empty_variable_is_no_variable():
    # Compose passes ${UNSET} on as an empty one.
    empty = {"OPTUNE_PERF": "", "OPTUNE_IO_TIMEOUT": "", "SERVO_RETRY_DELAY_SEC": "", "OPTUNE_VERBOSE_STDERR": ""}
    assert parse("--url", "https://h/", "app", **empty) == parse("--url", "https://h/", "app")


@pytest.mark.parametrize("content", ["abc", " abc\n", "\tabc\r\n\r\n", "\n\nabc"])
def test_white_space_around_the_token_is_stripped(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content.encode())
    assert options.read_token(str(path), lambda seconds: True) == "abc"


SECRET = "abc-secret"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"abc-secret\nabc-secret", "one token"),
        (b"abc-secret\rX-Header: abc-secret", "one token"),
        (b"abc-secret abc-secret", "one token"),
        ("abc-secr\u00e9t".encode(), "one token"),
        (b"abc-secret\0", "one token"),
        (b"abc-secret\x7f", "one token"),
        (b"x" * 70000, "at most"),
    ],
)
def test_a_token_file_that_holds_no_token_is_an_error_that_keeps_it_secret(tmp_path, content, message):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    error = unreadable(path)
    assert message in error
    assert str(path) in error
    assert "secr" not in error


def test_a_token_that_cannot_be_used_ends_the_agent_with_one_line(tmp_path):
    path = tmp_path / "token"
    path.write_text("abc-secret abc-secret")
    result = subprocess.run(
        [sys.executable, LAUNCHER, "--", "--url", "http://127.0.0.1:9/", "--auth-token", str(path), "app"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.startswith(b"servo: the token file must hold one token")
    assert result.stderr.count(b"\n") == 1


def unreadable(path, pause=lambda seconds: True):
    """Return what is said of a token file that cannot be used."""
    with pytest.raises(ServoError) as error:
        options.read_token(str(path), pause)
    assert (error.value.status, error.value.reason) == ("failed", "bad-token")
    return error.value.message


@pytest.fixture
def fifo(tmp_path):
    """The path of a named pipe."""
    path = str(tmp_path / "token")
    os.mkfifo(path)
    return path


@pytest.fixture
def writer(fifo):
    """The descriptor of a writer of the named pipe; the test closes it."""
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # without a reader there is no writer
    yield os.open(fifo, os.O_WRONLY)
    os.close(reader)


def test_a_pipe_that_nobody_writes_to_is_given_up_within_a_moment(fifo):
    waited = []
    error = unreadable(fifo, lambda seconds: waited.append(seconds) or True)
    assert "nobody wrote to the pipe" in error
    assert fifo in error
    assert sum(waited) <= 2.1


def test_a_pipe_whose_writer_says_nothing_is_given_up(fifo, writer):
    assert "the pipe's writer did not finish" in unreadable(fifo)
    os.close(writer)


def test_a_token_comes_through_a_pipe_as_slowly_as_its_writer_writes(fifo, writer):
    words = [b"abc", b"", b"-def\n", None]

    def write(seconds):
        word = words.pop(0)
        if word is None:
            os.close(writer)
        else:
            os.write(writer, word)
        return True

    assert options.read_token(fifo, write) == "abc-def"


def test_a_writer_may_come_after_the_agent(fifo):
    def write(seconds):
        with open(fifo, "w") as stream:
            stream.write("abc")
        return True

    assert options.read_token(fifo, write) == "abc"


def test_a_stop_ends_the_wait_for_a_token(servo, folder):
    (folder / "token").unlink()
    os.mkfifo(str(folder / "token"))
    agent = servo("http://127.0.0.1:9/")
    writer = os.open(str(folder / "token"), os.O_WRONLY)  # returns when the agent reads
    agent.stop()
    os.close(writer)
    assert "told to stop before it began" in agent.output


@pytest.mark.parametrize("kind", ["folder", "unreadable"])
def test_a_token_file_that_cannot_be_read_is_an_error(tmp_path, kind):
    path = tmp_path / "token"
    if kind == "folder":
        path.mkdir()
    else:
        path.write_text(TOKEN)
        path.chmod(0)
        if os.access(str(path), os.R_OK):
            pytest.skip("root may read anything")
    assert str(path) in unreadable(path)


def test_without_auth_no_token_is_read_or_sent(serve, servo, folder):
    (folder / "token").unlink()
    service = serve()
    servo(service, auth=False)
    service.wait_for("WHATS_NEXT")
    assert all("authorization" not in one.headers for one in service.requests)


def test_the_token_is_in_no_process_list(serve, servo):
    service = serve()
    agent = servo(service, "--verbose")
    service.wait_for("WHATS_NEXT")
    for name in ("cmdline", "environ"):
        path = "/proc/%d/%s" % (agent.process.pid, name)
        if not os.path.exists(path):
            pytest.skip("there is no /proc")
        with open(path, "rb") as stream:
            assert TOKEN.encode() not in stream.read()
    agent.stop()
    assert TOKEN not in agent.output

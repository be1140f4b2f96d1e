"""What every test may use: the Pythons of this machine, the built file, and calls of it (support/calling.py)."""

import contextlib
import os
import signal
import tempfile

import pytest
from calling import Servo
from machine import EDGES, NEWEST, PYTHONS
from measuring import Actor, Measuring
from terminals import Terminal

LIMIT_SECONDS = 100


def pytest_configure():
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(signum) is signal.SIG_IGN:  # whoever runs the tests in the background has them ignored
            signal.signal(signum, lambda *_: None)  # what the tests start ignores them no more
    missing = set(os.environ.get("SERVO_BATCH_PYTHONS", "").split()) - set(PYTHONS)
    if missing:
        raise pytest.UsageError("this machine lacks Python %s, which $SERVO_BATCH_PYTHONS asks for" % sorted(missing))


def pytest_report_header():
    return "black-box tests under Python " + ", ".join(PYTHONS)


@pytest.fixture(autouse=True)
def limit():
    """Fail what waits for something that does not come, then whatever at the test's end does so too."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("this took longer than %d seconds" % LIMIT_SECONDS))
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS, 5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture(params=EDGES)
def python(request):
    """The path of the oldest interpreter of the machine, then of the newest."""
    return PYTHONS[request.param]


@pytest.fixture
def servo(python, tmp_path):
    """A Servo under the oldest Python, then one under the newest."""
    return Servo(python, tmp_path)


@pytest.fixture
def newest(tmp_path):
    """A Servo under the newest Python: for what is the same under any."""
    return Servo(NEWEST, tmp_path)


@pytest.fixture
def closing():
    """Have something closed at the test's end, and return it; the last first."""
    with contextlib.ExitStack() as opened:
        yield lambda made: opened.enter_context(contextlib.closing(made))


@pytest.fixture
def terminal(closing):
    """Call the file of a Servo on a terminal: ``terminal(servo, "measure", …)`` returns that, a Terminal."""

    def started(servo, *arguments, by=(), **options):
        argv = [*by, servo.python, servo.pyz, *arguments]
        return closing(Terminal(argv, servo.folder, {"TERM": "xterm", **servo.environment}, **options))

    return started


@pytest.fixture
def measuring(closing, tmp_path):
    """Start drivers: ``measuring(python, command, timeout=…, …)`` returns a Measuring."""

    def started(python, command, **options):
        return closing(Measuring(python, tempfile.mkdtemp(dir=str(tmp_path)), command, **options))

    return started


@pytest.fixture
def hide(closing, tmp_path):
    """Make jobs that hide: ``hide(role)`` returns an Actor."""
    return lambda role: closing(Actor(tmp_path, role))


@pytest.fixture
def running(measuring, hide):
    """Start a driver, and return it and its job once that hides: ``running(role, …)``."""

    def start(role, python=NEWEST, **options):
        job = hide(role)
        driver = measuring(python, job.command, **options)
        job.wait_until_hidden()
        return driver, job

    return start


@pytest.fixture
def stalled():
    """The writing end of a pipe that is full and that nobody reads."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writable, b"x")
    os.set_blocking(writable, True)
    yield writable
    os.close(readable)
    os.close(writable)

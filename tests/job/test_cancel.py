"""Signals are recorded, raise only where that is asked for, and have no effect after the end."""

import os
import signal
import subprocess
import sys

import pytest
from machine import PYTHONS, ROOT
from measuring import LIMIT, default_signals

from servo_batch.job.cancel import Cancelled, signal_name

OLDEST_AND_NEWEST = list(PYTHONS)[:1] + list(PYTHONS)[1:][-1:]
SIGNALS = ["SIGUSR1", "SIGTERM", "SIGINT", "SIGHUP"]
PREPARE = """
import os, signal, sys
sys.path.insert(0, %r)
from servo_batch.job.cancel import Cancellation, Cancelled
def send(name):
    os.kill(os.getpid(), getattr(signal, name))
""" % os.path.join(ROOT, "src")


def start(python, body):
    return subprocess.Popen(
        [python, "-c", PREPARE + body],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        preexec_fn=default_signals,
    )


def run(python, body):
    """Return what ``body`` prints; it must end well."""
    process = start(python, body)
    output = process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize("python", OLDEST_AND_NEWEST, indirect=True)
@pytest.mark.parametrize("name", SIGNALS)
class TestASignal:
    def test_is_recorded_and_raises_nothing(self, python, name):
        body = "with Cancellation() as c: send(%r); send('SIGUSR1'); print(c.signum)" % name
        assert run(python, body) == "%d\n" % getattr(signal, name)

    def test_makes_the_descriptor_readable(self, python, name):
        body = (
            "import select\n"
            "with Cancellation() as c:\n"
            "    print(select.select([c.fileno()], [], [], 0)[0] == [c.fileno()])\n"
            "    send(%r)\n"
            "    print(select.select([c.fileno()], [], [], 0)[0] == [c.fileno()])\n" % name
        )
        assert run(python, body) == "False\nTrue\n"

    def test_interrupts_what_is_to_be_interrupted(self, python, name):
        body = (
            "with Cancellation() as c:\n"
            "    try:\n"
            "        with c.interrupting():\n"
            "            print('in'); send(%r); print('not interrupted')\n"
            "    except Cancelled as error: print(error.message, error.signum == c.signum)\n"
            "    send('SIGTERM'); print('out')\n" % name
        )
        assert run(python, body) == "in\ncancelled by %s True\nout\n" % name

    def test_that_came_before_interrupts_too(self, python, name):
        body = (
            "with Cancellation() as c:\n"
            "    send(%r)\n"
            "    try:\n"
            "        with c.interrupting(): print('not interrupted')\n"
            "    except Cancelled as error: print(error.message)\n" % name
        )
        assert run(python, body) == "cancelled by %s\n" % name

    def test_after_the_end_has_no_effect(self, python, name):
        body = (
            "with Cancellation() as c: pass\n"
            "send(%r)\n"
            "class Late:\n"
            "    def __del__(self): send(%r)\n"
            "sys.late = Late()\n"  # goes when Python itself shuts down
            "print(c.signum)\n" % (name, name)
        )
        assert run(python, body) == "None\n"


class TestInterrupting:
    def test_a_blocked_read(self, python):
        process = start(
            python,
            "with Cancellation() as c:\n"
            "    try:\n"
            "        with c.interrupting():\n"
            "            print('reading', flush=True); sys.stdin.buffer.read()\n"
            "    except Cancelled as error: print(error.message)\n",
        )
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGUSR1)
        assert process.communicate(timeout=LIMIT)[0] == "cancelled by SIGUSR1\n"

    def test_a_regular_expression_that_never_ends(self, python):
        process = start(
            python,
            "import re\n"
            "with Cancellation() as c:\n"
            "    try:\n"
            "        with c.interrupting():\n"
            "            print('searching', flush=True); re.search(b'(a+)+b', b'a' * 100)\n"
            "    except Cancelled as error: print(error.message)\n",
        )
        assert process.stdout.readline() == "searching\n"
        process.send_signal(signal.SIGUSR1)
        assert process.communicate(timeout=LIMIT)[0] == "cancelled by SIGUSR1\n"

    def test_ends_with_the_block(self, python):
        body = "with Cancellation() as c:\n    with c.interrupting(): pass\n    send('SIGTERM'); print('out')\n"
        assert run(python, body) == "out\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_what_was_ignored_stays_ignored(python, name):
    body = "signal.signal(signal.%s, signal.SIG_IGN)\nwith Cancellation() as c: send(%r); print(c.signum)\n" % (
        name,
        name,
    )
    assert run(python, body) == "None\n"


@pytest.mark.parametrize("name", ["SIGUSR1", "SIGTERM"])
def test_how_a_driver_is_cancelled_cannot_be_ignored(python, name):
    body = "signal.signal(signal.%s, signal.SIG_IGN)\nwith Cancellation() as c: send(%r); print(c.signum)\n" % (
        name,
        name,
    )
    assert run(python, body) == "%d\n" % getattr(signal, name)


def test_it_costs_no_import(python):
    """Also calls that answer at once pay for it."""
    body = (
        "print(sorted({'typing', 'subprocess', 're', 'json', 'contextlib', 'servo_batch.job.run'} & set(sys.modules)))"
    )
    process = subprocess.run([python, "-S", "-c", PREPARE + body], stdout=subprocess.PIPE, check=True)
    assert process.stdout == b"[]\n"


@pytest.mark.parametrize(
    ("number", "name"),
    [(15, "SIGTERM"), (9, "SIGKILL"), (6, "SIGABRT"), (1000, "signal 1000")]
    + ([(34, "SIGRTMIN"), (37, "SIGRTMIN+3"), (64, "SIGRTMAX"), (32, "signal 32")] if sys.platform == "linux" else []),
)
def test_a_signal_has_a_name(number, name):
    assert signal_name(number) == name


def test_cancelled_is_an_answer():
    assert Cancelled(signal.SIGTERM, "the job was stopped").answer() == {
        "status": "failed",
        "reason": "cancelled",
        "message": "cancelled by SIGTERM: the job was stopped",
    }

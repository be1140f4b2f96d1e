"""Signals are recorded, raise only where that is asked for, and have no effect after the end."""

import ast
import os
import signal
import subprocess
import sys

import pytest
from machine import ROOT
from measuring import LIMIT, default_signals

from servo_batch.job.cancel import Cancelled, signal_name

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
        [python, "-IS", "-c", PREPARE + body],
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


def run_for_each(python, names, body):
    """Return {name: what ``body`` prints for it}, run in a process of its own for each, where ``name`` is that."""
    forked = (
        "for name in %r:\n"
        "    readable, writable = os.pipe()\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        os.dup2(writable, 1)\n"
        "        exec(%r)\n"
        "        sys.exit()\n"
        "    os.close(writable)\n"
        "    print(repr((name, open(readable).read())), os.waitpid(pid, 0)[1] and 'FAILED', flush=True)\n"
        % (names, body)
    )
    lines = run(python, forked).splitlines()
    assert all(line.endswith(" 0") for line in lines), lines
    return dict(ast.literal_eval(line[:-2]) for line in lines)


class TestASignal:
    @pytest.fixture
    def each(self, edge_python):
        """What ``body`` prints for each signal, which it knows as ``name``."""
        return lambda body: run_for_each(edge_python, SIGNALS, body)

    def test_is_recorded_and_raises_nothing(self, each):
        body = "with Cancellation() as c: send(name); send('SIGUSR1'); print(c.signum)"
        assert each(body) == {name: "%d\n" % getattr(signal, name) for name in SIGNALS}

    def test_makes_the_descriptor_readable(self, each):
        body = (
            "import select\n"
            "with Cancellation() as c:\n"
            "    for _ in range(2):\n"
            "        print(select.select([c.fileno()], [], [], 0)[0] == [c.fileno()])\n"
            "        send(name)\n"
            "        print(select.select([c.fileno()], [], [], 0)[0] == [c.fileno()])\n"
            "        c.clear(); c.clear()\n"
        )
        assert set(each(body).values()) == {"False\nTrue\n" * 2}

    def test_that_comes_soon_after_another_is_one_with_it(self, each):
        body = (
            "from servo_batch.job import cancel\n"
            "with Cancellation() as c:\n"
            "    send(name); send('SIGTERM'); send(name); print(c.count)\n"
            "    cancel.ONE_STOP_SECONDS = 0\n"
            "    send('SIGTERM'); print(c.count, c.signum == getattr(signal, name))\n"
        )
        assert set(each(body).values()) == {"1\n2 True\n"}

    def test_interrupts_what_is_to_be_interrupted(self, each):
        body = (
            "with Cancellation() as c:\n"
            "    try:\n"
            "        with c.interrupting():\n"
            "            print('in'); send(name); print('not interrupted')\n"
            "    except Cancelled as error: print(error.message, error.signum == c.signum)\n"
            "    send('SIGTERM'); print('out')\n"
        )
        assert each(body) == {name: "in\ncancelled by %s: nothing was run yet True\nout\n" % name for name in SIGNALS}

    def test_that_came_before_interrupts_too(self, each):
        body = (
            "with Cancellation() as c:\n"
            "    send(name)\n"
            "    try:\n"
            "        with c.interrupting(): print('not interrupted')\n"
            "    except Cancelled as error: print(error.message)\n"
        )
        assert each(body) == {name: "cancelled by %s: nothing was run yet\n" % name for name in SIGNALS}

    def test_after_the_end_has_no_effect(self, each):
        body = (
            "with Cancellation() as c: pass\n"
            "send(name)\n"
            "class Late:\n"
            "    def __del__(self, late=name): send(late)\n"
            "sys.late = Late()\n"  # goes when Python itself shuts down
            "print(c.signum)\n"
        )
        assert set(each(body).values()) == {"None\n"}


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
        assert process.communicate(timeout=LIMIT)[0] == "cancelled by SIGUSR1: nothing was run yet\n"

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
        assert process.communicate(timeout=LIMIT)[0] == "cancelled by SIGUSR1: nothing was run yet\n"

    def test_ends_with_the_block(self, python):
        body = "with Cancellation() as c:\n    with c.interrupting(): pass\n    send('SIGTERM'); print('out')\n"
        assert run(python, body) == "out\n"


def test_what_was_ignored_stays_ignored(python):
    body = (
        "signal.signal(getattr(signal, name), signal.SIG_IGN)\nwith Cancellation() as c: send(name); print(c.signum)\n"
    )
    assert run_for_each(python, ["SIGINT", "SIGHUP"], body) == {"SIGINT": "None\n", "SIGHUP": "None\n"}


def test_how_a_driver_is_cancelled_cannot_be_ignored(python):
    body = (
        "signal.signal(getattr(signal, name), signal.SIG_IGN)\nwith Cancellation() as c: send(name); print(c.signum)\n"
    )
    names = ["SIGUSR1", "SIGTERM"]
    assert run_for_each(python, names, body) == {name: "%d\n" % getattr(signal, name) for name in names}


@pytest.mark.parametrize(
    ("number", "name"),
    [(15, "SIGTERM"), (9, "SIGKILL"), (6, "SIGABRT"), (1000, "signal 1000")]
    + ([(34, "SIGRTMIN"), (37, "SIGRTMIN+3"), (64, "SIGRTMAX"), (32, "signal 32")] if sys.platform == "linux" else []),
)
def test_a_signal_has_a_name(number, name):
    assert signal_name(number) == name


def test_cancelled_is_an_answer():
    assert Cancelled(signal.SIGTERM, "the job was stopped").response() == {
        "status": "failed",
        "reason": "cancelled",
        "message": "cancelled by SIGTERM: the job was stopped",
    }

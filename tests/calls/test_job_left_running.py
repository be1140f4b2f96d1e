"""What a job, its prepare or an earlier run left running is told in every kind of answer."""

import os
import re
import signal
import subprocess

import pytest
from calling import LIMIT_SECONDS, batch
from measuring import default_signals, find_processes, kill, wait_until

pytest_plugins = ("servo_fixtures",)

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")


@pytest.fixture
def leave(newest):
    """A command that leaves a process running, which the test ends."""
    marker = "3600.%d" % os.getpid()
    yield "sleep %s >/dev/null 2>&1 &" % marker
    for pid in find_processes(marker):
        kill(pid)


def test_in_the_notes_of_the_answer_and_on_stderr(newest, leave):
    newest.configure(batch(leave))
    ended = newest.measure()
    (note,) = ended.answer["notes"]
    assert re.match(r"the job left running: \d+ \(sleep\)$", note)
    assert ended.stderr == "servo-batch: %s\n" % note


def test_of_several_runs_for_each(newest, leave):
    newest.configure(batch(leave, prepare=leave, runs=2, cleanup="true"))
    notes = [re.sub(r"\d+ \(", "N (", note) for note in newest.measure().answer["notes"] if "left" in note]
    told = (
        "run %d of 2: %s left running: N (sleep)" % (run, step) for run in (1, 2) for step in ("prepare", "the job")
    )
    assert notes == list(told)


def test_in_the_message_of_a_failure(newest, leave):
    newest.configure(batch("echo none", prepare=leave, metrics={"size": {"output_regex": r"size (\d+)"}}))
    newest.measure().failed("failed", "no-match", "; prepare left running: ", "\ncommand: echo none\n")
    newest.configure(batch(leave + " exit 3"))
    newest.measure().failed("failed", "command-failed", "the job ended with exit status 3; the job left running: ")


def test_in_the_answer_of_a_cancel(newest, leave):
    newest.configure(batch("echo >ran; exec sleep 60", prepare=leave))
    driver = newest.start("measure", stdin=subprocess.DEVNULL, preexec_fn=default_signals)
    wait_until(lambda: os.path.exists(newest.path("ran")))
    driver.send_signal(signal.SIGTERM)
    output = driver.communicate(timeout=LIMIT_SECONDS)[0].decode()
    assert re.search(r"cancelled by SIGTERM: the job was stopped after [0-9.]+ s; prepare left running: \d+ ", output)

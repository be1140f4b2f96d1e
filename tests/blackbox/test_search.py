"""The search for the metrics, in a process of its own: whatever becomes of it, the driver answers."""

import json
import os
import resource
import signal
import subprocess

import pytest
from calling import LIMIT_SECONDS, batch
from measuring import children, default_signals, find_processes, kill, stat, wait_until

pytest_plugins = ("servo_fixtures",)

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")

# Many short attempts, none of which is long enough for Python up to 3.10 to look for a signal: hours in all.
ENDLESS = {"x": {"output_regex": "(?:aa?){16}b(x)"}}
PRINTING = "head -c 4000000 /dev/zero | tr '\\0' a"


def start(servo):
    """Return a driver whose job has ended."""
    process = servo.start("measure", stdin=subprocess.DEVNULL, preexec_fn=default_signals)
    wait_until(lambda: os.path.exists(servo.path("ended")))
    return process


@pytest.fixture
def searching(servo):
    """A driver that searches, and the pid of the process that does it for the driver."""
    servo.configure(batch(PRINTING + "; echo >ended", metrics=ENDLESS))
    process = start(servo)
    (search,) = wait_until(lambda: searches_of(process))
    yield process, search
    kill(process.pid)
    if search in find_processes(servo.pyz):  # with the driver gone, nobody else keeps this pid from another process
        kill(search)
    process.communicate()


def searches_of(process):
    """Return the pids of the children that have the driver's session, as a search has; the guard has one of its own."""
    found = [(pid, stat(pid)) for pid in children(process.pid)]
    return [pid for pid, fields in found if fields and int(fields[3]) == os.getsid(process.pid)]


def answer_of(process):
    output, _ = process.communicate(timeout=LIMIT_SECONDS)
    return json.loads(output.decode().splitlines()[-1])


@pytest.mark.parametrize("name", ["SIGUSR1", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_it(searching, name):
    process, search = searching
    process.send_signal(getattr(signal, name))
    assert answer_of(process) == {
        "status": "failed",
        "reason": "cancelled",
        "message": "cancelled by %s: the job had ended, but what it printed was not searched to the end" % name,
    }
    assert not os.path.exists("/proc/%d" % search)


def test_it_does_not_outlive_the_driver(searching):
    process, search = searching
    process.kill()
    process.wait(LIMIT_SECONDS)
    wait_until(lambda: not os.path.exists("/proc/%d" % search))


def test_a_stdout_that_is_closed_ends_it(searching):
    process, search = searching
    process.stdout.close()
    assert process.wait(LIMIT_SECONDS) == 1
    process.stdout = None  # communicate would read it
    assert not os.path.exists("/proc/%d" % search)


def test_that_somebody_kills_is_said(searching):
    process, search = searching
    os.kill(search, signal.SIGKILL)
    answer = answer_of(process)
    assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
    # Which pattern it was is known once the search has come to the first.
    assert (
        answer["message"]
        .replace(" for x", "")
        .startswith("the job ended well, but what it printed could not be searched: SIGKILL killed the search")
    )


def test_output_that_is_cut_short_meanwhile_is_said(searching):
    process, search = searching
    mapped = wait_until(lambda: deleted_files_mapped_by(search))
    folder = "/proc/%d/fd" % process.pid
    (path, *_) = [
        path for path in (os.path.join(folder, name) for name in os.listdir(folder)) if os.readlink(path) in mapped
    ]
    os.truncate(path, 0)
    answer = answer_of(process)
    assert answer["reason"] == "command-failed"
    assert "SIGBUS killed the search: a process that the job left running cut the output short" in answer["message"]


def deleted_files_mapped_by(pid):
    """Return the files without a name that a process has mapped into memory, as /proc names them."""
    with open("/proc/%d/maps" % pid) as stream:
        lines = [line.rstrip("\n").split(None, 5) for line in stream]
    return [fields[5] for fields in lines if len(fields) == 6 and fields[5].endswith(" (deleted)")]


def test_memory_that_runs_out_is_said_with_the_metrics_name_and_no_settings_are_blamed(servo):
    servo.configure(batch(PRINTING, metrics={"greedy": {"output_regex": "(?:.|\\n)*n=(\\d+)"}}))
    limit = 300 << 20
    ended = servo.measure(
        b"", "--history", "history.jsonl", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    )
    ended.failed("failed", "command-failed", "could not be searched for greedy: memory ran out")
    assert json.loads(servo.read("history.jsonl").decode())["cause"] == "machine"

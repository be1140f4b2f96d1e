"""Drivers that measure, as processes, and a look at what of their jobs is alive."""

import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ACTOR = os.path.join(HERE, "job_actor.py")
SIGNALS = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# What is told where the job did not end by itself when it was asked to.
KILLED = "; it did not end when asked and was killed, so what it runs elsewhere may go on"
LIMIT = 20  # seconds: how long anything that must happen may take on a busy machine


class Measuring:
    """A driver that runs."""

    def __init__(self, pyz, python, folder, command, prefix=(), fifos=(), **batch):
        """Start ``measure`` with a command; what ``prefix`` says is run in place of the file, and runs it."""
        self.folder = str(folder)
        self.python = python
        for name in fifos:
            os.mkfifo(os.path.join(self.folder, name))
        config = os.path.join(self.folder, "config.json")
        with open(config, "w") as stream:
            command = json.loads(json.dumps(command).replace("{", "{{").replace("}", "}}"))
            batch.update(command=command, default_state={"application": {"components": {}}})
            json.dump({"batch": batch}, stream)
        self.process = subprocess.Popen(
            [python, *prefix, pyz, "measure", "--config", config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=default_signals,
        )
        self.pid = self.process.pid

    def read(self, fifo):
        """Wait until the job writes to a fifo and closes it."""
        with open(os.path.join(self.folder, fifo)) as stream:
            return stream.read()

    def write(self, fifo):
        """Wait until the job reads from a fifo, and let it go on."""
        with open(os.path.join(self.folder, fifo), "w") as stream:
            stream.write("on\n")

    def send(self, signum):
        self.process.send_signal(signum)

    def answer(self):
        """Return the answer, once the driver has ended, and check that there is one, after nothing but progress."""
        output, errors = self.process.communicate(timeout=LIMIT)
        assert b"Traceback" not in errors, errors.decode()
        lines = [json.loads(line) for line in output.decode().splitlines()]
        assert [set(line) for line in lines[:-1]] == [{"progress", "message"}] * (len(lines) - 1)
        assert "status" in lines[-1]
        statuses = {"ok": [0], "failed": [1]}[lines[-1]["status"]]
        if lines[-1].get("reason") == "cancelled":
            statuses = [1] + [128 + signum for signum in SIGNALS]
        assert self.process.returncode in statuses
        return lines[-1]

    def helpers(self):
        """Return the pids of the keeper and of the guard, which is started after it."""
        return wait_until(lambda: len(children(self.pid)) == 2 and sorted(children(self.pid)))

    def guard(self):
        """Return the pid of the guard."""
        return self.helpers()[1]

    def leftovers(self):
        """Return the pids of the driver and its children, which all have the configuration among their arguments."""
        return find_processes(os.path.join(self.folder, "config.json"))

    def clean_up(self):
        for pid in self.leftovers():
            kill(pid)
        self.process.communicate()


class Actor:
    """The command of a job that hides (see job_actor.py), and where its processes are."""

    def __init__(self, folder, role):
        self.marker = uuid.uuid4().hex
        self._fifo = os.path.join(str(folder), "fifo-" + self.marker)
        os.mkfifo(self._fifo)
        self._ready = os.open(self._fifo, os.O_RDWR)
        self.command = [sys.executable, "-IS", ACTOR, self._fifo, role, self.marker]

    def wait_until_hidden(self):
        """Return the pid of the process that hides, once it does."""
        assert select.select([self._ready], [], [], LIMIT)[0], "the job did not come up"
        return int(os.read(self._ready, 100).split()[0])

    def alive(self):
        return find_processes(self.marker)

    def clean_up(self):
        while self.alive():
            for pid in self.alive():
                kill(pid)

    def close(self):
        self.clean_up()
        os.close(self._ready)


def default_signals():
    """Let nothing be ignored that the process ignores because somebody runs the tests in the background."""
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)


def find_processes(marker):
    """Return the pids of the processes that have ``marker`` in one of their arguments and have not ended."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % name, "rb") as stream:
                if marker.encode() in stream.read():
                    found.append(int(name))
        except OSError:  # it ended
            pass
    return found


def children(pid, zombies=False):
    """Return the pids of a process's children; ``zombies``: also of those that have ended and are not reaped."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        fields = stat(int(name))
        if fields and int(fields[1]) == pid and (zombies or fields[0] != "Z"):
            found.append(int(name))
    return found


def stat(pid):
    """Return what /proc/PID/stat says after the name, state, parent, group, session, …; None if it has ended."""
    try:
        with open("/proc/%d/stat" % pid) as stream:
            return stream.read().rpartition(")")[2].split()
    except OSError:
        return None


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_until(condition, limit=LIMIT):
    """Return what ``condition()`` returns once that is true; fail after ``limit`` seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not happen within %g s" % limit
        time.sleep(0.01)

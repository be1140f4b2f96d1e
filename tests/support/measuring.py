"""Drivers that measure, as processes, and a look at what of their jobs is alive."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid

from calling import Ended, Servo, batch
from processes import children, find_processes, kill, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
ACTOR = os.path.join(HERE, "job_actor.py")
# What is told where the job did not end by itself when it was asked to.
KILLED = "; it did not end when asked and was killed, so what it runs elsewhere may go on"


def escaped(command):
    """Return a command with its braces as a template has them."""
    return json.loads(json.dumps(command).replace("{", "{{").replace("}", "}}"))


class Measuring(Servo):
    """A driver that runs: it measures a command, by a configuration that has ``keys`` too."""

    def __init__(self, python, folder, command, prefix=(), fifos=(), changes=(), **keys):
        """Start it; what ``prefix`` says is run in place of the file, and runs it."""
        super().__init__(python, folder, batch(escaped(command), **keys))
        for name in fifos:
            os.mkfifo(self.path(name))
        # All of its processes have this among their arguments.
        self._marker = self.path("config.json")
        how = {"options": prefix, "changes": changes, "stdin": subprocess.DEVNULL, "start_new_session": True}
        self.process = self.start("measure", "--config", self._marker, **how)
        self.pid = self.process.pid
        self.send = self.process.send_signal

    def answer(self):
        """Return the answer, once the driver has ended, and check that there is one, after nothing but progress."""
        output, errors = self.process.communicate()
        ended = Ended(self.process.returncode, output, errors)
        assert "Traceback" not in ended.stderr, ended
        assert [set(line) for line in ended.progress] == [{"progress", "message"}] * len(ended.progress)
        statuses = {"ok": [0], "failed": [1]}[ended.answer["status"]]
        if ended.answer.get("reason") == "cancelled":
            statuses = [1] + [128 + getattr(signal, "SIG" + name) for name in ("USR1", "TERM", "INT", "HUP")]
        assert ended.status in statuses, ended
        return ended.answer

    def tells(self, pattern, reason="cancelled"):
        """Assert that the answer is a failure for this reason, and that its message begins as the pattern has it."""
        answer = self.answer()
        assert answer.get("reason") == reason, answer
        assert re.match(pattern, answer["message"]), answer

    def helpers(self):
        """Return the pids of the keeper and of the guard, which is started after it."""
        return wait_until(lambda: len(children(self.pid)) == 2 and sorted(children(self.pid)))

    def guard(self):
        """Return the pid of the guard."""
        return self.helpers()[1]

    def leftovers(self):
        """Return the pids of the driver and its children."""
        return find_processes(self._marker)

    def close(self):
        kill(*self.leftovers())
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
        return int(os.read(self._ready, 100).split()[0])

    def alive(self):
        return find_processes(self.marker)

    def clean_up(self):
        while self.alive():
            kill(*self.alive())

    def close(self):
        self.clean_up()
        os.close(self._ready)

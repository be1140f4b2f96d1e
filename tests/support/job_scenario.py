"""Scenarios of prepare, warm-up runs, runs and cleanup: built by chained calls, and measured in a process of their own.

    told = Scenario(folder).prepare().cleanup().runs(2).when("job", 2, FAIL).measure(python)
    assert told.order == ["prepare", "job", "examine", "cleanup", "prepare", "job", "cleanup"]

``job_scenario.py <JOB`` is that process.
"""

import json
import os
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT_SECONDS = 30

# What a step can do beside taking note of itself; $DRIVER is the pid of the driver.
FAIL = "echo why >&2; exit 3"
LEAVE = "sleep 60 >/dev/null 2>&1 &"
HANG = "exec sleep 60"
CANCEL = "kill -TERM $DRIVER; exec sleep 60"
CANCEL_TWICE = "trap '' TERM; kill -TERM $DRIVER; sleep 0.4; kill -INT $DRIVER; while :; do sleep 0.1; done"
CANCEL_AND_GO_ON = "kill -TERM $DRIVER"
CLOSE = "kill -USR2 $DRIVER; exec sleep 60"  # nobody reads the driver's stdout any more


class Scenario:
    """What to run; each method returns the scenario itself."""

    def __init__(self, folder):
        self._log = os.path.join(str(folder), "log")
        self._commands = {"job": {}}
        self._options = {"grace_seconds": 0.3}
        self._examine = {}

    def prepare(self):
        self._commands["prepare"] = {}
        return self

    def cleanup(self):
        self._commands["cleanup"] = {}
        return self

    def runs(self, count):
        self._options["runs"] = count
        return self

    def warmup_runs(self, count):
        self._options["warmup_runs"] = count
        return self

    def timeout(self, seconds):
        self._options["timeout_seconds"] = seconds
        return self

    def grace(self, seconds):
        self._options["grace_seconds"] = seconds
        return self

    def when(self, step, number, action):
        """Have ``step`` (``examine`` too, which can FAIL or CANCEL_AND_GO_ON) do ``action`` the ``number``-th time."""
        (self._examine if step == "examine" else self._commands[step])[number] = action
        return self

    def measure(self, python):
        job = dict(self._options)
        for step, actions in self._commands.items():
            cases = "".join("%d) %s ;; " % item for item in actions.items())
            script = 'echo %s >>"$LOG"; case $(grep -c %s "$LOG") in %s*) ;; esac' % (step, step, cases)
            job["command" if step == "job" else step] = ["/bin/sh", "-c", script]
        done = subprocess.run(
            [python, "-IS", os.path.abspath(__file__)],
            input=json.dumps([job, self._examine]).encode(),
            env=dict(os.environ, LOG=self._log),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=LIMIT_SECONDS,
        )
        assert not done.stderr, done.stderr.decode()
        return Told(self._log)


class Told:
    """What came of a scenario.

    ``order`` has the steps as they began, ``results`` how many runs counted (or None), ``reason`` and ``message`` the
    failure, ``progress`` what the listener was told first of each command, ``stopping`` of which waits it was told, and
    ``left`` what of processes that were left.
    """

    def __init__(self, log):
        with open(log + ".json") as stream:
            self.__dict__.update(json.load(stream))
        self.order = []
        if os.path.exists(log):
            with open(log) as stream:
                self.order = stream.read().split()


def _main():
    from servo_batch.answers import Details, ServoError
    from servo_batch.job import rounds, run
    from servo_batch.job.cancel import Cancellation, Cancelled

    log = os.environ["LOG"]
    os.environ["DRIVER"] = str(os.getpid())
    job, actions = json.load(sys.stdin)
    told = {
        "results": None,
        "reason": None,
        "message": None,
        "progress": [],
        "stopping": [],
        "left": [],
        "signum": None,
    }

    class Listener(run.Listener):
        progress_seconds = 0.2

        def progress(self, kind, place, elapsed_seconds):
            if not elapsed_seconds:
                told["progress"].append([kind.value, str(place), place.number, place.total])
            elif os.fstat(1).st_nlink:
                told["ticked"] = True

        def stopping(self, kind, grace_seconds):
            told["stopping"].append([kind.value, grace_seconds])

    def examine(ended, report):
        report(0)
        with open(log, "a") as stream:
            stream.write("examine\n")
        examined.append(ended.output.tail("stdout", 100))
        action = actions.get(str(len(examined)))
        if action == CANCEL_AND_GO_ON:
            os.kill(os.getpid(), signal.SIGTERM)
        if action == FAIL:
            raise ServoError("failed", "no-match", "there is no match", [Details("echo", [("stdout", None)])])
        return len(examined)

    def close_stdout(_signum, _frame):
        readable, writable = os.pipe()
        os.close(readable)
        os.dup2(writable, 1)

    run.GUARD_SECONDS = 10 * LIMIT_SECONDS  # no test passes for the guard's having been given up
    examined = []
    signal.signal(signal.SIGUSR2, close_stdout)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell starts in the background what ignores it
    with Cancellation() as cancellation:
        try:
            measured = rounds.measure(rounds.Job(**job), examine, cancellation, Listener())
            told["results"] = [result.value for result in measured.results]
            told["left"] = measured.notes
        except ServoError as error:
            told.update(reason=error.reason, message=error.message, is_cancelled=isinstance(error, Cancelled))
        told["signum"] = cancellation.signum
    with open(log + ".json", "w") as stream:
        json.dump(told, stream)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(ROOT, "src"))
    _main()

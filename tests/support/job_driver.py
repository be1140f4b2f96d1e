"""A driver that only measures, for the tests of the job: ``job_driver.py measure --config config.json``.

It takes the part of a configuration that concerns the job, and answers as ``measure`` does.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "src"))

from servo_batch.answers import ServoError
from servo_batch.job import run as job
from servo_batch.job.cancel import Cancellation, Cancelled
from servo_batch.job.steps import Kind, Step


def write(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


class Listener(job.Listener):
    def progress(self, kind, place, elapsed_seconds):
        write({"progress": 0, "message": "%.3f s" % elapsed_seconds})


def measure(batch, cancellation):
    command = batch["command"]
    step = Step(
        Kind.JOB,
        ["/bin/sh", "-c", command] if isinstance(command, str) else command,
        grace_seconds=batch.get("grace_period", 5),
        timeout_seconds=batch.get("timeout"),
    )
    ended = job.run(step, cancellation, Listener())
    ended.output.close()
    if cancellation.signum:
        raise Cancelled(cancellation.signum)
    return {"status": "ok", "metrics": {"total_runtime": {"value": ended.runtime_seconds, "unit": "seconds"}}}


def main():
    with Cancellation() as cancellation:
        try:
            with open(sys.argv[3]) as stream:
                answer = measure(json.load(stream)["batch"], cancellation)
        except ServoError as error:
            answer = error.response()
        write(answer)
    return 0 if answer["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())

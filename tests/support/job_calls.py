"""Runs jobs one after the other in one process and tells what came of each: ``job_calls.py <CALLS >RESULTS``.

CALLS is a JSON list of what a ``Step`` has, ``args`` a string for a shell or a list; ``show`` is the path of a
file to show the output in, or that and the other arguments of ``Show``. RESULTS is a list of what each came to: stdout, stderr, left, …, or the failure's reason and
message.
"""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT_SECONDS = 60


def run_all(python, calls, late_seconds=None, **options):
    """Return the results of ``calls`` (texts, lists, or dicts of arguments) under the interpreter ``python``.

    ``late_seconds`` is how long what the jobs left running may go on printing, if not as long as in the product.
    """
    calls = [call if isinstance(call, dict) else {"args": call} for call in calls]
    done = subprocess.run(
        [python, "-IS", os.path.abspath(__file__)] + ([] if late_seconds is None else [str(late_seconds)]),
        input=json.dumps(calls).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=LIMIT_SECONDS,
        **options,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    return json.loads(done.stdout.decode())


def _main():
    from servo_batch.answers import ServoError
    from servo_batch.job import failures, keeper, run
    from servo_batch.job.cancel import Cancellation
    from servo_batch.job.run import Listener
    from servo_batch.job.show import Show
    from servo_batch.job.steps import Kind, Step

    if sys.argv[1:]:
        keeper.LATE_SECONDS = float(sys.argv[1])
    results = []
    calls = json.load(sys.stdin)
    with Cancellation() as cancellation:
        for call in calls:
            args = call.pop("args")
            show, keep_output = call.pop("show", None), call.pop("keep_output", None)
            if show:
                path, before, whole_lines = [show, "", False] if isinstance(show, str) else show
                show = Show(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), before.encode(), whole_lines)
            arguments = ["/bin/sh", "-c", args] if isinstance(args, str) else args
            step = Step(Kind.JOB, arguments, **dict({"grace_seconds": 0.2}, **call))
            try:
                ended = run.run(step, cancellation, Listener(), show=show, keep_output=keep_output)
            except ServoError as error:
                results.append({"reason": error.reason, "message": error.message})
                continue
            with ended.output as output:
                results.append(
                    {
                        "stdout": output.tail("stdout", 1 << 20),
                        "stderr": output.tail("stderr", 1 << 20),
                        "head": os.pread(output.stdout.fileno(), 100, 0).decode("latin-1"),
                        "stdout_size": output.stdout_size,
                        "runtime": ended.runtime_seconds,
                        "left": [process.name for process in ended.left_running or []],
                        "left_pids": [process.pid for process in ended.left_running or []],
                        "reader": ended.reader,
                        "told": failures.left_running(step, ended),
                        "usage": ended.usage._asdict(),
                        "cpu_time": ended.usage.cpu_time,
                    }
                )
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(ROOT, "src"))
    _main()

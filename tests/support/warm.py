"""Calls that start no Python of their own: ``warm.py PYZ`` has imported what they import, and forks for each.

A call is a process as ever, in its own folder and environment, and runs the file's ``__main__``; its streams are files.
What it does not do again, to start Python and to import, is nine tenths of a short call. What depends on that (signals
at the start, the locale, $PYTHONPATH, the name of the file), or on what the streams are, is called cold.
"""

import functools
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import traceback

LIMIT_SECONDS = 60
STREAMS = {"stdin": "rb", "stdout": "wb", "stderr": "wb"}
VERBS = ("adjust", "check", "compare", "describe", "history", "measure", "tune")
MODULES = ("cli", "request", *("verbs." + verb for verb in VERBS))


class Warm:
    """A Python that has the file loaded."""

    def __init__(self, python, pyz, environment):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [python, os.path.abspath(__file__), pyz]
        self._process = subprocess.Popen(command, env=environment, start_new_session=True, **pipes)

    def call(self, arguments, folder, environment, data):
        """Return the exit status, stdout and stderr of a call with ``data`` on its stdin."""
        with tempfile.TemporaryDirectory() as streams:
            paths = [os.path.join(streams, name) for name in STREAMS]
            with open(paths[0], "wb") as stream:
                stream.write(data)
            call = [paths, [os.fsdecode(argument) for argument in arguments], folder, environment]
            self._process.stdin.write(json.dumps(call).encode() + b"\n")
            self._process.stdin.flush()
            if not select.select([self._process.stdout], [], [], LIMIT_SECONDS)[0]:
                os.killpg(self._process.pid, signal.SIGKILL)
            status = self._process.stdout.readline()
            assert status, "no end of %r" % (arguments,)
            return (int(status), *map(_read, paths[1:]))


@functools.lru_cache(maxsize=None)
def warm(python, pyz):
    """Return the Warm of a Python and a file, in the environment that calls have."""
    return Warm(python, pyz, {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})


def _read(path):
    with open(path, "rb") as stream:
        return stream.read()


def _serve(pyz):
    sys.path[0] = pyz
    for module in MODULES:
        importlib.import_module("servo_batch." + module)
    for line in sys.stdin.buffer:
        pid = os.fork()
        if not pid:
            _become(pyz, *json.loads(line.decode()))
        status = os.waitpid(pid, 0)[1]
        print(os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status), flush=True)


def _become(pyz, paths, arguments, folder, environment):
    """Be the call, to its end."""
    try:
        for number, (path, mode) in enumerate(zip(paths, STREAMS.values())):
            with open(path, mode) as stream:
                os.dup2(stream.fileno(), number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [pyz] + arguments
        runpy.run_path(pyz, run_name="__main__")
    except BaseException:
        traceback.print_exc()
    os._exit(1)


if __name__ == "__main__":
    _serve(sys.argv[1])

"""Calls that start no Python of their own: ``warm.py PYZ`` has imported what they import, and forks for each.

A call is a process as ever, in its own folder and environment, and runs the file's ``__main__``; its streams are files.
What it does not do again, to start Python and to import, is nine tenths of a short call. What depends on that (signals
at the start, the locale, $PYTHONPATH, the name of the file), or on what the streams are, is called cold.
"""

import functools
import hashlib  # noqa: F401 - the file imports it late
import importlib
import json
import os
import pathlib
import pkgutil
import runpy
import signal
import subprocess
import sys
import tempfile

LIMIT_SECONDS = 60


def call(python, pyz, arguments, folder, environment, data):
    """Return the exit status, stdout and stderr of a call with ``data`` on its stdin."""
    server = _server(python, pyz)
    with tempfile.TemporaryDirectory() as streams:
        stdin, stdout, stderr = paths = [pathlib.Path(streams, name) for name in ("stdin", "stdout", "stderr")]
        stdin.write_bytes(data)
        described = [list(map(str, paths)), list(map(os.fsdecode, arguments)), folder, environment]
        server.stdin.write(json.dumps(described).encode() + b"\n")
        server.stdin.flush()
        return int(server.stdout.readline()), stdout.read_bytes(), stderr.read_bytes()


@functools.lru_cache(maxsize=None)
def _server(python, pyz):
    """Return the process that has a file loaded, in the environment that calls have; it ends with this one."""
    command = [python, os.path.abspath(__file__), pyz]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, start_new_session=True, **pipes)


def _serve(pyz):
    sys.path[0] = pyz
    for module in pkgutil.walk_packages([os.path.join(pyz, "servo_batch")], "servo_batch."):
        importlib.import_module(module.name)
    for line in sys.stdin.buffer:
        pid = os.fork()
        if not pid:
            _become(pyz, *json.loads(line.decode()))
        status = os.waitpid(pid, 0)[1]
        print(os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status), flush=True)


def _become(pyz, paths, arguments, folder, environment):
    """Be the call, to its end."""
    signal.alarm(LIMIT_SECONDS)
    for number, path in enumerate(paths):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [pyz] + arguments
    runpy.run_path(pyz, run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    _serve(sys.argv[1])

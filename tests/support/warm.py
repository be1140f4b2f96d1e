"""Calls of the built file that start no Python of their own: ``warm.py PYZ SOCKET`` has loaded what they load, and forks for each.

A call is a process as ever: its folder, environment and three streams are its own, and it runs the file's ``__main__``.
What it does not do again is to start Python and to import what ``adjust`` and ``measure`` import, nine tenths of a
short call. What depends on that (signals at the start, the locale, $PYTHONPATH, the name of the file) is called cold.
"""

import array
import atexit
import functools
import importlib
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback

LIMIT_SECONDS = 60
LENGTH = struct.Struct("!I")
STREAMS = 3
# What these import, they have; what a verb imports later, each call imports.
LOADED = ("cli", "request", "verbs.adjust", "verbs.check", "verbs.describe", "verbs.measure", "measurement")


class Warm:
    """A Python that has the file loaded."""

    def __init__(self, python, pyz, environment):
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [python, os.path.abspath(__file__), pyz, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        self._socket.settimeout(LIMIT_SECONDS)
        atexit.register(self.close)

    def call(self, arguments, folder, environment, data):
        """Return the exit status, stdout and stderr of a call with ``data`` on its stdin."""
        theirs, ours = [None] * STREAMS, [None] * STREAMS
        theirs[0], ours[0] = os.pipe()
        for number in (1, 2):
            ours[number], theirs[number] = os.pipe()
        stdin, stdout, stderr = (os.fdopen(end, mode, 0) for end, mode in zip(ours, ("wb", "rb", "rb")))
        written = {}
        readers = [
            threading.Thread(target=lambda stream=stream: written.update({stream: stream.read()}))
            for stream in (stdout, stderr)
        ]
        with stdout, stderr:
            with stdin:
                self._send([os.fsdecode(argument) for argument in arguments], folder, environment, theirs)
                pid = int(self._line())
                for reader in readers:
                    reader.start()
                _write(stdin, data)
            try:
                status = int(self._line())
            except socket.timeout:
                os.kill(pid, signal.SIGKILL)
                raise
            for reader in readers:
                reader.join(LIMIT_SECONDS)
                assert not reader.is_alive(), "somebody holds a stream of %r open" % (arguments,)
        return status, written[stdout], written[stderr]

    def _send(self, arguments, folder, environment, streams):
        described = json.dumps([arguments, folder, environment]).encode()
        rights = array.array("i", streams)
        self._socket.sendmsg([LENGTH.pack(len(described))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        for stream in streams:
            os.close(stream)
        self._socket.sendall(described)

    def _line(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self._socket.recv(1)
            assert byte, "the warm Python ended"
            line += byte
        return line

    def close(self):
        self._socket.close()
        self._process.wait()


@functools.lru_cache(maxsize=None)
def warm(python, pyz):
    """Return the Warm of a Python and a file, in the environment that calls have."""
    return Warm(python, pyz, {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})


def _write(stdin, data):
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[stdin.write(rest) :]
    except BrokenPipeError:  # it did not want to know
        pass


def _serve(pyz, connection):
    sys.path[0] = pyz
    for module in LOADED:
        importlib.import_module("servo_batch." + module)
    while True:
        length, ancillary, _, _ = connection.recvmsg(
            LENGTH.size, socket.CMSG_SPACE(STREAMS * array.array("i").itemsize)
        )
        if not length:
            return
        streams = array.array("i", ancillary[0][2])
        left, described = LENGTH.unpack(length)[0], b""
        while len(described) < left:
            described += connection.recv(left - len(described))
        pid = os.fork()
        if not pid:
            _become(pyz, streams, *json.loads(described.decode()))
        for stream in streams:
            os.close(stream)
        connection.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        connection.sendall(b"%d\n" % (os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)))


def _become(pyz, streams, arguments, folder, environment):
    """Be the call, to its end."""
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(STREAMS, max(streams) + 1)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [pyz] + arguments
        runpy.run_path(pyz, run_name="__main__")
    except BaseException:
        traceback.print_exc()
    os._exit(1)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[2])) as connection:
        _serve(sys.argv[1], connection)

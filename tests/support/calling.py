"""Calls of the built file as its users make them: what most tests stand on.

``batch`` describes a job and its settings, as config.json does. A ``Servo`` is the file under one Python, in a folder
that has such a configuration: ``call`` returns how a call ``Ended``, ``start`` its process. What ``Ended`` tells of an
answer has been held to the manual's "Requests and answers". The fixtures in conftest.py make them: ``newest``, or
``servo`` for what Pythons could do differently. A driver that goes on while a test looks is a ``Measuring``
(measuring.py), a program on a terminal a ``Terminal`` (terminals.py), an agent with its service in agent_fixtures.py.
"""

import functools
import json
import os
import shutil
import subprocess

import pytest
import warm
from machine import file_for

LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher.py")

SETTINGS = {
    "cpu": {"type": "range", "min": 1, "max": 8, "step": 1, "value": 2, "unit": "cores"},
    "mem": {"min": 0.5, "max": 4.0, "step": 0.5, "value": 1.5},
    "gc": {"type": "enum", "values": ["g1", "zgc", 7, True], "value": "g1"},
    "opts": {"value": "-Xmx1g"},
    "unset": {},
}
# What a batch has whose job prints what it costs.
COST = {"metrics": {"cost": {"output_regex": "cost (.*)"}}, "objective": {"minimize": "{cost}"}}


def application(**components):
    """Return {"application": …} for components given as name={setting: description}."""
    described = {name: {"settings": settings} for name, settings in components.items()}
    return {"application": {"components": described}}


def asked(**settings):
    """Return an adjust request for settings of the component web."""
    return application(web={name: {"value": value} for name, value in settings.items()})


def batch(command="echo size 5", **keys):
    """Return a configuration; ``keys`` are laid over it, and a key that is None is left out."""
    described = {"command": command, "default_state": application(web=SETTINGS)}
    described.update(keys)
    return {"batch": {key: value for key, value in described.items() if value is not None}}


class Ended:
    """A call that ended: ``status``, ``stdout``, ``stderr``, and the ``answer`` and ``progress`` in its stdout."""

    def __init__(self, status, stdout, stderr):
        self.status = status
        self.stdout = stdout
        self.stderr = stderr.decode("utf-8", "backslashreplace")

    @property
    def text(self):
        """The stdout of a call that answers people."""
        return self.stdout.decode("utf-8")

    @property
    def responses(self):
        assert self.stdout.endswith(b"\n"), self
        # split at b"\n" only: the protocol's lines, not what str.splitlines makes of U+2028.
        responses = [json.loads(line.decode("utf-8")) for line in self.stdout[:-1].split(b"\n")]
        assert all(isinstance(response, dict) for response in responses), self
        return responses

    @property
    def progress(self):
        return self.responses[:-1]

    @property
    def answer(self):
        *before, answer = self.responses
        assert all("progress" in response for response in before), self
        assert "progress" not in answer, self
        return answer

    @property
    def query(self):
        """The settings' values in the answer of ``adjust --query``, by component and setting."""
        assert self.status == 0, self
        components = self.answer["application"]["components"]
        return {
            name: {setting: description.get("value") for setting, description in component["settings"].items()}
            for name, component in components.items()
        }

    def failed(self, status, reason, *words):
        """Assert that the call failed as "Requests and answers" has it: one clear answer, a short line for people, no traceback."""
        assert self.answer == {"status": status, "reason": reason, "message": self.answer["message"]}, self
        assert self.status == 1, self
        assert "Traceback" not in self.stderr, self
        assert self.stderr.startswith("servo-batch: "), self
        assert self.stderr.count("\n") == 1, self
        for word in words:
            assert word in self.answer["message"], self

    bad_config = functools.partialmethod(failed, "failed", "bad-config")
    bad_request = functools.partialmethod(failed, "bad-request", "bad-request")
    bad_state = functools.partialmethod(failed, "failed", "bad-state")
    rejected = functools.partialmethod(failed, "rejected", "invalid-value", "nothing was changed")

    def __repr__(self):
        return "exit status %d\nstdout: %.3000r\nstderr: %.3000s" % (self.status, self.stdout, self.stderr)


class Servo:
    """The built file under one Python, called in a folder of its own that has ``config.json``.

    What a call says does not depend on how Python was started, so most calls come from one that has started (warm.py).
    """

    is_warm = True

    def __init__(self, python, folder, document=None):
        self.python = python
        self.pyz = file_for(python)
        self.folder = str(folder)
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TMPDIR": self.folder}
        self.state = self.path("_state.json")
        self.configure(batch() if document is None else document)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        path = self.path(name)
        with open(path, "wb") as stream:
            stream.write(data if isinstance(data, bytes) else json.dumps(data).encode())
        return path

    def read(self, name):
        with open(self.path(name), "rb") as stream:
            return stream.read()

    def read_json(self, name):
        return json.loads(self.read(name).decode("utf-8"))

    def read_lines(self, name):
        """Return what the lines of a file are as JSON: a history, or answers."""
        return [json.loads(line.decode("utf-8")) for line in self.read(name).splitlines()]

    def configure(self, document):
        """Have this configuration, and return this Servo for a call."""
        self.write("config.json", document)
        return self

    def job(self, command="echo size 5", **keys):
        """Have the configuration of a job that ``batch`` describes, and return this Servo for a call."""
        return self.configure(batch(command, **keys))

    def start(self, *arguments, prefix=(), options=(), program=None, changes=(), environment=None, **streams):
        """Return the running process of a call, its three streams pipes where it is not said otherwise.

        ``options`` are Python's own; ``changes`` those of launcher.py, of constants that would take too long.
        """
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, subprocess.PIPE)
        streams.setdefault("cwd", self.folder)
        file = [LAUNCHER, self.pyz, *changes, "servo-batch.pyz"] if changes else [program or self.pyz]
        whole = dict(self.environment, **(environment or {}))
        return subprocess.Popen([*prefix, self.python, *options, *file, *arguments], env=whole, **streams)

    def call(self, *arguments, request=b"", environment=None, **options):
        """Return how a call ended that had ``request`` (bytes, or what is sent as JSON) on its stdin."""
        data = request if isinstance(request, bytes) else json.dumps(request).encode()
        whole = dict(self.environment, **(environment or {}))
        of_python = {name: value for name, value in whole.items() if name.startswith(("LC_", "LANG", "PYTHON"))}
        if self.is_warm and not options and of_python == {"LC_ALL": "C.UTF-8"}:
            return Ended(*warm.call(self.python, self.pyz, arguments, self.folder, whole, data))
        process = self.start(*arguments, environment=environment, **options)
        try:
            stdout, stderr = process.communicate(data if process.stdin else None)
        finally:
            process.kill()  # nothing where it has ended
        return Ended(process.returncode, stdout or b"", stderr or b"")

    query = functools.partialmethod(call, "adjust", "--query")
    describe = functools.partialmethod(call, "measure", "--describe")

    def adjust(self, request, *arguments, **options):
        return self.call("adjust", *arguments, request=request, **options)

    def measure(self, request=b"", *arguments, **options):
        return self.call("measure", *arguments, request=request, **options)

    def stored(self, **settings):
        """Store values for settings of the component web, and assert that it worked."""
        assert self.adjust(asked(**settings)).status == 0
        return self.read("_state.json")


def without_privileges():
    """Return the start of a command line under which file modes count, also for root; skip where there is none."""
    if os.geteuid() != 0:
        return []
    capabilities = "-dac_override,-dac_read_search"
    prefix = ["setpriv", "--bounding-set", capabilities, "--inh-caps", capabilities]
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("root may write everywhere, and no setpriv can take that away here")
    return prefix

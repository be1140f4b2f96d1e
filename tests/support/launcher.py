"""Starts the agent from src/, with constants of its modules changed: launcher.py [MODULE.NAME=NUMBER ...] -- ARGUMENTS.

Waiting a minute for a time-out in a test would be honest but slow.
"""

import importlib
import os
import sys

sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "src")

from servo_batch import agent  # noqa: E402
from servo_batch.agent import signals  # noqa: E402
from servo_batch.options import read  # noqa: E402

signals.hold()

changes = sys.argv[1 : sys.argv.index("--")]
del sys.argv[1 : len(changes) + 2]
for change in changes:
    name, value = change.split("=")
    module, constant = name.split(".")
    module = importlib.import_module("servo_batch.agent." + module)
    assert hasattr(module, constant), name
    setattr(module, constant, float(value) if "." in value else int(value))
sys.exit(agent.main(read("servo", sys.argv[1:]), sys.argv[1:]))

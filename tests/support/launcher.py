"""Starts the agent of the built file FILE, with constants of its modules changed: launcher.py FILE [MODULE.NAME=NUMBER …] -- ARGUMENTS.

Waiting a minute for a time-out in a test would be honest but slow.
"""

import importlib
import sys

sys.path[0] = sys.argv.pop(1)
changes = sys.argv[1 : sys.argv.index("--")]
for change in changes:
    name, value = change.split("=")
    module, constant = name.split(".")
    module = importlib.import_module("servo_batch.agent." + module)
    assert hasattr(module, constant), name
    setattr(module, constant, float(value) if "." in value else int(value))
sys.argv[:] = ["servo", *sys.argv[len(changes) + 2 :]]

from servo_batch.cli import main  # noqa: E402

sys.exit(main())

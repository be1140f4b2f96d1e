"""Runs the built file FILE with constants of its modules changed: launcher.py FILE [MODULE.NAME=NUMBER …] -- NAME ARGUMENTS.

Waiting a minute for a time-out in a test would be honest but slow. NAME is what the file is called by.
"""

import importlib
import sys

sys.path[0] = sys.argv.pop(1)
changes = sys.argv[1 : sys.argv.index("--")]
for change in changes:
    name, value = change.split("=")
    module, _, constant = name.rpartition(".")
    module = importlib.import_module("servo_batch." + module)
    assert hasattr(module, constant), name
    setattr(module, constant, float(value) if "." in value else int(value))
del sys.argv[: len(changes) + 2]

from servo_batch.cli import main  # noqa: E402

sys.exit(main())

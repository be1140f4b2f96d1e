"""Runs the built file FILE with constants of its modules changed: launcher.py FILE [MODULE.NAME=NUMBER …] NAME ARGUMENTS.

Waiting a minute for a time-out in a test would be honest but slow. NAME is what the file is called by.
"""

import importlib
import sys

sys.path[0] = sys.argv.pop(1)
while "=" in sys.argv[1]:
    name, value = sys.argv.pop(1).split("=")
    module, constant = name.rsplit(".", 1)
    module = importlib.import_module("servo_batch." + module)
    assert hasattr(module, constant), name
    setattr(module, constant, float(value) if "." in value else int(value))
del sys.argv[0]

from servo_batch.cli import main  # noqa: E402

sys.exit(main())

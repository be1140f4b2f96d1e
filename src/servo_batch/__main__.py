"""What ``python3 -m servo_batch`` and the built file run."""

import os
import sys

from servo_batch.cli import main

if __name__ == "__main__":
    exit_status = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # closed, by us or by whoever reads it
    # All is written, and nothing is left to clean up: taking the interpreter apart would only cost time.
    os._exit(exit_status)

"""What ``python3 -m servo_batch`` and the built file run."""

import gc
import os
import sys

# A short call makes less garbage than looking for it costs; the agent, which lives on, turns this on again.
gc.disable()

INTERRUPTED = 128 + 2  # SIGINT has this number on every system; the module signal costs start-up time

if __name__ == "__main__":
    try:
        from servo_batch.cli import main

        exit_status = main()
    except KeyboardInterrupt:
        exit_status = INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # closed, by us or by whoever reads it
    # All is written, and nothing is left to clean up: taking the interpreter apart would only cost time.
    os._exit(exit_status)

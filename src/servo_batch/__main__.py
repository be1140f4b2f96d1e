"""What ``python3 -m servo_batch`` and the built file run."""

import sys

from servo_batch.cli import main

if __name__ == "__main__":
    sys.exit(main())

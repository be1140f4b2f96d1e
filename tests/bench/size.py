"""The size of the built file: ``python tests/bench/size.py``."""

import os
import subprocess
import sys
import tempfile

import table

LIMIT = 128 * 1024


def rows():
    """Yield the one row."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "servo-batch.pyz")
        subprocess.run([sys.executable, os.path.join(table.ROOT, "build.py"), "-o", path], check=True)
        size = os.path.getsize(path)
    yield "servo-batch.pyz", "%d bytes" % size, "at most %d" % LIMIT, size <= LIMIT


if __name__ == "__main__":
    table.show(rows())

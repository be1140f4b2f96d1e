"""The size of the built file: ``python tests/bench/size.py``."""

import os
import tempfile

import table

LIMIT = 128 * 1024


def rows():
    """Yield the one row."""
    with tempfile.TemporaryDirectory() as folder:
        size = os.path.getsize(table.build(folder))
    yield "servo-batch.pyz", "%d bytes" % size, "at most %d" % LIMIT, size <= LIMIT


if __name__ == "__main__":
    table.show(rows())

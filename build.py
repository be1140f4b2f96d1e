#!/usr/bin/env python3
"""Bundle src/ into servo-batch.pyz: one executable file, the same bytes wherever and by whatever Python it is built.

The archive is stored, not compressed: it needs no zlib at run time and starts sooner. Its entries are sorted and carry
a fixed time, mode and system, so that nothing of the building machine reaches the file.
"""

import argparse
import os
import pathlib
import sys
import zipfile
from typing import List, Optional

SHEBANG = b"#!/usr/bin/env python3\n"
MAX_BYTES = 128 * 1024
# The first moment a zip file can name.
EPOCH = (1980, 1, 1, 0, 0, 0)
MAIN = b"import sys\n\nfrom servo_batch.cli import main\n\nsys.exit(main())\n"


def build(source: pathlib.Path, target: pathlib.Path) -> int:
    """Write the package below ``source`` to ``target``, executable, and return its size in bytes.

    The file replaces ``target`` whole or not at all. Raises ``OSError`` where a file cannot be read or written.
    """
    partial = target.with_name(target.name + ".partial")
    try:
        with open(str(partial), "wb") as stream:
            stream.write(SHEBANG)
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(_entry("__main__.py"), MAIN)
                for path in sorted(source.glob("servo_batch/**/*.py"), key=lambda path: path.parts):
                    archive.writestr(_entry(path.relative_to(source).as_posix()), path.read_bytes())
        partial.chmod(0o755)
        os.replace(str(partial), str(target))
    finally:
        if partial.exists():
            partial.unlink()
    return target.stat().st_size


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = 3  # Unix, also where the builder is not
    entry.external_attr = 0o100644 << 16
    return entry


def main(arguments: Optional[List[str]] = None) -> int:
    """Build as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description="Bundle src/ into one executable file.")
    parser.add_argument("-o", "--output", metavar="FILE", default="servo-batch.pyz", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        size = build(pathlib.Path(__file__).resolve().parent / "src", pathlib.Path(options.output))
    except OSError as error:
        print("build.py: %s" % error, file=sys.stderr)
        return 1
    if size > MAX_BYTES:
        print("build.py: %s has %d bytes, more than %d" % (options.output, size, MAX_BYTES), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Put src/ and the README, byte for byte, into one executable file: servo-batch.pyz.

The file is a zip archive that Python runs (see the standard library's zipapp). Its entries are stored, not compressed,
so that ``unzip -p`` and ``grep`` show in it what the repository has; their order, times and modes are fixed, so that
the same sources give the same bytes under every Python and on every machine.
"""

import argparse
import importlib.util
import io
import marshal
import os
import pathlib
import sys
import zipfile

ROOT = os.path.dirname(os.path.abspath(__file__))
SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive knows
UNCHECKED_HASH = b"\1\0\0\0"  # PEP 552: the bytecode is taken as it is, the source is not looked at


def sources():
    # type: () -> dict[str, bytes]
    """Return what goes into the archive, ``{"servo_batch/cli.py": its bytes, …}``."""
    root = pathlib.Path(ROOT, "src")
    paths = [path for path in root.glob("**/*") if path.suffix in (".py", ".md")]
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    found["README.md"] = pathlib.Path(ROOT, "README.md").read_bytes()
    return found


def bytecode(name, source):
    # type: (str, bytes) -> bytes
    """Return what an import under this Python, 3.7 or newer, would cache for a source: PEP 552, unchecked."""
    code = compile(source, name, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source)  # novermin: from 3.7 on
    return header + marshal.dumps(code)


def archive(entries):
    # type: (dict[str, bytes]) -> bytes
    """Return the executable file that holds ``entries``."""
    packed = io.BytesIO()
    packed.write(SHEBANG)  # first, so that the archive's offsets count it: unzip warns where they do not
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, also where the builder is not
            entry.external_attr = 0o100644 << 16
            target.writestr(entry, entries[name])
    return packed.getvalue()


def replace(path, data):
    # type: (str, bytes) -> None
    """Write an executable file whole, or leave what was there; raise ``OSError``."""
    partial = "%s.%d.partial" % (path, os.getpid())
    try:
        with open(partial, "wb") as stream:
            stream.write(data)
        os.chmod(partial, 0o755)
        os.replace(partial, path)
    except OSError:
        if os.path.exists(partial):
            os.unlink(partial)
        raise


def main(arguments=None):
    # type: (list[str] | None) -> int
    """Build as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description="Put src/ and the README into one executable file.")
    parser.add_argument("-o", "--output", metavar="FILE", default="servo-batch.pyz", help="default: %(default)s")
    parser.add_argument("--bytecode", action="store_true", help="add what this Python compiles: quick starts")
    options = parser.parse_args(arguments)
    entries = sources()
    if options.bytecode and sys.version_info < (3, 7):
        print("build.py: Python 3.6 takes no bytecode from an archive by PEP 552: built without", file=sys.stderr)
    elif options.bytecode:
        entries.update({name + "c": bytecode(name, entries[name]) for name in entries if name.endswith(".py")})
    try:
        replace(options.output, archive(entries))
    except OSError as error:
        print("build.py: %s: %s" % (options.output, error.strerror), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

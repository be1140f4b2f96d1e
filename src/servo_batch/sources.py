"""The sources that this program runs from: their digest, and the manual beside them."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

# The folder that holds the package, or the archive, in which Python's loader finds files by longer paths.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def digest() -> str:
    """Return the SHA-256 of what ``sha256sum`` prints of all sources in the order of their names.

    In the repository: ``cd src && find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum``.
    """
    import hashlib

    lines = [f"{hashlib.sha256(source).hexdigest()}  {name}\n" for name, source in sorted(_sources().items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def manual() -> str:
    """Return the text of README.md; raise ``OSError`` where it is not there."""
    if os.path.isdir(ROOT):
        with open(os.path.join(os.path.dirname(ROOT), "README.md"), encoding="utf-8") as stream:
            return stream.read()
    import zipfile

    with zipfile.ZipFile(ROOT) as archive:
        return archive.read("README.md").decode("utf-8")


def _sources() -> "Dict[str, bytes]":
    found = {}
    if os.path.isdir(ROOT):
        for folder, _, names in os.walk(ROOT):
            for name in names:
                if name.endswith(".py"):
                    path = os.path.join(folder, name)
                    with open(path, "rb") as stream:
                        found[os.path.relpath(path, ROOT)] = stream.read()
        return found
    import zipfile

    with zipfile.ZipFile(ROOT) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                found[name] = archive.read(name)
    return found

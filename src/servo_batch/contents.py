"""The files that this program runs from: the digest of its sources, and its manual."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

# The folder that holds the package, or the archive, in which Python's loader finds files by longer paths.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MANUAL = "servo_batch/manual/"


def digest() -> str:
    """Return the SHA-256 of what ``sha256sum`` prints of all sources in the order of their names.

    In the repository: ``cd src && find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum``.
    """
    import hashlib

    lines = [f"{hashlib.sha256(source).hexdigest()}  {name}\n" for name, source in sorted(_files(".py").items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def manual() -> "Dict[str, str]":
    """Return the manual, ``{"README": its text, "metrics": …, "recipes/ssh": …}``; raise ``OSError``."""
    return {name.replace(MANUAL, "")[:-3]: text.decode("utf-8") for name, text in sorted(_files(".md").items())}


def _files(ending: str) -> "Dict[str, bytes]":
    """Return the files with such an ending by their names in the archive."""
    if not os.path.isdir(ROOT):
        import zipfile

        with zipfile.ZipFile(ROOT) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name.endswith(ending)}
    import glob

    paths = {os.path.relpath(path, ROOT): path for path in glob.glob(f"{ROOT}/**/*{ending}", recursive=True)}
    readme = os.path.join(os.path.dirname(ROOT), "README.md")
    if ending == ".md" and os.path.isfile(readme):
        paths["README.md"] = readme
    found = {}
    for name, path in paths.items():
        with open(path, "rb") as stream:
            found[name] = stream.read()
    return found

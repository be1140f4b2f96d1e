"""What Python runs first in servo-batch.pyz."""

import os
import sys
import zipimport


class Importer(zipimport.zipimporter):
    """Python's own importer of archives, but that it reads and compiles each module once.

    Python asks an importer for a module's file name before it asks for its code, and zipimport, up to Python 3.13 at
    least, compiles the module to tell it. Most of the time of a short call is compiling.
    """

    def get_filename(self, fullname):  # type: (str) -> str
        """Return where a module is; raise ``ImportError`` where there is none."""
        path = os.path.join(self.archive, self.prefix) + fullname.rpartition(".")[2]
        return path + ("/__init__.py" if self.is_package(fullname) else ".py")


sys.path_hooks.insert(0, Importer)

try:
    from servo_batch.__main__ import start

    start()
except KeyboardInterrupt:
    os._exit(128 + 2)

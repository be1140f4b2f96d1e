"""Why a program cannot be executed, in words for whoever has to mend it.

The error of execve(2) names neither the interpreter nor the loader that is the cause.
"""

import errno
import os
import re
import shlex
from typing import Optional

# What the system says of itself, not of the command.
OF_THE_MACHINE = (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_MEANINGS = {
    errno.E2BIG: "its arguments and environment are too long (Linux: one at most 128 KiB; all: see getconf ARG_MAX)",
    errno.EAGAIN: "there are too many processes (ulimit -u, or the limit of the container)",
    errno.EMFILE: "there are too many open files (ulimit -n, or the limit of the system)",
    errno.EACCES: "this user may not execute it or its interpreter, or its file system is mounted noexec",
    errno.ENOEXEC: "it is neither a program for this machine nor a script that begins with #!",
}


def foreseen(program: str, folder: Optional[str] = None) -> Optional[str]:
    """Return what would keep a program from being executed, as far as that can be seen beforehand, else None.

    ``folder`` is where it would run, by default the working directory.
    """
    path = _find(program, folder)
    if path is None:
        return why_not(program, errno.ENOENT, folder) + "; correct the name, or install it"
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        return why_not(program, errno.EACCES, folder)
    return _interpreter_problem(path)


def why_not(program: str, number: int, folder: Optional[str] = None) -> str:
    """Return what the errno of a failed execve(2) means for a program, which is a path or a name to look for."""
    path = _find(program, folder)
    if number in (errno.ENOENT, errno.ENOTDIR) and path is None:
        where = f" in {folder}" if folder else ""
        where = where if "/" in program else f" in any folder of $PATH, {os.environ.get('PATH', os.defpath)}"
        return f"command not found: there is no {shlex.quote(program)}{where}"
    if number == errno.ENOENT and path:
        return _interpreter_problem(path) or f"{path} needs the interpreter of another system, which is not there"
    if number == errno.EACCES and path and os.path.isdir(path):
        return f"{path} is a folder"
    if number == errno.EACCES and path and not os.access(path, os.X_OK):
        return f"{path} is not executable (chmod +x makes it so)"
    return f"{path or shlex.quote(program)}: {_MEANINGS.get(number, os.strerror(number))}"


def _find(program: str, folder: Optional[str]) -> Optional[str]:
    """Return the file that a program's name means, as execvp(3) looks for it, executable or not; None where none is."""
    # As UTF-8 whatever the locale is, which is how the guard looks for it.
    name = os.fsdecode(program.encode("utf-8", "surrogateescape"))
    paths = (
        [os.path.join(folder or "", name)] if "/" in name else [os.path.join(each, name) for each in os.get_exec_path()]
    )
    there = [path for path in paths if os.path.exists(path) and ("/" in name or os.path.isfile(path))]
    return next((path for path in there if os.access(path, os.X_OK)), there[0] if there else None)


def _interpreter_problem(path: str) -> Optional[str]:
    """Return what is wrong with the interpreter that a script needs; None for nothing, and for what is no script."""
    try:
        with open(path, "rb") as stream:
            line = stream.readline(256)
    except OSError:
        return None
    if not line.startswith(b"#!"):
        return None
    words = re.split(rb"[ \t]+", line[2:].strip(b" \t\n"))
    if words[0].endswith(b"/env") and len(words) == 2 and words[1].endswith(b"\r"):
        needed = b" ".join(words)  # env would look for a program whose name ends so
    elif os.path.exists(words[0]):
        return None
    else:
        needed = words[0]
    hint = ""
    if needed.endswith(b"\r"):
        hint = rf": its lines end as Windows has them, mend it with sed -i 's/\r$//' {shlex.quote(path)}"
    return f"{path} needs the interpreter {needed.decode('utf-8', 'replace')!r}, which is not there{hint}"

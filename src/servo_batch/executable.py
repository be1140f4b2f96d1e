"""Why a program cannot be executed, in words for whoever has to mend it.

The error of execve(2) names neither the interpreter nor the loader that is the cause.
"""

import errno
import os
import shlex
from typing import Optional

# What the system says of itself, not of the command.
OF_THE_MACHINE = (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_MEANINGS = {
    errno.E2BIG: "its arguments and environment are too long (Linux: one at most 128 KiB; all: see getconf ARG_MAX)",
    errno.EAGAIN: "there are too many processes (ulimit -u, or the limit of the container)",
    errno.EMFILE: "there are too many open files (ulimit -n, or the limit of the system)",
    errno.EACCES: "this user may not execute it or its interpreter, or its file system is mounted noexec",
    errno.ENOENT: "it needs the loader of another system, which is not there",
    errno.ENOEXEC: "it is neither a program for this machine nor a script that begins with #!",
}


def why_not(program: str, number: int, folder: Optional[str] = None) -> str:
    """Return what the errno of a failed execve(2) means for a program: what ``foreseen`` sees, or the error's text."""
    meaning = _MEANINGS.get(number, os.strerror(number))
    return foreseen(program, folder) or f"{_find(program, folder)}: {meaning}"


def foreseen(program: str, folder: Optional[str] = None) -> Optional[str]:
    """Return what would keep a program from being executed, as far as that can be seen beforehand, else None.

    It is a path or a name to look for; ``folder`` is where it would run, by default the working directory.
    """
    path = _find(program, folder)
    if path is None:
        where = f" in {folder}" if folder else ""
        where = where if "/" in program else f" in any folder of $PATH, {os.environ.get('PATH', os.defpath)}"
        return f"command not found: there is no {shlex.quote(program)}{where}; correct the name, or install it"
    if os.path.isdir(path):
        return f"{path} is a folder"
    if not os.access(path, os.X_OK):
        return f"{path} is not executable (chmod +x makes it so)"
    return _interpreter_problem(path, folder)


def _find(program: str, folder: Optional[str]) -> Optional[str]:
    """Return the file that a program's name means, as execvp(3) looks for it, executable or not; None where none is."""
    # As UTF-8 whatever the locale is, which is how the guard looks for it.
    name = os.fsdecode(program.encode("utf-8", "surrogateescape"))
    if "/" in name:
        path = os.path.join(folder or "", name)
        return path if os.path.exists(path) else None
    there = [path for path in (os.path.join(each, name) for each in os.get_exec_path()) if os.path.isfile(path)]
    return next((path for path in there if os.access(path, os.X_OK)), there[0] if there else None)


def _interpreter_problem(path: str, folder: Optional[str]) -> Optional[str]:
    """Return what is wrong with the first line of a script; None for nothing, and for what is no script."""
    try:
        with open(path, "rb") as stream:
            line = stream.readline(256).rstrip(b"\n")
    except OSError:
        return None
    if not line.startswith(b"#!"):
        return None
    if line.endswith(b"\r"):
        return rf"{path} has lines that end as Windows has them, mend it with sed -i 's/\r$//' {shlex.quote(path)}"
    needed = (line[2:].split() or [b""])[0]
    if needed and os.path.exists(os.path.join(os.fsencode(folder or ""), needed)):
        return None
    return f"{path} needs the interpreter {needed.decode('utf-8', 'replace')!r}, which is not there"

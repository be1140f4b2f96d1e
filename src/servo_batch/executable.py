"""Why a program cannot be executed, in words for whoever has to mend it.

The error of execve(2) names neither the folder nor the interpreter nor the loader that is the cause.
"""

import errno
import os
import shlex
from typing import Optional

# What the system says of a program that is not there, or of what it needs; the other errors speak for themselves.
OF_THE_FILE = (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC)


def find(program: str) -> Optional[str]:
    """Return the file that a program's name means, as execvp(3) looks for it, executable or not; None where none is."""
    if "/" in program:
        return program if os.path.exists(program) else None
    paths = [os.path.join(folder, program) for folder in os.get_exec_path()]
    files = list(filter(os.path.isfile, paths))
    return next((path for path in files if os.access(path, os.X_OK)), files[0] if files else None)


def foreseen(program: str) -> Optional[str]:
    """Return what would keep a program from being executed, as far as that can be seen beforehand, else None."""
    path = find(program)
    if path is None:
        return why_not(program, errno.ENOENT) + "; correct the name, or install it"
    if os.path.isdir(path) or not os.access(path, os.X_OK):
        return why_not(program, errno.EACCES)
    return lacks_interpreter(path)


def why_not(program: str, number: int) -> str:
    """Return what the errno of a failed execve(2) means for a program, which is a path or a name to look for."""
    if number not in OF_THE_FILE:
        return f"{shlex.quote(program)}: {os.strerror(number)}"
    path = find(program)
    if path is None and number == errno.EACCES:
        return f"{shlex.quote(program)} is in a folder that this user may not enter"
    if path is None:
        where = "" if "/" in program else f" in any folder of $PATH, {os.environ.get('PATH', os.defpath)}"
        return f"command not found: there is no {shlex.quote(program)}{where}"
    if number == errno.ENOEXEC:
        return f"{path} is neither a program for this machine nor a script that begins with #!"
    if os.path.isdir(path):
        return f"{path} is a folder"
    if not os.access(path, os.X_OK):
        return f"{path} is not executable (chmod +x makes it so)"
    interpreter = _interpreter(path)
    if number == errno.EACCES:
        reason = f"its interpreter {interpreter!r} may not either" if interpreter else "this user may not"
        return f"{path} may not be executed: {reason}, or its file system is mounted noexec"
    return lacks_interpreter(path) or f"{path} needs the interpreter of another system, which is not there"


def lacks_interpreter(path: str) -> Optional[str]:
    """Return which interpreter a script needs that is not there; None where it is, and for what is no script."""
    interpreter = _interpreter(path)
    if not interpreter or not (interpreter.endswith("\r") or not os.path.exists(interpreter.split()[0])):
        return None
    hint = ""
    if interpreter.endswith("\r"):
        hint = rf": its lines end as Windows has them, mend it with sed -i 's/\r$//' {shlex.quote(path)}"
    return f"{path} needs the interpreter {interpreter!r}, which is not there{hint}"


def _interpreter(path: str) -> str:
    """Return what a script names after ``#!``, with a Windows line end; empty for anything else."""
    try:
        with open(path, "rb") as stream:
            line = stream.readline(256)
    except OSError:
        return ""
    return line[2:].strip(b" \t\n").decode("utf-8", "replace") if line.startswith(b"#!") else ""

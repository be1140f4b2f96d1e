"""Why a program cannot be executed, in words for whoever has to mend it.

The error of execve(2) names neither the interpreter nor the loader that is the cause.
"""

import errno
import os
import re
import shlex
from typing import Mapping, Optional, Sequence

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


# A path that comes first in a script, or a name where that is one command: others may define it, or pass over it. What
# is quoted or computed only the shell knows.
FIRST = re.compile(
    r"\s*(?:([A-Za-z0-9_.+-]*/[A-Za-z0-9_.+/-]*)(?=[\s;&|]|\Z)|([A-Za-z0-9_.+-]+)(?:[ \t][^;|&\n(){}]*)?\Z)"
)


def why_not(program: str, number: int, folder: Optional[str] = None) -> str:
    """Return what the errno of a failed execve(2) means for a program: what ``foreseen`` sees, or the error's text."""
    meaning = _MEANINGS.get(number, os.strerror(number))
    return foreseen(program, folder) or f"{_find(program, folder)}: {meaning}"


def first_program(arguments: Sequence[str]) -> Optional[str]:
    """Return the path or the name of what a command runs first, None where that cannot be told."""
    script = script_of(arguments)
    if script is None:
        return arguments[0] if "{" not in arguments[0] else None  # a placeholder without a value stands there
    first = FIRST.match(script)
    return first.group(1) or first.group(2) if first else None


def unknown(arguments: Sequence[str], environment: Mapping[str, str], folder: Optional[str]) -> Optional[str]:
    """Return what is wrong where a command begins with a name that stands for no program, else None.

    In a script it may be one of the words of ``/bin/sh``, which is asked in the ``folder`` where it runs.
    """
    name = first_program(arguments)
    if name is None or "/" in name:
        return None
    if script_of(arguments) is None:
        return None if "PATH" in environment else foreseen(name)
    import subprocess

    asks = ["/bin/sh", "-c", 'command -v "$1" >/dev/null 2>&1', "sh", name]
    try:
        is_known = subprocess.call(asks, env={**os.environ, **environment}, cwd=folder) == 0
    except OSError:  # whatever it is, it meets the command as well, which reports it
        return None
    return None if is_known else f"command not found: the shell knows no {name}; correct the name, or install it"


def script_of(arguments: Sequence[str]) -> Optional[str]:
    """Return the script that a command is, None where it is a program with its arguments."""
    return arguments[2] if list(arguments[:2]) == ["/bin/sh", "-c"] and len(arguments) == 3 else None


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

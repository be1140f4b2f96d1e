"""Why a program cannot be executed, in words for whoever has to mend it.

The error of execve(2) names neither the folder nor the interpreter nor the loader that is the cause.
"""

import errno
import os
import re
import shlex
from typing import List, NamedTuple, Optional

# What the system says of a program that is not there, or of what it needs.
OF_THE_FILE = (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC)
# What it says, besides, because of what is asked for; anything else it says of itself.
OF_THE_COMMAND = (*OF_THE_FILE, errno.E2BIG, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG)
_MEANINGS = {
    errno.E2BIG: "its arguments and environment are too long (Linux: one at most 128 KiB; all: see getconf ARG_MAX)",
    errno.EAGAIN: "there are too many processes (ulimit -u, or the limit of the container)",
    errno.EMFILE: "there are too many open files (ulimit -n, or the limit of the system)",
    errno.ENFILE: "there are too many open files (ulimit -n, or the limit of the system)",
}


class _Shebang(NamedTuple):
    """What a script names after ``#!``, as Linux reads it: two words at most, the second with all that follows."""

    interpreter: bytes
    argument: bytes


def find(program: str, folder: Optional[str] = None) -> Optional[str]:
    """Return the file that a program's name means, as execvp(3) looks for it, executable or not; None where none is.

    ``folder`` is where it would run, by default the working directory.
    """
    return next(iter(_files(program, folder)), None)


def foreseen(program: str, folder: Optional[str] = None, by_shell: bool = False) -> Optional[str]:
    """Return what would keep a program from being executed, as far as that can be seen beforehand, else None.

    A shell runs a text without ``#!`` itself.
    """
    files = _files(program, folder)
    if not files:
        return why_not(program, _error_of(program, folder), folder) + "; correct the name, or install it"
    executable = [path for path in files if os.path.isfile(path) and os.access(path, os.X_OK)]
    if not executable:
        return why_not(program, errno.EACCES, folder)
    # execvp(3) goes on to the next on $PATH
    problems = [interpreter_problem(path) or (None if by_shell else _text_problem(path)) for path in executable]
    return None if None in problems else problems[0]


def why_not(program: str, number: int, folder: Optional[str] = None) -> str:
    """Return what the errno of a failed execve(2) means for a program, which is a path or a name to look for."""
    if number not in OF_THE_FILE:
        return _MEANINGS.get(number) or f"{shlex.quote(program)}: {os.strerror(number)}"
    path = find(program, folder)
    if path is None and number == errno.EACCES:
        return f"{shlex.quote(program)} is in a folder that this user may not enter"
    if path is None:
        where = f" in {folder}" if folder else ""
        where = where if _is_path(program) else f" in any folder of $PATH, {os.environ.get('PATH', os.defpath)}"
        return f"command not found: there is no {shlex.quote(program)}{where}"
    if number == errno.ENOEXEC:
        return f"{path} is neither a program for this machine nor a script that begins with #!"
    if os.path.isdir(path):
        return f"{path} is a folder"
    if not os.access(path, os.X_OK):
        return f"{path} is not executable (chmod +x makes it so)"
    interpreter = _shebang(path).interpreter
    if number == errno.EACCES:
        reason = f"its interpreter {_shown(interpreter)} may not either" if interpreter else "this user may not"
        return f"{path} may not be executed: {reason}, or its file system is mounted noexec"
    return interpreter_problem(path) or f"{path} needs the interpreter of another system, which is not there"


def interpreter_problem(path: str) -> Optional[str]:
    """Return what is wrong with the interpreter that a script needs; None for nothing, and for what is no script."""
    interpreter, argument = _shebang(path)
    if not interpreter:
        return None
    if os.path.basename(interpreter) == b"env" and argument.endswith(b"\r") and not argument.startswith(b"-"):
        interpreter += b" " + argument  # env would look for a program whose name ends so
    else:
        try:
            os.stat(interpreter)
            return None
        except PermissionError:
            return f"{path} may not be executed: its interpreter {_shown(interpreter)} may not either"
        except OSError:
            pass
    hint = ""
    if interpreter.endswith(b"\r"):
        hint = rf": its lines end as Windows has them, mend it with sed -i 's/\r$//' {shlex.quote(path)}"
    return f"{path} needs the interpreter {_shown(interpreter)}, which is not there{hint}"


def _text_problem(path: str) -> Optional[str]:
    """Return why a file of text is no program: the system looks for ``#!`` in its first two bytes."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(256)
    except OSError:
        return None
    if head.startswith(b"#!") or b"\0" in head:  # the head of a program for a machine has zeros
        return None
    if head.startswith(b"\xef\xbb\xbf"):
        return f"{path} begins with a byte order mark, which hides its #!: remove it, tail -c +4 {shlex.quote(path)}"
    return f"{path} is no script that begins with #!: write #!/bin/sh, or what is to run it, in its first line"


def _files(program: str, folder: Optional[str]) -> List[str]:
    """Return the files that a program's name may mean, the executable ones first."""
    if _is_path(program):
        path = os.path.join(folder or "", program)
        return [path] if os.path.exists(path) else []
    paths = [os.path.join(folder or "", each, program) for each in os.get_exec_path()]
    return sorted(filter(os.path.isfile, paths), key=lambda path: not os.access(path, os.X_OK))


def _is_path(program: str) -> bool:
    return "/" in program or program in (".", "..")


def _error_of(program: str, folder: Optional[str]) -> int:
    try:
        os.stat(os.path.join(folder or "", program))
    except PermissionError:
        return errno.EACCES if _is_path(program) else errno.ENOENT
    except (OSError, ValueError):
        pass
    return errno.ENOENT


def _shebang(path: str) -> _Shebang:
    try:
        with open(path, "rb") as stream:
            line = stream.readline(256)
    except OSError:
        line = b""
    if not line.startswith(b"#!"):
        return _Shebang(b"", b"")
    words = re.split(rb"[ \t]+", line[2:].partition(b"\0")[0].strip(b" \t\n"), maxsplit=1)
    return _Shebang(words[0], words[1] if len(words) > 1 else b"")


def _shown(interpreter: bytes) -> str:
    return repr(interpreter.decode("utf-8", "replace"))

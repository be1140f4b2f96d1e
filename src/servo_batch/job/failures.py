"""Why a job did not start or did not end well, in words for the person who has to mend it."""

import errno
import os
import shlex
import signal
from typing import Optional, Sequence

from servo_batch.job.cancel import signal_name


def as_typed(args: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    return args[2] if _is_shell(args) else " ".join(shlex.quote(arg) for arg in args)


def why_ended_badly(args: Sequence[str], status: int) -> str:
    """Return what an exit status, or minus a signal, says; an empty string for 0."""
    if status < 0:
        hint = ", by somebody or by the system when memory ran out" if status == -signal.SIGKILL else ""
        return "the job was killed by %s%s" % (signal_name(-status), hint)
    hint = ""
    if _is_shell(args) and status >= 126:
        if status == 126:
            hint = ": this is how the shell says that it could not execute a command"
        elif status == 127:
            hint = ": this is how the shell says that it did not find a command"
        elif 128 < status < 128 + signal.NSIG:
            hint = ": this is how the shell says that %s killed a command" % signal_name(status - 128)
    return "the job ended with exit status %d%s" % (status, hint) if status else ""


def why_not_started(args: Sequence[str], number: Optional[int], text: str) -> str:
    """Return what the system's error ``number`` means for ``args``; ``text`` is what Python said."""
    # As UTF-8 whatever the locale is, which is how the guard looks for it.
    program = os.fsdecode(args[0].encode("utf-8", "surrogateescape"))
    return "the job was not started: %s\ncommand: %s" % (_explain(program, number, text), as_typed(args))


def _is_shell(args: Sequence[str]) -> bool:
    return list(args[:2]) == ["/bin/sh", "-c"] and len(args) == 3


def _explain(program: str, number: Optional[int], text: str) -> str:
    if number is None:
        return "an argument holds what no argument can: %s" % text
    if number == errno.E2BIG:
        return "its arguments and environment are too long (Linux: one at most 128 KiB; all: see getconf ARG_MAX)"
    if number == errno.EAGAIN:
        return "there are too many processes (ulimit -u, or the limit of the container)"
    if number == errno.ENOEXEC:
        return "%s is neither a program for this machine nor a script that begins with #!" % program
    if number not in (errno.ENOENT, errno.EACCES, errno.ENOTDIR):
        return "%s: %s" % (shlex.quote(program), os.strerror(number))
    path = _find(program)
    if path is None and number == errno.EACCES:
        return "%s is in a folder that this user may not enter" % shlex.quote(program)
    if path is None:
        where = "" if "/" in program else " in any folder of $PATH, %s" % os.environ.get("PATH", os.defpath)
        return "command not found: there is no %s%s" % (shlex.quote(program), where)
    interpreter = _interpreter(path)
    if number == errno.ENOENT:
        return "%s needs the interpreter %s, which is not there" % (path, interpreter or "of another system")
    if os.path.isdir(path):
        return "%s is a folder" % path
    if not os.access(path, os.X_OK):
        return "%s is not executable (chmod +x makes it so)" % path
    reason = "its interpreter %s may not either" % interpreter if interpreter else "this user may not"
    return "%s may not be executed: %s, or its file system is mounted noexec" % (path, reason)


def _find(program: str) -> Optional[str]:
    paths = [program] if "/" in program else [os.path.join(folder, program) for folder in os.get_exec_path()]
    return next(filter(os.path.exists, paths), None)


def _interpreter(path: str) -> str:
    """Return what a script names after ``#!``, quoted, so that a Windows line end shows; empty for anything else."""
    try:
        with open(path, "rb") as stream:
            line = stream.readline(256)
    except OSError:
        return ""
    return repr(line[2:].strip(b" \t\n").decode("utf-8", "replace")) if line.startswith(b"#!") else ""

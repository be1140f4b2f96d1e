"""Whether the shell can read a script, asked of the shell."""

import subprocess
from typing import List

from servo_batch import answers
from servo_batch.command.template import SHELL


def have_shell_read(arguments: List[str], place: str = "command") -> None:
    """Start ``/bin/sh -n``, which reads a script without running it; raise ``ServoError`` (bad-config) where it cannot.

    ``arguments`` is what ``render`` returned; ``place`` is where the command stands, for the message. A shell reads a
    script as it runs it, so without this a job could run for hours up to a syntax error. Source: POSIX.1-2017, set -n.
    """
    if arguments[:2] != SHELL or len(arguments) == 2:
        return
    try:
        shell_read = subprocess.run(
            ["/bin/sh", "-n", "-c", arguments[2].encode("utf-8", "surrogateescape")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except OSError:
        return  # whatever it is, it meets the job as well, which reports it
    if shell_read.returncode:
        reason = shell_read.stderr.decode("utf-8", "replace").strip()
        raise answers.failed(
            "bad-config", "%s: the shell cannot read the command: %s\ncommand: %s" % (place, reason, arguments[2])
        )

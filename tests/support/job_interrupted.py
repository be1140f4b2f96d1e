"""Run a program that sends signals to itself at exact moments: ``job_interrupted.py MOMENTS PROGRAM ARGUMENT…``.

MOMENTS is ``LINE:SIGNAL,LINE:SIGNAL,…``: LINE counts the lines of the job's room that the process, not its children,
has executed. The file ``lines`` in the working directory has the count so far.
"""

import os
import runpy
import signal
import sys

moments, *sys.argv = sys.argv[1:]
SIGNALS = {int(line): getattr(signal, name) for line, name in (each.split(":") for each in moments.split(",") if each)}
PROCESS = os.getpid()
COUNT = os.open("lines", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
executed = 0


def trace(frame, event, _argument):
    global executed
    if "servo_batch/job/" not in frame.f_code.co_filename:
        return None
    if event == "line" and os.getpid() == PROCESS:
        executed += 1
        os.pwrite(COUNT, b"%6d" % executed, 0)
        if executed in SIGNALS:
            os.kill(PROCESS, SIGNALS[executed])
    return trace


sys.settrace(trace)
runpy.run_path(sys.argv[0], run_name="__main__")

"""Run a program that sends signals to itself at exact moments: ``job_interrupted.py MOMENTS PROGRAM ARGUMENT…``.

MOMENTS is ``LINE:SIGNAL,LINE:SIGNAL,…``: LINE counts the lines of the job's room that the process, not its children,
has executed. The file ``lines`` in the working directory has the count so far.
"""

import os
import runpy
import signal
import sys


def main(moments, program, *arguments):
    signals = {}
    for moment in filter(None, moments.split(",")):
        line, name = moment.split(":")
        signals[int(line)] = getattr(signal, name)
    trace_lines(os.getpid(), signals)
    sys.argv = [program] + list(arguments)
    runpy.run_path(program, run_name="__main__")


def trace_lines(process, signals):
    executed = 0
    count = os.open("lines", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def trace(frame, event, _argument):
        nonlocal executed
        if "servo_batch/job/" not in frame.f_code.co_filename:
            return None
        if event == "line" and os.getpid() == process:
            executed += 1
            os.pwrite(count, b"%6d" % executed, 0)
            if executed in signals:
                os.kill(process, signals[executed])
        return trace

    sys.settrace(trace)


if __name__ == "__main__":
    main(*sys.argv[1:])

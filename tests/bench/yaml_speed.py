"""How fast the YAML reader is: against PyYAML's own SafeLoader in Python, and against its own time for a smaller text.

    python tests/bench/yaml_speed.py

prints a table and exits 1 if a target is missed. ``rows`` gives the same as data.
"""

import os
import statistics
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src"))

import yaml

from servo_batch.yaml_subset import loads

SIZES = (("10 KB", 10000), ("100 KB", 100000), ("1 MB", 1000000))
TIMES_FASTER = 5.0
TEN_TIMES_THE_SIZE = 12.0
# A round is one run of each reader, so that a busy machine slows both; the longest texts get fewer rounds.
SECONDS_PER_SIZE = 12.0
MAX_ROUNDS = 15

# What a configuration has: comments, nested settings, flow collections, quotes, a block scalar.
SECTION = """\
application_%d:
    # Command to run (required)
    command: ./run_job.sh --cpu {web.cpu} --mem {web.mem:.0f} --timeout {control.userdata.timeout}
    default_state:
        application:
            components:
                web:
                    settings:
                        inst_type: {type: enum, unit: ec2, value: c5.2xlarge, values: [c5.2xlarge, m5.xlarge]}
                        replicas:
                            type: range
                            min: 1
                            max: 50
                            step: 0.5
    metrics:
        throughput: # requests per second
            output_regex: 'took (\\d+) seconds, \\w+'
            unit: "1/s"
        latency:
            output_regex: "p99 = ([0-9.]+)\\tms"
    notes: >-
        folded over
        two lines
    script: |
        for i in 1 2 3; do
            echo "$i"
        done
"""


def document(size):
    """Return a document of at least ``size`` characters, in whole sections."""
    return "".join(SECTION % number for number in range(size // len(SECTION) + 1))


def seconds(read, text):
    """Return the processor time of one run, which other programs on the machine disturb least."""
    started = time.process_time()
    read(text)
    return time.process_time() - started


def reference(text):
    """Read with PyYAML in Python, which is what safe_load uses."""
    return yaml.load(text, Loader=yaml.SafeLoader)


def measured(text):
    """Return the median times of this reader and of PyYAML."""
    ours, theirs = [], []
    started = time.perf_counter()
    while len(ours) < MAX_ROUNDS and (not ours or time.perf_counter() - started < SECONDS_PER_SIZE):
        ours.append(seconds(loads, text))
        theirs.append(seconds(reference, text))
    return statistics.median(ours), statistics.median(theirs)


def rows():
    """Measure, and yield for each figure what it is, its value, its target, and whether that is met."""
    previous = None
    for name, size in SIZES:
        text = document(size)
        if size <= 100000 and loads(text) != reference(text):
            raise AssertionError("the readers differ")
        ours, theirs = measured(text)
        label = "parse %s of YAML in %.1f ms, times as fast as PyYAML" % (name, ours * 1000)
        yield label, "%.1f" % (theirs / ours), "at least %.0f" % TIMES_FASTER, theirs >= TIMES_FASTER * ours
        if previous is not None:
            growth = ours / previous
            label = "parse %s of YAML, times as long as a tenth of it" % name
            yield label, "%.1f" % growth, "at most %.0f" % TEN_TIMES_THE_SIZE, growth <= TEN_TIMES_THE_SIZE
        previous = ours


def main():
    """Print the table; the exit status is 1 if a target is missed."""
    failed = False
    for label, value, target, met in rows():
        print("%-64s %6s   %-12s %s" % (label, value, target, "ok" if met else "MISSED"), flush=True)
        failed = failed or not met
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

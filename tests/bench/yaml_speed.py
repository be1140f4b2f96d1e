"""How fast the YAML reader is: against PyYAML's own SafeLoader in Python, and against its own time for a smaller text.

``python tests/bench/yaml_speed.py``; it needs PyYAML.
"""

import contextlib
import statistics
import time

import table
import yaml

from servo_batch.formats.yaml_subset import YamlError, loads

SIZES = (("10 KB", 10000), ("100 KB", 100000), ("1 MB", 1000000))
TIMES_FASTER = 5.0
TEN_TIMES_THE_SIZE = 12.0
# A quadratic reader takes 64 times as long for 8 times the text.
HOSTILE_SIZES = (40000, 320000)
EIGHT_TIMES_THE_SIZE = 16.0
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


# A head, what is repeated, and an end, of kinds that make a careless reader quadratic.
HOSTILE = {
    "a mapping": ("", "key%d: value\n", ""),
    "a flow sequence in one line": ("[", "a, ", "]"),
    "a flow mapping in one line": ("{", "k%d: v, ", "}"),
    "a flow sequence over lines": ("[", " a,\n", "]"),
    "an open bracket": ("[", "a, ", ""),
    "colons": ("a: ", "b:c ", ""),
    "blank lines between keys": ("a: b", "\n", "c: d\n"),
    "comments": ("", "# a: [b\n", ""),
    "escapes": ('"', "\\n", '"'),
    "doubled quotes": ("'", "''", "'"),
    "blanks after a value": ("a: b", " ", ""),
    "a literal": ("a: |\n", "  b\n", ""),
    "a folded": ("a: >\n", "  b\n\n   c\n", ""),
    "blank lines in a literal": ("a: |+\n  b\n", "\n", ""),
    "problems": ("", "- yes\n", ""),
    "a long integer": ("a: ", "1", ""),
    "a long look-alike": ("a: ", "1_", "x"),
    "a wide indentation": ("a:\n", " ", "b\n"),
    "a late wrong character": ("", "a: b\n", "\0"),
    "a late duplicate": ("", "k%d: v\n", "k0: v\n"),
}


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
    kind, growth = max(((kind, hostile_growth(*parts)) for kind, parts in HOSTILE.items()), key=lambda pair: pair[1])
    label = "the worst of %d hostile kinds (%s), times as long as an eighth of it" % (len(HOSTILE), kind)
    yield label, "%.1f" % growth, "at most %.0f" % EIGHT_TIMES_THE_SIZE, growth <= EIGHT_TIMES_THE_SIZE


def hostile_growth(head, unit, end):
    """Return how many times as long the larger text of a kind takes, by the least of a few runs of each."""
    times = []
    for size in HOSTILE_SIZES:
        text = head + "".join(unit % number if "%" in unit else unit for number in range(size // len(unit))) + end
        times.append(min(seconds(tried, text) for _ in range(5)))
    return times[1] / max(times[0], 0.0005)  # a shorter time is the clock's grain


def tried(text):
    """Read ``text``, which may well be refused."""
    with contextlib.suppress(YamlError):
        loads(text)


if __name__ == "__main__":
    table.show(rows())

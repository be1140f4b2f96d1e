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


# Each makes a text of about ``size`` characters, of a kind that makes a careless reader quadratic.
HOSTILE = {
    "a mapping": lambda size: "".join("key%d: value\n" % number for number in range(size // 16)),
    "a flow sequence in one line": lambda size: "[" + "a, " * (size // 3) + "]",
    "a flow mapping in one line": lambda size: "{" + "".join("k%d: v, " % number for number in range(size // 10)) + "}",
    "a flow sequence over lines": lambda size: "[" + " a,\n" * (size // 4) + "]",
    "an open bracket": lambda size: "[" + "a, " * (size // 3),
    "quotes in a plain scalar": lambda size: "a" + "'\"" * (size // 2),
    "colons": lambda size: "a: " + "b:c " * (size // 4),
    "hashes": lambda size: "[" + "a#b " * (size // 4) + "]",
    "blank lines between keys": lambda size: "a: b" + "\n" * size + "c: d\n",
    "blank lines below nested keys": lambda size: "".join(" " * n + "a:\n" for n in range(99)) + "\n" * size + "b: c\n",
    "keys without values in block style": lambda size: "".join("k%d:\n" % number for number in range(size // 7)),
    "comments": lambda size: "# a: [b\n" * (size // 8),
    "escapes": lambda size: '"' + "\\n" * (size // 2) + '"',
    "doubled quotes": lambda size: "'" + "''" * (size // 2) + "'",
    "blanks after a value": lambda size: "a: b" + " " * size,
    "a literal": lambda size: "a: |\n" + "  b\n" * (size // 4),
    "a folded": lambda size: "a: >\n" + "  b\n\n   c\n" * (size // 10),
    "blank lines in a literal": lambda size: "a: |+\n  b\n" + "\n" * size,
    "a wide literal": lambda size: "a: |\n" + "\n" * (size // 2) + " " * (size // 2) + "b\n",
    "problems": lambda size: "- yes\n" * (size // 6),
    "a long integer": lambda size: "a: " + "1" * size,
    "a long float": lambda size: "a: 1." + "1" * size,
    "a long look-alike": lambda size: "a: " + "1_" * (size // 2) + "x",
    "a long time": lambda size: "a: " + "1:1" * (size // 3) + "x",
    "a wide indentation": lambda size: "a:\n" + " " * size + "b\n",
    "a late wrong character": lambda size: "a: b\n" * (size // 5) + "\0",
    "a late wrong byte": lambda size: ("a: b\n" * (size // 5)).encode() + b"\xff",
    "a late duplicate": lambda size: "".join("k%d: v\n" % number for number in range(size // 9)) + "k0: v\n",
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
    kind, growth = max(((kind, hostile_growth(write)) for kind, write in HOSTILE.items()), key=lambda pair: pair[1])
    label = "the worst of %d hostile kinds (%s), times as long as an eighth of it" % (len(HOSTILE), kind)
    yield label, "%.1f" % growth, "at most %.0f" % EIGHT_TIMES_THE_SIZE, growth <= EIGHT_TIMES_THE_SIZE


def hostile_growth(write):
    """Return how many times as long the larger text of a kind takes, by the least of a few runs of each."""
    small, large = (min(seconds(tried, write(size)) for _ in range(5)) for size in HOSTILE_SIZES)
    return large / max(small, 0.0005)  # a shorter time is the clock's grain


def tried(text):
    """Read ``text``, which may well be refused."""
    with contextlib.suppress(YamlError):
        loads(text)


if __name__ == "__main__":
    table.show(rows())

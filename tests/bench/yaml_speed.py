"""How fast the YAML reader is: against PyYAML's own SafeLoader in Python, and against its own time for a smaller text.

``python tests/bench/yaml_speed.py``; it needs PyYAML.
"""

import contextlib
import time

import table
import yaml

from servo_batch.formats.yaml_subset import YamlError, loads

SIZES = (40000, 320000)
TIMES_FASTER = 5.0
EIGHT_TIMES_THE_SIZE = 16.0  # a quadratic reader takes 64 times as long for 8 times the text
RUNS = 5
# What a configuration has: comments, nested settings, flow collections, quotes, a block scalar.
SECTION = """\
application_%d:
    # Command to run (required)
    command: ./run_job.sh --cpu {web.cpu} --mem {web.mem:.0f} --timeout {control.userdata.timeout}
    components:
        web:
            inst_type: {type: enum, unit: ec2, value: c5.2xlarge, values: [c5.2xlarge, m5.xlarge]}
            replicas:
                min: 1
                step: 0.5
    metrics:
        throughput: # requests per second
            output_regex: 'took (\\d+) seconds, \\w+'
            unit: "1/s"
    script: |
        for i in 1 2 3; do
            echo "$i"
        done
"""
# A head, what is repeated, and an end, of kinds that make a careless reader quadratic.
KINDS = {
    "a configuration": ("", SECTION, ""),
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


def text(kind, size):
    """Return a text of this kind and about this size."""
    head, unit, end = KINDS[kind]
    return head + "".join(unit % number if "%d" in unit else unit for number in range(size // len(unit))) + end


def seconds(read, document):
    """Return the least processor time of a few runs, which other programs on the machine disturb least."""
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        with contextlib.suppress(YamlError):
            read(document)
        times.append(time.process_time() - started)
    return max(min(times), 0.0005)  # a shorter time is the clock's grain


def growth(kind):
    """Return how many times as long the larger text of a kind takes."""
    small, large = (seconds(loads, text(kind, size)) for size in SIZES)
    return large / small


def rows():
    """Measure, and yield for each figure what it is, its value, its target, and whether that is met."""
    document = text("a configuration", SIZES[0])
    if loads(document) != yaml.safe_load(document):
        raise AssertionError("the readers differ")
    ours, theirs = seconds(loads, document), seconds(yaml.safe_load, document)
    label = "parse %d KB of YAML in %.1f ms, times as fast as PyYAML" % (SIZES[0] // 1000, ours * 1000)
    yield label, "%.1f" % (theirs / ours), "at least %.0f" % TIMES_FASTER, theirs >= TIMES_FASTER * ours
    found, kind = max((growth(kind), kind) for kind in KINDS)
    label = "the worst of %d kinds (%s), times as long as an eighth of it" % (len(KINDS), kind)
    yield label, "%.1f" % found, "at most %.0f" % EIGHT_TIMES_THE_SIZE, found <= EIGHT_TIMES_THE_SIZE


if __name__ == "__main__":
    table.show(rows())

#!/usr/bin/env python3
"""Compare the YAML reader with the others on random documents.

    SERVO_BATCH_YAML_READERS=FOLDER PYTHONPATH=src python tests/support/yaml_agreement.py --count 1000000 --seed 1

takes the documents of the seeds from 1 on, shows each that another reader reads differently, and prints how many of each
kind were accepted and refused, and how often each reader failed on an accepted one. The exit status is 1 where a reader
disagreed, or where a valid document was refused.
"""

import argparse
import collections
import sys

import yaml_generator as generator
import yaml_readers as readers

from servo_batch.formats.yaml_subset import YamlError, loads

BATCH = 1000  # documents that a reader is given at a time


def accepted(text):
    """Return a document's value in a list, or nothing where it is refused."""
    try:
        return [loads(text)]
    except YamlError:
        return []


def judge(documents, name):
    """Return where a reader disagrees, as texts with our value and its value, and on how many documents it failed.

    ``documents`` are accepted texts with their values.
    """
    theirs = readers.reader(name)([text for text, _ in documents])
    disagreements = []
    failures = 0
    for (text, value), other in zip(documents, theirs):
        if isinstance(other, readers.Refused):
            failures += 1
        elif not readers.same(value, other):
            disagreements.append((text, value, other))
    return disagreements, failures


def main():
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Compare the YAML readers on random documents.")
    parser.add_argument("--count", type=int, default=10000, help="how many documents (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first one's seed (default: %(default)s)")
    options = parser.parse_args()
    corpus = generator.corpus()
    counts = collections.Counter()
    wrong = 0
    end = options.seed + options.count
    for start in range(options.seed, end, BATCH):
        documents = []
        for seed in range(start, min(start + BATCH, end)):
            kind = generator.KINDS[seed % len(generator.KINDS)]
            text = generator.document(kind, seed, corpus)
            value = accepted(text)
            counts[kind, "accepted" if value else "refused"] += 1
            documents += [(text, value[0])] if value else []
            if kind == "valid" and not value:
                wrong += 1
                print("%r\n    refused, though valid" % text, flush=True)
        for name in readers.NAMES:
            disagreements, failures = judge(documents, name)
            counts["failed", name] += failures
            wrong += len(disagreements)
            for text, value, other in disagreements:
                print("%r\n    read %r\n    %s: %r" % (text, value, name, other), flush=True)
    for kind in generator.KINDS:
        print("%-8s %9d accepted %9d refused" % (kind, counts[kind, "accepted"], counts[kind, "refused"]))
    print("%-8s %9d accepted, %d wrong" % ("all", sum(counts[kind, "accepted"] for kind in generator.KINDS), wrong))
    print("failed on accepted ones: " + ", ".join("%s %d" % (name, counts["failed", name]) for name in readers.NAMES))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

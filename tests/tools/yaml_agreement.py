#!/usr/bin/env python3
"""Compare the YAML reader with the others on random documents.

    SERVO_BATCH_YAML_READERS=FOLDER PYTHONPATH=src python tests/tools/yaml_agreement.py --count 1000000 --seed 1

takes the documents of the seeds from 1 on, shows each that another reader reads differently, and prints how many of each
kind were accepted, and how often each reader failed on an accepted one. The exit status is 1 where a reader disagreed.
"""

import argparse
import collections
import sys

import yaml_generator as generator
import yaml_readers as readers

from servo_batch.formats.yaml_subset import YamlError, loads

BATCH = 1000  # documents that a reader is given at a time


def accepted(texts):
    """Return those of the documents that are accepted, with their values."""
    found = []
    for text in texts:
        try:
            found.append((text, loads(text)))
        except YamlError:
            continue
    return found


def judge(documents, name):
    """Return where a reader disagrees, as texts with our value and its value, and on how many documents it failed."""
    answers = readers.reader(name)([text for text, _ in documents])
    given = [(text, value, other) for (text, value), other in zip(documents, answers)]
    read = [answer for answer in given if not isinstance(answer[2], readers.Refused)]
    return [answer for answer in read if not readers.same(*answer[1:])], len(given) - len(read)


def main():
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Compare the YAML readers on random documents.")
    parser.add_argument("--count", type=int, default=60000, help="how many documents (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first one's seed (default: %(default)s)")
    options = parser.parse_args()
    corpus, counts, failed, wrong = generator.corpus(), collections.Counter(), collections.Counter(), 0
    for start in range(options.seed, options.seed + options.count, BATCH):
        documents = []
        for number, kind in enumerate(generator.KINDS):
            seeds = range(start + number, start + BATCH, len(generator.KINDS))
            found = accepted([generator.document(kind, seed, corpus) for seed in seeds])
            counts[kind] += len(found)
            documents += found
        for name in readers.NAMES:
            disagreements, failures = judge(documents, name)
            failed[name] += failures
            wrong += len(disagreements)
            for text, value, other in disagreements:
                print("%r\n    read %r\n    %s: %r" % (text, value, name, other), flush=True)
    print("of %d documents accepted: %s" % (options.count, dict(counts)))
    print("disagreements: %d; failed on accepted ones: %s" % (wrong, dict(failed)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compare the YAML reader with the others on random documents.

    SERVO_BATCH_YAML_READERS=FOLDER PYTHONPATH=src python tests/tools/yaml_agreement.py --count 1000000 --seed 1

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
    corpus, kinds, counts, failed, wrong = generator.corpus(), generator.KINDS, collections.Counter(), {}, 0
    for start in range(options.seed, options.seed + options.count, BATCH):
        documents = []
        for number, kind in enumerate(kinds):
            texts = [
                generator.document(kind, seed, corpus) for seed in range(start + number, start + BATCH, len(kinds))
            ]
            documents += accepted(texts)
            counts[kind] += len(accepted(texts))
            if kind == "valid" and len(accepted(texts)) < len(texts):
                wrong += len(texts) - len(accepted(texts))
                print("refused, though valid: %r" % [text for text in texts if not accepted([text])], flush=True)
        for name in readers.NAMES:
            disagreements, failures = judge(documents, name)
            failed[name] = failed.get(name, 0) + failures
            wrong += len(disagreements)
            for text, value, other in disagreements:
                print("%r\n    read %r\n    %s: %r" % (text, value, name, other), flush=True)
    print("of %d documents accepted: %s" % (options.count, dict(counts)))
    print("disagreements: %d; failed on accepted ones: %s" % (wrong, failed))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Append measurements to a history and say after each that it is recorded: history_writer.py PATH TAG COUNT."""

import sys

from servo_batch.history import record


def entry(tag, number, text=""):
    """Return a measurement that names its writer."""
    settings = {"writer.tag": tag, "writer.number": number}
    return {
        "time": "2026-11-24T12:00:00Z",
        "job": "0123456789abcdef",
        "settings": settings,
        "status": "ok",
        "message": text,
    }


def main(path, tag, count):
    for number in range(int(count)):
        record.append(path, entry(tag, number, "x" * (number * 37 % 5000)))
        print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

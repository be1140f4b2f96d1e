"""The history on the disk, which neither crash, full disk nor other writers may cost a measurement."""

import fcntl
import json
import os
import re
import resource
import subprocess
import sys

import pytest
from machine import ROOT

from servo_batch import files
from servo_batch.answers import ServoError
from servo_batch.history import record

# Appends measurements without end, and says after each that it is recorded.
WRITER = """\
import itertools, sys
from servo_batch.history import record
path, tag = sys.argv[1:]
for number in itertools.count():
    line = dict(%r, settings={"writer.tag": tag, "writer.number": number}, message="x" * (number * 37 %% 5000))
    record.append(path, line)
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "history.jsonl")


def entry(tag, number):
    """Return a measurement that names its writer."""
    settings = {"writer.tag": tag, "writer.number": number}
    return {"time": "2026-11-24T12:00:00Z", "job": "0123456789abcdef", "settings": settings, "status": "ok"}


def write(path, content):
    with open(path, "wb") as stream:
        stream.write(content)


def writer(path, tag):
    arguments = [sys.executable, "-c", WRITER % entry(tag, 0), path, tag]
    environment = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "src"))
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment)


def numbers(path, tag="a"):
    return [one["settings"]["writer.number"] for one in record.read(path) if one["settings"]["writer.tag"] == tag]


def refusal(call, *arguments):
    with pytest.raises(ServoError) as caught:
        call(*arguments)
    assert (caught.value.status, caught.value.reason) == ("failed", "bad-config")
    assert arguments[0] in caught.value.message
    return caught.value.message


def test_what_is_appended_is_read_and_a_missing_history_is_an_empty_one(path):
    record.append(os.devnull, entry("a", 1))  # which records nothing
    for name in (path, os.devnull):
        assert record.read(name) == []
        record.check_writable(name)
        assert record.read(name) == []
    first = dict(entry("a", 1), message="é\u2028", metrics={"m": {"value": 10**639}}, control={})
    second = dict(entry("a", 2), reason="x")
    for one in (first, second, entry("a\udcff", 1)):
        record.append(path, one)
    with open(path, "rb") as stream:
        assert stream.read().count(b"\n") == 3
    *entries, last = record.read(path)
    assert entries == [first, dict(second, metrics={}, control={})]
    assert last["settings"]["writer.tag"] == "a?"


def test_a_line_torn_anywhere_costs_that_line_alone(path, capfd):
    whole = json.dumps(entry("a", 1)).encode()
    for length in [*range(1, len(whole), 7), len(whole) - 1, len(whole)]:
        write(path, json.dumps(entry("a", 0)).encode() + b"\n" + whole[:length])
        record.check_writable(path)
        record.append(path, entry("a", 2))
        is_whole = length == len(whole)  # one that lacks only its end counts
        assert numbers(path) == ([0, 1, 2] if is_whole else [0, 2])
        warning = "servo-batch: %s, line 2: passed over, since there is no whole measurement\n" % path
        assert capfd.readouterr().err == ("" if is_whole else warning)


def test_damaged_lines_cost_only_themselves(path, capfd):
    good = json.dumps(entry("a", 1)).encode()
    misshapen = [dict(entry("a", 1), metrics=one) for one in (5, {"m": 5}, {"m": {}}, {"m": {"value": 1, "runs": 2}})]
    misshapen += [dict(entry("a", 1), **one) for one in ({"settings": []}, {"reason": 5}, {"timeout": "5"})]
    damaged = [b"\0\0\0", b"[1]", b'{"time": 5}', b"{}", b"\xff", b'{"a":NaN}']
    damaged += [json.dumps(each).encode() for each in misshapen]
    write(path, b"\n".join([good, b"", b"  ", damaged[0], good, *damaged[1:], good]) + b"\n")
    assert len(record.read(path)) == 3
    assert "%s, line 4, and 12 more lines: passed over" % path in capfd.readouterr().err


def test_many_writers_by_a_link_lose_and_tear_nothing_and_what_they_said_to_be_recorded_survives_a_kill(path):
    os.symlink(path, path + ".link")
    writers = {tag: writer(path + ".link", tag) for tag in "abcde"}
    said = {tag: [int(process.stdout.readline()) for _ in range(60)] for tag, process in writers.items()}
    for process in writers.values():
        process.kill()
        process.communicate()
    for tag, recorded in said.items():
        found = numbers(path, tag)
        assert found[:60] == recorded
        assert found == list(range(len(found)))


def test_a_write_that_fails_is_said_and_costs_no_other_line(path, capfd):
    record.append(path, entry("a", 1))
    size = os.path.getsize(path)
    # EFBIG comes in the middle of a line, as ENOSPC does; SIGXFSZ is ignored by Python.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
    try:
        assert "cannot be written: File too large" in refusal(record.append, path, entry("a", 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    record.append(path, entry("a", 3))
    assert numbers(path) == [1, 3]
    assert "line 2: passed over" in capfd.readouterr().err


def test_a_lock_that_nobody_gives_back_costs_no_measurement(path, monkeypatch):
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    with open(path, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        record.append(path, entry("a", 1))
        assert numbers(path) == [1]


def test_what_is_no_file_or_in_no_folder_is_refused_before_the_job(tmp_path):
    os.mkfifo(str(tmp_path / "fifo"))
    for call in (record.check_writable, record.read):
        for path in (str(tmp_path / "fifo"), "/dev/zero", str(tmp_path)):
            assert re.search("it is no file|Is a directory", refusal(call, path))
    message = refusal(record.check_writable, str(tmp_path / "none" / "h"))
    assert message.endswith("No such file or directory; create its folder, or name another file")


def test_a_full_file_system_is_refused_before_the_job(path, monkeypatch):
    # A real one needs root to mount; what the system says of it is all that counts here.
    full, uncounted = [(4096, 4096, blocks, 3, 3, 100, 100, 100, 0, 255) for blocks in (1000, 0)]
    monkeypatch.setattr(os, "fstatvfs", lambda descriptor: os.statvfs_result(full))
    assert refusal(record.check_writable, path).endswith(
        "No space left on device; make room there, or name another file"
    )
    monkeypatch.setattr(os, "fstatvfs", lambda descriptor: os.statvfs_result(uncounted))
    record.check_writable(path)


def test_what_holds_something_else_is_not_spoilt_and_a_torn_or_empty_history_is_one(path):
    others = [b'{\n  "application": {}\n}\n', b'{"batch": {"command": "x"}}', b"x", b"[]\n" * 50000]
    for content in (*others, b'{"time": "20', b"\0" * 100, b"\n"):
        write(path, content)
        if content in others:
            assert "holds something else" in refusal(record.check_writable, path)
        else:
            record.check_writable(path)
        with open(path, "rb") as stream:
            assert stream.read() == content
    record.append(path, entry("a", 1))
    with open(path) as stream:
        line = json.loads(stream.read().split("\n")[-2])
    write(path, json.dumps(line, sort_keys=True).encode() + b"\n")  # by another tool
    record.check_writable(path)


def test_a_digest_stands_for_the_values_whatever_their_order():
    alike = [{"a": "x", "m": {"a": 1, "b": [None, True]}}, {"m": {"b": [None, True], "a": 1}, "a": "x"}]
    found = [record.digest(parts) for parts in [*alike, {"a": "x"}, {"a": ["x"]}, {}]]
    assert [found.index(one) for one in found] == [0, 0, 2, 3, 4]
    assert re.match("[0-9a-f]{16}$", found[0])

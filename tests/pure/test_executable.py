"""Why a program cannot be executed: what is foreseen is what the system says when it is tried."""

import os
import subprocess
import sys

import pytest

from servo_batch import executable

# What is not foreseen begins with the path and a colon.
LACKS, WINDOWS = "{path} needs the interpreter %r, which is not there", "{path} has lines that end as Windows has them"
SCRIPTS = {
    b"#!/bin/sh\n": None,
    b"#!/bin/sh": None,
    b"#! \t/bin/sh \t-e \n": None,
    b"#!/usr/bin/env sh\n": None,
    b"#!%s -S\n" % sys.executable.encode(): None,
    b"#!/none/such\n": LACKS % "/none/such",
    b"#!/bin/\xc3\xa9\n": LACKS % "/bin/é",
    b"#!sh\n": LACKS % "sh",
    b"#!/bin/sh\r\n": WINDOWS,
    b"#!/bin/sh -e\r\n": WINDOWS,
    b"#!/usr/bin/env sh\r\n": WINDOWS,
    b"#!/etc/passwd\n": "{path}: this user may not execute it or its interpreter, or",
    b"\x7fELF nonsense": "{path}: it is neither a program for this machine nor a script that begins with #!",
}


def write(path, content):
    path.write_bytes(content)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(("content", "told"), SCRIPTS.items())
def test_a_script_runs_or_is_told_what_is_wrong_with_it(tmp_path, content, told):
    path = write(tmp_path / "script", content)
    try:
        status = subprocess.call([path], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        status = error.errno
    assert (status == 0) == (told is None)
    why = executable.why_not(path, status)
    assert told is None or why.startswith(told.format(path=path))
    assert executable.foreseen(path) == (None if told is None or told.startswith("{path}:") else why)


def test_an_interpreter_is_looked_for_where_the_script_runs(tmp_path):
    script = write(tmp_path / "script", b"#!sh\n")
    os.symlink("/bin/sh", str(tmp_path / "sh"))
    assert executable.foreseen("./script", str(tmp_path)) is None
    assert subprocess.call([script], cwd=str(tmp_path), stdin=subprocess.DEVNULL) == 0


def test_folders_and_names_that_are_none(tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    monkeypatch.setenv("PATH", "%s:%s:%s" % (first, second, os.environ["PATH"]))
    first.mkdir()
    second.mkdir()
    assert executable.foreseen("../") == "../ is a folder"
    assert executable.foreseen(str(tmp_path)) == "%s is a folder" % tmp_path
    assert executable.foreseen("").startswith("command not found: there is no '' in any folder of $PATH")
    (first / "text").write_bytes(b"")
    assert executable.foreseen("text") == "%s/text is not executable (chmod +x makes it so)" % first
    write(second / "text", b"#!/bin/sh\n")
    assert executable.foreseen("text") is None

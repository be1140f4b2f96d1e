"""Why a program cannot be executed: what is foreseen is what the system says when it is tried."""

import os
import subprocess
import sys

import pytest

from servo_batch import executable

SCRIPTS = {
    b"#!/bin/sh\n": True,
    b"#!/bin/sh": True,
    b"#! \t/bin/sh \t-e \n": True,
    b"#!/usr/bin/env sh\n": True,
    b"#!%s -S\n" % sys.executable.encode(): True,
    b"#!/bin/sh -e\r\n": True,  # it is executed, whatever sh says
    b"#!/usr/bin/env -S sh\r\n": True,
    b"#!/none/such\n": False,
    b"#!/bin/sh\r\n": False,
    b"#!/bin/\xc3\xa9\n": False,
    b"#!sh\n": False,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "%s:%s:%s" % (tmp_path / "a", tmp_path / "b", os.environ["PATH"]))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    return tmp_path


def write(path, content):
    path.write_bytes(content)
    path.chmod(0o755)
    return str(path)


def is_executed(program):
    try:
        subprocess.call([program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return True


def test_a_script_lacks_its_interpreter_where_the_system_says_so(folder):
    for number, (content, can) in enumerate(SCRIPTS.items()):
        path = write(folder / str(number), content)
        assert is_executed(path) == can, content
        problem = executable.foreseen(path)
        assert problem == (None if can else executable.why_not(path, 2)), (content, problem)
        assert can or "which is not there" in problem


def test_env_is_not_there_for_a_name_that_ends_in_a_carriage_return(folder):
    path = write(folder / "job", b"#!/usr/bin/env sh\r\n")
    assert subprocess.call([path], stderr=subprocess.DEVNULL) == 127
    assert "needs the interpreter '/usr/bin/env sh\\r', which is not there: its lines end" in executable.foreseen(path)


def test_folders_and_names_that_are_none(folder):
    assert executable.foreseen("../") == "../ is a folder"
    assert executable.foreseen(str(folder)) == "%s is a folder" % folder
    assert executable.foreseen("").startswith("command not found: there is no '' in any folder of $PATH")
    (folder / "a" / "text").write_bytes(b"")
    assert executable.foreseen("text") == "%s/a/text is not executable (chmod +x makes it so)" % folder
    write(folder / "b" / "text", b"#!/bin/sh\n")
    assert executable.foreseen("text") is None

"""Why a program cannot be executed: what is foreseen is what the system says when it is tried."""

import os
import subprocess
import sys
import tempfile

import pytest
from machine import ROOT

from servo_batch import executable

SCRIPTS = {
    b"#!/bin/sh\n": True,
    b"#!/bin/sh": True,
    b"#! \t/bin/sh \t-e \n": True,
    b"#!/bin/sh\0/none\n": True,
    b"#!/usr/bin/env sh\n": True,
    b"#!%s -S\n" % sys.executable.encode(): True,
    b"#!/bin/sh -e\r\n": True,  # it is executed, whatever sh says
    b"#!/usr/bin/env -S sh\r\n": True,
    b"#!/none/such\n": False,
    b"#!/bin/sh\r\n": False,
    b"#!/bin/\xc3\xa9\n": False,
    b"#!/bin/\xff\n": False,
    b"#!/etc/passwd/x\n": False,
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
        assert (problem is None) == can, (content, problem)
        if not can:
            assert problem == executable.why_not(path, 2)
            assert "which is not there" in problem


def test_an_interpreter_whose_name_holds_a_blank_of_unicode(folder):
    interpreter = folder / "a\u00a0b"
    os.symlink("/bin/sh", str(interpreter))
    path = write(folder / "job", b"#!%s\n" % os.fsencode(str(interpreter)))
    assert is_executed(path)
    assert executable.foreseen(path) is None


def test_env_is_not_there_for_a_name_that_ends_in_a_carriage_return(folder):
    path = write(folder / "job", b"#!/usr/bin/env sh\r\n")
    assert subprocess.call([path], stderr=subprocess.DEVNULL) == 127
    assert "needs the interpreter '/usr/bin/env sh\\r', which is not there: its lines end" in executable.foreseen(path)


def test_the_next_on_path_is_taken_for_one_that_lacks_its_interpreter(folder):
    write(folder / "a" / "job", b"#!/none/such\n")
    assert "a/job needs the interpreter '/none/such'" in executable.foreseen("job")
    (folder / "b" / "job").write_bytes(b"#!/bin/sh\n")
    assert "a/job needs" in executable.foreseen("job")
    write(folder / "b" / "job", b"#!/bin/sh\n")
    assert is_executed("job")
    assert executable.foreseen("job") is None


def test_folders_and_names_that_are_none(folder):
    assert executable.foreseen("..") == ".. is a folder"
    assert executable.foreseen(str(folder)) == "%s is a folder" % folder
    assert executable.foreseen("").startswith("command not found: there is no '' in any folder of $PATH")
    assert executable.foreseen("a\0b").startswith("command not found")
    (folder / "b" / "text").write_bytes(b"")
    assert executable.foreseen("text") == "%s/b/text is not executable (chmod +x makes it so)" % folder


AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[1])
from servo_batch import executable
os.setgid(65534)
os.setuid(65534)
for path in sys.argv[2:]:
    print(executable.foreseen(path))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become a user who may not enter")
def test_a_folder_that_may_not_be_entered(python):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, "locked"), 0o700)
        inside = os.path.join(folder, "locked", "sh")
        os.symlink("/bin/sh", inside)
        script = os.path.join(folder, "job")
        with open(script, "w") as stream:
            stream.write("#!%s\n" % inside)
        os.chmod(script, 0o755)
        output = subprocess.check_output(
            [python, "-IS", "-c", AS_NOBODY, os.path.join(ROOT, "src"), inside, script], env={"LC_ALL": "C"}
        )
    assert output.decode().splitlines() == [
        "%s is in a folder that this user may not enter; correct the name, or install it" % inside,
        "%s may not be executed: its interpreter %r may not either" % (script, inside),
    ]

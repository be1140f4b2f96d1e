"""build.py: the file is its source, the same bytes everywhere, whole or not at all; and how it starts."""

import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from machine import OLDEST, PYTHONS, ROOT

SRC = os.path.join(ROOT, "src")
PATHS = [path for end in ("py", "md") for path in glob.glob(os.path.join(SRC, "**", "*." + end), recursive=True)]
SOURCES = {**{os.path.relpath(path, SRC): path for path in PATHS}, "README.md": os.path.join(ROOT, "README.md")}
WITH_BYTECODE = set(PYTHONS) - {"3.6"}
COMPILES_AUDIBLY = sorted(WITH_BYTECODE - {"3.7"})


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: (entry.compress_type, archive.read(entry)) for entry in archive.infolist()}


def test_the_archive_holds_the_sources_and_the_readme_byte_for_byte(pyz):
    held = entries(pyz)
    assert list(held) == sorted(SOURCES)
    for name, path in SOURCES.items():
        with open(path, "rb") as stream:
            assert held[name] == (zipfile.ZIP_STORED, stream.read()), name


def test_unzip_has_nothing_to_say_of_the_archive(pyz):
    if not shutil.which("unzip"):
        pytest.skip("this machine has no unzip")
    ended = subprocess.run(["unzip", "-tqq", pyz], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_every_python_on_every_machine_builds_the_same_bytes(tmp_path, built_by):
    copy, output = tmp_path / "another folder", tmp_path / "out"
    for path in [*PATHS, os.path.join(ROOT, "build.py"), os.path.join(ROOT, "README.md")]:
        target = copy / os.path.relpath(path, ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, str(target))
        os.utime(str(target), (10**8, 10**8))
        target.chmod(0o600)
    command = ["/bin/sh", "-c", 'umask 077; exec "$0" build.py -o "$1"', sys.executable, str(output)]
    subprocess.run(command, cwd=str(copy), check=True, env={"TZ": "UTC+7"})
    assert os.access(str(output), os.X_OK)
    for python in PYTHONS.values():
        with open(built_by(python), "rb") as stream:
            assert stream.read() == output.read_bytes(), python


@pytest.mark.parametrize("version", PYTHONS)
def test_with_bytecode_every_source_has_what_this_python_compiles_it_to(version, pyz, built_by):
    python = PYTHONS[version]
    output = built_by(python, "--bytecode")
    held, plain = entries(output), entries(pyz)
    has_bytecode = version in WITH_BYTECODE
    assert set(held) == set(plain) | {name + "c" for name in plain if has_bytecode and name.endswith(".py")}
    assert {name: held[name] for name in plain} == plain
    # Under the Python that built it the bytecode is what runs; under any other, the sources.
    for other in (python, OLDEST):
        code = "import sys; sys.path.insert(0, sys.argv[1]); import servo_batch.cli as cli; print(cli.__file__)"
        loaded = subprocess.run([other, "-c", code, output], stdout=subprocess.PIPE).stdout.decode()
        assert loaded == "%s/servo_batch/cli.py%s\n" % (output, "c" if other == python and has_bytecode else "")


# Python tells what it compiles from 3.8 on.
@pytest.mark.parametrize("version", COMPILES_AUDIBLY)
def test_a_start_compiles_each_source_once_and_with_bytecode_none(version, pyz, built_by):
    python = PYTHONS[version]
    code = """if True:
        import os, runpy, sys
        path = sys.argv.pop(1)
        def hear(event, about):
            if event == "compile" and str(about[1]).startswith(path + "/servo_batch/"):
                os.write(2, b"%s\\n" % about[1][len(path) + 1 :].encode())
        sys.addaudithook(hear)
        sys.argv[0] = path
        runpy.run_path(path, run_name="__main__")
    """
    with_bytecode = built_by(python, "--bytecode")
    compiled = {}
    for path in (pyz, with_bytecode):
        ended = subprocess.run([python, "-c", code, path, "adjust", "--info"], stderr=subprocess.PIPE, check=True)
        compiled[path] = [name for name in ended.stderr.decode().split() if name != "servo_batch/__init__.py"]
    assert "servo_batch/cli.py" in compiled[pyz]
    assert sorted(compiled[pyz]) == sorted(set(compiled[pyz]))
    assert compiled[with_bytecode] == []


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path):
    output = tmp_path / "folder"
    output.mkdir()
    ended = subprocess.run([sys.executable, os.path.join(ROOT, "build.py"), "-o", str(output)], stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert b"Is a directory" in ended.stderr
    assert os.listdir(str(tmp_path)) == ["folder"]


def info(*command, environment=None):
    """Return the status, stdout and stderr of ``adjust --info``."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    ended = subprocess.run([*command, "adjust", "--info"], env=environment, **pipes)
    return ended.returncode, ended.stdout, ended.stderr.decode()


def test_an_older_python_is_told_which_it_needs(pyz):
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    found = glob.glob(os.path.join(pyenv, "versions", "2.7*", "bin", "python"))
    older = found[0] if found else "/usr/bin/python2.7"
    if not os.path.exists(older):
        pytest.skip("this machine has no Python 2")
    told = "servo-batch needs Python 3.6 or newer, but this is 2.7: run it by python3\n"
    assert info(older, pyz) == (1, b"", told)


def test_a_python_without_all_of_its_library_is_told_what_brings_it(pyz, python):
    code = "import runpy, sys; sys.modules['json'] = None; sys.argv[0] = sys.argv.pop(1); runpy.run_path(sys.argv[0])"
    status, _, told = info(python, "-c", code, pyz)
    assert (status, told.count("\n")) == (1, 1), told
    assert "json" in told
    assert "python3 has it, not python3-minimal" in told


def test_modules_on_pythonpath_do_not_take_the_place_of_pythons_own(pyz, python, tmp_path):
    for name in ("json", "difflib", "servo_batch"):
        (tmp_path / (name + ".py")).write_text("raise SystemExit('not this one')")
    for folders in ("/nowhere:%s", "/nowhere:%s:" + SRC):
        assert info(python, pyz, environment={"PYTHONPATH": folders % tmp_path})[1].startswith(b"{")

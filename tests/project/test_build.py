"""build.py: the file is its source, the same bytes everywhere, whole or not at all; and how it starts."""

import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from machine import OLDEST, PYENV, PYTHONS, ROOT, built

SRC = os.path.join(ROOT, "src")
PATHS = [path for end in ("py", "md") for path in glob.glob(os.path.join(SRC, "**", "*." + end), recursive=True)]
SOURCES = {**{os.path.relpath(path, SRC): path for path in PATHS}, "README.md": os.path.join(ROOT, "README.md")}
COMPILES_AUDIBLY = [version for version in PYTHONS if version not in ("3.6", "3.7")]  # from 3.8 on Python tells


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: (entry.compress_type, archive.read(entry)) for entry in archive.infolist()}


def info(*command, environment=None):
    """Return the status, stdout and stderr of ``adjust --info``."""
    call = [*command, "adjust", "--info"]
    ended = subprocess.run(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return ended.returncode, ended.stdout, ended.stderr.decode()


def test_the_archive_holds_the_sources_and_the_readme_byte_for_byte():
    held = entries(built())
    assert list(held) == sorted(SOURCES)
    for name, path in SOURCES.items():
        with open(path, "rb") as stream:
            assert held[name] == (zipfile.ZIP_STORED, stream.read()), name
    if shutil.which("unzip"):
        assert subprocess.check_output(["unzip", "-tqq", built()], stderr=subprocess.STDOUT) == b""


def test_every_python_on_every_machine_builds_the_same_bytes(tmp_path):
    output = tmp_path / "out"
    copied = 'umask 077; cp -r build.py README.md src "$1"; cd "$1"; TZ=UTC+7 exec "$0" build.py -o out'
    subprocess.run(["/bin/sh", "-c", copied, sys.executable, str(tmp_path)], cwd=ROOT, check=True)
    assert os.access(str(output), os.X_OK)
    for python in PYTHONS.values():
        with open(built(python), "rb") as stream:
            assert stream.read() == output.read_bytes(), python


@pytest.mark.parametrize("version", PYTHONS)
def test_bytecode_runs_under_the_python_that_built_it_and_the_sources_elsewhere(version, tmp_path):
    python, without_sources = PYTHONS[version], str(tmp_path / "without.pyz")
    output = built(python, "--bytecode")
    held, plain = entries(output), entries(built())
    has_bytecode = version != "3.6"
    assert set(held) == set(plain) | {name + "c" for name in plain if has_bytecode and name.endswith(".py")}
    assert {name: held[name] for name in plain} == plain
    assert info(OLDEST, output)[0] == 0
    with zipfile.ZipFile(without_sources, "w") as archive:
        for name, (_, data) in held.items():
            archive.writestr(name, b"no source" if name.endswith(".py") else data)
    assert info(python, without_sources)[0] == (0 if has_bytecode else 1)


@pytest.mark.parametrize("version", COMPILES_AUDIBLY)
def test_a_start_compiles_each_source_once(version):
    code = """if True:
        import os, runpy, sys
        def hear(event, about):
            if event == "compile":
                os.write(2, b"%r\\n" % (about[1],))
        sys.addaudithook(hear)
        sys.argv[0] = sys.argv.pop(1)
        runpy.run_path(sys.argv[0], run_name="__main__")
    """
    compiled = info(PYTHONS[version], "-c", code, built())[2].split()
    modules = [name for name in compiled if "/servo_batch/" in name and "__init__" not in name]
    assert len(modules) == len(set(modules)) > 3


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path):
    os.mkdir(str(tmp_path / "folder"))
    command = [sys.executable, os.path.join(ROOT, "build.py"), "-o", str(tmp_path / "folder")]
    ended = subprocess.run(command, stderr=subprocess.PIPE)
    assert (ended.returncode, b"Is a directory" in ended.stderr) == (1, True)
    assert os.listdir(str(tmp_path)) == ["folder"]


def test_an_older_python_is_told_which_it_needs():
    found = [*glob.glob(os.path.join(PYENV, "versions", "2.7*", "bin", "python")), *glob.glob("/usr/bin/python2.7")]
    if not found:
        pytest.skip("this machine has no Python 2")
    told = "servo-batch needs Python 3.6 or newer, but this is 2.7: run it by python3\n"
    assert info(found[0], built()) == (1, b"", told)


def test_a_python_without_all_of_its_library_is_told_what_brings_it(python):
    code = "import runpy, sys; sys.modules['json'] = None; sys.argv[0] = sys.argv.pop(1); runpy.run_path(sys.argv[0])"
    status, _, told = info(python, "-c", code, built())
    assert (status, told.count("\n")) == (1, 1), told
    assert "json" in told
    assert "python3 has it, not python3-minimal" in told


def test_modules_on_pythonpath_do_not_take_the_place_of_pythons_own(python, tmp_path, monkeypatch):
    for name in ("json", "difflib", "servo_batch"):
        (tmp_path / (name + ".py")).write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    for folders in ("/nowhere:" + str(tmp_path), "/nowhere:%s:%s" % (tmp_path, SRC), ":/nowhere"):
        assert info(python, built(), environment={"PYTHONPATH": folders})[1].startswith(b"{")

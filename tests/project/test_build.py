"""build.py: the file is its source, the same bytes everywhere, whole or not at all; and how it starts."""

import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from machine import OLDEST, PYENV, PYTHONS, ROOT

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


def test_the_archive_holds_the_sources_and_the_readme_byte_for_byte(pyz):
    held = entries(pyz)
    assert list(held) == sorted(SOURCES)
    for name, path in SOURCES.items():
        with open(path, "rb") as stream:
            assert held[name] == (zipfile.ZIP_STORED, stream.read()), name
    if shutil.which("unzip"):
        assert subprocess.check_output(["unzip", "-tqq", pyz], stderr=subprocess.STDOUT) == b""


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
    has_bytecode = version != "3.6"
    assert set(held) == set(plain) | {name + "c" for name in plain if has_bytecode and name.endswith(".py")}
    assert {name: held[name] for name in plain} == plain
    # Under the Python that built it the bytecode is what runs; under any other, the sources.
    for other in (python, OLDEST):
        code = "import sys; sys.path.insert(0, sys.argv[1]); import servo_batch.cli as cli; print(cli.__file__)"
        loaded = subprocess.run([other, "-c", code, output], stdout=subprocess.PIPE).stdout.decode()
        assert loaded == "%s/servo_batch/cli.py%s\n" % (output, "c" if other == python and has_bytecode else "")


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

    def compiled(path):
        _, _, told = info(python, "-c", code, path)
        return [name for name in told.split() if name != "servo_batch/__init__.py"]

    from_sources = compiled(pyz)
    assert "servo_batch/cli.py" in from_sources
    assert len(from_sources) == len(set(from_sources))
    assert compiled(built_by(python, "--bytecode")) == []


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path):
    os.mkdir(str(tmp_path / "folder"))
    command = [sys.executable, os.path.join(ROOT, "build.py"), "-o", str(tmp_path / "folder")]
    ended = subprocess.run(command, stderr=subprocess.PIPE)
    assert (ended.returncode, b"Is a directory" in ended.stderr) == (1, True)
    assert os.listdir(str(tmp_path)) == ["folder"]


def test_an_older_python_is_told_which_it_needs(pyz):
    found = [*glob.glob(os.path.join(PYENV, "versions", "2.7*", "bin", "python")), *glob.glob("/usr/bin/python2.7")]
    if not found:
        pytest.skip("this machine has no Python 2")
    told = "servo-batch needs Python 3.6 or newer, but this is 2.7: run it by python3\n"
    assert info(found[0], pyz) == (1, b"", told)


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

"""build.py: the file is its source, the same bytes everywhere, whole or not at all."""

import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from machine import NEWEST, OLDEST, PYTHONS, ROOT

SOURCES = sorted(glob.glob(os.path.join(ROOT, "src", "**", "*.py"), recursive=True))


def names():
    return [os.path.relpath(path, os.path.join(ROOT, "src")) for path in SOURCES]


def test_the_archive_holds_the_sources_and_the_readme_byte_for_byte(pyz):
    with zipfile.ZipFile(pyz) as archive:
        assert archive.namelist() == sorted(["README.md", *names()])
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
        for name, path in zip(names(), SOURCES):
            with open(path, "rb") as stream:
                assert archive.read(name) == stream.read(), name
        with open(os.path.join(ROOT, "README.md"), "rb") as stream:
            assert archive.read("README.md") == stream.read()


def test_every_python_on_every_machine_builds_the_same_bytes(tmp_path):
    built = set()
    for number, (version, python) in enumerate(PYTHONS.items()):
        copy = tmp_path / version / ("folder %d" % number)
        for path in [*SOURCES, os.path.join(ROOT, "build.py"), os.path.join(ROOT, "README.md")]:
            target = copy / os.path.relpath(path, ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, str(target))
            os.utime(str(target), (number * 10**8, number * 10**8))
            target.chmod(0o600 + number)
        output = tmp_path / ("%s.pyz" % version)
        command = 'umask %03o; exec "$0" build.py -o "$1"' % (number * 9)
        subprocess.run(
            ["/bin/sh", "-c", command, python, str(output)], cwd=str(copy), check=True, env={"TZ": "UTC+%d" % number}
        )
        assert os.access(str(output), os.X_OK)
        built.add(output.read_bytes())
    assert len(built) == 1


def test_with_bytecode_every_source_has_what_this_python_compiles_it_to(python, pyz, tmp_path):
    output = str(tmp_path / "servo-batch.pyz")
    subprocess.run([python, os.path.join(ROOT, "build.py"), "--bytecode", "-o", output], check=True)
    with zipfile.ZipFile(output) as archive, zipfile.ZipFile(pyz) as plain:
        entries = set(archive.namelist())
        assert entries - {name + "c" for name in names()} == set(plain.namelist())
        assert ("servo_batch/cli.pyc" in entries) == (python != PYTHONS.get("3.6"))
        for name in plain.namelist():
            assert archive.read(name) == plain.read(name)
    # Under the Python that built it the bytecode is what runs; under any other, the sources.
    for other in (python, OLDEST, NEWEST):
        assert subprocess.run([other, output, "adjust", "--info"], stdout=subprocess.PIPE).stdout.startswith(b"{")
    if python != PYTHONS.get("3.6"):
        loaded = subprocess.run([python, "-v", output, "adjust", "--info"], stderr=subprocess.PIPE).stderr.decode()
        assert "%s/servo_batch/cli.pyc" % output in loaded


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path):
    output = tmp_path / "folder"
    output.mkdir()
    ended = subprocess.run([sys.executable, os.path.join(ROOT, "build.py"), "-o", str(output)], stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert b"Is a directory" in ended.stderr
    assert os.listdir(str(tmp_path)) == ["folder"]


@pytest.mark.parametrize("program", ["python2", "python2.7"])
def test_an_older_python_is_told_which_it_needs(pyz, program):
    older = shutil.which(program) or next(
        iter(glob.glob(os.path.expanduser("~/.pyenv/versions/2.7*/bin/python"))), None
    )
    if not older:
        pytest.skip("this machine has no Python 2")
    ended = subprocess.run([older, pyz, "adjust", "--info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert ended.stderr.decode().count("\n") == 1
    assert "needs Python 3.6 or newer, but this is 2.7" in ended.stderr.decode()

"""build.py: the file is its source, the same bytes everywhere, whole or not at all."""

import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from machine import NEWEST, OLDEST, PYTHONS, ROOT

SOURCES = sorted(
    path for end in ("py", "md") for path in glob.glob(os.path.join(ROOT, "src", "**", "*." + end), recursive=True)
)


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


def test_unzip_has_nothing_to_say_of_the_archive(pyz):
    if not shutil.which("unzip"):
        pytest.skip("this machine has no unzip")
    ended = subprocess.run(["unzip", "-tqq", pyz], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_every_python_on_every_machine_builds_the_same_bytes(tmp_path):
    built = set()
    for number, (version, every_python) in enumerate(PYTHONS.items()):
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
            ["/bin/sh", "-c", command, every_python, str(output)],
            cwd=str(copy),
            check=True,
            env={"TZ": "UTC+%d" % number},
        )
        assert os.access(str(output), os.X_OK)
        built.add(output.read_bytes())
    assert len(built) == 1


def test_with_bytecode_every_source_has_what_this_python_compiles_it_to(every_python, pyz, tmp_path):
    output = str(tmp_path / "servo-batch.pyz")
    subprocess.run([every_python, os.path.join(ROOT, "build.py"), "--bytecode", "-o", output], check=True)
    with zipfile.ZipFile(output) as archive, zipfile.ZipFile(pyz) as plain:
        entries = set(archive.namelist())
        assert entries - {name + "c" for name in names()} == set(plain.namelist())
        assert ("servo_batch/cli.pyc" in entries) == (every_python != PYTHONS.get("3.6"))
        for name in plain.namelist():
            assert archive.read(name) == plain.read(name)
    # Under the Python that built it the bytecode is what runs; under any other, the sources.
    for other in (every_python, OLDEST, NEWEST):
        assert subprocess.run([other, output, "adjust", "--info"], stdout=subprocess.PIPE).stdout.startswith(b"{")
    if every_python != PYTHONS.get("3.6"):
        code = "import sys; sys.path.insert(0, sys.argv[1]); import servo_batch.cli as cli; print(cli.__file__)"
        loaded = subprocess.run([every_python, "-c", code, output], stdout=subprocess.PIPE).stdout.decode()
        assert loaded == "%s/servo_batch/cli.pyc\n" % output


# Python tells what it compiles from 3.8 on.
@pytest.mark.parametrize("version", sorted(set(PYTHONS) - {"3.6", "3.7"}))
def test_a_start_compiles_each_source_once_and_with_bytecode_none(version, pyz, tmp_path):
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
    with_bytecode = str(tmp_path / "servo-batch.pyz")
    subprocess.run([python, os.path.join(ROOT, "build.py"), "--bytecode", "-o", with_bytecode], check=True)
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


def test_an_older_python_is_told_which_it_needs(pyz):
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    found = glob.glob(os.path.join(pyenv, "versions", "2.7*", "bin", "python"))
    older = found[0] if found else "/usr/bin/python2.7"
    if not os.path.exists(older):
        pytest.skip("this machine has no Python 2")
    ended = subprocess.run([older, pyz, "adjust", "--info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert ended.stderr.decode() == "servo-batch needs Python 3.6 or newer, but this is 2.7: run it by python3\n"


def test_a_python_without_all_of_its_library_is_told_what_brings_it(pyz, every_python):
    code = "import runpy, sys; sys.modules['json'] = None; sys.argv[0] = sys.argv.pop(1); runpy.run_path(sys.argv[0])"
    ended = subprocess.run(
        [every_python, "-c", code, pyz, "adjust", "--info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert ended.returncode == 1
    assert ended.stderr.decode().count("\n") == 1, ended.stderr.decode()
    assert "json" in ended.stderr.decode()
    assert "python3 has it, not python3-minimal" in ended.stderr.decode()


def test_modules_on_pythonpath_do_not_take_the_place_of_pythons_own(pyz, every_python, tmp_path):
    for name in ("json", "difflib", "servo_batch"):
        (tmp_path / (name + ".py")).write_text("raise SystemExit('not this one')")
    environment = {"PYTHONPATH": "/nowhere:%s" % tmp_path}
    ended = subprocess.run([every_python, pyz, "adjust", "--info"], stdout=subprocess.PIPE, env=environment)
    assert ended.stdout.startswith(b"{")
    environment["PYTHONPATH"] += ":" + os.path.join(ROOT, "src")
    ended = subprocess.run([every_python, "-m", "json.tool"], input=b"{}", stderr=subprocess.PIPE, env=environment)
    assert b"not this one" in ended.stderr

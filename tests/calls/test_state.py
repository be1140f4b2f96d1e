"""What adjust leaves on the disk, whatever happens meanwhile."""

import fcntl
import json
import os
import random
import stat
import subprocess

import pytest
from calling import application, asked, without_privileges


def files(servo, *names):
    return sorted(os.listdir(servo.path(*names)))


def test_the_files_mode_is_kept_and_that_of_a_new_one_is_what_the_umask_gives(newest):
    assert newest.adjust(asked(cpu=3), prefix=["sh", "-c", 'umask 027; exec "$@"', "-"]).status == 0
    assert stat.S_IMODE(os.stat(newest.state).st_mode) == 0o640
    for mode in (0o600, 0o664):
        os.chmod(newest.state, mode)
        newest.stored(cpu=4)
        assert stat.S_IMODE(os.stat(newest.state).st_mode) == mode


def test_a_link_stays_a_link_and_its_target_is_replaced_or_removed(newest):
    os.mkdir(newest.path("volume"))
    os.symlink("volume/kept.json", newest.state)
    for value in (3, 4):
        newest.stored(cpu=value)
        assert newest.query().query["web"]["cpu"] == value
    assert (os.readlink(newest.state), files(newest, "volume")) == ("volume/kept.json", ["kept.json"])
    assert newest.call("adjust", "--reset").status == 0
    assert (os.readlink(newest.state), files(newest, "volume")) == ("volume/kept.json", [])


def test_a_folder_that_cannot_be_written_keeps_the_state(newest):
    prefix = without_privileges()
    before = newest.stored(cpu=3)
    os.chmod(newest.folder, 0o555)
    try:
        newest.adjust(asked(cpu=4), prefix=prefix).bad_state("_state.json", "cannot be changed: Permission denied")
        assert newest.query(prefix=prefix).query["web"]["cpu"] == 3
    finally:
        os.chmod(newest.folder, 0o755)
    assert newest.read("_state.json") == before
    assert files(newest) == ["_state.json", "config.json"]


def test_a_disk_that_takes_no_more_keeps_the_state(newest):
    before = newest.stored(cpu=3)
    full = ["sh", "-c", 'ulimit -f 8; exec "$@"', "-"]
    ended = newest.adjust(asked(cpu=4, opts="x" * 20000), prefix=full)
    ended.bad_state("_state.json: the state file cannot be changed: File too large", "raise the limit, ulimit -f")
    assert newest.read("_state.json") == before
    assert files(newest) == ["_state.json", "config.json"]


def test_killed_at_any_moment_the_state_is_the_old_or_the_new_one(newest):
    filler = {"annotations": ["0123456789" * 10] * 3000}  # takes a while to write
    old, new = ({"application": {**asked(cpu=value)["application"], **filler}} for value in (1, 8))
    assert newest.adjust(old).status == 0
    moments = random.Random(1)
    for _ in range(8):
        process = newest.start("adjust", stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        process.stdin.write(json.dumps(new).encode())
        process.stdin.close()
        try:
            process.wait(moments.uniform(0.01, 0.25))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        assert newest.read_json("_state.json") in (old, new)
        old, new = new, old
    assert newest.query().status == 0


def test_of_adjusts_at_the_same_time_none_is_lost(newest):
    names = ["s%d" % number for number in range(8)]
    newest.job(default_state=application(web={name: {"min": 0, "max": 99, "value": 0} for name in names}))
    for value in (1, 2):
        processes = [newest.start("adjust", "web.%s=%d" % (name, value)) for name in names]
        ended = [(process.communicate(), process.returncode) for process in processes]
        assert [status for _, status in ended] == [0] * 8, ended
        assert newest.query().query["web"] == dict.fromkeys(names, value)
    assert files(newest) == ["_state.json", "config.json"]


def test_a_lock_that_somebody_keeps_is_waited_for_and_no_longer(newest):
    before = newest.stored(cpu=3)
    folder = os.open(newest.folder, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        ended = newest.call("adjust", "web.cpu=4", changes=["files.LOCK_SECONDS=0.1"])
        ended.bad_state("as it was: another process has held the lock on its folder for 0.1 s")
        assert newest.query().query["web"]["cpu"] == 3
    finally:
        os.close(folder)
    assert newest.read("_state.json") == before


def test_whatever_stands_where_the_state_is_written_first_does_not_hold_up_an_adjust(newest):
    newest.write("elsewhere", b"as it was")
    for put in (os.mkfifo, lambda path: os.symlink("elsewhere", path)):
        put(newest.path("_state.json.servo-batch-partial"))
        newest.stored(cpu=3)
        assert newest.read("elsewhere") == b"as it was"
        assert files(newest) == ["_state.json", "config.json", "elsewhere"]


# The stored state. Whatever is wrong with it, every call that needs it says so and none overwrites it.


def every_call(servo):
    return [servo.query(), servo.adjust(asked(cpu=3)), servo.measure(), servo.call("adjust", "--reset")]


BAD_STATES = [
    (b'{\n"application": }', ["not JSON", "_state.json:2:16"]),
    (b"\0" * 4096, ["not JSON"]),
    (b"\xff\xfe{\0", ["UTF-8"]),
    (b"[]", ["a list where the object application belongs"]),
    (b'{"application": {"components": {"web": 5}}}', ["a number where the object application.components.web belongs"]),
]


def test_a_damaged_state_is_named_by_every_call_and_stays_as_it_was(newest):
    newest.job("touch ran {web.cpu}")
    for data, words in BAD_STATES:
        newest.write("_state.json", data)
        newest.query().bad_state("_state.json", "mend", "remove", *words)
    for ended in every_call(newest):
        ended.bad_state("_state.json")
    assert newest.read("_state.json") == data
    newest.write("_state.json", application(web={"cpu": {"value": {"a": 1}}}))
    newest.measure().bad_state("web.cpu", "a mapping")
    assert sorted(os.listdir(newest.folder)) == ["_state.json", "config.json"]


def test_what_is_no_file_is_no_state(newest):
    for make, remove, words in (
        (lambda path: os.symlink("_state.json", path), os.unlink, "symbolic links"),
        (os.mkfifo, os.unlink, "no regular file"),  # it is not waited for
        (os.mkdir, os.rmdir, "directory"),
    ):
        make(newest.state)
        for ended in every_call(newest):
            ended.bad_state("_state.json", words)
        remove(newest.state)
    path = newest.path("gone", "s.json")
    assert newest.call("adjust", "--query", "--state", path).status == 0
    newest.adjust(asked(cpu=3), "--state", path).bad_state(path, "No such file")


def test_what_cannot_be_read_is_said_to_be_that(newest):
    prefix = without_privileges()
    before = newest.stored(cpu=3)
    os.chmod(newest.state, 0)
    for ended in (newest.query(prefix=prefix), newest.adjust(asked(cpu=4), prefix=prefix)):
        ended.bad_state("_state.json", "Permission denied")
    assert stat.S_IMODE(os.stat(newest.state).st_mode) == 0
    os.chmod(newest.state, 0o600)
    assert newest.read("_state.json") == before
    os.chmod(newest.path("config.json"), 0)
    newest.query(prefix=prefix).bad_config("config.json", "Permission denied")


# The state of an older servo-batch.

OLDER = b"""\
application:
  components:
    web:
      settings:
        cpu: {value: 6}
        gone: {value: x}
"""
IS_THE_STATE = "servo-batch: ./%s, which an older servo-batch stored, is the state until the first adjust"


@pytest.mark.parametrize(
    ("name", "content"), [("_state.yaml", OLDER), ("state.yaml", b"components: {web: {settings: {cpu: {value: 6}}}}\n")]
)
def test_what_an_older_one_stored_is_the_state_until_the_first_adjust(newest, name, content):
    newest.write(name, content)
    ended = newest.job("test {web.cpu} = 6").query()
    assert ended.query["web"]["cpu"] == 6
    assert IS_THE_STATE % name in ended.stderr
    assert "overlaid with what is stored in " + name in newest.call("check").stdout.decode()
    assert newest.measure().stderr.count(IS_THE_STATE % name) == 1
    refused = newest.measure(b"", "--keep-output", name).answer
    assert "is the state of an older servo-batch, and would be overwritten" in refused["message"]
    newest.stored(mem=2)
    ended = newest.query()
    assert (ended.query["web"]["cpu"], ended.query["web"]["mem"]) == (6, 2)
    assert "older" not in ended.stderr
    assert newest.read(name) == content


def test_what_is_wrong_in_an_older_one_is_said_of_its_file(newest):
    newest.write("_state.yaml", OLDER.replace(b"6", b"9"))
    newest.job("echo {web.cpu}")
    for call in (["measure"], ["measure", "web.mem=2"], ["compare", "web.mem=1,2", "--json"], ["tune"], ["check"]):
        assert "_state.yaml: what is stored is not allowed: web.cpu" in newest.call(*call).stdout.decode()
    assert newest.call("measure", "web.cpu=4").answer["settings"]["web.cpu"] == 4
    assert "_state.yaml also has web.gone" in newest.query().stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_state_keeps_its_owner_and_its_mode(newest):
    newest.stored(cpu=3)
    os.chown(newest.state, 65534, 65534)
    os.chmod(newest.state, 0o640)
    newest.stored(cpu=4)
    status = os.stat(newest.state)
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (65534, 65534, 0o640)


def test_reset_does_not_let_an_older_state_come_back(newest):
    newest.write("_state.yaml", OLDER)
    assert newest.query(environment={"OPTUNE_STATE": "s"}).query["web"]["cpu"] == 2
    for _ in range(2):
        assert newest.call("adjust", "--reset").status == 0
        ended = newest.query()
        assert (ended.query["web"]["cpu"], ended.stderr) == (2, "")
    assert newest.read("_state.yaml") == OLDER


def test_an_older_state_that_cannot_be_read_is_an_error_with_its_remedy(newest):
    for content, words in [
        (b"application:\n  annotations: &a {}\n  components: {}\n", "_state.yaml:2"),
        (b"", "has no application"),
        (b"application: {components: {web: 5}}\n", "a number where the object application.components.web belongs"),
    ]:
        newest.write("_state.yaml", content)
        for ended in (newest.query(), newest.call("adjust", "web.cpu=3"), newest.measure()):
            assert ended.answer["reason"] == "bad-state"
            assert all(word in ended.answer["message"] for word in (words, "_state.yaml", "adjust --reset")), ended
    assert not os.path.exists(newest.state)
    assert newest.call("adjust", "--reset").status == 0
    assert newest.query().query["web"]["cpu"] == 2

"""What a job prints is what a person would have seen: its stdout and stderr are pipes, as under any shell."""

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from measuring import escaped
from processes import children, find_processes, kill, wait_until

BASH = shutil.which("bash")


def python(script):
    return [sys.executable, "-IS", "-c", script]


def printed(servo, command, **keys):
    """Return the ended call that measured a command, with what that printed on ``out`` and ``err``."""
    ended = servo.job(escaped(command), **keys).measure(b"", "--keep-output", "kept")
    ended.out = servo.read("kept")
    ended.err = servo.read("kept.stderr") if os.path.exists(servo.path("kept.stderr")) else b""
    return ended


# What each prints on stdout and on stderr.
STREAMS = (
    ("echo 100; echo 7 >/dev/stdout; echo 8 >>/dev/stdout", b"100\n7\n8\n", b""),
    ("echo a >&2; echo b | tee /dev/stderr; echo c >&2", b"b\n", b"a\nb\nc\n"),
    (python("import os; log = open('/dev/stdout', 'w'); os.write(1, b'one\\n'); log.write('two')"), b"one\ntwo", b""),
    ("%s -IS -c 'import os; os.set_blocking(1, False)'; echo still" % sys.executable, b"still\n", b""),
    ("echo a; echo b >&2; exec 2>&1; echo c; echo d >&2", b"a\nc\nd\n", b"b\n"),
    ("exec >&- 2>&-; true", b"", b""),
    (python("import os; os.write(1, bytes(range(256)))"), bytes(range(256)), b""),
    ("head -c 5000000 /dev/zero; head -c 70000 /dev/zero >&2", bytes(5000000), bytes(70000)),
)
# These go on writing after the job's own process has ended.
LATE = (
    "exec > >(tee /dev/null); echo throughput: 5",
    "exec > >(sleep 0.2; cat); echo throughput: 5",
    "exec 2> >(tee /dev/null >&2); echo throughput: 5 >&2",
    "(sleep 0.1; echo throughput: 5) & true",
)


class TestAPipe:
    @pytest.mark.parametrize(("command", "stdout", "stderr"), STREAMS, ids=range(len(STREAMS)))
    def test_behaves_like_a_pipe(self, newest, command, stdout, stderr):
        ended = printed(newest, command)
        assert (ended.out, ended.err, ended.answer.get("notes")) == (stdout, stderr, None)

    @pytest.mark.skipif(not BASH, reason="no bash here")
    @pytest.mark.parametrize("script", LATE)
    def test_what_is_on_its_way_is_waited_for(self, newest, script):
        ended = printed(newest, [BASH, "-c", script])
        assert ((ended.out + ended.err).strip(), ended.answer.get("notes")) == (b"throughput: 5", None)


class TestWhatIsLeftRunning:
    @pytest.fixture
    def leave(self):
        """A command that leaves a process running, which the test ends."""
        marker = "3600.%d" % os.getpid()
        yield "sleep %s >/dev/null 2>&1 &" % marker
        for pid in find_processes(marker):
            kill(pid)

    def test_goes_on_writing_and_is_waited_for_a_second_at_most_outside_the_time(self, servo):
        """However much it writes; nobody keeps that. It holds nobody up who reads the driver's streams to their ends."""
        script = (
            "import os, sys\n"
            "os.write(1, b'before\\n')\n"
            "if os.fork(): os._exit(0)\n"
            "while not os.path.exists('go'): os.write(1, b'x' * 1000)\n"
            "for number in range(4000): os.write(1, b'x' * 1000); os.write(2, b'y')\n"
            "open('done', 'w').close()\n"
        )
        ended = printed(servo, python(script))
        (note,) = ended.answer["notes"]
        assert note.startswith("the job left running: ")
        assert ended.out.startswith(b"before\n")
        assert ended.answer["metrics"]["total_runtime"]["value"] < 1
        servo.write("go", b"")
        wait_until(lambda: os.path.exists(servo.path("done")))

    def test_is_told_also_where_it_ends_while_its_output_is_waited_for(self, newest):
        """Here of every job, since any wait counts."""
        (note,) = newest.call("measure", changes=["job.run.HELD_SECONDS=0.0"]).answer["notes"]
        told = "the job left running: something that held its output open for [0-9.]+ s more, which are not in its time"
        assert re.match(told, note)

    def test_cannot_be_told_where_it_cannot_be_seen(self, newest, leave):
        ended = newest.job(leave).call("measure", changes=["job.descendants.PR_SET_CHILD_SUBREAPER=0"])
        assert ended.answer["notes"] == ["whether the job left something running cannot be seen on this system"]

    def test_is_told_in_the_notes_of_each_run_and_on_stderr(self, newest, leave):
        ended = newest.job(leave, prepare=leave, runs=2, cleanup="true").measure()
        notes = [note for note in ended.answer["notes"] if "left" in note]
        steps = [(run, step) for run in (1, 2) for step in ("prepare", "the job")]
        told = ["run %d of 2: %s left running: N (sleep)" % step for step in steps]
        assert [re.sub(r"\d+ \(", "N (", note) for note in notes] == told
        assert all("servo-batch: %s\n" % note in ended.stderr for note in notes)

    def test_is_told_in_the_message_of_a_failure(self, newest, leave):
        newest.job("echo none", prepare=leave, metrics={"size": {"output_regex": r"size (\d+)"}})
        newest.measure().failed("failed", "no-match", "; prepare left running: ", "\ncommand: echo none\n")
        newest.job(leave + " exit 3").measure().failed("failed", "command-failed", " s; the job left running: ")

    def test_is_told_with_a_cancel_and_not_stopped_by_it(self, measuring, hide, newest):
        left, job = hide("plain"), hide("deaf")
        leave = "%s >/dev/null 2>&1 & read line <%s" % (" ".join(left.command), left.command[-3])
        driver = measuring(newest.python, job.command, prepare=leave, grace_period=0.1)
        job.wait_until_hidden()
        driver.send(signal.SIGTERM)
        driver.tells(r"cancelled by SIGTERM: the job was stopped after [0-9.]+ s; .*; prepare left running: \d+ ")
        assert (job.alive(), len(left.alive())) == ([], 1)

    def test_is_told_with_a_cancel_that_comes_between_two_runs(self, measuring, newest, leave):
        command = "echo up >up; read go <go; " + leave
        driver = measuring(newest.python, command, fifos=("up", "go"), warmup_runs=1)
        driver.read("up")
        guard = driver.guard()
        (shell,) = children(guard)
        driver.send(signal.SIGSTOP)
        driver.write("go", b"")
        wait_until(lambda: shell not in children(guard))
        driver.send(signal.SIGTERM)
        driver.send(signal.SIGCONT)
        told = r"cancelled by SIGTERM: run 1 of 1: the job was not started; warm-up run .*: the job left running: \d+ "
        driver.tells(told)


class TestShowing:
    def test_shows_what_comes_in_the_order_in_which_it_comes(self, servo):
        shown = servo.path("shown")
        # Of two pipes that both have something nobody can say which had it first: so the job waits for what is shown.
        script = (
            'await() { until grep -q "$1" shown; do sleep 0.01; done; }\n'
            'for i in 1 2 3; do echo out $i; await "out $i"; echo err $i >&2; await "err $i"; done; printf end'
        )
        servo.job(escaped(script))
        with open(shown, "wb") as stderr:
            assert servo.call("measure", "--show-output", stderr=stderr).status == 0
        assert servo.read("shown") == b"out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nend"

    def test_shows_all_of_much(self, servo):
        servo.job("head -c 3000000 /dev/zero; head -c 1000000 /dev/zero >&2")
        assert len(servo.measure(b"", "--show-output").stderr) == 4000000

    def test_whole_lines_beside_the_bar(self, servo, terminal):
        servo.job("printf 'a\\nb'; sleep 0.2; printf 'c\\n'; sleep 0.2; printf '10%\\r20%'; printf '\\rend'")
        screen = terminal(servo, "measure", "--show-output", "--json")
        assert screen.end() == 0
        lines = [line.rpartition("\033[J")[2] for line in screen.received.decode().split("\r\n")]
        assert lines[1:3] == ["a", "bc"]
        assert "\033[Jend" in screen.received.decode()

    @pytest.mark.parametrize(("end", "reason"), [("", None), ("; exec sleep 60", "timeout")])
    def test_a_reader_that_stalls_delays_nothing(self, newest, stalled, end, reason):
        newest.job("head -c 3000000 /dev/zero" + end, timeout=0.5)
        changes = ["job.show_output.STALLED_SECONDS=0.2", "answers.STDERR_SECONDS=0.2"]
        ended = newest.call("measure", "--show-output", changes=changes, stderr=stalled)
        assert ended.answer.get("reason") == reason

    def test_a_terminal_that_is_stopped_delays_nothing(self, newest, terminal):
        newest.job("head -c 300000 /dev/zero | tr '\\0' a; exec sleep 60")
        with open(newest.path("answer"), "wb") as stdout:
            screen = terminal(newest, "measure", "--show-output", stdout=stdout)
            screen.until(b"aaaa")
            screen.process.send_signal(signal.SIGTERM)  # and nobody reads the terminal any more
            screen.process.wait()
        assert b"cancelled by SIGTERM: the job was stopped" in newest.read("answer")


class TestKeeping:
    def test_keeps_both_streams_under_names_of_a_failure_too_and_no_empty_file(self, servo):
        servo.write("kept", b"what was there before, which is longer")
        assert printed(servo, "echo out; exit 3").out == b"out\n"
        assert not os.path.exists(servo.path("kept.stderr"))
        ended = printed(servo, "echo more; echo err >&2")
        assert (ended.out, ended.err) == (b"more\n", b"err\n")

    def test_says_where_it_cannot(self, newest):
        os.mkfifo(newest.path("fifo"))
        for path in ("/none/such/file", newest.folder, newest.path("fifo"), "/dev/null"):
            told = "the job cannot start: its output cannot be kept in %s: " % path
            newest.measure(b"", "--keep-output", path).failed("failed", "command-failed", told, "; name another ")


# The disk is waited for half a second longer than what is on its way.
SOON = ["job.keeper.LATE_SECONDS=0.1"]


class TestTheKeeper:
    def test_that_is_killed_makes_no_number(self, measuring, newest):
        driver = measuring(newest.python, "echo up >up; read line <go", fifos=("up", "go"))
        driver.read("up")
        kill(driver.helpers()[0])
        driver.write("go", b"on\n")
        told = ".*output may be incomplete: somebody killed the process that keeps it\n"
        driver.tells(told, "command-failed")

    def test_that_hangs_as_at_a_disk_is_waited_for_where_the_job_has_ended(self, measuring, newest):
        driver = measuring(newest.python, "echo up >up; read line <go", fifos=("up", "go"), changes=SOON)
        driver.read("up")
        keeper = driver.helpers()[0]
        os.kill(keeper, signal.SIGSTOP)
        driver.write("go", b"on\n")
        with pytest.raises(subprocess.TimeoutExpired):
            driver.process.wait(0.8)
        os.kill(keeper, signal.SIGCONT)
        assert driver.answer()["status"] == "ok"

    def test_that_hangs_as_at_a_disk_holds_up_no_stop(self, running):
        driver, job = running("plain", grace_period=0.2, changes=SOON)
        keeper = driver.helpers()[0]
        os.kill(keeper, signal.SIGSTOP)
        driver.send(signal.SIGTERM)
        driver.tells("cancelled by SIGTERM: ")
        assert job.alive() == []
        kill(keeper)


class TestFiles:
    @pytest.fixture
    def small_disk(self, tmp_path):
        """The path of a file system of 256 KiB."""
        path = str(tmp_path / "disk")
        os.mkdir(path)
        command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path]
        if subprocess.run(command, stderr=subprocess.DEVNULL).returncode:
            pytest.skip("cannot mount")
        yield path
        subprocess.run(["umount", path], check=True)

    def failure(self, servo, command, folder):
        answer = servo.job(command).measure(environment={"TMPDIR": folder}).answer
        assert answer["reason"] == "command-failed"
        return answer["message"]

    @pytest.mark.parametrize("folder", ["/none/such", "/etc/passwd", "/proc"])
    def test_a_folder_that_cannot_be_used_is_named(self, newest, folder):
        message = self.failure(newest, "false", folder)
        assert message.startswith("the job cannot start: its output cannot be kept in $TMPDIR, %s: " % folder)

    @pytest.mark.parametrize(("stream", "end"), [(1, ""), (2, "; exit 4")])
    def test_a_full_disk(self, newest, small_disk, stream, end):
        message = self.failure(newest, "head -c 1000000 /dev/zero >&%d 2>/dev/null%s" % (stream, end), small_disk)
        assert message.startswith("the job ended with exit status %d after " % (4 if end else 0))
        why = " s; the job's output may be incomplete: $TMPDIR, %s: %s; make room"
        assert why % (small_disk, os.strerror(errno.ENOSPC)) in message

    def test_a_disk_that_is_full_before(self, newest, small_disk):
        with open(os.path.join(small_disk, "much"), "wb") as stream, contextlib.suppress(OSError):
            stream.write(bytes(1000000))
        message = self.failure(newest, "false", small_disk)
        assert message.startswith("the job cannot start: its output cannot be kept in $TMPDIR, " + small_disk)

    @pytest.mark.parametrize(
        ("limit", "told"),
        [
            ("-f 0", ": File too large; raise the limit, ulimit -f"),
            ("-n 12", "there are too many open files (ulimit -n, or the limit of the system)"),
        ],
    )
    def test_a_limit_is_named(self, newest, limit, told):
        newest.job("true")
        prefix = ["/bin/sh", "-c", 'ulimit %s; exec "$@"' % limit, "sh"]
        assert told in newest.measure(prefix=prefix).answer["message"]


def test_of_output_that_is_long_the_message_has_the_end_and_whole_characters(newest):
    message = newest.job(python("print('é' * 5000); raise SystemExit(1)")).measure().answer["message"]
    assert message.endswith("\nstdout, the last 4096 of 10001 bytes:\n" + "é" * 2047)
    assert newest.job(r"printf 'a\377b\0c'; exit 1").measure().answer["message"].endswith("stdout:\na�b\0c")


def test_all_that_the_guard_has_of_a_driver_is_its_pipes(running):
    driver, _ = running("plain")
    for helper in driver.helpers():
        files = [os.readlink("/proc/%d/fd/%s" % (helper, name)) for name in os.listdir("/proc/%d/fd" % helper)]
        of_driver = {os.readlink("/proc/%d/fd/%d" % (driver.pid, number)) for number in range(3)} - {"/dev/null"}
        assert not of_driver & set(files)
    assert len(children(driver.guard())) == 1

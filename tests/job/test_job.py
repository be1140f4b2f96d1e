"""What a job is given, what is told about it, and what it leaves."""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import pytest
from job_calls import run_all
from machine import NEWEST, PYTHONS, ROOT
from measuring import KILLED, LIMIT, children, default_signals, find_processes, kill, stat, wait_until

pytest_plugins = ("job_fixtures",)

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")


@pytest.fixture
def newest():
    return NEWEST


STOPPED = r"cancelled by %%s: the job was stopped after \d+\.\d s(%s)?$" % KILLED
USER_S_CHILD = "import signal; signal.alarm(60); signal.pause()"
# What the driver has imported it need not be able to read any more.
# Each run of the tests is a user of its own, who has no other process.
BECOME_NOBODY = "import ctypes, os; os.chdir('/'); os.setuid(%d)\n" % (1000000 + os.getpid())


def run_job(*python_and_body):
    """Run a bit of Python that calls ``measure(args, on_progress)``; return what it prints, or the failure."""
    script = (
        "import sys; sys.path.insert(0, %r)\n"
        "from servo_batch import answers\nfrom servo_batch.job import cancel, keeper, run as job, steps\n"
        "keeper.LATE_SECONDS = 0.2\n"  # what comes late is no subject here
        "def measure(args, on_progress=lambda elapsed: None, timeout=None):\n"
        "    listener = job.Listener()\n"
        "    listener.progress_seconds = 0.1\n"
        "    listener.progress = lambda kind, place, elapsed: on_progress(elapsed)\n"
        "    step = steps.Step(steps.Kind.JOB, args, grace_seconds=0.2, timeout_seconds=timeout)\n"
        "    try:\n"
        "        with cancel.Cancellation() as cancellation:\n"
        "            before(cancellation)\n"
        "            return job.run(step, cancellation, listener)\n"
        "    except answers.ServoError as error: sys.exit('%%s: %%s' %% (error.reason, error.message))\n"
        "def before(cancellation): pass\n" % os.path.join(ROOT, "src")
    )
    *python, body = python_and_body
    driver = subprocess.run(
        python + ["-IS", "-c", script + body],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT,
        preexec_fn=default_signals,
    )
    return driver.stdout.decode()


def failure(driver):
    """Return the message of a driver whose job failed."""
    answer = driver.answer()
    assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
    return answer["message"]


class TestEveryPython:
    def test_a_job_is_timed(self, measuring, python):
        driver = measuring(python, "sleep 0.2")
        began = time.monotonic()
        runtime = driver.answer()["metrics"]["total_runtime"]["value"]
        assert 0.2 <= runtime < time.monotonic() - began

    @needs_proc
    def test_all_that_hides_is_stopped(self, measuring, hide, python):
        jobs = [hide(role) for role in ("child", "daemon", "deaf", "stopped")]
        script = " & ".join(" ".join(job.command) for job in jobs) + " & wait"
        driver = measuring(python, script, grace_period=0.2)
        for job in jobs:
            job.wait_until_hidden()
        if list(PYTHONS.values()).index(python) % 2:
            driver.send(signal.SIGKILL)
        else:
            driver.send(signal.SIGUSR1)
            assert re.match(STOPPED % "SIGUSR1", driver.answer()["message"])
            assert [job.alive() for job in jobs] == [[]] * len(jobs)
        wait_until(lambda: not driver.leftovers() and not any(job.alive() for job in jobs), 1.2)

    def test_a_failure_says_all(self, measuring, python):
        message = failure(measuring(python, "echo of use; echo what is wrong >&2; exit 3"))
        assert message.splitlines() == [
            "the job ended with exit status 3",
            "command: echo of use; echo what is wrong >&2; exit 3",
            "stderr:",
            "what is wrong",
            "stdout:",
            "of use",
        ]


class TestWhatIsToldOfAFailure:
    EXITS = (
        ("exit 1", "the job ended with exit status 1\n"),
        ("exit 255", "the job ended with exit status 255\n"),
        ("nonesuch-program", "exit status 127: this is how the shell says that it did not find a command\n"),
        ("/etc", "exit status 126: this is how the shell says that it could not execute a command\n"),
        ("sh -c 'kill $$'; exit $?", "exit status 143: this is how the shell says that SIGTERM killed a command\n"),
        ("kill -SEGV $$", "the job was killed by SIGSEGV\n"),
        ("kill -KILL $$", "the job was killed by SIGKILL, by somebody or by the system when memory ran out\n"),
        ("kill -37 $$", "the job was killed by SIGRTMIN+3\n"),
        ("kill -64 $$", "the job was killed by SIGRTMAX\n"),
        (["sh", "-c", "exit 127"], "the job ended with exit status 127\n"),
        (["/bin/sh", "-c"], "the job ended with exit status 2\ncommand: /bin/sh -c\n"),
        (["/bin/sh", "-c", "exit $1", "sh", "3"], "\ncommand: /bin/sh -c 'exit $1' sh 3\n"),
        (["nonesuch"], "not started: command not found: there is no nonesuch in any folder of $PATH, "),
        (["/none/such"], "not started: command not found: there is no /none/such\n"),
        (["/etc/passwd/x"], "not started: command not found: there is no /etc/passwd/x\n"),
        (["/etc"], "not started: /etc is a folder\n"),
        (["/etc/passwd"], "not started: /etc/passwd is not executable (chmod +x makes it so)\n"),
        (["echo", "x" * 3000000], "not started: its arguments and environment are too long"),
        (["echo", "a\0b"], "not started: an argument or a variable holds what none can: "),
    )

    def test_exit(self, newest):
        results = run_all(newest, [command for command, _ in self.EXITS])
        for (_, told), result in zip(self.EXITS, results):
            assert result["reason"] == "command-failed"
            assert told in result["message"] + "\n"

    SCRIPTS = (
        # What begins the script, what is told where it is run as it is, and where a shell runs it.
        (
            b"#!/none/such\n",
            "not started: {path} needs the interpreter '/none/such', which is not there\n",
            "that it did not find a command; {path} needs the interpreter '/none/such', which is not there\n",
        ),
        (
            b"#! /bin/sh\r\necho\r\n",
            "{path} needs the interpreter '/bin/sh\\r', which is not there: its lines end as Windows has them, mend it "
            "with sed -i 's/\\r$//' {path}\n",
            "a command; {path} needs the interpreter '/bin/sh\\r', which is not there: its lines end as Windows has",
        ),
        (
            b"#!/usr/bin/env sh\r\necho\r\n",
            "exit status 127\n",
            "a command; {path} needs the interpreter '/usr/bin/env sh\\r', which is not there: its lines end as Windows",
        ),
        (
            b"#!/etc/passwd\n",
            "{path} may not be executed: its interpreter '/etc/passwd' may not either, or",
            "exit status 126: this is how the shell says that it could not execute a command\n",
        ),
        (
            b"\x7fELF nonsense",
            "{path} is neither a program for this machine nor a script that begins with #!",
            "the job ended with exit status ",
        ),
        (b"#!/bin/sh\nexit 127\n", "exit status 127\n", "that it did not find a command\n"),
    )

    def test_script(self, newest, tmp_path):
        calls = []
        for number, (content, _, _) in enumerate(self.SCRIPTS):
            script = tmp_path / ("job%d.sh" % number)
            script.write_bytes(content)
            script.chmod(0o755)
            calls += [[str(script)], "true && LANG=C %s -x" % script]
        results = run_all(newest, calls)
        for number, (_, *told) in enumerate(self.SCRIPTS):
            for expected, result in zip(told, results[2 * number :]):
                assert expected.format(path=tmp_path / ("job%d.sh" % number)) in result["message"] + "\n"

    def test_a_list_is_told_as_it_would_be_typed(self, measuring, newest):
        assert "\ncommand: sh -c 'exit 3' 'it'\"'\"'s'\n" in failure(measuring(newest, ["sh", "-c", "exit 3", "it's"]))

    def test_a_job_that_is_past_its_time_is_told_with_what_it_printed(self, measuring, newest):
        message = measuring(newest, "echo stuck >&2; exec sleep 60", timeout=0.3).answer()["message"]
        command = "command: echo stuck >&2; exec sleep 60"
        assert message.splitlines()[1:] == [command, "stderr:", "stuck", "stdout: nothing"]

    @needs_proc
    def test_a_job_that_ends_after_its_time_while_the_driver_is_stopped(self, measuring, newest, tmp_path):
        fifo = str(tmp_path / "fifo")
        os.mkfifo(fifo)
        driver = measuring(newest, "echo up >%s; sleep 0.7; echo last >%s" % (fifo, fifo), timeout=0.6)
        with open(fifo) as up:
            assert up.read() == "up\n"
        guard = driver.guard()
        driver.send(signal.SIGSTOP)
        with open(fifo) as last:
            assert last.read() == "last\n"
        wait_until(lambda: not children(guard))
        driver.send(signal.SIGCONT)
        answer = driver.answer()
        assert answer["reason"] == "timeout"
        assert answer["message"].startswith("the job ran past its timeout of 0.6 s; it ended by itself\ncommand: ")

    def test_a_program_in_a_folder_that_may_not_be_entered(self, newest, tmp_path):
        if os.getuid() != 0:
            pytest.skip("needs root, to become a user who may not enter")
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            message = run_job(newest, BECOME_NOBODY + "measure(['%s/x'])" % folder)
            assert "not started: %s/x is in a folder that this user may not enter\n" % folder in message

    def test_a_working_directory_that_is_gone(self, measuring, newest, tmp_path):
        gone = tmp_path / "gone"
        gone.mkdir()
        enter = "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])"
        driver = measuring(newest, "true", interrupted=["-c", enter, str(gone), newest])
        assert failure(driver) == "the job cannot start: the working directory is gone; start the driver in another"

    def test_too_many_processes(self, newest):
        if os.getuid() != 0:
            pytest.skip("needs root, to become a user who has no process yet")
        limit = "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n" + BECOME_NOBODY
        message = run_job(newest, limit + "measure(['true'])").splitlines()[0]
        assert message == (
            "command-failed: the job was not started: there are too many processes (ulimit -u, or the limit of the "
            "container)"
        )


def test_nothing_is_imported_once_the_job_runs(edge_python, tmp_path):
    """The file that the driver was started from may be another one by then."""
    script = tmp_path / "job.sh"
    script.write_bytes(b"#!/none/such\n")
    script.chmod(0o755)
    body = (
        "class Late:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        sys.stdout.write('late: %%s\\n' %% name)\n"
        "        raise ImportError(name)\n"
        "def on_progress(elapsed):\n"
        "    if not sys.meta_path or not isinstance(sys.meta_path[0], Late): sys.meta_path.insert(0, Late())\n"
        "import subprocess\n"
        "commands = ['echo a', 'echo b >&2; exit 3', %r, 'kill -9 $$', 'kill -9 $PPID; sleep 9', 'sleep 9', 'sleep 9 &']\n"
        "for command in commands:\n"
        "    try: measure(['/bin/sh', '-c', command], on_progress, timeout=0.4)\n"
        "    except SystemExit as told: print(str(told).split(chr(10))[0])\n"
        "try: measure(['nonesuch'], on_progress)\n"
        "except SystemExit as told: print(str(told)[:60])\n" % str(script)
    )
    lines = run_job(edge_python, body).splitlines()
    assert [line for line in lines if "late" in line] == []
    assert [line.split(":")[0] for line in lines] == ["command-failed"] * 4 + ["timeout", "command-failed"]


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "told"),
        [
            (
                "resource.RLIMIT_FSIZE, (0, 0)",
                "there can be no file for its output: File too large (raise the limit, ulimit -f",
            ),
            ("resource.RLIMIT_NOFILE, (6, 6)", "Too many open files (raise the limit, ulimit -n)"),
            (
                "resource.RLIMIT_NOFILE, (12, 12)",
                "there are too many open files (ulimit -n, or the limit of the system)",
            ),
        ],
    )
    def test_are_named(self, newest, limits, told):
        body = "import resource\nresource.setrlimit(%s)\nmeasure(['true'])" % limits
        assert told in run_job(newest, body)

    def test_a_file_size_that_is_reached_on_the_way(self, newest):
        body = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))\n"
        told = run_job(newest, body + "measure(['/bin/sh', '-c', 'yes | head -c 200000'])").splitlines()[0]
        assert told.startswith("command-failed: the job's output may be incomplete: ")
        assert "File too large (raise the limit, ulimit -f" in told

    def test_a_umask_that_takes_all_is_none(self, newest):
        body = BECOME_NOBODY + "os.umask(0o777)\nprint(measure(['echo', 'x']).output.stdout_size)"
        assert run_job(newest, body) == "2\n"


class TestAMachineThatLacks:
    @pytest.fixture
    def without(self, newest):
        """Run a bit of Python where nothing is in a folder."""

        def run(folder, body):
            hide_folder = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', folder]
            if subprocess.run(hide_folder + [newest, "-c", ""], stderr=subprocess.DEVNULL).returncode:
                pytest.skip("cannot mount")
            return run_job(*hide_folder, newest, body)

        return run

    def test_a_null_device_runs_the_job(self, without):
        body = "import os\nprint(os.path.exists('/dev/null'), measure(['sh', '-c', 'cat; echo x']).output.stdout_size)"
        assert without("/dev", body) == "False 2\n"

    def test_a_shell_says_so(self, without):
        told = without("/usr/bin", "measure(['/bin/sh', '-c', 'true'])")
        assert (
            "not started: there is no /bin/sh here, which runs a command that is a string; write it as a list" in told
        )


class TestOutput:
    @pytest.mark.parametrize("folder", ["/none/such", "/etc/passwd", "/proc"])
    def test_a_folder_that_cannot_be_used_is_named(self, measuring, newest, folder):
        message = failure(measuring(newest, "echo ran >&2; false", environment={"TMPDIR": folder}))
        assert message.startswith("the job cannot start: no file for its output can be made in $TMPDIR, %s: " % folder)

    def test_nothing_is_visible_in_the_folder(self, measuring, newest, tmp_path):
        folder = tmp_path / "temporary"
        folder.mkdir()
        driver = measuring(newest, "ls -A %s >&2; false" % folder, environment={"TMPDIR": str(folder)})
        assert "\nstderr: nothing\n" in failure(driver)

    def test_the_tail_has_whole_characters(self, measuring, newest):
        message = failure(measuring(newest, [sys.executable, "-c", "print('é' * 5000); raise SystemExit(1)"]))
        assert message.endswith("\nstdout, the last 4096 of 10001 bytes:\n" + "é" * 2047)

    def test_bytes_that_are_no_characters_are_replaced(self, measuring, newest):
        assert failure(measuring(newest, r"printf 'a\377b\0c'; exit 1")).endswith("stdout:\na�b\0c")

    def test_a_stream_that_is_opened_again_overwrites_nothing(self, measuring, newest):
        assert failure(measuring(newest, "echo a >&2; echo b >>/dev/stderr; echo c >&2; exit 1")).endswith(
            "stderr:\na\nb\nc\nstdout: nothing"
        )

    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    @pytest.mark.parametrize(
        ("script", "told"),
        [
            ("true", "the job's output may be incomplete"),
            ("exit 4", "the job ended with exit status 4; the job's output may be incomplete"),
        ],
    )
    def test_a_full_disk(self, measuring, newest, small_disk, stream, script, told):
        print_much = "head -c 1000000 /dev/zero >&%d 2>/dev/null; %s" % (1 if stream == "stdout" else 2, script)
        message = failure(measuring(newest, print_much, environment={"TMPDIR": small_disk}))
        assert message.startswith(told + ": $TMPDIR, %s: %s (make room" % (small_disk, os.strerror(errno.ENOSPC)))

    def test_a_disk_that_is_full_before(self, measuring, newest, small_disk):
        with open(os.path.join(small_disk, "much"), "wb") as stream, contextlib.suppress(OSError):
            stream.write(bytes(1000000))
        message = failure(measuring(newest, "echo ran >&2; false", environment={"TMPDIR": small_disk}))
        assert message.startswith("the job cannot start: no file for its output can be made in $TMPDIR, " + small_disk)

    def test_a_disk_that_is_filled_to_less_than_the_brim(self, measuring, newest, small_disk):
        driver = measuring(newest, "head -c 100000 /dev/zero", environment={"TMPDIR": small_disk})
        assert driver.answer()["status"] == "ok"


@pytest.fixture
def small_disk(tmp_path):
    """The path of a file system of 256 KiB."""
    path = str(tmp_path / "disk")
    os.mkdir(path)
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path]
    try:
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip("cannot mount: %s" % (getattr(error, "stderr", b"") or error))
    yield path
    subprocess.run(["umount", path], check=True)


@needs_proc
class TestWhatTheJobIsGiven:
    @pytest.fixture
    def given(self, measuring, newest, tmp_path):
        """What a job, started by an oldish Python, sees of its own process."""
        path = str(tmp_path / "given.json")
        script = (
            "import json, os, signal, sys\n"
            "status = dict(line.split(':', 1) for line in open('/proc/self/status') if line.startswith('Sig'))\n"
            "files = {}\n"
            "for name in os.listdir('/proc/self/fd'):\n"
            "    try: files[name] = os.readlink('/proc/self/fd/' + name)\n"
            "    except OSError: pass\n"
            "json.dump(dict(\n"
            "    files=files, cwd=os.getcwd(), environment=dict(os.environ), status=status, pid=os.getpid(),\n"
            "    session=os.getsid(0), group=os.getpgrp(),\n"
            "), open(%r, 'w'))\n" % path
        )

        def run(**options):
            driver = measuring(newest, ["sh", "-c", 'exec "$0" -IS -c "$1"', sys.executable, script], **options)
            assert driver.answer()["status"] == "ok"
            with open(path) as stream:
                return dict(json.load(stream), driver=driver)

        return run

    def test_nothing_open_but_its_three_streams(self, given):
        files = given()["files"]
        assert sorted(files) == ["0", "1", "2"]
        assert files["0"] == "/dev/null"
        assert files["1"].startswith("pipe:")
        assert files["2"].startswith("pipe:")
        assert files["1"] != files["2"]

    def test_the_environment_and_the_folder_of_the_driver(self, given):
        job = given(environment={"SOME": "thing"})
        assert job["environment"]["SOME"] == "thing"
        assert job["cwd"] == os.path.realpath(job["driver"].folder)

    def test_a_session_and_a_group_of_its_own(self, given):
        job = given()
        assert job["session"] == job["group"] == job["pid"]

    def test_default_signals(self, given):
        status = given()["status"]
        # Python itself ignores SIGPIPE and SIGXFSZ and catches SIGINT, in the job as well.
        python = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
        assert int(status["SigIgn"], 16) & ~python == 0
        assert int(status["SigBlk"], 16) == 0

    def test_default_sigpipe(self, measuring, newest):
        driver = measuring(newest, "yes 2>/dev/null | head -1; kill -PIPE $$")
        assert failure(driver).startswith("the job was killed by SIGPIPE")

    @pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
    def test_a_signal_that_is_ignored_stays_ignored(self, measuring, newest, name):
        ignore = "import os, signal, sys; signal.signal(signal.%s, signal.SIG_IGN)\n" % name
        become = "os.execv(sys.argv[1], sys.argv[1:])"
        driver = measuring(newest, "kill -%s $$ && read line" % name[3:], interrupted=["-c", ignore + become, newest])
        assert failure(driver).startswith("the job ended with exit status 1")

    @pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
    def test_a_driver_that_is_to_ignore_a_signal_does(self, measuring, newest, hide, name):
        ignore = "import os, signal, sys; signal.signal(signal.%s, signal.SIG_IGN)\n" % name
        become = "os.execv(sys.argv[1], sys.argv[1:])"
        job = hide("plain")
        driver = measuring(newest, job.command, interrupted=["-c", ignore + become, newest])
        job.wait_until_hidden()
        driver.send(getattr(signal, name))
        driver.send(signal.SIGTERM)
        assert re.match(STOPPED % "SIGTERM", driver.answer()["message"])

    def test_blocked_signals_reach_the_driver(self, measuring, newest, hide):
        block = (
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); "
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        job = hide("plain")
        driver = measuring(newest, job.command, interrupted=["-c", block, newest])
        job.wait_until_hidden()
        driver.send(signal.SIGUSR1)
        assert driver.answer()["reason"] == "cancelled"

    def test_a_parent_that_ignores_its_children_changes_nothing(self, measuring, newest):
        ignore = (
            "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
        )
        driver = measuring(newest, "exit 3", interrupted=["-c", ignore, newest])
        assert failure(driver).startswith("the job ended with exit status 3")

    def test_what_it_does_to_its_stdout_does_not_meet_the_driver(self, measuring, newest):
        """It takes O_APPEND away and writes elsewhere; where the driver wrote there, it wrote over the job's number."""
        script = (
            "import fcntl, os\n"
            "fcntl.fcntl(1, fcntl.F_SETFL, os.O_DIRECT)\n"
            "os.write(os.open('/dev/stdout', os.O_WRONLY), b'1234 total\\n')\n"
        )
        metrics = {"total": {"output_regex": "(\\d+) total"}}
        driver = measuring(newest, [sys.executable, "-IS", "-c", script], metrics=metrics)
        assert driver.answer()["metrics"]["total"] == {"value": 1234}

    def test_its_stdout_takes_flags(self, measuring, newest):
        """The flags of a file that was made without a name say that it is a folder, which fcntl(2) does not take back."""
        driver = measuring(newest, "echo a | dd oflag=sync")
        assert driver.answer()["status"] == "ok"


@needs_proc
class TestTheGuard:
    @pytest.fixture
    def running(self, measuring, newest, hide):
        job = hide("plain")
        driver = measuring(newest, job.command)
        job.wait_until_hidden()
        return driver

    def test_has_nothing_of_the_driver_or_the_job_open(self, running):
        guard = running.guard()
        files = [os.readlink("/proc/%d/fd/%s" % (guard, name)) for name in os.listdir("/proc/%d/fd" % guard)]
        assert [path for path in files if not path.startswith("pipe:")] == ["/dev/null"] * 3
        with_driver = {os.readlink("/proc/%d/fd/%d" % (running.pid, number)) for number in range(3)}
        assert not with_driver & (set(files) - {"/dev/null"})

    def test_is_the_parent_of_the_job_and_no_child_of_it(self, running):
        guard = running.guard()
        (job,) = children(guard)
        assert children(job) == []
        assert stat(guard)[3] == str(guard), "a session of its own"

    @pytest.mark.parametrize("name", ["SIGUSR1", "SIGTERM", "SIGINT", "SIGHUP"])
    def test_outlives_signals_that_are_meant_for_the_driver(self, running, name):
        guard = running.guard()
        os.kill(guard, getattr(signal, name))
        running.send(signal.SIGUSR1)
        assert running.answer()["reason"] == "cancelled"

    def test_that_fails_leaves_nothing(self, newest, hide):
        job = hide("daemon")
        body = (
            "def fail(*_):\n"
            "    with open(%r) as ready: ready.readline()\n"
            "    raise ValueError('a bug')\n"
            "job.guard._wait_for_end = fail\n"
            "measure(%r)" % (job.command[-3], job.command)
        )
        told = run_job(newest, body)
        assert "ValueError: a bug" in told
        assert "RuntimeError: a process of ours failed" in told
        assert job.alive() == []

    def test_that_hangs_does_not_hang_the_driver(self, measuring, newest, hide, tmp_path):
        # The limit for it is the grace period and ten seconds: too long for a test, so shortened.
        script = tmp_path / "impatient.py"
        script.write_text(
            "import runpy, sys\n"
            "sys.path.insert(0, %r)\n"
            "from servo_batch.job import descendants\n"
            "descendants.KILL_SECONDS = -4.9\n"
            "sys.argv = sys.argv[1:]\n"
            "runpy.run_path(sys.argv[0], run_name='__main__')\n" % os.path.join(ROOT, "src")
        )
        job = hide("own-session")
        driver = measuring(newest, job.command, grace_period=0.1, interrupted=[str(script)])
        job.wait_until_hidden()
        os.kill(driver.guard(), signal.SIGSTOP)
        driver.send(signal.SIGUSR1)
        assert driver.answer()["reason"] == "cancelled"
        assert job.alive() == []


@needs_proc
class TestWhatIsLeftAlone:
    def test_a_daemon_that_holds_stdout(self, measuring, newest, hide):
        daemon = hide("plain")
        driver = measuring(newest, "%s & read line <%s" % (" ".join(daemon.command), daemon.command[-3]))
        assert driver.answer()["status"] == "ok"
        assert len(daemon.alive()) == 1
        daemon.clean_up()
        wait_until(lambda: not driver.leftovers())  # the keeper reads on for as long as somebody can write

    def test_children_that_the_driver_had_before(self, measuring, newest, hide, tmp_path):
        """A shell starts a process, then becomes the driver, whose guard is killed."""
        other, other_session, job = hide("plain"), hide("daemon"), hide("plain")
        go = str(tmp_path / "go")
        os.mkfifo(go)
        # Once the others have hidden: whose orphan a process is that comes after that, nobody can tell.
        become = (
            "import os, subprocess, sys; count = int(sys.argv[1]); others = sys.argv[2:2 + 2 * count]\n"
            "for command in others[:count], others[count:]: subprocess.Popen(command, stdout=-3, stderr=-3)\n"
            "open(%r).close(); os.execv(sys.argv[2 + 2 * count], sys.argv[2 + 2 * count:])" % go
        )
        arguments = [str(len(other.command))] + other.command + other_session.command + [newest]
        driver = measuring(newest, job.command, grace_period=0.2, interrupted=["-c", become] + arguments)
        other.wait_until_hidden()
        other_session.wait_until_hidden()
        open(go, "w").close()
        job.wait_until_hidden()
        guard = int(stat(job.alive()[0])[1])
        kill(guard)
        assert failure(driver).startswith("somebody killed the guard")
        assert job.alive() == []
        assert len(other.alive()) == 1
        assert len(other_session.alive()) == 2


class TestStopping:
    def test_before_the_start(self, newest, tmp_path):
        ran = tmp_path / "ran"
        body = (
            "import os, signal\n"
            "def before(cancellation): os.kill(os.getpid(), signal.SIGHUP)\n"
            "measure(['touch', %r])" % str(ran)
        )
        assert run_job(newest, body) == "cancelled: cancelled by SIGHUP: the job was not started\n"
        assert not ran.exists()

    def test_asks_before_it_forces(self, measuring, newest):
        script = "trap 'echo asked >&2; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        message = measuring(newest, script, timeout=0.5).answer()["message"]
        assert message.endswith("asked\nstdout:\nup")

    @needs_proc
    def test_asks_a_stopped_process_so_that_it_hears(self, measuring, newest, hide):
        job = hide("stopped")
        driver = measuring(newest, job.command, grace_period=10 * LIMIT)
        job.wait_until_hidden()
        driver.send(signal.SIGUSR1)
        assert driver.answer()["reason"] == "cancelled"
        assert job.alive() == []

    def test_asks_each_process_once(self, measuring, newest, tmp_path):
        fifo = str(tmp_path / "fifo")
        os.mkfifo(fifo)
        told = os.open(fifo, os.O_RDWR)
        script = (
            "import os, signal, time\n"
            "told = os.open(%r, os.O_WRONLY)\n"
            "signal.signal(signal.SIGTERM, lambda *_: os.write(told, b'T'))\n"
            "for _ in range(6): os.fork()\n"
            "os.write(told, b'x')\n"
            "while True: time.sleep(1)\n" % fifo
        )
        driver = measuring(newest, [sys.executable, "-IS", "-c", script], grace_period=1)
        ready = b""
        while ready != b"x" * 64:
            ready += os.read(told, 1)
        driver.send(signal.SIGUSR1)
        assert driver.answer()["reason"] == "cancelled"
        assert os.read(told, 1000) == b"T" * 64
        os.close(told)

    @needs_proc
    def test_signals_that_come_together_are_one_and_end_no_grace(self, measuring, newest, hide):
        job = hide("deaf")
        driver = measuring(newest, job.command, grace_period=0.5)
        job.wait_until_hidden()
        began = time.monotonic()
        driver.send(signal.SIGSTOP)
        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"):
            driver.send(getattr(signal, name))
        driver.send(signal.SIGCONT)
        answer = driver.answer()
        assert answer["message"].startswith("cancelled by SIG")
        assert time.monotonic() - began >= 0.5
        assert job.alive() == []

    @needs_proc
    @pytest.mark.parametrize("with_guard", [True, False])
    def test_a_second_signal_ends_the_grace(self, measuring, newest, hide, with_guard):
        job = hide("deaf")
        driver = measuring(newest, job.command, grace_period=10 * LIMIT)
        job.wait_until_hidden()
        if not with_guard:
            kill(driver.guard())
        driver.send(signal.SIGTERM)
        for _ in range(LIMIT):  # one that comes too soon is no second one
            try:
                driver.process.wait(0.5)
                break
            except subprocess.TimeoutExpired:
                driver.send(signal.SIGINT)
        assert driver.answer()["message"].startswith("cancelled by SIGTERM: the job was stopped after ")
        assert job.alive() == []

    @needs_proc
    def test_a_stop_that_reaches_the_job_and_the_guard_first_is_a_cancel(self, measuring, edge_python, hide):
        """As supervisors do it that stop each process of a group."""
        for status in ("", "3", "143"):
            job = hide("plain")
            script = " ".join(job.command)
            if status:
                script = "trap 'kill $!; exit %s' TERM; %s & wait" % (status, script)
            driver = measuring(edge_python, "exec " + script if not status else script, grace_period=0.2)
            job.wait_until_hidden()
            guard = driver.guard()
            (shell,) = children(guard)
            driver.send(signal.SIGSTOP)
            for pid in (guard, shell):
                os.kill(pid, signal.SIGTERM)
            wait_until(lambda guard=guard: not children(guard))
            driver.send(signal.SIGTERM)
            driver.send(signal.SIGCONT)
            answer = driver.answer()
            assert answer["reason"] == "cancelled", answer
            end = {"": ", killed by SIGTERM"}.get(status, ", with exit status %s" % status)
            ended = r"the job had ended by itself after \d+\.\d s" + end
            assert re.match("cancelled by SIGTERM: (%s|the job was stopped after .*)$" % ended, answer["message"])

    def test_a_stop_that_reaches_the_driver_last_is_a_cancel(self, newest):
        body = (
            "import os\njob.SKEW_SECONDS = 20\n"
            "measure(['sh', '-c', '(sleep 0.5; kill -TERM %d) >/dev/null 2>&1 & kill -TERM $$' % os.getpid()])"
        )
        assert run_job(newest, body).startswith("cancelled: cancelled by SIGTERM: the job had ended by itself after ")

    @needs_proc
    @pytest.mark.parametrize(
        ("status", "told"),
        [(7, "; it ended with exit status 7, so what it runs elsewhere may go on"), (0, ""), (143, "")],
    )
    def test_a_handler_of_the_job_that_fails_is_worth_a_word(self, measuring, newest, hide, status, told):
        job = hide("plain")
        script = "trap 'kill $!; exit %d' TERM; %s & wait" % (status, " ".join(job.command))
        driver = measuring(newest, script)
        job.wait_until_hidden()
        driver.send(signal.SIGUSR1)
        message = driver.answer()["message"]
        assert re.sub(r"\d+\.\d s", "N s", message) == "cancelled by SIGUSR1: the job was stopped after N s" + told

    @needs_proc
    def test_a_fork_bomb_that_fills_each_gap(self, newest):
        """Whoever kills its processes one by one never comes to an end."""
        if os.getuid() != 0:
            pytest.skip("needs root, to become a user who has no process yet and can have few")
        marker = uuid.uuid4().hex
        bomb = (
            "import os, signal, sys, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "end = time.monotonic() + 20\n"
            "while time.monotonic() < end:\n"
            "    try: os.fork()\n"
            "    except OSError: pass\n"
        )
        limit = "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (30, 30))\n" + BECOME_NOBODY
        body = "measure(%r, timeout=0.5)" % ["/usr/bin/python3", "-IS", "-c", bomb, marker]
        message = run_job(newest, limit + body)
        assert find_processes(marker) == []
        killed = "; it did not end when asked and was killed, so what it runs elsewhere may go on"
        assert message.splitlines()[0] == "timeout: the job ran past its timeout of 0.5 s and was stopped" + killed

    @needs_proc
    def test_tells_what_it_could_not_stop(self, newest, hide):
        """A process of another user, such as sudo starts; and yet the driver comes to an end."""
        if os.getuid() != 0:
            pytest.skip("needs root, to start a process of another user")
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            os.chmod(folder, 0o755)
            python = shutil.copy(os.path.realpath("/usr/bin/python3"), folder)
            os.chmod(python, 0o4755)
            become_root = (
                "import os, signal; user = os.getuid(); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                "os.setuid(0); signal.alarm(60); pid = os.fork()\n"
                "if not pid: os.setuid(user); os.execv('/usr/bin/python3', ['a child', '-c', %r, %r])\n"
                "print('root', flush=True); signal.pause()" % (USER_S_CHILD, folder + "/child")
            )
            body = "descendants.KILL_SECONDS = 0.2\nmeasure(%r, timeout=0.5)" % [python, "-IS", "-c", become_root]
            message = run_job(newest, BECOME_NOBODY + "from servo_batch.job import descendants\n" + body)
            if "root" not in message:
                pytest.skip("set-user-ID programs have no effect here")
            (alive,) = [pid for pid in find_processes(folder) if pid not in find_processes("servo_batch")]
            kill(alive)
        assert (
            "these could not be, stop them by hand before the next measurement: %d (%s)"
            % (alive, os.path.basename(python))
        ) in message


@needs_proc
class TestWithoutASubreaper:
    """As on macOS, or where Python has no ctypes: what the job's process group holds is stopped."""

    @pytest.mark.parametrize("role", ["plain", "bomb"])
    def test_the_group_is_stopped(self, newest, hide, role):
        job = hide(role)
        body = "job.descendants.become_subreaper = lambda *_: False\nmeasure(%r, timeout=0.3)" % job.command
        assert run_job(newest, body).startswith("timeout: ")
        wait_until(lambda: not job.alive())

    def test_the_group_is_stopped_when_the_guard_is_killed(self, newest, hide):
        job = hide("bomb")
        body = (
            "import os, signal\n"
            "job.descendants.become_subreaper = lambda *_: False\n"
            "def kill_guard(elapsed):\n"
            "    if not elapsed: return\n"
            "    with open(%r) as ready: ready.readline()\n"
            "    with open('/proc/self/task/%%d/children' %% os.getpid()) as stream: guard = int(stream.read().split()[-1])\n"
            "    os.kill(guard, signal.SIGKILL)\n"
            "measure(%r, kill_guard)" % (job.command[-3], job.command)
        )
        assert run_job(newest, body).startswith("command-failed: somebody killed the guard")
        wait_until(lambda: not job.alive())

    def test_a_proc_of_another_namespace_is_not_believed(self, newest, hide):
        """There the number of a process is that of another one."""
        namespace = ["unshare", "--pid", "--fork"]
        if subprocess.run(namespace + ["true"], stderr=subprocess.DEVNULL).returncode:
            pytest.skip("cannot make a pid namespace")
        job = hide("child")
        body = "print(job.descendants.become_subreaper(), flush=True)\nmeasure(%r, timeout=0.3)" % job.command
        output = run_job(*namespace, newest, body)
        assert output.startswith("False\ntimeout: ")
        wait_until(lambda: not job.alive())


class TestProgress:
    def test_comes_at_once_and_then_at_each_interval(self, newest, tmp_path):
        fifo = str(tmp_path / "fifo")
        os.mkfifo(fifo)
        body = (
            "seen = []\n"
            "def on_progress(elapsed):\n"
            "    seen.append(elapsed)\n"
            "    if len(seen) == 4: open(%r, 'w').close()\n"
            "measure(['sh', '-c', 'read line <%s || :'], on_progress); print(seen[:4])" % (fifo, fifo)
        )
        seen = json.loads(run_job(newest, body))
        assert [elapsed >= 0.1 * index for index, elapsed in enumerate(seen)] == [True] * 4
        assert seen == sorted(seen)

    @needs_proc
    def test_that_nobody_reads_keeps_no_job_from_being_stopped(self, measuring, newest, hide):
        readable, writable = os.pipe()
        os.set_blocking(writable, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writable, b"\n" * 4096)
        os.set_blocking(writable, True)
        job = hide("plain")
        driver = measuring(newest, job.command, stdout=writable, timeout=0.5)
        os.close(writable)
        job.wait_until_hidden()
        wait_until(lambda: not job.alive())
        with open(readable) as stream:
            (answer,) = filter(None, stream.read().split("\n"))
        assert json.loads(answer)["reason"] == "timeout"
        driver.process.wait(LIMIT)

    @needs_proc
    def test_that_cannot_be_written_stops_the_job(self, newest):
        for when, consequence in (("not elapsed", "not started"), ("elapsed", "stopped")):
            body = (
                "def closed(elapsed):\n"
                "    if %s: raise BrokenPipeError(32, 'Broken pipe')\n"
                "measure(['sleep', '60'], closed)" % when
            )
            problem = "cancelled: cannot write progress to stdout ([Errno 32] Broken pipe); the job was "
            assert run_job(newest, body).startswith(problem + consequence)


class TestWhatAStepSays:
    def test_variables_are_laid_over_the_environment_in_any_locale(self, edge_python):
        script = 'printf %s "$SERVO_TEXT|$LC_ALL|${HOME+home}"'
        call = {"args": script, "environment": {"SERVO_TEXT": "é…$HOME'\n\udcff"}}
        (result,) = run_all(edge_python, [call], env=dict(os.environ, LC_ALL="C", HOME="/x"))
        assert result["stdout"] == "é…$HOME'\n\ufffd|C|home"

    def test_a_variable_that_cannot_be_one_is_said(self, newest):
        results = run_all(
            newest, [{"args": "true", "environment": {"SERVO_X": text}} for text in ("a\0b", "x" * (1 << 17))]
        )
        told = ["an argument or a variable holds what none can", "its arguments and environment are too long"]
        for what, result in zip(told, results):
            assert "the job was not started: " + what in result["message"]

    def test_it_runs_in_the_folder_that_is_given(self, newest, tmp_path):
        (tmp_path / "job").write_text("#!/bin/sh\npwd\n")
        (tmp_path / "job").chmod(0o755)
        folder = str(tmp_path)
        ran, missing = run_all(newest, [{"args": [name], "working_directory": folder} for name in ("./job", "./jobs")])
        assert ran["stdout"] == os.path.realpath(folder) + "\n"
        assert "command not found: there is no ./jobs in %s\n" % folder in missing["message"]

    @pytest.mark.parametrize(
        ("folder", "told"), [("/none/such", "No such file or directory"), ("/etc/passwd", "Not a directory")]
    )
    def test_a_folder_where_nothing_can_run_is_said(self, newest, folder, told):
        (result,) = run_all(newest, [{"args": "true", "working_directory": folder}])
        expected = "the job cannot start: working_directory %s: %s; correct it, or make the folder"
        assert result["message"] == expected % (folder, told)

    def test_exit_statuses_may_be_no_failure(self, newest):
        calls = [{"args": "echo x; exit %d" % status, "success_statuses": [1, 2]} for status in (1, 0, 3)]
        good, *bad = run_all(newest, calls)
        assert good["stdout"] == "x\n"
        for status, result in zip((0, 3), bad):
            told = "the job ended with exit status %d, which is none of the success_exit_statuses 1, 2\n" % status
            assert result["message"].startswith(told)

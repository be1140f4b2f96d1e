"""What a job is given, how it is timed and counted, and what is told where it fails."""

import json
import os
import signal
import sys

import pytest
from calling import Servo, batch
from measuring import default_signals

pytest_plugins = ("servo_fixtures",)

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")


def failure(servo, command, **keys):
    """Return the message of a job that fails."""
    servo.configure(batch(command, **keys))
    answer = servo.measure().answer
    assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
    return answer["message"]


def test_a_job_is_timed(every_python, pyz, tmp_path):
    servo = Servo(every_python, pyz, tmp_path, batch("sleep 0.2"))
    assert 0.2 <= servo.measure().answer["metrics"]["total_runtime"]["value"] < 10


class TestAFailure:
    def test_is_told_with_all_that_was_printed(self, every_python, pyz, tmp_path):
        message = failure(Servo(every_python, pyz, tmp_path), "echo of use; echo what is wrong >&2; exit 3")
        assert message.splitlines() == [
            "the job ended with exit status 3",
            "command: echo of use; echo what is wrong >&2; exit 3",
            "stderr:",
            "what is wrong",
            "stdout:",
            "of use",
        ]

    @pytest.mark.parametrize(
        ("command", "told"),
        [
            ("exit 255", "the job ended with exit status 255\n"),
            ("kill -SEGV $$", "the job was killed by SIGSEGV\n"),
            ("kill -KILL $$", "the job was killed by SIGKILL, by somebody or by the system when memory ran out\n"),
            ("kill -37 $$", "the job was killed by signal 37\n"),
            (["/bin/sh", "-c", "exit $1", "sh", "it's"], "\ncommand: /bin/sh -c 'exit $1' sh 'it'\"'\"'s'\n"),
            (["nonesuch"], "not started: command not found: there is no nonesuch in any folder of $PATH, "),
            (["/none/such"], "not started: command not found: there is no /none/such\n"),
            (["/etc"], "not started: /etc is a folder\n"),
            (["/etc/passwd"], "not started: /etc/passwd is not executable (chmod +x makes it so)\n"),
            (["/bin/echo", "x" * 300000], "not started: /bin/echo: its arguments and environment are too long"),
        ],
    )
    def test_says_what_came_of_it(self, newest, command, told):
        assert told in failure(newest, command) + "\n"

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"#!/none/such\n", "not started: {path} needs the interpreter '/none/such', which is not there\n"),
            (b"#! /bin/sh\r\necho\r\n", "its lines end as Windows has them, mend it with sed -i 's/\\r$//' {path}\n"),
            (b"#!/etc/passwd\n", "not started: {path}: this user may not execute it or its interpreter, or"),
            (b"\x7fELF nonsense", "{path}: it is neither a program for this machine nor a script that begins with #!"),
        ],
    )
    def test_says_what_a_script_lacks(self, newest, content, told):
        path = newest.write("job.sh", content)
        os.chmod(path, 0o755)
        assert told.format(path=path) in failure(newest, [path]) + "\n"

    def test_is_none_where_the_exit_status_is_said_to_be_one(self, newest):
        newest.configure(batch("echo size 5; exit 1", success_exit_statuses=[1, 2]))
        assert newest.measure().status == 0
        told = "the job ended with exit status 0, which is none of the success_exit_statuses 1, 2\n"
        assert failure(newest, "true", success_exit_statuses=[1, 2]).startswith(told)
        assert "killed by SIGTERM" in failure(newest, "kill $$", success_exit_statuses=[1, 143])


class TestTheWorkingDirectory:
    def test_is_where_all_commands_run_and_programs_are_looked_for(self, servo):
        os.mkdir(servo.path("there"))
        script = servo.write("there/job", b"#!/bin/sh\npwd >>$1\n")
        os.chmod(script, 0o755)
        commands = {key: ["./job", servo.path("log")] for key in ("command", "prepare", "cleanup")}
        servo.configure(batch(working_directory="there", **commands))
        assert servo.measure().status == 0
        assert servo.read("log").decode().split() == [os.path.realpath(servo.path("there"))] * 3
        servo.configure(batch(["./jobs"], working_directory="there"))
        assert "there is no ./jobs in there\n" in servo.measure().answer["message"]

    @pytest.mark.parametrize(("name", "told"), [("none", "No such file"), ("config.json", "Not a directory")])
    def test_that_is_none_is_said(self, newest, name, told):
        message = failure(newest, "true", working_directory=name)
        assert "working_directory %s: %s" % (name, told) in message


@needs_proc
class TestAJobIsGiven:
    SCRIPT = (
        "import json, os\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status') if line.startswith('Sig'))\n"
        "files = {name: os.readlink('/proc/self/fd/' + name) for name in '012'}\n"
        "rest = [name for name in os.listdir('/proc/self/fd') if name not in '012']\n"
        "seen = dict(files=files, rest=len(rest), cwd=os.getcwd(), environment=dict(os.environ), status=status)\n"
        "seen.update(pid=os.getpid(), session=os.getsid(0), group=os.getpgrp())\n"
        "json.dump(seen, open('given.json', 'w'))\n"
    )

    @pytest.fixture
    def given(self, newest):
        """What a job sees of its own process."""
        script = self.SCRIPT.replace("{", "{{").replace("}", "}}")
        newest.configure(batch([sys.executable, "-IS", "-c", script], env={"SERVO_TEXT": "é…$HOME'\n"}))
        ended = newest.call("measure", environment={"SOME": "thing", "LC_ALL": "C"}, preexec_fn=default_signals)
        assert ended.status == 0, ended
        return json.loads(newest.read("given.json").decode())

    def test_three_streams_the_driver_s_environment_and_folder_and_a_session_of_its_own(self, given, newest):
        files = [given["files"][name].partition(":")[0] for name in "012"]
        assert files == ["/dev/null", "pipe", "pipe"]
        assert given["files"]["1"] != given["files"]["2"]
        assert given["rest"] == 1  # what lists the folder
        assert given["environment"]["SOME"] == "thing"
        assert os.fsencode(given["environment"]["SERVO_TEXT"]).decode() == "é…$HOME'\n"
        assert given["cwd"] == os.path.realpath(newest.folder)
        assert given["session"] == given["group"] == given["pid"]
        # Python itself ignores SIGPIPE and SIGXFSZ and catches SIGINT, in the job as well.
        python = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
        assert int(given["status"]["SigIgn"], 16) & ~python == 0
        assert int(given["status"]["SigBlk"], 16) == 0

    @pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
    def test_a_signal_that_is_ignored_ignored(self, newest, name):
        newest.configure(batch("kill -%s $$ && read line" % name[3:]))
        ended = newest.call("measure", preexec_fn=lambda: signal.signal(getattr(signal, name), signal.SIG_IGN))
        assert ended.answer["message"].startswith("the job ended with exit status 1")

    def test_a_parent_that_ignores_its_children_and_yet_its_end_is_known(self, newest):
        newest.configure(batch("exit 3"))
        ended = newest.call("measure", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        assert ended.answer["message"].startswith("the job ended with exit status 3")


MEBIBYTE = 1 << 20
PYTHON = "'%s' -IS -c " % sys.executable
# Uses 0.1 s of the processor, whatever else the machine does, and 100 MiB.
WORK = PYTHON + "'import time\nx = b\"x\" * (100 << 20)\nwhile time.process_time() < 0.1: pass'"
WAIT = "pid=$(%s >/dev/null 2>&1 & echo $!); while kill -0 $pid; do sleep 0.02; done 2>/dev/null"


class TestUsage:
    def used(self, servo, command):
        metrics = {name: {"resource": name} for name in ("cpu_time", "user_time", "system_time", "max_rss")}
        servo.configure(batch(command, metrics=metrics))
        answered = servo.measure().answer["metrics"]
        return {name: answered[name]["value"] for name in metrics}

    @pytest.mark.parametrize(
        "command", ["exec " + WORK, "true | %s | cat" % WORK, WAIT % WORK, WAIT % ("setsid " + WORK)]
    )
    def test_counts_all_that_ended(self, servo, command):
        """The job itself, a pipeline, an orphan, a daemon."""
        used = self.used(servo, command)
        assert 0.1 <= used["cpu_time"] < 3
        assert used["user_time"] + used["system_time"] == pytest.approx(used["cpu_time"], abs=1e-5)
        assert 100 * MEBIBYTE <= used["max_rss"] < 150 * MEBIBYTE

    def test_counts_nothing_of_what_is_still_running_or_of_another_run(self, newest):
        still = PYTHON + "'x = b\"x\" * (100 << 20)\nimport time; time.sleep(1.5)' >/dev/null 2>&1 & sleep 0.5"
        assert self.used(newest, still)["max_rss"] < 100 * MEBIBYTE
        newest.configure(batch("true", prepare=WORK, metrics={"cpu_time": {"resource": "cpu_time"}}))
        assert newest.measure().answer["metrics"]["cpu_time"]["value"] < 0.1

    def test_of_a_small_job_is_at_most_what_the_guard_has(self, newest):
        newest.configure(batch(["true"], metrics={"max_rss": {"resource": "max_rss"}}))
        assert "max_rss: the job needed at most so much" in newest.measure().answer["notes"][0]

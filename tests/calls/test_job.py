"""What a job is given, how it is timed and counted, and what is told where it fails."""

import json
import os
import re
import signal
import sys

import pytest
from calling import Servo, batch
from machine import NEWEST, PYTHONS
from measuring import escaped
from processes import children, wait_until

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")


def failure(servo, command, **keys):
    """Return the message of a job that fails."""
    answer = servo.job(command, **keys).measure().answer
    assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
    return answer["message"]


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_a_job_is_timed_and_a_failure_is_told_with_all_that_was_printed(python, tmp_path):
    servo = Servo(python, tmp_path, batch("sleep 0.2"))
    assert 0.2 <= servo.measure().answer["metrics"]["total_runtime"]["value"] < 10
    end, *rest = failure(servo, "echo of use; echo what is wrong >&2; sleep 0.1; exit 3").splitlines()
    assert re.match(r"the job ended with exit status 3 after [0-9]\.[1-9] s$", end)
    command = "command: echo of use; echo what is wrong >&2; sleep 0.1; exit 3"
    assert rest == [command, "stderr:", "what is wrong", "stdout:", "of use"]


class TestAFailure:
    @pytest.mark.parametrize(
        ("command", "told"),
        [
            ("kill -SEGV $$", "the job was killed by SIGSEGV after N s\n"),
            ("kill -KILL $$", "SIGKILL after N s; somebody did that, or the system when memory ran out\n"),
            ("kill -37 $$", "the job was killed by signal 37 after N s\n"),
            (["/bin/sh", "-c", "exit $1", "sh", "it's"], "\ncommand: /bin/sh -c 'exit $1' sh 'it'\"'\"'s'\n"),
            (["nonesuch"], "the job was not started: command not found: there is no nonesuch in any folder of $PATH, "),
            (["/bin/echo", "x" * 300000], "not started: /bin/echo: its arguments and environment are too long"),
        ],
    )
    def test_says_what_came_of_it(self, newest, command, told):
        assert told in re.sub(r"\d+\.\d s", "N s", failure(newest, command))

    def test_is_none_where_the_exit_status_is_said_to_be_one(self, newest):
        assert newest.job("echo size 5; exit 1", success_exit_statuses=[1, 2]).measure().status == 0
        told = r"the job ended with exit status 0 after [0-9.]+ s; the success_exit_statuses are 1, 2\n"
        assert re.match(told, failure(newest, "true", success_exit_statuses=[1, 2]))
        assert "killed by SIGTERM" in failure(newest, "kill $$", success_exit_statuses=[1, 143])


class TestTheWorkingDirectory:
    def test_is_where_all_commands_run_and_programs_are_looked_for(self, servo):
        os.mkdir(servo.path("there"))
        os.chmod(servo.write("there/job", b"#!/bin/sh\npwd >>$1\n"), 0o755)
        commands = {key: ["./job", servo.path("log")] for key in ("command", "prepare", "cleanup")}
        assert servo.job(working_directory="there", **commands).measure().status == 0
        assert servo.read("log").decode().split() == [os.path.realpath(servo.path("there"))] * 3
        assert "there is no ./jobs in there; correct" in failure(servo, ["./jobs"], working_directory="there")

    @pytest.mark.parametrize(("name", "told"), [("none", "No such file"), ("config.json", "Not a directory")])
    def test_that_is_none_is_said(self, newest, name, told):
        message = failure(newest, "true", cleanup="true", working_directory=name)
        assert message.count("working_directory %s: %s" % (name, told)) == 1


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
        newest.job(escaped([sys.executable, "-IS", "-c", self.SCRIPT]), env={"SERVO_TEXT": "é…$HOME'\n"})
        assert newest.call("measure", environment={"SOME": "thing", "LC_ALL": "C"}).status == 0
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

    def test_what_is_ignored_ignored_but_for_the_end_of_its_children(self, newest):
        def ignore():
            for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
                signal.signal(signum, signal.SIG_IGN)

        ended = newest.job("kill -HUP $$; kill -INT $$; exit 3").call("measure", preexec_fn=ignore)
        assert ended.answer["message"].startswith("the job ended with exit status 3")


MEBIBYTE = 1 << 20
PYTHON = "'%s' -IS -c " % sys.executable
# Uses 0.1 s of the processor, whatever else the machine does, and 100 MiB.
WORK = PYTHON + "'import time\nx = b\"x\" * (100 << 20)\nwhile time.process_time() < 0.1: pass'"
WAIT = "pid=$(%s >/dev/null 2>&1 & echo $!); while kill -0 $pid; do sleep 0.02; done 2>/dev/null"


class TestUsage:
    def used(self, servo, command, **keys):
        metrics = {name: {"resource": name} for name in ("cpu_time", "user_time", "system_time", "max_rss")}
        answered = servo.job(command, metrics=metrics, **keys).measure().answer["metrics"]
        return {name: answered[name]["value"] for name in metrics}

    @pytest.mark.parametrize(
        "command", ["exec " + WORK, "true | %s | cat" % WORK, WAIT % WORK, WAIT % ("setsid " + WORK)]
    )
    def test_counts_all_that_ended(self, newest, command):
        """The job itself, a pipeline, an orphan, a daemon."""
        used = self.used(newest, command)
        assert 0.1 <= used["cpu_time"] < 3
        assert used["user_time"] + used["system_time"] == pytest.approx(used["cpu_time"], abs=1e-5)
        assert 100 * MEBIBYTE <= used["max_rss"] < 150 * MEBIBYTE

    def test_counts_nothing_of_what_is_still_running_or_of_another_run(self, newest):
        use = '\'x = b"x" * (100 << 20); open("up", "w"); import time; time.sleep(1)\''
        still = PYTHON + use + " >/dev/null 2>&1 & until test -e up; do sleep 0.02; done"
        assert self.used(newest, still)["max_rss"] < 100 * MEBIBYTE
        assert self.used(newest, "true", prepare=WORK)["cpu_time"] < 0.1

    def test_counts_what_ended_before_the_guard_could_look(self, measuring):
        """The job and an orphan have both ended when the guard looks, and the kernel names the job first."""
        orphan = "( (%s; >done) >/dev/null & )" % WORK
        command = "echo up >up; read line <go; %s; until test -e done; do sleep 0.02; done; sleep 0.2" % orphan
        metrics = {"cpu_time": {"resource": "cpu_time"}}
        driver = measuring(NEWEST, command, fifos=["up", "go"], metrics=metrics)
        driver.read("up")
        guard = driver.guard()
        os.kill(guard, signal.SIGSTOP)
        driver.write("go", b"on\n")
        wait_until(lambda: not children(guard))
        os.kill(guard, signal.SIGCONT)
        assert driver.answer()["metrics"]["cpu_time"]["value"] >= 0.1

    def test_of_a_small_job_is_at_most_what_the_guard_has(self, newest):
        newest.job(["true"], metrics={"max_rss": {"resource": "max_rss"}})
        assert "max_rss: the job needed at most so much" in newest.measure().answer["notes"][0]

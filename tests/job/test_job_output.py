"""What a job prints is what a person would have seen: its stdout and stderr are pipes, as under any shell."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from job_calls import run_all
from machine import NEWEST, OLDEST, ROOT
from measuring import find_processes, kill, wait_until

pytest_plugins = ("job_fixtures",)

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(not BASH, reason="no bash here")


def bash(script):
    return [BASH, "-c", script]


def python(script):
    return [sys.executable, "-IS", "-c", script]


# What each prints on stdout and on stderr.
STREAMS = {
    "stdout opened again": ("echo 100; echo 7 >/dev/stdout; echo 8 >>/dev/stdout", "100\n7\n8\n", ""),
    "stderr opened again": ("echo a >&2; echo b | tee /dev/stderr; echo c >&2", "b\n", "a\nb\nc\n"),
    "a log handle": (
        python("import os; log = open('/dev/stdout', 'w'); os.write(1, b'one\\n'); log.write('two\\n'); log.close()"),
        "one\ntwo\n",
        "",
    ),
    "sort -o": ("echo first; printf 'b\\na\\n' | sort -o /dev/stdout; echo last", "first\na\nb\nlast\n", ""),
    "cp": ("echo first; printf copied | cp /dev/stdin /dev/stdout", "first\ncopied", ""),
    "dd": ("echo first; printf copied | dd of=/dev/stdout status=none; echo .", "first\ncopied.\n", ""),
    "dd that would sync": ("echo a | dd oflag=sync status=none", "a\n", ""),
    "sendfile": (
        python(
            "import os, tempfile\n"
            "source = tempfile.TemporaryFile(); source.write(bytes(100000)); source.flush()\n"
            "sent = 0\n"
            "while sent < 100000: sent += os.sendfile(1, source.fileno(), sent, 100000 - sent)\n"
        ),
        100000,
        "",
    ),
    "a non-blocking stdout": (
        "%s -IS -c 'import os; os.set_blocking(1, False)'; echo still" % sys.executable,
        "still\n",
        "",
    ),
    "both into one": ("echo a; echo b >&2; exec 2>&1; echo c; echo d >&2", "a\nc\nd\n", "b\n"),
    "both closed": ("exec >&- 2>&-; true", "", ""),
    "bytes of all kinds": (python("import os; os.write(1, bytes(range(256)) * 4)"), 1024, ""),
    "much": ("head -c 5000000 /dev/zero; head -c 70000 /dev/zero >&2", 5000000, "\0" * 70000),
    "nothing": ("true", "", ""),
}
# These go on writing after the job's own process has ended.
LATE = {
    "tee": "exec > >(tee /dev/null); echo throughput: 5",
    "cat": "echo throughput: 5 > >(cat)",
    "sed": "exec > >(sed -u 's/^/throughput: /'); echo 5",
    "awk": "exec > >(awk '{{ print \"throughput:\", $1 }}'); echo 5".replace("{{", "{").replace("}}", "}"),
    "a slow copier": "exec > >(sleep 0.2; cat); echo throughput: 5",
    "stderr": "exec 2> >(tee /dev/null >&2); echo throughput: 5 >&2",
    "a chain": "exec > >(cat | cat | cat); echo throughput: 5",
    "in the background": "(sleep 0.1; echo throughput: 5) & true",
}
if shutil.which("ts"):
    LATE["ts"] = "exec > >(ts throughput: | sed -u 's/: .*/: 5/'); echo 5"


class TestAPipe:
    def test_behaves_like_a_pipe(self, edge_python):
        results = run_all(edge_python, [command for command, _, _ in STREAMS.values()])
        for (name, (_, stdout, stderr)), result in zip(STREAMS.items(), results):
            expected = [stdout, stderr, []]
            seen = result["stdout_size"] if isinstance(stdout, int) else result["stdout"]
            assert [seen, result["stderr"], result["left"]] == expected, name

    @needs_bash
    def test_what_is_on_its_way_is_waited_for(self, edge_python):
        results = run_all(edge_python, [bash(script) for script in LATE.values()])
        for name, result in zip(LATE, results):
            printed = result["stdout"] + result["stderr"]
            assert (printed.strip(), result["left"]) == ("throughput: 5", []), name

    @needs_bash
    def test_waiting_for_that_is_outside_the_time(self):
        (result,) = run_all(NEWEST, [bash("exec > >(trap '' PIPE; sleep 0.6; cat); echo 5")])
        assert (result["stdout"], result["runtime"] < 0.5) == ("5\n", True)

    @needs_bash
    def test_the_last_words_of_a_failure_too(self):
        (result,) = run_all(OLDEST, [bash("exec 2> >(sleep 0.2; cat >&2); echo why >&2; exit 3")])
        assert "\nstderr:\nwhy\n" in result["message"]

    @pytest.mark.skipif(not shutil.which("script"), reason="no script(1) here")
    def test_a_terminal_of_the_job(self, edge_python):
        (result,) = run_all(edge_python, ["script -qec 'echo throughput: 5' /dev/null"])
        assert result["stdout"] == "throughput: 5\r\n"


class TestWhatIsLeftRunning:
    def test_is_named_and_goes_on_writing(self, tmp_path):
        """It neither fails nor waits, however much it writes, and nobody keeps what it writes."""
        count = tmp_path / "count"
        script = (
            "import os, time\n"
            "os.write(1, b'before\\n')\n"
            "if os.fork(): os._exit(0)\n"
            "for number in range(16000):\n"
            "    os.write(1, b'x' * 1000)\n"
            "    os.write(2, b'y')\n"
            "    if number % 1000 == 999:\n"
            f"        with open({str(count)!r}, 'w') as stream: stream.write(str(number + 1))\n"
            "        time.sleep(0.03)\n"
        )
        (result,) = run_all(OLDEST, [python(script)], late_seconds=0.1)
        try:
            assert result["head"].startswith("before\n")
            assert len(result["left"]) == 1
            assert result["told"] == "the job left running: {} ({}); process {} goes on reading what they print".format(
                result["left_pids"][0], result["left"][0], result["reader"]
            )
            wait_until(lambda: count.read_text() == "16000")
            # and the reader goes with it
            wait_until(lambda: not os.path.exists("/proc/%d" % result["left_pids"][0]))
            wait_until(lambda: not os.path.exists("/proc/%d" % result["reader"]))
        finally:
            for pid in result["left_pids"]:
                kill(pid)

    def test_one_that_lets_go_of_its_streams_needs_no_reader(self):
        (result,) = run_all(NEWEST, ["sleep 60 >/dev/null 2>&1 & echo started"])
        kill(result["left_pids"][0])
        assert (result["stdout"], result["left"], result["reader"]) == ("started\n", ["sleep"], None)

    def test_is_waited_for_a_second_at_most_and_outside_the_time(self):
        (result,) = run_all(OLDEST, ["yes & echo started"])
        kill(result["left_pids"][0])
        assert result["left"] == ["yes"]
        assert result["runtime"] < 0.9

    def test_is_not_stopped_with_the_next_job(self, hide):
        left, job = hide("plain"), hide("deaf")
        calls = ["%s >/dev/null 2>&1 & read line <%s" % (" ".join(left.command), left.command[-3])]
        calls.append({"args": job.command, "timeout_seconds": 0.5})
        _, second = run_all(NEWEST, calls, late_seconds=0.1)
        assert second["reason"] == "timeout"
        assert (job.alive(), len(left.alive())) == ([], 1)

    def test_holds_nobody_up_who_reads_the_driver_s_streams(self, measuring):
        driver = measuring(OLDEST, "sleep 60 & echo up")
        answer = driver.answer()  # which reads to the end of stdout and stderr
        assert answer["status"] == "ok"
        (reader,) = driver.leftovers()
        files = {os.readlink("/proc/%d/fd/%s" % (reader, name)) for name in os.listdir("/proc/%d/fd" % reader)}
        assert {path.partition(":")[0] for path in files} == {"/dev/null", "pipe"}
        (sleeper,) = [int(pid) for pid in map(str, find_processes("sleep")) if shares_a_pipe(pid, reader)]
        os.kill(sleeper, signal.SIGKILL)
        wait_until(lambda: not driver.leftovers())


def shares_a_pipe(pid, other):
    def pipes(each):
        try:
            names = os.listdir("/proc/%s/fd" % each)
            return {path for path in (os.readlink("/proc/%s/fd/%s" % (each, name)) for name in names) if "pipe" in path}
        except OSError:
            return set()

    return bool(pipes(pid) & pipes(other))


class TestShowing:
    def test_shows_what_comes_in_the_order_in_which_it_comes(self, edge_python, tmp_path):
        shown = str(tmp_path / "shown")
        # Of two pipes that both have something nobody can say which had it first: so the job waits for what is shown.
        script = (
            'await() { until grep -q "$1" %s; do sleep 0.01; done; }\n'
            'for i in 1 2 3; do echo out $i; await "out $i"; echo err $i >&2; await "err $i"; done; printf end' % shown
        )
        (result,) = run_all(edge_python, [{"args": script, "show": shown}])
        with open(shown) as stream:
            assert stream.read() == "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nend"
        assert result["stdout"] == "out 1\nout 2\nout 3\nend"

    def test_shows_whole_lines_beside_what_else_is_drawn(self, edge_python, tmp_path):
        shown = str(tmp_path / "shown")
        script = "printf 'a\\nb'; sleep 0.1; printf 'c\\n'; sleep 0.1; printf '10%%\\r20%%'; sleep 0.1; printf '\\rend'"
        run_all(edge_python, [{"args": script, "show": [shown, "|", True]}])
        with open(shown, newline="") as stream:
            assert stream.read() == "|a\n|bc\n|10%\r|20%\r|end"

    def test_shows_all_of_much(self, edge_python, tmp_path):
        shown = str(tmp_path / "shown")
        run_all(edge_python, [{"args": "head -c 3000000 /dev/zero; head -c 1000000 /dev/zero >&2", "show": shown}])
        assert os.path.getsize(shown) == 4000000

    def test_a_reader_that_stalls_delays_nothing(self, tmp_path):
        fifo = str(tmp_path / "fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDWR)  # which never reads
        much = "head -c 3000000 /dev/zero"
        calls = [{"args": much, "show": fifo}, {"args": much + "; sleep 60", "show": fifo, "timeout_seconds": 0.5}]
        ended, stopped = run_all(NEWEST, calls)
        os.close(reader)
        assert ended["stdout_size"] == 3000000
        assert ended["runtime"] < 0.9
        assert stopped["reason"] == "timeout"


class TestKeeping:
    def test_keeps_both_streams_under_names(self, edge_python, tmp_path):
        path = str(tmp_path / "kept")
        with open(path, "w") as stream:
            stream.write("what was there before, which is longer")
        run_all(edge_python, [{"args": "echo out; echo err >&2", "keep_output": path}])
        with open(path) as out, open(path + ".stderr") as err:
            assert (out.read(), err.read()) == ("out\n", "err\n")

    def test_keeps_what_a_failed_job_printed_and_no_empty_file(self, edge_python, tmp_path):
        path = str(tmp_path / "kept")
        run_all(edge_python, [{"args": "echo out; exit 3", "keep_output": path}])
        assert os.listdir(str(tmp_path)) == ["kept"]
        with open(path) as out:
            assert out.read() == "out\n"

    def test_says_where_it_cannot(self, edge_python, tmp_path):
        fifo = str(tmp_path / "fifo")
        os.mkfifo(fifo)
        paths = ["/none/such/file", str(tmp_path), fifo, "/dev/null"]
        results = run_all(edge_python, [{"args": "true", "keep_output": path} for path in paths])
        for path, result in zip(paths, results):
            assert result["message"].startswith("the job cannot start: its output cannot be kept in %s: " % path)


# A pipe that is never empty, as one is whose writers are faster than the keeper.
ENDLESS = """
import os, sys
sys.path.insert(0, sys.argv[1])
from servo_batch.job import keeper
with open(os.devnull, "wb", buffering=0) as nothing:
    stream = keeper._Stream("stdout", os.open("/dev/zero", os.O_RDONLY), nothing)
    stream.open()
    print(keeper.PIPE_BYTES <= stream.copy(memoryview(bytearray(keeper.READ_BYTES))) < 2 * keeper.PIPE_BYTES)
"""


class TestTheKeeper:
    def test_looks_up_from_a_stream_that_never_ends(self, edge_python):
        command = [edge_python, "-IS", "-c", ENDLESS, os.path.join(ROOT, "src")]
        assert subprocess.run(command, stdout=subprocess.PIPE, timeout=30).stdout == b"True\n"

    def test_that_is_killed_makes_no_number(self, measuring, hide, tmp_path):
        fifo = str(tmp_path / "fifo")
        os.mkfifo(fifo)
        driver = measuring(NEWEST, "echo before; echo up >%s; read line <%s" % (fifo, fifo))
        with open(fifo) as up:
            up.read()
        kill(driver.helpers()[0])
        with open(fifo, "w") as go:
            go.write("on\n")
        answer = driver.answer()
        assert answer["reason"] == "command-failed"
        assert "output may be incomplete: somebody killed the process that keeps it\n" in answer["message"]

    def test_that_hangs_holds_up_no_stop(self, measuring, hide):
        job = hide("plain")
        driver = measuring(OLDEST, job.command, grace_period=0.2)
        job.wait_until_hidden()
        keeper = driver.helpers()[0]
        os.kill(keeper, signal.SIGSTOP)
        driver.send(signal.SIGTERM)
        assert driver.answer()["reason"] == "cancelled"
        assert job.alive() == []
        kill(keeper)

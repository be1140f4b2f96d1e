"""What measure and check make of what a job prints and writes: the built file and real jobs."""

import json
import os
import resource
import signal
import subprocess

import pytest
from calling import LIMIT_SECONDS, batch
from processes import children, stat, wait_until


def measured(servo, command, metrics, **options):
    servo.configure(batch(command, metrics=metrics))
    return servo.measure(**options)


def values(ended):
    """Return the values of an answer's metrics but for the time."""
    assert ended.status == 0, ended
    return {name: each["value"] for name, each in ended.answer["metrics"].items() if name != "total_runtime"}


def test_each_source_has_its_value(servo_everywhere):
    servo_everywhere.write("saved.json", b'{"jobs": [{"read": {"iops": 10312.5, "lat": "1.5ms"}}]}')
    metrics = {
        "size": {"output_regex": "größe (.)", "unit": "MB"},
        "iops": {"output_regex": r"IOPS=([0-9.]+[kMG]?)", "convert": "si", "take": "max"},
        "first": {"output_regex": r"IOPS=([0-9.]+)k"},
        "lines": {"output_regex": "(IOPS)", "take": "count"},
        "error": {"output_regex": r"(\d)", "stream": "stderr"},
        "read": {"output_json": "jobs[0].read.iops", "file": "results.json"},
        "latency": {"output_json": "jobs[0].read.lat", "file": "results.json", "convert": "duration", "unit": "s"},
        "cpu": {"resource": "cpu_time"},
        "memory": {"resource": "max_rss"},
        "sum": {"formula": "{read} + {first}"},
    }
    printing = "echo größe 5; echo 'IOPS=10.3k, '; echo 'IOPS=1.5M,'; echo 7 >&2; cp saved.json results.json"
    ended = measured(servo_everywhere, printing, metrics)
    found = values(ended)
    assert (found["cpu"] > 0, found["memory"] > 2**18) == (True, True)
    expected = (5, 1500000, 10.3, 2, 7, 10312.5, 0.0015, found["cpu"], found["memory"], 10322.8)
    assert found == dict(zip(metrics, expected))
    answered = ended.answer["metrics"]
    told = [answered[name]["unit"] for name in ("size", "cpu", "memory")]
    assert told == ["MB", "seconds", "bytes"]
    units = {name: {key: text for key, text in each.items() if key == "unit"} for name, each in answered.items()}
    assert servo_everywhere.describe().answer["metrics"] == units


def test_all_that_found_nothing_is_named_with_its_reason(servo):
    metrics = {
        "size": {"output_regex": r"^size (\d+)$"},
        "mean": {"output_regex": r"mean ([\d.]+)"},
        "b": {"output_regex": r"b (\d)$"},
        "json": {"output_json": "a.b"},
        "error": {"output_regex": "srun: (.*)"},
        "there": {"output_regex": r"^n (\d)"},
    }
    printing = "echo 'srun: error' >&2; echo Size 5; echo mean 250,749.96 us; printf 'b 2\\r\\n'; echo n 1"
    ended = measured(servo, printing, metrics)
    ended.failed("failed", "no-match", "\nSize 5", "\nsrun: error")
    first = ended.answer["message"].split("\n")[0]
    for words in (
        r"size in stdout: ^size (\d+)$ (it would be 5 if case did not count: begin the pattern with (?i))",
        r'mean in stdout: mean ([\d.]+) ("250" in line 2 is only a part of "250,749.96": let the group take all of it (',
        r"b in stdout: b (\d)$ (it would be 2 if each \r ended a line",
        "json in stdout: a.b (it is not one JSON document, and no line of it is a JSON object)",
        'error in stdout: srun: (.*) (it would be "error" in stderr: add stream: stderr)',
    ):
        assert words in first
    assert "there in" not in first
    assert first in ended.stderr


def test_output_of_any_bytes_and_length_is_searched(servo):
    servo.write("output", b"\xff\xfe\x00 size 5 \xe4\n\xc3\n")
    printing = "cat output; head -c 3000000 /dev/zero; echo; echo last 7; head -c 100000 /dev/zero | tr '\\0' 9"
    patterns = {"a": r"size (\d+)", "b": r"size (.*)", "last": r"^last (\d+)$", "long": r"(9+)\Z"}
    ended = measured(servo, printing, {name: {"output_regex": pattern} for name, pattern in patterns.items()})
    assert values(ended) == {"a": 5, "b": "5 \ufffd", "last": 7, "long": "9" * 100000}


def test_a_number_in_one_run_and_text_in_another_is_a_failure_that_names_the_run(servo):
    metrics = {"loss": {"output_regex": "loss=(.*)"}}
    servo.configure(batch("read loss <next; echo loss=$loss; echo nan >next", metrics=metrics))
    servo.write("next", b"5\n")
    problem = 'run 2 of 3: the job ended well, but loss is a string, "nan", and in the first run it was a number, 5'
    servo.measure(b"", "--runs", "3").failed("failed", "no-match", problem)
    assert servo.measure(b"", "--runs", "2").answer["metrics"]["loss"]["runs"] == ["nan", "nan"]


# Files.


def of_files(*names):
    return {name: {"output_regex": r"size (\d+)", "file": name} for name in names}


def test_a_file_is_what_each_run_writes_after_prepare_and_before_cleanup(servo):
    scripts = {"prepare": "echo size 100 >results", "cleanup": "rm results"}
    job = batch("echo . >>runs; echo size $(wc -l <runs) >results", metrics=of_files("results"), runs=2, **scripts)
    job["batch"]["warmup_runs"] = 1
    servo.configure(job)
    assert servo.measure().answer["metrics"]["results"]["runs"] == [2, 3]


def test_an_old_file_is_never_a_value(servo):
    commands = {"read": "cat read", "touched": "touch -a touched; chmod 600 touched"}
    for name in commands:
        servo.write(name, b"size 5\n")
    problem = r"%s in %s: size (\d+) (it is as it was before the job: this run did not write it)"
    ended = measured(servo, "; ".join(commands.values()), of_files(*commands))
    ended.failed("failed", "no-match", *(problem % (name, name) for name in commands))
    servo.configure(batch("test -e first || echo size 6 >first", metrics=of_files("first"), runs=2))
    servo.measure().failed("failed", "no-match", "run 2 of 2: ", problem % ("first", "first"))


def test_a_file_that_is_written_or_replaced_is_new(servo):
    commands = {
        "written": "echo size 5 >written",
        "renamed": "echo size 5 >new; mv new renamed",
        "linked": "rm linked; ln other linked",
        "touched": "touch touched",
    }
    for name in ("other", *commands):
        servo.write(name, b"size 5\n")
    ended = measured(servo, "; ".join(commands.values()), of_files(*commands))
    assert values(ended) == dict.fromkeys(commands, 5)


def test_a_file_lies_where_the_job_runs(servo):
    os.mkdir(servo.path("folder"))
    names = ("results", servo.path("folder/größe"))
    command = "echo size 5 >results; cp results größe"
    servo.configure(batch(command, metrics=of_files(*names), working_directory="folder"))
    assert values(servo.measure(environment={"LC_ALL": "C"})) == dict.fromkeys(names, 5)


def test_a_file_without_a_value_is_no_match(servo):
    reasons = {
        "true": "results (it is not there: this run did not write it)",
        "mkfifo pipe": "pipe (it is no regular file)",
        "ln -s /dev/zero device": "device (it is no regular file)",
        "ln -s circle circle": "circle (it cannot be read: Too many levels of symbolic links)",
        "echo hello >other": "other",
        ">empty": "empty",
    }
    parts = [text.partition(" ") for text in reasons.values()]
    ended = measured(servo, "; ".join(reasons), of_files(*(name for name, _, _ in parts)))
    words = [r"%s in %s: size (\d+)%s%s" % (name, name, blank, why) for name, blank, why in parts]
    ended.failed("failed", "no-match", *words)


def limited(megabytes):
    return lambda: resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))


def test_a_file_larger_than_memory_is_searched_and_no_json(servo):
    metrics = {**of_files("size"), "json": {"output_json": "a", "file": "size"}}
    command = "echo size 5 >size; truncate -s 150M size"
    ended = measured(servo, command, metrics, preexec_fn=limited(100))
    ended.failed("failed", "no-match", "json in size: a (it has 150 MiB, and JSON above 64 MiB is not read")
    assert r"(\d+)" not in ended.answer["message"].split("\n")[0]


# The search, in a process of its own: whatever becomes of it, the driver answers.

# Many short attempts, none of which is long enough for Python up to 3.10 to look for a signal: minutes in all.
ENDLESS = {"x": {"output_regex": "(?:aa?){16}b(x)"}}
PRINTING = "head -c 1000000 /dev/zero | tr '\\0' a"


@pytest.fixture
def searching(measuring, python):
    """A driver that searches, and the pid of the process that does it for the driver."""
    driver = measuring(python, PRINTING + "; echo >ended", metrics=ENDLESS)
    wait_until(lambda: os.path.exists(os.path.join(driver.folder, "ended")))
    (search,) = wait_until(lambda: searches_of(driver.pid))
    return driver, search


def searches_of(driver):
    """Return the pids of the children that have the driver's session, as a search has; the guard has one of its own."""
    found = [(pid, stat(pid)) for pid in children(driver)]
    return [pid for pid, fields in found if fields and int(fields[3]) == os.getsid(driver)]


def has_ended(pid):
    """Whether a process has ended, and may wait for who reaps it."""
    return (stat(pid) or ["Z"])[0] == "Z"


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="without /proc nobody can look")


@needs_proc
def test_a_signal_ends_the_search(searching):
    driver, search = searching
    driver.send(signal.SIGUSR1)
    problem = "cancelled by SIGUSR1: the job had ended, but what it printed was not searched to the end"
    assert driver.answer() == {"status": "failed", "reason": "cancelled", "message": problem}
    assert has_ended(search)


@needs_proc
def test_the_search_does_not_outlive_the_driver(searching):
    driver, search = searching
    driver.send(signal.SIGKILL)
    driver.process.wait(LIMIT_SECONDS)
    wait_until(lambda: has_ended(search))


@needs_proc
def test_a_stdout_that_is_closed_ends_the_search(searching):
    driver, search = searching
    driver.process.stdout.close()
    assert driver.process.wait(LIMIT_SECONDS) == 1
    driver.process.stdout = None  # communicate would read it
    assert has_ended(search)


@needs_proc
def test_that_the_search_was_killed_is_said(searching):
    driver, search = searching
    mapped = wait_until(lambda: maps(search, " (deleted)"))  # it has no name
    folder = "/proc/%d/fd" % driver.pid
    paths = [os.path.join(folder, name) for name in os.listdir(folder)]
    os.truncate(next(path for path in paths if os.readlink(path) in mapped), 0)
    answer = driver.answer()
    assert (answer["status"], answer["reason"]) == ("failed", "command-failed")
    # Which pattern it was is known once the search has come to the first.
    killed = "the job ended well, but what it printed could not be searched: SIGBUS killed the search: "
    assert answer["message"].replace(" for x", "").startswith(killed)


def maps(pid, end):
    """Return the files that a process has mapped into memory whose names, as /proc has them, end so."""
    with open("/proc/%d/maps" % pid) as stream:
        lines = [line.rstrip("\n").split(None, 5) for line in stream]
    return [fields[5] for fields in lines if len(fields) == 6 and fields[5].endswith(end)]


def test_memory_that_runs_out_is_said_with_the_metrics_name_and_no_settings_are_blamed(servo):
    servo.configure(batch(PRINTING, metrics={"greedy": {"output_regex": "(?:.|\\n)*n=(\\d+)"}}))
    ended = servo.measure(b"", "--history", "history.jsonl", preexec_fn=limited(60))
    ended.failed("failed", "command-failed", "could not be searched for greedy: memory ran out")
    assert json.loads(servo.read("history.jsonl").decode())["cause"] == "machine"


def test_what_would_take_for_ever_to_explain_costs_no_answer(newest):
    # Fails at once where case counts, and takes for ever where it does not.
    ended = measured(newest, "echo size:%s" % ("a" * 100), {"size": {"output_regex": r"Size:(?:aa?)*b(\d)"}})
    ended.failed("failed", "no-match", r"size in stdout: Size:(?:aa?)*b(\d); check")


# What check tells.


def test_check_tells_what_each_metric_yields_in_a_saved_output(servo):
    servo.write("output", b'took 12ms\nSize 5\nn 1\nn 2\nn 3\n{"a": {"b": 7}}\n')
    servo.write("size", b"size 9\n")
    metrics = {
        "took": {"output_regex": r"took (\d+ms)", "convert": "duration"},
        "n": {"output_regex": r"n (\d)"},
        "sum": {"output_regex": r"n (\d)", "take": "sum"},
        "b": {"output_json": "a.b"},
    }
    servo.configure(batch(metrics={**metrics, **of_files("size", "gone")}))
    ended = servo.call("check", "--output", "output")
    page = ended.stdout.decode().split("\n")
    assert ended.status == 0, ended
    rows = {line.split()[0]: line.split() for line in page if line}
    shown = ("took", "size", "n", "gone", "sum", "b")
    assert [rows[name][-1] for name in shown] == ["0.012", "9", "1", r"(\d+)", "6", "7"]
    place = "note: config.json: batch.metrics."
    assert place + "n.output_regex: 3 matches in output: the first counts; the last would be 3" in page
    assert place + "gone.output_regex: gone cannot be tried: it is not there: this run did not write it" in page


def test_ctrl_c_ends_a_check_in_the_middle_of_a_pattern(servo):
    servo.configure(batch(metrics=ENDLESS))
    servo.write("output", b"a" * 1000000)
    process = servo.start("check", "--output", "output", stdin=subprocess.DEVNULL)
    wait_until(lambda: maps(process.pid, servo.path("output")))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)

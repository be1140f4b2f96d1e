"""What measure and check make of what a job prints and writes: the built file and real jobs."""

import os
import resource
import signal
import subprocess

import pytest
from machine import OLDEST
from processes import children, stat, wait_until


def measured(servo, command, metrics, **options):
    servo.job(command, metrics=metrics)
    return servo.measure(**options)


def values(ended):
    """Return the values of an answer's metrics but for the time."""
    assert ended.status == 0, ended
    return {name: each["value"] for name, each in ended.answer["metrics"].items() if name != "total_runtime"}


def test_each_source_has_its_value(servo):
    servo.write("saved.json", b'{"jobs": [{"read": {"iops": 10312.5, "lat": "1.5ms"}}]}')
    metrics = {
        "size": {"output_regex": "größe (.)", "unit": "MB"},
        "iops": {"output_regex": r"IOPS=([0-9.]+[kMG]?)", "convert": "si", "take": "max"},
        "first": {"output_regex": r"IOPS=([0-9.]+)k"},
        "lines": {"output_regex": "(IOPS)", "take": "count"},
        "error": {"output_regex": r"(\d)", "stream": "stderr"},
        "read": {"output_json": "jobs[0].read.iops", "file": "results.json"},
        "latency": {"output_json": "jobs[0].read.lat", "file": "results.json", "convert": "duration", "unit": "s"},
        "cpu": {"resource": "cpu_time", "unit": ""},
        "memory": {"resource": "max_rss"},
        "sum": {"formula": "{read} + {first}"},
    }
    printing = "echo größe 5; echo 'IOPS=10.3k, '; echo 'IOPS=1.5M,'; echo 7 >&2; cp saved.json results.json"
    ended = measured(servo, printing, metrics)
    found = values(ended)
    assert (found["cpu"] > 0, found["memory"] > 2**18) == (True, True)
    expected = (5, 1500000, 10.3, 2, 7, 10312.5, 0.0015, found["cpu"], found["memory"], 10322.8)
    assert found == dict(zip(metrics, expected))
    answered = ended.answer["metrics"]
    units = {name: each["unit"] for name, each in answered.items() if "unit" in each}
    assert units == {"total_runtime": "seconds", "size": "MB", "latency": "s", "cpu": "", "memory": "bytes"}
    assert servo.describe().answer["metrics"] == {
        name: {"unit": units[name]} if name in units else {} for name in answered
    }


def test_all_that_found_nothing_is_named_with_its_reason(newest):
    metrics = {
        "size": {"output_regex": r"^size (\d+)$"},
        "mean": {"output_regex": r"mean ([\d.]+)"},
        "error": {"output_regex": "srun: (.*)"},
        "there": {"output_regex": r"^n (\d)"},
    }
    printing = "echo 'srun: error' >&2; echo Size 5; echo mean 250,749.96 us; echo n 1"
    ended = measured(newest, printing, metrics)
    ended.failed("failed", "no-match", "\nSize 5", "\nsrun: error")
    first = ended.answer["message"].split("\n")[0]
    for words in (
        r"size in stdout: ^size (\d+)$ (it would be 5 if case did not count: begin the pattern with (?i))",
        r'mean in stdout: mean ([\d.]+) ("250" in line 2 is only a part of "250,749.96": let the group take all of it (',
        'error in stdout: srun: (.*) (it would be "error" in stderr: add stream: stderr)',
    ):
        assert words in first
    assert "there in" not in first
    assert first in ended.stderr


def test_output_of_any_bytes_and_length_is_searched(newest):
    newest.write("output", b"\xff\xfe\x00 size 5 \xe4\n\xc3\n")
    printing = "cat output; head -c 3000000 /dev/zero; echo; echo last 7; head -c 100000 /dev/zero | tr '\\0' 9"
    patterns = {"a": r"size (\d+)", "b": r"size (.*)", "last": r"^last (\d+)$", "long": r"(9+)\Z"}
    ended = measured(newest, printing, {name: {"output_regex": pattern} for name, pattern in patterns.items()})
    assert values(ended) == {"a": 5, "b": "5 \ufffd", "last": 7, "long": "9" * 100000}


def test_a_number_in_one_run_and_text_in_another_is_a_failure_that_names_the_run(newest):
    metrics = {"loss": {"output_regex": "loss=(.*)"}}
    newest.job("read loss <next; echo loss=$loss; echo nan >next", metrics=metrics)
    newest.write("next", b"5\n")
    problem = 'run 2 of 3: the job ended well, but loss is a string, "nan", and in the first run it was a number, 5'
    newest.measure(b"", "--runs", "3").failed("failed", "no-match", problem)
    assert newest.measure(b"", "--runs", "2").answer["metrics"]["loss"]["runs"] == ["nan", "nan"]


def of_files(*names):
    return {name: {"output_regex": r"size (\d+)", "file": name} for name in names}


def test_a_file_is_what_each_run_writes_after_prepare_and_before_cleanup(newest):
    scripts = {"prepare": "echo size 100 >results", "cleanup": "rm results"}
    job = "echo . >>runs; echo size $(wc -l <runs) >results"
    newest.job(job, metrics=of_files("results"), runs=2, warmup_runs=1, **scripts)
    assert newest.measure().answer["metrics"]["results"]["runs"] == [2, 3]
    assert values(newest.measure(b"", "--runs", "1", "--warmup-runs", "0")) == {"results": 4}


def test_a_file_that_is_written_or_replaced_is_new_and_lies_where_the_job_runs(servo):
    commands = {
        "written": "echo size 5 >written",
        "renamed": "echo size 5 >new; mv new renamed",
        "linked": "rm linked; ln other linked",
        "touched": "touch touched",
        servo.path("folder/größe"): "echo size 5 >größe",
    }
    os.mkdir(servo.path("folder"))
    for name in ("other", *commands):
        servo.write(os.path.join("folder", name), b"size 5\n")
    servo.job("; ".join(commands.values()), metrics=of_files(*commands), working_directory="folder")
    assert values(servo.measure(environment={"LC_ALL": "C"})) == dict.fromkeys(commands, 5)


def test_a_file_without_a_value_of_this_run_is_no_match(newest):
    as_it_was = " (it is as it was before the job: this run did not write it)"
    cases = {
        "results": ("true", " (it is not there)"),
        "pipe": ("mkfifo pipe", " (it is no regular file)"),
        "device": ("ln -s /dev/zero device", " (it is no regular file)"),
        "circle": ("ln -s circle circle", " (it cannot be read: Too many levels of symbolic links)"),
        "other": ("echo hello >other", ""),
        "capital": ("echo Size 5 >capital", " (it would be 5 if case did not count: begin the pattern with (?i))"),
        "read": ("cat read", as_it_was),
        "touched": ("touch -a touched; chmod 600 touched", as_it_was),
    }
    for name in ("read", "touched"):
        newest.write(name, b"size 5\n")
    # What stands in a stream is no hint: the value is in the file.
    ended = measured(newest, "; ".join(["echo size 5 >&2", *(each for each, _ in cases.values())]), of_files(*cases))
    words = [r"%s in %s: size (\d+)%s" % (name, name, why) for name, (_, why) in cases.items()]
    ended.failed("failed", "no-match", "; ".join(words))
    newest.job("test -e first || echo size 6 >first", metrics=of_files("first"), runs=2)
    newest.measure().failed("failed", "no-match", r"run 2 of 2: ", r"first in first: size (\d+)" + as_it_was)


def limited(megabytes):
    return lambda: resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))


def test_a_file_larger_than_memory_is_searched_and_no_json(newest):
    metrics = {**of_files("size"), "json": {"output_json": "a", "file": "size"}}
    command = "echo size 5 >size; truncate -s 150M size"
    ended = measured(newest, command, metrics, preexec_fn=limited(100))
    ended.failed("failed", "no-match", "json in size: a (it has 150 MiB, and JSON above 64 MiB is not read")
    assert r"(\d+)" not in ended.answer["message"].split("\n")[0]


# The search, in a process of its own: whatever becomes of it, the driver answers.

# Many short attempts, none of which is long enough for Python up to 3.10 to look for a signal: minutes in all.
ENDLESS = {"x": {"output_regex": "(?:aa?){16}b(x)"}}
PRINTING = "head -c 1000000 /dev/zero | tr '\\0' a"


@pytest.fixture
def searching(measuring):
    """A driver that searches, and the pid of the process that does it for the driver."""
    if not os.path.exists("/proc/self/stat"):
        pytest.skip("without /proc nobody can look")
    driver = measuring(OLDEST, PRINTING + "; echo >ended", metrics=ENDLESS)
    wait_until(lambda: os.path.exists(os.path.join(driver.folder, "ended")))
    session = [str(os.getsid(driver.pid))]  # the guard has one of its own
    (search,) = wait_until(lambda: [pid for pid in children(driver.pid) if stat(pid)[3:4] == session])
    return driver, search


def has_ended(pid):
    """Whether a process has ended, and may wait for who reaps it."""
    return (stat(pid) or ["Z"])[0] == "Z"


def test_a_signal_ends_the_search(searching):
    driver, search = searching
    driver.send(signal.SIGUSR1)
    problem = "cancelled by SIGUSR1: the job had ended, but what it printed was not searched to the end"
    assert driver.answer() == {"status": "failed", "reason": "cancelled", "message": problem}
    assert has_ended(search)


def test_the_search_does_not_outlive_the_driver(searching):
    driver, search = searching
    driver.send(signal.SIGKILL)
    driver.process.wait()
    wait_until(lambda: has_ended(search))


def test_a_stdout_that_is_closed_ends_the_search(searching):
    driver, search = searching
    driver.process.stdout.close()
    assert driver.process.wait() == 1
    driver.process.stdout = None  # communicate would read it
    assert has_ended(search)


def test_that_the_search_was_killed_is_said(searching):
    driver, search = searching
    os.kill(search, signal.SIGBUS)  # as where somebody cuts the output short
    # Which pattern it was is known once the search has come to the first.
    could_not = r"the job ended well, but what it printed could not be searched( for x)?: SIGBUS killed the search: "
    driver.tells(could_not, "command-failed")


def test_memory_that_runs_out_is_said_with_the_metrics_name_and_no_settings_are_blamed(servo):
    servo.job(PRINTING, metrics={"greedy": {"output_regex": "(?:.|\\n)*n=(\\d+)"}})
    ended = servo.measure(b"", "--history", "history.jsonl", preexec_fn=limited(60))
    ended.failed("failed", "command-failed", "could not be searched for greedy: memory ran out")
    assert servo.read_json("history.jsonl")["cause"] == "machine"


def test_what_would_take_for_ever_to_explain_costs_no_answer(newest):
    # Fails at once where case counts, and takes for ever where it does not.
    ended = measured(newest, "echo size:%s" % ("a" * 100), {"size": {"output_regex": r"Size:(?:aa?)*b(\d)"}})
    ended.failed("failed", "no-match", r"size in stdout: Size:(?:aa?)*b(\d); check")


# What check tells.


def test_check_tells_what_each_metric_yields_in_a_saved_output(newest):
    newest.write("output", b'took 12ms\nSize 5\nn 1\nn 2\nn 3\n{"a": {"b": 7}}\n')
    newest.write("size", b"size 9\n")
    metrics = {
        "took": {"output_regex": r"took (\d+ms)", "convert": "duration"},
        "n": {"output_regex": r"n (\d)"},
        "sum": {"output_regex": r"n (\d)", "take": "sum"},
        "b": {"output_json": "a.b"},
    }
    ended = newest.job(metrics={**metrics, **of_files("size", "gone")}).call("check", "--output", "output")
    assert ended.status == 0, ended
    page = ended.text.split("\n")
    last = {line.split()[0]: line.split()[-1] for line in page if line}
    shown = {"took": "0.012", "n": "1", "sum": "6", "b": "7", "size": "9", "gone": r"(\d+)"}
    assert {name: last[name] for name in shown} == shown
    place = "note: config.json: batch.metrics."
    assert place + "n.output_regex: 3 matches in output: the first counts; the last would be 3" in page
    assert place + "gone.output_regex: gone cannot be tried: it is not there" in page


def test_ctrl_c_ends_a_check_in_the_middle_of_a_pattern(servo):
    servo.job(metrics=ENDLESS)
    servo.write("output", b"a" * 1000000)
    process = servo.start("check", "--output", "output", stdin=subprocess.DEVNULL)
    wait_until(lambda: servo.path("output") in mapped(process.pid))
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)


def mapped(pid):
    """Return what a process has mapped into memory, as /proc has it."""
    with open("/proc/%d/maps" % pid) as stream:
        return stream.read()

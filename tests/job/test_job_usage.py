"""What a job used, as the system counted it: its own, that of its descendants, and that of its orphans."""

import sys

from job_calls import run_all

MEBIBYTE = 1 << 20
PYTHON = "'%s' -IS -c " % sys.executable
# Uses 0.1 s of the processor, whatever else the machine does, and 100 MiB.
WORK = PYTHON + "'import time\nx = b\"x\" * (100 << 20)\nwhile time.process_time() < 0.1: pass'"
CASES = {
    "the job itself": "exec " + WORK,
    "a child": WORK + "; true",
    "a pipeline": "true | %s | cat" % WORK,
    # Somebody else has to reap it: until then it is there.
    "an orphan": "pid=$(%s >/dev/null 2>&1 & echo $!); while kill -0 $pid; do sleep 0.02; done 2>/dev/null" % WORK,
    "a daemon": "pid=$(setsid %s >/dev/null 2>&1 & echo $!); while kill -0 $pid; do sleep 0.02; done 2>/dev/null"
    % WORK,
}


def test_all_that_ended_is_counted(edge_python):
    results = run_all(edge_python, list(CASES.values()))
    for name, result in zip(CASES, results):
        usage = result["usage"]
        assert 0.1 <= result["cpu_time"] < 1.5, (name, result)
        assert abs(usage["user_time"] + usage["system_time"] - result["cpu_time"]) < 1e-9
        assert 100 * MEBIBYTE <= usage["max_rss"] < 150 * MEBIBYTE, (name, result)


def test_a_small_job_is_at_most_the_floor(edge_python):
    (result,) = run_all(edge_python, [["true"]])
    usage = result["usage"]
    assert 0 < usage["max_rss"] <= usage["max_rss_floor"] < 100 * MEBIBYTE
    assert result["cpu_time"] < 0.1


def test_what_is_still_running_is_not_counted(edge_python):
    (result,) = run_all(
        edge_python, [PYTHON + "'x = b\"x\" * (100 << 20)\nimport time; time.sleep(1.5)' >/dev/null 2>&1 & sleep 0.5"]
    )
    assert result["usage"]["max_rss"] < 100 * MEBIBYTE


def test_each_run_is_counted_on_its_own(edge_python):
    first, second = run_all(edge_python, [WORK, "true"])
    assert first["cpu_time"] >= 0.1
    assert second["cpu_time"] < first["cpu_time"] / 2

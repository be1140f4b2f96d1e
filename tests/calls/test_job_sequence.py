"""The order in which prepare, warm-up runs, runs and cleanup run, and what is said when one of them does not end well."""

import os
import re
import subprocess

import pytest
from processes import wait_until

ROUND = ["prepare", "job", "cleanup"]
# What a step can do beside taking note of itself; $DRIVER is the pid of the driver.
FAIL = "echo why >&2; exit 3"
HANG = "exec sleep 60"
CANCEL = "kill -TERM $DRIVER; exec sleep 60"


class Scenario:
    """What to run, built by chained calls; ``measure`` returns the call, ended, with the ``order`` of the steps."""

    def __init__(self, servo, steps=ROUND):
        self._servo = servo
        self._actions = {step: {} for step in steps}
        self._options = {"grace_period": 0.3, "metrics": {"size": {"output_regex": r"size (\d+)"}}}

    def having(self, **options):
        """Have these keys in the configuration."""
        self._options.update(options)
        return self

    def when(self, step, number, action):
        """Have ``step`` do ``action`` the ``number``-th time."""
        self._actions[step][number] = action
        return self

    def configure(self):
        for step, actions in self._actions.items():
            cases = "".join("%d) %s ;; " % item for item in actions.items())
            script = "read -r _ _ _ DRIVER _ </proc/$PPID/stat; echo %s >>log; n=$(grep -c %s log); " % (step, step)
            script += "case $n in %s*) ;; esac; echo size $n" % cases
            self._options["command" if step == "job" else step] = script
        self._servo.job(**self._options)
        return self._servo

    def measure(self):
        ended = self.configure().measure()
        ended.order = self.order
        return ended

    @property
    def order(self):
        return self._servo.read("log").decode().split()


class TestTheOrder:
    def test_of_several_runs_and_warm_ups(self, servo):
        ended = Scenario(servo).having(warmup_runs=2, runs=3).measure()
        assert ended.order == ROUND * 5
        assert ended.answer["metrics"]["size"]["runs"] == [3, 4, 5]

    def test_without_a_cleanup(self, newest):
        assert Scenario(newest, ["prepare", "job"]).having(runs=2).measure().order == ["prepare", "job"] * 2


class TestAFailure:
    CASES = (
        # What is configured; which step fails the n-th time; the order, and how the message begins.
        ({"runs": 2}, "prepare", 1, ["prepare", "cleanup"], "run 1 of 2: prepare"),
        ({"warmup_runs": 1, "runs": 3}, "job", 3, ROUND * 3, "run 2 of 3: the job"),
        ({"warmup_runs": 2}, "job", 2, ROUND * 2, "warm-up run 2 of 2: the job"),
        ({"success_exit_statuses": [3], "runs": 2}, "prepare", 1, ["prepare", "cleanup"], "run 1 of 2: prepare"),
        ({}, "job", 1, ROUND, "the job"),
        ({"runs": 2}, "cleanup", 1, ROUND, "run 1 of 2: cleanup"),
    )

    @pytest.mark.parametrize(("keys", "step", "number", "order", "told"), CASES)
    def test_is_the_last_and_is_cleaned_up(self, newest, keys, step, number, order, told):
        ended = Scenario(newest).having(**keys).when(step, number, FAIL).measure()
        assert ended.order == order
        ended.failed("failed", "command-failed", "\nstderr:\nwhy\n")
        assert ended.answer["message"].startswith(told + " ended with exit status 3 after ")

    def test_to_print_what_is_expected_is_cleaned_up_too(self, newest):
        ended = Scenario(newest).having(runs=3).when("job", 2, "exit 0").measure()
        assert ended.order == ROUND * 2
        ended.failed("failed", "no-match", "run 2 of 3: the job ended well, but there is no match for size")

    def test_of_both_names_both(self, newest):
        message = Scenario(newest).when("job", 1, FAIL).when("cleanup", 1, "exit 4").measure().answer["message"]
        assert re.match("the job ended with .* 3 after .* s; cleanup ended with .* 4 after .* s\ncommand: ", message)
        assert message.count("\ncommand: ") == 2

    @pytest.mark.parametrize("step", ROUND)
    def test_by_the_time_limit_is_for_each(self, newest, step):
        ended = Scenario(newest).having(timeout=0.3).when(step, 1, HANG).measure()
        name = "the job" if step == "job" else step
        ended.failed("failed", "timeout", "%s ran past its timeout of 0.3 s; %s was stopped after 0." % (name, name))
        assert ended.order[-1] == "cleanup"


class TestASignal:
    def cancelled(self, ended, told):
        assert ended.answer["reason"] == "cancelled"
        assert re.match("cancelled by SIGTERM: " + told + "$", ended.answer["message"]), ended

    @pytest.mark.parametrize("step", ROUND)
    def test_stops_what_runs_and_still_cleans_up(self, newest, step):
        ended = Scenario(newest).having(runs=2).when(step, 1, CANCEL).measure()
        assert ended.order == (ROUND if step != "prepare" else ["prepare", "cleanup"])
        name = "the job" if step == "job" else step
        self.cancelled(ended, r"run 1 of 2: %s was stopped after \d+\.\d s" % name)

    def test_during_the_job_and_another_during_cleanup_stop_both(self, servo):
        ended = Scenario(servo).when("job", 1, CANCEL).when("cleanup", 1, "sleep 0.4; " + CANCEL).measure()
        self.cancelled(ended, "the job was stopped after .* s; cancelled by SIGTERM: cleanup was stopped after .*")

    def test_and_a_failing_cleanup_is_told_with_both(self, newest):
        ended = Scenario(newest).when("job", 1, CANCEL).when("cleanup", 1, FAIL).measure()
        told = "the job was stopped after .* s; cleanup ended with exit status 3 after .* s"
        self.cancelled(ended, told + "\ncommand: .*\nstderr:\nwhy\nstdout: nothing")


@pytest.mark.parametrize("step", ROUND)
def test_where_nobody_reads_stdout_any_more_what_runs_is_stopped_but_not_the_cleanup(newest, step):
    """As where a terminal is closed: it hangs up, and nobody reads it any more."""
    scenario = Scenario(newest)
    wait = ">ran; until test -e on; do sleep 0.05; done"
    scenario.when(step, 1, wait).when("cleanup", 1, wait + "; sleep 0.3; echo cleaned >>log")
    driver = scenario.configure().start("measure", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(newest.path("ran")))
    driver.stdout.close()
    if step != "cleanup":
        wait_until(lambda: scenario.order[-1] == "cleanup")
    newest.write("on", b"")
    driver.wait()
    assert scenario.order[-2:] == ["cleanup", "cleaned"]

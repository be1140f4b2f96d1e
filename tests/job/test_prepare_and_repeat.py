"""The order in which prepare, warm-up runs, runs and cleanup run, and what is said when one of them does not end well."""

import re

import pytest
from job_scenario import CANCEL, CANCEL_AND_GO_ON, CANCEL_TWICE, CLOSE, FAIL, HANG, LEAVE, Scenario
from machine import NEWEST

ROUND = ["prepare", "job", "examine", "cleanup"]
CUT = ["prepare", "job", "cleanup"]  # one that failed, or a warm-up run


@pytest.fixture
def scenario(tmp_path):
    return Scenario(tmp_path)


@pytest.fixture
def whole(scenario):
    return scenario.prepare().cleanup()


class TestTheOrder:
    def test_of_the_job_alone(self, scenario, edge_python):
        told = scenario.measure(edge_python)
        assert (told.order, told.results) == (["job", "examine"], [1])

    def test_of_one_run(self, whole, edge_python):
        assert whole.measure(edge_python).order == ROUND

    def test_of_several_runs_and_warm_ups(self, whole, edge_python):
        told = whole.warmup_runs(2).runs(3).measure(edge_python)
        assert told.order == CUT * 2 + ROUND * 3
        assert told.results == [1, 2, 3]

    def test_without_a_cleanup(self, scenario):
        assert scenario.prepare().runs(2).measure(NEWEST).order == ["prepare", "job", "examine"] * 2


class TestAFailure:
    def test_of_prepare_runs_no_job_but_cleanup(self, whole, edge_python):
        told = whole.runs(2).when("prepare", 1, FAIL).measure(edge_python)
        assert (told.order, told.reason) == (["prepare", "cleanup"], "command-failed")
        assert told.message.startswith("run 1 of 2: prepare ended with exit status 3\ncommand: ")
        assert "\nstderr:\nwhy\n" in told.message

    def test_of_the_job_is_cleaned_up_and_the_last(self, whole, edge_python):
        told = whole.warmup_runs(1).runs(3).when("job", 3, FAIL).measure(edge_python)
        assert told.order == CUT + ROUND + CUT
        assert told.message.startswith("run 2 of 3: the job ended with exit status 3\n")

    def test_of_a_warm_up_names_it(self, whole):
        told = whole.warmup_runs(2).when("job", 2, FAIL).measure(NEWEST)
        assert told.message.startswith("warm-up run 2 of 2: the job ended with exit status 3\n")

    def test_of_the_only_run_names_none(self, whole):
        assert whole.when("job", 1, FAIL).measure(NEWEST).message.startswith("the job ended with exit status 3\n")

    def test_of_what_is_expected_is_cleaned_up(self, whole):
        told = whole.runs(2).when("examine", 2, FAIL).measure(NEWEST)
        assert (told.order, told.reason) == (ROUND * 2, "no-match")
        assert told.message == "run 2 of 2: there is no match\ncommand: echo\nstdout: nothing"

    def test_of_cleanup_is_the_last(self, whole, edge_python):
        told = whole.runs(2).when("cleanup", 1, FAIL).measure(edge_python)
        assert (told.order, told.reason, told.results) == (ROUND, "command-failed", None)
        assert told.message.startswith("run 1 of 2: cleanup ended with exit status 3\n")

    def test_of_both_names_both(self, whole):
        told = whole.when("job", 1, FAIL).when("cleanup", 1, "exit 4").measure(NEWEST)
        first, *rest = told.message.split("\n")
        assert first == "the job ended with exit status 3; cleanup ended with exit status 4"
        assert sum(line.startswith("command: ") for line in rest) == 2

    @pytest.mark.parametrize("step", ["prepare", "job", "cleanup"])
    def test_by_the_time_limit_is_for_each(self, whole, step):
        told = whole.timeout(0.5).when(step, 1, HANG).measure(NEWEST)
        name = "the job" if step == "job" else step
        assert told.reason == "timeout"
        assert told.message.startswith("%s ran past its timeout of 0.5 s and was stopped\n" % name)
        assert told.order[-1] == "cleanup"


class TestASignal:
    @pytest.mark.parametrize(("step", "order"), [("prepare", ["prepare", "cleanup"]), ("job", CUT)])
    def test_stops_what_runs_and_still_cleans_up(self, whole, edge_python, step, order):
        told = whole.runs(2).when(step, 1, CANCEL).measure(edge_python)
        assert (told.order, told.reason) == (order, "cancelled")
        name = "the job" if step == "job" else step
        assert re.match(r"cancelled by SIGTERM: run 1 of 2: %s was stopped after \d+\.\d s$" % name, told.message)

    def test_during_cleanup_stops_that(self, whole, edge_python):
        told = whole.runs(2).when("cleanup", 1, CANCEL).measure(edge_python)
        assert (told.order, told.reason) == (ROUND, "cancelled")
        assert re.match(r"cancelled by SIGTERM: run 1 of 2: cleanup was stopped after \d+\.\d s$", told.message)

    def test_during_the_job_and_another_during_cleanup_stop_both(self, whole, edge_python):
        told = whole.when("job", 1, CANCEL).when("cleanup", 1, "sleep 0.3; " + CANCEL).measure(edge_python)
        assert told.order == CUT
        assert re.match(
            r"cancelled by SIGTERM: the job was stopped after .* s; cleanup was stopped after", told.message
        )

    def test_that_comes_again_ends_the_grace_period(self, whole, edge_python):
        told = whole.grace(60).when("job", 1, CANCEL_TWICE).measure(edge_python)
        assert (told.order, told.reason) == (CUT, "cancelled")
        assert told.stopping == [["the job", 60]]

    def test_that_comes_when_all_has_ended_raises_nothing(self, scenario):
        told = scenario.cleanup().when("examine", 1, CANCEL_AND_GO_ON).measure(NEWEST)
        assert (told.order, told.results, told.signum) == (["job", "examine", "cleanup"], [1], 15)

    def test_between_two_runs_starts_no_more(self, scenario):
        told = scenario.cleanup().runs(2).when("examine", 1, CANCEL_AND_GO_ON).measure(NEWEST)
        assert told.order == ["job", "examine", "cleanup"]
        assert told.message == "cancelled by SIGTERM: run 2 of 2: the job was not started"

    def test_and_a_failing_cleanup_is_told_with_both(self, whole):
        told = whole.when("job", 1, CANCEL).when("cleanup", 1, FAIL).measure(NEWEST)
        assert told.is_cancelled
        assert re.match(
            r"cancelled by SIGTERM: .* was stopped after .* s; cleanup ended with exit status 3$", told.message
        )


def test_when_nobody_reads_the_answer_the_job_is_stopped_and_cleaned_up(whole, edge_python):
    told = whole.runs(2).when("job", 1, CLOSE).when("cleanup", 1, "sleep 0.5; echo cleaned >>$LOG").measure(edge_python)
    assert (told.order, told.reason) == ([*CUT, "cleaned"], "cancelled")
    assert told.message.startswith("stdout was closed, so nobody waits for an answer; run 1 of 2: the job was stopped")


@pytest.mark.parametrize("step", ["job", "cleanup"])
def test_cleanup_runs_to_its_end_where_a_stop_comes_with_the_end_of_stdout(whole, edge_python, step):
    """As where a terminal is closed: it hangs up, and nobody reads it any more."""
    closing = {"job": "kill -USR2 $DRIVER; " + CANCEL, "cleanup": "kill -USR2 $DRIVER; sleep 0.3"}
    whole.when("job", 1, closing["job"] if step == "job" else "true")
    told = whole.when("cleanup", 1, "%s; echo cleaned >>$LOG" % closing["cleanup"]).measure(edge_python)
    assert told.order[-2:] == ["cleanup", "cleaned"]
    assert told.reason == ("cancelled" if step == "job" else None)


def test_progress_is_told_before_each_command_and_of_the_search(whole):
    told = whole.warmup_runs(1).runs(2).measure(NEWEST)
    places = ["warm-up run 1 of 1", "run 1 of 2", "run 2 of 2"]
    assert told.progress == [
        [subject, place, done, 3]
        for done, place in enumerate(places)
        for subject in ("prepare", "the job", "the search of what the job printed", "cleanup")
        if done or not subject.startswith("the search")
    ]


def test_what_is_left_running_is_told_with_its_run(whole):
    told = whole.runs(2).when("job", 2, LEAVE).measure(NEWEST)
    (text,) = told.left
    assert re.match(r"run 2 of 2: the job left running: \d+ \(sleep\)$", text)

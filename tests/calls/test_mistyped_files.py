"""What a slip in an option must not cost, and what a failure must not be taken for."""

import os

pytest_plugins = ("servo_fixtures",)


def test_a_failure_has_no_objective_though_settings_alone_would_give_one(newest):
    ended = newest.call(
        "compare", "--command", "test {a.mem} -ge 3", "a.mem=1,4", "--minimize", "{a.mem}", "--runs", "1", "--json"
    )
    assert ended.status == 0, ended
    first, *rest = ended.answer["measurements"]
    assert first["settings"] == {"a.mem": 4}
    assert [each["settings"] for each in rest] == [{"a.mem": 1}]


def test_a_picture_that_cannot_be_written_is_said_before_anything_runs(newest):
    ended = newest.call("compare", "--command", "touch ran{a.b}", "a.b=1,2", "--svg", "nowhere/x.svg")
    assert ended.status == 1, ended
    assert "nowhere" in ended.stderr + ended.stdout.decode()
    assert not [name for name in os.listdir(newest.folder) if name.startswith("ran")]

"""How measurements go, as a program is told."""

import pytest

from servo_batch.job import progress
from servo_batch.job.steps import Kind, Place


class Voice:
    tells_progress = True

    def __init__(self):
        self.told = []

    def progress(self, percent, message):
        self.told.append((percent, message))


@pytest.fixture
def voice(monkeypatch):
    monkeypatch.setattr(progress.os, "isatty", lambda descriptor: False)
    return Voice()


def test_the_search_in_what_a_run_printed_is_at_the_end_of_that_run(voice):
    listener = progress.Telling(voice, 100.0)
    listener.progress(Kind.JOB, Place(1, 4), 50.0)
    listener.progress(Kind.SEARCH, Place(1, 4), 31.0)
    assert voice.told == [
        (37, "run 2 of 4: the job has been running for 50 s"),
        (50, "run 2 of 4: the search of what the job printed has been running for 31 s"),
    ]


def test_of_several_measurements_each_is_a_part(voice):
    listener = progress.Telling(voice, 100.0)
    for number in (1, 2, 3):
        listener.begin(number, 4)
        listener.progress(Kind.JOB, Place(), 50.0)
    assert voice.told[0] == (12, "measurement 1 of 4: the job has been running for 50 s")
    assert [percent for percent, _ in voice.told] == [12, 37, 62]

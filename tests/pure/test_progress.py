"""How measurements go, as a program is told, and as the bar shows it."""

import pytest

from servo_batch.job import progress
from servo_batch.job.types import Kind, Place


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


def test_the_bar_makes_way_for_each_line_and_comes_back_a_second_later(monkeypatch):
    now = 1000.0
    voice = Voice()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress.os, "isatty", lambda descriptor: True)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    monkeypatch.setattr(progress, "_write_if_possible", lambda text: voice.told.append(text) or True)
    listener = progress.Telling(voice, None)
    for tick in (*range(62), 600, 601):  # never quite on time, and stopped for a while
        now = 1000 + tick * 1.003
        listener.progress(Kind.JOB, Place(), float(tick))
    gone = progress.TO_START + progress.ERASE_REST
    lines = [place for place, told in enumerate(voice.told) if isinstance(told, tuple)]
    assert [voice.told[place][1].split()[-2] for place in lines] == ["0", "30", "60", "600"]
    assert all(voice.told[place - 1] == gone for place in lines[1:])
    seconds = [voice.told[place + 1].partition("\033")[0] for place in lines]
    assert seconds == ["running for " + second for second in ("0:01", "0:31", "1:01", "10:02")]


@pytest.mark.parametrize("expected", [None, 1, 60, 86400, 3.2e9])
@pytest.mark.parametrize("elapsed", [0, 59.99, 60, 3600, 360000])
def test_the_bar_fits_any_width(elapsed, expected):
    for columns in range(250):
        line = progress.progress_line(elapsed, expected, columns)
        assert len(line) <= max(0, columns - progress.MARGIN)
        line.encode("ascii")


def test_the_bar_is_never_full():
    assert progress.progress_line(50, 100, 80) == "[####################....................]  50%  0:50, expected 1:40"
    assert progress.progress_line(1e6, 100, 80).startswith(
        "[#######################################.]  99%  277:46:40, "
    )


def test_durations_read_as_a_clock():
    shown = {0: "0:00", 7.9: "0:07", 3599: "59:59", 3600: "1:00:00", 90061: "25:01:01"}
    assert {seconds: progress.duration(seconds) for seconds in shown} == shown

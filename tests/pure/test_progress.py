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


def test_each_run_of_each_measurement_is_a_part_and_its_search_the_end_of_it(monkeypatch):
    monkeypatch.setattr(progress.os, "isatty", lambda descriptor: False)
    voice = Voice()
    telling = progress.Telling(voice, 100.0)
    for number, kind, place in ((1, Kind.PREPARE, Place()), (2, Kind.JOB, Place(1, 2)), (4, Kind.SEARCH, Place(0, 2))):
        telling.begin(number, 4)
        telling.progress(kind, place, 50.0)
    assert voice.told == [
        (0, "measurement 1 of 4: prepare has been running for 50 s"),
        (43, "measurement 2 of 4: run 2 of 2: the job has been running for 50 s"),
        (87, "measurement 4 of 4: run 1 of 2: the search of what the job printed has been running for 50 s"),
    ]


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


def test_the_bar_is_never_full_and_durations_read_as_a_clock():
    assert progress.progress_line(50, 100, 80) == "[%s]  50%%  0:50, expected 1:40" % ("#" * 20 + "." * 20)
    assert progress.progress_line(1e6, 100, 80).startswith("[%s.]  99%%  277:46:40, " % ("#" * 39))
    shown = {0: "0:00", 7.9: "0:07", 3599: "59:59", 3600: "1:00:00", 90061: "25:01:01"}
    assert {seconds: progress.duration(seconds) for seconds in shown} == shown

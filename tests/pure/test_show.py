"""What a job prints, shown without ever waiting."""

import os

import pytest

from servo_batch.job.output import create
from servo_batch.job.show import READ_BYTES, Show, Shown


@pytest.fixture
def printed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with create() as files:
        files.stdout.write(b"x" * (10 * READ_BYTES))
        yield files


def test_of_output_that_grows_as_fast_as_it_is_shown_only_a_part_is_shown_at_once(printed):
    """Else the driver would never come to look for a signal or the time."""
    writer = os.open(os.devnull, os.O_WRONLY)
    shown = Shown(Show(writer), printed)
    shown.grew("stdout")
    shown.write()
    assert shown.waiting
    for _ in range(20):
        shown.write()
    assert not shown.waiting
    os.close(writer)


def test_where_nobody_reads_nothing_is_waited_for(printed):
    reader, writer = os.pipe()
    shown = Shown(Show(writer), printed)
    shown.last()
    for _ in range(20):
        shown.write()
    assert shown.waiting
    os.close(reader)
    shown.write()
    assert not shown.waiting
    os.close(writer)

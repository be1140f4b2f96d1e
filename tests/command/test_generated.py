"""Of thousands of random commands none that is accepted runs a value, and none that is safe by construction is refused.

``python3 tests/support/shell_generator.py COUNT`` tries as many as it is told.
"""

import shutil

import pytest
from shell_generator import CANARY, FOUND, SHELLS, Case, attack, prepare, run

COUNT = 3000


@pytest.mark.parametrize("shell", list(SHELLS))
def test_the_canary_is_seen_where_a_value_runs(shell, tmp_path):
    if not shutil.which(SHELLS[shell]):
        pytest.skip("%s is not installed: no command is tried with it as /bin/sh" % shell)
    prepare(str(tmp_path))
    assert run(str(tmp_path), [Case(shell, "", "", "./job; eval '>%s'" % CANARY)])
    assert run(str(tmp_path), [Case(shell, "", "", "retry ssh host 'job; >%s'" % CANARY)])
    assert not run(str(tmp_path), [Case(shell, "", "", "./job '>%s'" % CANARY)])


def test_no_accepted_command_runs_a_value_and_no_safe_one_is_refused(tmp_path):
    figures, broken = attack(COUNT, 1, str(tmp_path))
    assert broken == []
    assert figures.pop("wrong", []) == []
    assert FOUND
    assert figures["run"] > COUNT / 4

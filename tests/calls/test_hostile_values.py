"""Some hundred of the hostile values in commands that people write, by real shells: none runs, and each is itself."""

import pytest
from hostile_values import FORMS, FOUND, NORMAL, ORDINARY, VALUES, try_all


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return str(tmp_path)


@pytest.mark.parametrize("shell", FOUND)
def test_a_hostile_value_is_refused_or_is_itself(folder, shell):
    every = 1399 + FOUND.index(shell)  # other cases for each shell
    counts, wrong = try_all(folder, VALUES, FORMS, every, shells=[shell])
    assert wrong == []
    assert counts["cases"] > 70
    assert counts["runs"] > 10


def test_ordinary_values_run_in_ordinary_commands(folder):
    counts, wrong = try_all(folder, ORDINARY, NORMAL, 47, shells=["dash"], sources=["control"], must_run=True)
    assert wrong == []
    assert counts["runs"] > 70

"""What a person reads of a tuning fits the terminal and stays in its columns, whatever the settings are."""

import pytest

from servo_batch.tuning import loop
from servo_batch.verbs.tune_report import Account, pairs

WORDS = ("memory", "processors", "partitions", "buffers", "caches", "levels", "codecs", "sizes", "rates", "t")
MANY = {"web.%s_of_the_whole" % word: (("plain", "a value of many words"), False) for word in WORDS}
FEW = {"web.cpu": (range(1, 13), True), "web.gc": (("serial", "g1"), False)}


def step(space, level, purpose=loop.SEARCH, number=2):
    return loop.Step({name: values[level] for name, (values, _) in space.items()}, purpose, number, 12, None)


def default(space):
    return step(space, 0).settings


@pytest.mark.parametrize("space", [FEW, MANY, dict(MANY, **FEW)])
def test_every_line_fits_and_its_columns_stand_below_the_titles(space):
    for columns in range(52, 400):
        account = Account(space, default(space), "seconds", columns)
        titles = account.titles().split("\n")[-1]
        lines = [
            account.line(step(space, level, purpose), value, "command-failed", value)
            for level in (0, -1)
            for purpose in (loop.DEFAULT, loop.SEARCH, loop.CONFIRM_BEST)
            for value in (None, 0.001, -123456.789, 1e-30, 5e250)
        ]
        assert max(map(len, [titles, *lines])) <= columns
        assert all("\n" not in line for line in lines)
        name = "plain" if "plain" in lines[0] else "serial"
        assert len({line.index(name) for line in lines if name in line}) == 1


def test_names_are_whole_where_there_is_room_and_what_has_none_is_said():
    assert Account(FEW, default(FEW), None, 80).titles() == "   #  objective       best  web.cpu  web.gc"
    assert Account(FEW, default(FEW), None, 49).titles() == "   #  objective       best  cpu  gc"
    text = Account(MANY, default(MANY), None, 80).titles()
    hidden, titles = text.split("\n")
    assert titles == "   #  objective       best  memory_of_th  processors_o  partitions_o"
    assert hidden.startswith("no room for web.buffers_of_the_whole, web.caches_of_the_whole")


def test_names_keep_their_components_where_these_tell_them_apart():
    space = {"web.cpu": (range(1, 13), True), "db.cpu": (range(1, 13), True)}
    assert Account(space, default(space), None, 40).titles().split()[-2:] != ["cpu", "cpu"]


def test_a_failure_stands_where_the_objective_would():
    account = Account(FEW, default(FEW), None, 80)
    assert account.line(step(FEW, 1), None, "command-failed", 12.0) == "   2     failed         12        2  g1"
    assert account.line(step(FEW, 1), None, "timeout", None) == "   2    timeout                   2  g1"


def test_settings_are_written_as_they_are_typed():
    assert pairs({"a.b": "one", "a.c": 1.5, "a.d": "two words", "a.e": True, "a.f": "", "a.g": "x\ny"}) == (
        'a.b=one a.c=1.5 a.d="two words" a.e=true a.f="" a.g="x\\ny"'
    )

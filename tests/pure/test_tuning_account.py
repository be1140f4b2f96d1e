"""What a person reads of a tuning fits the terminal and stays in its columns, whatever the settings are."""

import pytest

from servo_batch.tuning import loop
from servo_batch.tuning.account import Account, pairs

WORDS = ("memory", "processors", "partitions", "buffers", "caches", "levels", "codecs", "sizes", "rates", "t")
MANY = {"web.%s_of_the_whole" % word: (("plain", "a value of many words"), False) for word in WORDS}
FEW = {"web.cpu": (range(1, 13), True), "web.gc": (("serial", "g1"), False)}


def step(space, level, purpose=loop.SEARCH, number=2):
    return loop.Step({name: values[level] for name, (values, _) in space.items()}, purpose, number, 12, None)


@pytest.mark.parametrize("space", [FEW, MANY, dict(MANY, **FEW)])
@pytest.mark.parametrize("columns", [60, 79, 110, 250, 400])
def test_every_line_fits_and_its_columns_stand_below_the_titles(space, columns):
    account = Account(space, step(space, 0).settings, columns)
    lines = [
        account.line(step(space, level, purpose), value, "command-failed", value)
        for level in (0, -1)
        for purpose in (loop.DEFAULT, loop.SEARCH, "confirm best")
        for value in (None, 0.001, -123456.789, 1e-30, 5e250)
    ]
    assert max(len(part) for line in [account.titles(), *lines] for part in line.split("\n")) <= columns
    if not any("\n" in line for line in lines):
        value, title = ("serial", "gc") if space is FEW else ("plain", "memory_of")
        assert len({line.index(value) for line in lines if value in line}) == 1
        assert title in account.titles()


def test_names_lose_their_components_where_there_is_no_room_but_not_what_tells_them_apart():
    default = step(FEW, 0).settings
    assert Account(FEW, default, 80).titles() == "   #  objective       best  web.cpu  web.gc"
    assert Account(FEW, default, 49).titles() == "   #  objective       best  cpu  gc"
    both = {"web.cpu": FEW["web.cpu"], "db.cpu": FEW["web.cpu"]}
    assert Account(both, step(both, 0).settings, 50).titles() == "   #  objective       best"
    line = Account(both, step(both, 0).settings, 50).line(step(both, 1), 3.0, "", 1.0)
    assert line == "   2          3          1  web.cpu=2 db.cpu=2"


def test_a_failure_stands_where_the_objective_would():
    account = Account(FEW, step(FEW, 0).settings, 80)
    assert account.line(step(FEW, 1), None, "command-failed", 12.0) == "   2     failed         12        2  g1"
    assert account.line(step(FEW, 1), None, "timeout", None) == "   2    timeout                   2  g1"


OUTCOMES = {
    "better": (
        (True, [1.0, 1.0, 1.0], [4.0, 4.0, 4.0], 1.0, 4.0),
        "better by 75.0 %, 1, 1, 1 against 4, 4, 4, and is kept",
    ),
    "not better": ((False, [3.0], [None], 3.0, None), "may be noise, 3 against failed"),
    "not tried": ((None, [], [], None, None), "was not measured again"),
}


@pytest.mark.parametrize("name", list(OUTCOMES))
def test_the_end_says_what_the_confirmation_shows(name):
    (better, *rest), said = OUTCOMES[name]
    outcome = loop.Outcome(better, step(FEW, 1).settings, *rest, 12)
    text = Account(FEW, step(FEW, 0).settings, 80).comparison(outcome, "{cost}", "seconds", "is kept")
    assert said in text
    assert ("nobody knows" in text) == (name == "better")


def test_settings_are_written_as_they_are_typed():
    assert pairs({"a.b": "one", "a.c": 1.5, "a.d": "two words", "a.e": True, "a.f": "", "a.g": "x\ny"}) == (
        'a.b=one a.c=1.5 a.d="two words" a.e=true a.f="" a.g="x\\ny"'
    )

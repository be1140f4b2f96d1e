"""The table of measurements."""

import history_cases
from history_cases import same, trial

from servo_batch.history import table

THREE = [
    trial(1, {"web.cpu": 1, "web.gc": "G1", "web.x": 0}, 16.625),
    trial(2, {"web.cpu": 4, "web.gc": "ZGC", "web.x": 0}, 9.5),
    trial(3, {"web.cpu": 8, "web.gc": "ZGC", "web.x": 0}, None),
]


def test_it_has_what_varies_the_objective_and_the_best():
    assert table.text(THREE, "total_runtime", True, 80) == (
        "#  web.cpu  web.gc  total_runtime (s)\n"
        "1        1  G1                  16.62\n"
        "2        4  ZGC                  9.50  * best\n"
        "3        8  ZGC                        timeout\n"
    )


def test_metrics_beside_the_objective_have_their_units():
    trials = []
    for one in THREE[:2]:
        rss = {"value": 5000000 * one.number, "unit": "bytes"}
        trials.append(one._replace(metrics=dict(one.metrics, rss=rss, note={"value": "a\nb"})))
    assert table.text(trials, "{total_runtime} * 2", False, 82) == (
        "#  web.cpu  web.gc  total_runtime (s)  rss (B)  note  {total_runtime} * 2\n"
        "1        1  G1                  16.62      5e6  a\\nb                16.62  * best\n"
        "2        4  ZGC                  9.50     10e6  a\\nb                 9.50\n"
    )


def test_columns_without_room_are_named():
    text = table.text(THREE, "{total_runtime} * 2", True, 55)
    assert max(map(len, text.splitlines())) <= 55
    assert text.splitlines()[-1] == "no room for total_runtime (s)"
    narrow = table.text(THREE, "total_runtime", True, 20).splitlines()
    assert narrow[1] == "1              16.62"
    assert narrow[-1] == "no room for web.cpu, web.gc"


def test_of_a_long_history_the_first_the_best_and_the_last_are_shown():
    trials = history_cases.tuned(300, history_cases.ONE)
    lines = table.text(trials, "total_runtime", True, 80).splitlines()
    shown = [line.split()[0] for line in lines[1:-1] if line != "..."]
    assert len(shown) == table.MOST_ROWS
    assert shown[0] == "1"
    assert shown[-1] == "300"
    best = sorted(trials, key=lambda one: one.objective)[: table.BEST_ROWS]
    assert {str(one.number) for one in best} <= set(shown)
    assert lines[-1] == "40 of 300 measurements: the first, the best and the last"
    assert len(table.text(trials, "total_runtime", True, 80, most_rows=None).splitlines()) == 301


def test_numbers_keep_their_points_in_line_and_large_ones_their_power():
    assert table.text(same([10.25, 9.125, 4000.5]), "x", True, 80).splitlines()[1].split() == [
        "1",
        "2",
        "10.25",
        "10.25",
    ]
    assert table.text(same([3e12, 4.5e12]), "x", True, 80).splitlines()[2].split()[-1] == "4.5e12"
    assert table.text(same([12, 300]), "total_runtime", True, 80).splitlines()[2].split()[-1] == "300"


def test_any_history_has_a_table_that_fits():
    for trials, label, _, minimize in history_cases.cases().values():
        for width in (20, 80, 200):
            text = table.text(trials, label, minimize, width)
            body = [line for line in text.splitlines() if not line.startswith("no room for ")]
            assert width < 80 or max(map(len, body)) <= width
            assert text.count("* best") == any(one.objective is not None for one in trials)

"""Measurements compared: pooled, ranked, as a table, as a plot, and for other tools."""

import csv
import io
import random

import pytest
from history_cases import CASES, confirmed, numbered, trial

from servo_batch.columns import width
from servo_batch.history import export, figures, plot, table, trials
from servo_batch.history.axis import scale

DEFAULT, BEST = {"a.x": 1}, {"a.x": 2}


def view(found, label="{total_runtime}", minimize=True, **more):
    return trials.view(found, label, minimize, **more)


def test_identical_settings_are_one_row_of_all_their_runs():
    several = trial(3, {"a.x": 2, "a.on": True}, 6.0, runs=[5.0, 6.0, 9.0])
    found = [trial(1, {"a.x": 2.0, "a.on": True}, 4.0), trial(2, {"a.x": 2, "a.on": 1}, 8.0), several]
    first, second = view(found).rows
    assert (first.runs, first.value, first.trials) == ([4.0, 5.0, 6.0, 9.0], 5.5, [found[0], several])
    assert second.runs == [8.0]  # 1 is not true


def test_a_setting_varies_that_has_two_values_or_is_missing_once():
    first = {"a": 1, "b": 1, "c": "x", "d": True, "e": None}
    others = {**first, "a": 1.0, "b": 2, "d": 1}, {"a": 1, "b": 1, "d": True, "e": None, "f": 0}
    found = [trial(number, settings, 1.0) for number, settings in enumerate((first, *others), 1)]
    assert view(found).varying == ["b", "c", "d", "f"]
    assert view(found[:1]).varying == view([]).varying == []


def test_the_best_has_the_best_median_and_no_failure_is_best():
    found = numbered({"a.x": 1}, [3.0, 9.0, 9.5]) + numbered({"a.x": 2}, [7.0], 4) + numbered({"a.x": 3}, [None], 5)
    assert [row.settings["a.x"] for row in view(found).rows] == [2, 1, 3]
    assert [row.settings["a.x"] for row in view(found, minimize=False).rows] == [1, 2, 3]
    assert view(found).top.settings == {"a.x": 2}
    assert view(found[-1:]).top is view([]).top is None


def test_what_tune_confirmed_counts_before_a_lucky_single():
    lucky = trial(1, {"a.x": 3}, 1.0)

    def best(values, *others):
        return view(confirmed(BEST, values, DEFAULT, [9.0, 9.1, 9.2], 10) + list(others)).top.settings

    assert best([5.0, 5.1, 5.2], lucky) == BEST
    # Not where its runs did not tell it from the default, nor where others are better by more than chance explains.
    assert best([5.0, 5.1, 9.1], lucky) == best([5.0, None, 5.2], lucky) == {"a.x": 3}
    assert best([5.0, 5.1, 5.2], *numbered({"a.x": 3}, [1.0, 1.1, 1.2, 4.9])) == {"a.x": 3}


def test_a_confirmation_is_its_own_runs_in_turns_without_another_measurement_between():
    noise = confirmed(BEST, [10.0, 11.0, 12.0], DEFAULT, [11.5, 13.0, 14.0], 1)
    better = confirmed(BEST, [10.0, 10.1, 10.2], DEFAULT, [14.0, 13.0, 14.0], 1)
    other = confirmed({"a.x": 3}, [10.7, 10.8, 10.9], DEFAULT, [13.0, 14.0, 15.0], 11)
    new_default = confirmed(BEST, [10.0, 10.1, 10.2], {"a.x": 4}, [9.0, 9.0, 9.0], 21)
    plain = [trial(30, DEFAULT, 13.0)]
    machine = [trial(31, DEFAULT, None, purpose="confirm default", cause="machine")]
    cases = [
        (noise, []),
        (noise + other, [3]),
        (better + other, [2, 3]),
        (better + plain + noise, []),
        (noise + plain + better, [2]),
        (better + plain + better[:4], [2]),  # the second was broken off
        (better[:4] + plain + better[:4], []),
        (better[:3] + machine + better[3:], [2]),
        (better[:5] + machine, []),
        (better + new_default, []),
        (new_default + better, [2]),
        (better[::2] + better[1::2], []),
    ]
    for found, settings in cases:
        assert sorted(row.settings["a.x"] for row in view(found).rows if row.confirmed) == settings
    # The last is the best, whatever was measured after it.
    newer = confirmed({"a.x": 3}, [10.1, 11.5, 11.6], DEFAULT, [14.0, 14.1, 14.2], 7)
    again = [trial(13, BEST, 10.1), trial(14, BEST, 10.1, purpose="confirm best")]
    assert [view(better + newer + again[:more]).top.settings for more in range(3)] == [{"a.x": 3}] * 3


def test_the_best_so_far_starts_with_the_first_that_did_not_fail():
    for minimize, so_far in ((True, [None, 5, 3, 3, 3]), (False, [None, 5, 5, 9, 9])):
        assert trials.best_so_far([None, 5.0, 3.0, 9.0, None], minimize) == so_far


def test_only_a_number_that_can_be_drawn_is_one_and_its_digits_need_no_counting():
    values = [True, "5", None, float("nan"), float("inf"), -1e301, 10**400, 1e-320, -0.0, 7, 2.5]
    assert [figures.as_number(value) for value in values] == [None] * 7 + [0, 0, 7, 2.5]
    values = [0, 16.625, 16625, 123456, 1234567, 2.5e-7, -0.00012345, 9.9999, 1e300]
    found = [figures.figure(value) for value in values]
    assert found == ["0", "16.62", "16625", "123456", "1.235e6", "2.5e-7", "-0.0001234", "10", "1e300"]


def test_ticks_are_round_within_the_axis_and_labelled_apart():
    chance = random.Random(1)
    ends = [(chance.uniform(-9, 9) * 10.0**power, power) for power in (-200, -7, -3, 0, 3, 8, 200) for _ in range(50)]
    spans = [(low, low + chance.uniform(0.001, 9) * 10.0**power) for low, power in ends]
    for low, high in [*spans, (5.0, 5.0), (0.0, 0.0), (1e9, 1e9 + 1e-9)]:
        axis = scale([low, high], True, 5)
        assert axis.low <= low <= high <= axis.high
        assert 2 <= len(axis.ticks) <= 12
        space = (axis.high - axis.low) * 1e-6
        assert all(axis.low - space <= value <= axis.high + space for value, _ in axis.ticks)
        labels = [label for _, label in axis.ticks]
        assert len(set(labels)) == len(labels)
        assert all(abs(float(label) - value) <= max(abs(axis.low), abs(axis.high)) / 1e6 for value, label in axis.ticks)


def test_values_far_off_on_the_bad_side_alone_are_off_the_scale():
    usual = [10, 11, 12, 13]
    for minimize, far in ((True, 1000), (False, -1000)):
        axis = scale([*usual, far, *usual], minimize, 5)
        assert not axis.low <= far <= axis.high
        assert axis.low < 10 < 13 < axis.high
        axis = scale([*usual, far, *usual], not minimize, 5)
        assert axis.low <= far <= axis.high
    assert scale([5, 5, 5, 5, 9], True, 5).high > 9


def test_the_table_has_what_varies_the_spread_and_the_best():
    found = [
        *numbered({"web.cpu": 4, "web.gc": "G1", "web.x": 0}, [16.75], runs=[16.5, 16.75, 18.0]),
        *numbered({"web.cpu": 8, "web.gc": "ZGC", "web.x": 0}, [9.5], 4),
        *numbered({"web.cpu": 9, "web.gc": "ZGC", "web.x": 0}, [None], 5),
        *numbered({"web.cpu": 4, "web.gc": "ZGC", "web.x": 0}, [30.0, None], 6),
    ]
    assert table.text(view(found), 80) == (
        "minimize {total_runtime}; median ± sample standard deviation of the runs\n"
        "web.cpu  web.gc  total_runtime  measured  runs\n"
        "                             s\n"
        "      8  ZGC        9.50               1     1  * best\n"
        "      4  G1        16.75 ± 0.8         1     3\n"
        "      4  ZGC       30.00               2     1  1 of 2 failed: timeout\n"
        "      9  ZGC                           1     0  failed: timeout\n"
    )


def test_a_comparison_says_how_many_times_the_best_each_is_and_settings_as_they_are_typed():
    found = [
        *numbered({"a.x": 1}, [9.0, 10.0, 11.0]),
        *numbered({"a.x": 2}, [18.0, 20.0, 22.0], 4),
        *numbered({"a.x": 3}, [None] * 3, 7),
    ]
    assert table.text(view(found, is_comparison=True), 80).splitlines() == [
        "minimize {total_runtime}; median ± sample standard deviation of the runs",
        "a.x  total_runtime  times the best  runs",
        "                 s",
        "  1         10 ± 1     1.00            3  * best",
        "  2         20 ± 2     2.00 ± 0.28     3",
        "  3                                    0  failed: timeout",
    ]
    for each in found[:6]:
        each.metrics["m"] = {"value": each.number}
    assert "  1         10 ± 1     1.00            3  2  * best" in table.text(view(found, is_comparison=True), 80)
    negative = view([one._replace(objective=-5.0, runs=[-5.0]) for one in found[:3]])
    assert table.relative(negative.rows[0], negative.top) is None
    assert table.pairs({"a.x": 1.5, "a.y": "u", "a.z": "u v", "a.on": True}) == "a.x=1.5 a.y=u 'a.z=u v' a.on=true"


def test_the_verdict_says_no_more_than_the_runs_can_tell():
    def verdict(*runs):
        found = [one for x, values in enumerate(runs) for one in numbered({"a.x": x}, values, 10 * x)]
        return table.verdict(view(found, is_comparison=True)).partition(" (")

    assert verdict([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])[0].startswith("the best is better than any other by more than")
    told, _, more = verdict([1.0, 2.0, 3.0], [1.5, 5.0, 6.0], [None] * 3, [7.0, 8.0, 9.0])
    assert told == "these runs cannot tell from the best: [a.x=1]"
    assert more.endswith("; it takes 5 runs of each at least")
    told, _, more = verdict([1.0, 2.0], [3.0, 4.0], [None] * 2)
    assert told == "these runs cannot tell from the best: [a.x=1]"
    assert more.endswith("it takes 3 runs of each at least")
    assert verdict([1.0])[0] == ""
    assert verdict([None], [None])[0] == "all combinations failed"


def test_metrics_have_short_units_and_are_named_where_they_have_no_room():
    found = []
    for number in (1, 2):
        found.append(trial(number, {"web.cpu": number}, 5.0 * number))
        found[-1].metrics.update(rss={"value": 5000000 * number, "unit": "bytes"}, note={"value": "a\nb"})
    wide = table.text(view(found, label="{total_runtime} * 2"), 70).splitlines()
    assert wide[1].split() == ["web.cpu", "objective", "runs", "total_runtime", "rss", "note"]
    assert wide[2].split() == ["s", "MB"]
    assert "a\\nb" in wide[3]
    narrow = table.text(view(found, label="{total_runtime} * 2"), 50).splitlines()
    assert narrow[1].split() == ["web.cpu", "objective", "runs", "total_runtime"]
    assert narrow[-1] == "no room for rss (MB), note: --csv has all"


def test_every_setting_that_varies_is_shown_in_any_terminal_cut_where_that_tells_its_values_apart():
    names = ["spark.option_%d" % each for each in range(8)]
    found = [trial(n, {name: 100 * n + each for each, name in enumerate(names)}, 5.0 + n) for n in (1, 2)]
    for room in (20, 40, 80):
        text = table.text(view(found), room)
        assert all(str(value) in text for one in found for value in one.settings.values())
    values = ["org.example.gc.%s.GarbageCollector" % (char * 30) for char in "ab"]
    found = [trial(n, {"jvm.garbage_collector": value}, 5.0) for n, value in enumerate([*values, "G1"], 1)]
    alike = table.text(view(found), 50).replace("\n", "")
    assert all(value in alike for value in values)
    lines = table.text(view(found[1:]), 50).splitlines()
    assert lines[1].split() == ["jvm.gar..tor", "total_runtime", "runs"]
    assert [line.split()[0] for line in lines[3:]] == ["org.exa..tor", "G1"]


@pytest.mark.parametrize("name", list(CASES))
def test_any_history_has_a_table_and_a_plot_that_fit(name):
    found = CASES[name][0]
    shown = trials.view(*CASES[name])
    for room in (20, 80, 200):
        text = table.text(shown, room)
        plotted = plot.text(shown, found, room)
        assert max(map(width, (text + plotted).splitlines())) <= room
        assert ("* best" in text.replace("\n", " ")) == bool(plotted) == any(one.objective is not None for one in found)


def test_markdown_escapes_what_would_be_markup():
    found = [trial(1, {"a.x": "a|b\n*\u202e"}, 5.0), trial(2, {"a.x": "<b>&lt;"}, 6.0)]
    assert table.markdown(view(found)) == (
        "minimize {total_runtime}\n\n"
        "| a.x | total_runtime (s) | runs |  |\n"
        "| --- | --: | --: | --- |\n"
        "| a\\|b \\* | 5 | 1 | \\* best |\n"
        "| \\<b\\>\\&lt; | 6 | 1 |  |\n"
    )


def test_the_plot_shows_the_values_the_best_the_failures_and_what_is_far_off(monkeypatch):
    monkeypatch.setattr(plot.terminal, "has_unicode", lambda: False)
    monkeypatch.setattr(plot, "HEIGHT", 6)
    found = [trial(n, {"a.x": n}, value) for n, value in enumerate([20.0, 16.0, None, 18.0, 10.0, 4e3], 3)]
    assert plot.text(view(found, label="runtime\33[2J"), found, 42) == (
        "runtime   # best  -- best so far  x failed\n"
        "20 +o------                              ^\n"
        "   |                      o\n"
        "   |       o---------------------\n"
        "15 +\n"
        "   |\n"
        "10 +                             #--------\n"
        "   +--------------x-----------------------\n"
        "    3                                    8\n"
    )


METRICS = {"total_runtime": {"value": 2.5, "unit": "seconds", "runs": [2.5, 2, 3]}, "note": {"value": "ok"}}
TRIALS = [
    trial(1, {"web.cpu": 4, "web.on": True}, 2.5)._replace(metrics=METRICS),
    trial(2, {"web.cpu": 0.1, "web.gc": 'G1, "new"\r\n=x'}, None, message="it ended\nbadly"),
]


def rows(found):
    return list(csv.reader(io.StringIO(export.as_csv(found), newline=""), strict=True))


def test_csv_has_settings_metrics_units_and_runs():
    names, first, second = rows(TRIALS)
    assert ",".join(names) == (
        "number,time,job,status,reason,message,objective,web.cpu,web.on,"
        "total_runtime,total_runtime.unit,total_runtime.run1,total_runtime.run2,total_runtime.run3,note,web.gc"
    )
    assert ",".join(first) == "1,2026-11-24T00:01:00Z,0123456789abcdef,ok,,,2.5,4,true,2.5,seconds,2.5,2,3,ok,"
    assert second[3:6] == ["failed", "timeout", "it ended\nbadly"]
    assert second[-1] == TRIALS[1].settings["web.gc"]
    names, values = rows([trial(1, {"number": 7, "total_runtime": 8}, 1.0)])  # a name that is taken
    assert list(zip(names, values))[7:10] == [("number_", "7"), ("total_runtime", "8"), ("total_runtime_", "1.0")]
    assert export.as_csv([trial(1, {"a.größe": 1}, 1.0)]).startswith("\ufeffnumber,")  # by which Excel knows UTF-8


def test_nothing_in_csv_is_a_formula_and_numbers_stay_numbers():
    texts = ["=1+1", "+1", "-Xmx4g", "@x", "\tx", "\rx", "'", "a=1", "\0", ""]
    _, *lines = rows([trial(number, {"a.x": text}, None) for number, text in enumerate(texts)])
    escaped = ["'=1+1", "'+1", "'-Xmx4g", "'@x", "'\tx", "'\rx", "'", "a=1", "\N{REPLACEMENT CHARACTER}", ""]
    assert [line[-1] for line in lines] == escaped
    assert rows([trial(1, {"a.x": -5}, -1.5)])[1][6:8] == ["-1.5", "-5"]
    assert [row[7] for row in rows([trial(1, {"=a.x": [1, {"b": 2}]}, 1.0)])] == ["'=a.x", '[1, {"b": 2}]']

"""The history for other tools."""

import csv
import io
import json

from history_cases import trial

from servo_batch.history import export

RUNS = {"total_runtime": {"value": 2.5, "unit": "seconds", "runs": [2.5, 2, 3]}, "note": {"value": "ok"}}
TRIALS = [
    trial(1, {"web.cpu": 4, "web.on": True}, 2.5)._replace(metrics=RUNS),
    trial(2, {"web.cpu": 0.1, "web.gc": 'G1, "new"\r\n=x'}, None, message="it ended\nbadly"),
]


def rows(trials):
    return list(csv.reader(io.StringIO(export.as_csv(trials), newline=""), strict=True))


def test_csv_has_settings_metrics_units_and_runs():
    names, first, second = rows(TRIALS)
    assert dict(zip(names, first)) == {
        "number": "1",
        "time": "2026-11-24T00:01:00Z",
        "status": "ok",
        "reason": "",
        "message": "",
        "objective": "2.5",
        "web.cpu": "4",
        "web.on": "true",
        "web.gc": "",
        "total_runtime": "2.5",
        "total_runtime.unit": "seconds",
        "total_runtime.run1": "2.5",
        "total_runtime.run2": "2",
        "total_runtime.run3": "3",
        "note": "ok",
    }
    assert dict(zip(names, second))["message"] == "it ended\nbadly"
    assert dict(zip(names, second))["web.gc"] == TRIALS[1].settings["web.gc"]
    assert len(names) == len(first) == len(second) == len(set(names))


def test_nothing_in_csv_is_a_formula_and_numbers_stay_numbers():
    texts = ["=1+1", "+1", "-Xmx4g", "@x", "\tx", "\rx", "'", "a=1", "\0", ""]
    found = [row[-1] for row in rows([trial(number, {"a.x": text}, None) for number, text in enumerate(texts)])]
    assert found == ["a.x", "'=1+1", "'+1", "'-Xmx4g", "'@x", "'\tx", "'\rx", "'", "a=1", "\ufffd", ""]
    assert rows([trial(1, {"a.x": -5}, -1.5)])[1][5:7] == ["-1.5", "-5"]
    assert rows([trial(1, {"=a.x": [1, {"b": 2}]}, 1.0)])[0][6] == "'=a.x"
    assert rows([trial(1, {"a.x": [1, {"b": 2}]}, 1.0)])[1][6] == '[1, {"b": 2}]'


def test_a_name_that_is_taken_is_told_apart():
    (names, values) = rows([trial(1, {"number": 7, "total_runtime": 8}, 1.0)])
    assert names[6:9] == ["number_", "total_runtime", "total_runtime_"]
    assert values[6:9] == ["7", "8", "1.0"]


def test_an_empty_history_has_its_head():
    assert export.as_csv([]) == "number,time,status,reason,message,objective\n"
    assert export.as_json([], "x", True) == {"objective": "x", "minimize": True, "best": None, "measurements": []}


def test_json_has_all_as_it_is():
    exported = json.loads(json.dumps(export.as_json(TRIALS, "{total_runtime}", True), allow_nan=False))
    assert exported["best"] == 1
    first, second = exported["measurements"]
    assert first["settings"] == TRIALS[0].settings
    assert first["metrics"] == RUNS
    assert second == {
        "number": 2,
        "time": "2026-11-24T00:02:00Z",
        "settings": TRIALS[1].settings,
        "status": "failed",
        "reason": "timeout",
        "metrics": {},
        "message": "it ended\nbadly",
    }

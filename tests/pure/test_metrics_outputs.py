"""What tools really print, and the configurations of the manual that read it: each value is what a person reads."""

import json
import os
import re

import pytest
from machine import ROOT

from servo_batch.formats import yaml_subset
from servo_batch.metrics import find, sources
from servo_batch.metrics.convert import NoMatch

FOLDER = os.path.join(ROOT, "tests", "data", "outputs")
with open(os.path.join(ROOT, "src", "servo_batch", "manual", "metrics.md"), encoding="utf-8") as page:
    DESCRIBED = dict(re.findall(r"^### (\S+)\n\n```yaml\n(.*?)```", page.read(), re.MULTILINE | re.DOTALL))
with open(os.path.join(FOLDER, "values.json"), encoding="utf-8") as stream:
    VALUES = json.load(stream)


def refuse(keys, problem):
    raise AssertionError((keys, problem))


def value(tool, mapping):
    metric = sources.read("m", mapping, refuse, refuse)
    kind = "json" if metric.source == "output_json" else "txt"
    with open(os.path.join(FOLDER, "%s.%s" % (tool, kind)), "rb") as output:
        return find.find(metric, output.read()).value


def test_every_tool_has_its_values():
    assert set(DESCRIBED) == set(VALUES)


@pytest.mark.parametrize("tool", sorted(VALUES))
def test_the_manual_s_metrics_read_what_a_tool_prints(tool):
    described = yaml_subset.loads(DESCRIBED[tool])
    assert {name: value(tool, mapping) for name, mapping in described.items()} == VALUES[tool]


@pytest.mark.parametrize(
    ("tool", "pattern", "whole"),
    [
        ("fio", "IOPS=([0-9.]+)", "1165k"),
        ("fio", "BW=([0-9.]+)", "4551MiB"),
        ("fio", "max=([0-9]+)", "12036k"),
        ("sysbench", r"total time: +([\d.]+)", "1.0059s"),
        ("wrk", r"Latency +([\d.]+)", "16.11ms"),
        ("wrk", r"Req/Sec +([\d.]+).*", "0.92k"),
        ("ffmpeg", r"time=.*:([0-9]+)", "02.00"),
        ("pytest-benchmark", r"test_sum +\S+ +(\d+)", "60,196.8730"),
        ("jmh", r"concat +thrpt +\d+ +([0-9.]+)", "2.34E7"),
        ("prometheus", r'"200"} ([0-9.]+)', "1.73e+08"),
        ("time", r"Elapsed.*: ([0-9]+)", "0:00.20"),
        ("bash-time", r"real\s+([0-9.]+)", "0m0.110s"),
    ],
)
def test_what_one_writes_first_is_no_match_where_it_cuts_a_number(tool, pattern, whole):
    with pytest.raises(NoMatch, match=re.escape('only a part of "%s"' % whole)):
        value(tool, {"output_regex": pattern})

"""What tools really print, and the configurations of the manual that read it: each value is what a person reads."""

import json
import os
import re

import pytest
from machine import ROOT

from servo_batch.formats import yaml_subset
from servo_batch.metrics import find, sources

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
        return find.find(metric, output.read())


def test_every_tool_has_its_values():
    assert set(DESCRIBED) == set(VALUES)


@pytest.mark.parametrize("tool", sorted(VALUES))
def test_the_manual_s_metrics_read_what_a_tool_prints(tool):
    described = yaml_subset.loads(DESCRIBED[tool])
    assert {name: value(tool, mapping) for name, mapping in described.items()} == VALUES[tool]

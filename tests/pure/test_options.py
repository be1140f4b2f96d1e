"""The command line as values: which verb it names, what it says, and what is wrong with it."""

import os
import re

import pytest

from servo_batch.options import UsageError, read

CALLED = {
    "adjust": ["adjust", "adjust-batch", "adjust_x", "adjust.pyz", "../bin/adjust"],
    "measure": ["measure", "measure.pyz"],
    "servo": ["servo", "servo.pyz", "servo-agent"],
    "check": ["adjusted", "my-adjust", "Adjust", "servo-batch-adjust", "servo-batch", "servo_batch.pyz", "servobatch"],
}


def test_the_verb_is_the_file_s_name_else_the_first_word():
    for verb, names in CALLED.items():
        for name in names:
            assert read([name, *["check"] * (verb == "check")]).verb == verb, name


def test_values_are_what_their_names_say():
    line = "measure --control={} --runs 3 --metric a=b=(.) --metric c=(.) --command x --json web.cpu=4 -- a.b.c==x -app"
    options = read(line.split())
    metrics = [("a", "b=(.)"), ("c", "(.)")]
    assert options.given == {"--control": {}, "--runs": 3, "--metric": metrics, "--command": "x", "--json": True}
    assert options.assignments == {"web.cpu": "4", "a.b.c": "=x"}
    assert options.app_id == "-app"
    assert read(["servo", "-d", "0.5", "APP"]).get("--delay") == 0.5


WRONG = [
    ([], "one of adjust, measure"),
    (["--info"], "one of adjust, measure"),
    (["ajust"], 'is "ajust" (did you mean "adjust"?)'),
    (["adjust", "--quer"], '--quer (did you mean "--query"?)'),
    (["measure", "--query"], "measure has no option --query"),
    (["adjust", "--config"], "write --config FILE, not --config"),
    (["adjust", "--query=x"], "write --query, not --query=x"),
    (["servo", "-a="], "write -a, --agent NAME, not -a="),
    (["adjust", "--info", "--query"], "--info and --query exclude each other"),
    (["compare", "--command", "true", "--config", "c.json"], "--config and --command"),
    (["measure", "--metric", "a=(.)"], "--metric goes with --command"),
    (["compare", "--command", "true", "--metric", "tps"], "like 'tps=tps = ([0-9.]+)'"),
    (["measure", "--control", "{"], """like '{"userdata": {"timeout": 60}}': the text ends"""),
    (["measure", "--control", "[]"], "has to be a JSON object"),
    *((["measure", "--runs", runs], "--runs needs a whole number from 1 to") for runs in ("0", "two", " 3", "1_0", "٣", "1.5", "1000001")),
    (["measure", "--runs", "9" * 5000], "--runs needs a whole number"),
    (["measure", "--warmup-runs=-1"], "from 0 to 1000000, not -1"),
    *((["tune", "--cap", factor], "--cap needs a number from 1 to") for factor in ("0.5", "nan", "inf", "1e1", "1.1.1")),
    (["measure", "sub/other.yaml"], "a configuration is named by --config sub/other.yaml"),
    (["check", "config.json"], "--config config.json"),
    (["adjust", "--query", "web.cpu=1"], "--query takes no settings"),
    (["check", "web.cpu=1"], "web.cpu=1 has no place in check [options]"),
    (["compare", "word"], "word has no place in compare [options] [COMPONENT.SETTING=VALUES"),
    (["adjust", "web.cpu", "4"], "4 has no place in adjust [options] [APP_ID] [COMPONENT.SETTING=VALUE"),
    (["servo", "web.cpu=4"], "web.cpu=4 has no place in servo [options] APP_ID"),
    (["adjust", "cpu=4"], "cpu=4 does not name a setting: write COMPONENT.SETTING=VALUE"),
    (["adjust", "web.=4"], "web.=4 does not name a setting"),
    (["compare", "a.b=1", "a.b=2"], "a.b is given twice: compare takes several values of one, a.b=VALUE,VALUE"),
    (["adjust", os.fsdecode(b"web.cpu=\xff")], "is not UTF-8"),
    (["measure", "check"], "check is a verb, not an APP_ID; call servo-batch.pyz check"),
]  # fmt: skip


def test_wrong_usage_is_told():
    for arguments, words in WRONG:
        with pytest.raises(UsageError, match=re.escape(words)):
            read(["servo-batch.pyz", *arguments])

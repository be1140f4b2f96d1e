"""What the README and the manual's pages show is true."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from machine import ROOT

from servo_batch import config, options
from servo_batch.formats import yaml_subset
from servo_batch.metrics import sources
from servo_batch.verbs import help as help_verb

MANUAL = os.path.join(ROOT, "src", "servo_batch", "manual")
PATHS = {
    os.path.basename(path)[: -len(".md")]: path
    for path in [os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(MANUAL, "**", "*.md"), recursive=True)]
}


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


PAGES = {name: read(path) for name, path in sorted(PATHS.items())}
README = PAGES["README"]


def blocks(text, language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, text, re.M | re.S)


def configurations():
    return [
        pytest.param(block, id="%s-%d" % (name, number))
        for name, text in PAGES.items()
        for number, block in enumerate(blocks(text, "yaml"))
        if "batch:" in block and name != "yaml"
    ]


def run(command, folder, **options):
    return subprocess.run(["/bin/sh", "-ec", command], cwd=folder, stdout=subprocess.PIPE, **options).stdout.decode()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("build.py", "config.example.json", "README.md"):
        shutil.copy(os.path.join(ROOT, name), str(folder))
    shutil.copytree(os.path.join(ROOT, "src"), str(folder / "src"), ignore=shutil.ignore_patterns("__pycache__"))
    return str(folder)


@pytest.fixture(scope="module")
def first_answer(checkout):
    """What the README's first command answers, which builds the file."""
    return json.loads(run(blocks(README, "sh")[0], checkout, check=True).splitlines()[-1])


def test_the_first_command_builds_and_measures(first_answer):
    assert first_answer["status"] == "ok"
    assert set(first_answer["metrics"]) == {"total_runtime", "compressed_size", "ratio"}


def test_the_second_command_is_the_gate_s():
    # .ci/run takes it from here and runs it; run here, it would run itself.
    assert len(blocks(README, "sh")) == 2
    assert blocks(README, "sh")[1].rstrip().endswith("-m pytest -q")


@pytest.mark.parametrize("verb", ["compare", "tune"])
def test_one_line_needs_nothing_but_the_file(checkout, first_answer, verb):
    (line,) = [block for block in blocks(README, "bash") if "servo-batch.pyz %s" % verb in block]
    assert "gz.level" in run(line, checkout, check=True)


def test_the_readme_can_be_read_in_a_few_minutes_and_its_links_lead_somewhere():
    assert len(README.split("\n")) <= 221
    assert len(README.split()) <= 2000
    for target in re.findall(r"\]\(([^)]*)\)", README):
        assert os.path.exists(os.path.join(ROOT, target)), target


@pytest.mark.parametrize("block", configurations())
def test_every_configuration_can_be_read(block):
    document = yaml_subset.loads(block)
    batch = dict(document["batch"])
    used = set(re.findall(r"\{(\w+)\.(\w+)[}:]", json.dumps(batch))) - {("control", "title")}
    settings = {}
    for component, name in sorted(used):
        if component not in ("control", "state"):
            described = {"type": "range", "min": 1, "max": 9, "value": 2}
            settings.setdefault(component, {"settings": {}})["settings"][name] = described
    if not {"default_state", "application"} & set(batch):
        batch["application"] = {"components": settings}
    batch.setdefault("command", "true")
    found = config.Config("c.json", {"batch": batch})
    assert (found.problems, bool(found.commands["command"].templates)) == ([], True)


def test_every_option_that_is_shown_exists():
    calls = re.findall(r"(?:servo-batch\.pyz |\$ \./|^\./)(\w+)\b([^\n`|]*)", "\n".join(PAGES.values()), re.M)
    for verb, call in calls:
        if verb in options.USAGE:
            call = re.sub(r"'[^']*'", "", call).split(" -- ")[0]
            known = {option.name for option in options.of(verb)}
            assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", call)) <= known, (verb, call)


def test_each_verb_s_help_lists_its_options_has_an_example_and_names_a_page():
    assert list(help_verb.VERBS) == list(options.USAGE)
    for verb in options.USAGE:
        helped = help_verb.usage(verb, "servo-batch.pyz " + verb)
        assert [option.shown for option in options.of(verb) if "\n  %s " % option.shown not in helped] == []
        assert "example:\n  servo-batch.pyz " in helped
        assert re.search("More: help (.*)", helped).group(1) in PAGES


def test_help_shows_each_page_lists_a_folder_and_finds_lines():
    def listed(word):
        return [line.split()[0] for line in help_verb.manual(word).splitlines()[1:] if line]

    pages = listed("")
    assert {os.path.basename(page) for page in pages} == set(PAGES) - {"README"}  # which lies in the file alone
    for page in pages:
        for name in (page, os.path.basename(page).upper()):
            assert help_verb.manual(name) == PAGES[os.path.basename(page)]
    assert listed("recipes") == [page for page in pages if page.startswith("recipes/")]
    for word in ("grace_period", "±", "EXIT status"):
        lines = help_verb.manual(word).splitlines()
        assert lines
        assert all(word.lower() in line.lower() and line.split(": ")[0] in pages for line in lines)


def table(page, title):
    """Return the names in the first column of the table below a title."""
    text = PAGES[page].partition("## %s\n" % title)[2].partition("\n## ")[0]
    return {name for row in re.findall(r"^\| ([^|]*)\|", text, re.M) for name in re.findall(r"`([^`]+)`", row)}


def test_the_keys_of_a_configuration_are_those_of_the_code():
    assert table("configuration", "The keys under `batch`") | {"application"} == set(config.KEYS)


def test_the_keys_of_a_metric_are_in_the_page_on_metrics():
    for key in sources.KEYS:
        assert "`%s" % key in PAGES["metrics"], key


def test_the_options_of_the_agent_are_in_its_page():
    for option in options.of("servo"):
        if option.name not in ("--help", "--version"):
            assert "`%s" % option.name in PAGES["agent"], option.name


def test_the_reasons_of_a_failure_are_those_of_the_code():
    paths = glob.glob(os.path.join(MANUAL, "..", "**", "*.py"), recursive=True)
    text = "".join(read(path) for path in paths if "/agent/" not in path)
    used = set(re.findall(r'\bfailed\(\s*"([a-z-]+)"', text)) - {"bad-token"}
    told = set(re.findall(r"^\| `failed` \| `([a-z-]+)`", PAGES["protocol"], re.M))
    assert used <= told


@pytest.fixture
def servo_folder(pyz, tmp_path):
    """A folder with the two drivers, the configuration that is explained, and a job for it."""
    for name in ("adjust", "measure"):
        shutil.copy(pyz, str(tmp_path / name))
    (tmp_path / "config.yaml").write_text(blocks(PAGES["configuration"], "yaml")[0], encoding="utf-8")
    job = tmp_path / "run_job.sh"
    job.write_text("#!/bin/sh\necho throughput: 12.5\n")
    job.chmod(0o755)
    return str(tmp_path)


def test_requests_are_answered_as_shown(servo_folder):
    (session,) = [block for block in blocks(PAGES["protocol"], "console") if "./adjust --query" in block]
    for command, shown in re.findall(r"^\$ (.*)\n((?:[^$].*\n)+)", session, re.M):
        answered = run(command, servo_folder, check=True)
        pattern = re.sub(r"\d+(\\\.\d+)?", r"[0-9.]+", re.escape(shown).replace(re.escape("…"), ".*"))
        assert re.match(pattern + r"\Z", answered), (command, answered)


def test_check_finds_nothing_wrong_with_the_configuration_that_is_explained(servo_folder, pyz):
    ended = subprocess.run([sys.executable, pyz, "check"], cwd=servo_folder, stdout=subprocess.PIPE)
    assert ended.returncode == 0, ended.stdout.decode()


def test_what_a_reviewer_is_told_to_run_says_what_it_is_said_to_say(checkout, first_answer):
    def says(start):
        (command,) = re.findall("`(%s[^`]*)`" % re.escape(start), PAGES["security"])
        return run(command.replace("/tmp/", "") + " 2>&1 || true", checkout)

    assert says("python3 -m zipfile -e servo-batch.pyz") == "Only in seen: README.md\n"
    assert says("python3 build.py -o /tmp/again.pyz && cmp") == ""
    assert says("(cd src && find").split()[0] in run("python3 servo-batch.pyz --version", checkout)

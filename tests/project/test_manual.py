"""What the README and the manual's pages show is true."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

from machine import ROOT, built

from servo_batch import config, options
from servo_batch.formats import yaml_subset
from servo_batch.metrics import sources
from servo_batch.settings import application_of
from servo_batch.verbs import help as help_verb

SRC = os.path.join(ROOT, "src")
PATHS = [os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(SRC, "**", "*.md"), recursive=True)]


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


PAGES = {os.path.basename(path)[: -len(".md")]: read(path) for path in sorted(PATHS)}
README = PAGES["README"]


def blocks(page, language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, PAGES[page], re.M | re.S)


def run(command, folder):
    return subprocess.check_output(["/bin/sh", "-ec", command], cwd=str(folder)).decode()


# What a reader is told to run.


def test_a_reader_s_commands_build_measure_compare_tune_and_review(tmp_path):
    for name in ("build.py", "config.example.json", "README.md"):
        shutil.copy(os.path.join(ROOT, name), str(tmp_path))
    shutil.copytree(SRC, str(tmp_path / "src"), ignore=shutil.ignore_patterns("__pycache__"))
    first, second = blocks("README", "sh")
    answer = json.loads(run(first, tmp_path).splitlines()[-1])
    assert (answer["status"], set(answer["metrics"])) == ("ok", {"total_runtime", "compressed_size", "ratio"})
    # .ci/run takes the second from here and runs it; run here, it would run itself.
    assert second.rstrip().endswith("-m pytest -q")
    compare, tune = [block for block in blocks("README", "bash") if "--command" in block]
    assert "gz.level" in run(compare, tmp_path)
    assert "gz.level" in run(tune, tmp_path)

    def says(start):
        (command,) = re.findall("`(%s[^`]*)`" % re.escape(start), PAGES["security"])
        return run(command.replace("/tmp/", "") + " 2>&1 || true", tmp_path)

    assert says("python3 -m zipfile -e servo-batch.pyz") == "Only in seen: README.md\n"
    assert says("python3 build.py -o /tmp/again.pyz && cmp") == ""
    assert says("(cd src && find").split()[0] in run("python3 servo-batch.pyz --version", tmp_path)


def test_requests_are_answered_as_shown_and_check_has_nothing_to_say(tmp_path):
    """In a folder with the two drivers, the configuration that is explained, and a job for it."""
    for name in ("adjust", "measure"):
        shutil.copy(built(), str(tmp_path / name))
    (tmp_path / "config.yaml").write_text(blocks("configuration", "yaml")[0], encoding="utf-8")
    job = tmp_path / "run_job.sh"
    job.write_text("#!/bin/sh\necho throughput: 12.5\n")
    job.chmod(0o755)
    (session,) = [block for block in blocks("protocol", "console") if "./adjust --query" in block]
    for command, shown in re.findall(r"^\$ (.*)\n((?:[^$].*\n)+)", session, re.M):
        answered = run(command, tmp_path)
        pattern = re.sub(r"\d+(\\\.\d+)?", r"[0-9.]+", re.escape(shown).replace(re.escape("…"), ".*"))
        assert re.match(pattern + r"\Z", answered), (command, answered)
    subprocess.check_output([sys.executable, built(), "check"], cwd=str(tmp_path))


def test_what_is_shown_to_whoever_comes_from_the_older_one_works_without_a_warning(newest):
    os.unlink(newest.path("config.json"))
    os.chmod(newest.write("run_job.sh", b"#!/bin/sh\n"), 0o755)
    for block in blocks("from-older", "yaml"):
        newest.write("config.yaml", block.encode())
        ended = newest.call("check")
        assert (ended.status, "warning:" in ended.text) == (0, False), ended
    assert newest.call("adjust", "spark.executors=40").answer["reason"] == "constraint"
    assert newest.call("adjust", "spark.memory=32").status == 0
    assert newest.query().query["spark"]["instance"] == "m5.4xlarge"


def test_what_is_called_refused_is_refused_in_these_words(newest):
    rows = re.findall(r"^\| `([^`]*\{control[^`]*)`[^|]*\| it (stands [^|]*?) \|", PAGES["commands"], re.M)
    assert rows
    for command, words in rows:
        newest.job(command).describe().bad_config(words.replace("`", ""))


# What the pages say.


def test_the_readme_can_be_read_in_a_few_minutes_and_its_links_lead_somewhere():
    assert len(README.split("\n")) <= 221
    assert len(README.split()) <= 2000
    for target in re.findall(r"\]\(([^)]*)\)", README):
        assert os.path.exists(os.path.join(ROOT, target)), target


def test_every_configuration_can_be_read():
    shown = [block for name in set(PAGES) - {"yaml"} for block in blocks(name, "yaml") if "batch:" in block]
    assert len(shown) > 15
    for block in shown:
        keys = {"command": "true", **yaml_subset.loads(block)["batch"]}
        if not {"default_state", "application"} & set(keys):
            used = set(re.findall(r"\{(\w+\.\w+)[}:]", json.dumps(keys))) - {"control.title"}
            keys["application"] = application_of({name: {"min": 1, "max": 9, "value": 2} for name in used})
        found = config.Config("c.json", {"batch": keys})
        assert (found.problems, bool(found.commands["command"].templates)) == ([], True)


def test_every_option_that_is_shown_exists():
    calls = re.findall(r"(?:servo-batch\.pyz |\$ \./|^\./)(\w+)\b([^\n`|]*)", "\n".join(PAGES.values()), re.M)
    for verb, call in calls:
        if verb in options.USAGE:
            call = re.sub(r"'[^']*'", "", call).split(" -- ")[0]
            known = {option.name for option in options.of(verb)}
            assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", call)) <= known, (verb, call)


def test_each_verb_s_help_names_a_page_and_each_page_is_found_and_a_line():
    assert list(help_verb.VERBS) == list(options.USAGE)
    assert {page for _, _, page in help_verb.VERBS.values()} <= set(PAGES)
    for name in set(PAGES) - {"README"}:  # which lies in the file alone
        assert help_verb.manual(name.upper()) == PAGES[name]
    assert "evidence: " in help_verb.manual("pyyaml")


def test_keys_and_options_are_in_the_page_on_them():
    table = PAGES["configuration"].partition("## The keys under `batch`\n")[2].partition("\n## ")[0]
    described = {name for row in re.findall(r"^\| ([^|]*)\|", table, re.M) for name in re.findall(r"`([^`]+)`", row)}
    assert described | {"application"} == set(config.KEYS)
    of_agent = [option.name for option in options.of("servo") if option.name not in ("--help", "--version")]
    for page, names in (("metrics", sources.KEYS), ("agent", of_agent)):
        assert [name for name in names if "`%s" % name not in PAGES[page]] == []


def test_the_reasons_of_a_failure_are_in_the_table_of_them():
    paths = glob.glob(os.path.join(SRC, "**", "*.py"), recursive=True)
    text = "".join(read(path) for path in paths if "/agent/" not in path)
    used = set(re.findall(r'\bfailed\(\s*"([a-z-]+)"', text))
    assert used == set(re.findall(r"^\| `failed` \| `([a-z-]+)`", PAGES["protocol"], re.M))

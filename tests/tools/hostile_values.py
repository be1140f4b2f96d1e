"""Hostile values in commands that people write, run by real shells, and a canary.

``python3 tests/tools/hostile_values.py [EVERY]`` tries each EVERYth case, a sample of one in so many, and says what
came of them. A value comes as a setting, in the request's control, or in a state that somebody edited. Either nothing
runs and the answer says why, or the job has exactly the value; and no program runs that the value named. Then ordinary
values in ordinary commands: all of them have to run. Programs that run code elsewhere (ssh, docker, psql, …) are stood
in for by ones that do it here.
"""

import collections
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "src"))

from servo_batch import config, measurement, state  # noqa: E402
from servo_batch.answers import ServoError  # noqa: E402

SHELLS = {
    "dash": ["dash"],
    "bash": ["bash"],
    "busybox": ["busybox", "sh"],
    "mksh": ["mksh"],
    "ksh93": ["ksh93"],
    "zsh": ["zsh", "--emulate", "sh"],
}
FOUND = [name for name in SHELLS if shutil.which(SHELLS[name][0])]
FIELDS = {
    "setting": "web.free",
    "control": "control.v",
    "state": "state[application][components][web][settings][free][value]",
    "stored only": "web.extra",
    "listed, edited": "web.listed",
}
SOURCES = tuple(FIELDS)

ODD = " \t\n\r'\"`\\$;&|<>(){}[]*?~!#^\x01\x07\x1b\x7f\x80\x85\xa0é日\u2028\u2029\ufeff\U0001f600"
NOT_PLAIN = [
    "", *ODD, *("a%sb" % odd for odd in ODD), *("%spwn" % odd for odd in ";&|\n`"), "$(pwn)", "`pwn`", "${IFS}pwn", "$PWN", "x;pwn",
    "x&pwn", "x|pwn", "x&&pwn", "x||pwn", "\npwn\n", "x\npwn", "'; pwn; '", '"; pwn; "', "');pwn;('", "$((pwn))", "a[$(pwn)]",
    "EOF\npwn\n", "E\npwn\n", "E\r\npwn\r\n", "<(pwn)", ">canary", "x >canary", "2>canary", "%s$(pwn)", "\\`pwn\\`", "$'\\x70wn'",
    "{pwn,}", "x' -exec pwn ;", "--to-command=pwn", "-I pwn", "-oProxyCommand=pwn x", "PATH=evil", "LD_PRELOAD=evil", "IFS=x",
    "BASH_ENV=evil/rc", "SHELL=pwn", "MAKEFLAGS=--eval=pwn", "-e pwn", "x -e pwn", "%", "50%", "a=b", "=x", "$\x00(pwn)", "\0",
    "\ud800", "x" * 10**6 + " ", "DROP TABLE t; --", "' OR 1=1 --", "\\! pwn", "\u202epwn", "٣", "\uff11", "a​b", "+%n", "!!:s/x/pwn/",
]  # fmt: skip
PLAIN = [
    "EOF", "E", "../x", "..", "../../etc", "a/../b", "@f", "@evil/args", "I/x", "Ievil/pwn", "I./pwn", "esac", "fi", "done", "then", "do",
    "in", "SERVO_TITLE", "SERVO_EVIL", "xSERVO_EVIL", "010", "0x10", "1_000", "x:/y", "x:evil", "evil:x", "touch", "pwn", "./pwn", "evil/pwn",
    "evil", "./evil", "pwn.sh", "./pwn.sh", "evil/rc", "-", "--", "-c", "-e", "-x", "-rf", "-opwn", "--help", "-Ievil/pwn", "+", "+pwn", "+x",
    "-1", "-5I/x", "1e5", "1e400", "NaN", "Infinity", "nan", "inf", "true", "false", "null", "PATH", "HOME", "IFS", "ENV", "BASH_ENV", "PS4",
    "LD_PRELOAD", "SHELL", "EVIL", "PWN", "RANDOM", "UID", "HISTCMD", "LINENO", "_", ".", "./", "/", "//", ":", ",", "a,b", "1,2", "time",
    "if", "while", "case", "function", "coproc", "select", "exec", "eval", "exit", "return", "break", "set", "unset", "export", "source",
    "alias", "trap", "wait", "read", "cd", "pwd", "test", "let", "declare", "sh", "bash", "python3", "/bin/sh", "nologin", "root", "x@y",
    "x@y:z", "http://h:80/p,q@r", "Makefile", "-f/x", "f/x", "C/", "h", "s/a/b/", "r/x", "w/x", "n.", "e.pwn", "1p", "9" * 400, "a" * 3000,
    "MAKEFLAGS", "CFLAGS", "PYTHONPATH", "pwn,", "pwn/", ".pwn", "pwn.", "evil/bin", "abs:evil/bin",
]  # fmt: skip
VALUES = list(dict.fromkeys(NOT_PLAIN + PLAIN))

# What people write, {v} for the value, {n} for a number; what the job's arguments have to be, %s for the value.
DUE = [
    ("job {v}", ["%s"]), ('job \'{v}\' "{v}" a{v}b', ["%s", "%s", "a%sb"]),
    ("job --cpu {n} --name={v} -x {v}", ["--cpu", "4", "--name=%s", "-x", "%s"]),
    ('printf \'export CPU=%s\\n\' {v} > env.sh; . ./env.sh; job "$CPU"', ["%s"]), ('R="sh -c"; docker exec web $R "job {v}"', ["%s"]),
    ("job {v} >log 2>&1", ["%s"]), ("sh -c 'job {v}'", ["%s"]), ('sh -c "job \'{v}\'"', ["%s"]), ('sh -c \'job "$1"\' sh {v}', ["%s"]),
    ("bash -ec 'set -e; job {v}'", ["%s"]), ('sh -c "sh -c \'job {v}\'"', ["%s"]), ("eval job {v}", ["%s"]), ('eval "job {v}"', ["%s"]),
    ("ssh host job {v}", ["%s"]), ("ssh host 'cd /tmp && job {v}'", ["%s"]), ('ssh host \'sh -c "job {v}"\'', ["%s"]),
    ("docker exec web job {v}", ["%s"]), ("kubectl exec pod -- job {v}", ["%s"]), ("sudo -u app job {v}", ["%s"]),
    ("nice -n 5 timeout 9 job {v}", ["%s"]), ("env -u X Y=1 job {v}", ["%s"]), ("echo {v} | xargs job", ["%s"]),
    ("echo a | xargs -I% job % {v}", ["a", "%s"]), ("find data -type f -exec job {{}} {v} \\;", ["data/f", "%s"]),
    ("find data -type f -exec sh -c 'job {v}' \\;", ["%s"]), ('echo "* * * * * job {v}" | cron', ["%s"]),
    ("for i in {v} {v}; do job $i; done", ["%s"]), ("job a \\\n  {v} \\\n  b", ["a", "%s", "b"]), ("job x{v}y-{v}.log", ["x%sy-%s.log"]),
    ("job {n}-{v} {v}-{n}", ["4-%s", "%s-4"]), ("timeout 9 sh -c 'job {v} & wait'", ["%s"]), ("job `echo {v}`", ["%s"]),
    ('out=$(job {v}); echo "$out"', ["%s"]), (["job", "{v}"], ["%s"]), (["job", "--name={v}", "a {v}", "{v}b"], ["--name=%s", "a %s", "%sb"]),
    (["sh", "-c", "job {v}"], ["%s"]), (["sh", "-c", 'job "$1"', "sh", "{v}"], ["%s"]), (["bash", "-c", "cd data; job '{v}' | cat"], ["%s"]),
    (["ssh", "host", "job {v}"], ["%s"]), (["ssh", "host", "job", "{v}"], ["%s"]), (["docker", "exec", "web", "sh", "-c", "job {v}"], ["%s"]),
    (["xargs", "-a", "data/f", "job", "{v}"], ["%s", "one"]), (["find", "data", "-type", "f", "-exec", "job", "{v}", ";"], ["%s"]),
    (["cron", "* * * * * job {v}"], ["%s"]),
]  # fmt: skip
# Here a value may be refused, or take the job's arguments another way, but never run. What is refused whatever the
# value is, test_command.py has, and here a few of each kind.
OTHER = [
    'echo "CPU={v}" > env.sh; . ./env.sh; job $CPU', 'mkdir -p out/{v} && cd out/{v} && sh -c "cd $PWD && job x"',
    'gen() {{ echo "echo {v}"; }}; gen | sh', "CFLAGS={v} make -f Makefile bench", "make -f Makefile -j {v} bench",
    "tar -{v} -cf out.tar data", "tar -cf out-{v}.tar data", "tar cf - --exclude {v} data >out.tar", 'psql -c "SELECT run({v})"',
    'psql -c "SELECT \'{v}\' FROM t"', "mysql -e 'INSERT INTO t VALUES ({v})'", "cat <<EOF\n{v}\npwn\nEOF\n", "job $(( {v} + 1 ))",
    "n={n}; while [ $n -lt {v} ]; do n=$((n+9)); done; job x", "a=(1 2); job ${{a[{v}]}}", "X=abc; job ${{X:{v}}}",
    "job x >log-{v} 2>&1", "{v} x", "job a; {v}", "find data -name {v} -exec job {{}} \\;",
    "case x in {v}) job a;; *) job b;; esac; pwn=1", "! $(echo {v})", "if [ {v} = x ]; then job a; else job {v}; fi", "sh {v}",
    "java -Xmx{v} -version", "java {v} -version", "curl -d {v} 'http://h/?a=1&b={v}'", 'awk \'BEGIN {{ print "{v}" }}\'',
    "python3 -c 'import sys; print(sys.argv[1])' {v}", "job {v}{v} x{v}.{v}", "job -{v}{v} -{n}{v}", 'job "${{X:-{v}}}"',
    "[ {v} ] && job {v}", ["sh", "-c", "{v} x"], ["sh", "-c", "job $(($1))", "sh", "{v}"], ["make", "-f", "Makefile", "{v}"],
    ["tar", "-{v}", "-cf", "out.tar", "data"], ["tar", "-cf", "/dev/null", "{v}"], ["psql", "-c", "SELECT run({v})"],
    ["java", "{v}", "-version"], ["python3", "-c", "import sys; print(sys.argv[1:])", "{v}"], ["ssh", "host", "{v}"],
    "echo {v} | (sh)", "echo {v} | {{ sh; }}", "echo {v} |& bash", "echo {v} | sudo -u app bash", "$(echo {v})",
    "job a; $(echo {v}) x", 'eval "$(echo {v})"', 'sh -c "$(echo {v})"', ". <(echo {v})", "bash <(echo {v})",
    "set -- {v}; declare -r -i n=$1; job $n", "set -- {v}; export n; typeset -i n; n=$1; job $n",
    "a=(1 2); set -- {v}; job ${{a[$1]}}", "job \\{v}", "find data -exec {v} \\;", 'set -- {v}; printf -v "$1" evil; job x',
    "echo x evil >p; read a {v} <p; job x", 'set -- {v}; export "$1=evil"; job x', "hash -p {v} job; job x",
]  # fmt: skip
NORMAL = [form for form, _ in DUE]
FORMS = [*NORMAL, *OTHER]

ORDINARY = [
    "c5.2xlarge", "m5.xlarge", "t3.nano", "r6g.16xlarge", "n2-standard-8", "e2-highcpu-16", "Standard_D4s_v3", "bx2-4x16", "a1.medium",
    "4G", "512m", "0.5", "1.5Gi", "2048", "8", "-1", "1e6", "100MB", "16k", "64KiB", "2.5GHz", "90s", "10m", "1h30m", "250ms",
    "2026-12-01", "2026-12-01T03:01:00Z", "03:01", "20261201", "2026-W49", "12/01/2026", "1764558060", "UTC", "Europe/Berlin",
    "http://example.org", "https://example.org:8443/a/b", "http://10.0.0.1:9090/metrics", "s3://bucket/key", "gs://bucket/a.csv",
    "hdfs://nn:8020/data", "jdbc:postgresql://db:5432/shop", "redis://cache:6379/0", "amqp://mq:5672", "file:///tmp/x",
    "nginx:1.25", "registry.example.org:5000/team/app:v1.2.3", "ubuntu:22.04", "ghcr.io/o/i:sha-abcdef0", "python:3.11-slim",
    "app@sha256:0123abcd", "10.0.0.1", "192.168.1.0/24", "::1", "fe80::1", "2001:db8::1", "host.example.org", "db-1:5432", "localhost",
    "user@host", "a.b@example.org", "user@host:/srv/data", "eu-west-1", "us-east-1a", "europe-west4-b", "zone_a",
    "g1", "zgc", "parallel", "serial", "G1GC", "lz4", "zstd", "snappy", "zlib", "none", "default", "utf-8", "en_US.UTF-8", "O2", "native",
    "x86-64-v3", "avx2,fma", "0-3", "0,2,4", "1,2,3", "read,write", "a+b", "v1.2.3-rc1", "1.8.0_292", "deadbeef",
    "550e8400-e29b-41d4-a716-446655440000", "feature/x", "refs/heads/main", "data/input.csv", "/srv/data/in.parquet", "./run.cfg",
    "true", "false", "yes", "no", "on", "off", "INFO", "DEBUG", "shop", "Shop-1", "team_a.b",
]  # fmt: skip

STAND_INS = {
    "job": 'for a in "$@"; do printf "%s\\0" "$a"; done >>"$OUT"',
    "pwn": ': >"$CANARY"',
    "ssh": 'shift; exec sh -c "$*"',
    "docker": 'while [ $# -gt 0 ]; do case $1 in exec|run) shift;; -e) export "$2"; shift 2;; --env=*) export "${1#--env=}"; shift;;\n'
    ' web|image) shift; break;; *) shift;; esac; done; exec "$@"',
    "kubectl": 'shift 3; exec "$@"',
    "sudo": 'shift 2; exec "$@"',
    "cron": 'if [ $# -gt 0 ]; then echo "$1"; else cat; fi | while read -r a b c d e line; do sh -c "$line"; done',
    "pg_ctl": "shift; set -- $1; while [ $# -gt 0 ]; do shift; done",
    "psql": 'case $2 in *";"*) pwn;; *"\\!"*) pwn;; esac',
    "mysql": 'case $2 in *";"*) pwn;; esac',
    "curl": "case $2 in @*) pwn;; esac",
    "java": 'for a in "$@"; do case $a in @*) pwn;; esac; done',
    "rsh": "pwn",
    "touch": "pwn",
}
MAKEFILE = "bench:\n\t@echo $(CFLAGS) ${CFLAGS}\n"


class Range:
    """A folder with the stand-ins for one shell, where commands run."""

    def __init__(self, folder, shell):
        self.shell = [shutil.which(SHELLS[shell][0]), *SHELLS[shell][1:]]
        root = Path(folder, shell)
        self.where, self.canary, self.out, programs = root / "where", root / "canary", root / "out", root / "bin"
        for name, body in {**STAND_INS, **dict.fromkeys(("sh", "bash"), 'exec %s "$@"' % " ".join(self.shell))}.items():
            write(programs / name, "#!/bin/dash\n%s\n" % body)
        self.environment = {
            "PATH": "%s:%s" % (programs, os.environ["PATH"]), "CANARY": str(self.canary), "OUT": str(self.out), "HOME": str(self.where),
            "EVIL": "a[$(pwn)]", "PWN": "pwn", "SERVO_EVIL": "a[$(pwn)]", "SERVO_TITLE": "a[$(pwn)]", "SERVO_X": "$(pwn)",
        }  # fmt: skip
        self._lay_out()

    def _lay_out(self):
        shutil.rmtree(str(self.where), ignore_errors=True)
        for name in ("evil/pwn", "pwn", "pwn.sh", "evil/rc", "evil/job", "evil/bin/job", "x/job", "I", "f"):
            write(self.where / name, "#!/bin/dash\n%s\n" % STAND_INS["pwn"])
        for name, text in (("data/f", "one"), ("Makefile", MAKEFILE), ("evil/args", "pwn")):
            write(self.where / name, text)
        self.names = sorted(self.where.rglob("*"))

    def run(self, arguments):
        """Return the arguments that the job was given, all calls of it one after the other, and whether the canary lives."""
        if arguments[:2] == ["/bin/sh", "-c"] or arguments[0] in ("sh", "bash"):
            arguments = [*self.shell, *arguments[1:]]
        given = [argument.encode("utf-8", "surrogateescape") for argument in arguments]
        silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        try:
            subprocess.run(given, cwd=str(self.where), env=self.environment, timeout=20, **silent)
        except (OSError, subprocess.TimeoutExpired):
            pass
        lives, output = not self.canary.exists(), self.out.read_bytes() if self.out.exists() else b""
        for path in (self.canary, self.out):
            if path.exists():
                path.unlink()
        if sorted(self.where.rglob("*")) != self.names or not lives:
            self._lay_out()
        return output.decode("utf-8", "surrogateescape").split("\0")[:-1], lives


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def filled(form, field):
    if isinstance(form, list):
        return [filled(item, field) for item in form]
    return form.replace("{v}", "{%s}" % field).replace("{n}", "{web.n}")


def planned(form, source):
    """Return a function from a value to the arguments that measure would execute, or None where the form is refused."""
    settings = {
        "n": {"min": 1, "max": 8, "value": 4},
        "free": {"value": "x"},
        "listed": {"type": "enum", "values": ["x"], "value": "x"},
    }
    default_state = {"application": {"components": {"web": {"settings": settings}}}}
    batch = {"command": filled(form, FIELDS[source]), "default_state": default_state}
    read = config.Config("config.json", {"batch": batch})
    if read.problems:
        assert all("batch.command" in problem for problem in read.problems)
        return None
    name = FIELDS[source].split(".")[-1] if source != "state" else "free"

    def arguments(value):
        """Return None after a look at why there are none."""
        stored = {"components": {"web": {"settings": {} if source == "control" else {name: {"value": value}}}}}
        try:
            state.StateFile("_state.json").allowed(read.settings, stored)
            plan = measurement.plan(read, read.settings.current(stored), {"v": value} if source == "control" else {})
            return list(plan.job.command.arguments)
        except ServoError as error:
            reasons = ("bad-request",) if source == "control" else ("bad-state", "bad-config")
            if error.reason in reasons or "the shell cannot read" in error.message:
                return None
            raise

    return arguments


def cases(values, forms, every=1, sources=SOURCES):
    """Yield (form, value, what would be executed or None), each EVERYth."""
    for number, (form, source) in enumerate(itertools.product(forms, sources)):
        chosen = values[-number * len(values) % every :: every]
        arguments = planned(form, source) if chosen else None
        for value in chosen:
            yield form, value, arguments(value) if arguments else None


def try_all(folder, values, forms, every=1, shells=FOUND, sources=SOURCES, must_run=False):
    """Return how many cases there were, how many ran, and a line for each that went wrong."""
    ranges = {shell: Range(folder, shell) for shell in shells}
    due = {str(form): arguments for form, arguments in DUE}
    counts = collections.Counter()
    wrong, seen = [], set()
    for form, value, arguments in cases(values, forms, every, sources):
        counts["cases"] += 1
        if arguments is None and must_run:
            wrong.append("refused: %r with %r" % (form, value))
        if arguments is None or (str(form), tuple(arguments)) in seen:
            continue
        seen.add((str(form), tuple(arguments)))
        expected = [each.replace("%s", str(value)) for each in due.get(str(form), [])]
        for shell, where in ranges.items():
            counts["runs"] += 1
            given, lives = where.run(arguments)
            if not lives:
                wrong.append("hit: %s: %r with %r" % (shell, form, value))
            elif given[: len(expected)] != expected:
                wrong.append("not itself: %s: %r with %.80r gives %.200r" % (shell, form, value, given))
    return counts, wrong


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        every = int((sys.argv[1:] or [1])[0])
        print("%d values, %d forms, %d sources, %s" % (len(VALUES), len(FORMS), len(SOURCES), ", ".join(FOUND)))
        hostile = try_all(os.path.join(folder, "hostile"), VALUES, FORMS, every)
        ordinary = try_all(
            os.path.join(folder, "ordinary"), ORDINARY, NORMAL, 1, ("dash",), ("control",), must_run=True
        )
        for title, (counts, wrong) in (("hostile", hostile), ("ordinary", ordinary)):
            print(title, dict(counts), "%d wrong" % len(wrong))
            print("".join(line + "\n" for line in wrong[:200]), end="")

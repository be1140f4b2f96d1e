"""Hostile values in commands that people write, run by real shells, and a canary.

``python3 tests/tools/hostile_values.py [EVERY]`` tries each EVERYth case and says what came of them. A value comes as a
setting, in the request's control, or in a state that somebody edited. Either nothing runs and the answer says why, or
the job has exactly the value; and no program runs that the value named. Then ordinary values in ordinary commands: all
of them have to run. Programs that run code elsewhere (ssh, docker, psql, …) are stood in for by ones that do it here.
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

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
SOURCES = ("setting", "control", "state", "stored only", "listed, edited")

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

# What people write, {v} for the value, {n} for a number; and what the job's arguments have to be, %s for the value.
FORMS = [
    ("job {v}", ["%s"]),
    ("job '{v}' \"{v}\" a{v}b", ["%s", "%s", "a%sb"]),
    ("job --cpu {n} --name={v} -x {v}", ["--cpu", "4", "--name=%s", "-x", "%s"]),
    ('echo "CPU={v}" > env.sh; . ./env.sh; job $CPU', None),
    ("printf 'export CPU=%s\\n' {v} > env.sh; . ./env.sh; job \"$CPU\"", ["%s"]),
    ('mkdir -p out/{v} && cd out/{v} && sh -c "cd $PWD && job x"', None),
    ('gen() {{ echo "echo {v}"; }}; gen | sh', None),
    ("CFLAGS={v} make -f Makefile bench", None),
    ('make -f Makefile bench CFLAGS="-O2 {v}"', None),
    ("make -f Makefile -j {v} bench", None),
    ('R="sh -c"; docker exec web $R "job {v}"', ["%s"]),
    ("tar -{v} -cf out.tar data", None),
    ("tar -cf out-{v}.tar data", None),
    ("tar cf - --exclude {v} data >out.tar", None),
    ('pg_ctl -o "-c shared_buffers={v}" start', None),
    ('psql -c "SELECT run({v})"', None),
    ("psql -c \"SELECT '{v}' FROM t\"", None),
    ("mysql -e 'INSERT INTO t VALUES ({v})'", None),
    ("X={v} cat <<EOF\n$X\nEOF\n", None),
    ("cat <<EOF\n{v}\npwn\nEOF\n", None),
    ("cat <<'E'\n{v}\npwn\nE\njob {v}\n", None),
    ("cat <<-E\n\t{v}\n\tpwn\n\tE\n", None),
    ("job $(( {v} + 1 ))", None),
    ("n={n}; while [ $n -lt {v} ]; do n=$((n+9)); done; job x", None),
    ("let x={v}; job $x", None),
    ("a=(1 2); job ${{a[{v}]}}", None),
    ("X=abc; job ${{X:{v}}}", None),
    ("job ${v}", None),
    ("job {v}>log", None),
    ("job {v} >log 2>&1", ["%s"]),
    ("job x >log-{v} 2>&1", None),
    ("sh -c 'job {v}'", ["%s"]),
    ("sh -c \"job '{v}'\"", ["%s"]),
    ("sh -c 'job \"$1\"' sh {v}", ["%s"]),
    ("sh -c \"{v} x\"", None),
    ("bash -ec 'set -e; job {v}'", ["%s"]),
    ("sh -c \"sh -c 'job {v}'\"", ["%s"]),
    ("eval job {v}", ["%s"]),
    ("eval \"job {v}\"", ["%s"]),
    ("ssh host job {v}", ["%s"]),
    ("ssh host 'cd /tmp && job {v}'", ["%s"]),
    ("ssh host 'sh -c \"job {v}\"'", ["%s"]),
    ('ssh host "{v} x"', None),
    ("docker run -e X={v} image job y", None),
    ("docker run --env=PATH={v} image job y", None),
    ("docker exec web job {v}", ["%s"]),
    ("kubectl exec pod -- job {v}", ["%s"]),
    ("sudo -u app job {v}", ["%s"]),
    ("nice -n 5 timeout 9 job {v}", ["%s"]),
    ("env -u X Y=1 job {v}", ["%s"]),
    ("PATH=/opt/{v}/bin:$PATH job x", None),
    ('PATH="{v}:$PATH" job x', None),
    ("export LD_LIBRARY_PATH={v}; job x", None),
    ("{v} x", None),
    ("./{v}", None),
    ("evil/{v} x", None),
    ("job a; {v}", None),
    ("job a | {v}", None),
    ("if true; then {v}; fi", None),
    ("job $({v})", None),
    ("echo {v} | xargs job", ["%s"]),
    ("echo a | xargs -I% job % {v}", ["a", "%s"]),
    ("find data -name {v} -exec job {{}} \\;", None),
    ("find data -type f -exec job {{}} {v} \\;", ["data/f", "%s"]),
    ("find data -type f -exec sh -c 'job {v}' \\;", ["%s"]),
    ('echo "* * * * * job {v}" | cron', ["%s"]),
    ("for i in {v} {v}; do job $i; done", ["%s"]),
    ("for {v} in a; do job x; done", None),
    ("case {v} in x) job a;; {v}) job {v};; esac", None),
    ("case x in {v}) job a;; *) job b;; esac; pwn=1", None),
    ("if [ {v} = x ]; then job a; else job {v}; fi", None),
    ("cd data\n{v}\njob x\n", None),
    ("job a \\\n  {v} \\\n  b", ["a", "%s", "b"]),
    ("read -r {v} < data/f; job x", None),
    ("trap {v} EXIT; job x", None),
    (". ./{v}", None),
    ("sh {v}", None),
    ("{v}() {{ job x; }}; {v}", None),
    ("job x{v}y-{v}.log", ["x%sy-%s.log"]),
    ("java -Xmx{v} -version", None),
    ("java {v} -version", None),
    ("curl -d {v} 'http://h/?a=1&b={v}'", None),
    ("awk 'BEGIN {{ print \"{v}\" }}'", None),
    ("python3 -c 'import sys; print(sys.argv[1])' {v}", None),
    ("job {n}{v} {v}-{n}", ["4%s", "%s-4"]),
    ("job {v}{v} x{v}.{v}", None),
    ("job -{v}{v} -{n}{v}", None),
    ("timeout 9 sh -c 'job {v} & wait'", ["%s"]),
    ("job `echo {v}`", ["%s"]),
    ("out=$(job {v}); echo \"$out\"", ["%s"]),
    ("job \"${{X:-{v}}}\"", None),
    ("[ {v} ] && job {v}", None),
    (["job", "{v}"], ["%s"]),
    (["job", "--name={v}", "a {v}", "{v}b"], ["--name=%s", "a %s", "%sb"]),
    (["{v}"], None),
    (["./{v}", "x"], None),
    (["sh", "-c", "job {v}"], ["%s"]),
    (["sh", "-c", "{v} x"], None),
    (["sh", "-c", "job \"$1\"", "sh", "{v}"], ["%s"]),
    (["sh", "-c", "job $(($1))", "sh", "{v}"], None),
    (["sh", "-c", "cat <<EOF\n{v}\npwn\nEOF"], None),
    (["bash", "-c", "cd data; job '{v}' | cat"], ["%s"]),
    (["ssh", "host", "job {v}"], ["%s"]),
    (["ssh", "host", "job", "{v}"], ["%s"]),
    (["ssh", "host", "{v} x"], None),
    (["docker", "exec", "web", "sh", "-c", "job {v}"], ["%s"]),
    (["docker", "run", "-e", "X={v}", "image", "job", "y"], None),
    (["env", "PATH=/opt/{v}/bin", "job", "x"], None),
    (["make", "-f", "Makefile", "bench", "CFLAGS={v}"], None),
    (["make", "-f", "Makefile", "{v}"], None),
    (["tar", "-{v}", "-cf", "out.tar", "data"], None),
    (["tar", "-cf", "/dev/null", "{v}"], None),
    (["xargs", "-a", "data/f", "job", "{v}"], ["%s", "one"]),
    (["find", "data", "-type", "f", "-exec", "job", "{v}", ";"], ["%s"]),
    (["psql", "-c", "SELECT run({v})"], None),
    (["java", "{v}", "-version"], None),
    (["python3", "-c", "import sys; print(sys.argv[1:])", "{v}"], None),
    (["cron", "* * * * * job {v}"], ["%s"]),
]  # fmt: skip

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
NORMAL = [form for form, arguments in FORMS if arguments]

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
    """A folder with the stand-ins for one shell, where commands run; ``hit`` is set once a canary is gone."""

    def __init__(self, folder, shell):
        self.shell = [shutil.which(SHELLS[shell][0]), *SHELLS[shell][1:]]
        self.root = os.path.join(folder, shell)
        self.programs = os.path.join(self.root, "bin")
        self.where = os.path.join(self.root, "where")
        self.canary = os.path.join(self.root, "canary")
        self.out = os.path.join(self.root, "out")
        os.makedirs(self.programs)
        for name, body in STAND_INS.items():
            self._program(os.path.join(self.programs, name), body)
        for name in ("sh", "bash"):
            self._program(os.path.join(self.programs, name), 'exec %s "$@"' % " ".join(self.shell))
        self.environment = {
            "PATH": self.programs + ":" + os.environ["PATH"], "CANARY": self.canary, "OUT": self.out, "HOME": self.where,
            "EVIL": "a[$(pwn)]", "PWN": "pwn", "SERVO_EVIL": "a[$(pwn)]", "SERVO_TITLE": "a[$(pwn)]", "SERVO_X": "$(pwn)",
        }  # fmt: skip
        self._lay_out()

    @staticmethod
    def _program(path, body):
        with open(path, "w") as stream:
            stream.write("#!/bin/dash\n%s\n" % body)
        os.chmod(path, 0o755)

    def _lay_out(self):
        shutil.rmtree(self.where, ignore_errors=True)
        for name in ("data", "evil/bin", "x"):
            os.makedirs(os.path.join(self.where, name))
        for name in ("evil/pwn", "pwn", "pwn.sh", "evil/rc", "evil/job", "evil/bin/job", "x/job", "I", "f"):
            self._program(os.path.join(self.where, name), STAND_INS["pwn"])
        for name, text in (("data/f", "one"), ("Makefile", MAKEFILE), ("evil/args", "pwn")):
            with open(os.path.join(self.where, name), "w") as stream:
                stream.write(text)
        self.names = {(folder, tuple(sorted(names))) for folder, _, names in os.walk(self.where)}

    def run(self, arguments):
        """Return the arguments that the job was given, all calls of it one after the other, and whether the canary lives."""
        if arguments[:2] == ["/bin/sh", "-c"]:
            arguments = [*self.shell, "-c", arguments[2]]
        elif arguments[0] in ("sh", "bash"):
            arguments = [*self.shell, *arguments[1:]]
        try:
            subprocess.run(
                [argument.encode("utf-8", "surrogateescape") for argument in arguments],
                cwd=self.where, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=20,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            pass
        given = b""
        if os.path.exists(self.out):
            with open(self.out, "rb") as stream:
                given = stream.read()
            os.unlink(self.out)
        lives = not os.path.exists(self.canary)
        if not lives:
            os.unlink(self.canary)
        if {(folder, tuple(sorted(names))) for folder, _, names in os.walk(self.where)} != self.names or not lives:
            self._lay_out()
        return given.decode("utf-8", "surrogateescape").split("\0")[:-1], lives


def filled(form, field):
    if isinstance(form, list):
        return [filled(item, field) for item in form]
    return form.replace("{v}", "{%s}" % field).replace("{n}", "{web.n}")


FIELDS = {
    "setting": "web.free",
    "control": "control.v",
    "state": "state[application][components][web][settings][free][value]",
    "stored only": "web.extra",
    "listed, edited": "web.listed",
}


def configured(folder, form, source):
    """Return the configuration of a form with its values from a source, or None where it is refused."""
    path = os.path.join(folder, "config.json")
    settings = {
        "n": {"min": 1, "max": 8, "value": 4},
        "free": {"value": "x"},
        "listed": {"type": "enum", "values": ["x"], "value": "x"},
    }
    default_state = {"application": {"components": {"web": {"settings": settings}}}}
    with open(path, "w") as stream:
        json.dump({"batch": {"command": filled(form, FIELDS[source]), "default_state": default_state}}, stream)
    try:
        return config.load(path)
    except ServoError as error:
        if error.reason == "bad-config" and "batch.command" in error.message:
            return None
        raise


def rendered(read, source, value):
    """Return the arguments that measure would execute, or None after a look at why there are none."""
    name = FIELDS[source].split(".")[-1] if source != "state" else "free"
    stored = {"components": {"web": {"settings": {} if source == "control" else {name: {"value": value}}}}}
    try:
        state.refuse_problems(read.settings, stored, "_state.json")
        application = read.settings.current(stored)
        return list(measurement.plan(read, application, {"v": value} if source == "control" else {}).job.command)
    except ServoError as error:
        reasons = ("bad-request",) if source == "control" else ("bad-state", "bad-config")
        if error.reason in reasons or "the shell cannot read" in error.message:
            return None
        raise


def cases(folder, values, forms, every=1, sources=SOURCES):
    """Yield (form, arguments or None that are due, value, what would be executed or None), each EVERYth."""
    number = 0
    due = {str(form): arguments for form, arguments in FORMS}
    for form in forms:
        for source in sources:
            begin, number = number, number + len(values)
            chosen = [value for at, value in enumerate(values, begin) if at % every == 0]
            read = configured(folder, form, source) if chosen else None
            for value in chosen:
                yield form, due[str(form)], value, rendered(read, source, value) if read else None


def try_all(folder, values, forms, every=1, shells=FOUND, sources=SOURCES, must_run=False):
    """Return how many cases there were, how many ran, and a line for each that went wrong."""
    ranges = {shell: Range(folder, shell) for shell in shells}
    counts = collections.Counter()
    wrong, seen = [], set()
    for form, due, value, arguments in cases(folder, values, forms, every, sources):
        counts["cases"] += 1
        if arguments is None:
            if must_run:
                wrong.append("refused: %r with %r" % (form, value))
            continue
        if (str(form), tuple(arguments)) in seen:
            continue
        seen.add((str(form), tuple(arguments)))
        for shell, where in ranges.items():
            counts["runs"] += 1
            given, lives = where.run(arguments)
            expected = due and [each.replace("%s", str(value)) for each in due]
            if not lives:
                wrong.append("hit: %s: %r with %r" % (shell, form, value))
            elif expected is not None and given[: len(expected)] != expected:
                wrong.append("not itself: %s: %r with %.80r gives %.200r" % (shell, form, value, given))
    return counts, wrong


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "a"))
        os.makedirs(os.path.join(folder, "b"))
        os.chdir(folder)
        forms = [form for form, _ in FORMS]
        print("%d values, %d forms, %d sources, %s" % (len(VALUES), len(FORMS), len(SOURCES), ", ".join(FOUND)))
        for title, found in (
            ("hostile", try_all(os.path.join(folder, "a"), VALUES, forms, int((sys.argv[1:] or [1])[0]))),
            (
                "ordinary",
                try_all(
                    os.path.join(folder, "b"), ORDINARY, NORMAL, shells=("dash",), sources=("control",), must_run=True
                ),
            ),
        ):
            print(title, dict(found[0]), "%d wrong" % len(found[1]))
            print("".join(line + "\n" for line in found[1][:200]), end="")

"""Random commands with a placeholder in a random place, run by real shells with hostile values, and a canary.

``python3 tests/support/shell_generator.py COUNT [SEED]`` (with PYTHONPATH=src) tries COUNT and says what came of them.
"""

import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

from servo_batch.command import render, template

SHELLS = {
    "dash": "dash",
    "bash": "bash",
    "busybox": "busybox",
    "mksh": "mksh",
    "ksh93": "ksh93",
    "zsh": "zsh",
}
FOUND = [name for name in SHELLS if shutil.which(SHELLS[name])]
TOOLS = [
    "env",
    "nice",
    "timeout",
    "nohup",
    "setsid",
    "xargs",
    "find",
    "stdbuf",
    "flock",
    "touch",
    "cat",
    "expr",
    "true",
    "false",
    "tee",
    "head",
    "time",
    "chroot",
    "grep",
    "rm",
    "tar",
]
# Programs that are not run for real: what each does with its words.
STUBS = {
    "job": ":",
    "run": ":",
    "retry": 'exec "$@"',
    "docker": 'shift 2; exec "$@"',
    "ssh": 'shift; if [ "$#" = 0 ]; then exec sh; else exec sh -c "$*"; fi',
    "watch": 'exec sh -c "$*"',
    "hyperfine": 'for each; do sh -c "$each"; done',
    "su": 'exec sh "$@"',
    "make": 'for each; do sh -c "${each#*=}"; done',
}
CANARY = "pwned"
VALUES = [
    "$(>pwned)", "`>pwned`", ";>pwned;", "\n>pwned\n", "a[$(>pwned)0]", "a[`>pwned`]", "x;>pwned", "';>pwned;'", '";>pwned;"', "'$(>pwned)'",
    '"$(>pwned)"', "|>pwned", "&&>pwned", "-c>pwned", "-v", "-c", ">pwned", "touch pwned", "0;>pwned", "$((a[$(>pwned)]))", "\\';>pwned;'",
    "}`>pwned`", ")>pwned;(", "))>pwned;((", "E\n>pwned\n", ";;esac;>pwned;", "x=$(>pwned)", "PS4=$(>pwned)", "-Ssh -c '>pwned'", "-sh", "sh", "eval",
    "-a[$(>pwned)]", "a[$(>pwned)]=1", "!", "(", "-o", "--", "-I{}", "EXEC:>pwned", "--to-command=touch pwned", "./pwned;>pwned", "1 >pwned", "#\n>pwned",
    "${x:=$(>pwned)}", "\\$(>pwned)", "\\\n>pwned\n", "{a,>pwned}", "$'\\n>pwned'", "~", "*", "", " ", "-", "=sh", "a b",
]  # fmt: skip
LATE = []  # the batches that did not end in time, of which some cases were not run
PIECES = [
    "'", '"', "`", "$(", ")", "(", "((", "))", "${X:-", "${", "}", "$((", "$[", "$'", "$", "\\", "#", " #", "\n", ";", " ", "&& ",
    "<<E\n", "<<'E'\n", "<<-E\n", "\nE\n", "\n\tE\n", "echo ", "x", "X=", "case x in ", "x)", ";; ", " esac", "[[ ", " ]]", "eval ",
    "sh -c ", "let ", "export ", "| ", "if :; then ", "fi", "@V@", "@V@", "@V@", "@V@",
]  # fmt: skip
MARKS = {"@V@": "{w.v}", "@N@": "{w.n:d}", "@W@": "{w.v!w}"}


class Generator:
    """Random shell text, in which a mark stands for a placeholder."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def some(self, make, most=2, sep=" "):
        return sep.join(make() for _ in range(self.random.randrange(most + 1)))

    # Safe by construction: all of these must be accepted.

    def safe(self, depth=3):
        if depth == 0 or self.random.random() < 0.3:
            return self.safe_simple(depth)
        inner = lambda: self.safe(depth - 1)  # noqa: E731
        return self.one(
            lambda: "%s %s %s" % (inner(), self.one(";", "&&", "||", "\n"), inner()),
            lambda: "{ %s; }" % inner(),
            lambda: "( %s )" % inner(),
            lambda: "if %s; then %s; else %s; fi" % (inner(), inner(), inner()),
            lambda: "for i in @V@ 'a b' @N@; do %s; ./job \"$i\"; done" % inner(),
            lambda: "case @V@ in @V@|a) %s;; (*) ./job @V@;; esac" % inner(),
            lambda: "%s | %s" % (inner(), inner()),
            lambda: 'X=@V@; ./job "$X"; %s' % inner(),
            lambda: "! %s" % self.safe_simple(depth),
            lambda: 'f() { ./job "$1"; }; f @V@; %s' % inner(),
            lambda: "cat <<E\n@N@ $HOME\nE\n%s" % inner(),
            lambda: "./job $(%s)" % self.safe_simple(depth),
            lambda: 'echo $((@N@ + 1 - @N@)) "`expr @N@ + 1`"; %s' % inner(),
        )()

    def safe_simple(self, depth):
        wrappers = self.some(self.wrapper, 3)
        assignments = self.some(
            lambda: "%s=%s" % (self.one("A", "my_x", "JAVA_OPTS"), self.data().replace("@W@", "@V@")), 1
        )
        command = self.one(
            lambda: "./job " + self.some(self.data, 4),
            lambda: "job --cpu=%s %s" % (self.data(), self.some(self.data)),
            lambda: (
                "%s '%s' sh %s"
                % (self.shell_c(), self.one('./job "$1"', 'X=$1; ./job "$X"', './job "$@"'), self.some(self.data, 3))
            ),
            lambda: "%s %s" % (self.shell_c(), self.quoted("job @N@; job @N@ & wait")),
            lambda: "sh ./run.sh %s" % self.some(self.data, 3),
            lambda: "docker exec c ./job %s" % self.data(),
        )()
        redirection = self.one("", "", ">out", "2>&1", ">@V@", "</dev/null", ">>out 2>&1")
        return " ".join(filter(None, (assignments, wrappers, command, redirection)))

    def data(self):
        return self.one(
            "@V@", '"@V@"', "'@V@'", "a@V@b", '"a b@V@"', "--x=@V@", "@N@", "'a'@V@", "plain", '"$HOME"@V@', "@W@"
        )

    def wrapper(self):
        return self.one(
            "nice -n 5", "nice", "env A=@V@", "env -u B", "timeout 5", "timeout -k 1 5", "nohup", "setsid", "stdbuf -oL", "command", "retry",
            "timeout @N@",
        )  # fmt: skip

    def shell_name(self):
        return self.one("sh", "sh", "bash", "dash", "mksh", "ksh93", "zsh", "busybox sh", "'sh'", "s\\h")

    def shell_c(self):
        return "%s %s" % (
            self.shell_name(),
            self.one("-c", "-ec", "-ceu", "-c --", "-e -c", "-eu -c --", "-c -e", "-xc", "-c -o errexit"),
        )

    def quoted(self, text):
        if self.random.random() < 0.6:
            return "'%s'" % text.replace("'", "'\\''")
        return '"%s"' % "".join("\\" + char if char in '"$`\\' else char for char in text)

    # Anything: what is accepted of these must be safe.

    def any(self, depth=3):
        if depth == 0 or self.random.random() < 0.25:
            return self.any_simple(depth)
        inner = lambda: self.any(depth - 1)  # noqa: E731
        return self.one(
            lambda: "%s %s %s" % (inner(), self.one(";", "&&", "||", "\n", "&", "|", "|"), inner()),
            lambda: "%s | %s" % (self.one("echo @V@", "printf '%s\\n' @V@", "cat @V@"), inner()),
            lambda: "{ %s; }" % inner(),
            lambda: "(%s)" % inner(),
            lambda: "if %s; then %s; fi" % (inner(), inner()),
            lambda: "for %s in %s; do %s; done" % (self.name(), self.arg(), inner()),
            lambda: "case %s in %s) %s;; esac" % (self.arg(), self.arg(), inner()),
            lambda: "%s=%s; %s" % (self.name(), self.arg(), inner()),
            lambda: "f() { %s; }; f %s" % (inner(), self.arg()),
            lambda: "set -- %s; %s" % (self.arg(), inner()),
            lambda: (
                "%s <<%s\n%s\nE\n"
                % (
                    self.any_simple(depth),
                    self.one("E", "'E'"),
                    self.one(self.arg(), "$X", "$((X))", "$(%s)" % inner()),
                )
            ),
            lambda: "%s <<< %s" % (self.any_simple(depth), self.arg()),
            lambda: "%s < <(%s)" % (self.any_simple(depth), inner()),
            lambda: "[[ %s %s %s ]]" % (self.arg(), self.one("-eq", "=", "<"), self.arg()),
            lambda: "while read -r %s; do %s; done <<E\n@N@\nE\n" % (self.name(), inner()),
            lambda: "printf '%%s\\n' @V@ | while read -r %s; do %s; done" % (self.name(), inner()),
            lambda: "alias j=%s\nj %s" % (self.quoted(inner()), self.arg()),
            lambda: "trap %s EXIT" % self.quoted(inner()),
            lambda: "eval %s" % self.quoted(inner()),
            lambda: (
                "%s %s %s %s" % (self.shell_any(), self.quoted(inner()), self.one("sh", "x", ""), self.some(self.arg))
            ),
        )()

    def name(self):
        return self.one(
            "X", "X", "n", "PS4", "ENV", "IFS", "OPTIND", "SECONDS", "RANDOM", "COLUMNS", "PATH", "X[@V@]", "BASH_ENV"
        )

    def arg(self):
        return self.one(
            "@V@", "@V@", "@V@", '"@V@"', "'@V@'", "a@V@", "@N@", "@W@", '"$X"', "$X", '"$1"', "$1", '"$@"', "$n", "$((X))", "$((n + 1))", "$(( @V@ ))",
            "$((@N@))", "`echo @V@`", "$(echo @V@)", '"$(echo "@V@")"', "${X:-@V@}", "${!X}", "${X@P}", "${X:n}", "n", "X", "-c", "-v", "--", "$'@V@'", "\\@V@",
            "1", "plain", "{}", "%", "*", "[a]", "# @V@", "> @V@", ">& @V@", "2>&1", "<(echo @V@)", ">(sh)", '"$(cat)"', '$"sh"', "$'sh'", "X=@V@", "-@V@", "--x=@V@", "$@V@", "{a,@V@}",
        )  # fmt: skip

    def any_simple(self, depth):
        wrappers = self.some(lambda: self.one(self.wrapper(), self.wrapper(), self.wild_wrapper()), 2)
        assignments = self.some(lambda: "%s=%s" % (self.name(), self.arg()), 1)
        command = self.one(
            lambda: "job " + self.some(self.arg, 3),
            lambda: "%s %s" % (self.builtin(), self.some(self.arg, 3)),
            lambda: "%s %s %s" % (self.shell_any(), self.arg(), self.some(self.arg, 3)),
            lambda: "%s %s sh %s" % (self.shell_c(), self.quoted(self.inside()), self.some(self.arg)),
            lambda: "%s host %s" % (self.one("ssh", "watch", "hyperfine", "su -c", "make"), self.some(self.arg)),
            lambda: "%s %s" % (self.arg(), self.some(self.arg, 2)),
            lambda: self.one(
                "sh",
                "sh -s",
                "sh -",
                "ssh host",
                "xargs sh -c",
                "xargs -I% sh -c 'echo %'",
                "xargs job",
                "xargs -I% job %",
                "cat",
                ". /dev/stdin",
            ),
            lambda: "[ %s %s %s ]" % (self.arg(), self.one("-gt", "=", "-a", "-o", "-v", ""), self.arg()),
        )()
        return " ".join(filter(None, (assignments, wrappers, command)))

    def inside(self):
        return self.one(
            'job "$1"', 'eval "$1"', "echo $(($1))", '[ "$1" -gt 0 ]', 'sh -c "$1"', "$1", "echo @V@", "echo $X; echo $((X))", 'sh -c "job $2"', ". $1",
            'set -- "$@"; eval "$2"', 'n=$1; echo $((n))', 'f() { sh -c "$1"; }; f "$1"', "printf %d \"$1\"", 'echo "$1" | sh', "job @N@",
        )  # fmt: skip

    def wild_wrapper(self):
        return self.one(
            "env X=@V@",
            "env @V@", "env -S", "env -iS", "nice @V@", "timeout @V@", "xargs", "xargs -I%", "exec", "builtin", "command -p", "time", "coproc", "!", "docker exec c",
            "find . -maxdepth 0 -exec", "flock lock", "flock lock -c", '"$X"', "$SHELL", "busybox", "setsid -w", "retry retry", "noglob", "-",
        )  # fmt: skip

    def shell_any(self):
        options = [
            "-c",
            "-ec",
            "-ce",
            "-cx",
            "-c -l",
            "-c -o pipefail",
            "-e -c --",
            "-s",
            "-s --",
            "",
            "-e",
            "--",
            "-",
            "+e -c",
            "-O extglob -c",
            "--norc -c",
            "-o errexit -c",
        ]
        return "%s %s" % (self.shell_name(), self.random.choice(options))

    def builtin(self):
        return self.one(
            "eval", "trap", "let", "unset", "read", "export", "declare", "typeset -i", "local", "readonly", "printf", "printf %d", "printf %s", "printf -v",
            "test", "[", "shift", "exit", "return", "set", "set --", ".", "source", "command", "exec", "getopts", "ulimit", "umask", "cd", "echo", "kill -0",
            "wait", "alias", "hash", "type", "print", "integer", "nameref", "break", "sleep 0", "false", ":", "true", "test -t", "mapfile", "emulate sh -c",
        )  # fmt: skip

    def soup(self):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(1, 14)))

    def mutated(self, text):
        pieces = [
            "'",
            '"',
            "`",
            "$(",
            ")",
            "((",
            "))",
            "${",
            "}",
            "\\",
            "#",
            "\n",
            ";",
            " ",
            "&",
            "|",
            "<",
            ">",
            "<<E\n",
            "\nE\n",
            "@V@",
            "$",
            "in",
            "esac",
            "!",
            "=",
        ]
        for _ in range(self.random.randrange(1, 3)):
            at = self.random.randrange(len(text) + 1)
            gone = self.one(0, 0, 1, 2)
            text = text[:at] + self.one("", self.random.choice(pieces)) + text[at + gone :]
        return text


class Case(collections.namedtuple("Case", ("shell", "source", "value", "script"))):
    """A command, the value in it, what is run, and the shell that is /bin/sh."""


def template_of(marked):
    source = marked.replace("{", "{{").replace("}", "}}")
    for mark, placeholder in MARKS.items():
        source = source.replace(mark, placeholder)
    return source


def rendered(source, value, number=3):
    names = render.values(
        {"application": {"components": {"w": {"settings": {"v": {"value": value}, "n": {"value": number}}}}}}, {}
    )
    return render.render(template.parse_script(source), names)[2]


def cases(count, seed, figures):
    """Yield what is accepted of ``count`` random commands; ``figures`` counts, and lists those refused that are safe."""
    generator = Generator(seed)
    for _ in range(count):
        kind = generator.one("safe", "any", "any", "mutated", "mutated", "soup")
        marked = generator.safe() if kind == "safe" else generator.any()
        if kind == "mutated":
            marked = generator.mutated(generator.one(marked, generator.safe()))
        if kind == "soup":
            marked = generator.soup()
        source = template_of(marked)
        value = generator.random.choice(VALUES)
        figures[kind] += 1
        try:
            script = rendered(source, value, generator.one(3, 0, -2))
        except Exception as error:
            if kind == "safe" and "cannot be split" not in str(error):
                figures["refused safe"] += 1
                figures.setdefault("wrong", []).append((source, str(error)))
            continue
        figures["accepted " + kind] += 1
        yield Case(generator.random.choice(FOUND), source, value, script)


def prepare(folder):
    """Make a folder for each shell, in which it is ``sh`` and nothing else is found than these programs."""
    for shell in FOUND:
        path = os.path.join(folder, shell)
        os.makedirs(path)
        for tool in TOOLS + FOUND:
            if shutil.which(tool):
                os.symlink(shutil.which(tool), os.path.join(path, tool))
        os.symlink(shutil.which(SHELLS[shell]), os.path.join(path, "sh"))
        for name, body in STUBS.items():
            with open(os.path.join(path, name), "w") as stream:
                stream.write("#!/bin/dash\n%s\n" % body)
            os.chmod(os.path.join(path, name), 0o755)


def run(folder, batch, limit=70):
    """Run the cases one after another; return whether the canary is there afterwards. All share a shell as /bin/sh."""
    work = tempfile.mkdtemp(dir=folder)
    path = os.path.join(folder, batch[0].shell)
    for name in ("job", "run.sh"):
        shutil.copy(os.path.join(path, "job"), os.path.join(work, name))
    line = "timeout -s KILL 2 sh -c %s </dev/null >/dev/null 2>&1\n"  # some nonsense keeps a shell waiting
    script = "".join(line % render.quote(case.script) for case in batch)
    process = subprocess.Popen(
        ["/bin/dash", "-s"],
        cwd=work,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": path, "HOME": work, "SHELL": os.path.join(path, "sh")},
        start_new_session=True,
    )
    try:
        process.communicate(script.encode("utf-8", "surrogateescape"), timeout=limit)
    except subprocess.TimeoutExpired:
        LATE.append(batch)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    there = os.path.exists(os.path.join(work, CANARY))
    shutil.rmtree(work, ignore_errors=True)
    return there


def attack(count, seed, folder, size=20):
    """Return figures of ``count`` random commands, and the cases that ran a value."""
    prepare(folder)
    figures = collections.Counter()
    broken = []
    waiting = {shell: [] for shell in FOUND}

    def flush(shell):
        batch, waiting[shell] = waiting[shell], []
        if batch and run(folder, batch):
            broken.extend(case for case in batch if run(folder, [case]))
        figures["run"] += len(batch)

    for case in cases(count, seed, figures):
        waiting[case.shell].append(case)
        if len(waiting[case.shell]) == size:
            flush(case.shell)
    for shell in FOUND:
        flush(shell)
    return figures, broken


def main(count, seed, chunk=500):
    """Try ``count`` commands, and print the figures so far after each chunk."""
    total = collections.Counter()
    for start in range(0, count, chunk):
        with tempfile.TemporaryDirectory() as scratch:
            figures, ran = attack(min(chunk, count - start), seed + start, scratch)
        for source, error in figures.pop("wrong", []):
            print("refused", repr(source), error)
        for case in ran:
            print("RAN", *map(repr, case), sep="\n   ")
        total.update(figures, tried=min(chunk, count - start), canary=len(ran))
        print(dict(sorted(total.items())), "batches cut short:", len(LATE), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)

"""Which programs take words as code, and which hand them on to another: the tables, each with its reason.

Sources: POSIX.1-2017, Shell and Utilities; the manual page of each program. What a program that is not here does with
its words is its own affair, but a program of these tables among its words counts as one that it may start.
"""

from servo_batch.command.marks import NUMBER

# What a version may add to a program's name: bash5, python3.11, ksh{control.n:d}.
VERSION_CHARS = "0123456789.-" + NUMBER


def _names(text: str) -> "frozenset[str]":
    return frozenset(text.split())


# Shells: sh [options] [-c script [name]] [file] [argument…]
SHELLS = _names(
    "sh bash rbash dash ash ksh mksh rmksh lksh rlksh pdksh ksh93 ksh93u+m rksh rksh93 oksh loksh zsh rzsh yash posh "
    "hush sash bosh pbosh mrsh fish"
)
SHELL_FLAGS = frozenset("acefhilmnpstuvxCEBHP")  # options without a value that shells agree about
SHELL_VALUE_FLAGS = frozenset("oO")  # set -o NAME, bash's shopt -O NAME
SHELL_LONG_FLAGS = _names("--login --noediting --noprofile --norc --posix --restricted --verbose")
APPLETS = frozenset(("busybox", "toybox"))  # the next word is the program

# Words that begin or end a command of other commands, as the first word of one.
RESERVED = _names("if then elif else fi do done case esac while until for select function coproc repeat foreach in")
PREFIXES = _names("time nocorrect")

# Builtins of dash, bash, busybox, mksh, ksh93 and zsh, but for those that take words as data in each of them. When
# tried, these ran `a[$(…)]` or `$(…)` in one at least: break continue declare eval exit export getln getopts integer
# let local logout nameref print printf read readonly return shift test typeset ulimit unset. To the others no job gives
# a value.
CODE_BUILTINS = _names(
    "alias autoload bind bindkey break bye caller compadd comparguments compcall compctl compdescribe compfiles "
    "compgen compgroups complete compopt compound compquote compset comptags comptry compvalues continue dirs "
    "disable disown echotc echoti emulate enable enum eval exit fc float functions getln getopts global hash help "
    "hist history integer let limit logout mapfile nameref newgrp popd print private pushd pushln r read "
    "readarray redirect rehash repeat return sched setopt shift shopt strftime suspend syserror sysopen sysread "
    "sysseek syswrite trap ttyctl type ulimit umask unalias unfunction unhash unlimit unset unsetopt vared whence "
    "where zcompile zf_chgrp zf_chmod zf_chown zf_ln zf_mkdir zf_mv zf_rm zf_rmdir zf_sync zformat zle zmodload "
    "zparseopts zregexparse zstat zstyle zsystem foreach"
)
# Of these, those whose words are arithmetic: a name in them stands for its value, evaluated again.
ARITHMETIC_BUILTINS = _names("let shift exit return break continue ulimit")
SCRIPT_BUILTINS = _names("eval trap")  # … and those whose words are scripts
# With an option these give a name a meaning (an integer, a reference) by which its values become code.
DECLARING = _names("export readonly local declare typeset")
DECLARING_ALWAYS = _names("alias integer float nameref enum compound autoload functions private")
COMMAND_WRAPPERS = _names("command builtin exec noglob -")  # … of a builtin too

# Programs that start the program in their words: options with a value of its own, words before the program.
WRAPPERS = {
    "nice": ("-n --adjustment", 0),
    "nohup": ("", 0),
    "setsid": ("", 0),
    "timeout": ("-s -k --signal --kill-after", 1),
    "stdbuf": ("-i -o -e --input --output --error", 0),
    "ionice": ("-c -n -p --class --classdata", 0),
    "chrt": ("-T -P -D", 1),
    "taskset": ("", 1),
    "numactl": ("-i -m -N -C -p --interleave --membind --cpunodebind --physcpubind --preferred", 0),
    "env": ("-u -C -a --unset --chdir --argv0", 0),
    "sudo": ("-u -g -h -p -C -r -t -U -D -R -T --user --group --host --prompt --chdir --chroot", 0),
    "doas": ("-u -C", 0),
    "xargs": ("-n -P -I -J -L -s -d -E -a --max-args --max-procs --delimiter --arg-file --max-lines --max-chars", 0),
    "time": ("-f -o --format --output", 0),
    "command": ("", 0),
    "builtin": ("", 0),
    "exec": ("-a", 0),
    "noglob": ("", 0),
    "-": ("", 0),
    "flock": ("-w -E --timeout --wait --conflict-exit-code", 1),
    "chroot": ("", 1),
    "strace": ("-o -e -p -s -u -E -a -I -O -S -P -b -X", 0),
    "ltrace": ("-o -e -p -s -u -a -A -D -F -l -n -w -x", 0),
    "unshare": ("", 0),
    "nsenter": ("-t -S -G --target --setuid --setgid", 0),
    "caffeinate": ("-t -w", 0),
    "systemd-inhibit": ("", 0),
}
# An option of a wrapper that makes what follows, or a shell reads, code.
WRAPPER_CODE_OPTIONS = {
    "env": ("S", "--split-string"),
    "sudo": ("sie", "--shell --login --edit"),
    "doas": ("s", ""),
    "flock": ("c", "--command"),
}
STARTS_A_SHELL = _names("sudo doas chroot unshare nsenter")  # … where no program is named

# Programs that take their words as code, or give them to a shell: why, and the way out.
_BY_ENVIRONMENT = "give it through the environment to a literal script: X={v} %s … '… \"$X\" …'"
_BY_RECIPE = 'give it through the environment, X={v} %s …, and write "$$X" in the recipe'
_BY_INPUT = "send it as input: printf '%%s\\n' {v} | %s HOST 'IFS= read -r x; run \"$x\"'"
_BY_FILE = 'put what is done into a script of its own that has "$1" for it, and write ./SCRIPT {v}'
CODE_PROGRAMS = {
    name: (why, way_out % name if "%s" in way_out else way_out)
    for names, why, way_out in (
        ("ssh rsh remsh rlogin slogin", "gives its words to a shell on the other side", _BY_INPUT),
        ("mosh autossh sshpass", "gives its words to a shell on the other side", _BY_FILE),
        ("pdsh pssh parallel-ssh clush dsh", "gives its words to shells on the other side", _BY_FILE),
        ("su runuser watch entr parallel sem hyperfine script", "gives its words to a shell", _BY_ENVIRONMENT),
        ("npx nodemon concurrently", "gives its words to a shell", _BY_ENVIRONMENT),
        ("adb ansible salt fab heroku", "gives its words to a shell on the other side", _BY_FILE),
        ("make gmake bmake nmake just ninja", "expands its words in commands of a shell", _BY_RECIPE),
        ("at batch crontab qsub bsub", "gives what it reads to a shell", _BY_FILE),
        ("tmux screen byobu dtach zellij xterm", "gives its words to a shell", _BY_FILE),
        ("vim vi nvim view ex ed emacs nano", "takes its words as commands, which start programs", _BY_FILE),
        (
            "csh tcsh xonsh elvish osh ysh pwsh powershell",
            "takes its words as commands, which start programs",
            _BY_FILE,
        ),
        ("expect gdb lldb", "takes its words as commands, which start programs", _BY_FILE),
        ("less more man", "takes words that begin with + as commands", _BY_FILE),
        ("sqlite3 psql mysql mariadb duckdb", "takes its words as commands, which start programs", _BY_FILE),
        ("socat", "takes its words as addresses, EXEC:… among them", _BY_FILE),
        ("start-stop-daemon systemd-run", "takes its words as what to run", _BY_FILE),
    )
    for name in names.split()
}
# Of these, those of which a word may be a script for a shell.
SCRIPT_PROGRAMS = frozenset(name for name, (why, _) in CODE_PROGRAMS.items() if "shell" in why)
# … and those to which a command after the host, or an option, says what to do with their input.
COMMAND_OPERAND = _names("ssh slogin rsh remsh")
SSH_VALUE_FLAGS = "BbcDEeFIiJLlmOopQRSWw"
COMMAND_OPTION = {"su": ("c", "--command"), "runuser": ("c", "--command"), "script": ("c", "--command")}

# Programs that run what certain options say; a value that begins with `-` would be such an option.
CODE_OPTIONS = {
    "tar": ("IF", "--to-command --checkpoint-action --use-compress-program --info-script --new-volume-script "
            "--rsh-command --rmt-command"),
    "bsdtar": ("", "--use-compress-program"),
    "rsync": ("e", "--rsh --rsync-path"),
    "scp": ("So", ""),
    "sftp": ("So", ""),
    "git": ("cxu", "--exec-path --upload-pack --receive-pack --exec --config-env --extcmd --config"),
    "hg": ("", "--config --ssh --remotecmd"),
    "sort": ("", "--compress-program"),
    "zip": ("T", "--unzip-command"),
    "wget": ("", "--use-askpass"),
    "split": ("", "--filter"),
}  # fmt: skip
# … but not after these commands of git, of which no option runs what follows it.
DATA_SUBCOMMANDS = {"git": _names("add checkout commit log reset restore rev-parse show status switch tag")}
# Programs of which one option only holds a script, in a spelling of its own; what else they take is data.
SCRIPT_OPTIONS = {
    "sbatch": ("--wrap", "give it as an argument of a script's file: sbatch job.sh {v}"),
    "nix-shell": ("--run", "give it through the environment: X={v} nix-shell --run '… \"$X\" …'"),
    "salloc": ("--wrap", "give it as an argument of a script's file"),
}

# Interpreters of other languages. Options that are followed by program text, letters and long ones; whether the first
# word is program text where none of them is there; other options with a value of their own.
LANGUAGES = {
    name: rule
    for names, rule in (
        ("python pypy", ("c", "", False, "-W -X")),
        ("perl", ("eE", "", False, "-I -M -m -F")),
        ("ruby jruby", ("e", "", False, "-I -r -C")),
        ("node nodejs bun", ("ep", "--eval --print", False, "-r --require --import")),
        ("deno", ("", "eval", False, "")),
        ("php", ("rBRE", "--run", False, "-c -d -z")),
        ("lua luajit", ("e", "", False, "-l")),
        ("Rscript R", ("e", "", False, "")),
        ("julia", ("eE", "--eval --print", False, "-J -t -p -C")),
        ("groovy scala elixir", ("e", "", False, "-cp")),
        ("erl", ("", "-eval -run -s", False, "-pa -name")),
        ("octave matlab", ("r", "--eval -batch", False, "")),
        ("awk gawk mawk nawk original-awk", ("e", "--source", True, "-v -F -i -l")),
        ("sed gsed", ("e", "--expression", True, "-l")),
        ("jq yq", ("", "", True, "--indent")),
        ("tclsh wish", ("c", "", False, "")),
        ("gnuplot", ("e", "", False, "")),
        ("bc dc", ("e", "--expression", False, "")),
        ("m4", ("", "", False, "-I")),
        ("osascript", ("e", "", False, "-l")),
    )
    for name in names.split()
}
FILE_OPTIONS = ("-f", "--file", "-m")  # with one of these the program stands elsewhere

# Programs whose output is made of their words: as the first command of a pipeline they have no failure to hide.
PRODUCERS = _names("echo printf cat yes seq true :")

# All of the programs above: a word that names none of them, and has no script of a shell in it, nobody takes as code.
PROGRAMS = frozenset(("find",)).union(SHELLS, APPLETS, WRAPPERS, CODE_PROGRAMS, CODE_OPTIONS, SCRIPT_OPTIONS, LANGUAGES)
# … and all of the builtins, which only a first word can name.
BUILTINS = frozenset((".", "source", "[", "test", "printf", "set")).union(CODE_BUILTINS, DECLARING)
# Those that have versions, and builds that are called so.
_WITH_VERSIONS = SHELLS.union(CODE_PROGRAMS, LANGUAGES)


def program(word: str) -> str:
    """Return the program that a word names, as these tables call it: ``/bin/bash5.2``, ``mksh-static``, ``sh.exe``."""
    name = word.rpartition("/")[2]
    if name[:-4] and name.lower().endswith(".exe"):
        name = name[:-4]
    known = without_version(name)
    return known if known in _WITH_VERSIONS and name not in _WITH_VERSIONS else name


def without_version(name: str) -> str:
    """Return a program's name without its version, and without what says that it is linked by itself."""
    name = name.rstrip(VERSION_CHARS)
    if name.endswith("-static"):
        name = name[: -len("-static")].rstrip(VERSION_CHARS)
    return name[len("static-") :] if name.startswith("static-") else name

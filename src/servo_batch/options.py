"""The command line: every option of every verb in one table, and what the arguments of a call say by it.

Read by hand: argparse takes longer to import than all that a short call does.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

VERBS = ("adjust", "measure", "compare", "check", "history", "tune", "servo", "help")
# The verbs that a file can be called by, and the names that mean the file as a whole.
CALLED_BY = ("adjust", "measure", "servo")
WHOLE = ("servo-batch", "servo_batch", "servobatch")

MOST = 1000000  # runs, measurements, …
CONFIG_ENDINGS = (".yaml", ".yml", ".json")
TAKE_SETTINGS = ("adjust", "measure", "compare", "tune")
TAKE_APP_ID = ("adjust", "measure", "servo")


class UsageError(ValueError):
    """What is wrong with the command line, as one sentence."""


class Option:
    """One option: its ``name``, what its ``value`` is called (None: it takes none), its ``verbs``, and what it means.

    The value's name says what it has to be: JSON, FACTOR, SECONDS or NAME=REGEX, N for a whole number of at ``least``
    so much; else it is text. ``short`` is its other name.
    """

    __slots__ = ("least", "meaning", "name", "short", "value", "verbs")

    def __init__(
        self, name: str, value: "Optional[str]", verbs: str, meaning: str, least: int = 0, short: "Optional[str]" = None
    ) -> None:
        self.name = name
        self.value = value
        self.verbs = verbs.split()
        self.meaning = meaning
        self.least = least
        self.short = short


OPTIONS = (
    Option(
        "--config",
        "FILE",
        "adjust measure compare check history tune",
        "the configuration; else $OPTUNE_CONFIG, ./config.yaml, ./config.yml or ./config.json",
    ),
    Option(
        "--command",
        "COMMAND",
        "measure compare tune",
        "the job, in place of a configuration; its settings are the C.S=VALUES of the command line",
    ),
    Option(
        "--metric",
        "NAME=REGEX",
        "measure compare tune",
        "with --command: a metric, the first group of a pattern in what the job prints; may be repeated",
    ),
    Option(
        "--state",
        "FILE",
        "adjust measure compare check tune",
        "where the settings are stored; else $OPTUNE_STATE, batch.state or ./_state.json",
    ),
    Option("--control", "JSON", "measure compare check tune", "control values, laid over those of the request"),
    Option("--runs", "N", "measure", "how many runs of the job make the measurement; else batch.runs, or 1", least=1),
    Option("--runs", "N", "compare", "how many runs each combination gets; else 3", least=1),
    Option(
        "--warmup-runs",
        "N",
        "measure compare",
        "how many runs come first and do not count; else batch.warmup_runs, or 0",
    ),
    Option(
        "--history",
        "FILE",
        "measure compare history tune",
        "the file in which measurements are recorded; else batch.history",
    ),
    Option("--measurements", "N", "tune", "how many measurements to make in all; else 30", least=1),
    Option("--budget", "DURATION", "tune", "begin no measurement that would end later than this, like 90m or 2h"),
    Option("--cap", "FACTOR", "tune", "stop a run that takes so many times the best so far, and count it as failed"),
    Option(
        "--minimize",
        "FORMULA",
        "compare history tune",
        "what is to be least, like '{total_runtime}'; else batch.objective",
    ),
    Option("--maximize", "FORMULA", "compare history tune", "what is to be most"),
    Option(
        "--confirm", "N", "tune", "how often to measure the best and the default again at the end; else 3, 0 for never"
    ),
    Option("--seed", "N", "tune", "another number makes other proposals; else 0"),
    Option("--show-output", None, "measure", "show what the job prints, on stderr, as it comes"),
    Option(
        "--keep-output",
        "FILE",
        "measure",
        "keep what the job prints to stdout in this file, and what to stderr in FILE.stderr",
    ),
    Option("--output", "FILE", "check", "what the job once printed: try the metrics on it"),
    Option("--all", None, "history", "show each measurement, not each combination of settings"),
    Option("--markdown", None, "compare history", "write the table as Markdown"),
    Option("--csv", None, "compare history", "write all of it as CSV"),
    Option("--json", None, "compare history", "write all of it as JSON"),
    Option("--svg", "FILE", "compare history", "draw a picture of it into this file"),
    Option("--json", None, "adjust measure tune", "answer in JSON also at a terminal"),
    Option("--info", None, "adjust measure", "say what the driver can do"),
    Option("--query", None, "adjust", "say what the settings are"),
    Option("--describe", None, "adjust", "the same as --query"),
    Option("--describe", None, "measure", "say which metrics there are"),
    Option("--reset", None, "adjust", "remove what is stored, back to the default state"),
    Option("--account", "NAME", "servo", "the account's name at the service; else $OPTUNE_ACCOUNT"),
    Option("--auth-token", "FILE", "servo", "the token's file; else /run/secrets/optune_auth_token"),
    Option("--no-auth", None, "servo", "send no token; plain http to any host is then allowed"),
    Option("--url", "URL", "servo", "the service's address; else made from the account and APP_ID"),
    Option("--agent", "NAME", "servo", "how the agent calls itself; else servo-batch and the version", short="-a"),
    Option("--delay", "SECONDS", "servo", "wait so long before the first request; else 0", short="-d"),
    Option("--interactive", None, "servo", "ask at the terminal before each command", short="-i"),
    Option("--verbose", None, "servo", "log what is exchanged with the service", short="-v"),
    Option("--version", None, " ".join(VERBS), "say the version, and a digest of the sources that run"),
    Option("--help", None, " ".join(VERBS), "say this", short="-h"),
)
# Of each of these only one can be given; the first are questions, which a verb answers in place of what it does.
QUESTIONS = ("--help", "--version", "--info", "--query", "--describe", "--reset")
EXCLUSIVE = (
    QUESTIONS,
    ("--config", "--command"),
    ("--state", "--command"),
    ("--minimize", "--maximize"),
    ("--markdown", "--csv", "--json"),
    ("--auth-token", "--no-auth"),
)


class Options:
    """What a command line says: ``given`` options by name, the ``question`` among them, settings, and the APP_ID.

    A value is a string, but for --control (a mapping), --metric (a list of names and patterns), whole numbers and
    numbers; True where an option takes none. An assignment is a component, a setting and the text behind its ``=``.
    """

    def __init__(
        self,
        given: "Dict[str, Any]",
        assignments: "Optional[List[Tuple[str, str, str]]]" = None,
        app_id: "Optional[str]" = None,
    ) -> None:
        self.given = given
        self.question = next((name for name in QUESTIONS if name in given), None)
        self.assignments = assignments or []
        self.app_id = app_id

    def get(self, name: str) -> "Any":
        """Return the value of an option, or None where it was not given."""
        return self.given.get(name)


def of(verb: str) -> "List[Option]":
    """Return the options of a verb."""
    return [option for option in OPTIONS if verb in option.verbs]


def read(verb: str, arguments: "List[str]", program: str = "servo-batch.pyz") -> Options:
    """Return what the ``arguments`` of a verb say; raise ``UsageError``.

    ``program`` is the path that the file was called by, for the message to a word that is a verb.
    """
    known = {name: option for option in of(verb) for name in (option.name, option.short) if name}
    given: "Dict[str, Any]" = {}
    words: "List[str]" = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words.extend(rest)
        elif not argument.startswith("-") or argument == "-":
            words.append(argument)
        else:
            name, equals, text = argument.partition("=")
            option = known.get(name)
            if option is None:
                from servo_batch.wording import did_you_mean

                raise UsageError(f"{verb} has no option {name}{did_you_mean(name, known)}")
            if option.value and not equals:
                text = next(rest, "")
            if bool(text) != bool(option.value):
                raise UsageError(
                    f"{name} needs a value: {name} {option.value}" if option.value else f"{name} takes no value"
                )
            _note(given, option, text)
    for group in EXCLUSIVE:
        both = [name for name in group if name in given]
        if len(both) > 1:
            raise UsageError(f"{both[0]} and {both[1]} exclude each other")
    if "--metric" in given and "--command" not in given:
        raise UsageError("--metric goes with --command; in a configuration it is metrics: NAME: output_regex: REGEX")
    return _with_words(verb, given, words, program) if words else Options(given)


def _note(given: "Dict[str, Any]", option: Option, text: str) -> None:
    """Add to ``given`` what an option's text means; raise ``UsageError``."""
    if option.value is None:
        given[option.name] = True
    elif option.value == "JSON":
        given[option.name] = _json_object(text)
    elif option.value == "N":
        given[option.name] = _whole_number(option, text)
    elif option.value in ("FACTOR", "SECONDS"):
        given[option.name] = _number(option, text)
    elif option.value == "NAME=REGEX":
        name, _, pattern = utf8(text).partition("=")
        if not name or not pattern:
            raise UsageError(f"{option.name} needs a name and a pattern with a group, like 'tps=tps = ([0-9.]+)'")
        given.setdefault(option.name, []).append((name, pattern))
    else:
        given[option.name] = text


def _whole_number(option: Option, text: str) -> int:
    # Not more digits than MOST has: newer Pythons refuse to read thousands of them.
    if not text.isdecimal() or len(text) > len(str(MOST)) or not option.least <= int(text) <= MOST:
        raise UsageError(f"{option.name} needs a whole number from {option.least} to {MOST}, not {text}")
    return int(text)


def _number(option: Option, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if option.value == "FACTOR" and not 1 < number < MOST:
        raise UsageError(f"{option.name} needs a number more than 1, not {text}")
    if not 0 <= number < float("inf"):
        raise UsageError(f"{option.name} needs a number of seconds, 0 or more, not {text}")
    return number


def _json_object(text: str) -> "Dict[str, Any]":
    from servo_batch.formats import strict_json
    from servo_batch.wording import kind

    try:
        control = strict_json.loads(os.fsencode(text))
    except strict_json.JsonError as error:
        example = '{"userdata": {"timeout": 60}}'
        raise UsageError(f"--control is not JSON, as '{example}' is: {error.msg}") from None
    if not isinstance(control, dict):
        raise UsageError(f"--control must be a JSON object, but is {kind(control)}")
    return control


def utf8(text: str) -> str:
    """Return a word as it was typed; Python decoded it by a locale that need not be UTF-8. Raises ``UsageError``."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{text!a} is not UTF-8") from None


def _with_words(verb: str, given: "Dict[str, Any]", words: "List[str]", program: str) -> Options:
    """Return the options with what the words that are none say; raise ``UsageError``."""
    others = words if verb in ("servo", "help") else [word for word in words if "=" not in word]
    if verb == "help":
        return Options(given, None, " ".join(words))
    for word in others:
        if word in VERBS and verb in CALLED_BY:
            raise UsageError(f"{word} is a verb, not an APP_ID; {_how_to_call(word, verb, program)}")
        if word.endswith(CONFIG_ENDINGS) or (verb != "servo" and os.path.isfile(word)):
            raise UsageError(f"{word} is a file, not an APP_ID; a configuration is named by --config {word}")
    if others and verb not in TAKE_APP_ID:
        takes = "options and C.S=VALUE" if verb in TAKE_SETTINGS else "options only"
        raise UsageError(f"{verb} takes {takes}, not {' '.join(others)}")
    if len(others) > 1:
        raise UsageError(f"only one APP_ID can be given, not {' '.join(others)}; a setting is COMPONENT.SETTING=VALUE")
    settings = [word for word in words if word not in others]
    if settings and verb not in TAKE_SETTINGS:
        raise UsageError(f"{verb} takes options only, not {' '.join(settings)}")
    options = Options(given, [_assignment(verb, word) for word in settings], others[0] if others else None)
    if settings and options.question:
        raise UsageError(f"{options.question} takes no settings: {verb} {' '.join(settings)}")
    return options


def _how_to_call(word: str, verb: str, program: str) -> str:
    """Return how to call the verb ``word`` where the file is called by the name of another."""
    base = os.path.basename(program)
    if not base.startswith(verb):
        return f"call {base} {word}"
    target = os.path.realpath(program)
    if os.path.basename(target).startswith(WHOLE):
        return f"the file {base} is always {verb}: call {target} {word}"
    folder = os.path.dirname(program) or "."
    return (
        f"the file {base} is always {verb}: give it another name, "
        f"ln -s {base} {os.path.join(folder, 'servo-batch')}, and call {os.path.join(folder, 'servo-batch')} {word}"
    )


def _assignment(verb: str, word: str) -> "Tuple[str, str, str]":
    """Return what ``COMPONENT.SETTING=VALUE`` names and says; a component may have dots."""
    name, _, value = utf8(word).partition("=")
    component, _, setting = name.rpartition(".")
    if not component or not setting:
        hint = f", or --{word}" if any("--" + name == option.name for option in of(verb)) else ""
        raise UsageError(f"{word} does not name a setting: write COMPONENT.SETTING=VALUE{hint}")
    return component, setting, value

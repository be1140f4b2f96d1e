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
    """One option: what is ``shown`` of it, its ``names``, what its ``value`` is called, its ``verbs``, what it means.

    The value's name says what it has to be: JSON, FACTOR, SECONDS or NAME=REGEX, N for a whole number; else it is text.
    It is empty where the option takes none. ``name`` is the long one.
    """

    __slots__ = ("meaning", "name", "names", "shown", "value", "verbs")

    def __init__(self, shown: str, verbs: str, meaning: str) -> None:
        words = shown.replace(",", "").split()
        self.shown = shown
        self.names = [word for word in words if word[0] == "-"]
        self.name = self.names[-1]
        self.value = words[-1] if words[-1] != self.name else ""
        self.verbs = verbs.split()
        self.meaning = meaning


# An option | the verbs that have it | what it means.
TABLE = """\
--config FILE | adjust measure compare check history tune | the configuration; else $OPTUNE_CONFIG or ./config.yaml
--command COMMAND | measure compare tune | the job, without a configuration; the C.S=VALUES given are its settings
--metric NAME=REGEX | measure compare tune | with --command: a metric, the first group of a pattern; may be repeated
--state FILE | adjust measure compare check tune | where settings are stored; else $OPTUNE_STATE or batch.state
--control JSON | measure compare check tune | control values, laid over those of the request
--runs N | measure | how many runs of the job make the measurement; else batch.runs, or 1
--runs N | compare | how many runs each combination gets; else 3
--warmup-runs N | measure compare | how many runs come first and do not count; else batch.warmup_runs, or 0
--history FILE | measure compare history tune | where measurements are recorded; else batch.history
--measurements N | tune | how many measurements to make in all; else 30
--budget DURATION | tune | begin no measurement that would end later than this, like 90m or 2h
--cap FACTOR | tune | stop a run that takes so many times the best so far, and count it as failed
--minimize FORMULA | compare history tune | what is to be least, like '{total_runtime}'; else batch.objective
--maximize FORMULA | compare history tune | what is to be most
--confirm N | tune | how often to measure the best and the default again at the end; else 3, 0 for never
--seed N | tune | another number makes other proposals; else 0
--show-output | measure | show what the job prints, on stderr, as it comes
--keep-output FILE | measure | keep what the job prints to stdout in this file, and what to stderr in FILE.stderr
--output FILE | check | what the job once printed: try the metrics on it
--all | history | show each measurement, not each combination of settings
--markdown | compare history | write the table as Markdown
--csv | compare history | write all of it as CSV
--json | compare history | write all of it as JSON
--svg FILE | compare history | draw a picture of it into this file
--json | adjust measure tune | answer in JSON also at a terminal
--info | adjust measure | say what the driver can do
--query | adjust | say what the settings are
--describe | adjust | the same as --query
--describe | measure | say which metrics there are
--reset | adjust | remove what is stored, back to the default state
--account NAME | servo | the account's name at the service; else $OPTUNE_ACCOUNT
--auth-token FILE | servo | the token's file; else /run/secrets/optune_auth_token
--no-auth | servo | send no token; plain http to any host is then allowed
--url URL | servo | the service's address; else made from the account and APP_ID
-a, --agent NAME | servo | how the agent calls itself; else servo-batch and the version
-d, --delay SECONDS | servo | wait so long before the first request; else 0
-i, --interactive | servo | ask at the terminal before each command
-v, --verbose | servo | log what is exchanged with the service
--version | adjust measure compare check history tune servo help | say the version, and a digest of the sources that run
-h, --help | adjust measure compare check history tune servo help | say this
"""
OPTIONS = [Option(*line.split(" | ")) for line in TABLE.splitlines()]
AT_LEAST_ONE = ("--runs", "--measurements")
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
    known = {name: option for option in of(verb) for name in option.names}
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
                needs = f"needs a value: {name} {option.value}" if option.value else "takes no value"
                raise UsageError(f"{name} {needs}")
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
    value: "Any" = text or True
    if option.value == "JSON":
        value = _json_object(text)
    elif option.value == "N":
        least = int(option.name in AT_LEAST_ONE)
        # Not more digits than MOST has: newer Pythons refuse to read thousands of them.
        if not text.isdecimal() or len(text) > len(str(MOST)) or not least <= int(text) <= MOST:
            raise UsageError(f"{option.name} needs a whole number from {least} to {MOST}, not {text}")
        value = int(text)
    elif option.value in ("FACTOR", "SECONDS"):
        value = _number(option, text)
    elif option.value == "NAME=REGEX":
        name, _, pattern = utf8(text).partition("=")
        if not name or not pattern:
            raise UsageError(f"{option.name} needs a name and a pattern with a group, like 'tps=tps = ([0-9.]+)'")
        value = [*given.get(option.name, []), (name, pattern)]
    given[option.name] = value


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
    if verb == "help":
        return Options(given, None, " ".join(words))
    settings = [word for word in words if "=" in word and verb != "servo"]
    others = [word for word in words if word not in settings]
    for word in others:
        if word in VERBS and verb in CALLED_BY:
            raise UsageError(f"{word} is a verb, not an APP_ID; {_how_to_call(word, verb, program)}")
        if word.endswith(CONFIG_ENDINGS):
            raise UsageError(f"{word} is a file, not an APP_ID; a configuration is named by --config {word}")
    unwanted = others * (verb not in TAKE_APP_ID) + settings * (verb not in TAKE_SETTINGS)
    if unwanted:
        takes = "options and C.S=VALUE" if verb in TAKE_SETTINGS else "options only"
        raise UsageError(f"{verb} takes {takes}, not {' '.join(unwanted)}")
    if verb == "servo" and "=" in "".join(others):
        raise UsageError(f"{' '.join(others)} is no APP_ID: its drivers would take it for COMPONENT.SETTING=VALUE")
    if len(others) > 1:
        raise UsageError(f"only one APP_ID can be given, not {' '.join(others)}; a setting is COMPONENT.SETTING=VALUE")
    options = Options(given, [_assignment(verb, word) for word in settings], others[0] if others else None)
    if settings and options.question:
        raise UsageError(f"{options.question} takes no settings: {verb} {' '.join(settings)}")
    return options


def _how_to_call(word: str, verb: str, program: str) -> str:
    """Return how to call the verb ``word`` where the file is called by the name of another."""
    folder, base = os.path.split(program)
    if not base.startswith(verb):
        return f"call {base} {word}"
    other = os.path.join(folder or ".", "servo-batch")
    return f"the file {base} is always {verb}: give it another name, ln -s {base} {other}, and call {other} {word}"


def _assignment(verb: str, word: str) -> "Tuple[str, str, str]":
    """Return what ``COMPONENT.SETTING=VALUE`` names and says; a component may have dots."""
    name, _, value = utf8(word).partition("=")
    component, _, setting = name.rpartition(".")
    if not component or not setting:
        hint = f", or --{word}" if any("--" + name == option.name for option in of(verb)) else ""
        raise UsageError(f"{word} does not name a setting: write COMPONENT.SETTING=VALUE{hint}")
    return component, setting, value

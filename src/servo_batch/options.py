"""The command line: every option of every verb in one table, and what the arguments of a call say by it.

Read by hand: argparse takes longer to import than all that a short call does.
"""

import os

from servo_batch.wording import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

# The verbs, and what each is called with.
USAGE = {
    "adjust": "[options] [APP_ID] [COMPONENT.SETTING=VALUE … | <request]",
    "measure": "[options] [APP_ID] [COMPONENT.SETTING=VALUE …] [<request]",
    "compare": "[options] [COMPONENT.SETTING=VALUES …]",
    "check": "[options]",
    "history": "[options]",
    "tune": "[options] [COMPONENT.SETTING=VALUE …]",
    "servo": "[options] APP_ID",
    "help": "VERB [options] | help [PAGE | WORD]",
}
# The verbs that a file can be called by, and the names that mean the file as a whole.
CALLED_BY = ("adjust", "measure", "servo")
WHOLE = ("servo-batch", "servo_batch", "servobatch")

# An option | the verbs that have it | what it means.
TABLE = """\
--config FILE | adjust measure compare check history tune | the configuration; else $OPTUNE_CONFIG or ./config.yaml
--command COMMAND | measure compare tune | the job, without a configuration; the C.S=VALUES given are its settings
--metric NAME=REGEX | measure compare tune | with --command: a metric, the first group of a pattern; may be repeated
--state FILE | adjust measure compare check tune | where settings are stored; else $OPTUNE_STATE or batch.state
--control JSON | measure compare check tune | control values, laid over those of the request
--runs N | measure | how many runs of the job make the measurement; else batch.runs, or 1
--runs N | compare | how many runs each combination gets; else 3
--warmup-runs N | measure | how many runs come first and do not count; else batch.warmup_runs, or 0
--warmup-runs N | compare | how many runs come before each that counts; else batch.warmup_runs, or 0
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
# The least that a number may be, where that is not 0, and the most.
LEAST = {"--runs": 1, "--measurements": 1, "--cap": 1}
MOST = 1000000
DIGITS = "0123456789"
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
CONFIG_ENDINGS = (".yaml", ".yml", ".json")


class UsageError(ValueError):
    """What is wrong with the command line, as one sentence."""


class Option:
    """One option: what is ``shown`` of it, its ``names``, what its ``value`` is called, what it means.

    The value's name says what it has to be: JSON, FACTOR, SECONDS or NAME=REGEX, N for a whole number; else it is text.
    It is empty where the option takes none. ``name`` is the long one.
    """

    def __init__(self, form: str, meaning: str) -> None:
        words = form.replace(",", "").split()
        self.shown = form
        self.names = [word for word in words if word[0] == "-"]
        self.name = self.names[-1]
        self.value = "".join(words[len(self.names) :])
        self.meaning = meaning


class Options:
    """What a command line says: the ``verb``, ``given`` options by name, the ``question`` among them, and other words.

    An option's value is a string, but for --control (a mapping), --metric (a list of names and patterns), whole numbers
    and numbers; True where it takes none. ``assignments`` are ``{"web.cpu": TEXT, …}``. What help is to show is its
    ``app_id``. ``call`` is what was typed up to the verb, ``arguments`` what comes after it.
    """

    def __init__(self, verb: str, call: str, arguments: "List[str]") -> None:
        self.verb = verb
        self.call = call
        self.arguments = arguments
        self.given, words = _parsed(verb, call, arguments)
        self.question = next((name for name in QUESTIONS if name in self.given), None)
        self.app_id, self.assignments = _taken(verb, call, words)
        if self.question and self.assignments:
            raise UsageError(f"{self.question} takes no settings")

    def get(self, name: str) -> "Any":
        """Return the value of an option, or None where it was not given."""
        return self.given.get(name)


def of(verb: str) -> "List[Option]":
    """Return the options of a verb."""
    rows = [line.split(" | ") for line in TABLE.splitlines()]
    return [Option(form, meaning) for form, verbs, meaning in rows if verb in verbs.split()]


def read(argv: "List[str]") -> Options:
    """Return what a command line says; raise ``UsageError``. It begins with the path that the file was called by."""
    program, *arguments = argv
    name = os.path.basename(program)
    for verb in CALLED_BY:
        if name.startswith(verb) and name[len(verb) :][:1] in ("", "-", "_", ".") and not name.startswith(WHOLE):
            return Options(verb, program, arguments)
    if arguments[:1] in (["--help"], ["-h"], ["--version"]):
        arguments.insert(0, "help")
    verb, *arguments = arguments or [""]
    if verb not in USAGE:
        verbs = ", ".join(USAGE)
        raise UsageError(f"the first word has to be one of {verbs}, but is {shown(verb)}{did_you_mean(verb, USAGE)}")
    return Options(verb, program if verb == "help" else f"{program} {verb}", arguments)


def _parsed(verb: str, call: str, arguments: "List[str]") -> "Tuple[Dict[str, Any], List[str]]":
    """Return the options by name, and the words that are none; raise ``UsageError``."""
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
                _refuse_verbs(verb, call, words)  # whose option it may be
                raise UsageError(f"{verb} has no option {name}{did_you_mean(name, known)}")
            if option.value and not equals:
                text = next(rest, "")
            if bool(text) != bool(option.value):
                raise UsageError(f"write {option.shown}, not {argument}")
            given[option.name] = _value(option, text, given)
    for group in EXCLUSIVE:
        both = [name for name in group if name in given]
        if len(both) > 1:
            raise UsageError(f"{both[0]} and {both[1]} exclude each other")
    if "--metric" in given and "--command" not in given:
        raise UsageError("--metric goes with --command; in a configuration it is metrics: NAME: output_regex: REGEX")
    return given, words


def _value(option: Option, text: str, given: "Dict[str, Any]") -> "Any":
    """Return what an option's text means, beside what was ``given`` before it; raise ``UsageError``."""
    if option.value == "JSON":
        return _json_object(text)
    if option.value in ("N", "FACTOR", "SECONDS"):
        return _number(option, text)
    if option.value == "NAME=REGEX":
        name, _, pattern = utf8(text).partition("=")
        if not name or not pattern:
            raise UsageError(f"{option.name} needs a name and a pattern with a group, like 'tps=tps = ([0-9.]+)'")
        before = given.get(option.name, [])
        if name in dict(before):
            raise UsageError(f"{option.name} {name} is given twice: choose another name for one of them")
        return [*before, (name, pattern)]
    return text or True


def _number(option: Option, text: str) -> float:
    least = LEAST.get(option.name, 0)
    kind, convert, signs = ("whole number", int, DIGITS) if option.value == "N" else ("number", float, DIGITS + ".")
    try:
        number = convert(text) if set(text) <= set(signs) else -1
    except ValueError:
        number = -1
    if not least <= number <= MOST:
        raise UsageError(f"{option.name} needs a {kind} from {least} to {MOST}, not {text}")
    return number


def _json_object(text: str) -> "Dict[str, Any]":
    from servo_batch.formats import strict_json

    problem = """--control has to be a JSON object, like '{"userdata": {"timeout": 60}}'"""
    try:
        control = strict_json.loads(os.fsencode(text))
    except strict_json.JsonError as error:
        raise UsageError(f"{problem}: {error.msg}") from None
    if not isinstance(control, dict):
        raise UsageError(problem)
    return control


def utf8(text: str) -> str:
    """Return a word as it was typed; Python decoded it by a locale that need not be UTF-8. Raises ``UsageError``."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{text!a} is not UTF-8") from None


def _taken(verb: str, call: str, words: "List[str]") -> "Tuple[Optional[str], Dict[str, str]]":
    """Return the APP_ID and the assignments among the words of a verb; raise ``UsageError``."""
    if verb == "help":
        return " ".join(words), {}
    settings = [word for word in words if "=" in word]
    others = [word for word in words if "=" not in word]
    _refuse_verbs(verb, call, others)
    for word in others:
        if word.endswith(CONFIG_ENDINGS):
            raise UsageError(f"{word} is a file, not an APP_ID; a configuration is named by --config {word}")
    unwanted = others[int(verb in CALLED_BY) :] + settings * ("SETTING" not in USAGE[verb])
    if unwanted:
        raise UsageError(f"{' '.join(unwanted)} has no place in {verb} {USAGE[verb]}")
    assignments: "Dict[str, str]" = {}
    for word in settings:
        name, _, text = utf8(word).partition("=")
        if not all(name.rpartition(".")):  # a component may have dots
            raise UsageError(f"{word} does not name a setting: write COMPONENT.SETTING=VALUE")
        if name in assignments:
            raise UsageError(f"{name} is given twice: compare takes several values of one, {name}=VALUE,VALUE")
        assignments[name] = text
    return next(iter(others), None), assignments


def _refuse_verbs(verb: str, call: str, words: "List[str]") -> None:
    """Raise ``UsageError`` that says how to call the other verb that is among the words of a call, if one is."""
    for word in words if verb in CALLED_BY else []:
        if word in USAGE:
            from shlex import quote

            other = f"the file by another name: ln -s {quote(call)} servo-batch && python3 servo-batch {word}"
            if call.endswith(" " + verb):
                other = call[: -len(verb)] + word
            raise UsageError(f"{word} is a verb, not an APP_ID; call {other}")

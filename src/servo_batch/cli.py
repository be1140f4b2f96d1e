"""Which verb is called, its options, and the exit status. The only module that reads sys.argv.

Source: section 1 of the contract. What a verb needs is imported when it is chosen, and options are read here without
argparse, whose import and parser take longer than all that ``--info`` does.
"""

import os
import sys

from servo_batch import __version__, protocol, wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from servo_batch.verbs.adjust import Assignment

    Answer = Dict[str, Any]

EXIT_FAILED = 1
EXIT_USAGE = 2

VERBS = {
    "adjust": "store settings, given as arguments or by a request on stdin; or answer what they are",
    "measure": "run the job with the stored settings; report how long it took, and its metrics",
    "check": "say what is wrong with the configuration, and what measure would run, without running it",
    "servo": "be the agent: do what the service says, with the two drivers",
}
# Option: what its value is called (None: it takes none), and the help.
COMMON_OPTIONS = {
    "--config": ("FILE", "the configuration; else $OPTUNE_CONFIG, ./config.yaml or ./config.json"),
    "--state": ("FILE", "where the settings are stored; else $OPTUNE_STATE or ./_state.json"),
}
CONTROL_OPTION = {"--control": ("JSON", "control values, laid over those of the request")}
QUESTIONS = {
    "--info": (None, "say what the driver can do"),
    "--version": (None, "say its version"),
}
JSON_OPTION = {"--json": (None, "answer in JSON also at a terminal")}
OPTIONS = {
    "adjust": {
        **COMMON_OPTIONS,
        **JSON_OPTION,
        **QUESTIONS,
        "--query": (None, "say what the settings are"),
        "--describe": (None, "the same"),
    },
    "measure": {
        **COMMON_OPTIONS,
        **CONTROL_OPTION,
        **JSON_OPTION,
        **QUESTIONS,
        "--describe": (None, "say which metrics there are"),
    },
    "check": {
        **COMMON_OPTIONS,
        **CONTROL_OPTION,
        "--version": QUESTIONS["--version"],
        "--output": ("FILE", "what the job once printed: try the metrics' patterns on it"),
    },
}  # type: Dict[str, Dict[str, Tuple[Optional[str], str]]]


WORDS = {
    "adjust": "[APP_ID] [COMPONENT.SETTING=VALUE …]",
    "measure": "[APP_ID]",
    "check": "",
}


class UsageError(ValueError):
    """What is wrong with the command line, as one sentence."""


class Options:
    """The options of a driver's call: ``config``, ``state``, … as given or None; ``question`` is the one asked."""

    def __init__(self) -> None:
        self.config: "Optional[str]" = None
        self.state: "Optional[str]" = None
        self.control: "Dict[str, Any]" = {}
        self.output: "Optional[str]" = None
        self.question: "Optional[str]" = None
        self.words: "List[str]" = []  # what is no option
        self.assignments: "List[Assignment]" = []
        self.for_people = False  # stdout is a terminal, and JSON was not asked for


def main(argv: "Optional[List[str]]" = None) -> int:
    """Run the verb that the invocation names and return the exit status.

    ``argv`` is the command line with the program's name first, ``sys.argv`` by default.
    """
    program, *arguments = sys.argv if argv is None else argv
    if not _open_standard_streams():
        return EXIT_FAILED
    _undo_locale_coercion()
    name = os.path.basename(program)
    verb, arguments = _verb(name, arguments)
    try:
        if verb in OPTIONS:
            return _driver(verb, name, arguments)
        if verb == "servo":
            return _servo(name, arguments)
        return _no_verb(name, verb)
    except UsageError as error:
        protocol.complain("%s; see --help" % error)
        return EXIT_USAGE
    except OSError as error:  # of what is no answer: answers are taken care of where they are written
        protocol.complain("stdout takes nothing: %s" % error.strerror)
        return EXIT_FAILED


def _verb(name: str, arguments: "List[str]") -> "Tuple[str, List[str]]":
    """Return the verb, which may be none, and its arguments."""
    for verb in ("adjust", "measure", "servo"):
        if (
            name.startswith(verb)
            and name[len(verb) :][:1] in ("", "-", "_", ".")
            and not name.startswith("servo-batch")
        ):
            return verb, arguments
    return (arguments[0], arguments[1:]) if arguments else ("", [])


def _no_verb(name: str, verb: str) -> int:
    if verb in ("--help", "-h"):
        protocol.write_text(
            "usage: %s VERB [--help | options]\n\nBoth Optune drivers for a batch job.\n\nverbs:\n%s\n\n"
            "Called by the name of a verb, as by a link called adjust, it is that verb.\n" % (name, _columns(VERBS))
        )
        return 0
    if verb == "--version":
        protocol.write_text(__version__ + "\n")
        return 0
    hint = "there is no verb %s%s" % (verb, wording.did_you_mean(verb, VERBS)) if verb else "no verb is given"
    raise UsageError("%s; the verbs are %s" % (hint, ", ".join(VERBS)))


def _columns(rows: "Dict[str, str]") -> str:
    width = max(map(len, rows))
    return "\n".join("  %-*s  %s" % (width, left, right) for left, right in rows.items())


def _help(verb: str, name: str) -> str:
    shown = {"%s %s" % (option, value) if value else option: text for option, (value, text) in OPTIONS[verb].items()}
    call = name if name.startswith(verb) else "%s %s" % (name, verb)
    return "usage: %s [options] %s\n\n%s.\n\noptions:\n%s\n" % (
        call,
        WORDS[verb],
        VERBS[verb][:1].upper() + VERBS[verb][1:],
        _columns(shown),
    )


def _options(verb: str, arguments: "List[str]") -> Options:
    """Return the options in ``arguments``; raise ``UsageError``."""
    known = OPTIONS[verb]
    options = Options()
    options.for_people = os.isatty(protocol.STDOUT)
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            options.words.extend(rest)
        elif not argument.startswith("-") or argument == "-":
            options.words.append(argument)
        else:
            name, equals, value = argument.partition("=")
            if name not in known:
                raise UsageError("%s has no option %s%s" % (verb, name, wording.did_you_mean(name, known)))
            value_name = known[name][0]
            if value_name and not equals:
                value = next(rest, "")
            if bool(value) != bool(value_name):
                raise UsageError("%s needs a %s" % (name, value_name) if value_name else "%s takes no value" % name)
            _set_option(options, name[2:], value)
    return options


def _set_option(options: Options, name: str, value: str) -> None:
    if name == "control":
        options.control = _json_object(value)
    elif name == "json":
        options.for_people = False
    elif value:
        setattr(options, name, value)
    elif options.question in (None, name):
        options.question = name
    else:
        raise UsageError("--%s and --%s exclude each other" % (options.question, name))


def _json_object(text: str) -> "Dict[str, Any]":
    from servo_batch.formats import strict_json

    try:
        value = strict_json.loads(os.fsencode(text))
    except strict_json.JsonError as error:
        raise UsageError("--control is not JSON: %s" % error.msg) from None
    if not isinstance(value, dict):
        raise UsageError("--control must be a JSON object, but is %s" % wording.kind(value))
    return value


def _driver(verb: str, name: str, arguments: "List[str]") -> int:
    if "--help" in arguments or "-h" in arguments:
        protocol.write_text(_help(verb, name))
        return 0
    options = _options(verb, arguments)
    _take_words(verb, options)
    if options.question == "version":
        protocol.write_text(__version__ + "\n")
        return 0
    if options.question == "info":
        return _answered(lambda: {"version": __version__, "has_cancel": verb == "measure"})
    if verb == "check":
        from servo_batch.verbs import check

        return check.check(options)
    return _adjust(options) if verb == "adjust" else _measure(options)


def _take_words(verb: str, options: Options) -> None:
    """Take settings among the words apart; raise ``UsageError`` where a word is neither one nor the only APP_ID."""
    settings = [word for word in options.words if "=" in word]
    if verb == "check" and options.words:
        raise UsageError("check takes options only, not %s" % " ".join(options.words))
    if settings and (verb != "adjust" or options.question):
        raise UsageError("only adjust on its own takes settings: adjust %s" % " ".join(settings))
    if len(options.words) - len(settings) > 1:
        raise UsageError(
            "only one APP_ID can be given, not %s; a setting is COMPONENT.SETTING=VALUE" % " ".join(options.words)
        )
    options.assignments = [_assignment(word) for word in settings]


def _assignment(word: str) -> "Assignment":
    """Return the component, the setting and the value of ``COMPONENT.SETTING=VALUE``; a component may have dots."""
    try:
        # As it was typed; Python decoded it by a locale that need not be UTF-8.
        name, _, value = os.fsencode(word).decode("utf-8").partition("=")
    except UnicodeDecodeError:
        raise UsageError("%s is not UTF-8" % ascii(word)) from None
    component, _, setting = name.rpartition(".")
    if not component or not setting:
        raise UsageError("%s does not name a setting: write COMPONENT.SETTING=VALUE" % word)
    return component, setting, value


def _adjust(options: Options) -> int:
    from servo_batch.verbs import adjust

    def ask() -> "Answer":
        if not options.question:
            answer = adjust.adjust(options)
        return adjust.query(options) if options.question or options.for_people else answer

    return _answered(ask, options.for_people)


def _measure(options: Options) -> int:
    if options.question:
        from servo_batch.verbs import measure

        return _answered(lambda: measure.describe(options))
    from servo_batch.job.cancel import Cancellation

    with Cancellation() as cancellation:
        # Imported after the signals are taken care of: it takes a while.
        from servo_batch.verbs import measure

        return _answered(lambda: measure.measure(options, cancellation), options.for_people)


def _servo(name: str, arguments: "List[str]") -> int:
    # The agent starts once and lives for months: it may take the time for argparse.
    import argparse

    from servo_batch import agent

    parser = argparse.ArgumentParser(
        prog=name if name.startswith("servo") and not name.startswith("servo-batch") else name + " servo",
        description="Take the service's commands and run the drivers for it.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    agent.add_arguments(parser)
    return agent.main(parser.parse_args(arguments), arguments)


def _answered(ask: "Callable[[], Answer]", for_people: bool = False) -> int:
    """Write the answer that ``ask`` returns, or the one that its failure is, and return the exit status."""
    failure: "Optional[protocol.ServoError]" = None
    try:
        answer = ask()
    except protocol.ServoError as error:
        failure, answer = error, error.answer()
    except Exception as bug:
        import traceback

        traceback.print_exc()
        failure = protocol.failed("internal", "a bug of servo-batch; report it with what is on stderr: %r" % bug)
        answer = failure.answer()
    exit_status = failure.exit_status if failure else 0
    try:
        if for_people:
            from servo_batch import terminal

            protocol.write_text(terminal.failure(failure) if failure else terminal.described(answer))
        else:
            if failure:
                first, *rest = failure.message.split("\n")
                protocol.complain(first.rstrip(":") + (" (more in the answer)" if rest else ""))
            protocol.write(answer)
    except OSError as error:
        protocol.complain("the answer cannot be written to stdout: %s" % error.strerror)
        return exit_status or EXIT_FAILED
    return exit_status


def _open_standard_streams() -> bool:
    """See to it that descriptors 0 to 2 are taken, so that no file opened later becomes one; False without a stdout."""
    has_stdout = True
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            has_stdout = has_stdout and descriptor != protocol.STDOUT
    if not has_stdout:
        protocol.complain("stdout is closed, so nothing can be answered and nothing was done")
    return has_stdout


def _undo_locale_coercion() -> None:
    """Give LC_CTYPE back the value that the caller gave it; Python from 3.7 on replaces it in the C locale (PEP 538).

    The job would inherit what Python set: with UTF-8 characters grep, sort and wc count otherwise, and take far longer.
    """
    if "LC_CTYPE" not in os.environ:
        return
    try:
        # The environment as it was when the program started, says proc(5).
        with open("/proc/self/environ", "rb") as stream:
            variables = stream.read().split(b"\0")
    except OSError:  # macOS: who set it cannot be told
        return
    del os.environ["LC_CTYPE"]
    for variable in variables:
        if variable.startswith(b"LC_CTYPE="):
            os.environ["LC_CTYPE"] = os.fsdecode(variable[len("LC_CTYPE=") :])

"""Which verb is called, its options, and the exit status. The only module that reads sys.argv.

Source: section 1 of the contract. What a verb needs is imported when it is chosen, and options are read here without
argparse, whose import and parser take longer than all that ``--info`` does.
"""

import os
import sys

from servo_batch import __version__, protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Answer = Dict[str, Any]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_SIGNALLED = 128
SIGINT = 2  # on every system; the module signal costs start-up time

VERBS = {
    "adjust": "store the settings of the request on stdin, or answer what they are",
    "measure": "run the job with the stored settings; report how long it took, and its metrics",
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
OPTIONS = {
    "adjust": {
        **COMMON_OPTIONS,
        **QUESTIONS,
        "--query": (None, "say what the settings are"),
        "--describe": (None, "the same"),
    },
    "measure": {
        **COMMON_OPTIONS,
        **CONTROL_OPTION,
        **QUESTIONS,
        "--describe": (None, "say which metrics there are"),
    },
}  # type: Dict[str, Dict[str, Tuple[Optional[str], str]]]


class UsageError(ValueError):
    """What is wrong with the command line, as one sentence."""


class Options:
    """The options of a driver's call: ``config``, ``state``, … as given or None; ``question`` is the one asked."""

    def __init__(self) -> None:
        self.config: "Optional[str]" = None
        self.state: "Optional[str]" = None
        self.control: "Dict[str, Any]" = {}
        self.question: "Optional[str]" = None
        self.words: "List[str]" = []  # what is no option


def main(argv: "Optional[List[str]]" = None) -> int:
    """Run the verb that the invocation names and return the exit status.

    ``argv`` is the command line with the program's name first, ``sys.argv`` by default.
    """
    program, *arguments = sys.argv if argv is None else argv
    if not _open_standard_streams():
        return EXIT_FAILED
    name = os.path.basename(program)
    verb, arguments = _verb(name, arguments)
    try:
        if verb in OPTIONS:
            return _driver(verb, name, arguments)
        return _no_verb(name, verb)
    except UsageError as error:
        _complain("%s; see --help" % error)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_SIGNALLED + SIGINT


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
    hint = "there is no verb %s%s" % (verb, protocol.did_you_mean(verb, VERBS)) if verb else "no verb is given"
    raise UsageError("%s; the verbs are %s" % (hint, ", ".join(VERBS)))


def _columns(rows: "Dict[str, str]") -> str:
    width = max(map(len, rows))
    return "\n".join("  %-*s  %s" % (width, left, right) for left, right in rows.items())


def _help(verb: str, name: str) -> str:
    shown = {"%s %s" % (option, value) if value else option: text for option, (value, text) in OPTIONS[verb].items()}
    call = name if name.startswith(verb) else "%s %s" % (name, verb)
    return "usage: %s [options] [APP_ID]\n\n%s.\n\noptions:\n%s\n" % (
        call,
        VERBS[verb][:1].upper() + VERBS[verb][1:],
        _columns(shown),
    )


def _options(verb: str, arguments: "List[str]") -> Options:
    """Return the options in ``arguments``; raise ``UsageError``."""
    known = OPTIONS[verb]
    options = Options()
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            options.words.extend(rest)
        elif not argument.startswith("-") or argument == "-":
            options.words.append(argument)
        else:
            name, equals, value = argument.partition("=")
            if name not in known:
                raise UsageError("%s has no option %s%s" % (verb, name, protocol.did_you_mean(name, known)))
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
    elif value:
        setattr(options, name, value)
    elif options.question in (None, name):
        options.question = name
    else:
        raise UsageError("--%s and --%s exclude each other" % (options.question, name))


def _json_object(text: str) -> "Dict[str, Any]":
    from servo_batch import strict_json

    try:
        value = strict_json.loads(os.fsencode(text))
    except strict_json.JsonError as error:
        raise UsageError("--control is not JSON: %s" % error.msg) from None
    if not isinstance(value, dict):
        raise UsageError("--control must be a JSON object, but is %s" % protocol.kind(value))
    return value


def _driver(verb: str, name: str, arguments: "List[str]") -> int:
    if "--help" in arguments or "-h" in arguments:
        protocol.write_text(_help(verb, name))
        return 0
    options = _options(verb, arguments)
    if len(options.words) > 1:
        raise UsageError("only one APP_ID can be given, not %s" % " ".join(options.words))
    if options.question == "version":
        protocol.write_text(__version__ + "\n")
        return 0
    if options.question == "info":
        return _answered(lambda: {"version": __version__, "has_cancel": verb == "measure"})
    return _adjust(options) if verb == "adjust" else _measure(options)


def _adjust(options: Options) -> int:
    from servo_batch import adjust

    return _answered(lambda: adjust.query(options) if options.question else adjust.adjust(options))


def _measure(options: Options) -> int:
    from servo_batch.cancel import Cancellation

    with Cancellation() as cancellation:
        return _answered(lambda: _measure_answer(options, cancellation))


def _measure_answer(options: Options, cancellation: "Any") -> "Answer":
    from servo_batch import measure

    return measure.describe(options) if options.question else measure.measure(options, cancellation)


def _answered(ask: "Callable[[], Answer]") -> int:
    """Write the answer that ``ask`` returns, or the one that its failure is, and return the exit status."""
    exit_status = 0
    try:
        answer = ask()
    except protocol.ServoError as error:
        exit_status, answer = error.exit_status, error.answer()
        first, *rest = error.message.split("\n")
        _complain(first + (" (more in the answer)" if rest else ""))
    except Exception as error:
        import traceback

        traceback.print_exc()
        exit_status, answer = EXIT_FAILED, protocol.failed("internal", "a bug of servo-batch: %r" % error).answer()
    try:
        protocol.write(answer)
    except OSError as error:
        _complain("the answer cannot be written to stdout: %s" % error.strerror)
        return exit_status or EXIT_FAILED
    return exit_status


def _complain(message: str) -> None:
    try:
        print("servo-batch: %s" % message, file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        pass  # nobody reads stderr; the answer says it too


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
        _complain("stdout is closed, so nothing can be answered and nothing was done")
    return has_stdout

"""Which verb is called, its options, and the exit status. The only module that reads sys.argv.

Source: section 1 of the contract. What a verb needs is imported when it is chosen: ``--info`` pays for no YAML reader.
"""

import argparse
import os
import re
import signal
import sys

from servo_batch import __version__, protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Answer = Dict[str, Any]

EXIT_FAILED = 1
EXIT_USAGE = 2
VERBS = {
    "adjust": "store the settings of a request, or answer which there are",
    "measure": "run the job with the stored settings and report how long it took, and its metrics",
}
VERB_IN_NAME = re.compile(r"(adjust|measure|servo)(?:[-_.]|\Z)")


def main(argv: "Optional[List[str]]" = None) -> int:
    """Run the verb that the invocation names and return the exit status.

    ``argv`` is the command line with the program's name first, ``sys.argv`` by default.
    """
    program, *arguments = sys.argv if argv is None else argv
    if not _open_standard_streams():
        return EXIT_FAILED
    verb, arguments, shown_as = _verb(os.path.basename(program), arguments)
    if verb == "adjust":
        return _driver(_adjust_parser(shown_as), arguments, _adjust)
    if verb == "measure":
        return _driver(_measure_parser(shown_as), arguments, _measure)
    return _no_verb(os.path.basename(program), verb)


def _verb(name: str, arguments: "List[str]") -> "Tuple[Optional[str], List[str], str]":
    """Return the verb, its arguments and what usage messages call the program."""
    named = VERB_IN_NAME.match(name)
    if named and not name.startswith("servo-batch"):
        return named.group(1), arguments, name
    if not arguments:
        return None, [], name
    return arguments[0], arguments[1:], "%s %s" % (name, arguments[0])


def _no_verb(name: str, verb: "Optional[str]") -> int:
    if verb in ("--help", "-h"):
        protocol.write_text(
            "usage: %s VERB [--help | options]\n\nBoth Optune drivers for a batch job. The verbs:\n\n%s\n\n"
            "Called by the name of a verb (a link or a copy called adjust), it is that verb.\n"
            % (name, "\n".join("  %-8s %s" % item for item in VERBS.items()))
        )
        return 0
    if verb == "--version":
        protocol.write_text(__version__ + "\n")
        return 0
    problem = (
        "no verb is given" if verb is None else "there is no verb %s%s" % (verb, protocol.did_you_mean(verb, VERBS))
    )
    _complain("%s; the verbs are %s; see --help" % (problem, ", ".join(VERBS)))
    return EXIT_USAGE


def _driver_parser(shown_as: str, description: str) -> "argparse.ArgumentParser":
    parser = argparse.ArgumentParser(prog=shown_as, description=description, allow_abbrev=False)
    parser.add_argument("--config", metavar="FILE", help="default: $OPTUNE_CONFIG, ./config.yaml or ./config.json")
    parser.add_argument("--state", metavar="FILE", help="default: $OPTUNE_STATE or ./_state.json")
    parser.add_argument("app_id", metavar="APP_ID", nargs="?", help="accepted, not needed")
    return parser


def _add_questions(parser: "argparse.ArgumentParser", queries: "Dict[str, str]") -> None:
    questions = parser.add_mutually_exclusive_group()
    for option, text in {"--info": "what the driver can do", "--version": "its version", **queries}.items():
        questions.add_argument(option, dest="question", action="store_const", const=option[2:], help=text)


def _adjust_parser(shown_as: str) -> "argparse.ArgumentParser":
    parser = _driver_parser(shown_as, "Store the settings of the request on stdin.")
    _add_questions(parser, {"--query": "the settings as they are", "--describe": "the same"})
    return parser


def _measure_parser(shown_as: str) -> "argparse.ArgumentParser":
    parser = _driver_parser(shown_as, "Run the job and report; the request on stdin may be empty.")
    parser.add_argument(
        "--control", metavar="JSON", type=_json_object, default={}, help="laid over the request's control"
    )
    _add_questions(parser, {"--describe": "the metrics and their units"})
    return parser


def _json_object(text: str) -> "Dict[str, Any]":
    from servo_batch import strict_json

    try:
        value = strict_json.loads(os.fsencode(text))
    except strict_json.JsonError as error:
        raise argparse.ArgumentTypeError("not JSON: %s" % error.msg) from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("must be a JSON object, but is %s" % protocol.kind(value))
    return value


def _driver(
    parser: "argparse.ArgumentParser", arguments: "List[str]", answer: "Callable[[argparse.Namespace], int]"
) -> int:
    options = parser.parse_args(arguments)
    if options.question == "version":
        protocol.write_text(__version__ + "\n")
        return 0
    return answer(options)


def _adjust(options: "argparse.Namespace") -> int:
    # Not a KeyboardInterrupt: what is stored is whole at any instant, so the signal may end us as it ends any process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if options.question == "info":
        return _answered(lambda: {"version": __version__, "has_cancel": False})
    from servo_batch import adjust

    return _answered(lambda: adjust.query(options) if options.question else adjust.adjust(options))


def _measure(options: "argparse.Namespace") -> int:
    if options.question == "info":
        return _answered(lambda: {"version": __version__, "has_cancel": True})
    from servo_batch.cancel import Cancellation

    with Cancellation() as cancellation:
        return _answered(lambda: _measure_answer(options, cancellation))


def _measure_answer(options: "argparse.Namespace", cancellation: "Any") -> "Answer":
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

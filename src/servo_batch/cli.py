"""Which verb is called, the form of its answer, and the exit status. The only module that reads sys.argv.

What a verb needs is imported when it is chosen.
"""

import os
import sys

from servo_batch import __version__, answers
from servo_batch.options import CALLED_BY, VERBS, WHOLE, UsageError, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Tuple, Union

    from servo_batch.answers import Answer, Wait
    from servo_batch.options import Options

EXIT_FAILED = 1
EXIT_USAGE = 2
# What these show is for people wherever it goes; other tools ask for it by an option.
SHOWN = ("check", "history", "compare")


def main(argv: "Optional[List[str]]" = None) -> int:
    """Run the verb that the invocation names and return the exit status.

    ``argv`` is the command line with the program's name first, ``sys.argv`` by default.
    """
    program, *arguments = sys.argv if argv is None else argv
    if not _open_standard_streams():
        return EXIT_FAILED
    _undo_locale_coercion()
    verb, arguments = _verb(os.path.basename(program), arguments)
    try:
        return _called(verb, program, arguments)
    except UsageError as error:
        answers.complain(f"{error}; see --help")
        return EXIT_USAGE
    except OSError as error:  # of what is no answer: answers are taken care of where they are written
        answers.complain(f"stdout takes nothing: {error.strerror}")
        return EXIT_FAILED


def _verb(name: str, arguments: "List[str]") -> "Tuple[str, List[str]]":
    """Return the verb, which may be none, and its arguments."""
    for verb in CALLED_BY:
        if name.startswith(verb) and name[len(verb) :][:1] in ("", "-", "_", ".") and not name.startswith(WHOLE):
            return verb, arguments
    return (arguments[0], arguments[1:]) if arguments else ("", [])


def _called(verb: str, program: str, arguments: "List[str]") -> int:
    if verb == "servo":
        # Before anything else: the agent has to say GOODBYE, whenever it is told to stop.
        from servo_batch.agent import events

        events.hold()
    options = read(verb, arguments, program) if verb in VERBS else None
    if options is None or verb == "help" or options.question in ("--help", "--version"):
        from servo_batch.verbs import help as pages

        if options is None:
            answers.write_text(pages.of_the_whole(verb, os.path.basename(program)))
        elif options.question == "--help":
            answers.write_text(pages.usage(verb, os.path.basename(program)))
        elif options.question == "--version":
            answers.write_text(pages.version())
        else:
            pages.show(options.app_id or "")
        return 0
    if verb == "servo":
        from servo_batch import agent

        return agent.main(options, arguments)
    return _driver(verb, options)


def _driver(verb: str, options: "Options") -> int:
    if options.question == "--info":
        answers.write({"version": __version__, "has_cancel": verb == "measure"})
        return 0
    if verb in ("measure", "compare", "tune") and not options.question:
        from servo_batch.job.cancel import Cancellation

        with Cancellation() as cancellation:
            # Imported after the signals are taken care of: it takes a while.
            ask = getattr(__import__("servo_batch.verbs." + verb, fromlist=[verb]), verb)
            voice = _voice(verb, options, cancellation.wait_for_stdout)
            return _answered(voice, lambda: ask(options, voice, cancellation))
    page = "describe" if verb == "measure" else verb
    ask = getattr(__import__("servo_batch.verbs." + page, fromlist=[page]), page)
    return _answered(_voice(verb, options), lambda: ask(options))


def _voice(verb: str, options: "Options", wait: "Optional[Wait]" = None) -> answers.ForPrograms:
    """Return who writes answers and progress: for people where stdout is a terminal and JSON was not asked for."""
    if options.get("--json") or not (os.isatty(answers.STDOUT) or verb in SHOWN):
        return answers.ForPrograms(wait)
    # At once: after a job of hours this program's file may be another one.
    from servo_batch import terminal

    return terminal.ForPeople(wait)


def _answered(voice: answers.ForPrograms, ask: "Callable[[], Answer]") -> int:
    """Write the answer that ``ask`` returns, or the one that its failure is, and return the exit status."""
    outcome: "Union[Answer, answers.ServoError]"
    try:
        outcome = ask()
    except UsageError:
        raise
    except answers.ServoError as error:
        outcome = error
    except Exception as bug:
        import traceback

        traceback.print_exc()
        outcome = answers.failed("internal", f"a bug of servo-batch; report it with what is on stderr: {bug!r}")
    try:
        voice.failure(outcome) if isinstance(outcome, answers.ServoError) else voice.answer(outcome)
    except answers.ServoError as error:  # of whoever reads stdout
        answers.complain(error.message)
        return error.exit_status
    except OSError as error:
        answers.complain(f"the answer cannot be written to stdout: {error.strerror}")
        return outcome.exit_status or EXIT_FAILED
    return outcome.exit_status


def _open_standard_streams() -> bool:
    """See to it that descriptors 0 to 2 are taken, so that no file opened later becomes one; False without a stdout."""
    has_stdout = True
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            has_stdout = has_stdout and descriptor != answers.STDOUT
    if not has_stdout:
        answers.complain("stdout is closed, so nothing can be answered and nothing was done")
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
            given = dict(each.partition(b"=")[::2] for each in stream.read().split(b"\0"))
    except OSError:  # macOS: who set it cannot be told
        return
    del os.environ["LC_CTYPE"]
    if b"LC_CTYPE" in given:
        os.environ["LC_CTYPE"] = os.fsdecode(given[b"LC_CTYPE"])

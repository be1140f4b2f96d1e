"""Which verb is called, the form of its answer, and the exit status. The only module that reads sys.argv.

What a verb needs is imported when it is chosen.
"""

import os
import sys

from servo_batch import __version__, answers
from servo_batch.invocation import reading
from servo_batch.invocation.options import OPTIONS, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Tuple

    from servo_batch.answers import Answer, Wait
    from servo_batch.invocation.options import Options
    from servo_batch.terminal import Voice

EXIT_FAILED = 1
EXIT_USAGE = 2

# The verbs that a file can be called by, and the names that mean the file as a whole.
CALLED_BY = ("adjust", "measure", "servo")
WHOLE = ("servo-batch", "servo_batch", "servobatch")


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
        from servo_batch.verbs import help as help_verb

        return help_verb.tell(verb, name, arguments)
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


def _driver(verb: str, name: str, arguments: "List[str]") -> int:
    if "--help" in arguments or "-h" in arguments:
        from servo_batch.verbs import help as help_verb

        answers.write_text(help_verb.usage(verb, name))
        return 0
    options = reading.read(verb, arguments)
    if options.question == "--version":
        return _version()
    voice = _voice(verb, options)
    if options.question == "--info":
        info = {"version": __version__, "has_cancel": verb == "measure"}
        return _answered(voice, lambda: answers.Answer(info))
    if verb == "adjust":
        from servo_batch.verbs.adjust import adjust

        return _answered(voice, lambda: adjust(options))
    if verb == "check":
        from servo_batch.verbs.check import check

        return check(options)
    if verb == "history":
        from servo_batch.verbs.history import history

        return _answered(voice, lambda: history(options))
    if options.question:
        from servo_batch.verbs.describe import describe

        return _answered(voice, lambda: describe(options))
    from servo_batch.job.cancel import Cancellation

    with Cancellation() as cancellation:
        # Imported after the signals are taken care of: it takes a while.
        if verb == "measure":
            from servo_batch.verbs.measure import measure

            return _answered(voice, lambda: measure(options, voice, cancellation), cancellation.wait_for_stdout)
        from servo_batch.verbs.tune import tune

        return _answered(voice, lambda: tune(options, voice, cancellation), cancellation.wait_for_stdout)


def _version() -> int:
    from servo_batch.verbs import help as help_verb

    answers.write_text(help_verb.version())
    return 0


def _voice(verb: str, options: "Options") -> "Voice":
    """Return who writes answers and progress: for people where stdout is a terminal and JSON was not asked for."""
    for_people = os.isatty(answers.STDOUT) or verb == "history"
    if not for_people or options.get("--json") or (options.question in ("--info", "--describe") and verb == "measure"):
        return answers.ForPrograms()
    # At once: after a job of hours this program's file may be another one.
    from servo_batch import terminal

    return terminal.ForPeople()


def _servo(name: str, arguments: "List[str]") -> int:
    # The agent starts once and lives for months: it may take the time for argparse.
    import argparse

    if "--version" in arguments:
        return _version()
    from servo_batch import agent

    parser = argparse.ArgumentParser(
        prog=name if name.startswith("servo") and not name.startswith(WHOLE) else name + " servo",
        description="Take the service's commands and run the drivers for it.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="say the version, and a digest of the sources that run")
    agent.add_arguments(parser)
    return agent.main(parser.parse_args(arguments), arguments)


def _answered(voice: "Voice", ask: "Callable[[], Answer]", wait: "Optional[Wait]" = None) -> int:
    """Write the answer that ``ask`` returns, or the one that its failure is, and return the exit status.

    ``wait`` is asked to wait for whoever reads stdout, and raises ``ServoError`` where that is not to be waited for.
    """
    failure: "Optional[answers.ServoError]" = None
    try:
        answer = ask()
    except answers.ServoError as error:
        failure = error
    except Exception as bug:
        import traceback

        traceback.print_exc()
        failure = answers.failed("internal", f"a bug of servo-batch; report it with what is on stderr: {bug!r}")
    exit_status = failure.exit_status if failure else 0
    try:
        if failure:
            voice.failure(failure, wait)
        else:
            voice.answer(answer, wait)
    except answers.ServoError as error:
        answers.complain(error.message)
        return error.exit_status
    except OSError as error:
        answers.complain(f"the answer cannot be written to stdout: {error.strerror}")
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
            variables = stream.read().split(b"\0")
    except OSError:  # macOS: who set it cannot be told
        return
    del os.environ["LC_CTYPE"]
    for variable in variables:
        if variable.startswith(b"LC_CTYPE="):
            os.environ["LC_CTYPE"] = os.fsdecode(variable[len("LC_CTYPE=") :])

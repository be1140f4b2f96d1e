"""Who answers a call, in which form, and the exit status. The only module that reads sys.argv.

What a verb needs is imported when it is chosen.
"""

import os
import sys

from servo_batch import answers
from servo_batch.options import UsageError, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from servo_batch.job.cancel import Cancellation
    from servo_batch.options import Options

EXIT_FAILED = 1
EXIT_USAGE = 2
# What these show is for people wherever it goes; other tools ask for it by an option.
SHOWN = ("check", "history", "compare", "help")


def main() -> int:
    """Run the verb that the command line names and return the exit status."""
    if not _open_standard_streams():
        return EXIT_FAILED
    _undo_locale_coercion()
    try:
        options = read(sys.argv)
        page = _page(options)
        if page == "servo":
            from servo_batch import agent

            return agent.main(options)
        if page in ("measure", "compare", "tune"):
            from servo_batch.job.cancel import Cancellation

            with Cancellation() as cancellation:
                return _answered(page, options, cancellation)
        return _answered(page, options)
    except UsageError as error:
        answers.complain(f"{error}; see --help")
        return EXIT_USAGE


def _page(options: "Options") -> str:
    """Return the module of the verbs that answers."""
    if options.question in ("--help", "--version"):
        return "help"
    if options.question == "--info" or (options.question and options.verb == "measure"):
        return "describe"
    return options.verb


def _answered(page: str, options: "Options", cancellation: "Optional[Cancellation]" = None) -> int:
    """Write the answer, and return the exit status."""
    # Imported after the signals are taken care of: it takes a while.
    ask = getattr(__import__("servo_batch.verbs." + page, fromlist=[page]), page)
    voice = _voice(page, options, cancellation)
    try:
        answer: answers.Answer = ask(options, voice, cancellation) if cancellation else ask(options)
    except UsageError:
        raise
    except answers.ServoError as error:
        answer = _of_failure(error)
        if not voice.tells_progress and not os.isatty(answers.STDOUT):  # but a file, which nobody looks at now
            answers.complain(error.message.partition("\n")[0])
    except Exception as bug:
        import traceback

        traceback.print_exc()
        told = f"a bug of servo-batch; report it with what is on stderr: {bug!r}"
        answer = _of_failure(answers.failed("internal", told))
    try:
        voice.answer(answer)
    except answers.ServoError as error:  # of whoever reads stdout
        if error.message not in answer.response.get("message", ""):  # else it has been said
            answers.complain(error.message)
        return max(answer.exit_status, error.exit_status)
    return answer.exit_status


def _of_failure(error: answers.ServoError) -> answers.Answer:
    """Return the answer that a failure is."""

    def text() -> str:
        from servo_batch import terminal

        return terminal.failure(error)

    return answers.Answer(error.response(), text, error.exit_status, verbatim=True)


def _voice(page: str, options: "Options", cancellation: "Optional[Cancellation]") -> answers.ForPrograms:
    """Return who writes answers and progress: for people where stdout is a terminal and JSON was not asked for."""
    wait = cancellation.wait_for_stdout if cancellation else None
    if options.get("--json") or not (os.isatty(answers.STDOUT) or page in SHOWN):
        return answers.ForPrograms(wait)
    # At once: after a job of hours this program's file may be another one.
    from servo_batch import terminal

    return terminal.ForPeople(wait)


def _open_standard_streams() -> bool:
    """See to it that descriptors 0 to 2 are taken, so that no file opened later becomes one; False without a stdout."""
    opened = []
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            opened.append(os.open(os.devnull, os.O_RDWR))  # the least that is free, which is this one
    if answers.STDOUT in opened:
        answers.complain("stdout is closed, so nothing can be answered and nothing was done")
    return answers.STDOUT not in opened


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

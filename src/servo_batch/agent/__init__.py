"""The servo agent: takes the service's commands over HTTPS and runs the drivers.

The README's section "The agent" says what it does. ``options`` are checked once, ``service`` makes one exchange over
a ``connection``, ``driver`` runs one driver, ``report`` says what the service hears of it, ``events`` is where all is
waited for, and ``loop`` is the agent's life.
"""

from servo_batch.agent import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from servo_batch.options import Options

__all__ = ["main"]


def main(arguments: "Options", command_line: "List[str]") -> int:
    """Run the agent until a signal ends it; return the exit status.

    ``arguments`` are what ``command_line`` says, which the agent starts again with on SIGHUP. Whoever calls has signals
    held (``signals.hold``), since to import this takes a while.
    """
    signals.hold()
    import os
    import sys
    import time

    from servo_batch.agent import driver, options
    from servo_batch.agent.events import Events
    from servo_batch.agent.log import Log
    from servo_batch.agent.loop import Agent
    from servo_batch.agent.service import Service
    from servo_batch.answers import ServoError

    events = Events()

    def pause(seconds: float) -> bool:
        events.wait(time.monotonic() + seconds)
        return not events.stopping

    log = Log()
    try:
        chosen = options.read(arguments, os.environ)
        token = None
        if chosen.token_file is not None:
            token = options.read_token(chosen.token_file, pause)
            log.conceal(token)
        service = Service(chosen.url, token)
    except ServoError as error:
        if events.stopping:
            log("told to stop before it began")
            return 0
        print("servo: " + log.clean(error.message), file=sys.stderr)
        return 2 if error.status == "bad-request" else 1
    log("servo agent for %s at %s" % (chosen.app_id, chosen.url))
    Agent(chosen, service, events, log).run()
    events.hold()
    if not events.restarting:
        return 0
    log("starting again")
    command = driver.self_command("servo") + command_line
    try:
        os.execv(command[0], command)
    except OSError as error:
        log("cannot start again: %s" % error)
    return 1

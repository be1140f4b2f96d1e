"""The servo agent: takes the service's commands over HTTPS and runs the drivers.

Source: section 9 of the contract. ``options`` are checked once, ``service`` makes one exchange, ``driver`` runs one
driver, ``report`` says what the service hears of it, ``events`` is where everything is waited for, and ``loop`` is the
agent's life.
"""

import argparse
import os
import sys
from typing import List

from servo_batch.agent import driver, options
from servo_batch.agent.events import Events
from servo_batch.agent.log import Log
from servo_batch.agent.loop import Agent
from servo_batch.agent.options import add_arguments
from servo_batch.agent.service import Service
from servo_batch.protocol import ServoError

__all__ = ["add_arguments", "main"]


def main(arguments: argparse.Namespace, command_line: List[str]) -> int:
    """Run the agent until a signal ends it; return the exit status.

    ``arguments`` are parsed from ``command_line``, which the agent starts again with on SIGHUP.
    """
    log = Log()
    try:
        chosen = options.read(arguments, os.environ)
        token = None
        if chosen.token_file is not None:
            token = options.read_token(chosen.token_file)
            log.conceal(token)
        service = Service(chosen.url, token)
    except ServoError as error:
        print("servo: " + log.clean(error.message), file=sys.stderr)
        return 2 if error.status == "bad-request" else 1
    events = Events()
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

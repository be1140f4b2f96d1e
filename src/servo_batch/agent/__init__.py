"""The servo agent: takes the service's commands over HTTPS and runs the drivers.

The manual's page "The agent" says what it does. ``identity`` is checked once, ``service`` makes one exchange,
``driver`` runs one driver, ``events`` is where all is waited for, ``retry`` says when to try again, and ``life`` does
what the service says.
"""

import os

from servo_batch import __version__, answers
from servo_batch.agent.events import Events, leave_when_told
from servo_batch.agent.log import Log
from servo_batch.options import Options


def main(command_line: Options) -> int:
    """Run the agent until a signal ends it; return the exit status.

    On SIGHUP it starts again with the same arguments.
    """
    log = Log()
    leave_when_told(log)  # before the rest is imported, which takes a while
    from servo_batch.agent.driver import self_command
    from servo_batch.agent.identity import AgentOptions, read_token
    from servo_batch.agent.life import Agent
    from servo_batch.agent.service import Service

    try:
        options = AgentOptions(command_line)
        token = None
        if options.token_file is not None:
            token = read_token(options.token_file)
            log.conceal(token)
        events = Events()
        service = Service(options.url, token, log if options.verbose else lambda text: None, events.wake)
    except answers.ServoError as error:
        answers.complain(log.clean(error.message))
        return 2 if error.status == "bad-request" else 1
    log("servo-batch %s, the agent of %s, for %s" % (__version__, options.app_id, service.way))
    Agent(options, service, events, log).run()
    events.hold()
    if events.restarting:
        log("starting again")
        command = self_command("servo") + command_line.arguments
        os.execv(command[0], command)
    return 0

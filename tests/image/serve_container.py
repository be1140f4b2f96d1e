"""Be the service, on loopback, for the agent in one container, and see that it describes, adjusts and measures.

Usage: serve_container.py TOKEN_FILE COMMAND... runs COMMAND, with the address of the service appended as --url. What
comes in is printed. Exit status 0 when all of it was right and the container ended with 0 after a SIGTERM.
"""

import os
import signal
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

from processes import children
from service import Service

STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 4}}}}}}
COMMANDS = [
    {"cmd": "DESCRIBE", "param": None},
    {"cmd": "ADJUST", "param": {"state": STATE, "control": {}}},
    {"cmd": "MEASURE", "param": {"metrics": ["throughput"], "control": {}}},
]


def main(token_file, *command):
    signal.signal(signal.SIGALRM, signal.default_int_handler)  # which lets the container be ended below
    signal.alarm(120)  # far above what this takes
    service = Service(COMMANDS)
    container = subprocess.Popen([*command, "--url", service.url])
    try:
        service.wait_for("WHATS_NEXT", len(COMMANDS) + 1)
        with open(token_file) as stream:
            check(service, stream.read().strip())
        # What runs the container passes no signal on; the agent is the last of the line, for it sleeps.
        os.kill(last_descendant(container.pid), signal.SIGTERM)
        service.wait_for("GOODBYE")
        return container.wait()
    finally:
        for request in service.requests:
            print("service: %s %s" % (request.event, request.param))
        if container.poll() is None:
            os.kill(last_descendant(container.pid), signal.SIGKILL)


def check(service, token):
    assert all(request.headers["authorization"] == "Bearer " + token for request in service.requests)
    descriptor = service.of("DESCRIPTION")[0].param["descriptor"]
    assert descriptor["application"]["components"]["web"]["settings"]["cpu"]["max"] == 8, descriptor
    assert set(descriptor["measurement"]["metrics"]) == {"total_runtime", "throughput"}, descriptor
    assert service.results("ADJUSTMENT") == [{"state": STATE}]
    metrics = service.results()[0]["metrics"]
    assert metrics["throughput"] == {"value": 4, "unit": "per second"}, metrics
    assert metrics["total_runtime"]["value"] > 0, metrics


def last_descendant(pid):
    for child in children(pid):
        return last_descendant(child)
    return pid


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

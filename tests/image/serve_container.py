"""Be the service, on loopback, for the agent in one container, and see that it describes, adjusts and measures.

Usage: serve_container.py TOKEN_FILE COMMAND... runs COMMAND, with the address of the service appended as --url. What
comes in is printed. Exit status 0 when all of it was right and the container ended with 0 after a SIGTERM.
"""

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

LIMIT_SECONDS = 60
STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 4}}}}}}
COMMANDS = [
    {"cmd": "DESCRIBE", "param": None},
    {"cmd": "ADJUST", "param": {"state": STATE, "control": {}}},
    {"cmd": "MEASURE", "param": {"metrics": ["throughput"], "control": {}}},
    {"cmd": "SLEEP", "param": {"duration": 600}},
]


class Handler(BaseHTTPRequestHandler):
    """Answers one request, and has the server remember the parameter of the last of each event."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8"))
        if self.headers["Authorization"] != "Bearer " + self.server.token:
            self.send_error(401)
            return
        print("service: %(event)s %(param)s" % request, flush=True)
        self.server.seen[request["event"]] = request["param"]
        body = json.dumps(COMMANDS.pop(0) if request["event"] == "WHATS_NEXT" else {"status": "ok"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(HTTPServer):
    timeout = LIMIT_SECONDS

    def handle_timeout(self):
        raise SystemExit("service: nothing came for %d seconds" % LIMIT_SECONDS)


def main(token_file, *command):
    server = Server(("127.0.0.1", 0), Handler)
    server.seen = {}
    with open(token_file) as stream:
        server.token = stream.read().strip()
    container = subprocess.Popen(command + ("--url", "http://127.0.0.1:%d/" % server.server_address[1]))
    try:
        while COMMANDS:
            server.handle_request()
        check(server.seen)
        # What runs the container passes no signal on; the agent is the last of the line, for it sleeps.
        os.kill(last_descendant(container.pid), signal.SIGTERM)
        while "GOODBYE" not in server.seen:
            server.handle_request()
        return container.wait(LIMIT_SECONDS)
    finally:
        if container.poll() is None:
            os.kill(last_descendant(container.pid), signal.SIGKILL)


def check(seen):
    descriptor = seen["DESCRIPTION"]["descriptor"]
    assert descriptor["application"]["components"]["web"]["settings"]["cpu"]["max"] == 8, descriptor
    assert set(descriptor["measurement"]["metrics"]) == {"total_runtime", "throughput"}, descriptor
    assert seen["ADJUSTMENT"] == {"state": STATE}, seen
    metrics = seen["MEASUREMENT"]["metrics"]
    assert metrics["throughput"] == {"value": 4, "unit": "per second"}, metrics
    assert metrics["total_runtime"]["value"] > 0, metrics


def last_descendant(pid):
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % entry) as stream:
                # The name, in parentheses, may hold anything; the state and the parent follow it.
                parent = int(stream.read().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        if parent == pid:
            return last_descendant(int(entry))
    return pid


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

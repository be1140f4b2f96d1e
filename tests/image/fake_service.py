"""A service on loopback that has one container's agent describe, adjust and measure; exits 0 when it has seen it all.

Usage: fake_service.py TOKEN_FILE PORT_FILE. The port is written to PORT_FILE once it is open. What comes in is printed.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 4}}}}}}
COMMANDS = [
    {"cmd": "DESCRIBE", "param": None},
    {"cmd": "ADJUST", "param": {"state": STATE, "control": {}}},
    {"cmd": "MEASURE", "param": {"metrics": ["throughput"], "control": {}}},
]


class Handler(BaseHTTPRequestHandler):
    """Answers one request, and remembers the parameters of the last of each event."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8"))
        if self.headers["Authorization"] != "Bearer " + self.server.token:
            self.send_error(401)
            return
        print("service:", json.dumps(request), flush=True)
        self.server.seen[request["event"]] = request["param"]
        answer = {"status": "ok"}
        if request["event"] == "WHATS_NEXT":
            answer = COMMANDS.pop(0) if COMMANDS else {"cmd": "SLEEP", "param": {"duration": 600}}
            self.server.done = answer["cmd"] == "SLEEP"
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(HTTPServer):
    timeout = 60

    def handle_timeout(self):
        sys.exit("service: nothing came for a minute")


def main(token_file, port_file):
    server = Server(("127.0.0.1", 0), Handler)
    server.seen, server.done = {}, False
    with open(token_file) as stream:
        server.token = stream.read().strip()
    with open(port_file, "w") as stream:
        stream.write("%d\n" % server.server_address[1])
    while not server.done:
        server.handle_request()
    descriptor = server.seen["DESCRIPTION"]["descriptor"]
    assert descriptor["application"]["components"]["web"]["settings"]["cpu"]["max"] == 8, descriptor
    assert set(descriptor["measurement"]["metrics"]) == {"total_runtime", "throughput"}, descriptor
    assert server.seen["ADJUSTMENT"] == {"state": STATE}, server.seen
    metrics = server.seen["MEASUREMENT"]["metrics"]
    assert metrics["throughput"] == {"value": 4, "unit": "per second"}, metrics
    assert metrics["total_runtime"]["value"] > 0, metrics
    # The container is stopped now.
    while "GOODBYE" not in server.seen:
        server.handle_request()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

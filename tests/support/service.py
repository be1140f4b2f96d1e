"""A service on loopback that can misbehave, for the agents of tests and of images: no pytest, only the standard library."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from processes import wait_until

SLEEP = {"cmd": "SLEEP", "param": {"duration": 3600}}


class Request:
    """What the service got: ``event`` and ``param``, the raw ``body``, the ``headers`` with lower-case names."""

    def __init__(self, body, headers):
        self.body = body
        self.headers = {name.lower(): value for name, value in headers.items()}
        message = json.loads(body.decode("utf-8"))
        self.event, self.param = message["event"], message["param"]
        assert set(message) == {"event", "param"}


class Service(socketserver.ThreadingMixIn, HTTPServer):
    """Answers WHATS_NEXT with ``commands`` in turn, then SLEEP; ``answers[event]`` are answers for other events.

    An answer may be a function of the request's handler that does to the connection what it likes.
    """

    daemon_threads = True
    block_on_close = False

    # A test that breaks off connections on purpose is no news.
    def handle_error(self, request, client_address):
        pass

    def __init__(self, commands=(), answers=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.place = "127.0.0.1:%d" % self.server_address[1]
        self.url = "http://%s/accounts/acme/applications/app/servo" % self.place
        self.requests = []
        self.tunnel = None  # as a proxy it is the service behind its tunnel too, with this context of TLS
        self.tunnels = []  # the heads of the requests for one
        self.answers = {event: list(answers) for event, answers in (answers or {}).items()}
        self.answers["WHATS_NEXT"] = list(commands)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def of(self, event):
        return [request for request in self.requests if request.event == event]

    def results(self, event="MEASUREMENT"):
        return [one.param for one in self.of(event) if "progress" not in one.param]

    def wait_for(self, event, count=1):
        """Wait for the ``count``-th request of ``event`` and return it."""
        return wait_until(lambda: self.of(event)[count - 1 :])[0]

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = Request(self.rfile.read(int(self.headers["Content-Length"])), self.headers)
        self.server.requests.append(request)
        queue = self.server.answers.get(request.event)
        answer = queue.pop(0) if queue else SLEEP if request.event == "WHATS_NEXT" else {"status": "ok"}
        if callable(answer):
            answer(self)
        else:
            self.answer(json.dumps(answer).encode())

    def do_CONNECT(self):
        self.server.tunnels.append("%s\n%s" % (self.requestline, self.headers))
        if self.server.tunnel is None:
            self.answer(b"", 407)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.request = self.server.tunnel.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.handle()

    def answer(self, content, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def never(handler):
    """An answer that never comes."""
    handler.rfile.read(1)  # returns when the agent hangs up

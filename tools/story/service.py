"""A small service as they are: GET /rate/EUR asks Redis, else an HTTPS API by its name, keeps the answer in Redis, and
answers over HTTP. Arguments: PORT API_HOST CERTIFICATE REDIS_HOST. Python's own libraries alone."""
import http.client
import http.server
import json
import socket
import ssl
import sys

PORT, API_HOST, CERTIFICATE, REDIS_HOST = int(sys.argv[1]), *sys.argv[2:5]


class Redis:
    """As much of a client as is needed: one command, one reply that is a string or null."""

    def __init__(self, host):
        self.stream = socket.create_connection((host, 6379)).makefile("rwb")

    def ask(self, *words):
        data = [word.encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%s\r\n" % (len(o), o) for o in data))
        self.stream.flush()
        reply = self.stream.readline()
        if not reply.startswith(b"$"):
            return reply[1:-2].decode()
        size = int(reply[1:])
        return None if size < 0 else self.stream.read(size + 2)[:-2].decode()


class Service(http.server.BaseHTTPRequestHandler):
    redis = None

    def do_GET(self):
        currency = self.path.removeprefix("/rate/")
        rate = self.redis.ask("GET", f"rate:{currency}")
        if rate is None:
            rate = self.from_api(currency)
            self.redis.ask("SET", f"rate:{currency}", rate, "EX", "60")
        data = json.dumps({"currency": currency, "rate": rate}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @staticmethod
    def from_api(currency):
        api = http.client.HTTPSConnection(API_HOST, context=ssl.create_default_context(cafile=CERTIFICATE))
        api.request("GET", f"/v1/rates?currency={currency}")
        rate = json.load(api.getresponse())["rate"]
        api.close()
        return str(rate)

    def log_message(self, *_):
        pass


Service.redis = Redis(REDIS_HOST)
http.server.HTTPServer(("127.0.0.1", PORT), Service).serve_forever()

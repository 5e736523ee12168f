"""relay_threads.py PORT UPSTREAM [pool]: a thread for each connection asks UPSTREAM for what it is asked for itself, or has a
pool of threads do that."""
import concurrent.futures
import http.client
import http.server
import sys
import threading

UPSTREAM = int(sys.argv[2])
MINE = threading.local()
POOL = concurrent.futures.ThreadPoolExecutor(4) if sys.argv[3:] == ["pool"] else None


def ask(path):
    if not hasattr(MINE, "upstream"):
        MINE.upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
    MINE.upstream.request("GET", path)
    return MINE.upstream.getresponse().read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        body = POOL.submit(ask, self.path).result() if POOL else ask(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

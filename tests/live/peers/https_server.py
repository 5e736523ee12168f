"""The server of tests/live/programs: prints its port, answers each request with "answer to TARGET; N bytes; end" in a
record of its own behind the header section, after DELAY seconds. `https_server.py CERTIFICATE KEY DELAY`

    /held/...   is answered only when the next request of the connection has come, just before that
    /until/KEY  is answered only when a request for /release/KEY has come, on any connection
    /deaf/...   is the last that is read of its connection, which stays open
"""
import collections
import socket
import ssl
import sys
import threading
import time

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
delay = float(sys.argv[3])
released = collections.defaultdict(threading.Event)
lock = threading.Lock()


def release_of(key):
    with lock:
        return released[key]


def read_request(stream):
    """Target and number of bytes in the body; None at the end."""
    line = stream.readline()
    if not line:
        return None
    length = 0
    while (field := stream.readline()) not in (b"\r\n", b""):
        if field.lower().startswith(b"content-length:"):
            length = int(field.split(b":")[1])
    target = line.split()[1].decode()
    if target.startswith("/deaf/"):
        threading.Event().wait()
    return target, len(stream.read(length))


def answer(connection, target, length):
    body = f"answer to {target}; {length} bytes; end".encode()
    time.sleep(delay)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    connection.sendall(body)


def serve(plain):
    with context.wrap_socket(plain, server_side=True) as connection, connection.makefile("rb") as stream:
        held = []
        while request := read_request(stream):
            kind, _, key = request[0].strip("/").partition("/")
            if kind == "release":
                release_of(key).set()
            elif kind == "until":
                release_of(key).wait()
            held.append(request)
            if kind != "held":
                for each in held:
                    answer(connection, *each)
                held = []


def serve_until_it_breaks(plain):
    try:
        serve(plain)
    except OSError:
        pass  # clients that end in the middle are what this server is for


with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve_until_it_breaks, args=listener.accept()[:1], daemon=True).start()

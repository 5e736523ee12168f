#!/usr/bin/env python3
"""HTTPS server that answers with the name of the connection it sees. Modes: asyncio (memory BIOs), threads (blocking),
bio (one thread runs TLS on memory BIOs, two others do the socket I/O), plain (no TLS: a backend),
proxy (HTTPS proxy: CONNECT inside TLS)."""
import argparse
import asyncio
import queue
import socket
import ssl
import threading

from client import body_length, tag


def context(options):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options.cert, options.key)
    return made


def response(mark, size):
    body = (mark + "\n") * -(-size // (len(mark) + 1))
    return f"HTTP/1.1 200 OK\r\nX-GT: {mark}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def echoed(head, mark):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"x-gt:"):
            return line.split(b":", 1)[1].strip().decode()
    return mark


async def serve_async(options):
    async def handle(reader, writer):
        mark = tag(writer.get_extra_info("peername"), writer.get_extra_info("sockname"))
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(body_length(head))
                writer.write(response(mark, options.size))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()

    server = await asyncio.start_server(handle, *options.listen, ssl=context(options))
    print("ready", flush=True)
    await server.serve_forever()


def serve_blocking(options, handle):
    listener = socket.create_server(options.listen, backlog=256)
    print("ready", flush=True)
    while True:
        raw, _ = listener.accept()
        threading.Thread(target=handle, args=(options, raw), daemon=True).start()


def requests(receive):
    """Yields the head of each request."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = receive()
            if not more:
                return
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        left = body_length(head)
        while len(data) < left:
            more = receive()
            if not more:
                return
            data += more
        data = data[left:]
        yield head


def handle_threads(options, raw):
    try:
        tls = context(options).wrap_socket(raw, server_side=True)
        mark = tag(tls.getpeername(), tls.getsockname())
        for head in requests(lambda: tls.recv(4096)):
            tls.sendall(response(echoed(head, mark) if options.echo else mark, options.size))
        tls.close()
    except (OSError, ssl.SSLError):
        raw.close()


def handle_plain(options, raw):
    mark = tag(raw.getpeername(), raw.getsockname())
    try:
        for head in requests(lambda: raw.recv(65536)):
            raw.sendall(response(echoed(head, mark) if options.echo else mark, options.size))
    except OSError:
        pass
    raw.close()


def handle_proxy(options, raw):
    try:
        tls = context(options).wrap_socket(raw, server_side=True)
        head = next(requests(lambda: tls.recv(4096)))
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        far = socket.create_connection((host, int(port)))
        tls.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        def back():
            while data := far.recv(16384):
                tls.sendall(data)

        threading.Thread(target=back, daemon=True).start()
        while data := tls.recv(16384):
            far.sendall(data)
        far.shutdown(socket.SHUT_WR)
    except (OSError, ssl.SSLError, StopIteration):
        raw.close()


def handle_bio(options, raw):
    """This thread does TLS only; a reader and a writer thread move the ciphertext."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(options).wrap_bio(incoming, outgoing, server_side=True)
    arrived, leaving = queue.Queue(), queue.Queue()
    mark = tag(raw.getpeername(), raw.getsockname())

    def read():
        try:
            while data := raw.recv(16384):
                arrived.put(data)
        except OSError:
            pass
        arrived.put(b"")

    def write():
        while data := leaving.get():
            try:
                raw.sendall(data)
            except OSError:
                break
        raw.close()

    def step(call):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                if data := outgoing.read():
                    leaving.put(data)
                data = arrived.get()
                if not data:
                    raise ConnectionError("closed") from None
                incoming.write(data)

    for target in (read, write):
        threading.Thread(target=target, daemon=True).start()
    try:
        step(tls.do_handshake)
        for _ in requests(lambda: step(lambda: tls.read(4096))):
            step(lambda: tls.write(response(mark, options.size)))
            leaving.put(outgoing.read())
    except (ConnectionError, ssl.SSLError):
        pass
    leaving.put(b"")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["asyncio", "threads", "bio", "plain", "proxy"])
    parser.add_argument("listen", type=lambda text: (text.rpartition(":")[0], int(text.rpartition(":")[2])))
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--echo", action="store_true", help="threads, plain: answer with the request's X-GT")
    options = parser.parse_args()
    if options.mode == "asyncio":
        asyncio.run(serve_async(options))
    else:
        serve_blocking(options, {"threads": handle_threads, "bio": handle_bio, "plain": handle_plain, "proxy": handle_proxy}[options.mode])


if __name__ == "__main__":
    main()

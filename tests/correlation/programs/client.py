#!/usr/bin/env python3
"""HTTPS client whose every request names its own connection: GT[client=A:P,server=B:Q].

Modes: blocking (one connection after the other), threads (two at a time), asyncio (all at once, memory BIOs),
redis (threads, but SET and GET commands).
"""
import argparse
import asyncio
import os
import socket
import ssl
import threading
import time


def tag(client, server):
    return f"GT[client={client[0]}:{client[1]},server={server[0]}:{server[1]}]"


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def request(name, mark, size):
    body = (mark + "\n") * -(-size // (len(mark) + 1))
    return (f"POST /{name} HTTP/1.1\r\nHost: localhost\r\nX-GT: {mark}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def body_length(head):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def read_response(tls):
    data = b""
    while b"\r\n\r\n" not in data:
        more = tls.recv(1000)
        if not more:
            raise ConnectionError("closed")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    left = body_length(head) - len(body)
    while left > 0:
        more = tls.recv(min(left, 5000))
        if not more:
            raise ConnectionError("closed")
        left -= len(more)


def exchange(options, tls, mark, name):
    if options.mode == "redis":
        value = mark * max(1, options.size // len(mark))
        tls.sendall(f"SET {mark} {value}\r\nGET {mark}\r\n".encode())
        expected = len(f"+OK\r\n${len(value)}\r\n{value}\r\n")
        while expected > 0:
            expected -= len(tls.recv(16384)) or expected + 1
        return
    tls.sendall(request(name, mark, options.size))
    read_response(tls)


def goes_on(options):
    return options.until and not os.path.exists(options.until)


def blocking(options, number):
    raw = socket.create_connection(options.server)
    with context().wrap_socket(raw, server_hostname="localhost") as tls:
        mark = tag(tls.getsockname(), tls.getpeername())
        count = 0
        while count < options.requests or goes_on(options):
            exchange(options, tls, mark, f"{number}/{count}")
            count += 1
            if options.until:
                time.sleep(0.01)


async def one_async(options, number):
    reader, writer = await asyncio.open_connection(*options.server, ssl=context(), server_hostname="localhost")
    mark = tag(writer.get_extra_info("sockname"), writer.get_extra_info("peername"))
    count = 0
    while count < options.requests or goes_on(options):
        writer.write(request(f"{number}/{count}", mark, options.size))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = body_length(head)
        if length:
            await reader.readexactly(length)
        count += 1
        if options.until:
            await asyncio.sleep(0.01)
    writer.close()
    await writer.wait_closed()


async def all_async(options):
    limit = asyncio.Semaphore(options.parallel)

    async def limited(number):
        async with limit:
            await one_async(options, number)

    await asyncio.gather(*(limited(n) for n in range(options.connections)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["blocking", "threads", "asyncio", "redis"])
    parser.add_argument("server", type=lambda text: (text.rpartition(":")[0], int(text.rpartition(":")[2])))
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--parallel", type=int, default=40)
    parser.add_argument("--requests", type=int, default=10)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--until", help="keep every connection busy until this file is there")
    options = parser.parse_args()
    if options.mode == "asyncio":
        asyncio.run(all_async(options))
    elif options.mode == "blocking" and not options.until:
        for number in range(options.connections):
            blocking(options, number)
    else:
        pending = list(range(options.connections))

        def work():
            while pending:
                blocking(options, pending.pop())

        workers = options.connections if options.until else 2
        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()

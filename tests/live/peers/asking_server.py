"""A TLS server that asks another service inside each handshake, in the callback for the server's name.

asking_server.py CERT KEY LOOP WAY PORT...: LOOP is "blocking" (the TLS library uses the socket) or "asyncio" (memory BIOs);
WAY says how it asks: "tcp" (a connection each time, read to its end), "pool" (one connection, also used for each request
later), "https" (over TLS of its own), "helper" (over a socketpair, in messages that begin with their length, as a process
that keeps the key is asked for signatures). Prints its port, then for each connection to the service "asked PORT".
"""
import asyncio
import os
import socket
import ssl
import struct
import sys

CERT, KEY, LOOP, WAY, STORE = *sys.argv[1:5], int(sys.argv[5])
RECORD_LIKE = 0x0316  # a length that begins like the record of a handshake, in little endian


def read_answer(connection):
    data = b""
    while not data.endswith(b"found"):
        data += connection.recv(1000)


def connect():
    connection = socket.create_connection(("127.0.0.1", STORE))
    print("asked", connection.getsockname()[1], flush=True)
    return connection


def ask_over_tcp(name):
    with connect() as connection:
        connection.sendall(b"GET /%s HTTP/1.0\r\nHost: store\r\n\r\n" % name.encode())
        while connection.recv(1000):
            pass


pool = []


def ask_pooled(name):
    if not pool:
        pool.append(connect())
    pool[0].sendall(b"GET /%s HTTP/1.1\r\nHost: store\r\n\r\n" % name.encode())
    read_answer(pool[0])


def ask_over_tls(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect() as plain, context.wrap_socket(plain) as connection:
        connection.sendall(b"GET /%s HTTP/1.1\r\nHost: store\r\n\r\n" % name.encode())
        read_answer(connection)


def serve_helper(connection):
    while connection.recv(8, socket.MSG_WAITALL):
        connection.recv(RECORD_LIKE, socket.MSG_WAITALL)
        connection.sendall(struct.pack("<Q", RECORD_LIKE) + bytes(RECORD_LIKE))


def ask_helper(name):
    helper.sendall(struct.pack("<Q", RECORD_LIKE) + name.encode().ljust(RECORD_LIKE, b"\0"))
    assert len(helper.recv(8 + RECORD_LIKE, socket.MSG_WAITALL)) == 8 + RECORD_LIKE


if WAY == "helper":
    helper, there = socket.socketpair()
    if os.fork() == 0:
        helper.close()
        serve_helper(there)
        os._exit(0)
    there.close()

ask = {"tcp": ask_over_tcp, "pool": ask_pooled, "https": ask_over_tls, "helper": ask_helper}[WAY]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
context.sni_callback = lambda connection, name, _: ask(name)


def respond(request_line):
    target = request_line.split()[1]
    if WAY == "pool":
        ask("later" + target.decode())
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target) + target


async def handle(reader, writer):
    while line := await reader.readline():
        while await reader.readline() not in (b"\r\n", b""):
            pass
        writer.write(respond(line))
        await writer.drain()
    writer.close()


async def run():
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def handle_blocking(plain):
    with context.wrap_socket(plain, server_side=True) as connection, connection.makefile("rb") as file:
        while line := file.readline():
            while file.readline() not in (b"\r\n", b""):
                pass
            connection.sendall(respond(line))


if LOOP == "asyncio":
    asyncio.run(run())
else:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        handle_blocking(listener.accept()[0])

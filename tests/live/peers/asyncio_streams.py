"""HTTPS of asyncio's streams, one request on each connection.

asyncio_streams.py both CERT KEY NUMBER PARALLEL: a server and its clients in one process;
asyncio_streams.py serve CERT KEY: prints its port; asyncio_streams.py call PORT NUMBER: one request, then the process ends at once;
asyncio_streams.py calls PORT NUMBER PARALLEL: as many requests.
Each client prints "TARGET PORT", its own port, and asks for the server name<NUMBER>.test.
"""
import asyncio
import os
import ssl
import sys


async def handle(reader, writer):
    try:
        target = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target) + target)
        await writer.drain()
        await reader.read()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


async def call(port, number):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context,
                                                   server_hostname=f"name{number}.test")
    writer.write(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
    await reader.readuntil(b"\r\n\r\n/%d" % number)
    print(f"/{number}", writer.get_extra_info("sockname")[1], flush=True)
    return writer


async def call_and_close(port, numbers):
    for number in numbers:
        writer = await call(port, number)
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass


async def call_all(port, number, parallel):
    numbers = iter(range(number))
    await asyncio.gather(*(call_and_close(port, numbers) for _ in range(parallel)))


async def run():
    if sys.argv[1] == "call":
        await call(int(sys.argv[2]), int(sys.argv[3]))
        os._exit(0)
    if sys.argv[1] == "calls":
        await call_all(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    server, port = await serve()
    if sys.argv[1] == "serve":
        print(port, flush=True)
        await server.serve_forever()
    await call_all(port, int(sys.argv[4]), int(sys.argv[5]))
    server.close()


asyncio.run(run())

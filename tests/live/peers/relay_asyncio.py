"""relay_asyncio.py PORT UPSTREAM [restless]: one thread asks UPSTREAM for whatever it is asked for itself, and, if it is
restless, for other things all the time."""
import asyncio
import sys

PORT, UPSTREAM = int(sys.argv[1]), int(sys.argv[2])


async def read_message(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head, await reader.readexactly(length)


class Upstream:
    """Connections that are kept for the next one."""
    idle = []

    @classmethod
    async def ask(cls, path):
        reader, writer = cls.idle.pop() if cls.idle else await asyncio.open_connection("127.0.0.1", UPSTREAM)
        writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: upstream\r\n\r\n")
        _, body = await read_message(reader)
        cls.idle.append((reader, writer))
        return body


async def serve(reader, writer):
    try:
        while True:
            head, _ = await read_message(reader)
            body = await Upstream.ask(head.split(b" ", 2)[1])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def be_restless():
    number = 0
    while True:
        number += 1
        await Upstream.ask(b"/by-itself/%d" % number)
        await asyncio.sleep(0.002)


async def main():
    if sys.argv[3:] == ["restless"]:
        asyncio.get_running_loop().create_task(be_restless())
    server = await asyncio.start_server(serve, "127.0.0.1", PORT, backlog=128)
    async with server:
        await server.serve_forever()


asyncio.run(main())

"""A WebSocket server ("serve CERT KEY", prints its port) or client ("call PORT CERT", waits for a line on its standard
input) by the websockets library, with permessage-deflate."""
import asyncio
import ssl
import sys

import websockets


async def serve(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    async def echo(socket, *_):
        async for message in socket:
            await socket.send(message if isinstance(message, bytes) else "echo: " + message)

    async with websockets.serve(echo, "127.0.0.1", 0, ssl=context) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


async def call(port, cert):
    sys.stdin.readline()
    context = ssl.create_default_context(cafile=cert)
    async with websockets.connect(f"wss://localhost:{port}/chat?room=1", ssl=context) as socket:
        for message in ("hello", "grüße " * 20, bytes(range(256)) * 4, ["in ", "three ", "pieces"]):
            await socket.send(message)
            await socket.recv()
        await (await socket.ping(b"are you there"))
        await socket.close(1000, "bye")
    print("done", flush=True)


asyncio.run(serve(*sys.argv[2:]) if sys.argv[1] == "serve" else call(*sys.argv[2:]))

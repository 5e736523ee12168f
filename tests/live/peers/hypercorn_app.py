"""An ASGI application on hypercorn ("serve CERT KEY" or "plain", prints its port): a greeting, and server-sent events,
plain and gzipped."""
import asyncio
import socket
import sys
import zlib

import hypercorn.asyncio
import hypercorn.config


async def events(send, coded):
    headers = [(b"content-type", b"text/event-stream")] + ([(b"content-encoding", b"gzip")] if coded else [])
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gzip = zlib.compressobj(wbits=31)
    for i in range(3):
        event = f"event: tick\nid: {i}\ndata: number {i}\n\n".encode()
        if coded:
            event = gzip.compress(event) + gzip.flush(zlib.Z_SYNC_FLUSH)
        await send({"type": "http.response.body", "body": event, "more_body": True})
        await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": gzip.flush() if coded else b""})


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("only http")
    if scope["path"].startswith("/events"):
        await events(send, scope["path"].endswith("gzip"))
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = f"hypercorn says {scope['path']} after {size}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


listener = socket.create_server(("127.0.0.1", 0))
config = hypercorn.config.Config()
config.accesslog = None
config.bind = [f"fd://{listener.fileno()}"]
if sys.argv[1] == "serve":
    config.certfile, config.keyfile = sys.argv[2:]
print(listener.getsockname()[1], flush=True)
asyncio.run(hypercorn.asyncio.serve(app, config))

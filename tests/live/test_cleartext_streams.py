"""gRPC and WebSocket without TLS, from their first byte and joined in mid-life. Client and server are one process each."""
import subprocess

from harness import PYTHON, LiveTest

# Both ends of gRPC with bytes for messages. Calls once; after a line on stdin once more.
GRPC = """if True:
    import concurrent.futures, grpc, sys
    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            if details.method == "/test.Echo/Say":
                return grpc.unary_unary_rpc_method_handler(lambda request, context: b"echo " + request)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        say = channel.unary_unary("/test.Echo/Say")
        if "early" in sys.argv:
            say(b"early")
        print("ready")
        sys.stdin.readline()
        for text in b"one", b"two":
            assert say(text) == b"echo " + text
    server.stop(None)
"""

WEBSOCKET = """if True:
    import asyncio, sys, websockets
    async def echo(socket, *_):
        async for message in socket:
            await socket.send("echo " + message)
    async def say(socket, text):
        await socket.send(text)
        assert await socket.recv() == "echo " + text
    async def main():
        async with websockets.serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            wait = lambda: asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            if "early" not in sys.argv:
                print("ready")
                await wait()
            async with websockets.connect(f"ws://127.0.0.1:{port}/chat") as socket:
                if "early" in sys.argv:
                    await say(socket, "early")
                    print("ready")
                    await wait()
                for text in "one", "two":
                    await say(socket, text)
    asyncio.run(main())
"""


class CleartextStreamsTest(LiveTest):
    def capture_of(self, module, program, *arguments):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode:
            self.skipTest(f"Debian's python has no {module}")
        process = self.python(program, *arguments)
        self.assertEqual(process.stdout.readline(), "ready\n")
        with self.capture("-p", process.pid) as capture:
            process.stdin.write("\n")
            process.stdin.flush()
            self.assertEqual(process.wait(), 0)
        for transaction in capture.transactions:
            self.assertEqual(transaction["connection"]["carrier"], "cleartext")
        return capture

    def test_grpc(self):
        capture = self.capture_of("grpc", GRPC)
        calls = [t for t in capture.transactions if t["protocol"] == "grpc"]
        self.assertEqual(sorted(t["connection"]["role"] for t in calls), ["client"] * 2 + ["server"] * 2)
        for call in calls:
            self.assertEqual((call["grpc"]["service"], call["grpc"]["method"]), ("test.Echo", "Say"))
            self.assertEqual((call["grpc"]["status"], call["grpc"]["response"]["messages"]), (0, 1))
            self.assertTrue(call["integrity"]["complete"])

    def test_grpc_in_mid_life(self):
        """Header fields that refer to what passed before are not made up."""
        capture = self.capture_of("grpc", GRPC, "early")
        streams = [t for t in capture.transactions if "stream" in t]
        self.assertEqual(len(streams), 4, capture.transactions)

    def test_websocket(self):
        capture = self.capture_of("websockets", WEBSOCKET)
        for role in "client", "server":
            messages = [t["message"] for t in capture.transactions
                        if t["connection"]["role"] == role and t["protocol"] == "websocket"]
            texts = [(m["from"], m["body"]["text"]) for m in messages if m["type"] == "text"]
            self.assertEqual(texts, [("client", "one"), ("server", "echo one"), ("client", "two"), ("server", "echo two")])
            upgrades = [t for t in capture.transactions if t["connection"]["role"] == role and t["protocol"] == "http/1.1"]
            self.assertEqual([t["response"]["status"] for t in upgrades], [101])

    def test_websocket_in_mid_life(self):
        """Frames alone do not prove a WebSocket: connections that are not decoded, with every byte counted."""
        capture = self.capture_of("websockets", WEBSOCKET, "early")
        self.assertEqual(capture.transactions, [])
        client, server = sorted(capture.of_type("connection"), key=lambda c: c["connection"]["role"])
        for record in client, server:
            self.assertTrue(record["connection"]["joined_midstream"])
            self.assertNotIn("protocol", record)
            self.assertEqual((record["sent"]["missing"], record["received"]["missing"]), (0, 0))
        # Frames of "one", "two" and the close: at least header and text, those of the client masked.
        self.assertGreaterEqual(client["sent"]["bytes"], 3 * 6 + 6)
        self.assertEqual(client["sent"]["bytes"], server["received"]["bytes"])
        self.assertEqual(server["sent"]["bytes"], client["received"]["bytes"])

"""WebSocket by python3-websockets: both ends, compressed, fragmented, with control frames."""
import subprocess

from harness import body_of
from pairs import PYTHON, PairTest, python_peer


class WebsocketTest(PairTest):
    def test_chat(self):
        if subprocess.run([PYTHON, "-c", "import websockets"], capture_output=True).returncode != 0:
            self.skipTest("python3-websockets is not installed")
        capture = self.converse(python_peer("websocket.py"), expect=13)
        for side in self.sides(capture):
            self.assertEqual(side[0]["response"]["status"], 101)
            messages = [t["message"] for t in side[1:]]
            self.assertEqual(
                [(m["from"], m["type"], m["body"]["size"]) for m in messages],
                [("client", "text", 5), ("server", "text", 11), ("client", "text", 160), ("server", "text", 166),
                 ("client", "binary", 1024), ("server", "binary", 1024), ("client", "text", 15), ("server", "text", 21),
                 ("client", "ping", 13), ("server", "pong", 13), ("client", "close", 3), ("server", "close", 3)])
            self.assertEqual(body_of(messages[1]), b"echo: hello")
            self.assertEqual(body_of(messages[5]), bytes(range(256)) * 4)
            self.assertEqual(body_of(messages[6]), b"in three pieces")
            self.assertEqual(messages[0]["compressed"], "yes")
            self.assertEqual(messages[10]["code"], "1000")
            self.assertTrue(all(m["url"] == f"https://localhost:{self.port}/chat?room=1" for m in messages))
            self.assertTrue(all(t["integrity"]["complete"] for t in side))
        self.assertIn("← text echo: hello", capture.stdout)
        self.assertIn("→ close code=1000 bye", capture.stdout)
        self.check_replay(capture)
        if tshark := self.tshark():
            stream = tshark.streams("websocket")[0]
            self.assertEqual([row[0] for row in tshark.fields(f"tcp.stream == {stream} and websocket", "websocket.opcode")],
                             ["1", "1", "1", "1", "2", "2", "1", "0", "0", "0", "1", "9", "10", "8", "8"])
            texts = [row[0] for row in tshark.fields(f"tcp.stream == {stream} and websocket.payload.text",
                                                     "websocket.payload.text")]
            self.assertEqual(texts[:2], ["hello", "echo: hello"])

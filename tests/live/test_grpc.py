"""gRPC by python3-grpcio: unary calls and all kinds of streams, both ends, in text, JSON and Wireshark."""
import os
import subprocess

from pairs import PYTHON, PairTest, python_peer, sslsniff


class GrpcTest(PairTest):
    def setUp(self):
        super().setUp()
        self.need("protoc")
        self.descriptors = os.path.join(self.folder, "chat.pb")
        folder = os.path.dirname(python_peer("x")[-1])
        subprocess.run(["protoc", f"-I{folder}", "--include_imports", f"--descriptor_set_out={self.descriptors}",
                        os.path.join(folder, "chat.proto")], check=True)
        os.environ["CHAT_DESCRIPTORS"] = self.descriptors
        if subprocess.run([PYTHON, "-c", "import grpc"], capture_output=True).returncode != 0:
            self.skipTest("python3-grpcio is not installed")

    def test_every_kind_of_call(self):
        capture = self.converse(python_peer("grpc_chat.py"), "--proto", self.descriptors, expect=19)
        for side in self.sides(capture):
            calls = [t for t in side if "grpc" in t]
            self.assertEqual([(t["grpc"]["service"], t["grpc"]["method"], t["grpc"]["status_name"]) for t in calls],
                             [("chat.Chat", "Say", "OK"), ("chat.Chat", "Say", "OK"), ("chat.Chat", "Say", "NOT_FOUND"),
                              ("chat.Chat", "Listen", "OK"), ("chat.Chat", "Tell", "OK"), ("chat.Chat", "Talk", "OK")])
            self.assertEqual([(t["grpc"]["request"]["messages"], t["grpc"]["response"]["messages"]) for t in calls],
                             [(1, 1), (1, 1), (1, 0), (1, 3), (4, 1), (3, 3)])
            self.assertTrue(all(t["protocol"] == "grpc" and t["integrity"]["complete"] for t in side))
            first = calls[0]["grpc"]
            self.assertEqual(first["request"]["message"]["json"],
                             {"who": "ann", "says": "grüße", "number": "7", "list": [1, 2, 3], "mood": "HAPPY"})
            self.assertEqual(first["response"]["message"]["json"], {"who": "server", "says": "hello ann"})
            packed = calls[1]["grpc"]["request"]
            self.assertEqual((packed["compressed"], packed["message"]["json"]["says"]), (1, "z" * 500))
            self.assertEqual(calls[2]["grpc"]["message"], "no such person: nobody")
            messages = [t["message"] for t in side if "message" in t]
            talk = [(m["from"], m["body"]["json"]["says"]) for m in messages if m["url"].endswith("/Talk")]
            self.assertEqual(sorted(talk), sorted(
                [("client", "one"), ("client", "two"), ("client", "three")] +
                [("server", "ONE"), ("server", "TWO"), ("server", "THREE")]))
            self.assertEqual(talk[0], ("client", "one"))
            listened = [m["body"]["json"].get("number", "0") for m in messages if m["url"].endswith("/Listen")]
            self.assertEqual(listened, ["0", "1", "2"])
        self.assertIn('/chat.Chat/Talk → message {"says":"one"}', capture.stdout)
        self.check_replay(capture, "--proto", self.descriptors)
        # By names with a schema, by numbers without.
        self.assertIn('> {\n    >   "who": "ann",\n', sslsniff("-r", self.trace, "-vv", "--proto", self.descriptors).stdout)
        bare = sslsniff("-r", self.trace, "-vv").stdout
        self.assertIn('> 1: "ann"\n    > 2: "grüße"\n    > 3: 7\n', bare)
        self.assertIn('< 1: "server"\n', bare)
        if tshark := self.tshark():
            for stream in tshark.streams("grpc"):
                rows = tshark.fields(f"tcp.stream == {stream} and grpc", "grpc.message_length")
                lengths = ",".join(row[0] for row in rows).split(",")
                self.assertEqual(len(lengths), 20, lengths)  # the messages of all six calls
                data = ",".join(row[0] for row in tshark.fields(f"tcp.stream == {stream} and grpc", "grpc.message_data"))
                self.assertIn(b"hello ann".hex(), data)
            self.assertEqual(len(tshark.streams("grpc")), 1)  # both ends, one connection

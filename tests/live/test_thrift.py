"""Apache Thrift's Python library as client and server (peers/thrift_server.py) under capture."""
import os
import subprocess

from harness import PYTHON, LiveTest, wait_until
from pairs import Tshark

CLIENT = """
import sys
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.Thrift import TMessageType, TType
from thrift.transport import TSocket, TSSLSocket, TTransport
name, port, authority = sys.argv[1], int(sys.argv[2]), sys.argv[3]
socket = TSSLSocket.TSSLSocket("localhost", port, ca_certs=authority) if authority else TSocket.TSocket("127.0.0.1", port)
transport = TTransport.TFramedTransport(socket)
protocol = {"binary": TBinaryProtocol.TBinaryProtocol, "compact": TCompactProtocol.TCompactProtocol}[name](transport)
transport.open()
def call(method, kind, field_type, value):
    protocol.writeMessageBegin(method, kind, 0)
    protocol.writeStructBegin("args")
    protocol.writeFieldBegin("value", field_type, 1)
    (protocol.writeI32 if field_type == TType.I32 else protocol.writeString)(value)
    protocol.writeFieldEnd(); protocol.writeFieldStop(); protocol.writeStructEnd(); protocol.writeMessageEnd()
    transport.flush()
    if kind == TMessageType.CALL:
        print(method, *protocol.readMessageBegin()[1:2])
        protocol.skip(TType.STRUCT)
        protocol.readMessageEnd()
for number in range(3):
    call("getName", TMessageType.CALL, TType.I32, number - 1)
call("log", TMessageType.ONEWAY, TType.STRING, "a line")
call("find", TMessageType.CALL, TType.STRING, "nobody")
call("nosuch", TMessageType.CALL, TType.STRING, "x")
transport.close()
"""


class ThriftTest(LiveTest):
    def converse(self, protocol, tls=False, **options):
        if subprocess.run([PYTHON, "-c", "import thrift"], capture_output=True).returncode != 0:
            self.skipTest("needs python3-thrift")
        server = self.spawn(PYTHON, os.path.join(os.path.dirname(__file__), "peers", "thrift_server.py"), protocol,
                            *(self.certificate if tls else ()), stdout=subprocess.PIPE)
        port = int(server.stdout.readline())
        with self.capture("-p", server.pid, **options) as capture:
            out = subprocess.run([PYTHON, "-c", CLIENT, protocol, str(port), self.certificate[0] if tls else ""], check=True,
                                 stdout=subprocess.PIPE, text=True, timeout=60).stdout
            wait_until(lambda: any(t["request"]["method"] == "nosuch" for t in capture.seen_so_far()), "the last call")
        self.assertEqual(out.splitlines(), ["getName 2"] * 3 + ["find 2", "nosuch 3"])
        calls = capture.transactions
        self.assertEqual([t["request"]["method"] for t in calls], ["getName"] * 3 + ["log", "find", "nosuch"])
        self.assertEqual([(t["request"]["arguments"]["1"], t["response"]["result"]["0"]) for t in calls[:3]],
                         [(n, f"name {n}") for n in (-1, 0, 1)])
        self.assertNotIn("response", calls[3])
        self.assertEqual(calls[4]["response"]["result"], {"1": {"1": "no such user"}})
        self.assertEqual(calls[5]["response"]["application_exception"], {"1": "Unknown function nosuch", "2": 1})
        for transaction in calls:
            self.assertEqual([transaction["protocol"], transaction["request"]["encoding"]], ["thrift", protocol])
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        return capture

    def test_binary(self):
        path = os.path.join(self.folder, "out.pcapng")
        capture = self.converse("binary", outputs=("-o", "text", "-w", path))
        self.assertIn("thrift  find → exception 1: no such user", capture.stdout)
        self.need("tshark")
        methods = [row[0] for row in Tshark(path, self.folder).fields("thrift", "thrift.method")]
        self.assertEqual([method for method in methods if method == "getName"], ["getName"] * 6)

    def test_compact(self):
        self.converse("compact")

    def test_tls(self):
        capture = self.converse("binary", tls=True)
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions}, {"tls"})

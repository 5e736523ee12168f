"""Mail by smtplib to aiosmtpd, in the clear and behind STARTTLS, seen from both ends: each conversation equals what the client knows of it."""
import json

from harness import PYTHON, LiveTest, free_port, is_listening, wait_until

SERVER = """
import asyncio, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
port, certificate, key = int(sys.argv[1]), *sys.argv[2:4]
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("none"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"
    async def handle_DATA(self, server, session, envelope):
        return f"250 2.0.0 kept {len(envelope.content)} bytes"
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
def check(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == b"open sesame")
async def main():
    make = lambda: SMTP(Handler(), hostname="mx.test", tls_context=context, authenticator=check, auth_require_tls=False)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port)
    await server.serve_forever()
asyncio.run(main())
"""
CLIENT = """
import json, smtplib, ssl, sys
port, tls = int(sys.argv[1]), sys.argv[2] == "tls"
known = []
mail = "From: a@example.com\\r\\nSubject: the subject\\r\\n\\r\\n" + "..a line with a period\\r\\n" * 2000
with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test") as client:
    def note(verb, answer):
        known.append([verb, answer[0]])
    note("EHLO", client.ehlo())
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        note("STARTTLS", client.starttls(context=context))
        note("EHLO", client.ehlo())
    note("AUTH", client.login("bob", "open sesame"))
    note("MAIL", client.mail("a@example.com"))
    note("RCPT", client.rcpt("b@example.com"))
    note("RCPT", client.rcpt("none@example.com"))
    note("DATA", client.data(mail))
    note("RSET", client.rset())
    note("QUIT", client.quit())
print(json.dumps({"known": known, "size": len(mail)}))
"""


class SmtpTest(LiveTest):
    def setUp(self):
        super().setUp()
        if self.run_quietly(PYTHON, "-c", "import aiosmtpd"):
            self.skipTest("python3-aiosmtpd is not installed")
        certificate, key = self.certificate
        self.port = free_port()
        self.server = self.python(SERVER, self.port, certificate, key)
        wait_until(lambda: is_listening(self.port), "the server")

    def run_quietly(self, *command):
        return self.spawn(*command).wait()

    def check(self, transactions, known, size):
        """`transactions` of one end."""
        (greeting, *asked) = transactions
        self.assertEqual(greeting["response"]["code"], 220)
        self.assertEqual([[t["request"]["command"], t["response"]["code"]] for t in asked], known)
        self.assertEqual([t["integrity"]["complete"] for t in transactions], [True] * len(transactions))
        (data,) = (t for t in asked if t["request"]["command"] == "DATA")
        self.assertEqual(data["request"]["mail"]["subject"], "the subject")
        self.assertEqual(data["request"]["data"]["size"], size)
        (login,) = (t for t in asked if t["request"]["command"] == "AUTH")
        self.assertNotIn("sesame", json.dumps(login))
        self.assertIn("redacted", json.dumps(login))

    def both_ends(self, mode):
        with self.capture("-p", self.server.pid) as server:
            with self.capture(command=[PYTHON, "-c", CLIENT, self.port, mode]) as client:
                client.process.wait()
            told = json.loads(client.stdout)
            server.wait_for(len(told["known"]) + 1)
        for capture in (client, server):
            ours = [t for t in capture.transactions if t["protocol"] == "smtp"]
            self.check(ours, told["known"], told["size"])
        return client

    def test_in_the_clear(self):
        self.both_ends("clear")

    def test_behind_starttls(self):
        client = self.both_ends("tls")
        carriers = [t["connection"]["carrier"] if "carrier" in t["connection"] else t["connection"].get("tls") for t in client.transactions]
        self.assertGreater(len(set(map(json.dumps, carriers))), 1, "a part in the clear, and one in TLS")

"""Crystal, whose standard library switches fibers, and raises, inside of TLS calls."""
import concurrent.futures
import http.client
import signal
import ssl
import subprocess

import harness
from tls_programs import Deed, Program, TlsProgramsTest


class HarmlessCrystalTest(TlsProgramsTest):
    def test_client_with_a_read_timeout(self):
        """One fiber; the timeout is raised through SSL_read."""
        self.check(self.build("crystal"), self.server(), "timeout", 6)

    def test_client_with_fibers(self):
        self.check(self.build("crystal"), self.server(), "fibers", 4, 8)

    @staticmethod
    def talk(port, name, exchanges):
        """Targets and local port of the exchanges on a connection."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=harness.PATIENCE)
        connection.connect()
        own_port = connection.sock.getsockname()[1]
        targets = [f"/{name}/{i}" for i in range(exchanges)]
        for target in targets:
            connection.request("POST", target, b"b" * 20000)
            answer = connection.getresponse().read().decode()
            assert answer == f"answer to {target}; 20000 bytes; end", answer
        connection.close()
        return [Deed(own_port, target) for target in targets]

    def test_server_joined_while_it_runs(self):
        process = self.spawn(self.build("crystal"), 0, "server", *self.certificate, env=self.environment,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server, port = Program(process), int(process.stdout.readline())
        self.talk(port, "before", 3)
        with self.capture("-p", server.pid) as capture:
            with concurrent.futures.ThreadPoolExecutor(8) as clients:
                for deeds in clients.map(lambda i: self.talk(port, f"client{i}", 5), range(16)):
                    server.answered += deeds
            capture.wait_for(80)
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0, server.errors)
            capture.process.wait(harness.PATIENCE)
        # A server's connection is named by the peer's end.
        for transaction in capture.transactions:
            connection = transaction["connection"]
            self.assertEqual((connection["role"], connection["local"]["port"]), ("server", port))
            connection["local"] = connection["remote"]
        self.assert_all_seen(capture, server)

    def test_not_captured(self):
        """While another program is, with the same library."""
        port, crystal = self.server(), self.build("crystal")
        client = self.start(self.build("client"), port, 5, 20, "captured")
        with self.capture("-p", client.pid) as capture:
            bystanders = [self.start(crystal, port, "timeout", 4), self.start(crystal, port, "fibers", 4, 8)]
            for program in client, *bystanders:
                program.begin()
            for program in client, *bystanders:
                self.assertEqual(program.wait(), 0, program.errors)
            capture.process.wait(harness.PATIENCE)
        self.assertEqual([len(b.answered) for b in bystanders], [8, 32])
        self.assert_all_seen(capture, client)

"""victoria-metrics, of Debian trixie, takes metrics both ways: it scrapes --metrics, and gets those of -o otlp."""
import json
import os
import subprocess
import urllib.error
import urllib.request

from harness import LiveTest, free_port, is_listening, wait_until

FETCH = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "fetch-programs")


class VictoriaTest(LiveTest):
    def victoria(self, *options):
        """Its port."""
        fetched = subprocess.run([FETCH, "trixie", "victoria-metrics", "victoria-metrics"], capture_output=True, text=True, timeout=240)
        if fetched.returncode != 0:
            self.skipTest(fetched.stderr.strip().splitlines()[-1])
        port = free_port()
        self.spawn(os.path.join(fetched.stdout.strip(), "victoria-metrics"), f"-httpListenAddr=127.0.0.1:{port}",
                   f"-storageDataPath={self.folder}/data", "-search.latencyOffset=0s", "-retentionPeriod=1d", *options)
        wait_until(lambda: is_listening(port), "victoria-metrics to listen")
        return port

    def value(self, port, query):
        """Of the only series there is, else what there is."""
        address = f"http://127.0.0.1:{port}/prometheus/api/v1/query?query=" + urllib.request.quote(query)
        try:
            with urllib.request.urlopen(address) as reply:
                found = [series["value"][1] for series in json.load(reply)["data"]["result"]]
        except urllib.error.URLError:
            return None
        return found[0] if len(found) == 1 else found

    def test_scrapes(self):
        metrics = free_port()
        config = os.path.join(self.folder, "scrape.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: sslsniff\n"
                       f"    static_configs: [{{targets: ['127.0.0.1:{metrics}']}}]\n")
        port = self.victoria(f"-promscrape.config={config}")
        nginx, https = self.nginx()
        with self.capture("-p", nginx.pid, outputs=("--metrics", f"127.0.0.1:{metrics}")):
            self.curl(f"https://localhost:{https}/[1-20]")
            wait_until(lambda: self.value(port, 'sslsniff_transactions_total{process="nginx",outcome="ok"}') == "20",
                       "20 transactions in victoria-metrics")
            self.assertEqual(self.value(port, "sslsniff_transaction_duration_seconds_count"), "20")

    def test_takes_otlp(self):
        port = self.victoria()
        nginx, https = self.nginx()
        with self.capture("-p", nginx.pid, outputs=("-o", f"otlp:http://127.0.0.1:{port}/opentelemetry", "--otlp", "metrics=1")) as capture:
            self.curl(f"https://localhost:{https}/[1-20]")
            wait_until(lambda: self.value(port, '{__name__="sslsniff.transactions","process.command"="nginx","sslsniff.outcome"="ok"}') == "20",
                       "20 transactions in victoria-metrics")
            self.assertEqual(self.value(port, '{__name__="sslsniff.transaction.duration_count"}'), "20")
        # It takes no spans, which is told, once.
        self.assertIn("/opentelemetry: ", capture.stderr)

"""Metrics for Prometheus, as Prometheus' own tools read them."""
import os
import re
import signal
import subprocess
import time
import urllib.request

from harness import PATIENCE, SSLSNIFF, LiveTest, free_port, wait_until

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')


class MetricsTest(LiveTest):
    def metered(self, *arguments):
        """A capture of these, and where its metrics are."""
        stderr = os.path.join(self.folder, "stderr")
        with open(stderr, "wb") as file:
            process = self.spawn(SSLSNIFF, *arguments, "--metrics", "0", stderr=file)

        def said():
            with open(stderr, encoding="utf-8") as file:
                return file.read()
        wait_until(lambda: "metrics are at" in said() or process.poll() is not None, "sslsniff to be armed")
        self.assertIsNone(process.poll(), said())
        return process, re.search(r"metrics are at (http://\S+)", said()).group(1)

    @staticmethod
    def page(url):
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.read().decode(), answer.headers["Content-Type"]

    def samples(self, url):
        """{(name, labels): value}"""
        found = {}
        for line in self.page(url)[0].splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                found[name, labels or ""] = float(value)
        return found

    def test_counts_what_was_said(self):
        nginx, port = self.nginx('location / { return 200 "hello\\n"; } location /missing { return 404; } location /bad { return 503; }')
        process, url = self.metered("-p", nginx.pid)
        self.curl(f"https://localhost:{port}/[1-30]")
        self.curl(f"https://localhost:{port}/missing")
        self.curl(f"https://localhost:{port}/bad")

        def count(outcome):
            return self.samples(url).get(("sslsniff_transactions_total",
                                          f'protocol="http/1.1",process="nginx",role="server",outcome="{outcome}"'), 0)
        wait_until(lambda: (count("ok"), count("client_error"), count("server_error")) == (30, 1, 1), "all transactions")
        samples = self.samples(url)
        labels = 'protocol="http/1.1",process="nginx",role="server",outcome="ok"'
        self.assertEqual(samples["sslsniff_transaction_duration_seconds_count", labels], 30)
        self.assertEqual(samples["sslsniff_transaction_duration_seconds_bucket", labels + ',le="+Inf"'], 30)
        self.assertGreater(samples["sslsniff_transaction_duration_seconds_sum", labels], 0)
        self.assertEqual(samples["sslsniff_transaction_payload_bytes_total", labels + ',part="response"'], 30 * len("hello\n"))
        wait_until(lambda: sum(v for (n, _), v in self.samples(url).items() if n == "sslsniff_connections_closed_total") == 3,
                   "the connections to be closed")
        samples = self.samples(url)
        self.assertEqual(samples["sslsniff_connections_open", ""], 0)
        self.assertEqual(samples["sslsniff_buffer_size_bytes", ""], 64 << 20)
        self.assertLess(samples["sslsniff_buffer_waiting_bytes", ""], 64 << 20)
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        self.assertLess(abs(samples["process_resident_memory_bytes", ""] - resident), 0.5 * resident)
        self.assertGreater(samples["process_cpu_seconds_total", ""], 0)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_promtool_has_no_objection(self):
        self.need("promtool")
        nginx, port = self.nginx()
        _, url = self.metered("-p", nginx.pid)
        self.curl(f"https://localhost:{port}/[1-3]")
        wait_until(lambda: "sslsniff_connections_closed_total{" in self.page(url)[0], "the connections to be closed")
        page, kind = self.page(url)
        self.assertEqual(kind, "text/plain; version=0.0.4; charset=utf-8")
        result = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_prometheus_scrapes_it(self):
        self.need("prometheus")
        nginx, port = self.nginx()
        _, url = self.metered("-p", nginx.pid)
        config, own = os.path.join(self.folder, "prometheus.yml"), free_port()
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n  - job_name: sslsniff\n"
                       f"    static_configs: [{{targets: ['{url.split('/')[2]}']}}]\n")
        self.spawn("prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/tsdb",
                   f"--web.listen-address=127.0.0.1:{own}")
        self.curl(f"https://localhost:{port}/[1-20]")

        def answer():
            query = 'sum(sslsniff_transactions_total{process="nginx",outcome="ok"})'
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{own}/api/v1/query?query=" + urllib.request.quote(query)) as reply:
                    return re.findall(r'"value":\[[\d.]+,"(\d+)"\]', reply.read().decode())
            except OSError:
                return []
        wait_until(lambda: answer() == ["20"], "Prometheus to know of 20 transactions")

    def test_one_place_is_for_one_capture(self):
        nginx, _ = self.nginx()
        _, url = self.metered("-p", nginx.pid)
        taken = url.split(":")[-1].split("/")[0]
        second = subprocess.run([SSLSNIFF, "-p", str(nginx.pid), "--metrics", taken], capture_output=True, text=True,
                                timeout=PATIENCE)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"--metrics: cannot listen at 127.0.0.1:{taken}: Address already in use", second.stderr)
        self.assertNotIn("capturing", second.stderr)

    def test_answers_while_it_is_busy(self):
        nginx, port = self.nginx()
        _, url = self.metered("-q", "-p", nginx.pid)
        self.need("wrk")
        load = self.spawn("wrk", "-t1", "-c4", "-d4s", f"https://localhost:{port}/")
        answers, last = 0, -1
        while load.poll() is None:
            counts = [v for (n, _), v in self.samples(url).items() if n == "sslsniff_transactions_total"]
            self.assertGreaterEqual(sum(counts), last)
            last = sum(counts)
            answers += 1
            time.sleep(0.05)
        self.assertGreater(answers, 5)
        self.assertGreater(last, 100)

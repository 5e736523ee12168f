"""The HTML report in a browser: what it shows, and that nothing which was captured becomes more than text."""
import json
import os
import pathlib
import re
import subprocess

from browser import browse, url_of
from harness import PATIENCE, SSLSNIFF, LiveTest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
START = 1_769_860_800  # 2026-01-31T12:00:00Z
ATTACKS = ["<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "</script><script>window.pwned=1</script>", "<!--<script>",
           "\"><svg onload=window.pwned=1>", "javascript:window.pwned=1", "{{constructor.constructor('window.pwned=1')()}}", "&lt;b&gt;", "<b>bold</b>"]


def quoted(text):
    """As in a trace."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\x{ord(c):02x}" for c in text)


def payload(text):
    """Lines of payload, each of a part of the text."""
    def escaped(part):
        return "".join({"\r": "\\r", "\n": "\\n", "\\": "\\\\"}.get(c, c if " " < c <= "~" else f"\\x{ord(c):02x}") for c in part)
    return "".join(f"|{escaped(text[at:at + 400])}\n" for at in range(0, len(text), 400))


class Trace:
    """A recording written by hand: HTTP over TLS, as a client sees it."""

    def __init__(self):
        self.lines, self.number, self.nanoseconds = ["sslsniff-trace 1.0"], 0, 0

    def now(self, microseconds=100):
        self.nanoseconds += microseconds * 1000
        return f"2026-01-31T12:{self.nanoseconds // 60_000_000_000 % 60:02d}:{self.nanoseconds // 1_000_000_000 % 60:02d}.{self.nanoseconds % 1_000_000_000:09d}Z"

    def process(self, comm, pid=4242):
        self.lines.append(f'process {self.now()} seen {pid} comm="{quoted(comm)}" exe="{quoted("/bin/" + comm)}" uid=0')

    def open(self, sni, pid=4242, port=443):
        self.number += 1
        self.name, self.positions = f"{pid}.{self.number}", {"sent": 0, "received": 0}
        self.lines += [f'open {self.now()} {self.name} tls library="OpenSSL 3.0.17"',
                       f"peer {self.now()} {self.name} client tcp local=10.0.0.5:{10_000 + self.number % 50_000} remote=192.0.2.1:{port} by=nested",
                       f'tls {self.now()} {self.name} client version="TLSv1.3" sni="{quoted(sni)}"']

    def data(self, direction, text, wait=100):
        self.lines.append(f"data {self.now(wait)} {self.name} {direction} at={self.positions[direction]} size={len(text)} tid=1\n{payload(text)}".rstrip("\n"))
        self.positions[direction] += len(text)

    def exchange(self, request, answer, wait=100):
        self.data("sent", request)
        self.data("received", answer, wait)

    def gap(self, direction, size):
        self.lines.append(f"gap {self.now()} {self.name} {direction} at={self.positions[direction]} size={size} cause=ring_full")
        self.positions[direction] += size

    def close(self):
        self.lines.append(f"close {self.now()} {self.name} freed")

    def text(self):
        return "\n".join(self.lines) + "\n"


def answer(status, reason, body, headers="Content-Type: application/json\r\n"):
    return f"HTTP/1.1 {status} {reason}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"


def shop(count):
    """A client that asks three services; every seventh answer is an error, and each takes longer than the one before."""
    trace = Trace()
    trace.process("shop")
    for i in range(count):
        if i % 20 == 0:
            trace.open(f"{('api', 'auth', 'cdn')[i // 20 % 3]}.test", port=443)
        method, status = ("POST", 201) if i % 3 == 0 else ("GET", 200)
        status = 503 if i % 7 == 6 else status
        body = json.dumps({"id": i, "name": f"item {i}", "big": 12345678901234567890123, "tags": ["a", "b"]})
        trace.exchange(f"{method} /items/{i}?page=1 HTTP/1.1\r\nHost: {('api', 'auth', 'cdn')[i // 20 % 3]}.test\r\nX-Number: n{i}\r\n"
                       f"Content-Length: {len(body) if method == 'POST' else 0}\r\n\r\n{body if method == 'POST' else ''}",
                       answer(status, "Busy" if status == 503 else "OK", body), wait=200 + 10 * i)
        if i % 20 == 19:
            trace.close()
    return trace.text()


class HtmlTest(LiveTest):
    def report(self, trace, *arguments, name="report.html"):
        """The report of a trace, given as text or by its path."""
        if not isinstance(trace, pathlib.Path):
            path = pathlib.Path(self.folder, f"{name}.trace")
            path.write_text(trace, encoding="latin-1")
            trace = path
        out = os.path.join(self.folder, name)
        done = subprocess.run([SSLSNIFF, "-q", "-r", trace, *arguments, "-o", f"html:{out}"], capture_output=True, text=True, timeout=PATIENCE * 2,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def test_list_search_sort_and_details(self):
        seen = browse(self, self.report(shop(200)), """
            const texts = (selector) => page.$$eval(selector, (all) => all.filter((e) => e.offsetParent).map((e) => e.textContent));
            const first = async (column) => (await page.$$eval('.transactions .row:not([hidden])', (rows, c) => rows
                .map((r) => [Number(r.dataset.index), r.querySelector('.' + c).textContent]).sort((a, b) => a[0] - b[0]).map((r) => r[1]), column));
            const found = {};
            const count = () => page.$eval('.toolbar .count', (e) => e.textContent);
            const search = async (text) => {
                await page.fill('.query', text);
                await page.waitForTimeout(500);
                return count();
            };
            found.facts = await page.$eval('.facts', (e) => e.textContent);
            found.title = await page.$eval('.when', (e) => e.textContent);
            found.rows = (await first('said')).slice(0, 3);
            found.elements = await page.$$eval('.transactions .row', (rows) => rows.length);
            found.status = await search('status>=500');
            found.header = await search('header:n77');
            found.headerRows = await first('said');
            found.words = await search('auth.test "item 21"');
            found.none = await search('absent-text');
            await search('');
            await page.click('.toolbar .toggle');
            found.errors = await count();
            await page.click('.toolbar button:text-is("show all")');
            await page.selectOption('.toolbar select >> nth=0', 'http/1.1');
            found.protocol = await count();
            await page.click('.toolbar button:text-is("show all")');
            const strip = await (await page.$('.overview')).boundingBox();
            await page.mouse.move(strip.x + strip.width / 2, strip.y + 20);
            await page.mouse.down();
            await page.mouse.move(strip.x + strip.width, strip.y + 20, {steps: 5});
            await page.mouse.up();
            await page.waitForTimeout(300);
            found.secondHalf = await count();
            await page.dblclick('.overview');
            await page.waitForTimeout(300);
            found.wholeTime = await count();
            await page.click('.transactions .head .number >> nth=0');
            found.slowest = (await first('said'))[0];
            await page.click('.transactions .head .number >> nth=0');
            found.fastest = (await first('said'))[0];
            await page.click('.transactions .head .time');
            await page.click('.transactions .row[data-index="0"]');
            found.detail = await page.$eval('.detail', (e) => e.innerText);
            await page.keyboard.press('j');
            await page.keyboard.press('ArrowDown');
            found.third = await page.$eval('.detail h2', (e) => e.textContent);
            await page.keyboard.press('End');
            found.last = await page.$eval('.detail h2', (e) => e.textContent);
            await page.click('.detail .actions button >> nth=0');
            await page.waitForTimeout(300);
            found.connection = await count();
            await page.keyboard.press('Escape');
            found.closed = await page.$eval('.detail', (e) => e.hidden);
            return found;
        """)
        self.assertIn("200 transactions28 errors10 connections1 process", seen["facts"])
        self.assertIn("2026-01-31 12:00:00 UTC", seen["title"])
        self.assertEqual(seen["rows"], [f"{('POST', 'GET', 'GET')[i]} https://api.test/items/{i}?page=1" for i in range(3)])
        self.assertLess(seen["elements"], 80)
        self.assertEqual([seen[name] for name in ("status", "header", "words", "none", "errors", "protocol", "connection")],
                         ["28 of 200", "1 of 200", "1 of 200", "0 of 200", "28 of 200", "200 of 200", "20 of 200"])
        some, of = map(int, seen["secondHalf"].split(" of "))
        self.assertTrue(of == 200 and 0 < some < 100, "the later ones take longer: fewer than half are in the second half of the time")
        self.assertEqual(seen["wholeTime"], "")
        self.assertEqual(seen["headerRows"], ["GET https://api.test/items/77?page=1"])
        self.assertIn("/items/199?", seen["slowest"])
        self.assertIn("/items/0?", seen["fastest"])
        for text in ("POST /items/0?page=1 HTTP/1.1", "X-Number", "n0", '"big": 12345678901234567890123', '"name": "item 0"', "TLSv1.3", "api.test",
                     "10.0.0.5:10001", "OpenSSL 3.0.17", "201 OK"):
            self.assertIn(text, seen["detail"])
        self.assertIn("/items/2?", seen["third"])
        self.assertIn("/items/199?", seen["last"])
        self.assertTrue(seen["closed"])

    def test_captured_text_is_never_more_than_text(self):
        """In every place that a peer or a process can fill."""
        trace = Trace()
        for i, attack in enumerate(ATTACKS):
            word = attack.replace(" ", "%20")
            trace.process(attack[:15], 100 + i)
            trace.open(attack, 100 + i)
            trace.exchange(f"POST /{word}?q={word} HTTP/1.1\r\nHost: {attack.replace(' ', '')}\r\nX-Attack: {attack}\r\n"
                           f"Cookie: a={attack}\r\nContent-Type: {attack}\r\nContent-Length: {len(attack)}\r\n\r\n{attack}",
                           answer(500, attack, json.dumps({attack: [attack]}), f"Server: {attack}\r\nX-{'A' * i}: {attack}\r\nContent-Type: application/json\r\n"))
            trace.exchange("GET /form HTTP/1.1\r\nHost: h\r\n\r\n", answer(200, "OK", f"a={word}&b={word}", "Content-Type: application/x-www-form-urlencoded\r\n"))
            trace.close()
        report = self.report(trace.text(), "--show-secrets")
        seen = browse(self, report, """
            const found = {details: [], bad: []};
            const look = async (where) => found.bad.push(...await page.evaluate((where) => [...document.querySelectorAll(
                'img, iframe, object, embed, b, script:not(:first-of-type), a[href], link, [onload], [onerror], svg[onload]')].map((e) => where + e.outerHTML), where));
            const rows = await page.$$eval('.transactions .row:not([hidden])', (all) => all.length);
            for (let i = 0; i < rows; i++) {
                await page.click(`.transactions .row[data-index="${i}"]`);
                await page.$$eval('.detail details', (all) => all.forEach((e) => { e.open = true; }));
                for (const way of await page.$$('.detail .way')) {
                    if (await way.textContent() !== 'copy') {
                        await way.click();
                        await look('detail');
                    }
                }
                found.details.push(await page.$eval('.detail', (e) => e.textContent));
            }
            for (const view of ['charts', 'endpoints', 'services', 'connections', 'losses', 'transactions']) {
                await page.click(`.tab[data-view="${view}"]`);
                await look(view);
                found[view] = await page.$eval('.stage', (e) => e.textContent);
            }
            found.choices = await page.$$eval('.toolbar select', (all) => all.map((e) => e.textContent));
            found.pwned = await page.evaluate(() => window.pwned ?? null);
            return found;
        """)
        self.assertIsNone(seen["pwned"])
        self.assertEqual(seen["bad"], [])
        self.assertEqual(len(seen["details"]), 2 * len(ATTACKS))
        for attack in ATTACKS:
            self.assertIn(attack[:15], seen["choices"][1])
            self.assertTrue(any(f"Server{attack}" in detail and f"X-Attack{attack}" in detail for detail in seen["details"]), attack)
            self.assertIn(attack[:15], seen["connections"])
            self.assertIn(f"500 {attack}", seen["transactions"])

    def test_a_page_that_was_cut_off_opens(self):
        whole = pathlib.Path(self.report(shop(100))).read_bytes()
        begin = whole.index(b'<script type="application/jsonl">')
        for part in (0.1, 0.5, 0.99):
            with self.subTest(part):
                cut = os.path.join(self.folder, "cut.html")
                pathlib.Path(cut).write_bytes(whole[:begin + int(part * (len(whole) - begin))])
                expected = sum(line.startswith(b'{"schema":"sslsniff/1","type":"transaction"') and line.endswith(b"}")
                               for line in pathlib.Path(cut).read_bytes().split(b"\n")[:-1])
                seen = browse(self, cut, """
                    await page.click('.transactions .row[data-index="0"]');
                    return {facts: await page.$eval('.facts', (e) => e.textContent), banner: await page.$eval('.banner', (e) => e.innerText),
                            detail: await page.$eval('.detail', (e) => e.innerText)};
                """)
                self.assertIn(f"{expected} transaction", seen["facts"])
                self.assertIn("The capture was cut off", seen["banner"])
                self.assertIn("POST /items/0", seen["detail"])

    def test_losses_are_plain(self):
        trace = Trace()
        trace.process("curl")
        trace.open("api.test")
        trace.data("sent", "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n")
        trace.data("received", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nbeginning")
        trace.gap("received", 4000)
        trace.data("received", "e" * 991)
        trace.close()
        trace.lines.append(f"loss {trace.now()} ring_full events=3 bytes=4000")
        seen = browse(self, self.report(trace.text()), """
            await page.click('.transactions .row[data-index="0"]');
            const found = {banner: await page.$eval('.banner', (e) => e.innerText), detail: await page.$eval('.detail', (e) => e.innerText)};
            await page.click('.tab[data-view="losses"]');
            return {...found, losses: await page.$eval('.stage', (e) => e.innerText)};
        """)
        self.assertIn("3 events, 4,000 bytes lost: sslsniff did not keep up", seen["banner"])
        self.assertIn("4,000 bytes missing in the streams", seen["banner"])
        self.assertIn("Not all of it was seen: gap in response body; 4,000 bytes of it were not captured", seen["detail"])
        self.assertIn("gap in response body", seen["losses"])

    def test_views_and_colours(self):
        report = self.report(shop(300))
        colours = {}
        for scheme in ("light", "dark"):
            seen = browse(self, report, """
                const found = {back: await page.evaluate(() => getComputedStyle(document.body).backgroundColor)};
                for (const view of ['charts', 'endpoints', 'services', 'connections', 'losses']) {
                    await page.click(`.tab[data-view="${view}"]`);
                    found[view] = await page.$eval('.stage', (e) => e.innerText);
                }
                await page.keyboard.press('4');
                found.nodes = await page.$$eval('.node .name', (all) => all.map((e) => e.textContent));
                found.edges = await page.$$eval('.edge', (all) => all.map((e) => e.getAttribute('aria-label')));
                await page.click('.edge >> nth=0');
                await page.waitForTimeout(300);
                found.query = await page.inputValue('.query');
                found.count = await page.$eval('.toolbar .count', (e) => e.textContent);
                await page.keyboard.press('t');
                await page.keyboard.press('t');
                found.chosen = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
                return found;
            """, colorScheme=scheme)
            colours[scheme] = seen["back"]
            self.assertEqual(sorted(seen["nodes"]), ["api.test:443", "auth.test:443", "cdn.test:443", "shop"])
            self.assertEqual(len(seen["edges"]), 3)
            self.assertRegex(seen["edges"][0], r"shop → \w+\.test:443: 100 transactions, 1\d errors, median [\d.]+ms, http/1.1")
            self.assertRegex(seen["query"], r"process=shop peer=\w+\.test:443")
            self.assertEqual(seen["count"], "100 of 300")
            self.assertIn("300 answered requests: p50", seen["charts"])
            self.assertIn("server error", seen["charts"])
            self.assertIn("POST /items/{n}", seen["endpoints"])
            self.assertIn("GET /items/{n}", seen["endpoints"])
            self.assertIn("shop[4242]", seen["connections"])
            self.assertIn("Nothing was lost.", seen["losses"])
        self.assertNotEqual(colours["light"], colours["dark"])
        self.assertEqual(seen["chosen"], colours["dark"], "auto, light, dark")

    def test_streams_and_other_protocols(self):
        """Every recording that there is opens, and each row of it has its details."""
        reports = [self.report(trace, name=f"{trace.stem}.html") for trace in sorted(FIXTURES.glob("recorded_*.trace"))]
        seen = browse(self, reports[0], """
            const found = [];
            for (const one of others) {
                await page.goto(one);
                await page.waitForSelector('html[data-ready]', {state: 'attached'});
                const rows = await page.$$eval('.transactions .row:not([hidden])', (all) => all.length);
                const details = [];
                for (let i = 0; i < Math.min(rows, 30); i++) {
                    await page.click(`.transactions .row[data-index="${i}"]`);
                    details.push(await page.$eval('.detail', (e) => {
                        e.querySelectorAll('details').forEach((part) => { part.open = true; });
                        return e.innerText;
                    }));
                }
                found.push(details);
            }
            return found;
        """, others=[url_of(report) for report in reports])
        self.assertGreater(len(seen), 5)
        everything = "\n".join(detail for details in seen for detail in details)
        self.assertNotIn("[object", everything)
        self.assertNotIn("undefined", everything)
        self.assertRegex(everything, r"Messages of this stream \(\d+\)")
        self.assertIn("hello from node", everything)

    def test_fifty_thousand(self):
        """As many elements as fit into the window, wherever in the list it is."""
        seen = browse(self, self.report(shop(50_000)), """
            const body = await page.$('.transactions .body');
            const rows = () => page.$$eval('.transactions .row', (all) => ({count: all.length, last: Math.max(...all.filter((r) => !r.hidden).map((r) => Number(r.dataset.index)))}));
            const found = {facts: await page.$eval('.facts', (e) => e.textContent), top: await rows()};
            for (const part of [0.25, 0.5, 0.75, 1]) {
                await body.evaluate((e, part) => { e.scrollTop = part * e.scrollHeight; }, part);
                await page.waitForTimeout(100);
            }
            found.end = await rows();
            await page.fill('.query', 'header:n49999');
            await page.waitForFunction(() => document.querySelector('.toolbar .count').textContent === '1 of 50,000');
            await page.click('.transactions .row[data-index="0"]');
            found.detail = await page.$eval('.detail h2', (e) => e.textContent);
            return found;
        """)
        self.assertIn("50,000 transactions", seen["facts"])
        self.assertEqual(seen["end"]["last"], 49_999)
        self.assertLess(max(seen["top"]["count"], seen["end"]["count"]), 80)
        self.assertIn("/items/49999?", seen["detail"])

    def test_live_capture(self):
        nginx, port = self.nginx('location / { return 200 "hello <b>world</b>"; }')
        out = os.path.join(self.folder, "live.html")
        with self.capture("-p", nginx.pid, outputs=("-o", f"html:{out}")) as capture:
            self.curl(f"https://localhost:{port}/[1-5]")
            capture.wait_for(5)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        seen = browse(self, out, """
            await page.click('.transactions .row[data-index="4"]');
            return {facts: await page.$eval('.facts', (e) => e.textContent), detail: await page.$eval('.detail', (e) => e.innerText)};
        """)
        self.assertTrue(re.match(r"5 transactions0 errors", seen["facts"]), seen["facts"])
        self.assertIn("hello <b>world</b>", seen["detail"])

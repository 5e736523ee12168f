#!/usr/bin/env python3
"""Reads the HTML reports of all recordings as browsers do: each holds the very lines of -o json, one row for each transaction, and no element
that was not ours. usage: html_report.py SSLSNIFF FOLDER"""
import html.parser
import json
import pathlib
import subprocess
import sys
import tempfile

OURS = ["html", "head", "meta", "meta", "meta", "meta", "meta", "meta", "title", "style", "body", "noscript", "script"]
BLOCK = [("type", "application/jsonl")]


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.elements, self.lines, self.is_block, self.stray = [], [], False, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.is_block = tag == "script" and attrs == BLOCK
        if not self.is_block:
            self.elements.append(tag)

    def handle_endtag(self, tag):
        self.is_block = False

    def handle_data(self, data):
        if self.is_block:
            self.lines += [line for line in data.split("\n") if line]

    def handle_comment(self, data):
        self.stray += data


def check(page, objects):
    """Raises when the page is not made of these objects."""
    assert page.elements == OURS, page.elements
    assert page.stray == "", page.stray
    found = [json.loads(line) for line in page.lines]
    assert [o for o in found if "schema" in o] == objects, "other objects than in JSON"
    rows = [o for o in found if "schema" not in o]
    transactions = [o for o in objects if o["type"] == "transaction"]
    assert len(rows) == len(transactions), f"{len(rows)} rows for {len(transactions)} transactions"
    for row, transaction in zip(rows, transactions):
        assert row["protocol"] == transaction["protocol"]
        assert row["connection"] == transaction["connection"]["id"]
        assert row.get("took") == transaction.get("duration_us"), (row, transaction)
        assert row.get("answered") == transaction["timing"].get("response_start_us")
    # A row stands right before its transaction.
    for row, after in zip(found, found[1:]):
        assert "schema" in row or after["type"] == "transaction"
    return len(rows)


def main(program, fixtures):
    rows = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        page, lines = pathlib.Path(folder) / "out.html", pathlib.Path(folder) / "out.jsonl"
        for trace in sorted(pathlib.Path(fixtures).rglob("*.trace")):
            subprocess.run([program, "-q", "-r", str(trace), "-o", f"html:{page}", "-o", f"json:{lines}"], check=True, capture_output=True)
            objects = [json.loads(line) for line in lines.read_text(encoding="utf-8").split("\n") if line]
            try:
                rows += check(Page(page.read_text(encoding="utf-8")), objects)
            except AssertionError as error:
                failures += 1
                print(f"{trace.name}: {error}"[:2000])
    print(f"{rows} rows, {failures} pages that are wrong")
    return failures != 0 or rows == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""Runs the commands of docs/query.md over what the recordings give. usage: queries.py SSLSNIFF DOCUMENT FIXTURES; exits 77 when an engine
is missing, after what the others said. DuckDB is npm's @duckdb/node-api, which is installed where it can be had."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PACKAGE = "@duckdb/node-api@1.5.6-r.1"
DUCKDB = pathlib.Path(os.environ.get("SSLSNIFF_NPM_CACHE", "/var/tmp/sslsniff-npm")) / "duckdb"
SCRIPT = """
const {DuckDBInstance} = require(process.argv[1] + "/node_modules/@duckdb/node-api");
(async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    for (const statement of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
        const reader = await connection.runAndReadAll(statement);
        console.log(reader.currentRowCount);
    }
})().catch(error => { console.error(String(error)); process.exit(1); });
"""


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", document, re.MULTILINE | re.DOTALL)


def run_shell(commands, folder):
    for command in commands:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0 or not done.stdout.strip():
            sys.exit(f"{command}\nexit {done.returncode}: {done.stderr or 'it says nothing'}")


def has_duckdb():
    if (DUCKDB / "node_modules" / "@duckdb" / "node-api").is_dir():
        return True
    if shutil.which("npm") is None:
        return False
    DUCKDB.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix", DUCKDB, PACKAGE],
                          timeout=200).returncode == 0


def run_duckdb(statements, folder):
    done = subprocess.run(["node", "-e", SCRIPT, DUCKDB], cwd=folder, input=json.dumps(statements), capture_output=True, text=True)
    counts = done.stdout.split()
    if done.returncode != 0 or len(counts) != len(statements):
        sys.exit(f"{statements[len(counts)] if len(counts) < len(statements) else ''}\n{done.stderr}")
    for statement, count in list(zip(statements, counts))[1:]:
        if int(count) == 0:
            sys.exit(f"{statement}\ngives nothing")


def main():
    program, document, fixtures = sys.argv[1:]
    text = pathlib.Path(document).read_text()
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/capture.jsonl", "w") as out:
            for trace in sorted(pathlib.Path(fixtures).glob("*.trace")):
                subprocess.run([program, "-r", trace, "-o", "json"], stdout=out, stderr=subprocess.DEVNULL, check=True)
        missing = []
        if shutil.which("jq"):
            run_shell(blocks(text, "sh"), folder)
        else:
            missing.append("jq")
        if shutil.which("node") and has_duckdb():
            run_duckdb(blocks(text, "sql"), folder)
        else:
            missing.append("npm's @duckdb/node-api")
    if missing:
        print(f"SKIPPED: {' and '.join(missing)} cannot be had here")
        return 77
    return 0


sys.exit(main())

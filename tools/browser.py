"""Debian's Chromium, headless and without a network, by playwright-core of npm: for tests, measurements and pictures of pages that
sslsniff writes."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parent
PLAYWRIGHT = "playwright-core@1.65.1"
# Opens the page and waits until a report has read all of itself.
READY = """await page.goto(url);
await page.waitForSelector('html[data-ready]', {state: 'attached', timeout: 120_000});
"""


class Unavailable(Exception):
    """A part is missing here."""


def url_of(path):
    return pathlib.Path(path).resolve().as_uri()


def browse(path, script, ready=READY, timeout=200, **options):
    """What `script`, the body of an async function of `page`, `context` and `url`, makes of the page at `path`: "result", and what the page
    did besides. `options` are those of tools/browse.cjs."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
    fetched = subprocess.run([TOOLS / "fetch-npm", PLAYWRIGHT, "package.json"], capture_output=True, text=True, timeout=400, check=False)
    if fetched.returncode != 0:
        raise Unavailable(fetched.stderr.strip() or f"cannot fetch {PLAYWRIGHT}")
    given = {"url": url_of(path), "script": ready + script, "browser": shutil.which("chromium"), **options}
    with tempfile.TemporaryDirectory() as modules:
        os.symlink(os.path.dirname(fetched.stdout.strip()), os.path.join(modules, "playwright-core"))
        done = subprocess.run(["node", TOOLS / "browse.cjs", json.dumps(given)], capture_output=True, text=True, check=False,
                              env={**os.environ, "NODE_PATH": modules}, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)

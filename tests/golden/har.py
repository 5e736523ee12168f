#!/usr/bin/env python3
"""Checks the HTTP Archives of all recordings against HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), whose
rules are written down here as a JSON schema. usage: har.py SSLSNIFF FOLDER; exits 77 when python3-jsonschema is missing."""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("SKIPPED: python3-jsonschema is not installed")
    sys.exit(77)

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": -1}  # -1: not known
MILLISECONDS = {"type": "number", "minimum": 0}
PERHAPS = {"type": "number", "minimum": -1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}


def record(required, optional=None):
    """An object with these members and "comment"; names that begin with '_' are free for anybody."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {}), "comment": TEXT},
            "patternProperties": {"^_": {}}, "additionalProperties": False}


def array(items):
    return {"type": "array", "items": items}


NAMED = record({"name": TEXT, "value": TEXT})
COOKIE = record({"name": TEXT, "value": TEXT},
                {"path": TEXT, "domain": TEXT, "expires": TIME, "httpOnly": {"type": "boolean"}, "secure": {"type": "boolean"}})
PARAMETER = record({"name": TEXT}, {"value": TEXT, "fileName": TEXT, "contentType": TEXT})
POST_DATA = {**record({"mimeType": TEXT}, {"params": array(PARAMETER), "text": TEXT}),
             "oneOf": [{"required": ["params"]}, {"required": ["text"]}]}
MESSAGE = {"httpVersion": TEXT, "cookies": array(COOKIE), "headers": array(NAMED), "headersSize": COUNT, "bodySize": COUNT}
REQUEST = record({"method": TEXT, "url": TEXT, "queryString": array(NAMED), **MESSAGE}, {"postData": POST_DATA})
CONTENT = record({"size": {"type": "integer", "minimum": 0}, "mimeType": TEXT},
                 {"compression": {"type": "integer"}, "text": TEXT, "encoding": TEXT})
RESPONSE = record({"status": {"type": "integer"}, "statusText": TEXT, "content": CONTENT, "redirectURL": TEXT, **MESSAGE})
TIMINGS = record({"send": MILLISECONDS, "wait": MILLISECONDS, "receive": MILLISECONDS},
                 {"blocked": PERHAPS, "dns": PERHAPS, "connect": PERHAPS, "ssl": PERHAPS})
ENTRY = record({"startedDateTime": TIME, "time": MILLISECONDS, "request": REQUEST, "response": RESPONSE,
                "cache": record({}, {"beforeRequest": {}, "afterRequest": {}}), "timings": TIMINGS},
               {"pageref": TEXT, "serverIPAddress": TEXT, "connection": TEXT})
CREATOR = record({"name": TEXT, "version": TEXT})
HAR = record({"log": record({"version": {"const": "1.2"}, "creator": CREATOR, "entries": array(ENTRY)},
                            {"browser": CREATOR, "pages": array({"type": "object"})})})


def check(har):
    """Raises when `har` is no HTTP Archive."""
    jsonschema.Draft7Validator(HAR).validate(har)
    for entry in har["log"]["entries"]:
        total = sum(max(entry["timings"][name], 0) for name in ("send", "wait", "receive"))
        assert abs(entry["time"] - total) < 0.001, f"time {entry['time']} is not the sum of the timings {total}"


def main(program, fixtures):
    entries = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "out.har"
        for trace in sorted(pathlib.Path(fixtures).rglob("*.trace")):
            subprocess.run([program, "-q", "-r", str(trace), "-o", f"har:{path}"], check=True, capture_output=True)
            har = json.loads(path.read_text(encoding="utf-8"))
            try:
                check(har)
            except (jsonschema.ValidationError, AssertionError) as error:
                failures += 1
                print(f"{trace.name}: {error}"[:2000])
            entries += len(har["log"]["entries"])
    print(f"{entries} entries, {failures} archives that are none")
    return failures != 0 or entries == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Reads the event traces of sslsniff (docs/trace_format.md) as far as the ground-truth tests need them."""
import re
import shlex

ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))")
KEPT_LINES = 100  # of one chunk, at its beginning and at its end
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\", b'"': b'"'}


def unescape(data):
    if b"\\" not in data:
        return data
    return ESCAPE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else PLAIN[m[2]], data)


def fields(words):
    return dict(word.partition("=")[::2] for word in words if "=" in word)


def with_bytes(event, lines, whole):
    """The middle of what is long tells judges of sockets nothing new."""
    kept = lines if whole or len(lines) <= 2 * KEPT_LINES else lines[:KEPT_LINES] + lines[-KEPT_LINES:]
    event["bytes"] = b"".join(unescape(line[1:].rstrip(b"\n")) for line in kept)
    return event


def read_trace(path, whole=False):
    """Yields dicts with kind, connection, comm and the fields of the line; of open: carrier; of data and gap: direction; of data:
    bytes, all of them if `whole`."""
    comms, event, lines_of_event = {}, None, []
    with open(path, "rb") as lines:
        for line in lines:
            if line.startswith(b"|"):
                lines_of_event.append(line)
                continue
            if event:
                yield with_bytes(event, lines_of_event, whole)
                event = None
            text = line.decode(errors="replace")
            kind = text.split(" ", 1)[0]
            if kind not in ("process", "open", "peer", "tls", "data", "gap", "close"):
                continue
            words = shlex.split(text)
            if kind == "process":
                comms[words[3].split("@")[0]] = fields(words).get("comm", "")
                continue
            connection = words[2]
            event = {"kind": kind, "connection": connection, "comm": comms.get(connection.split(".")[0], "?"), "bytes": b""}
            lines_of_event = []
            if kind == "peer":
                event.update({"local": "?", "remote": "?"})
            elif kind == "open":
                event["carrier"] = words[3]
            elif kind in ("data", "gap"):
                event["direction"] = words[3]
            event.update(fields(words))
    if event:
        yield with_bytes(event, lines_of_event, whole)

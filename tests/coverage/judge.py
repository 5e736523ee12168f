"""What sslsniff said about a program, compared with what the peers know."""
import pathlib
import sys

from peers import Flow

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "correlation"))
import capture_trace  # noqa: E402


class Captured:
    """A TLS connection in a trace."""

    def __init__(self):
        self.library = self.undecoded = None
        self.local = self.remote = None  # ports
        self.flows = {"sent": Flow(), "received": Flow()}
        self.gaps = 0

    @property
    def size(self):
        return sum(flow.size for flow in self.flows.values())


def port_of(endpoint):
    port = endpoint.rpartition(":")[2]
    return int(port) if port.isdigit() else None


def read_captured(path):
    """All TLS connections of the trace."""
    known, cleartext = {}, set()
    for event in capture_trace.read_trace(path, whole=True):
        identity, kind = event["connection"], event["kind"]
        if kind == "open" and event["carrier"] != "tls":
            cleartext.add(identity)
        if identity in cleartext:
            continue
        captured = known.setdefault(identity, Captured())
        if kind in ("open", "tls"):
            captured.library = event.get("library", captured.library)
            captured.undecoded = event.get("undecoded", captured.undecoded)
        elif kind == "peer":
            captured.local, captured.remote = port_of(event["local"]), port_of(event["remote"])
        elif kind == "data":
            flow = captured.flows[event["direction"]]
            captured.gaps += int(event.get("at", flow.size)) != flow.size
            flow.add(event["bytes"])
        elif kind == "gap":
            captured.gaps += 1
    return list(known.values())


class Verdict:
    """How many connections there were; how many were captured whole or in part, with the right or no peer; what was wrong."""

    def __init__(self):
        self.connections = self.whole = self.part = self.right = self.unknown = self.wrong = 0
        self.libraries, self.named = set(), set()

    @property
    def is_complete(self):
        return self.connections > 0 and self.whole == self.right == self.connections and not self.wrong

    @property
    def is_named(self):
        return self.connections > 0 and bool(self.named) and not self.wrong


def same(captured, truth):
    """Every byte. Where the program broke off, what it read must be what we had begun to write."""
    sent, received = captured.flows["sent"].data, captured.flows["received"].data
    return sent == truth.sent.data and (received == truth.received.data or (truth.is_cut and truth.received.data.startswith(received)))


def is_part(captured, truth):
    return truth.sent.data.startswith(captured.flows["sent"].data) or truth.received.data.startswith(captured.flows["received"].data) \
        or captured.gaps > 0


def judge(truths, captured, is_client):
    """`truths`: connections of peers.py."""
    def own_port(each):
        return each.local if is_client else each.remote

    verdict = Verdict()
    spoke = [c for c in captured if c.size]
    verdict.libraries = {c.library for c in spoke if c.library}
    verdict.named = {c.undecoded for c in captured if c.undecoded}
    rest = list(spoke)
    for truth in truths:
        if not truth.sent.size + truth.received.size:
            continue
        verdict.connections += 1
        mine = [c for c in spoke if own_port(c) == truth.port]
        bound = bool(mine)
        mine = mine or [c for c in spoke if own_port(c) is None and same(c, truth)]
        rest = [c for c in rest if c not in mine]
        if not mine:
            continue
        verdict.right += bound
        verdict.unknown += not bound
        if any(same(c, truth) for c in mine):
            verdict.whole += 1
        elif all(is_part(c, truth) for c in mine):
            verdict.part += 1
        else:
            verdict.wrong += 1  # bytes that never passed
    verdict.wrong += sum(own_port(c) is not None for c in rest)  # connections that nobody had
    return verdict

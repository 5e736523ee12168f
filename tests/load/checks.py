"""What else must be true under load: others are still seen, and quotas hold."""
import contextlib
import re

import floods
from floods_http1 import EMPTY, GET
from program import check
from recording import Trace

ALL = {}


def load_check(function):
    ALL[function.__name__] = function
    return function


class Enough(Exception):
    pass


class Crowd(Trace):
    """A recording in which between the events of a flood somebody else asks and gets answers."""

    OTHER = 1 << 40  # number of their connection
    MOST = 200  # answers

    def __init__(self, out, every, chunk):
        super().__init__(out, chunk)
        self.every = every
        self.asked = self.answered = 0
        self.other = self.open(self.OTHER)
        self.until = every

    def write(self, text):
        super().write(text)
        if not hasattr(self, "until"):
            return  # it is just beginning
        self.until -= 1
        if self.until == 0:
            self.until = self.every
            if self.asked == self.answered:
                self.asked += 1
                super().write(self.other.event("sent", b"GET /%d HTTP/1.1\r\nHost: other\r\n\r\n" % self.asked))
            else:
                self.answered += 1
                if self.answered > self.MOST:
                    raise Enough
                body = b"answer %d" % self.answered
                super().write(self.other.event("received", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)))


def others_of(lines):
    """Transactions of the other connection, with the number of those of the flood before each."""
    before = 0
    for line in lines:
        if line["type"] != "transaction":
            continue
        if line["connection"]["id"].endswith(f".{Crowd.OTHER}"):
            yield line, before
        else:
            before += 1


def check_others(name, others, answered):
    check(answered > 20, f"{name}: only {answered} asked and answered")
    expected = [f"/{i}" for i in range(1, answered + 1)]
    whole = [line for line, _ in others if line["integrity"]["complete"]]
    check([line["request"]["target"] for line in whole] == expected, f"{name}: {len(whole)} of {answered} are shown whole and in order")
    for line in whole:
        text = line["response"]["body"].get("text")
        check(text == "answer " + line["request"]["target"][1:], f"{name}: {line['request']['target']} has {text}")


def crowded(sslsniff, write, arguments, every, chunk):
    """Lines of a recording in which `write` meets a crowd, and how many answers are in it."""
    crowds = []

    def write_all(trace):
        crowds.append(Crowd(trace.out, every, chunk))
        trace.lines.clear()
        with contextlib.suppress(Enough):
            write(crowds[0])
        crowds[0].flush()
    return sslsniff.lines(write_all, arguments), min(crowds[0].answered, Crowd.MOST)


@load_check
def others_are_seen(sslsniff):
    """between the events of each flood, and with --max-memory 4M, all that somebody else says"""
    total = 0
    for flood in floods.ALL.values():
        size = min(flood.sizes.values())
        for n in (max(flood.small, size // 10), size, 50 * size):
            lines, answered = crowded(sslsniff, lambda trace, flood=flood, n=n: flood.write(trace, n),
                                      ["--max-body", "1k", *flood.arguments, "--max-memory", "4M"], every=1, chunk=500)
            if answered > 20:
                break
        check_others(flood.name, list(others_of(lines)), answered)
        total += answered
    return f"{len(floods.ALL)} floods, {total} answers"


@load_check
def others_do_not_wait(sslsniff):
    """while one peer answers what nobody asked, transactions of somebody else are written as they end"""
    def write(trace):
        connection = trace.open()
        connection.sent(GET)
        connection.repeat("received", EMPTY, 50_000)
    lines, answered = crowded(sslsniff, write, [], every=5, chunk=4000)
    others = list(others_of(lines))
    check_others("http1_unasked", others, answered)
    # Each answer comes after five more events of the flood, whose responses are shown at once but for the first 1,024.
    in_event = 4000 // len(EMPTY)
    for number, (_, before) in enumerate(others, 1):
        passed = 10 * number * in_event
        check(before <= passed, f"the answer {number} waited: {before} responses are written before it, but {passed} came before it")
    return f"{len(others)} answers"


def files_of(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def small_bodies(trace, n):
    connection = trace.open()
    connection.repeat("sent", GET, n)
    connection.repeat("received", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", n)
    connection.close()


def large_bodies(trace, n):
    for i in range(1, n + 1):
        connection = trace.open(i)
        connection.sent(GET)
        connection.received(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
        connection.repeat("received", b"b" * 1000, 300)
        connection.close()


def endless_bodies(trace, n):
    """None of them ends: on their way they take room, too."""
    connections = [trace.open(i) for i in range(1, n + 1)]
    for connection in connections:
        connection.sent(GET)
        connection.received(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
    for connection in connections * 2:
        connection.repeat("received", b"b" * 50_000, 2)


@load_check
def saved_bodies_have_a_quota(sslsniff):
    """--save-bodies with --max-saved 1M: tiny bodies, large ones, bombs, and such that do not end"""
    quota = 1 << 20
    rows = []
    for name, write, n in (("small", small_bodies, 2000), ("large", large_bodies, 20), ("endless", endless_bodies, 40),
                           ("bombs", floods.ALL["gzip_bombs"].write, 3)):
        folder = sslsniff.folder / f"saved_{name}"
        run = sslsniff.run(lambda trace, write=write, n=n: write(trace, n), ["-q", "--save-bodies", str(folder), "--max-saved", "1M"])
        files = files_of(folder)
        room = sum(-(-path.stat().st_size // 4096) * 4096 for path in files)
        check(room <= quota, f"{name}: {len(files)} files take {room} bytes")
        check(name in ("bombs", "endless") or room > quota // 2, f"{name}: {len(files)} files take {room} bytes only")
        check(not [path for path in files if path.name.endswith(".part")], f"{name}: a part is left")
        check("--max-saved" in run.messages, f"{name}: not said: {run.messages}")
        left_out = re.search(r"(\d+) bod(?:y was|ies were) not saved", run.messages)
        check(left_out, f"{name}: the number of others is not said: {run.messages}")
        check(int(left_out[1]) + len(files) == n, f"{name}: {left_out[1]} left out and {len(files)} saved of {n}")
        rows.append(f"{name} {len(files)} of {n}")
    return ", ".join(rows)

"""Conversations of protocols that sslsniff does not know, as traces of any length: for tools/bench/unknown and tests/load."""
import pathlib
import re
import struct

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/foreign"
CHUNK = 16_384
OPENING = """sslsniff-trace 1.0
process 2026-01-31T12:00:00Z seen 4242@813 comm="peer" exe="/usr/bin/peer" uid=1000
open 2026-01-31T12:00:00Z 4242.1@813/0x1 cleartext{midstream}
peer 2026-01-31T12:00:00Z 4242.1@813/0x1 client {transport} local=10.0.0.5:51234 remote=10.0.0.9:9999 by=socket
"""
ESCAPES = {"r": b"\r", "n": b"\n", "\\": b"\\", '"': b'"'}


def payload(line):
    """Bytes of a line of a fixture: "text" with escapes, or hexadecimal digits."""
    out = b""
    for quoted, digits in re.findall(r'"((?:[^"\\]|\\.)*)"|([0-9a-fA-F]+)', line):
        if digits:
            out += bytes.fromhex(digits)
            continue
        for number, escape, plain in re.findall(r'\\x(..)|\\(.)|([^\\]+)', quoted):
            out += bytes([int(number, 16)]) if number else ESCAPES[escape] if escape else plain.encode()
    return out


def fixtures():
    """Name of each foreign protocol over TCP, and what it says: (direction, bytes) for each message."""
    found = {}
    for path in sorted(FIXTURES.glob("*.txt")):
        lines = path.read_text().splitlines()
        messages = [("sent" if line.startswith("client") else "received", payload(line.split(" ", 1)[1]))
                    for line in lines if line.startswith(("client ", "server "))]
        if messages and "udp" not in lines:
            found[path.stem] = messages
    return found


def queries():
    """Questions and answers of a database that nobody knows, each message behind its length."""
    def message(number, body):
        return b"\xdb" + bytes([number]) + len(body).to_bytes(2, "big") + body
    column = b"\3def\4shop\5users\5users\2id\2id\x0c\x3f\0\x0b\0\0\0\3\3\x42\0\0"
    rows = []
    for key in range(500):
        rows.append(("sent", message(0, b"\3SELECT id, name FROM users WHERE id = %d" % (key * 7919 % 100_000))))
        rows.append(("received", message(1, b"\2") + message(2, column) + message(3, b"\xfe\0\0\x22\0") +
                     message(4, b"\5%05d\5alice" % key) + message(5, b"\xfe\0\0\x22\0")))
    return rows


def noise(size):
    """The same pseudo-random bytes each time (a linear congruential generator)."""
    state, out = 1, bytearray()
    while len(out) < size:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64)
        out += (state >> 32).to_bytes(4, "little")
    return bytes(out[:size])


def bulk():
    """Kinds of bulk: one direction, in chunks."""
    kinds = {"letters": b"B", "zeros": b"\0", "lines": b"a line of text\n", "digits": b"1234567890", "line ends": b"\r\n",
             "method": b"GET ", "counters": b"".join(n.to_bytes(4, "big") for n in range(64))}
    chunks = {name: (unit * (CHUNK // len(unit) + 1))[:CHUNK] for name, unit in kinds.items()}
    chunks["random"] = noise(CHUNK)
    return {name: [("sent", chunk)] for name, chunk in chunks.items()}


def escaped(data):
    table = {ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord('"'): '\\"'}
    return "".join(table.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data)


def write_trace(path, messages, count, midstream=False):
    """`messages` again and again, `count` or somewhat more in all. Returns how many messages and bytes."""
    block = "".join(f"data 2026-01-31T12:00:01Z 4242.1@813/0x1 {direction}\n|{escaped(data)}\n" for direction, data in messages)
    rounds = max(1, -(-count // len(messages)))
    with open(path, "w", encoding="ascii") as file:
        file.write(OPENING.format(midstream=" midstream" if midstream else "", transport="tcp"))
        per_write = max(1, (1 << 20) // len(block))
        for begin in range(0, rounds, per_write):
            file.write(block * min(per_write, rounds - begin))
        file.write("close 2026-01-31T12:00:02Z 4242.1@813/0x1 freed\n")
    return rounds * len(messages), rounds * sum(len(data) for _, data in messages)


def write_capture(path, messages, count):
    """The same as a pcap of one TCP connection from its beginning on."""
    sequence, written, size = {"sent": 1000, "received": 9000}, 0, 0
    with open(path, "wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101))

        def segment(direction, data, flags):
            ends = ((b"\x0a\0\0\1", 40_000), (b"\x0a\0\0\2", 9_999))
            (source, sport), (target, dport) = ends if direction == "sent" else ends[::-1]
            other = sequence["received" if direction == "sent" else "sent"]
            tcp = struct.pack(">HHIIBBHHH", sport, dport, sequence[direction] & 0xFFFFFFFF, other & 0xFFFFFFFF, 0x50, flags, 65_535, 0, 0)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0, source, target)
            file.write(struct.pack("<IIII", 1_700_000_000, written % 1_000_000, 40 + len(data), 40 + len(data)) + ip + tcp + data)
            sequence[direction] += len(data) + (1 if flags & 2 else 0)

        segment("sent", b"", 2)
        segment("received", b"", 0x12)
        while written < count:
            for direction, data in messages:
                segment(direction, data, 0x18)
                written, size = written + 1, size + len(data)
    return written, size

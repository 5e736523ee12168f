"""What browsers and services say over HTTP/2: several streams side by side, JSON and HTML, some gzip, header fields by HPACK's tables and as
literals. For tools/bench/scale: nothing here is for tshark, and a conversation says how many exchanges were made together."""
import gzip
import struct

PORT = 8080
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, ACK, END_HEADERS = 1, 1, 4
TEXT = b"".join(b'{"id":%d,"name":"item %d","tags":["a","b"]},\n' % (i, i) for i in range(2_000))
PACKED = gzip.compress(TEXT[:20_000], mtime=0)
BODIES = [(TEXT[:200], False), (TEXT[:2_000], False), (TEXT[:12_000], False), (PACKED, True)]


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, bits, first):
    """RFC 7541 section 5.1."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out, value = bytes([first | limit]), value - limit
    while value >= 128:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def text(value):
    return integer(len(value), 7, 0) + value


def indexed(index):
    return integer(index, 7, 0x80)


def literal(index, value):
    """With a name of the static table, not to be indexed."""
    return integer(index, 4, 0) + text(value)


def own(name, value):
    return b"\0" + text(name) + text(value)


def request_headers(key):
    path = literal(4, b"/api/v1/items/%d?page=%d&sort=name" % (key, key % 10))
    agent = literal(58, b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)")
    return (indexed(2) + indexed(7) + path + literal(1, b"shop.example.com") + agent + literal(19, b"application/json, text/plain, */*")
            + literal(17, b"en") + indexed(16) + own(b"x-request-id", b"5f2c1d7e-%012d" % key))


def response_headers(body, packed):
    return (indexed(8) + literal(31, b"application/json") + literal(28, b"%d" % len(body)) + literal(33, b"Tue, 01 Dec 2026 10:00:00 GMT")
            + literal(54, b"nginx") + (literal(26, b"gzip") if packed else b""))


def conversation(connection, chance):
    connection.exchange(PREFACE + frame(SETTINGS, 0, 0), frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
    stream = 1
    for _ in range(chance.randrange(20, 200)):
        keys = [chance.randrange(100_000) for _ in range(chance.randrange(1, 5))]
        asked, answered = b"", b""
        for at, key in enumerate(keys):
            body, packed = BODIES[min(key % 10 // 3, 3)]
            number = stream + 2 * at
            asked += frame(HEADERS, END_STREAM | END_HEADERS, number, request_headers(key))
            answered += frame(HEADERS, END_HEADERS, number, response_headers(body, packed)) + frame(DATA, END_STREAM, number, body)
        stream += 2 * len(keys)
        connection.exchange(asked, answered)
        yield len(keys)

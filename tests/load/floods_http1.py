"""HTTP/1, bodies, server-sent events and WebSocket."""
import functools
import gzip
import struct
import zlib

from floods import flood, says

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: k\r\n"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"


def asked(trace):
    connection = trace.open()
    connection.sent(GET)
    return connection


@flood({"quiet": 120_000, "json": 48_000}, lambda n: n + 1, "http/1.1")
def http1_unasked(trace, n):
    """responses without requests"""
    connection = asked(trace)
    connection.repeat("received", EMPTY, n + 1)
    connection.close()


@flood({"quiet": 80_000, "text": 24_000}, lambda n: n + 1, "http/1.1")
def http1_unasked_bodies(trace, n):
    """the same with bodies"""
    connection = asked(trace)
    connection.repeat("received", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + b"b" * 50, n + 1)
    connection.close()


@flood({"html": 1_600, "json": 4_000}, lambda n: n, "http/1.1")
def http1_markup(trace, n):
    """requests and bodies of end tags, of which an HTML report escapes each"""
    connection = trace.open()
    tags = b"</script>" * 100
    for _ in range(n):
        connection.sent(b"GET /" + tags + b" HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(tags) + tags)
    connection.close()


@flood({"quiet": 320_000, "json": 320_000}, 1, "http/1.1", says("", "informational_omitted"), small=20_000)
def http1_informational(trace, n):
    """1xx responses without end"""
    connection = asked(trace)
    connection.repeat("received", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", n)
    connection.received(EMPTY)
    connection.close()


@flood({"quiet": 2_000_000, "text": 2_000_000}, 1, "http/1.1", says("response", "trailers_truncated"), small=100_000)
def http1_trailers(trace, n):
    """trailers without end"""
    connection = asked(trace)
    connection.received(CHUNKED + b"0\r\n")
    connection.repeat("received", b"A: b\r\n", n)
    connection.received(b"\r\n")
    connection.close()


@flood({"quiet": 2_000_000, "json": 2_000_000}, 1, "http/1.1", says("request", "headers_truncated"), small=100_000)
def http1_headers(trace, n):
    """header fields without end"""
    connection = trace.open()
    connection.sent(b"GET / HTTP/1.1\r\nHost: h\r\n")
    connection.repeat("sent", b"A: b\r\n", n)
    connection.sent(b"\r\n")
    connection.received(EMPTY)
    connection.close()


@flood({"quiet": 200_000, "text": 200_000}, 1, "http/1.1")
def http1_small_reads(trace, n):
    """headers in reads of one byte"""
    connection = trace.open()
    connection.sent(b"GET / HTTP/1.1\r\nHost: h\r\n")
    connection.repeat("sent", b"a", 100, chunk=1)
    connection.sent(b": b\r\n\r\n")
    connection.received(b"HTTP/1.1 200 OK\r\nA: ")
    connection.repeat("received", b"a", n, chunk=1)
    connection.received(b"\r\nContent-Length: 0\r\n\r\n")
    connection.close()


@flood({"quiet": 96_000, "json": 40_000}, lambda n: n, "http/1.1")
def http1_pipelined(trace, n):
    """pipelined requests never answered"""
    connection = trace.open()
    connection.repeat("sent", GET, n)
    connection.close()


@flood({"quiet": 40_000, "text": 16_000}, lambda n: n, "http/1.1")
def http1_undecided_upgrades(trace, n):
    """pipelined requests behind an upgrade that nobody answers"""
    connection = trace.open()
    connection.repeat("sent", b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: q\r\n\r\n", n, chunk=1)
    connection.close()


@flood({"quiet": 2_000_000, "json": 2_000_000}, 1, "http/1.1")
def http1_small_chunks(trace, n):
    """a body of chunks of one byte"""
    connection = asked(trace)
    connection.received(CHUNKED)
    connection.repeat("received", b"1\r\na\r\n", n)
    connection.received(b"0\r\n\r\n")
    connection.close()


@flood({"quiet": 240_000, "text": 240_000}, 1, "http/1.1")
def http1_chunk_extensions(trace, n):
    """a chunk with extensions without end"""
    connection = asked(trace)
    connection.received(CHUNKED + b"1")
    connection.repeat("received", b";a=b", n, chunk=1)
    connection.received(b"\r\na\r\n0\r\n\r\n")
    connection.close()


@flood({"quiet": 120_000, "json": 120_000}, 1, "http/1.1")
def http1_gaps(trace, n):
    """gaps everywhere"""
    connection = asked(trace)
    for _ in range(n):
        connection.gap("sent", 10)
        connection.gap("received")
    connection.close()


def coded(trace, n, coding, body):
    connection = trace.open()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(body))
    request, response = connection.event("sent", GET), connection.event("received", head + body)
    for _ in range(n):
        trace.write(request + response)
    connection.close()


@functools.cache
def bomb(times):
    """20 MiB of zeros, that often compressed."""
    return gzip.compress(bomb(times - 1), 9) if times else bytes(20 << 20)


@flood({"bodies": 3, "json": 3}, lambda n: n, "http/1.1", small=5)
def gzip_bombs(trace, n):
    """gzip bodies that decode to a thousand times their size"""
    coded(trace, n, b"gzip", bomb(1))


@flood({"bodies": 55, "json": 56}, lambda n: n, "http/1.1", small=5)
def nested_codings(trace, n):
    """gzip in gzip in gzip"""
    coded(trace, n, b"gzip, gzip, gzip", bomb(3))


def events(trace):
    connection = asked(trace)
    connection.received(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    return connection


@flood({"quiet": 160_000, "text": 160_000}, 1, "http/1.1")
def sse_endless_line(trace, n):
    """an event whose line does not end"""
    connection = events(trace)
    connection.received(b"data: ")
    connection.repeat("received", b"x" * 100, n, chunk=1)
    connection.close()


@flood({"quiet": 1_600_000, "json": 1_600_000}, 2, "http/1.1")
def sse_endless_event(trace, n):
    """an event of lines without end"""
    connection = events(trace)
    connection.repeat("received", b"data: x\n", n)
    connection.received(b"\n")
    connection.close()


@functools.cache
def event_bomb(plain):
    body = gzip.compress(plain, 9)
    return (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            % len(body)) + body


@flood({"quiet": 7, "json": 3}, lambda n: 2 * n, "http/1.1", small=5)
def sse_bombs(trace, n):
    """gzip streams of one line of 20 MiB"""
    connection = trace.open()
    connection.repeat("sent", GET, n)
    connection.repeat("received", event_bomb(b"data: " + bytes(20 << 20)), n)
    connection.close()


@flood({"quiet": 9, "json": 4}, lambda n: range(1000 * n, 5000 * n), "http/1.1", small=5)
def sse_event_bombs(trace, n):
    """gzip streams of a million events in 7 KB"""
    connection = trace.open()
    connection.repeat("sent", GET, n)
    connection.repeat("received", event_bomb(b"data:\n\n" * 1_000_000), n)
    connection.close()


@flood({"quiet": 320_000, "text": 40_000}, lambda n: n + 1, "http/1.1")
def sse_events(trace, n):
    """small events"""
    connection = events(trace)
    connection.repeat("received", b"data:x\n\n", n)
    connection.close()


def websocket(trace, extension=b""):
    connection = trace.open()
    connection.sent(UPGRADE + extension + b"\r\n")
    connection.received(UPGRADED + extension + b"\r\n")
    return connection


@flood({"quiet": 2_800_000, "json": 2_800_000}, 2, "websocket")
def websocket_fragments(trace, n):
    """a message of fragments of one byte"""
    connection = websocket(trace)
    connection.received(b"\x02\x01a")
    connection.repeat("received", b"\x00\x01a", n)
    connection.received(b"\x80\x00")
    connection.close()


@flood({"quiet": 320_000, "json": 96_000}, lambda n: n + 1, "websocket")
def websocket_pings(trace, n):
    """pings"""
    connection = websocket(trace)
    connection.repeat("received", b"\x89\x00", n)
    connection.close()


@flood({"quiet": 240_000, "text": 240_000}, 2, "websocket")
def websocket_endless_frame(trace, n):
    """a frame of 2^62 bytes"""
    connection = websocket(trace)
    connection.received(b"\x82\x7f" + struct.pack(">Q", 1 << 62))
    connection.repeat("received", b"x", n, chunk=1)
    connection.close()


@flood({"quiet": 220, "text": 180}, lambda n: n + 1, "websocket")
def websocket_bombs(trace, n):
    """compressed messages that decode to a thousand times their size"""
    connection = websocket(trace, DEFLATE)
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    message = (coder.compress(bytes(2 << 20)) + coder.flush(zlib.Z_SYNC_FLUSH))[:-4]  # RFC 7692 section 7.2.1
    connection.repeat("received", b"\xc2\x7f" + struct.pack(">Q", len(message)) + message, n)
    connection.close()

"""HTTP/2 and gRPC."""
import struct

from floods import flood, says

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4
REQUEST = b"\x82\x87\x84\x41\x01h"  # GET, https, /, authority h
OK = b"\x88"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, prefix, first):
    """An integer of RFC 7541 section 5.1, `first` having the bits before it."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def literal(name, value, first=0):
    """A header field as it is; first=0x40: that goes into the dynamic table."""
    return bytes([first]) + number(len(name), 7, 0) + name + number(len(value), 7, 0) + value


def opened(trace):
    connection = trace.open()
    connection.sent(PREFACE + frame(SETTINGS, 0, 0))
    connection.received(frame(SETTINGS, 0, 0))
    return connection


def asked(trace):
    connection = opened(trace)
    connection.sent(frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST))
    return connection


@flood({"quiet": 1_600_000, "json": 1_600_000}, 1, "h2", says("request", "headers_truncated"), small=20_000)
def http2_continuation(trace, n):
    """CONTINUATION without end"""
    connection = opened(trace)
    connection.sent(frame(HEADERS, END_STREAM, 1, REQUEST))
    connection.repeat("sent", frame(CONTINUATION, 0, 1, literal(b"a", b"b" * 20)), n)
    connection.sent(frame(CONTINUATION, END_HEADERS, 1))
    connection.received(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK))
    connection.close()


@flood({"quiet": 1_600_000, "text": 1_600_000}, 1, "h2")
def http2_empty_continuation(trace, n):
    """CONTINUATION with nothing in it"""
    connection = opened(trace)
    connection.sent(frame(HEADERS, END_STREAM, 1, REQUEST))
    connection.repeat("sent", frame(CONTINUATION, 0, 1), n)
    connection.sent(frame(CONTINUATION, END_HEADERS, 1))
    connection.received(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK))
    connection.close()


@flood({"quiet": 64_000, "json": 32_000}, lambda n: n, "h2")
def http2_resets(trace, n):
    """requests, each reset at once"""
    connection = opened(trace)
    cancel = struct.pack(">I", 8)
    connection.stream("sent", (frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, REQUEST) + frame(RST_STREAM, 0, 2 * i + 1, cancel)
                               for i in range(n)))
    connection.close()


@flood({"quiet": 640_000, "text": 640_000}, 1, "h2")
def http2_control_frames(trace, n):
    """PING, SETTINGS and WINDOW_UPDATE"""
    connection = asked(trace)
    connection.repeat("sent", frame(PING, 0, 0, b"12345678") + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 20))
                      + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)), n)
    connection.received(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK))
    connection.close()


@flood({"quiet": 40_000, "json": 24_000}, lambda n: n, "h2")
def http2_dynamic_table(trace, n):
    """header blocks that fill the dynamic table"""
    connection = opened(trace)
    connection.received(frame(SETTINGS, 0, 0, struct.pack(">HI", 1, 1 << 20)))  # SETTINGS_HEADER_TABLE_SIZE
    grow = number((1 << 20) - 1, 5, 0x20)
    connection.stream("sent", (frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1,
                                     (grow if i == 0 else b"") + REQUEST + literal(b"n%d" % i, b"v" * 200, 0x40))
                               for i in range(n)))
    connection.close()


@flood({"quiet": 96, "text": 96}, lambda n: n, "h2")
def http2_indexed_fields(trace, n):
    """one large entry of the dynamic table, 16,000 times in each block"""
    connection = opened(trace)
    connection.sent(frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST + literal(b"a", b"b" * 3900, 0x40)))
    connection.stream("sent", (frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, REQUEST + b"\xbe" * 16_000) for i in range(1, n)))
    connection.close()


@flood({"quiet": 64_000, "text": 24_000}, lambda n: n, "h2")
def http2_open_streams(trace, n):
    """streams that stay open"""
    connection = opened(trace)
    connection.stream("sent", (frame(HEADERS, END_HEADERS, 2 * i + 1, REQUEST) for i in range(n)))
    connection.close()


@flood({"quiet": 72_000, "json": 36_000}, lambda n: n + 1, "h2")
def http2_pushes(trace, n):
    """PUSH_PROMISE without end"""
    connection = asked(trace)
    connection.stream("received", (frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2 * i + 2) + REQUEST) for i in range(n)))
    connection.close()


@flood({"quiet": 200_000, "text": 200_000}, 1, "h2", says("", "informational_omitted"), small=20_000)
def http2_informational(trace, n):
    """1xx responses without end"""
    connection = asked(trace)
    connection.repeat("received", frame(HEADERS, END_HEADERS, 1, b"\x08\x03103" + literal(b"link", b"<a>")), n)
    connection.received(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK))
    connection.close()


@flood({"quiet": 360_000, "json": 360_000}, 1, "h2", says("response", "trailers_truncated"), small=20_000)
def http2_trailers(trace, n):
    """trailers without end"""
    connection = asked(trace)
    connection.received(frame(HEADERS, END_HEADERS, 1, OK))
    connection.repeat("received", frame(HEADERS, END_HEADERS, 1, literal(b"a", b"b" * 20)), n)
    connection.received(frame(HEADERS, END_HEADERS | END_STREAM, 1, literal(b"z", b"z")))
    connection.close()


@flood({"quiet": 960_000, "json": 960_000}, 1, "h2")
def http2_small_data(trace, n):
    """a body of DATA frames of one byte"""
    connection = asked(trace)
    connection.received(frame(HEADERS, END_HEADERS, 1, OK))
    connection.repeat("received", frame(DATA, 0, 1, b"d"), n)
    connection.received(frame(DATA, END_STREAM, 1))
    connection.close()


@flood({"quiet": 9600, "text": 9600}, 500, "h2")
def http2_gaps(trace, n):
    """gaps everywhere, with 500 streams open"""
    connection = opened(trace)
    connection.stream("sent", (frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, REQUEST) for i in range(500)))
    for _ in range(n):
        connection.gap("sent", 100)
        connection.gap("received", 100)
    connection.close()


@flood({"quiet": 320_000, "json": 80_000}, lambda n: n // 100 * 100 + 1, "grpc")
def grpc_empty_messages(trace, n):
    """a streaming call of empty messages"""
    connection = opened(trace)
    connection.sent(frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x83\x87\x04\x04/a/b\x41\x01h" + literal(b"content-type", b"application/grpc")
                          + literal(b"te", b"trailers")))
    connection.received(frame(HEADERS, END_HEADERS, 1, OK + literal(b"content-type", b"application/grpc")))
    connection.repeat("received", frame(DATA, 0, 1, bytes(5 * 100)), n // 100)
    connection.received(frame(HEADERS, END_HEADERS | END_STREAM, 1, literal(b"grpc-status", b"0")))
    connection.close()

"""AMQP, NATS, memcached and CQL."""
import struct

from floods import flood, says


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, class_id, number, arguments=b""):
    return frame(1, channel, struct.pack(">HH", class_id, number) + arguments)


PUBLISH = b"\0\0\0\1q\0"
SELECT = method(1, 85, 10, b"\1")
CONTENT = frame(2, 1, struct.pack(">HHQH", 60, 0, 1, 0)) + frame(3, 1, b"x")


def amqp(trace):
    connection = trace.open(carrier="cleartext", port=5672)
    connection.sent(b"AMQP\0\0\x09\x01" + method(1, 20, 10, b"\0"))
    connection.received(method(0, 10, 10, b"\0\x09" + struct.pack(">III", 0, 0, 0)) + method(1, 20, 11, b"\0\0\0\0"))
    return connection


@flood({"quiet": 40_000, "json": 16_000}, lambda n: n + 3, "amqp")
def amqp_unconfirmed(trace, n):
    """publications in confirm mode, never confirmed"""
    connection = amqp(trace)
    connection.sent(SELECT)
    connection.repeat("sent", method(1, 60, 40, PUBLISH) + CONTENT, n)
    connection.close()


@flood({"quiet": 1_600_000, "text": 1_600_000}, 3, "amqp", small=100_000)
def amqp_bodies(trace, n):
    """a message of bodies of one byte"""
    connection = amqp(trace)
    connection.sent(method(1, 60, 40, PUBLISH) + frame(2, 1, struct.pack(">HHQH", 60, 0, 1 << 40, 0)))
    connection.repeat("sent", frame(3, 1, b"x"), n)
    connection.close()


@flood({"quiet": 30_000, "json": 30_000}, range(2, 100), "amqp")
def amqp_gaps(trace, n):
    """gaps while many channels wait"""
    connection = amqp(trace)
    for channel in range(2, 60):
        connection.sent(method(channel, 20, 10, b"\0"))
    for _ in range(n):
        connection.gap("received", 10)
        connection.received(frame(8, 0, b"") * 2)
    connection.close()


def nats(trace):
    connection = trace.open(carrier="cleartext", port=4222)
    connection.received(b'INFO {"server_id":"N","version":"2"}\r\n')
    connection.sent(b'CONNECT {"verbose":false,"lang":"c"}\r\n')
    return connection


@flood({"quiet": 60_000, "json": 30_000}, lambda n: n + 3, "nats")
def nats_unanswered(trace, n):
    """requests never answered"""
    connection = nats(trace)
    connection.sent(b"SUB _INBOX.* 1\r\n")
    connection.repeat("sent", b"PUB a _INBOX.1 1\r\nx\r\n", n)
    connection.close()


@flood({"quiet": 1_600_000, "json": 1_600_000}, range(2, 4), "nats")
def nats_endless_line(trace, n):
    """CONNECT without an end"""
    connection = nats(trace)
    connection.sent(b"CONNECT {")
    connection.repeat("sent", b"aaaaaaaa", n, chunk=64)
    connection.close()


@flood({"quiet": 80_000, "json": 40_000}, lambda n: n, "memcached")
def memcached_unanswered(trace, n):
    """commands never answered"""
    connection = trace.open(carrier="cleartext", port=11211)
    connection.repeat("sent", b"set a 0 0 1\r\nx\r\n", n)
    connection.close()


@flood({"quiet": 100_000, "json": 100_000}, 1, "memcached", says("response", "items"), small=5000)
def memcached_items(trace, n):
    """one get with items without an end"""
    connection = trace.open(carrier="cleartext", port=11211)
    connection.sent(b"get a\r\n")
    connection.repeat("received", b"VALUE a 0 1\r\nx\r\n", n)
    connection.close()


@flood({"quiet": 40_000, "json": 20_000}, lambda n: 2 * n, "memcached")
def memcached_quiet(trace, n):
    """quiet commands that nothing tells apart, and answers to one of them"""
    connection = trace.open(carrier="cleartext", port=11211)
    for _ in range(n // 10):
        connection.sent(b"ms a 1 q\r\nx\r\n" * 19 + b"mn\r\n")
        connection.received(b"NS \r\nMN\r\n")
    connection.close()


def envelope(version, stream, opcode, body=b""):
    return struct.pack(">BBhBi", version, 0, stream, opcode, len(body)) + body


def cql(trace):
    connection = trace.open(carrier="cleartext", port=9042)
    connection.sent(envelope(4, 0, 1, b"\0\1\0\x0bCQL_VERSION\0\x053.4.5"))
    connection.received(envelope(0x84, 0, 2))
    return connection


@flood({"quiet": 60_000, "json": 30_000}, lambda n: n + 1, "cql")
def cql_one_stream(trace, n):
    """queries on one stream, never answered"""
    connection = cql(trace)
    connection.repeat("sent", envelope(4, 1, 7, struct.pack(">i", 8) + b"SELECT 1\0\4\0"), n)
    connection.close()


@flood({"quiet": 40_000, "json": 20_000}, lambda n: n + 1, "cql")
def cql_prepared(trace, n):
    """statements prepared without an end"""
    connection = cql(trace)
    none = struct.pack(">iii", 4, 0, 0)
    for number in range(n):
        connection.sent(envelope(4, 1, 9, struct.pack(">i", 100) + b"SELECT".ljust(100)))
        connection.received(envelope(0x84, 1, 8, struct.pack(">ih", 4, 8) + struct.pack(">q", number) + none + none[:8]))
    connection.close()

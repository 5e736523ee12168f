"""Redis, DNS, unknown protocols, and many connections."""
import struct

from floods import flood, says

PING = b"*1\r\n$4\r\nPING\r\n"


def redis(trace):
    return trace.open(carrier="cleartext", port=6379)


@flood({"quiet": 130_000, "json": 48_000}, lambda n: n, "redis")
def redis_pipeline(trace, n):
    """pipelined commands never answered"""
    connection = redis(trace)
    connection.repeat("sent", b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", n)
    connection.close()


@flood({"quiet": 3_200_000, "text": 3_200_000}, 1, "redis", says("request", "truncated"), small=100_000)
def redis_small_bulks(trace, n):
    """one command of words of one byte"""
    connection = redis(trace)
    connection.sent(b"*%d\r\n$3\r\nDEL\r\n" % (n + 1))
    connection.repeat("sent", b"$1\r\na\r\n", n)
    connection.received(b":1\r\n")
    connection.close()


@flood({"quiet": 16_000, "json": 5600}, lambda n: n, "redis")
def redis_nested(trace, n):
    """arrays in arrays, 100 deep"""
    connection = redis(trace)
    event = connection.event("sent", PING * 20) + connection.event("received", (b"*1\r\n" * 100 + b":1\r\n") * 20)
    for _ in range(n // 20):
        trace.write(event)
    connection.close()


@flood({"quiet": 4_800_000, "text": 140_000}, 3, "redis")
def redis_unclosed(trace, n):
    """arrays in arrays without end"""
    connection = redis(trace)
    connection.sent(PING)
    connection.received(b"+PONG\r\n")
    connection.sent(PING)
    connection.repeat("received", b"*2\r\n", n)
    connection.close()


@flood({"quiet": 2_000_000, "json": 2_000_000}, 1, "redis", says("response", "truncated"), small=100_000)
def redis_wide(trace, n):
    """an array of two thousand million elements"""
    connection = redis(trace)
    connection.sent(PING)
    connection.received(b"*2000000000\r\n")
    connection.repeat("received", b":1\r\n", n)
    connection.close()


@flood({"quiet": 320_000, "text": 32_000}, lambda n: n, "redis")
def redis_unasked(trace, n):
    """replies without commands"""
    connection = redis(trace)
    connection.sent(PING)
    connection.repeat("received", b"+OK\r\n", n)
    connection.close()


@flood({"quiet": 100_000, "json": 100_000}, 1, "redis")
def redis_gaps(trace, n):
    """gaps everywhere"""
    connection = redis(trace)
    connection.sent(PING)
    connection.received(b"+PONG\r\n")
    for _ in range(n):
        connection.gap("sent", 10)
        connection.gap("received")
    connection.close()


QUESTION = b"\x01a\x00\x00\x01\x00\x01"
ANSWERED = 0x8180
ASKED = 0x100


def message(number, flags, rest, answers=0):
    return struct.pack(">HHHHHH", number & 0xffff, flags, 1, answers, 0, 0) + rest


def dns(trace, number=1):
    return trace.open(number, carrier="cleartext", port=53, transport="udp")


@flood({"quiet": 80_000, "json": 40_000}, lambda n: n, "dns")
def dns_unanswered(trace, n):
    """queries never answered"""
    connection = dns(trace)
    for i in range(n):
        connection.sent(message(i, ASKED, b"\x08%08d\x00\x00\x01\x00\x01" % i))
    connection.close()


@flood({"quiet": 64_000, "text": 16_000}, lambda n: n, "dns")
def dns_unasked(trace, n):
    """answers without queries"""
    connection = dns(trace)
    connection.sent(message(1, ASKED, QUESTION))
    event = connection.event("received", message(1, ANSWERED, QUESTION + b"\xc0\x0c\x00\x01\x00\x01" + bytes(4) + b"\x00\x04" + bytes(4), 1))
    for _ in range(n):
        trace.write(event)
    connection.close()


@flood({"quiet": 640, "text": 320}, lambda n: n, "dns")
def dns_pointers(trace, n):
    """answers whose names are pointers to pointers to pointers"""
    answers, at, count = b"", 12, 0
    while 12 + len(QUESTION) + len(answers) < 16_000:
        here = 12 + len(QUESTION) + len(answers)
        answers += b"\x01b" + struct.pack(">H", 0xc000 | at) + b"\x00\x01\x00\x01" + bytes(4) + b"\x00\x00"
        at = here
        count += 1
    connection = dns(trace)
    query = connection.event("sent", message(1, ASKED, QUESTION))
    answer = connection.event("received", message(1, ANSWERED, QUESTION + answers, count))
    for _ in range(n):
        trace.write(query + answer)
    connection.close()


@flood({"quiet": 150_000, "json": 150_000}, 0, None)
def unknown_small_reads(trace, n):
    """an unknown protocol, by turns one byte of each side"""
    connection = trace.open()
    event = connection.event("sent", b"\x00") + connection.event("received", b"\xff")
    for _ in range(n):
        trace.write(event)
    connection.close()


@flood({"quiet": 16_000, "text": 9600}, 0, None, budget=16)
def unknown_connections(trace, n):
    """connections of an unknown protocol, all open"""
    for i in range(1, n + 1):
        connection = trace.open(i)
        connection.sent(b"\x01\x02hello\x00")
        connection.received(b"\x02\x01olleh\x00")


@flood({"quiet": 9600, "json": 5600}, lambda n: n, "http/1.1", budget=16)
def open_connections(trace, n):
    """connections with a request that nobody answers, all open"""
    for i in range(1, n + 1):
        trace.open(i).sent(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")


@flood({"pcapng": 3000, "json": 5600}, lambda n: n, "http/1.1", budget=16)
def shown_connections(trace, n):
    """the same, for Wireshark"""
    for i in range(1, n + 1):
        trace.open(i).sent(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")


@flood({"quiet": 40_000, "json": 40_000}, 0, None, budget=16, told="could not judge", arguments=["tcp port 443"])
def unbound_connections(trace, n):
    """a filter, and connections whose socket is not known"""
    for i in range(1, n + 1):
        trace.open(i, bound=False).sent(b"GET /" + b"a" * 500)


@flood({"quiet": 48, "json": 40}, lambda n: n * 256, "http/1.1", budget=32)
def pending_requests(trace, n):
    """connections, each with 256 requests of 4 KiB that nobody answers"""
    for i in range(1, n + 1):
        trace.open(i).repeat("sent", b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 4000 + b"\r\n\r\n", 256)


@flood({"quiet": 96_000, "text": 96_000}, 0, None)
def processes(trace, n):
    """processes without connections"""
    from recording import TIME
    for i in range(n):
        trace.write(f'process {TIME} seen {5000 + i}@{i} comm="p{i}" exe="/x" uid=0\n'.encode())

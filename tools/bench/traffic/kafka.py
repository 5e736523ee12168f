"""What librdkafka's producers and consumers say to a Kafka broker: batches of records, plain and gzip, fetches, heartbeats, commits of offsets,
and an error now and then."""
import gzip
import itertools
import struct

PORT, DECODE_AS = 9092, ()
TSHARK = "kafka.correlation_id"  # a field of tshark, and how many values it has of an exchange


def values_in_tshark(exchange):
    return 2


PRODUCE, FETCH, METADATA, OFFSET_COMMIT, HEARTBEAT, API_VERSIONS = 0, 1, 3, 8, 12, 18
NAMES = {PRODUCE: "Produce", FETCH: "Fetch", METADATA: "Metadata", OFFSET_COMMIT: "OffsetCommit", HEARTBEAT: "Heartbeat",
         API_VERSIONS: "ApiVersions"}
TOPICS = b"orders", b"bills", b"clicks"
UNSUPPORTED, NOT_LEADER = (35, "UNSUPPORTED_VERSION"), (6, "NOT_LEADER_OR_FOLLOWER")
OFFSET = itertools.count(1000, 100)


def string(value):
    return struct.pack(">h", len(value)) + value


def varint(value):
    value, out = value << 1, bytearray()  # none is negative
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def record(at):
    key, value = b"user-%d" % (at * 7), b'{"order":%d,"item":"item %d","amount":%d.50,"note":"please ring twice"}' % (at * 31, at % 500, at % 90)
    body = b"\0" + varint(at) + varint(at) + varint(len(key)) + key + varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def crc32c(data):
    """Castagnoli's, bit by bit: only a few batches are made."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def batch(count, packed):
    """Without its first 8 bytes, the offset."""
    records = b"".join(map(record, range(count)))
    body = struct.pack(">hiqqqhii", int(packed), count - 1, 1_782_000_000_000, 1_782_000_000_000 + count, -1, -1, -1, count)
    body += gzip.compress(records, mtime=0) if packed else records
    return struct.pack(">iibI", len(body) + 9, 0, 2, crc32c(body)) + body


BATCHES = [(count, batch(count, packed)) for packed in (False, True) for count in (1, 3, 10, 40, 150)]


class Session:
    """One connection: each method is an exchange, and returns what told() says of it."""

    def __init__(self, connection, client):
        self.connection, self.client, self.number = connection, client, 0

    def ask(self, key, version, body, answer, sent=None, got=None, error=None):
        self.number += 1
        flexible = b"\0" if (key, version) == (API_VERSIONS, 3) else b""
        asked = struct.pack(">hhi", key, version, self.number) + string(self.client) + flexible + body
        self.connection.exchange(struct.pack(">i", len(asked)) + asked, struct.pack(">ii", len(answer) + 4, self.number) + answer)
        return NAMES[key], self.number, sent, got, error

    def versions(self):
        """As of a broker that is older than the client: version 3 is refused in the form of version 0."""
        keys = ((PRODUCE, 7), (FETCH, 11), (METADATA, 4), (OFFSET_COMMIT, 7), (HEARTBEAT, 3), (API_VERSIONS, 2))
        body = struct.pack(">i", len(keys)) + b"".join(struct.pack(">hhh", key, 0, most) for key, most in keys)
        yield self.ask(API_VERSIONS, 3, b"\x0blibrdkafka\x062.0.2\0", struct.pack(">h", UNSUPPORTED[0]) + struct.pack(">i", 0), error=UNSUPPORTED[1])
        yield self.ask(API_VERSIONS, 0, b"", b"\0\0" + body)

    def metadata(self):
        partitions = b"".join(struct.pack(">hiiiiii", 0, number, 1, 1, 1, 1, 1) for number in range(3))
        topics = b"".join(b"\0\0" + string(topic) + b"\0" + struct.pack(">i", 3) + partitions for topic in TOPICS)
        broker = struct.pack(">ii", 1, 1) + string(b"broker.example") + struct.pack(">ih", PORT, -1)
        answer = struct.pack(">i", 0) + broker + string(b"cluster") + struct.pack(">ii", 1, len(TOPICS)) + topics
        return self.ask(METADATA, 4, struct.pack(">i", len(TOPICS)) + b"".join(map(string, TOPICS)) + b"\0", answer)

    def produce(self, topic, partition, count, records, error=None):
        place = struct.pack(">i", 1) + string(topic) + struct.pack(">ii", 1, partition)
        stored = struct.pack(">q", 0) + records
        body = struct.pack(">hhi", -1, -1, 30_000) + place + struct.pack(">i", len(stored)) + stored
        number, name = error or (0, None)
        answer = place + struct.pack(">hqqqi", number, -1 if error else next(OFFSET), -1, -1 if error else 0, 0)
        return self.ask(PRODUCE, 7, body, answer, sent=count, error=name)

    def fetch(self, topic, partition, parts):
        offset = next(OFFSET)
        place = struct.pack(">i", 1) + string(topic) + struct.pack(">ii", 1, partition)
        body = (struct.pack(">iiiibii", -1, 500, 1, 52_428_800, 1, 0, -1) + place + struct.pack(">iqqi", 0, offset, -1, 1_048_576) +
                struct.pack(">ih", 0, 0))
        records = b"".join(struct.pack(">q", offset + at) + each for at, (_, each) in enumerate(parts))
        answer = struct.pack(">ihi", 0, 0, 0) + place + struct.pack(">hqqqiii", 0, offset + 500, offset + 500, 0, 0, -1, len(records)) + records
        return self.ask(FETCH, 11, body, answer, got=sum(count for count, _ in parts))

    def heartbeat(self):
        body = string(b"workers") + struct.pack(">i", 7) + string(b"rdkafka-8f14e45f")
        return self.ask(HEARTBEAT, 1, body, struct.pack(">ih", 0, 0))

    def commit(self, topic, partition):
        place = struct.pack(">i", 1) + string(topic) + struct.pack(">ii", 1, partition)
        body = string(b"workers") + struct.pack(">i", 7) + string(b"rdkafka-8f14e45f") + struct.pack(">q", -1) + place
        return self.ask(OFFSET_COMMIT, 2, body + struct.pack(">q", next(OFFSET)) + string(b""), place + b"\0\0")


def conversation(connection, chance):
    produces = chance.random() < 0.5
    session = Session(connection, b"shop" if produces else b"workers")
    yield from session.versions()
    yield session.metadata()
    for _ in range(chance.randrange(50, 500)):
        topic, partition, kind = chance.choice(TOPICS), chance.randrange(3), chance.randrange(100)
        if produces:
            yield session.produce(topic, partition, *chance.choice(BATCHES), error=NOT_LEADER if kind < 2 else None)
        elif kind < 80:
            yield session.fetch(topic, partition, chance.choices(BATCHES, k=chance.randrange(4)))
        elif kind < 90:
            yield session.commit(topic, partition)
        else:
            yield session.heartbeat()


def told(transaction):
    request, response = transaction["request"], transaction["response"]
    got = response.get("record_count", 0) if request["api"] == "Fetch" else None
    return request["api"], request["correlation_id"], request.get("record_count"), got, response.get("error", {}).get("code")

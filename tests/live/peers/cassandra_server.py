"""A small server for real Cassandra drivers (there is none in Debian): CQL versions 3 to 5 with compression and segments. It keeps rows of one
table (id int, name varchar), knows INSERT and SELECT, and prints its port. With --auth it wants a login, with --tls CERTIFICATE KEY TLS."""
import itertools
import socket
import ssl
import struct
import sys
import threading
import zlib

import lz4.block

ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT, PREPARE, EXECUTE, REGISTER = 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11
BATCH, AUTH_RESPONSE, AUTH_SUCCESS = 13, 15, 16
INT, UUID, VARCHAR, INET = 9, 12, 13, 16
arguments = sys.argv[1:]
wants_login = "--auth" in arguments
tls = arguments[arguments.index("--tls") + 1:][:2] if "--tls" in arguments else None
users, statements, numbers, lock = {}, {}, itertools.count(1), threading.Lock()


class Fail(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.body = struct.pack(">i", code) + string(message)


def string(text):
    return struct.pack(">H", len(text)) + (text.encode() if isinstance(text, str) else text)


def value(data):
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def string(self):
        return self.take(self.number("H"))

    def value(self):
        size = self.number("i")
        return None if size < 0 else self.take(size)


def metadata(columns, table=("shop", "users")):
    return (struct.pack(">ii", 1, len(columns)) + string(table[0]) + string(table[1]) +
            b"".join(string(name) + struct.pack(">H", kind) for name, kind in columns))


def rows(columns, data, bare=False):
    head = struct.pack(">ii", 4, len(columns)) if bare else metadata(columns)
    return struct.pack(">i", 2) + head + struct.pack(">i", len(data)) + b"".join(value(cell) for row in data for cell in row)


COLUMNS = (("id", INT), ("name", VARCHAR))
LOCAL = {"key": (VARCHAR, b"local"), "cluster_name": (VARCHAR, b"story"), "data_center": (VARCHAR, b"dc1"), "rack": (VARCHAR, b"r1"),
         "release_version": (VARCHAR, b"4.0.0"), "cql_version": (VARCHAR, b"3.4.5"), "host_id": (UUID, bytes(range(16))),
         "schema_version": (UUID, bytes(range(16))), "rpc_address": (INET, bytes([127, 0, 0, 1])),
         "broadcast_address": (INET, bytes([127, 0, 0, 1])), "partitioner": (VARCHAR, b"org.apache.cassandra.dht.Murmur3Partitioner")}


def run(query, values, bare=False):
    """The body of RESULT."""
    words = query.split()
    verb = words[0].upper() if words else ""
    if verb == "USE":
        return struct.pack(">i", 3) + string(words[1].strip('"'))
    if "system.local" in query:
        return rows([(name, kind) for name, (kind, _) in LOCAL.items()], [[data for _, data in LOCAL.values()]])
    if "system.peers" in query or "system_" in query:
        return rows([("peer", INET)], [])
    if verb == "INSERT":
        with lock:
            users[struct.unpack(">i", values[0])[0]] = values[1]
        return struct.pack(">i", 1)
    if verb == "SELECT" and "shop.users" in query:
        with lock:
            found = [(struct.pack(">i", key), name) for key, name in sorted(users.items())
                     if not values or values[0] == struct.pack(">i", key)]
        return rows(COLUMNS, found, bare)
    if verb == "CREATE":
        return struct.pack(">i", 5) + string("CREATED") + string("TABLE") + string("shop") + string("users")
    if verb in ("SELECT", "DROP"):
        raise Fail(0x2200, "unconfigured table")
    raise Fail(0x2000, f"line 1:0 no viable alternative at input '{verb}'")


class Connection:
    def __init__(self, sock):
        self.sock, self.compression, self.segments, self.version = sock, None, False, 4

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    @staticmethod
    def crc24(data):
        crc = 0x875060
        for byte in data:
            crc ^= byte << 16
            for _ in range(8):
                crc <<= 1
                if crc & 0x1000000:
                    crc ^= 0x1974F0B
        return crc

    def receive_segment(self):
        size = 5 if self.compression else 3
        header = int.from_bytes(self.receive(size + 3)[:size], "little")
        payload = self.receive(header & 0x1FFFF)
        self.receive(4)
        whole = header >> 17 & 0x1FFFF if self.compression else 0
        return lz4.block.decompress(payload, uncompressed_size=whole) if whole else payload

    def send_segments(self, envelope):
        parts = [envelope[at:at + 131071] for at in range(0, len(envelope), 131071)]
        for part in parts:
            alone = int(len(parts) == 1)
            if self.compression:
                packed = lz4.block.compress(part, store_size=False)
                header = (len(packed) | len(part) << 17 | alone << 34).to_bytes(5, "little")
            else:
                packed, header = part, (len(part) | alone << 17).to_bytes(3, "little")
            crc = zlib.crc32(packed, zlib.crc32(b"\xfa\x2d\x55\xca"))
            self.sock.sendall(header + self.crc24(header).to_bytes(3, "little") + packed + crc.to_bytes(4, "little"))

    def envelopes(self):
        pending = b""
        while True:
            segments = self.segments
            while len(pending) < 9:
                pending += self.receive_segment() if segments else self.receive(9 - len(pending))
            version, flags, stream, opcode, size = struct.unpack(">BBhBi", pending[:9])
            while len(pending) < 9 + size:
                pending += self.receive_segment() if segments else self.receive(9 + size - len(pending))
            body, pending = pending[9:9 + size], pending[9 + size:]
            if flags & 1:
                body = self.unpack(body)
            yield version, stream, opcode, body

    def unpack(self, body):
        if self.compression == "snappy":
            import snappy
            return snappy.decompress(body)
        return lz4.block.decompress(body[4:], uncompressed_size=int.from_bytes(body[:4], "big"))

    def pack(self, body):
        if self.compression == "snappy":
            import snappy
            return snappy.compress(body)
        return struct.pack(">i", len(body)) + lz4.block.compress(body, store_size=False)

    def say(self, stream, opcode, body=b""):
        flags = 0
        if self.compression and not self.segments and body and opcode not in (READY, AUTHENTICATE, SUPPORTED):
            flags, body = 1, self.pack(body)
        envelope = struct.pack(">BBhBi", 0x80 | self.version, flags, stream, opcode, len(body)) + body
        self.send_segments(envelope) if self.segments else self.sock.sendall(envelope)

    def parameters(self, reader):
        reader.number("H")
        flags = reader.number("i" if self.version == 5 else "B")
        values = []
        if flags & 1:
            for _ in range(reader.number("H")):
                if flags & 0x40:
                    reader.string()
                values.append(reader.value())
        return values, bool(flags & 2)

    def prepare(self, query):
        key = struct.pack(">QQ", 7, next(numbers))
        statements[key] = query
        markers = COLUMNS if query.upper().startswith("INSERT") else COLUMNS[:query.count("?")]
        meta = metadata(markers)
        if self.version >= 4:
            meta = meta[:8] + struct.pack(">i", 0) + meta[8:]
        results = metadata(COLUMNS) if query.upper().startswith("SELECT") else struct.pack(">ii", 4, 0)
        return struct.pack(">i", 4) + string(key) + (string(b"m" * 16) if self.version == 5 else b"") + meta + results

    def answer(self, opcode, reader):
        if opcode == QUERY:
            query = reader.take(reader.number("i")).decode()
            return run(query, self.parameters(reader)[0])
        if opcode == PREPARE:
            return self.prepare(reader.take(reader.number("i")).decode())
        if opcode == EXECUTE:
            key = reader.string()
            if self.version == 5:
                reader.string()
            if key not in statements:
                raise Fail(0x2500, "unprepared")
            values, bare = self.parameters(reader)
            return run(statements[key], values, bare)
        reader.number("B")
        for _ in range(reader.number("H")):
            query = statements[reader.string()] if reader.number("B") else reader.take(reader.number("i")).decode()
            run(query, [reader.value() for _ in range(reader.number("H"))])
        return struct.pack(">i", 1)

    def serve(self):
        for version, stream, opcode, body in self.envelopes():
            if version not in (3, 4, 5):
                self.version = 4
                self.say(stream, ERROR, struct.pack(">i", 10) + string(f"Invalid or unsupported protocol version ({version})"))
                continue
            self.version, reader = version, Reader(body)
            if opcode == OPTIONS:
                self.say(stream, SUPPORTED, struct.pack(">H", 2) + string("CQL_VERSION") + struct.pack(">H", 1) + string("3.4.5") +
                         string("COMPRESSION") + struct.pack(">H", 2) + string("lz4") + string("snappy"))
            elif opcode == STARTUP:
                pairs = {reader.string().decode(): reader.string().decode() for _ in range(reader.number("H"))}
                self.say(stream, *((AUTHENTICATE, string("org.apache.cassandra.auth.PasswordAuthenticator")) if wants_login else (READY,)))
                self.compression = pairs.get("COMPRESSION")
                self.segments = version == 5
            elif opcode == AUTH_RESPONSE:
                good = reader.value() == b"\0bob\0open sesame"
                self.say(stream, *((AUTH_SUCCESS, value(None)) if good else (ERROR, struct.pack(">i", 0x100) + string("Bad credentials"))))
            elif opcode == REGISTER:
                self.say(stream, READY)
            else:
                try:
                    self.say(stream, RESULT, self.answer(opcode, reader))
                except Fail as fail:
                    self.say(stream, ERROR, fail.body)


def serve(sock):
    try:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            sock = context.wrap_socket(sock, server_side=True)
        Connection(sock).serve()
    except (EOFError, OSError):
        pass


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()

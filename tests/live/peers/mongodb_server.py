"""A small server for real MongoDB clients (there is none in Debian): it keeps documents, understands find with equality, and prints its port.
Arguments: the compressors that it offers; with --tls CERTIFICATE KEY it speaks TLS."""
import itertools
import socket
import ssl
import struct
import sys
import threading
import zlib

import bson

MSG, QUERY, REPLY, COMPRESSED = 2013, 2004, 1, 2012
MORE_TO_COME, EXHAUST_ALLOWED = 2, 0x10000
arguments = sys.argv[1:]
tls = arguments[1:3] if arguments[:1] == ["--tls"] else None
compressors = arguments[3:] if tls else arguments
numbers = itertools.count(1000)
collections = {}
lock = threading.Lock()
BATCH = 2


def pack(compressor, data):
    if compressor == 1:
        import snappy
        return snappy.compress(data)
    if compressor == 2:
        return zlib.compress(data)
    if compressor == 3:
        import zstandard
        return zstandard.ZstdCompressor().compress(data)
    return data


def unpack(compressor, data):
    if compressor == 1:
        import snappy
        return snappy.decompress(data)
    if compressor == 2:
        return zlib.decompress(data)
    if compressor == 3:
        import zstandard
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 26)
    return data


def read_msg(body):
    """The flags and the command, its sequences put where they belong."""
    (flags,), at, command, sequences = struct.unpack_from("<I", body), 4, None, {}
    while at < len(body):
        kind, (size,) = body[at], struct.unpack_from("<i", body, at + 1)
        section = body[at + 1:at + 1 + size]
        if kind == 0:
            command = bson.decode(section)
        else:
            end = section.index(b"\0", 4)
            sequences[section[4:end].decode()] = bson.decode_all(section[end + 1:])
        at += 1 + size
    return flags, {**command, **sequences}


class Session:
    def __init__(self):
        self.cursors = {}

    def batch(self, documents, name, namespace, size):
        first, rest = documents[:size], documents[size:]
        cursor = 0
        if rest:
            cursor = next(numbers)
            self.cursors[cursor] = rest
        return {"cursor": {name: first, "id": bson.Int64(cursor), "ns": namespace}, "ok": 1.0}

    def run(self, command):
        name = next(iter(command))
        namespace = f"{command.get('$db')}.{command[name]}"
        with lock:
            documents = collections.setdefault(namespace, [])
            if name in ("hello", "isMaster", "ismaster"):
                return {"ismaster": True, "isWritablePrimary": True, "maxBsonObjectSize": 16777216,
                        "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000, "minWireVersion": 0, "maxWireVersion": 9,
                        "compression": [c for c in compressors if c in command.get("compression", [])], "ok": 1.0}
            if name == "insert":
                errors, done = [], 0
                for index, document in enumerate(command["documents"]):
                    if any(d["_id"] == document["_id"] for d in documents):
                        errors.append({"index": index, "code": 11000, "errmsg": "E11000 duplicate key error"})
                        break
                    documents.append(document)
                    done += 1
                return {"n": done, **({"writeErrors": errors} if errors else {}), "ok": 1.0}
            if name == "find":
                wanted = [d for d in documents if all(d.get(k) == v for k, v in command.get("filter", {}).items())]
                return self.batch(wanted, "firstBatch", namespace, command.get("batchSize", BATCH))
            if name == "getMore":
                rest = self.cursors.pop(command["getMore"], [])
                return self.batch(rest, "nextBatch", f"{command['$db']}.{command['collection']}", BATCH)
            if name in ("ping", "endSessions", "killCursors", "createUser"):
                return {"ok": 1.0}
            if name == "delete":
                documents.clear()
                return {"n": 1, "ok": 1.0}
        return {"ok": 0.0, "errmsg": f"no such command: '{name}'", "code": 59, "codeName": "CommandNotFound"}


def serve(connection):
    session = Session()

    def read(size):
        data = b""
        while len(data) < size:
            part = connection.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    try:
        while True:
            size, number, _, opcode = struct.unpack("<iiii", read(16))
            body, compressor = read(size - 16), None
            if opcode == COMPRESSED:
                opcode, _, compressor = struct.unpack_from("<iiB", body)
                body = unpack(compressor, body[9:])
            if opcode == QUERY:
                at = body.index(b"\0", 4) + 9
                answer, out = bson.encode(session.run(bson.decode(body[at:]))), REPLY
                content = struct.pack("<iqii", 8, 0, 0, 1) + answer
                flags = 0
            else:
                flags, command = read_msg(body)
                content, out = struct.pack("<IB", 0, 0) + bson.encode(session.run(command)), MSG
            if flags & MORE_TO_COME:
                continue
            if compressor is not None:
                content = struct.pack("<iiB", out, len(content), compressor) + pack(compressor, content)
                out = COMPRESSED
            connection.sendall(struct.pack("<iiii", 16 + len(content), next(numbers), number, out) + content)
    except (EOFError, OSError):
        connection.close()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
context = None
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)


def handle(client):
    try:
        serve(context.wrap_socket(client, server_side=True) if context else client)
    except OSError:
        client.close()


while True:
    threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

"""What a driver says to MongoDB: finds, cursors, inserts of several documents, updates, aggregations, and a duplicate key now and then; every
fourth connection compresses by zlib."""
import itertools
import struct
import zlib

PORT, DECODE_AS = 27017, ("-d", "tcp.port==27017,mongo")
TSHARK = "mongo.request_id"  # a field of tshark, and how many values it has of an exchange


def values_in_tshark(exchange):
    return 2


MSG, COMPRESSED, QUERY, REPLY = 2013, 2012, 2004, 1
REQUESTS = itertools.count(1)


class Int64(int):
    pass


def element(name, value):
    if isinstance(value, bool):
        return b"\x08" + name + b"\0" + bytes([value])
    if isinstance(value, Int64):
        return b"\x12" + name + b"\0" + struct.pack("<q", value)
    if isinstance(value, int):
        return b"\x10" + name + b"\0" + struct.pack("<i", value)
    if isinstance(value, float):
        return b"\1" + name + b"\0" + struct.pack("<d", value)
    if isinstance(value, bytes):  # text
        return b"\2" + name + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"
    if isinstance(value, list):
        return b"\4" + name + b"\0" + joined(element(b"%d" % at, each) for at, each in enumerate(value))
    return b"\3" + name + b"\0" + (value.data if isinstance(value, Document) else bson(value))


def joined(elements):
    body = b"".join(elements)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def bson(document):
    return joined(element(name, value) for name, value in document.items())


class Document:
    """One in BSON."""

    def __init__(self, key):
        self.data = bson({b"_id": key, b"name": b"user %d" % key, b"email": b"user%d@example.com" % key, b"active": key % 3 == 0,
                          b"score": key / 8, b"address": {b"street": b"%d Long Street" % (key % 90), b"city": b"Springfield"},
                          b"tags": [b"customer", b"tag %d" % (key % 50)]})


USERS = [Document(key) for key in range(2000)]


class Session:
    """One connection: each method is an exchange, and returns what told() says of it."""

    def __init__(self, connection, compresses):
        self.connection, self.compresses = connection, compresses

    def message(self, opcode, body, number, answers=0):
        if self.compresses and opcode == MSG:
            opcode, body = COMPRESSED, struct.pack("<iiB", MSG, len(body), 2) + zlib.compress(body, 1)
        return struct.pack("<iiii", len(body) + 16, number, answers, opcode) + body

    def hello(self):
        number = next(REQUESTS)
        asked = b"\0\0\0\0admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson({b"ismaster": 1, b"helloOk": True, b"compression": [b"zlib"]})
        answer = struct.pack("<iqii", 8, 0, 0, 1) + bson({b"ismaster": True, b"maxWireVersion": 21, b"ok": 1.0})
        self.connection.exchange(self.message(QUERY, asked, number), self.message(REPLY, answer, next(REQUESTS), number))
        return "ismaster", number, None, None, None

    def command(self, command, answer, documents=()):
        number = next(REQUESTS)
        sections = b"\0" + bson({**command, b"lsid": {b"id": b"d0b1"}, b"$db": b"shop"})
        if documents:
            body = b"documents\0" + b"".join(document.data for document in documents)
            sections += b"\1" + struct.pack("<i", len(body) + 4) + body
        self.connection.exchange(self.message(MSG, bytes(4) + sections, number),
                                 self.message(MSG, bytes(5) + bson({**answer, b"ok": 1.0}), next(REQUESTS), number))
        return number

    def find(self, key, users, cursor=0):
        answer = {b"cursor": {b"firstBatch": users, b"id": Int64(cursor), b"ns": b"shop.users"}}
        number = self.command({b"find": b"users", b"filter": {b"_id": {b"$gte": key}}, b"limit": len(users)}, answer)
        return "find", number, "users", len(users), None

    def get_more(self, users, cursor):
        answer = {b"cursor": {b"nextBatch": users, b"id": Int64(0), b"ns": b"shop.users"}}
        number = self.command({b"getMore": Int64(cursor), b"collection": b"users"}, answer)
        return "getMore", number, "users", len(users), None

    def insert(self, documents):
        number = self.command({b"insert": b"users", b"ordered": True}, {b"n": len(documents)}, documents)
        return "insert", number, "users", None, None

    def insert_again(self, document):
        error = {b"index": 0, b"code": 11_000, b"errmsg": b"E11000 duplicate key error collection: shop.users index: _id_"}
        number = self.command({b"insert": b"users", b"ordered": True}, {b"n": 0, b"writeErrors": [error]}, [document])
        return "insert", number, "users", None, "DuplicateKey"

    def update(self, key):
        change = {b"q": {b"_id": key}, b"u": {b"$set": {b"name": b"called"}, b"$inc": {b"score": 1}}}
        number = self.command({b"update": b"users", b"updates": [change], b"ordered": True}, {b"n": 1, b"nModified": 1})
        return "update", number, "users", None, None

    def aggregate(self, key):
        stages = [{b"$match": {b"active": True}}, {b"$group": {b"_id": b"$address.city", b"n": {b"$sum": 1}}}]
        answer = {b"cursor": {b"firstBatch": [{b"_id": b"Springfield", b"n": key}], b"id": Int64(0), b"ns": b"shop.users"}}
        return "aggregate", self.command({b"aggregate": b"users", b"pipeline": stages, b"cursor": {}}, answer), "users", 1, None


def conversation(connection, chance):
    session = Session(connection, compresses=chance.random() < 0.25)
    yield session.hello()
    for _ in range(chance.randrange(100, 1000)):
        key, kind = chance.randrange(len(USERS) - 300), chance.randrange(100)
        if kind < 45:
            yield session.find(key, USERS[key:key + 1])
        elif kind < 60:
            yield session.find(key, USERS[key:key + 5 + key % 40])
        elif kind < 65:
            yield session.find(key, USERS[key:key + 101], 7_000_000 + key)
            yield session.get_more(USERS[key + 101:key + 300], 7_000_000 + key)
        elif kind < 75:
            yield session.insert(USERS[key:key + 1 + key % 10])
        elif kind < 90:
            yield session.update(key)
        elif kind < 97:
            yield session.aggregate(key)
        else:
            yield session.insert_again(USERS[key])


def told(transaction):
    request, response = transaction["request"], transaction["response"]
    return (request["command"], request["request_id"], request.get("collection"), response.get("document_count"),
            response.get("error", {}).get("code"))

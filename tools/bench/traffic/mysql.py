"""What a web service says to MySQL: prepared point selects and inserts, lists, transactions, reports, pings, and an error now and then."""
import struct

PORT, DECODE_AS = 3306, ()
TSHARK = "mysql.command"  # a field of tshark, and how many values it has of an exchange


def values_in_tshark(exchange):
    return 0 if exchange[0] == "startup" else 1


LONG, VAR_STRING = 3, 253
COLUMNS = (b"id", LONG), (b"name", VAR_STRING), (b"email", VAR_STRING), (b"note", VAR_STRING)
BY_ID = b"SELECT id, name, email, note FROM users WHERE id = ?"
INSERT = b"INSERT INTO orders (user_id, item, amount, note) VALUES (?, ?, ?, ?)"
# LONG_PASSWORD, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_RESULTS, PLUGIN_AUTH
CAPABILITIES = 1 | 4 | 8 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000
AUTOCOMMIT, IN_TRANSACTION = 2, 3
PLUGIN = b"mysql_native_password\0"


def packets(*payloads, first=0):
    return b"".join(struct.pack("<I", len(payload))[:3] + bytes([(first + at) & 255]) + payload for at, payload in enumerate(payloads))


def text(value):
    return bytes([len(value)]) + value


def values(key):
    return b"user %d" % key, b"user%d@example.com" % key, b"asked %d times for a discount" % (key % 13)


def text_row(key):
    return text(b"%d" % key) + b"".join(map(text, values(key)))


def binary_row(key):
    return b"\0\0" + struct.pack("<I", key) + b"".join(map(text, values(key)))


def ok(affected=0, status=AUTOCOMMIT):
    return struct.pack("<BBBHH", 0, affected, 0, status, 0)


def column(name, of):
    return text(b"def") + text(b"shop") + text(b"users") * 2 + text(name) * 2 + struct.pack("<BHIBHBH", 12, 33, 255, of, 0, 0, 0)


EOF = struct.pack("<BHH", 0xFE, 0, AUTOCOMMIT)
RESULT = bytes([len(COLUMNS)]), *(column(*each) for each in COLUMNS), EOF
PARAMETER = column(b"?", VAR_STRING)


class Session:
    """One connection: each method is an exchange, and returns what told() says of it."""

    def __init__(self, connection):
        self.connection, self.prepared = connection, {}

    def login(self):
        greeting = (b"\x0a8.0.39\0" + struct.pack("<I", 4242) + b"saltsalt\0" +
                    struct.pack("<HBHHB", CAPABILITIES & 0xFFFF, 255, 2, CAPABILITIES >> 16, 21) + bytes(10) + b"saltsaltsalt\0" + PLUGIN)
        self.connection.send(False, packets(greeting))
        answer = struct.pack("<IIB23x", CAPABILITIES, 1 << 24, 45) + b"shop\0" + text(b"p" * 20) + b"shop\0" + PLUGIN
        self.connection.exchange(packets(answer, first=1), packets(ok(), first=2))
        return "startup", None, None

    def command(self, payload, *answer):
        self.connection.exchange(packets(payload), packets(*answer, first=1))

    def ask(self, statement, rows):
        self.command(b"\3" + statement, *RESULT, *map(text_row, rows), EOF)
        return "query", statement.decode(), len(rows)

    def change(self, statement, affected=0, status=AUTOCOMMIT):
        self.command(b"\3" + statement, ok(affected, status))
        return "query", statement.decode(), None

    def fail(self, statement):
        self.command(b"\3" + statement, b"\xff" + struct.pack("<H", 1062) + b"#23000Duplicate entry '7' for key 'users.PRIMARY'")
        return "query", statement.decode(), "1062"

    def prepare(self, statement, parameters, columns):
        number = self.prepared[statement] = len(self.prepared) + 1
        self.command(b"\x16" + statement, struct.pack("<BIHHxH", 0, number, columns, parameters, 0), *[PARAMETER] * parameters, EOF,
                     *(RESULT[1:] if columns else ()))
        return "prepare", statement.decode(), None

    def execute(self, statement, types, given, *answer):
        head = struct.pack("<BIBI", 0x17, self.prepared[statement], 0, 1) + b"\0\1" + b"".join(bytes([of, 0]) for of in types)
        self.command(head + given, *answer)
        return "execute", statement.decode(), 1 if len(answer) > 1 else None

    def ping(self):
        self.command(b"\x0e", ok())
        return "command", None, None


def conversation(connection, chance):
    session = Session(connection)
    yield session.login()
    yield session.prepare(BY_ID, 1, 4)
    yield session.prepare(INSERT, 4, 0)
    for _ in range(chance.randrange(100, 2000)):
        key, kind = chance.randrange(1_000_000), chance.randrange(100)
        if kind < 50:
            yield session.execute(BY_ID, (LONG,), struct.pack("<I", key), *RESULT, binary_row(key), EOF)
        elif kind < 70:
            given = text(b"item %d" % (key % 500)) + text(b"%d.50" % (key % 90)) + text(b"please ring twice")
            yield session.execute(INSERT, (LONG, VAR_STRING, VAR_STRING, VAR_STRING), struct.pack("<I", key) + given, ok(1))
        elif kind < 85:
            rows = range(key, key + 5 + key % 40)
            yield session.ask(b"SELECT id, name, email, note FROM users WHERE id >= %d ORDER BY id LIMIT %d" % (key, len(rows)), rows)
        elif kind < 93:
            yield session.change(b"BEGIN", status=IN_TRANSACTION)
            yield session.change(b"UPDATE users SET note = 'called' WHERE id = %d" % key, 1, IN_TRANSACTION)
            yield session.change(b"COMMIT")
        elif kind < 96:
            yield session.fail(b"INSERT INTO users (id, name) VALUES (%d, 'again')" % key)
        elif kind < 98:
            yield session.ping()
        else:
            yield session.ask(b"SELECT * FROM users WHERE id > %d" % key, range(key, key + 500))
    connection.send(True, packets(b"\1"))
    yield "command", None, None


def told(transaction):
    response = transaction.get("response", {})
    return transaction["kind"], transaction["request"].get("statement"), response.get("row_count", response.get("error", {}).get("code"))

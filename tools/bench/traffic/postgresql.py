"""What a web service says to PostgreSQL: prepared point selects and inserts, lists, transactions, reports, COPY, and an error now and then."""
import struct

PORT, DECODE_AS = 5432, ()
TSHARK = "pgsql.status"  # a field of tshark, and how many values it has of an exchange


def values_in_tshark(exchange):
    return 1


INT4, TEXT = 23, 25
COLUMNS = (b"id", INT4), (b"name", TEXT), (b"email", TEXT), (b"note", TEXT)
BY_ID = b"SELECT id, name, email, note FROM users WHERE id = $1"
INSERT = b"INSERT INTO orders (user_id, item, amount, note) VALUES ($1, $2, $3, $4)"
EMPTY = struct.pack(">hhh", 0, 0, 0)
SYNC = b"S\0\0\0\4"
READY = {state: b"Z\0\0\0\5" + state for state in (b"I", b"T")}


def message(kind, body):
    return kind + struct.pack(">I", len(body) + 4) + body


def query(statement):
    return message(b"Q", statement + b"\0")


def complete(tag, state=b"I"):
    return message(b"C", tag + b"\0") + READY[state]


def described():
    fields = b"".join(name + struct.pack(">BIhIhih", 0, 16_384, number, of, -1, -1, 0) for number, (name, of) in enumerate(COLUMNS, 1))
    return message(b"T", struct.pack(">h", len(COLUMNS)) + fields)


def row(key):
    values = b"%d" % key, b"user %d" % key, b"user%d@example.com" % key, b"asked %d times for a discount" % (key % 13)
    return message(b"D", struct.pack(">h", len(values)) + b"".join(struct.pack(">i", len(value)) + value for value in values))


def bind(statement, values):
    given = b"".join(struct.pack(">i", len(value)) + value for value in values)
    return message(b"B", b"\0" + statement + struct.pack(">Bhh", 0, 0, len(values)) + given + struct.pack(">h", 0))


def parse(name, statement):
    return message(b"P", name + b"\0" + statement + b"\0" + struct.pack(">h", 0))


EXECUTE = message(b"E", struct.pack(">Bi", 0, 0)) + SYNC
DESCRIBE = message(b"D", b"P\0")
PARSED, BOUND, NO_DATA = b"1\0\0\0\4", b"2\0\0\0\4", b"n\0\0\0\4"
RESULT = described()


class Session:
    """One connection: each method is an exchange, and returns what told() says of it."""

    def __init__(self, connection):
        self.connection, self.prepared = connection, set()

    def login(self):
        words = b"user\0shop\0database\0shop\0application_name\0orders\0client_encoding\0UTF8\0\0"
        settings = (b"server_version", b"16.4"), (b"client_encoding", b"UTF8"), (b"DateStyle", b"ISO, MDY"), (b"TimeZone", b"Etc/UTC")
        self.connection.exchange(struct.pack(">II", len(words) + 8, 196_608) + words,
                                 message(b"R", b"\0\0\0\0") + b"".join(message(b"S", b"%s\0%s\0" % pair) for pair in settings) +
                                 message(b"K", struct.pack(">II", 4242, 99)) + READY[b"I"])
        return "startup", None, None

    def ask(self, statement, rows=(), tag=None, state=b"I"):
        tag = tag or b"SELECT %d" % len(rows)
        answer = RESULT + b"".join(row(key) for key in rows) if rows else b""
        self.connection.exchange(query(statement), answer + complete(tag, state))
        return "query", statement.decode(), tag.decode()

    def execute(self, name, statement, values, rows, tag):
        asked, answer = bind(name, values) + EXECUTE, BOUND
        if name not in self.prepared:
            self.prepared.add(name)
            asked = parse(name, statement) + bind(name, values) + DESCRIBE + EXECUTE
            answer = PARSED + BOUND + (RESULT if rows else NO_DATA)
        self.connection.exchange(asked, answer + b"".join(row(key) for key in rows) + complete(tag))
        return "execute", statement.decode(), tag.decode()

    def fail(self, statement):
        fields = b"SERROR\0VERROR\0C23505\0Mduplicate key value violates unique constraint \"users_pkey\"\0tusers\0\0"
        self.connection.exchange(query(statement), message(b"E", fields) + READY[b"I"])
        return "query", statement.decode(), "23505"

    def copy(self, keys):
        statement, tag = b"COPY users (id, name) FROM STDIN", b"COPY %d" % len(keys)
        self.connection.exchange(query(statement), message(b"G", b"\0\0\2\0\0\0\0"))
        lines = b"".join(message(b"d", b"%d\tuser %d\n" % (key, key)) for key in keys)
        self.connection.exchange(lines + message(b"c", b""), complete(tag))
        return "query", statement.decode(), tag.decode()


def conversation(connection, chance):
    session = Session(connection)
    yield session.login()
    for _ in range(chance.randrange(100, 2000)):
        key, kind = chance.randrange(1_000_000), chance.randrange(100)
        if kind < 50:
            yield session.execute(b"by_id", BY_ID, (b"%d" % key,), (key,), b"SELECT 1")
        elif kind < 70:
            values = b"%d" % key, b"item %d" % (key % 500), b"%d.50" % (key % 90), b"please ring twice"
            yield session.execute(b"insert", INSERT, values, (), b"INSERT 0 1")
        elif kind < 85:
            rows = range(key, key + 5 + key % 40)
            yield session.ask(b"SELECT id, name, email, note FROM users WHERE id >= %d ORDER BY id LIMIT %d" % (key, len(rows)), rows)
        elif kind < 93:
            yield session.ask(b"BEGIN", tag=b"BEGIN", state=b"T")
            yield session.ask(b"UPDATE users SET note = 'called' WHERE id = %d" % key, tag=b"UPDATE 1", state=b"T")
            yield session.ask(b"COMMIT", tag=b"COMMIT")
        elif kind < 96:
            yield session.fail(b"INSERT INTO users (id, name) VALUES (%d, 'again')" % key)
        elif kind < 98:
            yield session.copy(range(key, key + 30))
        else:
            yield session.ask(b"SELECT * FROM users WHERE id > %d" % key, range(key, key + 500))
    connection.send(True, message(b"X", b""))


def told(transaction):
    request, response = transaction["request"], transaction["response"]
    return transaction["kind"], request.get("statement"), response.get("command_tag") or response.get("error", {}).get("code")

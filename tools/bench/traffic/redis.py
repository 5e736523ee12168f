"""What web services say to Redis: gets, sets with a time to live, hashes, counters, lists, pipelines of ten, and errors now and then. For
tools/bench/scale: nothing here is for tshark, and a conversation says how many exchanges were made together."""

PORT = 6379


def bulk(value):
    return b"$%d\r\n%s\r\n" % (len(value), value)


def array(values):
    return b"*%d\r\n%s" % (len(values), b"".join(map(bulk, values)))


def session(key):
    return b'{"user":%d,"name":"user %d","roles":["customer","reader"],"expires":%d}' % (key, key, 1_700_000_000 + key)


def command(key, kind):
    """Words of a command, its answer."""
    if kind < 45:
        return [b"GET", b"session:%d" % key], bulk(session(key))
    if kind < 55:
        return [b"GET", b"missing:%d" % key], b"$-1\r\n"
    if kind < 70:
        return [b"SET", b"session:%d" % key, session(key), b"EX", b"3600"], b"+OK\r\n"
    if kind < 80:
        return [b"HGETALL", b"user:%d" % key], array([b"name", b"user %d" % key, b"email", b"user%d@example.com" % key, b"score", b"%d" % key])
    if kind < 90:
        return [b"INCR", b"hits:%d" % (key % 50)], b":%d\r\n" % key
    if kind < 97:
        return [b"LRANGE", b"feed:%d" % key, b"0", b"9"], array([b"item %d of %d" % (at, key) for at in range(10)])
    return [b"LPUSH", b"user:%d" % key, b"x"], b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"


def conversation(connection, chance):
    for _ in range(chance.randrange(100, 1000)):
        pairs = [command(chance.randrange(100_000), chance.randrange(100)) for _ in range(10 if chance.random() < 0.1 else 1)]
        connection.exchange(b"".join(array(words) for words, _ in pairs), b"".join(answer for _, answer in pairs))
        yield len(pairs)

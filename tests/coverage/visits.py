"""What our clients say to servers under test. Each takes a Connection of peers.py, and its context for STARTTLS and the like."""
import struct

from services import content


def http(connection, _, path="/"):
    """A request, and a response up to the end of the connection."""
    connection.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    if not connection.read_line().startswith(b"HTTP/1."):
        raise ValueError("no answer of HTTP/1")
    while connection.read_some():
        pass


def http_get_bytes(connection, context):
    http(connection, context, "/bytes/100000")


def echo(connection, _):
    """Lines, and the same lines back."""
    for size in (10, 30000):
        line = content(size) + b"\n"
        connection.write(line)
        if connection.read(len(line)) != line:
            raise ValueError("not the same line")


def redis(connection, _):
    """A long value, there and back."""
    value = content(50000)
    connection.write(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n" % (len(value), value))
    connection.read_line()
    connection.write(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
    connection.read_line()
    connection.read(len(value) + 2)


def nats(connection, context):
    """The server's INFO comes before TLS."""
    connection.read_line()
    connection.start_tls(context, "localhost")
    connection.write(b'CONNECT {"verbose":false,"tls_required":true,"lang":"c","version":"1"}\r\nSUB a 1\r\n')
    connection.write(b"PUB a 30000\r\n" + content(30000) + b"\r\nPING\r\n")
    while connection.read_line().strip() != b"PONG":
        pass


def mqtt(connection, _):
    """CONNECT, PUBLISH at QoS 0, PINGREQ, DISCONNECT."""
    connection.write(b"\x10\x0d\0\4MQTT\4\2\0\x3c\0\1c")
    connection.read(4)
    connection.write(b"\x30\x64\0\1t" + content(97))
    connection.write(b"\xc0\0")
    connection.read(2)
    connection.write(b"\xe0\0")
    while connection.read_some():
        pass


def irc(connection, _):
    """Registers (RFC 2812), and quits."""
    connection.write(b"NICK covered\r\nUSER covered 0 * :covered\r\n")
    while b" 376 " not in (line := connection.read_line()) and b" 422 " not in line:
        if line.startswith(b"PING"):
            connection.write(b"PONG" + line[4:])
        if not line:
            raise EOFError("the server did not let us in")
    connection.write(b"QUIT\r\n")
    while connection.read_some():
        pass


def imap(connection, _):
    connection.read_line()
    connection.write(b"a LOGOUT\r\n")
    while connection.read_some():
        pass


def ftp(connection, context):
    """Explicit TLS (RFC 4217), control connection alone."""
    connection.read_line()
    connection.write(b"AUTH TLS\r\n")
    connection.read_line()
    connection.start_tls(context, "localhost")
    for command in (b"USER nobody\r\n", b"QUIT\r\n"):
        connection.write(command)
        connection.read_line()


def smtp(connection, context):
    """STARTTLS (RFC 3207)."""
    connection.read_line()
    for encrypted in (False, True):
        connection.write(b"EHLO localhost\r\n")
        while connection.read_line()[3:4] == b"-":
            pass
        if not encrypted:
            connection.write(b"STARTTLS\r\n")
            connection.read_line()
            connection.start_tls(context, "localhost")
    connection.write(b"QUIT\r\n")
    connection.read_line()


def dns(connection, _):
    """localhost, over TLS (RFC 7858)."""
    query = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\x09localhost\0\0\1\0\1"
    connection.write(struct.pack("!H", len(query)) + query)
    connection.read(struct.unpack("!H", connection.read(2))[0])


def ldap(connection, _):
    """An anonymous bind (RFC 4511)."""
    connection.write(b"\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0")
    connection.read(14)
    connection.write(b"\x30\5\2\1\2\x42\0")

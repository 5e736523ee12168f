"""What our servers speak to clients under test: as little of each protocol as its clients need. Each takes a Connection of peers.py."""
import hashlib
import pathlib
import struct

ROOT = None  # pathlib.Path of the files that `http` serves


def content(size):
    """Bytes that do not repeat, the same for everybody."""
    return b"".join(hashlib.sha256(b"%d" % i).hexdigest().encode() for i in range(size // 64 + 1))[:size]


def headers_of(head):
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


def answer_to(path):
    """The file of that name, else as many bytes as the name says: /bytes/40000."""
    path = path.split("?")[0]
    file = ROOT / path.lstrip("/") if ROOT else pathlib.Path("/nowhere")
    if path != "/" and file.is_file():
        return 200, file.read_bytes()
    if path.startswith("/bytes/"):
        return 200, content(int(path.rsplit("/", 1)[1]))
    return (200, b"<html><body>covered</body></html>") if path == "/" else (404, b"no such file\n")


def http(connection, _):
    """HTTP/1.1 with bodies of known length. What is posted comes back."""
    while head := connection.read_until(b"\r\n\r\n"):
        method, path, version = head.decode("latin-1").split("\r\n")[0].split(" ", 2)
        fields = headers_of(head)
        if fields.get("expect", "").lower() == "100-continue":
            connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if fields.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while size := int(connection.read_line().split(b";")[0], 16):
                body += connection.read(size)
                connection.read(2)
            connection.read_until(b"\r\n")
        else:
            body = connection.read(int(fields.get("content-length", 0)))
        status, answer = (200, body) if method in ("POST", "PUT") else answer_to(path)
        kind = "text/html" if answer.startswith(b"<html") else "application/octet-stream"
        end = fields.get("connection", "close" if version == "HTTP/1.0" else "keep-alive").lower()
        connection.write(f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\nConnection: {end}\r\n\r\n".encode()
                         + (b"" if method == "HEAD" else answer))
        if end == "close":
            return


def smtp(connection, context):
    """Takes every message; offers STARTTLS where the connection began without."""
    connection.write(b"220 localhost ESMTP\r\n")
    while line := connection.read_line():
        command = line.split()[0].upper() if line.split() else b""
        if command == b"EHLO":
            connection.write(b"250-localhost\r\n" + (b"" if connection.is_tls else b"250-STARTTLS\r\n") + b"250 8BITMIME\r\n")
        elif command == b"STARTTLS":
            connection.write(b"220 go ahead\r\n")
            connection.start_tls(context)
        elif command == b"DATA":
            connection.write(b"354 go on\r\n")
            connection.read_until(b"\r\n.\r\n")
            connection.write(b"250 taken\r\n")
        elif command == b"QUIT":
            connection.write(b"221 bye\r\n")
            return
        else:
            connection.write(b"250 fine\r\n")


MESSAGE = b"From: a@localhost\r\nTo: b@localhost\r\nSubject: covered\r\nMessage-ID: <1@localhost>\r\n\r\n" + content(9000) + b"\r\n"


def pop3(connection, _):
    """One message."""
    connection.write(b"+OK ready\r\n")
    answers = {b"CAPA": b"+OK\r\nUIDL\r\n.\r\n", b"STAT": b"+OK 1 %d\r\n" % len(MESSAGE), b"LIST": b"+OK 1\r\n1 %d\r\n.\r\n" % len(MESSAGE),
               b"UIDL": b"+OK\r\n1 one\r\n.\r\n", b"RETR": b"+OK\r\n" + MESSAGE + b".\r\n", b"TOP": b"+OK\r\n" + MESSAGE + b".\r\n"}
    while line := connection.read_line():
        command = line.split()[0].upper()
        if line.split()[0].upper() == b"LIST" and len(line.split()) > 1:
            connection.write(b"+OK 1 %d\r\n" % len(MESSAGE))
        else:
            connection.write(answers.get(command, b"+OK\r\n"))
        if command == b"QUIT":
            return


def imap(connection, _):
    """An empty mailbox, to whoever asks."""
    connection.write(b"* OK ready\r\n")
    while line := connection.read_line():
        tag, command = line.split()[:2]
        if command.upper() == b"CAPABILITY":
            connection.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif command.upper() in (b"SELECT", b"EXAMINE"):
            connection.write(b"* 0 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 1] fine\r\n")
        elif command.upper() == b"LIST":
            connection.write(b'* LIST () "/" INBOX\r\n')
        connection.write(tag + b" OK done\r\n")
        if command.upper() == b"LOGOUT":
            return


def redis(connection, _):
    """OK to every command."""
    while line := connection.read_line():
        for _ in range(int(line[1:])):
            connection.read(int(connection.read_line()[1:]) + 2)
        connection.write(b"+OK\r\n")


def ldap(connection, _):
    """Binds everybody and finds nothing; RFC 4511, with lengths below 128 alone."""
    while True:
        tag, length = connection.read(2)
        message = connection.read(length)
        operation = message[2 + message[1]]
        identifier = message[:2 + message[1]]
        done = {0x60: 0x61, 0x63: 0x65}.get(operation)
        if done is None:  # unbind
            return
        answer = identifier + bytes([done, 7]) + b"\x0a\x01\x00\x04\x00\x04\x00"
        connection.write(bytes([tag, len(answer)]) + answer)


def dns(connection, _):
    """127.0.0.1, whatever the name (RFC 7858: each message with its length before)."""
    while True:
        query = connection.read(struct.unpack("!H", connection.read(2))[0])
        end = query.index(b"\0", 12) + 5
        answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
        connection.write(struct.pack("!H", len(answer)) + answer)


def mqtt(connection, _):
    """Takes what is published at QoS 0 (MQTT 3.1.1)."""
    while True:
        kind = connection.read(1)[0] >> 4
        length, shift = 0, 0
        while True:
            byte = connection.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        connection.read(length)
        if kind == 1:
            connection.write(b"\x20\2\0\0")
        elif kind == 14:
            return


def postgresql(connection, context):
    """Lets everybody in, and does every query without a result."""
    connection.read(8)  # SSLRequest
    connection.write(b"S")
    connection.start_tls(context)
    connection.read(struct.unpack("!I", connection.read(4))[0] - 4)
    ready = b"Z\0\0\0\5I"
    connection.write(b"R\0\0\0\x08\0\0\0\0" + ready)
    while (kind := connection.read(1)) != b"X":
        connection.read(struct.unpack("!I", connection.read(4))[0] - 4)
        if kind == b"Q":
            connection.write(b"C\0\0\0\x08SET\0" + ready)


def echo(connection, _):
    """Lines come back, until one says "end"."""
    while line := connection.read_line():
        connection.write(line)
        if line.strip() == b"end":
            return

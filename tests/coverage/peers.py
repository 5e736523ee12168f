"""The other ends of the programs under test: TLS servers and clients of our own, which know every byte of plaintext that passed."""
import socket
import ssl
import threading

PATIENCE = 60  # seconds without a byte


class Flow:
    """The plaintext of one direction."""

    def __init__(self):
        self.data = bytearray()

    def add(self, data):
        self.data += data

    @property
    def size(self):
        return len(self.data)


class Connection:
    """One connection to the program under test. `sent` and `received` are as the program sees them, and count from where TLS begins."""

    def __init__(self, sock, program_port):
        self.socket, self.port = sock, program_port
        self.is_tls = False
        self.is_cut = False  # the program closed it while we wrote: what of the last write it read is not known
        self.sent, self.received = Flow(), Flow()
        self.buffer = b""
        sock.settimeout(PATIENCE)

    def start_tls(self, context, name=None):
        assert not self.buffer, "plaintext was read beyond the beginning of TLS"
        self.socket = context.wrap_socket(self.socket, server_side=name is None, server_hostname=name)
        self.is_tls = True

    def write(self, data):
        if self.is_tls:
            self.received.add(data)
        try:
            self.socket.sendall(data)
        except OSError:
            self.is_cut = True
            raise

    def read_some(self):
        """What there is; nothing at the end."""
        if self.buffer:
            data, self.buffer = self.buffer, b""
            return data
        data = self.socket.recv(65536)
        if self.is_tls:
            self.sent.add(data)
        return data

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.read_some()
            if not more:
                raise EOFError("the program closed the connection amid a message")
            data += more
        self.buffer = data[size:]
        return data[:size]

    def read_until(self, mark):
        """With the mark; less at the end."""
        data = b""
        while mark not in data:
            more = self.read_some()
            if not more:
                return data
            data += more
        end = data.index(mark) + len(mark)
        self.buffer = data[end:]
        return data[:end]

    def read_line(self):
        return self.read_until(b"\n")

    def close(self):
        """Sends close_notify first; reads what the program still says."""
        try:
            if self.is_tls:
                self.socket.settimeout(2)
                self.socket = self.socket.unwrap()
        except (OSError, ValueError):
            pass
        self.socket.close()


class Server:
    """Speaks to clients under test: `service` is given each connection. `starts_tls`: the service does that itself."""

    def __init__(self, service, alpn=(), starts_tls=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        self.service, self.starts_tls = service, starts_tls
        self.connections, self.threads = [], []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def use_certificate(self, certificate, key):
        """Before the first connection."""
        self.context.load_cert_chain(certificate, key)

    def accept(self):
        while True:
            try:
                sock, address = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.talk, args=(sock, address[1]), daemon=True)
            self.threads.append(thread)
            thread.start()

    def talk(self, sock, port):
        connection = Connection(sock, port)
        try:
            if not self.starts_tls:
                connection.start_tls(self.context)
            self.connections.append(connection)
            self.service(connection, self.context)
        except (OSError, EOFError, ValueError):
            pass  # what passed until then counts
        connection.close()

    def finish(self):
        self.listener.close()
        for thread in self.threads:
            thread.join(5)
        return self.connections


def connect(port, ca, starts_tls=False):
    """A connection to a server under test, and the context for TLS on it."""
    context = ssl.create_default_context(cafile=ca)
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection = Connection(sock, sock.getsockname()[1])
    if not starts_tls:
        connection.start_tls(context, "localhost")
    return connection, context

"""An HTTPS server that forks for each connection: forking_server.py CERTIFICATE KEY. Prints its port."""
import os
import socket
import ssl
import sys


def serve(connection, context):
    with context.wrap_socket(connection, server_side=True) as tls:
        request = tls.recv(65536)
        path = request.split()[1]
        tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
        tls.recv(1)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        child = os.fork()
        if not child:
            try:
                serve(connection, context)
            finally:
                os._exit(0)
        connection.close()
        os.waitpid(child, 0)


main()

#!/bin/bash
# Wireshark 4.4.19 takes the login of a MySQL client inside TLS for a command: the first byte of its capability flags is shown
# as mysql.command (207 is "Unknown"), and there is no user. 4.0.17 shows the login; the messages behind it are right in both.
# 4.6.9 of Debian forky, tried by hand with MariaDB, does as 4.4.19 ("Create Database": its client's flags begin with 5).
#
#   4.0.17   Login Request user=reader
#   4.4.19   Request Unknown (207)
#
# A client of mysql2 3.11.0 (npm) speaks to a server that accepts anybody, which logs the keys and writes what passed as pcap.
# Needs npm, python3 and openssl; the versions of tshark come from Debian bookworm and trixie, unpacked beside the system by
# tools/fetch-wireshark. Fails when that changes.
set -euo pipefail
tools=$(cd "$(dirname "$0")/../tools" && pwd)
older=$("$tools/fetch-wireshark" bookworm)
newer=$("$tools/fetch-wireshark" trixie)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent mysql2@3.11.0
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null
python3 -c '
import socket, ssl, struct

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
connection = listener.accept()[0]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
context.keylog_filename = "keys.log"
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls, passed = None, []  # passed: (from the client, bytes on the wire)

def send(data):
    if data:
        passed.append((False, data))
        connection.sendall(data)
def receive():
    data = connection.recv(65536)
    passed.append((True, data))
    return data
def attempt(call, *arguments):
    while True:
        try:
            return call(*arguments)
        except ssl.SSLWantReadError:
            send(outgoing.read())
            incoming.write(receive())
        finally:
            send(outgoing.read())
def read(size):
    data = b""
    while len(data) < size:
        data += attempt(tls.read, size - len(data)) if tls else connection.recv(size - len(data))
    return data
def take():
    head = read(4)
    payload = read(int.from_bytes(head[:3], "little"))
    if not tls:
        passed.append((True, head + payload))
    return head[3], payload
def say(number, payload):
    data = len(payload).to_bytes(3, "little") + bytes([number]) + payload
    attempt(tls.write, data) if tls else send(data)

flags = 0x00088A08 | 0x800  # a database, protocol 4.1, secure passwords, plugins, TLS
say(0, b"\x0a8.0.36\0" + bytes([7, 0, 0, 0]) + b"12345678\0" + struct.pack("<HBHH", flags & 0xFFFF, 0x2D, 2, flags >> 16) +
    b"\x15" + bytes(10) + b"123456789012\0mysql_native_password\0")
take()
tls = context.wrap_bio(incoming, outgoing, server_side=True)
attempt(tls.do_handshake)
number, _ = take()
say(number + 1, b"\0\0\0\2\0\0\0")
while True:
    number, command = take()
    if command[:1] == b"\1":
        break
    say(number + 1, b"\0\0\0\2\0\0\0")

def packet(from_client, at, flags, data=b""):
    ports = (40000, 3306) if from_client else (3306, 40000)
    tcp = struct.pack(">HHIIBBHHH", *ports, at[from_client], at[not from_client], 0x50, flags, 65535, 0, 0) + data
    ends = bytes([10, 0, 0, 1, 10, 0, 0, 2] if from_client else [10, 0, 0, 2, 10, 0, 0, 1])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends + tcp
    return struct.pack("<IIII", 1, 0, len(ip), len(ip)) + ip
at = {True: 0, False: 0}
with open("login.pcap", "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
    for from_client, tcp_flags in ((True, 2), (False, 18)):
        file.write(packet(from_client, at, tcp_flags))
        at[from_client] = 1
    for from_client, data in passed:
        for start in range(0, len(data), 1400):
            file.write(packet(from_client, at, 24, data[start:start + 1400]))
            at[from_client] += len(data[start:start + 1400])' >port 2>server.log &
server=$!
until [ -s port ]; do sleep 0.1; done
timeout 30 node -e "
const connection = require('mysql2').createConnection({host: '127.0.0.1', port: $(cat port), user: 'reader', password: 'x',
    ssl: {rejectUnauthorized: false}});
connection.query('SET NAMES utf8mb4', (error) => { if (error) throw error; connection.end(); });"
wait "$server" || { tail -n 3 server.log; exit 1; }

users() {
    "$1/tshark" -r login.pcap -o tls.keylog_file:keys.log -Y mysql -T fields -e mysql.user \
        -e mysql.command -e _ws.col.Info 2>/dev/null
}
for bin in "$older" "$newer"; do
    "$bin/tshark" --version 2>/dev/null | head -n 1
    users "$bin" | sed 's/^/    /'
done
users "$older" | grep -q 'Login Request user=reader' || { echo "changed: the older one shows no login"; exit 1; }
if users "$newer" | grep -q 'Login Request'; then
    echo "changed: the newer one shows the login"
    exit 1
fi
users "$newer" | grep -q 'Query' || { echo "changed: the newer one shows no query behind the login"; exit 1; }

#!/bin/bash
# memcached's specification says that a key "must not include control characters or whitespace" (doc/protocol.txt). memcaslap of
# libmemcached-tools 1.1.4, which people measure servers with, sends nothing but such keys: eight bytes of a number before each. memcached
# 1.6.18 stores them and finds them again. So what looks for memcached by its text must take them too.
#
#   set \x10\x90\x10... : STORED
#
# Something between the two keeps what passes. Needs memcached, libmemcached-tools and python3. Fails when that changes.
set -euo pipefail
python3 - <<'END'
import re, socket, subprocess, threading, time


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


port = free_port()
server = subprocess.Popen(["memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port)])
listener = socket.create_server(("127.0.0.1", 0))
said = {True: b"", False: b""}


def copy(source, target, is_client):
    while data := source.recv(65536):
        said[is_client] += data
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def serve():
    while True:
        client = listener.accept()[0]
        inside = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=copy, args=(client, inside, True), daemon=True).start()
        threading.Thread(target=copy, args=(inside, client, False), daemon=True).start()


try:
    time.sleep(0.5)
    threading.Thread(target=serve, daemon=True).start()
    subprocess.run(["memcaslap", "-s", f"127.0.0.1:{listener.getsockname()[1]}", "-T", "1", "-c", "1", "-x", "100"], check=True,
                   stdout=subprocess.DEVNULL)
finally:
    server.terminate()
    server.wait()
keys = re.findall(rb"^set (\S+ ?\S*?) \d+ \d+ \d+\r$", said[True], re.MULTILINE)
odd = [key for key in keys if re.search(rb"[\x00-\x1f\x7f]", key)]
stored = said[False].count(b"STORED\r\n")
found = sum(said[False].count(b"VALUE " + key + b" ") > 0 for key in set(odd))
print(f"{len(keys)} keys, {len(odd)} with control characters, such as {odd[:1]}; {stored} stored, {found} found again")
raise SystemExit(not (odd and len(odd) == len(keys) == stored and found))
END

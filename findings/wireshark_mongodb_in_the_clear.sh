#!/bin/bash
# Wireshark 4.0.17 does not dissect MongoDB in the clear on MongoDB's own port, 27017: its dissector asks to be called for that port
# inside TLS, and what registers it there registers TLS for the TCP port too, in place of MongoDB. So a hello in OP_MSG, as every
# driver sends it, is taken for TLS or left as data; "Decode As" (tcp.port==27017,mongo) shows it. Kafka on 9092, which asks
# for its TCP port alone, is dissected.
#
#   tcp.port 27017 is tls, tls.port 27017 is mongo
#   without settings: 0 messages of MongoDB; with -d tcp.port==27017,mongo: 1
#
# tshark 4.0.17 comes from Debian bookworm, unpacked beside the system by tools/fetch-wireshark. Fails when that changes.
set -euo pipefail
tools=$(cd "$(dirname "$0")/../tools" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# A TCP segment in raw IPv4 from port 50000 to 27017, with OP_MSG: {hello: 1, $db: "admin"}
/usr/bin/python3 -c '
import struct, sys
body = bytes.fromhex("34000000 01000000 00000000 dd070000 00000000 00 1f000000") + b"\x10hello\0\1\0\0\0\2$db\0\6\0\0\0admin\0\0"
tcp = struct.pack(">HHIIBBHHH", 50000, 27017, 1, 1, 0x50, 0x18, 65535, 0, 0) + body
packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, b"\x0a\0\0\1", b"\x0a\0\0\2") + tcp
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
' >hello.pcap

changed=0
expect() { # WHAT FOUND EXPECTED
    echo "$1: $2"
    [ "$2" = "$3" ] || { echo "changed: expected $3"; changed=1; }
}
programs=$("$tools/fetch-wireshark" bookworm)
"$programs/tshark" -v 2>/dev/null | head -n 1
messages() { "$programs/tshark" -r hello.pcap "$@" -Y mongo 2>/dev/null | wc -l; }
expect "tcp.port 27017" "$("$programs/tshark" -G decodes 2>/dev/null | awk '$1 == "tcp.port" && $2 == 27017 { print $3 }')" tls
expect "tls.port 27017" "$("$programs/tshark" -G decodes 2>/dev/null | awk '$1 == "tls.port" && $2 == 27017 { print $3 }')" mongo
expect "messages without settings" "$(messages)" 0
expect "messages with Decode As" "$(messages -d tcp.port==27017,mongo)" 1
exit $changed

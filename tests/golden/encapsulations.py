#!/usr/bin/env python3
"""Reads one HTTP conversation in every encapsulation that sslsniff takes off, in every compression, and lets tshark read
the same files: both must see the same request and response.

usage: encapsulations.py SSLSNIFF"""
import gzip
import json
import lzma
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

REQUEST = b"GET /inside HTTP/1.1\r\nHost: in.example\r\n\r\n"
RESPONSE = b"HTTP/1.1 203 Found\r\nContent-Length: 5\r\n\r\nhello"
CLIENT, SERVER = bytes([10, 1, 0, 1]), bytes([10, 1, 0, 2])
OUTER = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
MACS = bytes.fromhex("020000000001020000000002")
ETHERNET, IPV4, IPV6 = 1, 0x0800, 0x86DD


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(protocol, payload, source=CLIENT, destination=SERVER):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + source + destination
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ip6(protocol, payload, first):
    source, destination = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes.fromhex("20010db8" + "00" * 11 + "02")
    if not first:
        source, destination = destination, source
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source + destination + payload


def segments():
    """(from the client, TCP segment) of one connection."""
    for from_client, flags, sequence, acknowledgment, payload in (
            (True, 0x02, 99, 0, b""), (False, 0x12, 499, 100, b""), (True, 0x10, 100, 500, b""),
            (True, 0x18, 100, 500, REQUEST), (False, 0x18, 500, 100 + len(REQUEST), RESPONSE),
            (True, 0x11, 100 + len(REQUEST), 500 + len(RESPONSE), b""),
            (False, 0x11, 500 + len(RESPONSE), 101 + len(REQUEST), b"")):
        ports = (40000, 80) if from_client else (80, 40000)
        yield from_client, struct.pack(">HHIIBBHHH", *ports, sequence, acknowledgment, 0x50, flags, 65535, 0, 0) + payload


def packets(version=4):
    for from_client, segment in segments():
        if version == 4:
            ends = (CLIENT, SERVER) if from_client else (SERVER, CLIENT)
            yield from_client, ip(6, segment, *ends)
        else:
            yield from_client, ip6(6, segment, from_client)


def ethernet(payload, kind=IPV4):
    return MACS + struct.pack(">H", kind) + payload


def outer(protocol, payload, from_client):
    return ethernet(ip(protocol, payload, *(OUTER if from_client else OUTER[::-1])))


def udp(port, payload, from_client):
    return outer(17, struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload, from_client)


def vlan(number, payload, kind=IPV4):
    return struct.pack(">HH", number, kind) + payload


def mpls(payload):
    return struct.pack(">II", 16 << 12 | 64, 17 << 12 | 0x100 | 64) + payload


def pppoe(payload):
    return struct.pack(">BBHH", 0x11, 0, 1, len(payload)) + payload


def llc(payload):
    return b"\xaa\xaa\x03\0\0\0\x08\0" + payload


def wifi(payload, from_client, control=0x08, extra=b""):
    return bytes([control, 1 if from_client else 2]) + b"\0\0" + MACS + MACS[:6] + b"\x10\0" + extra + payload


def aggregate(payload):
    body = llc(payload)
    return MACS + struct.pack(">H", len(body)) + body


def nflog(payload):
    pad = b"\0" * (-(4 + len(payload)) % 4)
    return bytes([2, 0, 0, 7]) + struct.pack("<HH", 6, 10) + b"x\0\0\0" + struct.pack("<HH", 4 + len(payload), 9) + payload + pad


def gtp(payload, extended):
    if not extended:
        return struct.pack(">BBHI", 0x30, 0xFF, len(payload), 7) + payload
    body = b"\0\0\0\x85" + b"\x01\x10\x01\0" + payload
    return struct.pack(">BBHI", 0x34, 0xFF, len(body), 7) + body


PPP = b"\xff\x03\0\x21"
KINDS = {  # name: (link type, frame of (from the client, IP packet))
    "ethernet": (ETHERNET, lambda c, p: ethernet(p)),
    "vlan": (ETHERNET, lambda c, p: ethernet(vlan(5, p), 0x8100)),
    "double vlan": (ETHERNET, lambda c, p: ethernet(vlan(5, vlan(6, p), 0x8100), 0x88A8)),
    "llc": (ETHERNET, lambda c, p: MACS + struct.pack(">H", 8 + len(p)) + llc(p)),
    "mpls": (ETHERNET, lambda c, p: ethernet(mpls(p), 0x8847)),
    "ethernet in mpls": (ETHERNET, lambda c, p: ethernet(mpls(b"\0\0\0\0" + ethernet(p)), 0x8847)),
    "pppoe": (ETHERNET, lambda c, p: ethernet(pppoe(b"\0\x21" + p), 0x8864)),
    "vlan and pppoe": (ETHERNET, lambda c, p: ethernet(vlan(7, pppoe(b"\0\x21" + p), 0x8864), 0x8100)),
    "backbone": (ETHERNET, lambda c, p: ethernet(b"\0\0\0\x09" + ethernet(p), 0x88E7)),
    "ip in ip": (ETHERNET, lambda c, p: outer(4, p, c)),
    "gre": (ETHERNET, lambda c, p: outer(47, b"\0\0\x08\0" + p, c)),
    "gre with everything": (ETHERNET, lambda c, p: outer(47, b"\xb0\0\x08\0\0\0\0\0\0\0\0\x05\0\0\0\x01" + p, c)),
    "bridged gre": (ETHERNET, lambda c, p: outer(47, b"\0\0\x65\x58" + ethernet(p), c)),
    "pptp": (ETHERNET, lambda c, p: outer(47, struct.pack(">HHHHI", 0x3001, 0x880B, len(p) + 4, 1, 1) + PPP + p, c)),
    "erspan 1": (ETHERNET, lambda c, p: outer(47, b"\0\0\x88\xbe" + ethernet(p), c)),
    "erspan 2": (ETHERNET, lambda c, p: outer(47, b"\x10\0\x88\xbe\0\0\0\x01" + b"\x10\x05\0\x01\0\0\0\0" + ethernet(p), c)),
    "erspan 3": (ETHERNET, lambda c, p: outer(47, b"\x10\0\x22\xeb\0\0\0\x01" + b"\x20\x05\0\x01" + b"\0" * 8 + ethernet(p), c)),
    "vxlan": (ETHERNET, lambda c, p: udp(4789, b"\x08\0\0\0\0\0\x2a\0" + ethernet(p), c)),
    "geneve": (ETHERNET, lambda c, p: udp(6081, b"\0\0\x65\x58\0\0\x2a\0" + ethernet(p), c)),
    "geneve with options": (ETHERNET, lambda c, p: udp(6081, b"\x02\0\x65\x58\0\0\x2a\0" + b"\x01\x02\x80\x01abcd" + ethernet(p), c)),
    "gtp": (ETHERNET, lambda c, p: udp(2152, gtp(p, False), c)),
    "gtp with extensions": (ETHERNET, lambda c, p: udp(2152, gtp(p, True), c)),
    "vxlan in vlan in gre": (ETHERNET, lambda c, p: outer(47, b"\0\0\x65\x58" + ethernet(vlan(3, udp(4789, b"\x08\0\0\0\0\0\x2a\0" + ethernet(p), c)[14:]), 0x8100), c)),
    "null": (0, lambda c, p: b"\x02\0\0\0" + p),
    "loop": (108, lambda c, p: b"\0\0\0\x02" + p),
    "raw": (101, lambda c, p: p),
    "ipv4": (228, lambda c, p: p),
    "ppp": (9, lambda c, p: PPP + p),
    "ppp compressed": (9, lambda c, p: b"\x21" + p),
    "ppp hdlc": (50, lambda c, p: PPP + p),
    "ppp with direction": (204, lambda c, p: (b"\1" if c else b"\0") + PPP + p),
    "pppoe alone": (51, lambda c, p: pppoe(b"\0\x21" + p)),
    "cisco hdlc": (104, lambda c, p: b"\x0f\0\x08\0" + p),
    "frame relay": (107, lambda c, p: b"\x18\x41\x03\xcc" + p),
    "atm": (100, lambda c, p: llc(p)),
    "cooked": (113, lambda c, p: b"\0\0\0\1\0\6" + b"\0" * 8 + b"\x08\0" + p),
    "cooked vlan": (113, lambda c, p: b"\0\0\0\1\0\6" + b"\0" * 8 + b"\x81\0" + vlan(5, p)),
    "cooked 2": (276, lambda c, p: b"\x08\0\0\0" + b"\0\0\0\1\0\1\0\6" + b"\0" * 8 + p),
    "nflog": (239, lambda c, p: nflog(p)),
    "802.11": (105, lambda c, p: wifi(llc(p), c)),
    "802.11 quality": (105, lambda c, p: wifi(llc(p), c, 0x88, b"\0\0")),
    "802.11 aggregate": (105, lambda c, p: wifi(aggregate(p), c, 0x88, b"\x80\0")),
    "radiotap": (127, lambda c, p: b"\0\0\x09\0\x02\0\0\0\0" + wifi(llc(p), c)),
    "radiotap fcs padded": (127, lambda c, p: b"\0\0\x11\0\x03\0\0\0" + b"\0" * 8 + b"\x30" + wifi(llc(p), c, 0x88, b"\0\0\0\0") + b"FCSx"),
    "ppi": (192, lambda c, p: b"\0\0\x08\0" + struct.pack("<I", 105) + wifi(llc(p), c)),
}
SIX = {
    "6in4": (ETHERNET, lambda c, p: outer(41, p, c)),
    "ipv6": (229, lambda c, p: p),
    "mpls 6": (ETHERNET, lambda c, p: ethernet(mpls(p), 0x8847)),
}
UNREAD = {
    "802.11 encrypted": (105, lambda c, p: wifi(llc(p), c)[:1] + bytes([0x41 if c else 0x42]) + wifi(llc(p), c)[2:], "7 packets not read: 802.11 frames are encrypted"),
    "link type": (147, lambda c, p: p, "7 packets not read: link type 147 is not supported"),
    "ipsec": (ETHERNET, lambda c, p: outer(50, b"\0\0\0\1\0\0\0\1" + p, c), "7 packets not read: IPsec packets are encrypted"),
    "cut": (101, lambda c, p: p[:12], "7 packets not read: their IP headers are cut or damaged"),
}


def pcap(link_type, frames, magic=0xA1B2C3D4):
    out = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)
    for number, frame in enumerate(frames):
        out += struct.pack("<IIII", 1_700_000_000, number * 1000, len(frame), len(frame))
        out += (b"\0" * 8 if magic == 0xA1B2CD34 else b"") + frame
    return out


def cut_anywhere(link_type, frames):
    """Each frame again for each length that a snapshot length may leave of it."""
    out = pcap(link_type, [])
    for frame in frames:
        for size in range(len(frame)):
            out += struct.pack("<IIII", 1_700_000_000, size, size, len(frame)) + frame[:size]
    return out


def simple_blocks(link_type, frames):
    """pcapng without times."""
    out = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    out += struct.pack("<IIHHII", 1, 20, link_type, 0, 262144, 20)
    for frame in frames:
        pad = b"\0" * (-len(frame) % 4)
        size = 16 + len(frame) + len(pad)
        out += struct.pack("<III", 3, size, len(frame)) + frame + pad + struct.pack("<I", size)
    return out


folder = pathlib.Path(tempfile.mkdtemp())
failures = []


def transactions(name, data, suffix=".pcap"):
    path = folder / (name.replace(" ", "_") + suffix)
    path.write_bytes(data)
    done = subprocess.run([sys.argv[1], "-r", path, "-o", "json"], capture_output=True, text=True)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return path, [record for record in records if record["type"] == "transaction"], done.stderr


def expect(name, good, found):
    if not good:
        failures.append(name)
        print(f"{name}: {found}")


def check(name, data, suffix=".pcap", ask_tshark=True, count=1):
    path, found, errors = transactions(name, data, suffix)
    seen = [(t["request"]["method"], t["request"]["target"], t["response"]["status"], t["integrity"]["complete"]) for t in found]
    expect(name, seen == [("GET", "/inside", 203, True)] * count and "not read" not in errors, (seen, errors))
    if ask_tshark and shutil.which("tshark"):
        done = subprocess.run(["tshark", "-r", path, "-Y", "http", "-T", "fields", "-e", "http.request.uri", "-e", "http.response.code"],
                              capture_output=True, text=True)
        expect(f"{name} in tshark", done.stdout.split() == ["/inside", "203"] * count, (done.stdout, done.stderr))
    return found


for version, kinds in ((4, KINDS), (6, SIX)):
    for name, (link_type, wrap) in kinds.items():
        # tshark takes this one for another pseudowire unless it is told.
        check(name, pcap(link_type, [wrap(*packet) for packet in packets(version)]), ask_tshark=name != "ethernet in mpls")
        path = folder / "cut.pcap"
        path.write_bytes(cut_anywhere(link_type, [wrap(*packet) for packet in packets(version)]))
        done = subprocess.run([sys.argv[1], "-r", path, "-o", "json"], capture_output=True, text=True)
        whole = [line for line in done.stdout.splitlines() if '"type":"transaction"' in line and '"complete":true' in line]
        expect(f"{name}, cut anywhere", done.returncode == 0 and not whole and "not read" in done.stderr, (done.returncode, done.stderr, whole))
for name, (link_type, wrap, sentence) in UNREAD.items():
    _, found, errors = transactions(name, pcap(link_type, [wrap(*packet) for packet in packets()]))
    expect(name, not found and sentence in errors, (found, errors))

# One pair of addresses and ports in three networks: three connections.
for name, inside in (("vlans", lambda n, p: ethernet(vlan(n, p), 0x8100)),
                     ("vxlans", lambda n, p: udp(4789, b"\x08\0\0\0\0\0" + bytes([n, 0]) + ethernet(p), True))):
    frames = [inside(number, packet) for _, packet in packets() for number in (5, 6, 7)]
    check(name, pcap(ETHERNET, frames), ask_tshark=False, count=3)

plain = [ethernet(packet) for _, packet in packets()]
check("modified", pcap(ETHERNET, plain, 0xA1B2CD34))
for record in check("no times", simple_blocks(ETHERNET, plain), ".pcapng"):
    expect("no times", "time" not in record and "process" not in record, record)
capture = pcap(ETHERNET, plain)
check("gzip", gzip.compress(capture), ".pcap.gz")
check("two members", gzip.compress(capture[:100]) + gzip.compress(capture[100:]), ".pcap.gz")
check("xz", lzma.compress(capture), ".pcap.xz", False)
for tool, suffix in (("zstd", ".zst"), ("lz4", ".lz4")):
    if shutil.which(tool):
        packed = subprocess.run([tool, "-c"], input=capture, capture_output=True, check=True).stdout
        check(tool, packed, ".pcap" + suffix, False)
        check(f"two {tool} frames", packed[:0] + b"".join(
            subprocess.run([tool, "-c"], input=part, capture_output=True, check=True).stdout for part in (capture[:100], capture[100:])),
              ".pcap" + suffix, False)
for cut in (20, 60, len(gzip.compress(capture)) - 4):
    _, found, errors = transactions("cut gzip", gzip.compress(capture)[:cut], ".pcap.gz")
    expect(f"cut gzip {cut}", "ends too early" in errors or "ends inside" in errors, errors)
packed = bytearray(gzip.compress(capture))
packed[-6] ^= 0xFF  # of the checksum
errors = transactions("damaged", bytes(packed), ".pcap.gz")[2]
expect("damaged", "cannot be unpacked any further" in errors, errors)

shutil.rmtree(folder)
print("FAILED: " + ", ".join(failures) if failures else "all encapsulations are read")
sys.exit(bool(failures))

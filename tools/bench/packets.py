"""Captures made up for measuring: Ethernet packets of TCP connections in a pcap file."""
import struct

MSS = 1448


class Writer:
    """One pcap file; a clock that advances by a microsecond per packet."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=1 << 20)
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        self.micros = 1_782_000_000_000_000
        self.size = 0

    def packet(self, data):
        self.micros += 1
        header = struct.pack("<IIII", self.micros // 1_000_000, self.micros % 1_000_000, len(data), len(data))
        self.file.write(header + data)
        self.size += len(header) + len(data)


class Connection:
    """A client and a server; every segment is acknowledged by the next one of the other side."""

    def __init__(self, writer, number, port=80):
        self.writer = writer
        self.client = (struct.pack(">I", 0x0A000000 + 1 + number // 20_000), 20_000 + number % 20_000)
        self.server = (struct.pack(">I", 0xC0A80001), port)
        self.sequence = {True: number * 7919 & 0xFFFFFFFF, False: number * 104_729 & 0xFFFFFFFF}
        self.segment(True, 0x02)
        self.segment(False, 0x12)
        self.segment(True, 0x10)

    def segment(self, up, flags, payload=b""):
        source, destination = (self.client, self.server) if up else (self.server, self.client)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0) + source[0] + destination[0]
        tcp = struct.pack(">HHIIBBHI", source[1], destination[1], self.sequence[up], self.sequence[not up], 0x50, flags,
                          0xFFFF, 0)
        self.writer.packet(b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + payload)
        self.sequence[up] = (self.sequence[up] + len(payload) + (flags & 1) + (flags >> 1 & 1)) & 0xFFFFFFFF

    def send(self, up, data):
        for at in range(0, len(data), MSS):
            self.segment(up, 0x18, data[at:at + MSS])
            if at // MSS % 8 == 7:
                self.segment(not up, 0x10)

    def exchange(self, request, answer):
        self.send(True, request)
        self.send(False, answer)

    def close(self):
        self.segment(True, 0x11)
        self.segment(False, 0x11)
        self.segment(True, 0x10)

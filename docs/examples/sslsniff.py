# SPDX-License-Identifier: Apache-2.0
"""libsslsniff (sslsniff.h) for Python, by ctypes: what watch.py needs of it.

The structures are those of the header, member by member; what is not asked for need not be declared, as long as it comes behind.
"""
import ctypes
import os
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p

OK, ENDED = 0, 1
SENT, RECEIVED = 0, 1
EVENT_PROCESS, EVENT_OPEN, EVENT_SOCKET, EVENT_TLS, EVENT_DATA, EVENT_GAP, EVENT_CLOSE, EVENT_LOSS = range(1, 9)


class Text(ctypes.Structure):
    # Not c_char_p: that would end at a NUL.
    _fields_ = [("data", c_void_p), ("length", c_size_t)]

    def __bytes__(self):
        return ctypes.string_at(self.data, self.length)


class Address(ctypes.Structure):
    _fields_ = [("family", c_uint16), ("port", c_uint16), ("bytes", c_uint8 * 16)]


class Process(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("pid", c_uint32), ("uid", c_uint32), ("start_time_ns", c_uint64)] + [
        (name, Text) for name in ("comm", "exe", "container_id", "container_runtime", "container_name", "container_image", "pod",
                                  "pod_namespace")]


class Connection(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("id", c_uint64), ("name", Text), ("process", POINTER(Process)), ("carrier", c_uint32),
                ("role", c_uint32), ("transport", c_uint32), ("joined_midstream", c_uint32), ("correlation", c_char_p),
                ("local", Address), ("remote", Address), ("socket_cookie", c_uint64), ("netns", c_uint32),
                ("protocol_confidence", c_uint32), ("protocol", Text), ("remote_name", Text), ("continues", Text),
                ("opened_ns", c_int64), ("connect_ns", c_int64), ("tls_library", Text), ("tls_version", Text),
                ("tls_cipher", Text), ("tls_sni", Text), ("tls_alpn", Text), ("tls_handshake_error", Text),
                ("tls_not_decoded", Text), ("tls_handshake_ns", c_int64)]


class Event(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("kind", c_uint32), ("direction", c_uint32), ("time_ns", c_int64),
                ("connection", POINTER(Connection)), ("process", POINTER(Process)), ("tid", c_uint32), ("message_type", c_uint32),
                ("position", c_uint64), ("sequence", c_uint64), ("trace_id", c_uint64), ("data", c_void_p), ("length", c_uint64),
                ("cause", c_char_p), ("reason", c_char_p), ("lost_events", c_uint64), ("lost_bytes", c_uint64),
                ("process_change", c_uint32), ("has_tcp_seq", c_uint32), ("tcp_seq", c_uint32), ("reserved", c_uint32)]

    def payload(self):
        return ctypes.string_at(self.data, self.length) if self.data else b""


class Statistics(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("state", c_uint32), ("is_live", c_uint32)] + [
        (name, c_uint64) for name in (
            "buffer_size", "buffer_waiting", "events", "data_bytes", "lost_events", "lost_bytes", "transactions", "connections",
            "open_connections", "unbound_connections", "processes", "bytes_sent", "bytes_received", "missing_bytes", "memory_held",
            "memory_limit")] + [("started_ns", c_int64), ("ended_ns", c_int64)]


EVENT_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p, POINTER(Event))
LINE_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
NOTICE_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)


def load(path=os.environ.get("SSLSNIFF_LIBRARY", "libsslsniff.so.0")):
    library = ctypes.CDLL(path)
    for name, result, *arguments in (
            ("new", c_void_p), ("free", None, c_void_p), ("set", c_int, c_void_p, c_char_p, c_char_p),
            ("on_event", c_int, c_void_p, EVENT_CALLBACK, c_void_p), ("on_line", c_int, c_void_p, LINE_CALLBACK, c_void_p),
            ("on_notice", c_int, c_void_p, NOTICE_CALLBACK, c_void_p), ("start", c_int, c_void_p), ("poll", c_int, c_void_p, c_int),
            ("stop", c_int, c_void_p), ("request_stop", None, c_void_p), ("error", c_char_p, c_void_p),
            ("status_name", c_char_p, c_int), ("read_statistics", c_int, c_void_p, POINTER(Statistics))):
        function = getattr(library, f"sslsniff_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class Error(Exception):
    pass


class Capture:
    """with Capture(pid=4242, show_secrets=True) as capture: ... Options are those of the command line. on_line is given bytes,
    on_event an Event that lives until the callback returns, on_notice a sentence."""

    def __init__(self, on_line=None, on_event=None, on_notice=None, **options):
        self.library = load()
        self.raw = self.library.sslsniff_new()
        if not self.raw:
            raise MemoryError
        self.kept = []  # what C is given a pointer to must stay
        self.failure = None
        for name, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                self.set(name.replace("_", "-"), one)
        if on_line:
            self.listen("on_line", LINE_CALLBACK, lambda _, json, length: on_line(ctypes.string_at(json, length)))
        if on_event:
            self.listen("on_event", EVENT_CALLBACK, lambda _, event: on_event(event.contents))
        if on_notice:
            self.listen("on_notice", NOTICE_CALLBACK, lambda _, sentence: on_notice(sentence.decode()))

    def listen(self, name, kind, function):
        def guarded(*arguments):
            # ctypes would print an exception and go on.
            try:
                if self.failure is None:
                    function(*arguments)
            except BaseException as failure:
                self.failure = failure
                self.library.sslsniff_request_stop(self.raw)
        self.kept.append(kind(guarded))
        self.check(getattr(self.library, f"sslsniff_{name}")(self.raw, self.kept[-1], None))

    def set(self, name, value=None):
        text = None if value is None else str(value).lower().encode() if isinstance(value, bool) else os.fsencode(str(value))
        self.check(self.library.sslsniff_set(self.raw, name.encode(), text))

    def check(self, status):
        if self.failure is not None:
            raise self.failure
        if status < 0:
            raise Error(f"{self.library.sslsniff_status_name(status).decode()}: {self.library.sslsniff_error(self.raw).decode()}")
        return status

    def start(self):
        self.check(self.library.sslsniff_start(self.raw))

    def poll(self, timeout_ms=-1):
        """True as long as there may be more."""
        return self.check(self.library.sslsniff_poll(self.raw, timeout_ms)) == OK

    def request_stop(self):
        self.library.sslsniff_request_stop(self.raw)

    def statistics(self):
        statistics = Statistics(struct_size=ctypes.sizeof(Statistics))
        self.check(self.library.sslsniff_read_statistics(self.raw, ctypes.byref(statistics)))
        return statistics

    def close(self):
        self.library.sslsniff_free(self.raw)
        self.raw = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

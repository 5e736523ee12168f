#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""watch.py [--events] OPTION[=VALUE]...: what watch.c does, in Python."""
import signal
import socket
import sys

import sslsniff

KINDS = ("", "process", "open", "socket", "tls", "data", "gap", "close", "loss")
MESSAGE_TYPES = ("message", "request", "response")
CONFIDENCES = ("", "likely ", "")


def shown(text):
    """Names are chosen by others: nothing of them may reach the terminal that is not a character."""
    return "".join(chr(c) if 0x20 < c < 0x7f else "?" for c in bytes(text))


def address(end):
    if end.family == 4:
        return f"{socket.inet_ntop(socket.AF_INET, bytes(end.bytes[:4]))}:{end.port}"
    if end.family == 6:
        return f"[{socket.inet_ntop(socket.AF_INET6, bytes(end.bytes))}]:{end.port}"
    return f"?:{end.port}"


def show_event(event):
    # A newer library may tell of kinds that this program does not know.
    if event.kind >= len(KINDS):
        return
    words = [f"{event.time_ns // 10**9}.{event.time_ns % 10**9:09}", KINDS[event.kind]]
    if event.process:
        process = event.process.contents
        words.append(f"{shown(process.comm)}[{process.pid}]")
    if event.connection:
        connection = event.connection.contents
        words += [connection.id, shown(connection.name), address(connection.local), address(connection.remote)]
        words += ["socket", connection.socket_cookie, "by", connection.correlation.decode()]
        words.append(CONFIDENCES[connection.protocol_confidence % 3] + shown(connection.protocol))
    if event.kind in (sslsniff.EVENT_DATA, sslsniff.EVENT_GAP):
        words += ["sent" if event.direction == sslsniff.SENT else "received", MESSAGE_TYPES[event.message_type % 3]]
        words += ["at", event.position, "of", event.length, "bytes"]
    if event.kind == sslsniff.EVENT_DATA:
        total = 0
        for byte in event.payload():
            total = (total * 31 + byte) & 0xffffffff
        words += ["thread", event.tid, "number", event.sequence, "trace", event.trace_id, "sum", total]
    if event.has_tcp_seq:
        words += ["tcp", event.tcp_seq]
    words += [word.decode() for word in (event.cause, event.reason) if word]
    print(*words)


def main():
    arguments = sys.argv[1:]
    is_of_events = "--events" in arguments
    with sslsniff.Capture(on_event=show_event if is_of_events else None,
                          on_line=None if is_of_events else lambda json: sys.stdout.buffer.write(json + b"\n"),
                          on_notice=lambda sentence: print("watch:", sentence, file=sys.stderr)) as capture:
        try:
            for argument in arguments:
                if argument != "--events":
                    name, equals, value = argument.partition("=")
                    capture.set(name, value if equals else None)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: capture.request_stop())
            capture.start()
            while capture.poll():
                sys.stdout.flush()
        except sslsniff.Error as error:
            print("watch:", error, file=sys.stderr)
            return 1
        finally:
            s = capture.statistics()
            print(f"watch: {s.events} events, {s.transactions} transactions, {s.connections} connections, {s.lost_events} events lost",
                  file=sys.stderr)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
    return 0


sys.exit(main())

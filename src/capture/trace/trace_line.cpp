#include "capture/trace/trace_line.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "capture/trace/trace_words.h"

namespace sslsniff {
namespace {

std::optional<Timestamp> parse_time(std::string_view text) {
    Timestamp time;
    return parse_rfc3339(text, time) ? std::optional(time) : std::nullopt;
}

std::optional<ProcessEvent::Kind> parse_process_kind(std::string_view text) {
    return value_of(kProcessKinds, text);
}

std::optional<Direction> parse_direction(std::string_view text) {
    if (text == to_string(Direction::sent)) {
        return Direction::sent;
    }
    return text == to_string(Direction::received) ? std::optional(Direction::received) : std::nullopt;
}

ProcessEvent read_process(TraceWords& words) {
    ProcessEvent event;
    words.required("time", event.time, parse_time);
    words.choice("kind of process event", event.kind, parse_process_kind);
    words.required("process", event.process.key, parse_process);
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "uid") {
            return take_number(value, event.process.uid);
        }
        if (key == "whole") {
            return take_flag(value, event.whole);
        }
        ProcessInfo& process = event.process;
        std::string* const text = key == "comm"                ? &process.comm
                                  : key == "exe"               ? &process.exe
                                  : key == "container"         ? &process.container_id
                                  : key == "container_runtime" ? &process.container.runtime
                                  : key == "container_name"    ? &process.container.name
                                  : key == "container_image"   ? &process.container.image
                                  : key == "pod"               ? &process.container.pod
                                  : key == "pod_namespace"     ? &process.container.pod_namespace
                                                               : nullptr;
        return text != nullptr ? take(std::optional(value), *text) : Taken::unknown;
    });
    return event;
}

Taken take_duration(const std::string& value, std::optional<Duration>& duration) {
    std::int64_t nanoseconds = 0;
    const Taken taken = take_number(value, nanoseconds);
    duration = Duration(nanoseconds);
    return taken;
}

/// "SENT/RECEIVED"
Taken take_sequence(std::string_view value, std::optional<std::array<std::uint32_t, 2>>& sequence) {
    std::array<std::uint32_t, 2> numbers{};
    const auto slash = value.find('/');
    if (slash == std::string_view::npos || take_number(value.substr(0, slash), numbers[0]) != Taken::yes ||
        take_number(value.substr(slash + 1), numbers[1]) != Taken::yes) {
        return Taken::bad;
    }
    sequence = numbers;
    return Taken::yes;
}

template <class Event>
Event begin(TraceWords& words) {
    Event event;
    words.required("time", event.time, parse_time);
    words.required("connection", event.connection, parse_connection);
    return event;
}

OpenEvent read_open(TraceWords& words) {
    auto event = begin<OpenEvent>(words);
    words.choice("carrier", event.carrier, parse_carrier);
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "midstream") {
            return take_flag(value, event.midstream);
        }
        return key == "library" ? take(std::optional(value), event.library) : Taken::unknown;
    });
    return event;
}

EndpointsEvent read_peer(TraceWords& words) {
    auto event = begin<EndpointsEvent>(words);
    words.choice("role", event.role, parse_role);
    words.choice("transport", event.endpoints.transport, parse_transport);
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "local" || key == "remote") {
            return take(parse_endpoint(value),
                        key == "local" ? event.endpoints.local : event.endpoints.remote);
        }
        if (key == "by") {
            return take(parse_correlation(value), event.correlation);
        }
        if (key == "cookie") {
            return take_number(value, event.endpoints.socket_cookie);
        }
        if (key == "connect") {
            return take_duration(value, event.endpoints.connect_time);
        }
        if (key == "sequence") {
            return take_sequence(value, event.endpoints.sequence);
        }
        return key == "netns" ? take_number(value, event.endpoints.netns) : Taken::unknown;
    });
    return event;
}

TlsEvent read_tls(TraceWords& words) {
    auto event = begin<TlsEvent>(words);
    words.choice("role", event.role, parse_role);
    words.fields([&](std::string_view key, const std::string& value) {
        TlsInfo& tls = event.tls;
        if (key == "failed") {
            return take_flag(value, tls.handshake_failed);
        }
        if (key == "handshake") {
            return take_duration(value, tls.handshake);
        }
        if (key == "offered") {
            tls.offered_alpn.push_back(value);
            return Taken::yes;
        }
        std::string* const text = key == "library"     ? &tls.library
                                  : key == "version"   ? &tls.version
                                  : key == "cipher"    ? &tls.cipher
                                  : key == "sni"       ? &tls.sni
                                  : key == "alpn"      ? &tls.alpn
                                  : key == "error"     ? &tls.handshake_error
                                  : key == "undecoded" ? &tls.not_decoded
                                                       : nullptr;
        return text != nullptr ? take(std::optional(value), *text) : Taken::unknown;
    });
    return event;
}

DataEvent read_data(TraceWords& words, TraceLine& line) {
    auto event = begin<DataEvent>(words);
    words.choice("direction", event.direction, parse_direction);
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "size") {
            return take_number(value, line.payload_size.emplace(0));
        }
        if (key == "tid") {
            return take_number(value, event.tid);
        }
        if (key == "waits") {
            return take_flag(value, event.waits);
        }
        line.positioned |= key == "at";
        return key == "at" ? take_number(value, event.position) : Taken::unknown;
    });
    return event;
}

GapEvent read_gap(TraceWords& words, TraceLine& line) {
    auto event = begin<GapEvent>(words);
    words.choice("direction", event.direction, parse_direction);
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "cause") {
            return take(parse_loss_cause(value), event.cause);
        }
        if (key == "size") {
            return take_number(value, event.bytes);
        }
        line.positioned |= key == "at";
        return key == "at" ? take_number(value, event.position) : Taken::unknown;
    });
    return event;
}

CloseEvent read_close(TraceWords& words) {
    auto event = begin<CloseEvent>(words);
    words.choice("reason", event.reason, parse_close_reason);
    words.fields([](std::string_view, const std::string&) { return Taken::unknown; });
    return event;
}

LossEvent read_loss(TraceWords& words) {
    LossEvent event;
    words.required("time", event.time, parse_time);
    words.choice("cause", event.cause, parse_loss_cause);
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "events") {
            return take_number(value, event.events);
        }
        return key == "bytes" ? take_number(value, event.bytes) : Taken::unknown;
    });
    return event;
}

}  // namespace

Result<std::optional<TraceLine>> TraceLineParser::parse(std::string_view text) {
    TraceWords words(text, newer_minor_, skipped_);
    const std::string_view kind = words.next();
    TraceLine line;
    if (kind == "process") {
        line.event = read_process(words);
    } else if (kind == "open") {
        line.event = read_open(words);
    } else if (kind == "peer") {
        line.event = read_peer(words);
    } else if (kind == "tls") {
        line.event = read_tls(words);
    } else if (kind == "data") {
        line.event = read_data(words, line);
    } else if (kind == "gap") {
        line.event = read_gap(words, line);
    } else if (kind == "close") {
        line.event = read_close(words);
    } else if (kind == "loss") {
        line.event = read_loss(words);
    } else {
        words.unknown(fmt::format("unknown kind of line {}", trace_quote(kind)));
        if (!words.failed()) {
            return std::optional<TraceLine>();
        }
    }
    if (words.failed()) {
        return fail(ErrorKind::input, words.error());
    }
    return std::optional(std::move(line));
}

Result<Origin> TraceLineParser::parse_origin(std::string_view text) {
    TraceWords words(text, newer_minor_, skipped_);
    words.next();
    Origin origin;
    words.fields([&](std::string_view key, const std::string& value) {
        if (key == "clock_offset") {
            std::int64_t nanoseconds = 0;
            const Taken taken = take_number(value, nanoseconds);
            origin.clock_offset = Duration(nanoseconds);
            return taken;
        }
        std::string* const into = key == "kernel" ? &origin.kernel : key == "tool" ? &origin.tool : nullptr;
        return into != nullptr ? take(std::optional(value), *into) : Taken::unknown;
    });
    if (words.failed()) {
        return fail(ErrorKind::input, words.error());
    }
    return origin;
}

}  // namespace sslsniff

#include "output/trace/trace_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace sslsniff {
namespace {

/// A payload without line feeds is broken here, to keep lines viewable.
constexpr std::size_t kLineBytes = 512;
/// Keeps the buffer small whatever the size of one event.
constexpr std::size_t kBufferSize = std::size_t{64} * 1024;
/// Processes, and connections, that are described again in the next file; more than live capture keeps.
constexpr std::size_t kMaxKnown = 65536;
constexpr std::size_t kMaxTls = 8;

}  // namespace

TraceWriter::TraceWriter(OutputStream& out, std::function<Origin()> origin)
    : out_(out), origin_(std::move(origin)) {
    begin_file();
}

void TraceWriter::begin_file() {
    out_.write(fmt::format("{} {}.{}\n", kTraceMagic, kTraceMajor, kTraceMinor));
    origin_is_due_ = static_cast<bool>(origin_);
    if (processes_.empty() && connections_.empty()) {
        return;
    }
    buffer_.clear();
    if (std::exchange(origin_is_due_, false)) {
        write(origin_());
    }
    for (auto& [key, event] : processes_) {
        event.whole = false;  // what it was asked before is in the file before
        write(event);
    }
    for (auto& [id, known] : connections_) {
        known.starts = known.ends;
        if (known.open) {
            known.open->midstream = true;
            write(*known.open);
        }
        if (known.endpoints) {
            write(*known.endpoints);
        }
        for (const TlsEvent& event : known.tls) {
            write(event);
        }
    }
    out_.write(buffer_);
}

void TraceWriter::on_event(const CaptureEvent& event) {
    buffer_.clear();
    if (std::exchange(origin_is_due_, false)) {
        write(origin_());
    }
    std::visit(
        [this](const auto& e) {
            note(e);
            write(e);
        },
        event);
    out_.write(buffer_);
}

TraceWriter::Known* TraceWriter::known(const ConnectionId& connection) {
    const auto found = connections_.find(connection);
    if (found != connections_.end()) {
        return &found->second;
    }
    return connections_.size() < kMaxKnown ? &connections_[connection] : nullptr;
}

void TraceWriter::note(const ProcessEvent& event) {
    if (event.kind == ProcessEvent::Kind::exited) {
        processes_.erase(event.process.key);
    } else if (processes_.size() < kMaxKnown) {
        processes_.insert_or_assign(event.process.key, event);
    }
}

void TraceWriter::note(const OpenEvent& event) {
    connections_.erase(event.connection);
    if (Known* connection = known(event.connection)) {
        connection->open = event;
    }
}

void TraceWriter::note(const EndpointsEvent& event) {
    if (Known* connection = known(event.connection)) {
        connection->endpoints = event;
    }
}

void TraceWriter::note(const TlsEvent& event) {
    if (Known* connection = known(event.connection)) {
        if (connection->tls.size() == kMaxTls) {
            connection->tls.erase(connection->tls.begin() + 1);
        }
        connection->tls.push_back(event);
    }
}

void TraceWriter::note(const DataEvent& event) {
    if (Known* connection = known(event.connection)) {
        auto& end = connection->ends[static_cast<std::size_t>(event.direction)];
        end = std::max(end, event.position + event.bytes.size());
    }
}

void TraceWriter::note(const GapEvent& event) {
    if (Known* connection = known(event.connection)) {
        auto& end = connection->ends[static_cast<std::size_t>(event.direction)];
        end = std::max(end, event.position + event.bytes);
    }
}

void TraceWriter::note(const CloseEvent& event) {
    connections_.erase(event.connection);
}

std::uint64_t TraceWriter::place(const ConnectionId& connection, Direction direction,
                                 std::uint64_t position) const {
    const auto found = connections_.find(connection);
    const std::uint64_t start =
        found != connections_.end() ? found->second.starts[static_cast<std::size_t>(direction)] : 0;
    return position - std::min(position, start);
}

void TraceWriter::write(const Origin& origin) {
    buffer_ += "capture";
    quoted("kernel", origin.kernel);
    quoted("tool", origin.tool);
    if (origin.clock_offset) {
        fmt::format_to(std::back_inserter(buffer_), " clock_offset={}", origin.clock_offset->count());
    }
    buffer_ += '\n';
}

void TraceWriter::write(const ProcessEvent& event) {
    begin("process", event.time);
    word(name_of(kProcessKinds, event.kind));
    buffer_ += ' ';
    append_process(buffer_, event.process.key);
    if (event.whole) {
        word("whole");
    }
    quoted("comm", event.process.comm);
    quoted("exe", event.process.exe);
    number("uid", event.process.uid);
    quoted("container", event.process.container_id);
    quoted("container_runtime", event.process.container.runtime);
    quoted("container_name", event.process.container.name);
    quoted("container_image", event.process.container.image);
    quoted("pod", event.process.container.pod);
    quoted("pod_namespace", event.process.container.pod_namespace);
    buffer_ += '\n';
}

void TraceWriter::write(const OpenEvent& event) {
    begin("open", event.time, event.connection);
    word(to_string(event.carrier));
    if (event.midstream) {
        word("midstream");
    }
    quoted("library", event.library);
    buffer_ += '\n';
}

void TraceWriter::write(const EndpointsEvent& event) {
    begin("peer", event.time, event.connection);
    word(to_string(event.role));
    word(to_string(event.endpoints.transport));
    endpoint("local", event.endpoints.local);
    endpoint("remote", event.endpoints.remote);
    if (event.correlation != Correlation::none) {
        word("by=");
        buffer_ += to_string(event.correlation);
    }
    number("cookie", event.endpoints.socket_cookie);
    number("netns", event.endpoints.netns);
    if (event.endpoints.connect_time) {
        fmt::format_to(std::back_inserter(buffer_), " connect={}", event.endpoints.connect_time->count());
    }
    if (const auto& sequence = event.endpoints.sequence) {
        const auto found = connections_.find(event.connection);
        const auto starts = found != connections_.end() ? found->second.starts : decltype(Known::starts){};
        // Positions count from where the file begins.
        fmt::format_to(std::back_inserter(buffer_), " sequence={}/{}",
                       static_cast<std::uint32_t>((*sequence)[0] + starts[0]),
                       static_cast<std::uint32_t>((*sequence)[1] + starts[1]));
    }
    buffer_ += '\n';
}

void TraceWriter::write(const TlsEvent& event) {
    begin("tls", event.time, event.connection);
    word(to_string(event.role));
    quoted("library", event.tls.library);
    quoted("undecoded", event.tls.not_decoded);
    quoted("version", event.tls.version);
    quoted("cipher", event.tls.cipher);
    quoted("sni", event.tls.sni);
    quoted("alpn", event.tls.alpn);
    for (const std::string& protocol : event.tls.offered_alpn) {
        word("offered=\"");
        append_escaped(buffer_, protocol, true);
        buffer_ += '"';
    }
    if (event.tls.handshake) {
        fmt::format_to(std::back_inserter(buffer_), " handshake={}", event.tls.handshake->count());
    }
    if (event.tls.handshake_failed) {
        word("failed");
    }
    quoted("error", event.tls.handshake_error);
    buffer_ += '\n';
}

void TraceWriter::write(const DataEvent& event) {
    begin("data", event.time, event.connection);
    word(to_string(event.direction));
    fmt::format_to(std::back_inserter(buffer_), " at={} size={}",
                   place(event.connection, event.direction, event.position), event.bytes.size());
    number("tid", event.tid);
    if (event.waits) {
        word("waits");
    }
    buffer_ += '\n';
    payload(event.bytes);
}

void TraceWriter::write(const GapEvent& event) {
    begin("gap", event.time, event.connection);
    word(to_string(event.direction));
    fmt::format_to(std::back_inserter(buffer_), " at={}",
                   place(event.connection, event.direction, event.position));
    number("size", event.bytes);
    word("cause=");
    buffer_ += to_string(event.cause);
    buffer_ += '\n';
}

void TraceWriter::write(const CloseEvent& event) {
    begin("close", event.time, event.connection);
    word(to_string(event.reason));
    buffer_ += '\n';
}

void TraceWriter::write(const LossEvent& event) {
    begin("loss", event.time);
    word(to_string(event.cause));
    number("events", event.events);
    number("bytes", event.bytes);
    buffer_ += '\n';
}

void TraceWriter::begin(std::string_view kind, Timestamp time) {
    buffer_ += kind;
    buffer_ += ' ';
    buffer_ += TimeText(time).view();
}

void TraceWriter::begin(std::string_view kind, Timestamp time, const ConnectionId& connection) {
    begin(kind, time);
    buffer_ += ' ';
    append_connection(buffer_, connection);
}

void TraceWriter::word(std::string_view word) {
    buffer_ += ' ';
    buffer_ += word;
}

void TraceWriter::number(std::string_view key, std::uint64_t value) {
    if (value != 0) {
        fmt::format_to(std::back_inserter(buffer_), " {}={}", key, value);
    }
}

void TraceWriter::quoted(std::string_view key, ByteView bytes) {
    if (!bytes.empty()) {
        word(key);
        buffer_ += "=\"";
        append_escaped(buffer_, bytes, true);
        buffer_ += '"';
    }
}

void TraceWriter::endpoint(std::string_view key, const Endpoint& endpoint) {
    if (endpoint.address.family != IpAddress::Family::none) {
        word(key);
        buffer_ += '=';
        append_endpoint(buffer_, endpoint);
    }
}

void TraceWriter::payload(ByteView bytes) {
    while (!bytes.empty()) {
        if (buffer_.size() >= kBufferSize) {
            out_.write(buffer_);
            buffer_.clear();
        }
        const ByteView window = bytes.substr(0, kLineBytes);
        const auto newline = window.find('\n');
        ByteView line = window.substr(0, newline == ByteView::npos ? newline : newline + 1);
        bytes.remove_prefix(line.size());
        // A blank at the end of a line does not survive every editor.
        const bool blank = line.back() == ' ';
        line.remove_suffix(blank ? 1 : 0);
        buffer_ += '|';
        append_escaped(buffer_, line, false);
        buffer_ += blank ? "\\x20\n" : "\n";
    }
}

}  // namespace sslsniff

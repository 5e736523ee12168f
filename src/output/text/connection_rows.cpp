#include "output/text/connection_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "output/text/line_parts.h"

namespace sslsniff {
namespace {

constexpr std::size_t kSizeWidth = 6;
constexpr std::size_t kTimeWidth = 7;
constexpr std::size_t kEndWidth = 9;

/// Wide enough for what is usual; a longer value moves the rest of its row.
constexpr ConnectionRows::Layout kWide{
    .needs = 150, .opened = 15, .process = 20, .local = 21, .protocol = 16, .connect = true};
constexpr ConnectionRows::Layout kMedium{
    .needs = 110, .opened = 8, .process = 14, .local = 6, .protocol = 12, .connect = true};
constexpr ConnectionRows::Layout kNarrow{
    .needs = 0, .opened = 8, .process = 10, .local = 0, .protocol = 9, .connect = false};
constexpr std::size_t kRemoteWidth = 21;  // of IPv4

ConnectionRows::Layout layout_for(std::size_t columns) {
    return columns == 0 || columns >= kWide.needs ? kWide : columns >= kMedium.needs ? kMedium : kNarrow;
}

std::string_view end_of(CloseReason reason) {
    switch (reason) {
        case CloseReason::shutdown:
        case CloseReason::freed:
        case CloseReason::socket_closed:
            return "closed";
        case CloseReason::reset:
            return "reset";
        case CloseReason::process_exit:
            return "exit";
        case CloseReason::capture_end:
            return "open";
        case CloseReason::given_up:
            return "given up";
        case CloseReason::refused:
            return "refused";
        case CloseReason::timed_out:
            return "timed out";
        case CloseReason::tls_began:
            return "TLS began";
        case CloseReason::covered:
            break;
    }
    return "?";
}

Style style_of(CloseReason reason) {
    const bool failed =
        reason == CloseReason::reset || reason == CloseReason::refused || reason == CloseReason::timed_out;
    return failed ? Style::error : Style::plain;
}

/// "TLSv1.3 h2", "tcp redis", "udp ?"; a connection that carried nothing has no protocol.
std::string protocol_of(const ConnectionRecord& record) {
    const ConnectionInfo& connection = record.connection;
    std::string text(to_string(connection.endpoints.transport));
    if (connection.carrier == Carrier::tls) {
        text = connection.tls.version.empty() ? "TLS" : printable(connection.tls.version);
    }
    if (!record.protocol.empty()) {
        text += " " + printable(record.protocol);
    } else if (record.sent.bytes + record.received.bytes != 0) {
        text += " ?";
    }
    return text;
}

/// What a row has no column for.
std::string remark(const ConnectionRecord& record) {
    const TlsInfo& tls = record.connection.tls;
    std::string text;
    const auto add = [&](bool applies, std::string_view words) {
        if (applies) {
            text += text.empty() ? "" : ", ";
            text += words;
        }
    };
    add(has_no_handshake(tls), handshake_outcome(tls));
    add(!tls.not_decoded.empty(), "not decoded: " + printable(tls.not_decoded));
    add(record.connection.midstream, "joined mid-stream");
    const std::uint64_t missing = record.sent.missing + record.received.missing;
    add(missing != 0, human_size(missing) + " missing");
    return text;
}

/// `text` is printable; its code points count as one column each.
void add_column(StyledText& line, Style style, std::string_view text, std::size_t width) {
    const auto columns = std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
    line.add(style, text);
    line.add(std::string(width - std::min(width, static_cast<std::size_t>(columns)), ' '));
}

/// SNI names the server's end only: of a server's connections, it is the process itself.
std::string name_of(const ConnectionInfo& connection) {
    const bool names_remote = connection.role != Role::server;
    return connection.remote_name.empty() && names_remote ? connection.tls.sni : connection.remote_name;
}

}  // namespace

ConnectionRows::ConnectionRows(OutputStream& out, TextOptions options)
    : out_(out), options_(std::move(options)) {
    begin_file();
}

void ConnectionRows::begin_file() {
    layout_ = layout_for(columns_of(options_));
    StyledText line(options_.color);
    std::string text = fmt::format("{:<{}} {:<{}} ", "OPENED", layout_.opened, "PROCESS", layout_.process);
    if (layout_.local != 0) {
        text += fmt::format("{:<{}} ", "LOCAL", layout_.local);
    }
    text += fmt::format("  {:<{}} {:<{}} {:>{}} {:>{}} ", "REMOTE", kRemoteWidth, "PROTOCOL",
                        layout_.protocol, "SENT", kSizeWidth, "RECV", kSizeWidth);
    if (layout_.connect) {
        text += fmt::format("{:>{}} ", "CONNECT", kTimeWidth);
    }
    text += fmt::format("{:>{}}  {:<{}} {}", "LASTED", kTimeWidth, "END", kEndWidth, "NAME");
    line.add(Style::dim, text);
    line.cut(columns_of(options_));
    line.add("\n");
    out_.write(line.text());
}

void ConnectionRows::on_transaction(const Transaction& /*transaction*/) {}

void ConnectionRows::on_connection(const ConnectionRecord& record) {
    add_losses(losses_, record.closed, options_, out_);
    const ConnectionInfo& connection = record.connection;
    const auto& connect_time = connection.endpoints.connect_time;
    const bool undecoded = !connection.tls.not_decoded.empty();
    const auto size = [&](const StreamTotals& totals) { return undecoded ? "-" : human_size(totals.bytes); };
    StyledText line(options_.color);
    add_column(line, Style::dim,
               layout_.opened < 15 ? short_time_text(connection.opened, options_)
                                   : time_text(connection.opened, options_),
               layout_.opened);
    line.add(" ");
    const ProcessInfo& process = *connection.process;
    const bool known = process.key.pid != 0 || !process.comm.empty();
    add_column(
        line, Style::bold,
        known ? fmt::format("{}[{}]", process.comm.empty() ? "?" : printable(process.comm), process.key.pid)
              : "-",
        layout_.process);
    line.add(" ");
    if (layout_.local != 0) {
        add_column(line, Style::plain,
                   layout_.local < kRemoteWidth ? short_endpoint_text(connection.endpoints.local)
                                                : endpoint_text(connection.endpoints.local),
                   layout_.local);
        line.add(" ");
    }
    line.add(fmt::format("{} ", arrow_of(connection.role)));
    add_column(line, Style::plain, endpoint_text(connection.endpoints.remote), kRemoteWidth);
    line.add(" ");
    add_column(line, connection.carrier == Carrier::cleartext ? Style::warning : Style::plain,
               protocol_of(record), layout_.protocol);
    line.add(
        fmt::format(" {:>{}} {:>{}} ", size(record.sent), kSizeWidth, size(record.received), kSizeWidth));
    if (layout_.connect) {
        line.add(
            fmt::format("{:>{}} ", connect_time ? human_duration(connect_time->count()) : "-", kTimeWidth));
    }
    line.add(
        fmt::format("{:>{}}  ", human_duration((record.closed - connection.opened).count()), kTimeWidth));
    add_column(line, style_of(record.reason), end_of(record.reason), kEndWidth);
    if (const std::string name = name_of(connection); !name.empty()) {
        line.add(" ");
        line.add_bytes(Style::plain, name, kMaxName);
        line.may_shorten();
    }
    if (const std::string more = remark(record); !more.empty()) {
        line.add("  ");
        line.add(Style::incomplete, "[" + more + "]");
        line.may_shorten();
    }
    line.text().erase(line.text().find_last_not_of(' ') + 1);
    line.cut(columns_of(options_));
    line.add("\n");
    out_.write(line.text());
}

void ConnectionRows::on_loss(const LossEvent& loss) {
    losses_.add(loss);
    add_losses(losses_, loss.time, options_, out_);
}

void ConnectionRows::on_summary(const CaptureSummary& /*summary*/) {}

}  // namespace sslsniff

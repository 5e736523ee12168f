#include "output/text/text_sink.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "output/text/hex_dump.h"
#include "output/text/line_parts.h"
#include "output/text/text_details.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxRequest = 2048;  ///< octets of a request in its line; -v shows all
constexpr std::size_t kMaxFirst = 16;      ///< octets shown of an unknown protocol

/// "gap in body, 4.1k missing", empty when nothing is missing.
std::string remark(const Integrity& integrity) {
    std::string out = integrity.complete ? std::string() : printable(integrity.reason);
    const auto add = [&](std::string_view text) {
        out += out.empty() ? "" : ", ";
        out += text;
    };
    if (integrity.missing_bytes != 0) {
        add(human_size(integrity.missing_bytes) + " missing");
    }
    if (integrity.joined_midstream) {
        add("joined mid-stream");
    }
    if (!integrity.complete && out.empty()) {
        add("incomplete");
    }
    return out;
}

/// HTTP/1 is what a request line looks like anyway.
bool worth_naming(std::string_view protocol) {
    return !protocol.starts_with("http/1");
}

void totals(StyledText& line, std::string_view name, const StreamTotals& totals) {
    line.add(fmt::format("  {} {}", name, human_size(totals.bytes)));
    if (totals.missing != 0) {
        line.add(Style::incomplete, fmt::format(" [{} missing]", human_size(totals.missing)));
    }
    const ByteView first = ByteView(totals.first_bytes).substr(0, kMaxFirst);
    if (first.empty()) {
        return;
    }
    std::string hex;
    for (const char c : first) {
        fmt::format_to(std::back_inserter(hex), " {:02x}", static_cast<unsigned char>(c));
    }
    line.add(fmt::format(" \"{}\"", printable(first)));
    line.add(Style::dim, hex);
}

}  // namespace

TextSink::TextSink(OutputStream& out, TextOptions options) : out_(out), options_(std::move(options)) {}

void TextSink::on_transaction(const Transaction& transaction) {
    const Timing& timing = transaction.timing;
    show_losses(timing.end.value_or(timing.start));
    const Summary summary = transaction.exchange->summary();
    StyledText line(options_.color);
    beginning(line, timing.start, transaction.connection, summary.request);
    if (worth_naming(transaction.exchange->protocol())) {
        line.add(" ");
        line.add_octets(Style::dim, transaction.exchange->protocol(), kMaxName);
    }
    line.add("  ");
    line.add_octets(Style::plain, summary.request.empty() ? "?" : ByteView(summary.request), kMaxRequest);
    if (!summary.response.empty()) {
        line.add(" → ");
        line.add_octets(style_of(summary.tone), summary.response, kMaxRequest);
    }
    if (timing.end && timing.end > timing.start) {  // a message that came in one piece took no time
        line.add("  " + human_duration((*timing.end - timing.start).count()));
    }
    line.add(fmt::format("  ↑{} ↓{}", human_size(summary.request_bytes), human_size(summary.response_bytes)));
    if (const std::string incomplete = remark(transaction.integrity); !incomplete.empty()) {
        line.add("  ");
        line.add(Style::incomplete, "[" + incomplete + "]");
    }
    line.add("\n");
    if (options_.verbosity > 0 || options_.hex) {
        TextDetails details(options_, line.text());
        transaction.exchange->write_details(details);
    }
    out_.write(line.text());
}

void TextSink::on_connection(const ConnectionRecord& record) {
    show_losses(record.closed);
    const TlsInfo& tls = record.connection.tls;
    const bool silent = record.sent.bytes == 0 && record.received.bytes == 0;
    const bool undecoded = !tls.not_decoded.empty();
    const bool failed = record.reason == CloseReason::refused || record.reason == CloseReason::timed_out;
    if (!tls.handshake_failed && !undecoded && !failed && (record.transactions != 0 || silent)) {
        return;
    }
    StyledText line(options_.color);
    beginning(line, record.connection.opened, record.connection, record.connection.tls.sni);
    line.add("  ");
    if (tls.handshake_failed) {
        line.add(Style::error, "handshake failed");
        if (!tls.sni.empty()) {
            line.add("  ");
            line.add_octets(Style::plain, tls.sni, kMaxName);
        }
    } else if (undecoded) {
        line.add(Style::incomplete, "not decoded: ");
        line.add_octets(Style::plain, tls.not_decoded, kMaxName);
        for (const std::string* name : {&tls.sni, &tls.alpn, &tls.cipher}) {
            if (!name->empty()) {
                line.add("  ");
                line.add_octets(Style::plain, *name, kMaxName);
            }
        }
    } else if (failed) {
        line.add(Style::error,
                 record.reason == CloseReason::refused ? "connection refused" : "connection timed out");
    } else {
        line.add(Style::incomplete, record.protocol.empty()
                                        ? std::string("unknown protocol")
                                        : printable(record.protocol) + ", no transaction");
    }
    if (!silent) {
        totals(line, to_string(Direction::sent), record.sent);
        totals(line, to_string(Direction::received), record.received);
    }
    line.add("  " + human_duration((record.closed - record.connection.opened).count()) + "\n");
    if (options_.hex) {
        append_hex_dump(line.text(), record.sent.first_bytes, "    sent ");
        append_hex_dump(line.text(), record.received.first_bytes, "    received ");
    }
    out_.write(line.text());
}

void TextSink::on_loss(const LossEvent& loss) {
    losses_.add(loss);
    show_losses(loss.time);
}

void TextSink::on_summary(const CaptureSummary& /*summary*/) {}

void TextSink::show_losses(Timestamp now) {
    add_losses(losses_, now, options_, out_);
}

void TextSink::beginning(StyledText& line, Timestamp start, const ConnectionInfo& connection,
                         std::string_view said) const {
    add_time(line, start, options_);
    line.add(" ");
    if (const ProcessInfo& process = *connection.process; process.key.pid != 0 || !process.comm.empty()) {
        add_process(line, process);
        line.add(" ");
    }
    line.add(fmt::format("{} {} {} ", to_string(connection.endpoints.local), arrow_of(connection.role),
                         to_string(connection.endpoints.remote)));
    if (!connection.remote_name.empty() && said.find(connection.remote_name) == std::string_view::npos) {
        line.add("(");
        line.add_octets(Style::plain, connection.remote_name, kMaxName);
        line.add(") ");
    }
    if (connection.carrier == Carrier::cleartext) {
        line.add(Style::warning, to_string(connection.carrier));
    } else {
        line.add_octets(Style::dim, connection.tls.version.empty() ? "TLS" : ByteView(connection.tls.version),
                        kMaxName);
    }
}

}  // namespace sslsniff

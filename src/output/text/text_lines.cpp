#include "output/text/text_lines.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "output/text/hex_dump.h"
#include "output/text/line_parts.h"
#include "output/text/text_details.h"

namespace sslsniff {
namespace {

constexpr std::size_t kNarrow = 120;  ///< columns of a terminal: below, less stands in front of the request
constexpr std::size_t kMaxRequest = 2048;  ///< bytes of a request in its line; -v shows all
constexpr std::size_t kMaxFirst = 16;      ///< bytes shown of an unknown protocol

/// "gap in body, 4.1k missing", empty when nothing is missing. A reason that was said `before` is not said
/// again.
std::string remark(const Integrity& integrity, bool before) {
    std::string out = integrity.complete ? std::string() : printable(integrity.reason);
    if (before && !out.empty()) {
        out = "as before";
    }
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

/// "TLSv1.3 TLS_AES_128_GCM_SHA256, ALPN h2, SNI example.com, handshake 3.1ms"; empty when nothing is known
/// of it.
std::string tls_text(const TlsInfo& tls) {
    std::string text = tls.version;
    text += text.empty() || tls.cipher.empty() ? "" : " ";
    text += tls.cipher;
    const auto add = [&text](std::string_view name, std::string_view value) {
        if (!value.empty()) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
        }
    };
    add("ALPN", tls.alpn);
    add("SNI", tls.sni);
    add("handshake", tls.handshake ? human_duration(tls.handshake->count()) : "");
    return text;
}

/// "container web (podman, docker.io/library/nginx:1.25), pod shop-7d9 in prod"; empty outside containers.
std::string container_text(const ProcessInfo& process) {
    constexpr std::size_t kShown = 12;  // digits of an id, in what the runtimes' commands print
    const ContainerNames& names = process.container;
    if (process.container_id.empty()) {
        return {};
    }
    std::string text =
        "container " + (names.name.empty() ? process.container_id.substr(0, kShown) : names.name);
    if (!names.runtime.empty()) {
        text += fmt::format(" ({}{}{})", names.runtime, names.image.empty() ? "" : ", ", names.image);
    }
    return names.pod.empty() ? text : fmt::format("{}, pod {} in {}", text, names.pod, names.pod_namespace);
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
    line.add(" \"");
    line.add(Style::plain, printable(first));
    line.may_shorten();
    line.add("\"");
    line.add(Style::dim, hex);
    line.may_shorten();
}

}  // namespace

bool TextLines::has_tls_text(const TlsInfo& tls) {
    return !tls_text(tls).empty();
}

void TextLines::render(const Transaction& transaction, std::uint32_t hint, Bytes& out) {
    const Timing& timing = transaction.timing;
    const Summary summary = transaction.exchange->summary();
    StyledText line(options_.color);
    beginning(line, timing.start, transaction.connection, summary.request, true);
    if (worth_naming(transaction.exchange->protocol())) {
        line.add(" ");
        line.add_bytes(Style::dim, transaction.exchange->protocol(), kMaxName);
    }
    line.add("  ");
    const bool is_notation = transaction.exchange->escapes_backslashes();
    const bool answers_nothing = summary.request.empty() && summary.towards_client;
    if (!answers_nothing) {
        line.add_bytes(Style::plain, summary.request.empty() ? "?" : ByteView(summary.request), kMaxRequest,
                       is_notation);
        line.may_shorten();
    }
    if (!summary.response.empty()) {
        line.add(answers_nothing ? "← " : summary.towards_client ? " ← " : " → ");
        line.add_bytes(style_of(summary.tone), summary.response, kMaxRequest, is_notation);
        line.may_shorten();
    }
    if (timing.end && timing.end > timing.start) {  // a message that came in one piece took no time
        line.add("  " + human_duration((*timing.end - timing.start).count()));
    }
    line.add(fmt::format("  ↑{} ↓{}", human_size(summary.request_bytes), human_size(summary.response_bytes)));
    if (const auto& cause = transaction.caused_by) {
        line.add("  ");
        line.add(Style::dim, fmt::format("caused by {} ({})", transaction_name(cause->transaction),
                                         to_string(cause->confidence)));
    } else if ((hint & kNamed) != 0) {
        line.add("  ");
        line.add(Style::dim, transaction_name(transaction.id()));
    }
    if (const std::string incomplete = remark(transaction.integrity, (hint & kSameReason) != 0);
        !incomplete.empty()) {
        line.add("  ");
        line.add(Style::incomplete, "[" + incomplete + "]");
        line.may_shorten();
    }
    if (options_.verbosity == 0) {
        line.fit(columns_of(options_));
    }
    line.add("\n");
    if (shows_details(options_)) {
        TextDetails details(options_, is_notation, line.text());
        if ((hint & kTls) != 0) {
            TextDetails(options_, false, line.text()).line('*', tls_text(transaction.connection.tls));
        }
        if ((hint & kContainer) != 0) {
            TextDetails(options_, false, line.text())
                .line('*', container_text(*transaction.connection.process));
        }
        transaction.exchange->write_details(details);
    }
    out.append(line.text());
}

void TextLines::render(const ConnectionRecord& record, std::uint32_t /*hint*/, Bytes& out) {
    const TlsInfo& tls = record.connection.tls;
    const bool silent = record.sent.bytes == 0 && record.received.bytes == 0;
    const bool undecoded = !tls.not_decoded.empty();
    const bool failed = record.reason == CloseReason::refused || record.reason == CloseReason::timed_out;
    if (!has_no_handshake(tls) && !undecoded && !failed && (record.transactions != 0 || silent)) {
        return;
    }
    StyledText line(options_.color);
    beginning(line, record.connection.opened, record.connection, record.connection.tls.sni, !failed);
    line.add("  ");
    if (has_no_handshake(tls)) {
        line.add(tls.handshake_failed ? Style::error : Style::incomplete, handshake_outcome(tls));
        if (!tls.sni.empty()) {
            line.add("  ");
            line.add_bytes(Style::plain, tls.sni, kMaxName);
        }
    } else if (undecoded) {
        line.add(Style::incomplete, "not decoded: ");
        line.add_bytes(Style::plain, tls.not_decoded, kMaxName);
        line.may_shorten();
        for (const std::string* name : {&tls.sni, &tls.alpn, &tls.cipher}) {
            if (!name->empty()) {
                line.add("  ");
                line.add_bytes(Style::plain, *name, kMaxName);
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
    line.add("  " + human_duration((record.closed - record.connection.opened).count()));
    if (options_.verbosity == 0) {
        line.fit(columns_of(options_));
    }
    line.add("\n");
    if (options_.hex) {
        append_hex_dump(line.text(), record.sent.first_bytes, "    sent ");
        append_hex_dump(line.text(), record.received.first_bytes, "    received ");
    }
    out.append(line.text());
}

void TextLines::beginning(StyledText& line, Timestamp start, const ConnectionInfo& connection,
                          std::string_view said, bool has_begun) const {
    const std::size_t columns = columns_of(options_);
    const bool narrow = columns != 0 && columns < kNarrow && options_.verbosity == 0;
    if (narrow) {
        line.add(Style::dim, short_time_text(start, options_));
    } else {
        add_time(line, start, options_);
    }
    line.add(" ");
    if (const ProcessInfo& process = *connection.process; process.key.pid != 0 || !process.comm.empty()) {
        add_process(line, process);
        line.add(" ");
    }
    const Endpoint& local = connection.endpoints.local;
    line.add(fmt::format("{} {} {} ", narrow ? short_endpoint_text(local) : endpoint_text(local),
                         arrow_of(connection.role), endpoint_text(connection.endpoints.remote)));
    if (!connection.remote_name.empty() && said.find(connection.remote_name) == std::string_view::npos) {
        line.add("(");
        line.add_bytes(Style::plain, connection.remote_name, kMaxName);
        line.may_shorten();
        line.add(") ");
    }
    if (connection.other_end) {
        line.add("= ");
        add_process(line, *connection.other_end->process);
        line.add(" ");
    }
    if (connection.tunnel) {
        add_tunnel(line, *connection.tunnel, said);
    }
    if (!has_begun) {  // nobody knows what it would have carried
        line.add(to_string(connection.endpoints.transport));
    } else if (connection.carrier == Carrier::cleartext) {
        line.add(Style::warning, to_string(connection.carrier));
    } else {
        line.add_bytes(Style::dim, connection.tls.version.empty() ? "TLS" : ByteView(connection.tls.version),
                       kMaxName);
    }
}

}  // namespace sslsniff

#include "model/packet_comment.h"

#include <fmt/format.h>

#include "model/comment_lines.h"

namespace sslsniff {
namespace {

constexpr std::string_view kConnection = "sslsniff: connection";
constexpr std::string_view kUpdate = "sslsniff: more known of connection";
constexpr std::string_view kGap = "sslsniff: gap, not captured";
constexpr std::string_view kClose = "sslsniff: closed";
constexpr std::string_view kOtherEnd = "sslsniff: the other end was captured too, as connection";
constexpr std::string_view kContext = "sslsniff: context, not traffic";
constexpr std::string_view kFiller = "sslsniff: filler, not traffic";

void add_process(CommentLines& lines, const ConnectionInfo& info) {
    lines.add("process", info.process->comm);
    lines.add("exe", info.process->exe);
    lines.add("pid", info.id.pid);
    lines.add("uid", info.process->uid);
    lines.add("container", info.process->container_id);
}

void add_tls(CommentLines& lines, const TlsInfo& tls) {
    lines.add("TLS library", tls.library);
    lines.add("TLS version", tls.version);
    lines.add("TLS cipher", tls.cipher);
    lines.add("SNI", tls.sni);
    lines.add("ALPN", tls.alpn);
    lines.add("ALPN offered", join_names(tls.offered_alpn));
    if (tls.handshake) {
        lines.add("handshake ns", static_cast<std::uint64_t>(tls.handshake->count()));
    }
    lines.flag("handshake failed", tls.handshake_failed);
    lines.add("handshake error", tls.handshake_error);
    lines.add("TLS not decoded", tls.not_decoded);
}

TlsInfo parse_tls(const CommentFields& fields) {
    TlsInfo tls{.library = fields.text("TLS library"),
                .version = fields.text("TLS version"),
                .cipher = fields.text("TLS cipher"),
                .sni = fields.text("SNI"),
                .alpn = fields.text("ALPN"),
                .offered_alpn = split_names(fields.text("ALPN offered")),
                .handshake = std::nullopt,
                .handshake_failed = fields.flag("handshake failed"),
                .handshake_error = fields.text("handshake error"),
                .not_decoded = fields.text("TLS not decoded")};
    tls.handshake = fields.duration("handshake ns");
    return tls;
}

}  // namespace

std::string to_comment(const ConnectionComment& comment) {
    const ConnectionInfo& info = comment.info;
    CommentLines lines(
        fmt::format("{} {}", comment.update ? kUpdate : kConnection, connection_name(info.id)));
    add_process(lines, info);
    lines.add("carrier", to_string(info.carrier));
    add_tls(lines, info.tls);
    lines.add("role", to_string(info.role));
    lines.add("socket found by", to_string(info.correlation));
    lines.add("transport", to_string(info.endpoints.transport));
    lines.add("local", to_string(info.endpoints.local));
    lines.add("remote", to_string(info.endpoints.remote));
    lines.add("socket cookie", info.endpoints.socket_cookie);
    lines.add("netns", info.endpoints.netns);
    if (info.endpoints.connect_time) {
        lines.add("connect ns", static_cast<std::uint64_t>(info.endpoints.connect_time->count()));
    }
    lines.add("opened", rfc3339(info.opened));
    lines.flag("joined midstream", info.midstream);
    lines.add("process start", info.id.start_time);
    lines.add("handle", info.id.handle);
    lines.add("generation", info.id.generation);
    if (!comment.update) {
        lines.add("framing", comment.tls_records ? "synthetic TLS 1.2 with the NULL cipher" : "plain");
        lines.add("part", comment.part);
        lines.add("sent position", comment.sent_position);
        lines.add("received position", comment.received_position);
    }
    if (comment.gap) {
        lines.add("octets lost before", to_string(comment.gap->direction));
        lines.add("cause", to_string(comment.gap->cause));
    }
    if (comment.made_up_addresses) {
        lines.add("note", "addresses or ports in these packets are made up, see local and remote above");
    }
    return lines.take();
}

std::optional<ConnectionComment> parse_connection_comment(std::string_view text) {
    const bool update = text.starts_with(kUpdate);
    const auto fields = CommentFields::parse(text, update ? kUpdate : kConnection);
    if (!fields) {
        return std::nullopt;
    }
    ConnectionComment comment;
    ConnectionInfo& info = comment.info;
    info.id = {.pid = fields->number<std::uint32_t>("pid"),
               .start_time = fields->number("process start"),
               .handle = fields->number("handle"),
               .generation = fields->number("generation")};
    info.process = std::make_shared<ProcessInfo>(ProcessInfo{.key = info.id.process(),
                                                             .comm = fields->text("process"),
                                                             .exe = fields->text("exe"),
                                                             .uid = fields->number<std::uint32_t>("uid"),
                                                             .container_id = fields->text("container")});
    info.carrier = fields->named("carrier", parse_carrier, Carrier::tls);
    info.tls = parse_tls(*fields);
    info.role = fields->named("role", parse_role, Role::unknown);
    info.correlation = fields->named("socket found by", parse_correlation, Correlation::none);
    info.endpoints = {.transport = fields->named("transport", parse_transport, Transport::unknown),
                      .local = parse_endpoint(fields->text("local")).value_or(Endpoint{}),
                      .remote = parse_endpoint(fields->text("remote")).value_or(Endpoint{}),
                      .socket_cookie = fields->number("socket cookie"),
                      .netns = fields->number<std::uint32_t>("netns"),
                      .connect_time = fields->duration("connect ns")};
    parse_rfc3339(fields->text("opened"), info.opened);
    info.midstream = fields->flag("joined midstream");
    comment.update = update;
    comment.part = fields->number<std::uint32_t>("part");
    comment.sent_position = fields->number("sent position");
    comment.received_position = fields->number("received position");
    comment.tls_records = fields->text("framing").starts_with("synthetic TLS");
    comment.made_up_addresses = !fields->text("note").empty();
    if (const std::string lost = fields->text("octets lost before"); !lost.empty()) {
        comment.gap = {.direction = lost == "received" ? Direction::received : Direction::sent,
                       .cause = fields->named("cause", parse_loss_cause, LossCause::unknown)};
    }
    return comment;
}

std::string to_comment(const GapComment& comment) {
    return fmt::format("{}\nbytes: {}\nposition: {}\ncause: {}", kGap, comment.bytes, comment.position,
                       to_string(comment.cause));
}

std::optional<GapComment> parse_gap_comment(std::string_view text) {
    const auto fields = CommentFields::parse(text, kGap);
    if (!fields) {
        return std::nullopt;
    }
    return GapComment{.position = fields->number("position"),
                      .bytes = fields->number("bytes"),
                      .cause = fields->named("cause", parse_loss_cause, LossCause::unknown)};
}

std::string close_comment(CloseReason reason) {
    return fmt::format("{}\nreason: {}", kClose, to_string(reason));
}

std::optional<CloseReason> parse_close_comment(std::string_view text) {
    const auto fields = CommentFields::parse(text, kClose);
    return fields ? parse_close_reason(fields->text("reason")) : std::nullopt;
}

std::string other_end_comment(const ConnectionInfo& other) {
    CommentLines lines(fmt::format("{} {}", kOtherEnd, connection_name(other.id)));
    add_process(lines, other);
    lines.add("TLS library", other.tls.library);
    lines.add("role", to_string(other.role));
    return lines.take();
}

std::string context_comment() {
    return fmt::format("{}\nwhy: restores what the connection agreed on before this file", kContext);
}

bool is_context_comment(std::string_view text) {
    return text.starts_with(kContext);
}

std::string filler_comment(std::string_view why) {
    return fmt::format("{}\nwhy: {}", kFiller, why);
}

bool is_filler_comment(std::string_view text) {
    return text.starts_with(kFiller);
}

}  // namespace sslsniff

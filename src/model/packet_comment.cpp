#include "model/packet_comment.h"

#include <fmt/format.h>

#include <charconv>

#include "model/comment_lines.h"

namespace sslsniff {
namespace {

constexpr std::string_view kConnection = "sslsniff: connection";
constexpr std::string_view kUpdate = "sslsniff: more known of connection";
constexpr std::string_view kGap = "sslsniff: gap, not captured";
constexpr std::string_view kLoss = "sslsniff: lost";
constexpr std::string_view kClose = "sslsniff: closed";
constexpr std::string_view kOtherEnd = "sslsniff: the other end was captured too, as connection";
constexpr std::string_view kContext = "sslsniff: context, not traffic";
/// Nanoseconds: about 30 years.
constexpr std::int64_t kMaxDelay = 1'000'000'000'000'000'000;
constexpr std::string_view kDelay = "\nns before: ";
constexpr std::string_view kFiller = "sslsniff: filler, not traffic";

void add_process(CommentLines& lines, const ConnectionInfo& info) {
    lines.add("process", info.process->comm);
    lines.add("exe", info.process->exe);
    lines.add("pid", info.id.pid);
    lines.add("uid", info.process->uid);
    lines.add("container", info.process->container_id);
    const ContainerNames& container = info.process->container;
    lines.add("container runtime", container.runtime);
    lines.add("container name", container.name);
    lines.add("container image", container.image);
    lines.add("pod", container.pod);
    lines.add("pod namespace", container.pod_namespace);
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

/// Not before 1970: what a damaged file says may not fit into 64 bits.
Timestamp before(Timestamp time, Duration duration) {
    return duration <= time.time_since_epoch() && duration.count() > -kMaxDelay ? time - duration
                                                                                : Timestamp();
}

Direction direction_of(const CommentFields& fields, std::string_view key) {
    return fields.text(key) == to_string(Direction::received) ? Direction::received : Direction::sent;
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

std::string to_comment(const ConnectionComment& comment, Timestamp time) {
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
    if (!comment.update && info.opened != time) {
        lines.add("opened ns before", fmt::format("{}", (time - info.opened).count()));
    }
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
        lines.add("bytes lost before", to_string(comment.gap->direction));
        lines.add("how many", comment.gap->bytes ? fmt::format("{}", *comment.gap->bytes) : "unknown");
        lines.add("cause", comment.gap->cause ? to_string(*comment.gap->cause) : "not told");
    }
    if (comment.made_up_addresses) {
        lines.add("note", "addresses or ports in these packets are made up, see local and remote above");
    }
    return lines.take();
}

std::optional<ConnectionComment> parse_connection_comment(std::string_view text, Timestamp time) {
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
    info.process = std::make_shared<ProcessInfo>(
        ProcessInfo{.key = info.id.process(),
                    .comm = fields->text("process"),
                    .exe = fields->text("exe"),
                    .uid = fields->number<std::uint32_t>("uid"),
                    .container_id = fields->text("container"),
                    .container = {.runtime = fields->text("container runtime"),
                                  .name = fields->text("container name"),
                                  .image = fields->text("container image"),
                                  .pod = fields->text("pod"),
                                  .pod_namespace = fields->text("pod namespace")}});
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
    info.opened = before(time, Duration(fields->number<std::int64_t>("opened ns before")));
    info.midstream = fields->flag("joined midstream");
    comment.update = update;
    comment.part = fields->number<std::uint32_t>("part");
    comment.sent_position = fields->number("sent position");
    comment.received_position = fields->number("received position");
    comment.tls_records = fields->text("framing").starts_with("synthetic TLS");
    comment.made_up_addresses = !fields->text("note").empty();
    if (fields->has("bytes lost before")) {
        comment.gap = {.direction = direction_of(*fields, "bytes lost before"),
                       .cause = parse_loss_cause(fields->text("cause")),
                       .bytes = fields->text("how many") != "unknown"
                                    ? std::optional(fields->number("how many"))
                                    : std::nullopt};
    }
    return comment;
}

std::string delayed_comment(std::string comment, Duration delay) {
    return delay == Duration() ? comment : fmt::format("{}{}{}", comment, kDelay, delay.count());
}

Duration delay_of_comment(std::string_view text) {
    const auto line = text.rfind(kDelay);
    std::int64_t ns = 0;
    if (line != std::string_view::npos) {
        std::from_chars(text.data() + line + kDelay.size(), text.data() + text.size(), ns);
    }
    return ns > 0 && ns < kMaxDelay ? Duration(ns) : Duration();
}

std::string to_comment(const GapComment& comment) {
    CommentLines lines(kGap);
    lines.add("direction", to_string(comment.direction));
    lines.add("bytes", comment.bytes);
    lines.add("position", comment.position);
    lines.add("cause", comment.cause ? to_string(*comment.cause) : "not told");
    lines.flag("zeros in their place", comment.zeros);
    return lines.take();
}

std::optional<GapComment> parse_gap_comment(std::string_view text) {
    const auto fields = CommentFields::parse(text, kGap);
    if (!fields) {
        return std::nullopt;
    }
    return GapComment{.direction = direction_of(*fields, "direction"),
                      .position = fields->number("position"),
                      .bytes = fields->number("bytes"),
                      .cause = parse_loss_cause(fields->text("cause")),
                      .zeros = fields->flag("zeros in their place")};
}

std::string loss_comment(const LossEvent& loss) {
    CommentLines lines(kLoss);
    lines.add("cause", to_string(loss.cause));
    lines.add("events", loss.events);
    lines.add("bytes", loss.bytes);
    return lines.take();
}

std::optional<LossEvent> parse_loss_comment(std::string_view text) {
    const auto fields = CommentFields::parse(text, kLoss);
    if (!fields) {
        return std::nullopt;
    }
    return LossEvent{.time = {},
                     .cause = fields->named("cause", parse_loss_cause, LossCause::unknown),
                     .events = fields->number("events"),
                     .bytes = fields->number("bytes")};
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

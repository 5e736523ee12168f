#include "protocols/dubbo/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "protocols/dubbo/hessian.h"

namespace sslsniff::dubbo {
namespace {

using framed::Side;

constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kNotWanted = "(no response wanted)";
constexpr std::string_view kMalformed = "malformed message";
constexpr std::size_t kMostArguments = 64;
constexpr std::size_t kMostInLine = 80;  ///< bytes of a result

bool any(const Flow& /*flow*/) {
    return true;
}

/// How many parameters a descriptor of Java names ("Ljava/lang/String;I[J"): nothing when it is none.
std::optional<std::size_t> count_parameters(std::string_view types) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < types.size(); ++count) {
        at = types.find_first_not_of('[', at);
        if (at == std::string_view::npos) {
            return std::nullopt;
        }
        const std::size_t end = types[at] == 'L' ? types.find(';', at) : at;
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        at = end + 1;
    }
    return count;
}

Outcome outcome_of(std::uint8_t status) {
    constexpr std::uint8_t kBadRequest = 40;
    constexpr std::uint8_t kServiceNotFound = 60;
    constexpr std::uint8_t kClientError = 90;
    const bool client = status == kBadRequest || status == kServiceNotFound || status == kClientError;
    return client ? Outcome::client_error : Outcome::server_error;
}

void fail(Flow& flow, Outcome outcome, std::string type) {
    flow.exchange->said.outcome = outcome;
    flow.exchange->said.error_type = std::move(type);
}

}  // namespace

framed::MessageHandler::Next DubboHandler::on_message(Side side, const framed::Message& message) {
    const std::string_view damage = message.missing > 0 ? framed::kGap : std::string_view{};
    return handle(side, message, damage) ? Next::go_on : Next::strange;
}

bool DubboHandler::handle(Side side, const framed::Message& message, std::string_view damage) {
    const Header header = read_header(message.bytes);
    return header.is_request ? on_request(side, header, message, damage)
                             : on_response(side, header, message, damage);
}

bool DubboHandler::on_request(Side side, const Header& header, const framed::Message& message,
                              std::string_view damage) {
    Flow flow = begin_flow("dubbo", side, message);
    RecordedFields& fields = flow.fields(side);
    fields.number("request_id", header.id);
    fields.text("serialization", serialization_name(header.serialization));
    bool good = true;
    if (header.is_event) {
        fields.boolean("event", true);
        flow.line(side) = "heartbeat";
        flow.exchange->said.operation = "heartbeat";
    } else if (header.serialization == kHessian2) {
        good = describe_invocation(message.bytes.substr(kHeader), flow);
    } else {
        fields.boolean("decoded", false);
        flow.line(side) = fmt::format("({})", serialization_name(header.serialization));
    }
    fields.number("bytes", message.size);
    (side == Side::client ? flow.exchange->said.request_bytes : flow.exchange->said.response_bytes) =
        header.size;
    const bool cut = !message.is_whole() || !damage.empty();
    if (!damage.empty() || (!good && !cut)) {
        flow.damage(damage.empty() ? kMalformed : damage);
    }
    if (!header.is_two_way) {
        flow.line(opposite(side)) = side == Side::client ? kNotWanted : "";
        emit_flow(host_, std::move(flow));
        return good || cut;
    }
    Waiting& waiting = asked_by(side);
    if (auto same = waiting.take(header.id, any)) {
        emit_flow(host_, *std::move(same), "the same id was used again");
    }
    if (waiting.size() >= limits_.max_pending) {
        emit_flow(host_, *waiting.take_oldest(), "no response: too many requests wait");
    }
    const std::size_t bytes = flow.exchange->held();
    waiting.add(header.id, std::move(flow), bytes);
    return good || cut;
}

/// Version of Dubbo, service, its version, method, types of the parameters, arguments, attachments.
bool DubboHandler::describe_invocation(ByteView body, Flow& flow) const {
    HessianReader reader(body);
    RecordedFields& fields = flow.fields(flow.from);
    const std::string dubbo_version = reader.string().value_or("");
    const std::string service = reader.string().value_or("");
    const std::string version = reader.string().value_or("");
    const std::string method = reader.string().value_or("");
    const std::string types = reader.string().value_or("");
    flow.exchange->said.operation = fmt::format("{}/{}", service, method);
    flow.line(flow.from) = fmt::format("{}.{}", service, method);
    fields.text("dubbo_version", dubbo_version);
    fields.text("service", service);
    fields.text("service_version", version);
    fields.text("method", method);
    fields.text("parameter_types", types);
    const auto count = count_parameters(types);
    if (!reader.good() || !count) {
        return false;
    }
    fields.begin_array("arguments");
    for (std::size_t i = 0; i < std::min(*count, kMostArguments) && reader.good(); ++i) {
        reader.write({}, fields);
    }
    fields.end_array();
    if (*count <= kMostArguments && reader.left() > 0 &&
        reader.write_pairs("attachments", fields, limits_.show_secrets ? "" : "token")) {
        fields.boolean("secrets_hidden", true);
    }
    return reader.good();
}

bool DubboHandler::on_response(Side side, const Header& header, const framed::Message& message,
                               std::string_view damage) {
    auto found = asked_by(opposite(side)).take(header.id, any);
    const bool known = found.has_value();
    Flow flow = known ? *std::move(found) : begin_flow("dubbo", side, message);
    if (known) {
        answer_flow(flow, side, message);
    } else {
        flow.from = opposite(side);
        flow.exchange->towards_client = flow.from == Side::server;
        flow.joined = joined_;
        flow.damage("request not seen");
    }
    RecordedFields& fields = flow.fields(side);
    fields.number("request_id", header.id);
    fields.text("dubbo_status", status_name(header.status));
    flow.line(side) = status_name(header.status);
    bool good = true;
    if (header.is_event) {
        fields.boolean("event", true);
    } else if (header.serialization == kHessian2) {
        good = describe_result(header, message.bytes.substr(kHeader), flow);
    } else {
        fields.boolean("decoded", false);
    }
    if (header.status != kOk) {
        fail(flow, outcome_of(header.status), std::string(status_name(header.status)));
    }
    fields.number("bytes", message.size);
    (side == Side::client ? flow.exchange->said.request_bytes : flow.exchange->said.response_bytes) =
        header.size;
    const bool cut = !message.is_whole() || !damage.empty();
    if (!damage.empty() || (!good && !cut)) {
        flow.damage(damage.empty() ? kMalformed : damage);
    }
    emit_flow(host_, std::move(flow));
    return (known || joined_) && (good || cut);
}

/// A number that says what follows: an exception, a value, nothing, with attachments or without; or, where it
/// failed, a text.
bool DubboHandler::describe_result(const Header& header, ByteView body, Flow& flow) const {
    HessianReader reader(body);
    RecordedFields& fields = flow.fields(opposite(flow.from));
    std::string& line = flow.line(opposite(flow.from));
    if (header.status != kOk) {
        const std::string error = reader.string().value_or("");
        fields.text("error", error);
        line += fmt::format(" {}", error);
        return reader.good();
    }
    constexpr std::int32_t kAttachments = 3;
    const std::int32_t kind = reader.integer();
    switch (kind % kAttachments) {
        case 0: {
            const HessianReader::Seen seen = reader.write("exception", fields);
            line = fmt::format("{}: {}", seen.class_name, seen.message);
            fail(flow, Outcome::server_error, seen.class_name);
            break;
        }
        case 1: {
            const HessianReader::Seen seen = reader.write("value", fields);
            line = !seen.class_name.empty() ? seen.class_name
                   : seen.text.empty()      ? "OK"
                                            : seen.text.substr(0, kMostInLine);
            break;
        }
        default:
            fields.null("value");
            line = "null";
    }
    if (kind >= kAttachments) {
        reader.write_pairs("attachments", fields, {});
    }
    return reader.good() && kind >= 0 && kind < 2 * kAttachments;
}

void DubboHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason,
                           Timestamp /*time*/) {
    joined_ = true;
    if (cut != nullptr && cut->size > 0 && cut->bytes.size() >= kHeader) {
        handle(side, *cut, reason);
    }
    for (Waiting& waiting : waiting_) {
        waiting.each([&](Flow& flow) { flow.damage(reason); });
    }
}

void DubboHandler::finish(Timestamp /*time*/) {
    for (Waiting& waiting : waiting_) {
        while (auto flow = waiting.take_oldest()) {
            emit_flow(host_, *std::move(flow), kNoResponse);
        }
    }
}

std::size_t DubboHandler::held() const {
    return allocated(sizeof(*this)) + waiting_[0].held() + waiting_[1].held();
}

std::uint64_t DubboHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    std::uint64_t number = 0;
    for (Waiting& waiting : waiting_) {
        for (; !waiting.empty() && held() + bytes > before; ++number) {
            emit_flow(host_, *waiting.take_oldest(), kNoLongerKept);
        }
    }
    joined_ = joined_ || number > 0;
    return number;
}

}  // namespace sslsniff::dubbo

#include "protocols/mqtt/handler.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "protocols/mqtt/reasons.h"

namespace sslsniff::mqtt {
namespace {

using framed::Side;
using enum PacketType;

constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kMalformed = "malformed packet";
constexpr std::string_view kVersionNotSeen = "protocol version not seen";
constexpr std::string_view kTopicNotSeen = "topic alias not seen";
constexpr std::string_view kNoReplyWanted = "(no reply wanted)";

std::uint32_t key_of(Side from, std::uint16_t id) {
    return static_cast<std::uint32_t>(from) << 16U | id;
}

std::string_view version_text(unsigned level) {
    return level == 3 ? "3.1" : level == 4 ? "3.1.1" : "5.0";
}

/// What follows a packet; itself: nothing does.
PacketType answer_of(const FixedHeader& header) {
    switch (header.type) {
        case connect:
            return connack;
        case publish:
            return header.qos() == 0 ? publish : header.qos() == 1 ? puback : pubrec;
        case pubrec:
            return pubrel;
        case pubrel:
            return pubcomp;
        case subscribe:
            return suback;
        case unsubscribe:
            return unsuback;
        case pingreq:
            return pingresp;
        default:
            return header.type;
    }
}

bool is_answer(PacketType type) {
    switch (type) {
        case connect:
        case publish:
        case subscribe:
        case unsubscribe:
        case pingreq:
        case disconnect:
        case auth:
            return false;
        default:
            return true;
    }
}

/// Who began what a packet of `side` answers.
Side asker_of(Side side, PacketType answer) {
    return answer == pubrel ? side : opposite(side);
}

}  // namespace

MqttHandler::Next MqttHandler::on_message(Side side, const framed::Message& message) {
    ByteReader reader(message.bytes);
    const auto header = read_fixed_header(reader);
    return header && handle({side, message, *header}, {}) ? Next::go_on : Next::strange;
}

/// False when it makes no sense.
bool MqttHandler::handle(const Packet& packet, std::string_view reason) {
    learn_version(packet);
    if (is_answer(packet.header.type)) {
        return answer(packet, reason);
    }
    Decoded decoded;
    Flow flow = begin(packet, decoded);
    if (!reason.empty()) {
        flow.reason = reason;
    }
    const PacketType next = answer_of(packet.header);
    if (next == packet.header.type) {
        flow.timing.end = packet.cut ? std::nullopt : std::optional(packet.message.end);
        std::string& other =
            packet.side == Side::client ? flow.exchange->response_line : flow.exchange->request_line;
        other = packet.side == Side::client ? kNoReplyWanted : "";
        emit(std::move(flow), {});
    } else if (Flow* const former = sent_before(packet, decoded.packet_id)) {
        ++former->attempts;
    } else {
        wait_for(std::move(flow), next, decoded.packet_id);
    }
    return decoded.good || packet.cut;
}

/// The version is told by CONNECT, and by the form of many packets.
void MqttHandler::learn_version(const Packet& packet) {
    if (packet.header.type == connect) {
        version_ = Version::unknown;
        level_ = 0;
        aliases_[0].forget();
        aliases_[1].forget();
    } else if (version_ == Version::unknown && packet.message.is_whole()) {
        version_ = version_by_form(packet.header, packet.message.bytes.substr(packet.header.size));
    }
}

Decoded MqttHandler::decode_side(const Packet& packet, DescribedExchange& exchange) {
    const bool client = packet.side == Side::client;
    Decoded decoded = decode(packet.header, packet.message,
                             {version_, aliases(packet.side), limits_.max_body, limits_.show_secrets},
                             client ? exchange.request : exchange.response);
    (client ? exchange.request_line : exchange.response_line) = decoded.line;
    return decoded;
}

MqttHandler::Flow MqttHandler::begin(const Packet& packet, Decoded& decoded) {
    Flow flow;
    flow.exchange = std::make_unique<DescribedExchange>("mqtt");
    DescribedExchange& exchange = *flow.exchange;
    flow.from = packet.side;
    const bool client = packet.side == Side::client;
    decoded = decode_side(packet, exchange);
    if (packet.header.type == connect && decoded.level != 0) {
        level_ = decoded.level;
        version_ = level_ == 5 ? Version::v5 : Version::v3;
    }
    exchange.towards_client = !client;
    exchange.common.text("packet", to_string(packet.header.type));
    if (level_ != 0) {
        exchange.common.text("version", version_text(level_));
    } else if (version_ == Version::v5) {
        exchange.common.text("version", version_text(5));
    }
    if (packet.header.type == publish) {
        exchange.common.text("topic", decoded.target);
    }
    exchange.said.operation = to_string(packet.header.type);
    exchange.said.target = decoded.target;
    if (decoded.code >= 0x80) {  // DISCONNECT
        exchange.said.outcome = outcome_of(packet.header.type, version_, decoded.code);
        exchange.said.error_type = reason_name(packet.header.type, version_, decoded.code);
    }
    (client ? exchange.said.request_bytes : exchange.said.response_bytes) = decoded.payload_size;
    flow.timing.start = packet.message.start;
    if (client) {
        flow.timing.request_end = packet.message.end;
    } else {
        flow.timing.response_start = packet.message.start;
    }
    flow.missing = packet.message.missing;
    if (packet.message.missing > 0) {
        flow.reason = "gap in message";
    } else if (!decoded.good && !packet.cut) {
        flow.reason = kMalformed;
    } else if (version_ == Version::unknown && decoded.needs_version) {
        flow.reason = kVersionNotSeen;
    } else if (decoded.topic_unknown) {
        flow.reason = kTopicNotSeen;
    }
    return flow;
}

/// What a PUBLISH repeats; null when that is nothing.
MqttHandler::Flow* MqttHandler::sent_before(const Packet& packet, std::uint16_t id) {
    if (packet.header.type != publish || !packet.header.is_duplicate()) {
        return nullptr;
    }
    return flows_.find(key_of(packet.side, id),
                       [&](const Flow& flow) { return flow.awaits == answer_of(packet.header); });
}

void MqttHandler::wait_for(Flow flow, PacketType answer, std::uint16_t id) {
    const std::uint32_t key = key_of(flow.from, id);
    flow.awaits = answer;
    // A number that is used again: what had it before was answered unseen.
    if (answer != pingresp) {
        if (auto former = flows_.take(key, [&](const Flow& one) { return one.awaits == answer; })) {
            emit(*std::move(former), kNoResponse);
        }
    }
    const std::size_t bytes = flow.exchange->held();
    flows_.add(key, std::move(flow), bytes);
    if (flows_.size() > limits_.max_pending) {
        emit_oldest("too many requests waiting");
    }
}

/// What an answer belongs to whose packet passed unseen.
MqttHandler::Flow MqttHandler::unseen(const Packet& packet) const {
    const PacketType type = packet.header.type;
    Flow flow;
    flow.from = asker_of(packet.side, type);
    flow.exchange = std::make_unique<DescribedExchange>("mqtt");
    flow.exchange->towards_client = flow.from == Side::server;
    const PacketType asked = type == connack    ? connect
                             : type == suback   ? subscribe
                             : type == unsuback ? unsubscribe
                             : type == pingresp ? pingreq
                                                : publish;
    flow.exchange->common.text("packet", to_string(asked));
    flow.exchange->said.operation = to_string(asked);
    flow.timing.start = packet.message.start;
    flow.reason = kNotSeen;
    flow.joined = joined_;
    return flow;
}

bool MqttHandler::answer(const Packet& packet, std::string_view reason) {
    const PacketType type = packet.header.type;
    ByteReader reader(packet.message.bytes.substr(std::min(packet.header.size, packet.message.bytes.size())));
    const bool has_id = type != connack && type != pingresp;
    const std::uint16_t id = has_id ? reader.be<std::uint16_t>() : 0;
    const std::uint32_t key = key_of(asker_of(packet.side, type), id);
    auto found = flows_.take(key, [&](const Flow& flow) { return flow.awaits == type; });
    Flow flow = found ? *std::move(found) : unseen(packet);
    const PacketType next = answer_of(packet.header);
    DescribedExchange& exchange = *flow.exchange;
    const bool client = packet.side == Side::client;
    if (client) {
        flow.timing.request_end = packet.message.end;
    } else if (!flow.timing.response_start) {
        flow.timing.response_start = packet.message.start;
    }
    RecordedFields fields;
    const Decoded decoded =
        decode(packet.header, packet.message,
               {version_, aliases(packet.side), limits_.max_body, limits_.show_secrets}, fields);
    const bool over = next == type || (type == pubrec && decoded.code >= 0x80);
    if (packet.side != flow.from) {
        (client ? exchange.request_line : exchange.response_line) = decoded.line;
        if (over) {
            (client ? exchange.request : exchange.response) = std::move(fields);
        }
    }
    if (!over && decoded.code != 0) {
        exchange.common.text(type == pubrec ? "pubrec_reason" : "pubrel_reason",
                             reason_name(type, version_, decoded.code));
    }
    if (decoded.code >= 0x80 || (type == connack && decoded.code != 0)) {
        exchange.said.outcome = outcome_of(type, version_, decoded.code);
        exchange.said.error_type = reason_name(type, version_, decoded.code);
    }
    flow.missing += packet.message.missing;
    if (flow.reason.empty()) {
        flow.reason = !reason.empty()                ? reason
                      : packet.message.missing > 0   ? std::string_view("gap in message")
                      : !decoded.good && !packet.cut ? kMalformed
                                                     : std::string_view{};
    }
    if (over) {
        flow.timing.end = packet.message.end;
        emit(std::move(flow), {});
    } else {
        wait_for(std::move(flow), next, id);
    }
    return decoded.good || packet.cut;
}

void MqttHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason,
                          Timestamp /*time*/) {
    if (cut != nullptr) {
        ByteReader reader(cut->bytes);
        if (const auto header = read_fixed_header(reader)) {
            handle({side, *cut, *header, true}, reason);
        }
    }
    aliases(side).forget();
    // Answers may have passed, and numbers may have been used again since.
    flows_.each([&](Flow& flow) {
        const bool two_ways = flow.awaits == pubrec || flow.awaits == pubrel || flow.awaits == pubcomp;
        const Side answering = flow.awaits == pubrel ? flow.from : opposite(flow.from);
        if (flow.reason.empty() && (two_ways || answering == side)) {
            flow.reason = reason;
        }
    });
}

void MqttHandler::emit(Flow flow, std::string_view reason) {
    Integrity integrity;
    if (flow.reason.empty()) {
        flow.reason = reason;
    }
    if (!reason.empty() && flow.exchange->said.outcome == Outcome::ok) {
        flow.exchange->said.outcome = Outcome::unanswered;
    }
    if (flow.attempts > 1) {
        flow.exchange->common.number("attempts", flow.attempts);
    }
    integrity.complete = flow.reason.empty();
    integrity.missing_bytes = flow.missing;
    integrity.joined_midstream = flow.joined;
    integrity.reason = std::move(flow.reason);
    host_.emit(flow.timing, std::move(integrity), std::move(flow.exchange));
}

void MqttHandler::emit_oldest(std::string_view reason) {
    if (auto flow = flows_.take_oldest()) {
        emit(*std::move(flow), reason);
    }
}

void MqttHandler::finish(Timestamp /*time*/) {
    while (!flows_.empty()) {
        emit_oldest(kNoResponse);
    }
}

std::size_t MqttHandler::held() const {
    return allocated(sizeof(*this)) + flows_.held() + aliases_[0].held() + aliases_[1].held();
}

std::uint64_t MqttHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    for (; held() > goal && !flows_.empty(); ++number) {
        emit_oldest(kNoLongerKept);
    }
    return number;
}

}  // namespace sslsniff::mqtt

#include "protocols/websocket/frame_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"
#include "base/text.h"

namespace sslsniff::websocket {
namespace {

constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kClose = 8;
constexpr std::uint64_t kMaxControl = 125;     // section 5.5
constexpr std::size_t kMaxControlKept = 4096;  // of those that are longer

std::string_view opcode_name(std::uint8_t opcode) {
    switch (opcode) {
        case kText:
            return "text";
        case 2:
            return "binary";
        case kClose:
            return "close";
        case 9:
            return "ping";
        case 10:
            return "pong";
        default:
            return "fragment";
    }
}

std::uint8_t byte(ByteView bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

}  // namespace

FrameReader::FrameReader(ParserHost& host, MessageOrigin origin, StreamMessage::Side side,
                         std::size_t max_body, std::optional<bool> inflate)
    : host_(host), origin_(std::move(origin)), side_(side), max_body_(max_body) {
    if (inflate) {
        inflater_.emplace(*inflate, max_body);
    }
}

/// Section 5.2; nothing while bytes are missing.
std::optional<FrameReader::Header> FrameReader::parse(ByteView bytes) {
    if (bytes.size() < 2) {
        return std::nullopt;
    }
    Header header;
    header.final = (byte(bytes, 0) & 0x80U) != 0;
    header.compressed = (byte(bytes, 0) & 0x40U) != 0;
    header.opcode = byte(bytes, 0) & 0x3FU;  // with the reserved bits, which make it invalid
    header.masked = (byte(bytes, 1) & 0x80U) != 0;
    header.length = byte(bytes, 1) & 0x7FU;
    const std::size_t extended = header.length == 127 ? 8 : header.length == 126 ? 2 : 0;
    header.size = 2 + extended + (header.masked ? 4 : 0);
    if (bytes.size() < header.size) {
        return std::nullopt;
    }
    if (extended != 0) {
        header.length = 0;
        for (std::size_t i = 0; i < extended; ++i) {
            header.length = header.length << 8U | byte(bytes, 2 + i);
        }
    }
    for (std::size_t i = header.size - (header.masked ? 4 : 0); i < header.size; ++i) {
        header.mask = header.mask << 8U | byte(bytes, i);
    }
    return header;
}

bool FrameReader::is_readable(const Header& header) const {
    const bool control = (header.opcode & 0x8U) != 0;
    const bool known = header.opcode <= 2 || (header.opcode >= kClose && header.opcode <= 10);
    return known && (!header.compressed || (inflater_ && !control)) && header.length >> 63U == 0;
}

/// What the other side should fail the connection for (sections 5.1 and 5.5).
const char* FrameReader::violation_of(const Header& header) const {
    const bool control = (header.opcode & 0x8U) != 0;
    const bool from_client = side_ == StreamMessage::Side::request;
    if (control && header.length > kMaxControl) {
        return "a control frame of more than 125 bytes";
    }
    if (control && !header.final) {
        return "a control frame in fragments";
    }
    if (header.masked != from_client) {
        return from_client ? "a client's frame without a mask" : "a server's frame with a mask";
    }
    return nullptr;
}

/// Whole frames, nothing before and nothing behind.
bool FrameReader::holds_whole_frames(ByteView bytes) const {
    while (!bytes.empty()) {
        const std::optional<Header> header = parse(bytes);
        if (!header || !is_valid(*header) || header->length > bytes.size() - header->size) {
            return false;
        }
        bytes.remove_prefix(header->size + header->length);
    }
    return true;
}

void FrameReader::feed(ByteView bytes, Timestamp time) {
    if (lost_) {
        if (!holds_whole_frames(bytes)) {
            return;
        }
        lost_ = false;
    }
    while (!bytes.empty()) {
        if (!in_frame_) {
            pending_.push_back(bytes.front());
            bytes.remove_prefix(1);
            const std::optional<Header> header = parse(pending_);
            if (!header) {
                continue;
            }
            pending_.clear();
            if (!is_readable(*header)) {
                gap(0);
                return;
            }
            frame_ = *header;
            frame_.violation = violation_of(frame_);
            begin_frame(time);
        } else {
            const std::size_t size = std::min<std::uint64_t>(bytes.size(), frame_.length - at_);
            take(bytes.substr(0, size));
            bytes.remove_prefix(size);
        }
        if (in_frame_ && at_ == frame_.length) {
            end_frame(time);
        }
    }
}

void FrameReader::begin_frame(Timestamp time) {
    in_frame_ = true;
    at_ = 0;
    if (is_control()) {
        control_ = {.opcode = frame_.opcode,
                    .compressed = false,
                    .damaged = false,
                    .body = {},
                    .control = {},
                    .omitted = 0,
                    .violation = {},
                    .start = time};
    } else if (frame_.opcode != 0 || !message_) {
        message_ = Message{.opcode = frame_.opcode,
                           .compressed = frame_.compressed,
                           .damaged = frame_.opcode == 0,
                           .body = {},
                           .control = {},
                           .omitted = 0,
                           .violation = {},
                           .start = time};
        if (inflater_ && frame_.compressed) {
            inflater_->begin_message();
        }
    }
    Message& message = is_control() ? control_ : *message_;
    if (frame_.violation != nullptr && message.violation.empty()) {
        message.violation = frame_.violation;
    }
}

void FrameReader::take(ByteView payload) {
    Bytes plain(payload);
    if (frame_.masked) {
        for (std::size_t i = 0; i < plain.size(); ++i) {
            const auto shift = static_cast<unsigned>(24 - 8 * ((at_ + i) % 4));
            plain[i] =
                static_cast<char>(static_cast<unsigned char>(plain[i]) ^ (frame_.mask >> shift & 0xFFU));
        }
    }
    at_ += payload.size();
    if (is_control()) {
        const ByteView kept = ByteView(plain).substr(0, kMaxControlKept - control_.control.size());
        control_.control += kept;
        add_saturating(control_.omitted, plain.size() - kept.size());
        return;
    }
    if (!message_->compressed) {
        append(message_->body, plain, message_->damaged ? 0 : max_body_);
    } else if (message_->damaged || !inflater_->add(plain, message_->body)) {
        message_->damaged = true;
        message_->body.size += plain.size();
    }
}

void FrameReader::end_frame(Timestamp time) {
    in_frame_ = false;
    if (is_control()) {
        emit(std::exchange(control_, {}), time, true);
    } else if (frame_.final) {
        if (message_->compressed && !message_->damaged) {
            message_->damaged = !inflater_->end_message(message_->body);
        }
        emit(*std::exchange(message_, std::nullopt), time, true);
    }
}

void FrameReader::emit(Message&& message, Timestamp time, bool finished) {
    auto shown = std::make_unique<StreamMessage>("websocket", origin_, side_, ++number_);
    shown->type = opcode_name(message.opcode);
    shown->body = std::move(message.body);
    ByteView control = message.control;
    if (message.opcode == kClose && control.size() >= 2) {  // section 5.5.1
        shown->attributes.push_back(
            {"code", std::to_string(byte(control, 0) * 256 + byte(control, 1)), true});
        control.remove_prefix(2);
    }
    append(shown->body, control, max_body_);
    add_saturating(shown->body.size, message.omitted);
    if (!message.violation.empty()) {
        shown->attributes.push_back({"violation", std::string(message.violation), false});
    }
    if (message.compressed) {
        shown->attributes.push_back({"compressed", "yes", false});
    }
    shown->body.content_type =
        message.opcode == kText || message.opcode == kClose ? "text/plain; charset=utf-8" : "";
    Integrity integrity;
    integrity.missing_bytes = shown->body.missing;
    if (!finished) {
        integrity.reason = "connection ended in the message";
    } else if (message.damaged) {
        integrity.reason = !message.compressed    ? "gap in the message"
                           : inflater_->is_bomb() ? "a decompression bomb: not inflated any further"
                                                  : "cannot be inflated: bytes are missing";
    }
    integrity.complete = integrity.reason.empty();
    host_.emit({.start = message.start, .request_end = {}, .response_start = {}, .end = time},
               std::move(integrity), std::move(shown));
}

void FrameReader::gap(std::uint64_t bytes) {
    if (inflater_) {
        inflater_->lose();
    }
    if (in_frame_ && bytes != 0 && bytes < frame_.length - at_) {
        at_ += bytes;
        Message& message = is_control() ? control_ : *message_;
        message.damaged = true;
        add_saturating(message.body.size, bytes);
        add_saturating(message.body.missing, bytes);
        return;
    }
    if (message_) {
        message_->damaged = true;
        const std::uint64_t rest = in_frame_ ? frame_.length - at_ : 0;
        add_saturating(message_->body.missing, rest);
        add_saturating(message_->body.size, rest);
    }
    lost_ = true;
    in_frame_ = false;
    pending_.clear();
}

std::size_t FrameReader::held() const {
    return sizeof(*this) + heap_bytes(origin_.url) + (inflater_ ? inflater_->held() : 0) +
           (message_ ? message_->body.held() : 0);
}

void FrameReader::finish(Timestamp time) {
    if (message_) {
        emit(*std::exchange(message_, std::nullopt), time, false);
    }
}

}  // namespace sslsniff::websocket

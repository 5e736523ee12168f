#pragma once

#include <cstdint>
#include <optional>

#include "protocols/protocol.h"
#include "protocols/stream_message.h"
#include "protocols/websocket/inflater.h"

namespace sslsniff::websocket {

/// One direction of a WebSocket (RFC 6455 section 5): joins fragments, unmasks, inflates, and emits each
/// message and control frame as it ends. After a gap of unknown size it goes on at the next piece that begins
/// with a frame header and ends with the end of a frame.
class FrameReader {
  public:
    /// `inflate`: permessage-deflate was agreed upon; says whether its context is taken over.
    FrameReader(ParserHost& host, MessageOrigin origin, StreamMessage::Side side, std::size_t max_body,
                std::optional<bool> inflate);

    void feed(ByteView bytes, Timestamp time);
    /// `bytes` bytes are missing, 0 when unknown.
    void gap(std::uint64_t bytes);
    /// Nothing more comes: emits what is unfinished.
    void finish(Timestamp time);

    /// Bytes of memory, itself included.
    std::size_t held() const;
    /// Gives up what is kept of a message in fragments. False when there was nothing to lose.
    bool shed() { return message_ && message_->body.shed(); }

  private:
    struct Header {
        bool final = false;
        bool compressed = false;
        bool masked = false;
        std::uint8_t opcode = 0;
        std::uint64_t length = 0;
        std::size_t size = 0;  ///< of the header itself
        std::uint32_t mask = 0;
        const char* violation = nullptr;  ///< what RFC 6455 forbids though it can be read
    };
    struct Message {
        std::uint8_t opcode = 0;
        bool compressed = false;
        bool damaged = false;
        Body body;
        Bytes control;               ///< payload of a control frame, its beginning
        std::uint64_t omitted = 0;   ///< bytes of it that are not kept
        std::string_view violation;  ///< of the first frame that had one
        Timestamp start;
    };

    static std::optional<Header> parse(ByteView bytes);
    bool is_readable(const Header& header) const;
    const char* violation_of(const Header& header) const;
    bool is_valid(const Header& header) const { return is_readable(header) && !violation_of(header); }
    bool holds_whole_frames(ByteView bytes) const;
    void begin_frame(Timestamp time);
    void take(ByteView payload);
    void end_frame(Timestamp time);
    void emit(Message&& message, Timestamp time, bool finished);
    bool is_control() const { return (frame_.opcode & 0x8U) != 0; }

    ParserHost& host_;
    MessageOrigin origin_;
    StreamMessage::Side side_;
    std::size_t max_body_;
    std::optional<Inflater> inflater_;
    bool lost_ = false;
    Bytes pending_;  ///< of a frame header
    bool in_frame_ = false;
    Header frame_;
    std::uint64_t at_ = 0;            ///< bytes of the frame's payload that passed
    std::optional<Message> message_;  ///< in fragments
    Message control_;
    std::uint64_t number_ = 0;
};

}  // namespace sslsniff::websocket

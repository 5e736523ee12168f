#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "protocols/framed/framing.h"
#include "protocols/protocol.h"

namespace sslsniff::framed {

/// Integrity::reason of what was lost, unless a handler knows better.
inline constexpr std::string_view kGap = "gap in stream";
inline constexpr std::string_view kNotUnderstood = "bytes that make no sense";
inline constexpr std::string_view kUnfinished = "message unfinished";

/// What a protocol makes of its messages: pairs them and emits exchanges.
class MessageHandler {
  public:
    MessageHandler() = default;
    MessageHandler(const MessageHandler&) = delete;
    MessageHandler& operator=(const MessageHandler&) = delete;
    virtual ~MessageHandler() = default;

    enum class Next : std::uint8_t {
        go_on,
        strange,  ///< ProtocolParser::Status::strange
        tls,      ///< from here on both sides speak TLS: session() goes on inside
    };
    /// The next message of a side, in order. It may lack bytes at its end (Message::is_whole()).
    virtual Next on_message(Side side, const Message& message) = 0;
    /// Messages of that side are lost here, nobody knows how many. `cut`: what there is of one that does not
    /// end, at least its header; null when there is none.
    virtual void on_loss(Side side, const Message* cut, std::string_view reason, Timestamp time) = 0;
    /// The capture begins in the midst of the connection. Called before anything else.
    virtual void on_joined() {}
    /// The connection is over: emits what is unfinished.
    virtual void finish(Timestamp time) = 0;
    /// After Next::tls; may be null.
    virtual std::shared_ptr<const ParserSession> session() const { return nullptr; }

    /// ProtocolParser::held(), give_up().
    virtual std::size_t held() const = 0;
    virtual std::uint64_t give_up(std::size_t bytes) = 0;
};

}  // namespace sslsniff::framed

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "model/time.h"

/// What protocols share whose streams are messages end to end, each of which tells its length near its
/// beginning (AMQP, Kafka, MongoDB, MQTT, NATS ...). A protocol brings a Framing and a MessageHandler;
/// cutting, gaps, finding out who is the client, joining in the middle and recognising it in unknown bytes
/// are here.
namespace sslsniff::framed {

enum class Side : std::uint8_t { client, server };

constexpr Side opposite(Side side) {
    return side == Side::client ? Side::server : Side::client;
}

/// What the first bytes of a message tell.
struct Look {
    enum class State : std::uint8_t {
        need_more,  ///< the message is longer than these bytes, and they do not tell how long
        message,
        malformed  ///< no message of that side begins so
    };
    State state = State::need_more;
    std::uint64_t size = 0;  ///< bytes of the whole message, at least 1
    /// Its form leaves little to chance. Only of a message of which all is there, unless the header says so.
    bool is_telling = false;
    /// It is telling before all of it is there: the header leaves as little to chance as the whole.
    bool by_header = false;
};

constexpr Look malformed() {
    return {Look::State::malformed, 0, false, false};
}
constexpr Look need_more() {
    return {};
}
constexpr Look message_of(std::uint64_t size, bool is_telling) {
    return {Look::State::message, size, is_telling, false};
}

/// How a protocol's messages are told from each other. Knows nothing of what passed before.
class Framing {
  public:
    Framing() = default;
    Framing(const Framing&) = delete;
    Framing& operator=(const Framing&) = delete;
    virtual ~Framing() = default;

    /// `bytes` are a message of `side` from its first byte on, as far as they are there; what follows it may
    /// lie behind. Takes a number of steps that does not grow with the message.
    virtual Look look(Side side, ByteView bytes) const = 0;
    /// The same of the first message that a side says on a connection: greetings, logins.
    virtual Look look_first(Side side, ByteView bytes) const { return look(side, bytes); }
    /// The most bytes that they may need: with so many, they do not answer need_more.
    virtual std::size_t max_header() const = 0;
    /// Messages of that side are never telling: all that they show is their length (Kafka's answers).
    virtual bool is_bare(Side /*side*/) const { return false; }
};

struct Message {
    ByteView bytes;             ///< the first of them, header included, in one piece
    std::uint64_t size = 0;     ///< of the whole message
    std::uint64_t missing = 0;  ///< of its bytes, not captured
    Timestamp start;            ///< of the first byte
    Timestamp end;              ///< of the last one

    bool is_whole() const { return bytes.size() == size; }
};

}  // namespace sslsniff::framed

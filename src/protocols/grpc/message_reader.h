#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "model/body.h"
#include "model/time.h"

namespace sslsniff::grpc {

/// Bits of a message's first byte that say it is the last frame and no message: header fields as text in
/// gRPC-Web, JSON in the Connect protocol.
inline constexpr unsigned char kWebTrailers = 0x80;
inline constexpr unsigned char kConnectEnd = 0x02;

/// One length-prefixed message (gRPC over HTTP/2, "Length-Prefixed-Message").
struct Message {
    bool compressed = false;
    bool last = false;     ///< it is the last frame instead
    bool damaged = false;  ///< bytes of it are missing
    Body body;             ///< without prefix, still compressed
    Timestamp start;
    Timestamp end;
};

/// Cuts the body of a request or response into messages, however it comes in pieces.
class MessageReader {
  public:
    using Sink = std::function<void(Message&&)>;

    /// `max_body`: bytes kept of each message. `last`: the bit for that. `base64`: the body is gRPC-Web's
    /// text form.
    MessageReader(Sink sink, std::size_t max_body, unsigned char last, bool base64);

    void feed(ByteView bytes, Timestamp time);
    /// `bytes` bytes are missing, 0 when unknown. Where that hides a boundary, the reader goes on at the
    /// next piece that is one message exactly.
    void gap(std::uint64_t bytes);

    /// A message is unfinished, or boundaries are not known.
    bool broken() const { return lost_ || prefix_.size() + left_ != 0; }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return message_.body.held(); }
    /// Gives up what is kept of the message under way. False when there was nothing to lose.
    bool shed() { return message_.body.shed(); }

  private:
    void read(ByteView bytes, Timestamp time);
    void finish(Timestamp time);

    Sink sink_;
    std::size_t max_body_;
    unsigned char last_;
    bool base64_;
    std::uint32_t quantum_ = 0;  ///< bits of base64 not used yet
    unsigned quantum_bits_ = 0;
    bool lost_ = false;
    Bytes prefix_;
    std::uint64_t left_ = 0;  ///< bytes of the message still to come
    Message message_;
};

}  // namespace sslsniff::grpc

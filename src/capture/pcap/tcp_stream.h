#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "model/event.h"
#include "model/time.h"

namespace sslsniff {

/// A TCP segment, header read.
struct TcpSegmentView {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgment = 0;
    bool syn = false, ack = false, fin = false, rst = false;
    ByteView payload;        ///< as far as captured
    std::size_t length = 0;  ///< of the payload on the wire
};

/// Reads the header (RFC 9293 section 3.1); `length` is what the IP packet carries on the wire. Nullopt when
/// the header is cut or contradicts itself.
std::optional<TcpSegmentView> parse_tcp_segment(ByteView bytes, std::size_t length);

/// One direction of a TCP connection put back in order. What is in order passes without a copy; what is not
/// waits, bounded, for what came before it. A hole becomes a gap once the receiver has acknowledged it (so it
/// was lost by the capture alone), too much waits behind it, or the stream ends.
class TcpStream {
  public:
    class Receiver {
      public:
        virtual ~Receiver() = default;
        virtual void on_bytes(ByteView bytes) = 0;
        virtual void on_missing(std::uint64_t bytes, LossCause cause) = 0;
    };

    void on_segment(const TcpSegmentView& segment, Timestamp time, Receiver& receiver);
    /// The other side has received everything before `number`.
    void on_acknowledgment(std::uint32_t number, Timestamp time, Receiver& receiver);
    /// Gives up waiting: delivers all there is, with gaps.
    void flush(Receiver& receiver);

    bool has_started() const { return started_; }
    /// Everything before the FIN was delivered.
    bool has_ended() const { return ended_; }
    /// The sequence number of the next byte, meaningful once started.
    std::uint32_t next() const { return next_; }
    /// Of memory, for what waits behind a hole.
    std::size_t held_bytes() const { return held_bytes_ + held_.size() * kSegmentCost; }

  private:
    static constexpr std::size_t kSegmentCost =
        96;  ///< beside its bytes: segments of one byte are cheap to send

    struct Held {
        Bytes bytes;
        std::uint64_t cut = 0;  ///< bytes that followed on the wire but were not captured
    };

    std::int64_t distance(std::uint32_t sequence) const {
        return static_cast<std::int32_t>(sequence - next_);
    }
    void accept(ByteView bytes, std::uint64_t cut, Receiver& receiver);
    void skip(std::uint64_t bytes, LossCause cause, Receiver& receiver);
    void hold(std::uint64_t position, ByteView bytes, std::uint64_t cut, Timestamp time);
    void deliver_held(Receiver& receiver);
    void give_up_hole(Receiver& receiver);

    bool started_ = false;
    bool ended_ = false;
    std::uint32_t next_ = 0;
    std::uint64_t position_ = 0;          ///< of `next_`, never wraps
    std::optional<std::uint64_t> end_;    ///< position of the FIN
    std::map<std::uint64_t, Held> held_;  ///< by position, all beyond `position_`
    std::size_t held_bytes_ = 0;
    std::optional<Timestamp> hole_since_;  ///< when an acknowledgment first went beyond `next_`
};

}  // namespace sslsniff

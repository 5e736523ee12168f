#pragma once

#include <cstdint>
#include <optional>

#include "capture/pcap/tcp_stream.h"
#include "model/time.h"

namespace sslsniff {

/// How a TCP connection comes about, as its client would tell it (RFC 9293 section 3.5).
class TcpOpening {
  public:
    void on_segment(bool from_client, const TcpSegmentView& segment, Timestamp time);

    /// The client asked, and nobody has answered.
    bool is_unanswered() const { return syn_time_ && !answered_; }
    /// The same, for longer than a client waits before it asks again.
    bool has_waited_in_vain(Timestamp now) const;
    /// Of a segment that comes while unanswered: an RST for this SYN.
    bool refuses(const TcpSegmentView& segment) const;
    /// Of a segment of the client that comes while unanswered: an RST that takes the SYN back, not one for
    /// what the server still knows of an older connection.
    bool withdraws(const TcpSegmentView& segment) const {
        const std::uint32_t behind = segment.sequence - sequence_;
        return behind <= end_ - sequence_;
    }
    bool is_begun_by(std::uint32_t sequence) const { return syn_time_ && sequence_ == sequence; }
    /// From the first SYN to the client's first acknowledgment: wherever between the two ends the capture was
    /// made, that is one round trip, as the client's own connect() takes.
    std::optional<Duration> connect_time() const { return connect_time_; }

  private:
    std::optional<Timestamp> syn_time_;
    std::uint32_t sequence_ = 0;  ///< of the SYN
    std::uint32_t end_ = 0;       ///< behind the SYN and what it carried (RFC 7413)
    bool answered_ = false;
    std::optional<Duration> connect_time_;
};

}  // namespace sslsniff

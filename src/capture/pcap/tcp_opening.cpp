#include "capture/pcap/tcp_opening.h"

#include <algorithm>
#include <chrono>

namespace sslsniff {
namespace {

/// After which a SYN is sent again (RFC 6298 section 2).
constexpr Duration kInitialTimeout = std::chrono::seconds(1);

}  // namespace

void TcpOpening::on_segment(bool from_client, const TcpSegmentView& segment, Timestamp time) {
    if (segment.rst) {
        return;
    }
    if (from_client && segment.syn && !segment.ack) {
        const auto end = static_cast<std::uint32_t>(segment.sequence + 1 + segment.length);
        end_ = syn_time_ ? std::max(end_, end) : end;
        sequence_ = segment.sequence;
        syn_time_ = syn_time_.value_or(time);
    } else if (from_client && segment.ack) {
        if (syn_time_ && !connect_time_) {
            connect_time_ = time - *syn_time_;
        }
        answered_ = true;  // or it would have nothing to acknowledge
    } else if (!from_client) {
        // A mere ACK is what a server says that still knows an older connection between these ports.
        answered_ = answered_ || segment.syn || segment.fin || segment.length != 0;
    }
}

bool TcpOpening::has_waited_in_vain(Timestamp now) const {
    return is_unanswered() && now - *syn_time_ >= kInitialTimeout;
}

bool TcpOpening::refuses(const TcpSegmentView& segment) const {
    const std::uint32_t acknowledged = segment.acknowledgment - sequence_;
    return segment.rst && segment.ack && acknowledged >= 1 && acknowledged <= end_ - sequence_;
}

}  // namespace sslsniff

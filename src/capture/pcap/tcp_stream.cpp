#include "capture/pcap/tcp_stream.h"

#include <algorithm>
#include <chrono>

#include "base/endian.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHeader = 20;
/// Behind a hole, at most: more than the window of most connections, yet little memory.
constexpr std::size_t kMaxHeld = 4 << 20;
constexpr std::size_t kMaxHeldSegments = 8192;
/// Captures put packets of two directions out of order by microseconds, not by more than this.
constexpr Duration kReorderTime = 10ms;
constexpr std::size_t kReorderSegments = 3;
/// The largest window there is (RFC 7323 section 2.2). An acknowledgment further ahead is not of this stream.
constexpr std::int64_t kMaxWindow = 1 << 30;

}  // namespace

std::optional<TcpSegmentView> parse_tcp_segment(ByteView bytes, std::size_t length) {
    if (bytes.size() < kHeader) {
        return std::nullopt;
    }
    const std::size_t header = static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[12]) >> 4) * 4;
    if (header < kHeader || header > length) {
        return std::nullopt;
    }
    const auto flags = static_cast<std::uint8_t>(bytes[13]);
    return TcpSegmentView{.source_port = load_be<std::uint16_t>(bytes, 0),
                          .destination_port = load_be<std::uint16_t>(bytes, 2),
                          .sequence = load_be<std::uint32_t>(bytes, 4),
                          .acknowledgment = load_be<std::uint32_t>(bytes, 8),
                          .syn = (flags & 0x02) != 0,
                          .ack = (flags & 0x10) != 0,
                          .fin = (flags & 0x01) != 0,
                          .rst = (flags & 0x04) != 0,
                          .payload = bytes.substr(std::min(header, bytes.size())),
                          .length = length - header};
}

void TcpStream::on_segment(const TcpSegmentView& segment, Timestamp time, Receiver& receiver) {
    const std::uint32_t first = segment.sequence + (segment.syn ? 1 : 0);
    if (!started_) {
        if (!segment.syn && segment.length == 0 && !segment.fin) {
            return;  // a keep-alive would start one byte too early
        }
        started_ = true;
        next_ = first;
    }
    std::int64_t ahead = distance(first);
    ByteView bytes = segment.payload.substr(0, segment.length);
    std::uint64_t cut = segment.length - bytes.size();
    if (segment.fin && !end_ && ahead + static_cast<std::int64_t>(segment.length) >= 0) {
        end_ = position_ + static_cast<std::uint64_t>(ahead + static_cast<std::int64_t>(segment.length));
    }
    if (ahead < 0) {  // partly or wholly there already
        const auto known = static_cast<std::uint64_t>(-ahead);
        if (known >= segment.length) {
            return;
        }
        const std::size_t trimmed = std::min<std::size_t>(known, bytes.size());
        bytes.remove_prefix(trimmed);
        cut -= known - trimmed;
        ahead = 0;
    }
    if (ahead == 0) {
        accept(bytes, cut, receiver);
        deliver_held(receiver);
    } else if (segment.length > 0) {
        hold(position_ + static_cast<std::uint64_t>(ahead), bytes, cut, time);
        while (held_bytes_ > kMaxHeld || held_.size() > kMaxHeldSegments) {
            give_up_hole(receiver);
        }
    }
    ended_ = ended_ || (end_ && position_ >= *end_);
}

void TcpStream::on_acknowledgment(std::uint32_t number, Timestamp time, Receiver& receiver) {
    if (!started_) {
        return;
    }
    const std::int64_t ahead = distance(number);
    const bool only_fin = end_ && position_ == *end_ && ahead == 1;  // it takes a number too
    const bool beyond = ahead > 0 && ahead < kMaxWindow && !only_fin;
    if (!beyond) {
        hole_since_.reset();
        return;
    }
    hole_since_ = hole_since_.value_or(time);
    if (time - *hole_since_ < kReorderTime && held_.size() < kReorderSegments) {
        return;
    }
    std::uint64_t target = position_ + static_cast<std::uint64_t>(ahead);
    if (end_ && target > *end_) {
        target = *end_;
    }
    while (position_ < target) {
        const std::uint64_t hole_end = held_.empty() ? target : std::min(target, held_.begin()->first);
        skip(hole_end - position_, LossCause::unknown, receiver);
        deliver_held(receiver);
    }
    hole_since_.reset();
    ended_ = ended_ || (end_ && position_ >= *end_);
}

void TcpStream::flush(Receiver& receiver) {
    while (!held_.empty()) {
        give_up_hole(receiver);
    }
    if (end_ && position_ < *end_ && *end_ - position_ < static_cast<std::uint64_t>(kMaxWindow)) {
        skip(*end_ - position_, LossCause::unknown, receiver);
    }
}

void TcpStream::accept(ByteView bytes, std::uint64_t cut, Receiver& receiver) {
    if (!bytes.empty()) {
        next_ += static_cast<std::uint32_t>(bytes.size());
        position_ += bytes.size();
        receiver.on_bytes(bytes);
    }
    if (cut != 0) {
        skip(cut, LossCause::snaplen, receiver);
    }
}

void TcpStream::skip(std::uint64_t bytes, LossCause cause, Receiver& receiver) {
    next_ += static_cast<std::uint32_t>(bytes);
    position_ += bytes;
    receiver.on_missing(bytes, cause);
}

/// Of two segments that begin alike the longer is kept.
void TcpStream::hold(std::uint64_t position, ByteView bytes, std::uint64_t cut, Timestamp time) {
    hole_since_ = hole_since_ || !held_.empty() ? hole_since_ : std::optional(time);
    Held& held = held_[position];
    if (bytes.size() > held.bytes.size()) {
        held_bytes_ += bytes.size() - held.bytes.size();
        held.bytes = bytes;
        held.cut = cut;
    } else if (held.bytes.empty()) {
        held.cut = std::max(held.cut, cut);
    }
}

void TcpStream::deliver_held(Receiver& receiver) {
    while (!held_.empty() && held_.begin()->first <= position_) {
        const auto node = held_.extract(held_.begin());
        const std::uint64_t known = position_ - node.key();
        const Held& held = node.mapped();
        held_bytes_ -= held.bytes.size();
        const std::uint64_t total = held.bytes.size() + held.cut;
        if (known < total) {
            const std::size_t trimmed = std::min<std::size_t>(known, held.bytes.size());
            accept(ByteView(held.bytes).substr(trimmed), held.cut - (known - trimmed), receiver);
        }
    }
}

void TcpStream::give_up_hole(Receiver& receiver) {
    if (!held_.empty()) {
        if (held_.begin()->first > position_) {
            skip(held_.begin()->first - position_, LossCause::unknown, receiver);
        }
        deliver_held(receiver);
    }
}

}  // namespace sslsniff

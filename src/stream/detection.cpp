#include "stream/detection.h"

namespace sslsniff {

bool DetectionBuffer::add(Direction direction, ByteView bytes, Timestamp time) {
    Bytes& octets = octets_[at(direction)];
    if (octets.size() + bytes.size() > limit_) {
        return false;
    }
    entries_.push_back({direction, time, octets.size(), bytes.size(), std::nullopt});
    octets.append(bytes);
    return true;
}

bool DetectionBuffer::add_gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    if (entries_.size() >= limit_) {
        return false;
    }
    has_gap_ = true;
    evidence_begin_[at(direction)] = octets_[at(direction)].size();
    entries_.push_back({direction, time, 0, 0, bytes});
    return true;
}

}  // namespace sslsniff

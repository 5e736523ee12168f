#include "stream/detection.h"

namespace sslsniff {

bool DetectionBuffer::add(Direction direction, ByteView bytes, Timestamp time, const Call& call) {
    Bytes& kept = bytes_[at(direction)];
    if (kept.size() + bytes.size() > limit_) {
        return false;
    }
    entries_.push_back({direction, time, kept.size(), bytes.size(), std::nullopt, call});
    kept.append(bytes);
    return true;
}

void DetectionBuffer::remove_latest() {
    const Entry& latest = entries_.back();
    bytes_[at(latest.direction)].resize(latest.begin);
    entries_.pop_back();
}

std::uint64_t DetectionBuffer::drop_before(Direction direction, std::size_t place) {
    const std::size_t end = evidence_begin_[at(direction)] + place;
    std::uint64_t dropped = 0;
    std::size_t passed = 0;  // entries of gaps have no place of their own
    std::erase_if(entries_, [&](const Entry& entry) {
        if (entry.direction != direction || place == 0 || passed >= end) {
            return false;
        }
        passed += entry.size;
        dropped += entry.gap.value_or(entry.size);
        return true;
    });
    return dropped;
}

bool DetectionBuffer::add_gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    if (entries_.size() >= limit_) {
        return false;
    }
    has_gap_ = true;
    evidence_begin_[at(direction)] = bytes_[at(direction)].size();
    entries_.push_back({direction, time, 0, 0, bytes, {}});
    return true;
}

}  // namespace sslsniff

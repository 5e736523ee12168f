#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "model/connection.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// The first bytes of a connection, both directions, kept in order of arrival until the protocol is sure.
class DetectionBuffer {
  public:
    struct Entry {
        Direction direction;
        Timestamp time;
        std::size_t begin = 0;  ///< in the bytes of its direction
        std::size_t size = 0;
        std::optional<std::uint64_t> gap;  ///< then it stands for missing bytes
        Call call;
    };

    /// `limit`: bytes kept per direction.
    explicit DetectionBuffer(std::size_t limit) : limit_(limit) {}

    bool empty() const { return entries_.empty(); }
    bool has_gap() const { return has_gap_; }
    const std::vector<Entry>& entries() const { return entries_; }
    ByteView bytes(const Entry& entry) const {
        return ByteView(bytes_[at(entry.direction)]).substr(entry.begin, entry.size);
    }

    /// Bytes of one direction that still fit.
    std::size_t room(Direction direction) const { return limit_ - bytes_[at(direction)].size(); }
    /// What is kept of one direction since its last gap.
    ByteView evidence(Direction direction) const {
        return ByteView(bytes_[at(direction)]).substr(evidence_begin_[at(direction)]);
    }
    /// False when it does not fit; nothing is kept then.
    bool add(Direction direction, ByteView bytes, Timestamp time, const Call& call);
    /// Takes back what was added last, which must not have been a gap.
    void remove_latest();
    /// Drops all of one direction before that place of its evidence; what comes is whole entries. Returns how
    /// many bytes that were, those of gaps included.
    std::uint64_t drop_before(Direction direction, std::size_t place);
    bool add_gap(Direction direction, std::uint64_t bytes, Timestamp time);
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(bytes_[0]) + heap_bytes(bytes_[1]) + heap_bytes(entries_); }
    /// Gives the memory back as well.
    void clear() {
        DetectionBuffer fresh(limit_);
        std::swap(*this, fresh);
    }

  private:
    static std::size_t at(Direction direction) { return static_cast<std::size_t>(direction); }

    std::size_t limit_;
    bool has_gap_ = false;
    std::array<Bytes, 2> bytes_;
    std::array<std::size_t, 2> evidence_begin_{};
    std::vector<Entry> entries_;
};

}  // namespace sslsniff

#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sslsniff::cql {

/// What version 5 puts envelopes into once a connection is set up (section 2 of its specification).
struct Segment {
    std::size_t header_size = 0;     ///< bytes: 6, or 8 where compression was agreed upon
    std::uint32_t payload_size = 0;  ///< bytes behind it, as they passed
    std::uint32_t whole_size = 0;    ///< the same, decompressed; 0: they are not compressed
    bool is_self_contained = false;  ///< it has whole envelopes, and no part of one

    /// Bytes of all of it.
    std::size_t size() const { return header_size + payload_size + kTrailer; }
    static constexpr std::size_t kTrailer = 4;
};

inline constexpr std::size_t kMostSegmentHeader = 8;
inline constexpr std::size_t kMostPayload = 131'071;

/// The segment that `bytes` begin with: its header has a checksum of 24 bits. Nothing when there is none, or
/// too few bytes to tell.
std::optional<Segment> read_segment(ByteView bytes);
/// Whether the payload of a whole segment fits its checksum of 32 bits.
bool is_intact(const Segment& segment, ByteView bytes);
/// The payload of a whole segment, decompressed; nothing when it does not fit its checksum.
std::optional<Bytes> segment_payload(const Segment& segment, ByteView bytes);

}  // namespace sslsniff::cql

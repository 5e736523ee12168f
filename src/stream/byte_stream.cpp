#include "stream/byte_stream.h"

#include <algorithm>
#include <limits>

namespace sslsniff {
namespace {

/// Positions of a damaged or hostile trace may be anything; they end at the largest number instead of
/// wrapping.
std::uint64_t end_of(std::uint64_t position, std::uint64_t bytes) {
    return bytes > std::numeric_limits<std::uint64_t>::max() - position
               ? std::numeric_limits<std::uint64_t>::max()
               : position + bytes;
}

}  // namespace

void ByteStream::skip(std::uint64_t bytes) {
    next_ = end_of(next_, bytes);
    totals_.bytes = end_of(totals_.bytes, bytes);
    totals_.missing = end_of(totals_.missing, bytes);
    ++totals_.gaps;
    first_bytes_done_ = !totals_.first_bytes.empty();  // what is kept is contiguous
}

ByteStream::Fresh ByteStream::data(std::uint64_t position, ByteView bytes) {
    Fresh fresh;
    if (position > next_) {
        fresh.gap = position - next_;
        skip(*fresh.gap);
    }
    const std::uint64_t known = std::min<std::uint64_t>(next_ - position, bytes.size());
    duplicates_ += known;
    fresh.bytes = bytes.substr(static_cast<std::size_t>(known));
    if (!first_bytes_done_ && totals_.first_bytes.size() < kFirstBytes) {
        totals_.first_bytes.append(fresh.bytes.substr(0, kFirstBytes - totals_.first_bytes.size()));
    }
    next_ = end_of(next_, fresh.bytes.size());
    totals_.bytes = end_of(totals_.bytes, fresh.bytes.size());
    return fresh;
}

std::optional<std::uint64_t> ByteStream::gap(std::uint64_t position, std::uint64_t bytes) {
    const std::uint64_t end = end_of(position, bytes);
    if (bytes == 0 && position >= next_) {
        skip(position - next_);
        return 0;
    }
    if (end <= next_) {
        return std::nullopt;
    }
    const std::uint64_t missing = end - next_;
    skip(missing);
    return missing;
}

}  // namespace sslsniff

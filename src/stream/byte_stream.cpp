#include "stream/byte_stream.h"

#include <algorithm>

#include "base/saturating.h"

namespace sslsniff {

void ByteStream::skip(std::uint64_t bytes) {
    add_saturating(next_, bytes);
    add_saturating(totals_.bytes, bytes);
    add_saturating(totals_.missing, bytes);
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
    add_saturating(duplicates_, known);
    fresh.bytes = bytes.substr(static_cast<std::size_t>(known));
    if (!first_bytes_done_ && totals_.first_bytes.size() < kFirstBytes) {
        totals_.first_bytes.append(fresh.bytes.substr(0, kFirstBytes - totals_.first_bytes.size()));
    }
    add_saturating(next_, std::uint64_t{fresh.bytes.size()});
    add_saturating(totals_.bytes, std::uint64_t{fresh.bytes.size()});
    return fresh;
}

std::optional<std::uint64_t> ByteStream::gap(std::uint64_t position, std::uint64_t bytes) {
    const std::uint64_t end = saturating_sum(position, bytes);
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

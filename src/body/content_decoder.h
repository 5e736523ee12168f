#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

/// Undoes one content coding (RFC 9110 section 8.4.1), piece by piece.
class ContentDecoder {
  public:
    enum class State : std::uint8_t {
        more,     ///< everything given was used
        ended,    ///< the coded data is over; bytes behind it were not used
        damaged,  ///< not well-formed from here on; what decoded before is in the output
        full      ///< the limit was reached
    };

    ContentDecoder() = default;
    ContentDecoder(const ContentDecoder&) = delete;
    ContentDecoder& operator=(const ContentDecoder&) = delete;
    virtual ~ContentDecoder() = default;

    /// Appends what `coded` decodes to, as long as `out` holds fewer than `limit` bytes.
    virtual State decode(ByteView coded, Bytes& out, std::size_t limit) = 0;
    /// Bytes of memory that it needs by now, itself included: windows may have 16 MiB.
    virtual std::size_t held() const = 0;
};

/// For "gzip", "x-gzip", "deflate" (zlib format, and the raw one that some send), "br" and "zstd", whatever
/// their case; null for others.
std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view coding);

}  // namespace sslsniff

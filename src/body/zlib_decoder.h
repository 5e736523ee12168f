#pragma once

#include <zlib.h>

#include "body/content_decoder.h"

namespace sslsniff {

/// The formats of zlib: RFC 1950, RFC 1951 and RFC 1952.
class ZlibDecoder final : public ContentDecoder {
  public:
    enum class Format : std::uint8_t {
        gzip,     ///< also several members one after the other
        deflate,  ///< zlib's, or raw when it does not look like zlib's
        raw       ///< without header and end, as permessage-deflate uses it (RFC 7692)
    };
    /// `window_bits`: log2 of the window, 8 to 15; used by `raw` alone.
    explicit ZlibDecoder(Format format, int window_bits = MAX_WBITS);
    ~ZlibDecoder() override;

    State decode(ByteView coded, Bytes& out, std::size_t limit) override;
    std::size_t held() const override;
    /// Forgets everything that was decoded.
    void reset();

  private:
    void start(ByteView coded);

    Format format_;
    z_stream stream_{};
    int window_bits_;
    bool started_ = false;
    bool failed_ = false;
    bool used_ = false;             ///< it has its window
    bool between_members_ = false;  ///< a gzip member ended; another may follow
    Bytes first_;                   ///< bytes held back until the format of "deflate" shows
};

}  // namespace sslsniff

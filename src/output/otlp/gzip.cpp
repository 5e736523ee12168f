#include "output/otlp/gzip.h"

#include <zlib.h>

namespace sslsniff {

Bytes gzip(ByteView bytes) {
    constexpr int kGzip = 15 + 16;  // the greatest window, and gzip's header and trailer (zlib.h)
    constexpr int kMemory = 8;
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
        return {};
    }
    Bytes out(deflateBound(&stream, bytes.size()), '\0');
    // zlib's interface is older than const, and wants unsigned bytes.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());  // NOLINT(*-reinterpret-cast)
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);  // what it wrote fits
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace sslsniff

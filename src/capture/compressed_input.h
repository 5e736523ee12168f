#pragma once

#include <memory>

#include "base/input_stream.h"

namespace sslsniff {

/// Bytes of a file that tell how it is compressed.
inline constexpr std::size_t kCompressionMagic = 6;

/// When the file begins like one of gzip (RFC 1952), Zstandard (RFC 8878), xz or LZ4 frames: what is inside,
/// unpacked as it is read, several members one after the other included. Else `input` itself. Memory is
/// bounded: a Zstandard window of up to 128 MiB, 256 MiB for xz. `first`: how the file begins; `input` gives
/// these bytes, too.
Result<std::unique_ptr<InputStream>> unpack_input(ByteView first, std::unique_ptr<InputStream> input);

}  // namespace sslsniff

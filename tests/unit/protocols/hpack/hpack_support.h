#pragma once

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sslsniff::hpack {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct EncodedBlock {
    std::string bytes;
    HeaderList fields;
};

std::string unhex(std::string_view hex);

/// `count` header lists, partly alike, encoded one after the other by one nghttp2 deflater whose table size
/// changes now and then.
std::vector<EncodedBlock> random_blocks(unsigned seed, std::size_t count);

/// A file of lines "block HEX" each followed by "field NAME-HEX VALUE-HEX" lines.
std::vector<EncodedBlock> read_blocks(const std::string& path);

}  // namespace sslsniff::hpack

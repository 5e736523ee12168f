#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "model/body.h"

namespace sslsniff {

/// Bounds that keep a decompression bomb small: whichever is reached first.
struct DecodeLimits {
    std::size_t max_output = std::size_t{1024} * 1024;  ///< octets decoded
    std::size_t max_ratio = 256;                        ///< octets decoded for each octet captured
};

/// The captured part of a body without its content codings (RFC 9110 section 8.4).
struct DecodedBody {
    enum class State : std::uint8_t {
        plain,        ///< there was no coding
        decoded,      ///< all of it
        partial,      ///< as far as captured
        damaged,      ///< as far as it is well-formed
        limited,      ///< as far as the limits allow
        unsupported,  ///< a coding nobody here knows: `octets` are still coded
    };
    Bytes octets;
    State state = State::plain;
};

DecodedBody decode_body(const Body& body, const DecodeLimits& limits = {});

/// One phrase about what `octets` are not: "damaged gzip", "br cut short"; empty for plain and decoded.
std::string describe_decoding(const DecodedBody& decoded, std::string_view content_encoding);

}  // namespace sslsniff

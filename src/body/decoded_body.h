#pragma once

#include <string>

#include "base/bytes.h"
#include "body/body_decoder.h"
#include "model/body.h"

namespace sslsniff {

/// The captured part of a body without its content codings.
struct DecodedBody {
    using State = BodyDecoder::State;
    Bytes bytes;
    State state = State::plain;
};

DecodedBody decode_body(const Body& body, const DecodeLimits& limits = {});

/// One phrase about what `bytes` are not: "damaged gzip", "br cut short"; empty for plain and decoded.
std::string describe_decoding(const DecodedBody& decoded, std::string_view content_encoding);

}  // namespace sslsniff

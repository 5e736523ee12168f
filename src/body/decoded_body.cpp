#include "body/decoded_body.h"

namespace sslsniff {

DecodedBody decode_body(const Body& body, const DecodeLimits& limits) {
    BodyDecoder decoder(body.content_encoding, limits);
    DecodedBody result;
    decoder.feed(body.captured, [&](ByteView bytes) { result.bytes.append(bytes); });
    result.state = decoder.state();
    return result;
}

std::string describe_decoding(const DecodedBody& decoded, std::string_view content_encoding) {
    const std::string coding(content_encoding);
    switch (decoded.state) {
        case DecodedBody::State::partial:
            return coding + " cut short";
        case DecodedBody::State::damaged:
            return "damaged " + coding;
        case DecodedBody::State::limited:
            return coding + " decoded up to the limit";
        case DecodedBody::State::unsupported:
            return "still coded as " + coding;
        default:
            return {};
    }
}

}  // namespace sslsniff

#include "body/decoded_body.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "body/content_decoder.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxCodings = 4;

/// The codings in the order they were applied; "identity" is none.
std::vector<std::string_view> codings_of(std::string_view field) {
    std::vector<std::string_view> codings;
    while (!field.empty()) {
        const std::size_t comma = std::min(field.find(','), field.size());
        const std::string_view coding = trim(field.substr(0, comma));
        if (!coding.empty() && !equals_ignore_case(coding, "identity")) {
            codings.push_back(coding);
        }
        field.remove_prefix(std::min(comma + 1, field.size()));
    }
    return codings;
}

DecodedBody::State worst(DecodedBody::State a, DecodedBody::State b) {
    return std::max(a, b);
}

}  // namespace

DecodedBody decode_body(const Body& body, const DecodeLimits& limits) {
    DecodedBody result{.octets = body.captured, .state = DecodedBody::State::plain};
    std::vector<std::string_view> codings = codings_of(body.content_encoding);
    if (codings.size() > kMaxCodings) {
        result.state = DecodedBody::State::unsupported;
        return result;
    }
    for (; !codings.empty(); codings.pop_back()) {
        const std::unique_ptr<ContentDecoder> decoder = make_content_decoder(codings.back());
        if (!decoder) {
            result.state = DecodedBody::State::unsupported;
            return result;
        }
        const std::size_t limit = std::min(limits.max_output, (body.captured.size() + 64) * limits.max_ratio);
        Bytes out;
        const ContentDecoder::State state = decoder->decode(result.octets, out, limit);
        result.octets = std::move(out);
        DecodedBody::State now = DecodedBody::State::decoded;
        if (state == ContentDecoder::State::damaged) {
            now = DecodedBody::State::damaged;
        } else if (state == ContentDecoder::State::full) {
            now = DecodedBody::State::limited;
        } else if (state == ContentDecoder::State::more && !body.captured.empty()) {
            now = DecodedBody::State::partial;
        }
        result.state = worst(result.state, now);
    }
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

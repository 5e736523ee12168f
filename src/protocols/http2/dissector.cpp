#include <array>

#include "protocols/http/dissector_ports.h"
#include "protocols/http2/dissector_context.h"
#include "protocols/http2/http2_parser.h"

namespace sslsniff {
namespace {

constexpr std::array<std::string_view, 1> kAlpns{"h2"};
/// HTTP's dissector hands over to that of HTTP/2.
constexpr std::array<DissectorTraits::Hint, 2> kHints{{
    {"http_tcp", "sslsniff hint HTTP/1.1\r\n\r\n"},  // not a method: shown as a row of its own
    {"http2_tcp", http2::kPreface},
}};

DissectorTraits make_traits(bool assume_grpc) {
    using MakeContext = decltype(DissectorTraits::make_context);
    const MakeContext plain = [](Direction client, bool from_start) -> std::unique_ptr<StreamContext> {
        return std::make_unique<http2::DissectorContext>(client, from_start, false);
    };
    const MakeContext grpc = [](Direction client, bool from_start) -> std::unique_ptr<StreamContext> {
        return std::make_unique<http2::DissectorContext>(client, from_start, true);
    };
    return {.alpns = kAlpns,
            .ports = http_dissector_ports(),
            .preface = http2::kPreface.substr(0, http2::kPreface.find('\n') + 1),
            .elsewhere = DissectorTraits::Elsewhere::hinted,
            .hints = kHints,
            .make_context = assume_grpc ? grpc : plain};
}

}  // namespace

const DissectorTraits& http2_dissector() {
    static const DissectorTraits traits = make_traits(false);
    return traits;
}

const DissectorTraits& grpc_dissector() {
    static const DissectorTraits traits = make_traits(true);
    return traits;
}

}  // namespace sslsniff

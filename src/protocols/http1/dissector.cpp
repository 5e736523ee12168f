#include <array>

#include "protocols/http/dissector_ports.h"
#include "protocols/http1/http1.h"

namespace sslsniff {
namespace {

constexpr std::array<std::string_view, 2> kAlpns{"http/1.1", "http/1.0"};
constexpr std::array<DissectorTraits::Hint, 1> kHints{{
    {"http_tcp", "sslsniff hint HTTP/1.1\r\n\r\n"},  // not a method: shown as a row of its own
}};

}  // namespace

/// A request or status line is recognised on every port that nobody else takes.
const DissectorTraits& http1_dissector() {
    static const DissectorTraits traits{.alpns = kAlpns,
                                        .ports = http_dissector_ports(),
                                        .elsewhere = DissectorTraits::Elsewhere::found,
                                        .hints = kHints};
    return traits;
}

}  // namespace sslsniff

#include "protocols/decode_as.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/number.h"
#include "base/text.h"

namespace sslsniff {
namespace {

std::string protocol_names() {
    std::string out;
    for (const Protocol& protocol : protocols()) {
        out += out.empty() ? "" : ", ";
        out += protocol.name;
    }
    return out;
}

}  // namespace

Result<DecodeAs> parse_decode_as(std::string_view text) {
    const std::size_t equals = text.find('=');
    const auto port = parse_number<std::uint16_t>(text.substr(0, equals));
    if (equals == std::string_view::npos || !port || *port == 0) {
        return fail(ErrorKind::usage,
                    fmt::format("'{}' is not of the form PORT=PROTOCOL, like 6390=redis", printable(text)));
    }
    const std::string_view name = text.substr(equals + 1);
    const auto found = std::ranges::find_if(
        protocols(), [&](const Protocol& protocol) { return equals_ignore_case(protocol.name, name); });
    if (found == protocols().end()) {
        return fail(ErrorKind::usage, fmt::format("'{}' is not a protocol: choose one of {}", printable(name),
                                                  protocol_names()));
    }
    return DecodeAs{*port, &*found};
}

const Protocol* find_decode_as(const std::vector<DecodeAs>& rules, const Endpoints& endpoints) {
    for (const std::uint16_t port : {endpoints.remote.port, endpoints.local.port}) {
        const auto found = std::ranges::find(rules, port, &DecodeAs::port);
        if (port != 0 && found != rules.end()) {
            return found->protocol;
        }
    }
    return nullptr;
}

}  // namespace sslsniff

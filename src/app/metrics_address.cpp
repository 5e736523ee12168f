#include "app/metrics_address.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

#include "base/number.h"
#include "base/text.h"
#include "model/loopback.h"

namespace sslsniff {

Result<std::string> parse_metrics_address(const std::string& text, bool remote) {
    constexpr std::string_view kLocal = "localhost:";
    std::string address = parse_number<std::uint16_t>(text) ? "127.0.0.1:" + text
                          : text.starts_with(kLocal)        ? "127.0.0.1:" + text.substr(kLocal.size())
                                                            : text;
    const auto endpoint = parse_endpoint(address);
    if (!endpoint || endpoint->address.family == IpAddress::Family::none) {
        return fail(
            ErrorKind::usage,
            fmt::format("--metrics: '{}' is neither PORT nor ADDRESS:PORT, like 127.0.0.1:9464 or [::1]:9464",
                        printable(text)));
    }
    if (!remote && !is_loopback(endpoint->address)) {
        return fail(
            ErrorKind::usage,
            fmt::format(
                "--metrics {}: whoever can reach this address could read them; if that is meant, give "
                "--metrics-remote too",
                address));
    }
    return address;
}

}  // namespace sslsniff

#include "protocols/http/dissector_ports.h"

#include <algorithm>
#include <array>

namespace sslsniff {
namespace {

constexpr auto kPorts =
    std::to_array<std::uint16_t>({80, 1900, 2710, 2869, 3128, 3132, 3689, 5985, 8080, 8088, 11371});
static_assert(std::ranges::is_sorted(kPorts));

}  // namespace

std::span<const std::uint16_t> http_dissector_ports() {
    return kPorts;
}

}  // namespace sslsniff

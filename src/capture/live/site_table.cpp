#include "capture/live/site_table.h"

#include <bpf/bpf.h>

#include <cstring>

namespace sslsniff {
namespace {

// Programs of bpf/sites_without_cookie.bpf.h.
constexpr std::uint32_t kLastEntryProgram = 40;
constexpr std::uint32_t kLastTransportProgram = 48;

}  // namespace

std::optional<std::uint32_t> SiteTable::number(const tls_site& site) {
    Contents contents{};
    std::memcpy(contents.data(), &site, sizeof(site));
    if (const auto known = numbers_.find(contents); known != numbers_.end()) {
        return known->second;
    }
    const bool cookies = programs_.backends().attach_cookies;
    const bool transport = !cookies && is_transport_call(site.call);
    const std::uint32_t number = transport ? kLastEntryProgram + last_transport_ + 1 : last_ + 1;
    const std::uint32_t greatest = cookies     ? MAX_TLS_SITES - 1
                                   : transport ? kLastTransportProgram
                                               : kLastEntryProgram;
    if (number > greatest ||
        bpf_map_update_elem(programs_.map_fd("tls_sites"), &number, &site, BPF_ANY) != 0) {
        return std::nullopt;
    }
    ++(transport ? last_transport_ : last_);
    numbers_.emplace(contents, number);
    return number;
}

}  // namespace sslsniff

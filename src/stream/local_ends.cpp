#include "stream/local_ends.h"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "base/endian.h"

namespace sslsniff {
namespace {

/// As text, in which an IPv4 address is the same whether a socket is of IPv4 or of IPv6 (RFC 4291 section
/// 2.5.5.2): a server that listens at "::" sees its clients so.
bool is_loopback(const IpAddress& address) {
    const std::string text = to_string(address);
    return text.starts_with("127.") || text == "::1";  // RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3
}

void append(std::string& key, const Endpoint& endpoint) {
    key += to_string(endpoint);
    key.push_back(' ');
}

std::string key_of(const ConnectionInfo& info, unsigned part, const Endpoint& from, const Endpoint& to) {
    std::string key;
    append_be(key, is_loopback(from.address) || is_loopback(to.address) ? info.endpoints.netns : 0U);
    key.push_back(static_cast<char>(info.carrier));
    append_be(key, part);
    append(key, from);
    append(key, to);
    return key;
}

bool is_known(const Endpoint& endpoint) {
    return endpoint.address.family != IpAddress::Family::none && endpoint.port != 0;
}

}  // namespace

std::size_t LocalEnds::IdHash::operator()(const ConnectionId& id) const {
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
    return std::hash<std::uint64_t>()((id.handle * kOdd ^ id.generation) * kOdd ^ id.pid);
}

std::optional<ConnectionId> LocalEnds::add(const ConnectionInfo& info, unsigned part) {
    const Endpoints& endpoints = info.endpoints;
    forget(info.id);
    if (endpoints.transport != Transport::tcp || info.id.pid == 0 || !is_known(endpoints.local) ||
        !is_known(endpoints.remote)) {
        return std::nullopt;
    }
    std::string key = key_of(info, part, endpoints.local, endpoints.remote);
    Ends& mine = ends_[key];
    mine.push_back(info.id);
    keys_.emplace(info.id, std::move(key));
    const auto others = ends_.find(key_of(info, part, endpoints.remote, endpoints.local));
    const bool is_certain = mine.size() == 1 && others != ends_.end() && others->second.size() == 1;
    return is_certain && others->second.front() != info.id ? std::optional(others->second.front())
                                                           : std::nullopt;
}

void LocalEnds::remove(const ConnectionInfo& info) {
    forget(info.id);
}

void LocalEnds::forget(const ConnectionId& id) {
    const auto key = keys_.find(id);
    if (key == keys_.end()) {
        return;
    }
    const auto ends = ends_.find(key->second);
    std::erase(ends->second, id);
    if (ends->second.empty()) {
        ends_.erase(ends);
    }
    keys_.erase(key);
}

}  // namespace sslsniff

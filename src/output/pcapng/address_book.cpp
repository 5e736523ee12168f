#include "output/pcapng/address_book.h"

#include <algorithm>
#include <array>

#include "base/endian.h"
#include "model/loopback.h"

namespace sslsniff {
namespace {

constexpr std::uint64_t kPorts = 16'384;  ///< of the dynamic range (RFC 6335 section 6)
constexpr std::uint16_t kFirstPort = 49'152;
constexpr char kDatagrams = 'u';  ///< first of a key
/// Connections that ended and whose other end may still come to light.
constexpr std::size_t kMaxRetired = 4096;
constexpr std::array<std::uint8_t, 3> kLocalNet{192, 0, 2};      ///< TEST-NET-1 (RFC 5737)
constexpr std::array<std::uint8_t, 3> kRemoteNet{198, 51, 100};  ///< TEST-NET-2

/// IPv4-mapped IPv6 addresses are IPv4 on the wire (RFC 4291 section 2.5.5.2).
IpAddress on_the_wire(const IpAddress& address) {
    return parse_ip(to_string(address)).value_or(address);
}

bool is_any(const IpAddress& address) {
    return address.family != IpAddress::Family::none &&
           std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

IpAddress loopback(bool v6) {
    return parse_ip(v6 ? "::1" : "127.0.0.1").value_or(IpAddress{});
}

/// A number of the connection, spread over hosts of a documentation range.
IpAddress made_up_address(const ConnectionId& connection, bool local, bool v6) {
    const std::uint64_t number = connection.generation / kPorts;
    IpAddress address;
    if (v6) {  // 2001:db8::/32 (RFC 3849), the side in the third group, the number in the last ones
        address.family = IpAddress::Family::v6;
        address.bytes = {0x20, 0x01, 0x0D, 0xB8, 0x00, static_cast<std::uint8_t>(local ? 1 : 2)};
        for (std::size_t i = 0; i < 8; ++i) {
            address.bytes[15 - i] = static_cast<std::uint8_t>((number + 1) >> (8 * i));
        }
        return address;
    }
    address.family = IpAddress::Family::v4;
    std::ranges::copy(local ? kLocalNet : kRemoteNet, address.bytes.begin());
    address.bytes[3] = static_cast<std::uint8_t>(1 + number % 254);
    return address;
}

void append_endpoint(std::string& out, const Endpoint& endpoint) {
    out.append(reinterpret_cast<const char*>(endpoint.address.bytes.data()), endpoint.address.bytes.size());
    append_be(out, endpoint.port);
}

/// 0 is one nobody knows.
bool in_one_namespace(std::uint32_t a, std::uint32_t b) {
    return a == b || a == 0 || b == 0;
}

std::string key_of(Transport transport, const ShownEndpoints& shown) {
    std::string local;
    std::string remote;
    append_endpoint(local, shown.local);
    append_endpoint(remote, shown.remote);
    const char kind = transport == Transport::udp ? kDatagrams : 't';
    return local < remote ? kind + local + remote : kind + remote + local;
}

}  // namespace

std::uint16_t AddressBook::made_up_port(const ConnectionId& connection) {
    return static_cast<std::uint16_t>(kFirstPort + connection.generation % kPorts);
}

ShownEndpoints AddressBook::claim(const ConnectionInfo& info, const Ports& ports) {
    const Endpoints& real = info.endpoints;
    ShownEndpoints shown{.local = {on_the_wire(real.local.address), ports.local},
                         .remote = {on_the_wire(real.remote.address), ports.remote},
                         .made_up = ports.local != real.local.port || ports.remote != real.remote.port};
    const bool v6 = shown.local.address.family == IpAddress::Family::v6 ||
                    shown.remote.address.family == IpAddress::Family::v6;
    const auto wanted = v6 ? IpAddress::Family::v6 : IpAddress::Family::v4;
    for (const bool local : {true, false}) {
        IpAddress& address = local ? shown.local.address : shown.remote.address;
        if (address.family != wanted) {
            address = made_up_address(info.id, local, v6);
            shown.made_up = true;
        }
    }
    if (real.transport == Transport::udp) {
        guess_local(info, shown);
    }
    const auto make_up = [&] {
        shown.local.address = made_up_address(info.id, true, v6);
        shown.remote.address = made_up_address(info.id, false, v6);
        (ports.local_is_client ? shown.local : shown.remote).port = made_up_port(info.id);
        shown.made_up = true;
    };

    std::string key = key_of(real.transport, shown);
    std::uint64_t other_end_cookie = 0;
    if (const auto found = owners_.find(key); found != owners_.end() && found->second.connection != info.id) {
        Owner& owner = found->second;
        const bool goes_on =
            owner.handed_over && owner.local == shown.local && owner.socket_cookie == real.socket_cookie;
        if (goes_on) {
            shown.taken_from = owner.connection;
            other_end_cookie = owner.other_end_cookie;
        }
        if (!goes_on && is_other_end(owner, info, shown)) {
            make_up();  // unlike any other's, in case there are several
            shown.shown_by = owner.connection;
            owner.other_end_cookie = real.socket_cookie;
            return shown;
        }
        if (!goes_on && is_alive(owner, real)) {
            make_up();
            key = key_of(real.transport, shown);
        }
    }
    forget(info.id);
    if (const auto found = owners_.find(key); found != owners_.end()) {
        keys_.erase(found->second.connection);
    }
    insert(key, {info.id, shown.local, shown.remote,
                 real.transport == Transport::udp && is_any(real.local.address), real.netns,
                 real.socket_cookie, other_end_cookie});
    keys_[info.id] = key;
    return shown;
}

void AddressBook::release(const ConnectionId& connection, Timestamp closed) {
    const auto found = keys_.find(connection);
    if (found == keys_.end()) {
        return;
    }
    owners_[found->second].closed = closed;
    retire(found->second, connection);
    keys_.erase(found);
}

void AddressBook::hand_over(const ConnectionId& connection) {
    const auto found = keys_.find(connection);
    if (found == keys_.end()) {
        return;
    }
    owners_[found->second].handed_over = true;
    retire(found->second, connection);
    keys_.erase(found);
}

void AddressBook::retire(const std::string& key, const ConnectionId& connection) {
    retired_.push_back({key, connection});
    if (retired_.size() > kMaxRetired) {
        const Retired& oldest = retired_.front();
        const auto owner = owners_.find(oldest.key);
        if (owner != owners_.end() && (owner->second.closed || owner->second.handed_over) &&
            owner->second.connection == oldest.connection) {
            remove(owner);
        }
        retired_.pop_front();
    }
}

void AddressBook::forget(const ConnectionId& connection) {
    if (const auto found = keys_.find(connection); found != keys_.end()) {
        remove(owners_.find(found->second));
        keys_.erase(found);
    }
}

void AddressBook::insert(const std::string& key, const Owner& owner) {
    if (const auto found = owners_.find(key); found != owners_.end()) {
        remove(found);
    }
    if (key.front() == kDatagrams) {
        datagram_owners_.emplace(std::pair(owner.local.port, owner.remote.port), key);
    }
    owners_.emplace(key, owner);
}

void AddressBook::remove(Owners::iterator owner) {
    if (owner == owners_.end()) {
        return;
    }
    const auto& [local, remote] = std::pair(owner->second.local.port, owner->second.remote.port);
    const auto [first, last] = datagram_owners_.equal_range({local, remote});
    const auto found =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == owner->first; });
    if (found != last) {
        datagram_owners_.erase(found);
    }
    owners_.erase(owner);
}

/// A socket that is bound to no address says so instead of the one its datagrams have: its other end, when
/// that is captured too, tells it, in either order. Else it is one that may be.
void AddressBook::guess_local(const ConnectionInfo& info, ShownEndpoints& shown) const {
    constexpr std::ptrdiff_t kMostLookedAt = 64;  // of the same ports
    const bool any_local = is_any(shown.local.address);
    const auto [first, last] = datagram_owners_.equal_range({shown.remote.port, shown.local.port});
    auto left = kMostLookedAt;
    for (auto at = first; at != last && left > 0; ++at, --left) {
        const Owner& owner = owners_.at(at->second);
        const bool fits = (owner.any_local || owner.local == shown.remote) &&
                          (any_local || owner.remote == shown.local) && (owner.any_local || any_local);
        ShownEndpoints as_other = shown;
        as_other.local = owner.remote;
        as_other.remote = owner.local;
        if (fits && owner.connection != info.id && is_other_end(owner, info, as_other)) {
            shown = as_other;
            return;
        }
    }
    if (any_local) {
        const bool v6 = shown.local.address.family == IpAddress::Family::v6;
        const bool is_local = is_loopback(shown.remote.address);
        shown.local.address = is_local ? loopback(v6) : made_up_address(info.id, true, v6);
        shown.made_up = true;
    }
}

/// A connection that began after the owner had ended uses its addresses again, and so does a second socket on
/// the other side.
bool AddressBook::is_other_end(const Owner& owner, const ConnectionInfo& info, const ShownEndpoints& shown) {
    const std::uint64_t cookie = info.endpoints.socket_cookie;
    if (owner.other_end_cookie != 0 && cookie != 0 && owner.other_end_cookie != cookie) {
        return false;
    }
    return in_one_namespace(owner.netns, info.endpoints.netns) && owner.local == shown.remote &&
           owner.local != shown.local && (!owner.closed || info.opened <= *owner.closed);
}

/// False when the addresses are free: the owner has ended, or its socket has.
bool AddressBook::is_alive(const Owner& owner, const Endpoints& now) {
    const bool socket_is_another = owner.socket_cookie != 0 && now.socket_cookie != 0 &&
                                   in_one_namespace(owner.netns, now.netns) &&
                                   owner.socket_cookie != now.socket_cookie;
    return !owner.closed && !socket_is_another;
}

}  // namespace sslsniff

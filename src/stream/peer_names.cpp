#include "stream/peer_names.h"

#include <iterator>

namespace sslsniff {

void PeerNames::learn(const ProcessKey& process, const IpAddress& address, std::uint16_t port,
                      ByteView name) {
    if (name.empty() || name.size() > kMaxLength || address.family == IpAddress::Family::none) {
        return;
    }
    const Key key{process, address.bytes, address.family, port};
    if (const auto known = names_.find(key); known != names_.end()) {
        known->second.name = name;
        use(known->second);
        return;
    }
    if (names_.size() >= max_names_) {
        erase(names_.find(recency_.front()));
    }
    recency_.push_back(key);
    names_.emplace(key, Entry{std::string(name), std::prev(recency_.end())});
}

std::string PeerNames::find(const ProcessKey& process, const Endpoint& endpoint) {
    for (const std::uint16_t port : {endpoint.port, std::uint16_t{0}}) {
        const auto known = names_.find({process, endpoint.address.bytes, endpoint.address.family, port});
        if (known != names_.end()) {
            use(known->second);
            return known->second.name;
        }
    }
    return {};
}

void PeerNames::forget(const ProcessKey& process) {
    auto at = names_.lower_bound(Key{process, {}, IpAddress::Family::none, 0});
    while (at != names_.end() && at->first.process == process) {
        erase(at++);
    }
}

void PeerNames::erase(Entries::iterator at) {
    recency_.erase(at->second.recency);
    names_.erase(at);
}

}  // namespace sslsniff

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "base/bytes.h"
#include "model/connection.h"

namespace sslsniff {

/// What each process calls the addresses it talks to: the names it asked DNS for, and those it put into
/// ClientHellos. Names are any bytes. Bounded: the entry that was longest not used makes room.
class PeerNames {
  public:
    static constexpr std::size_t kMaxNames = 16'384;
    static constexpr std::size_t kMaxLength =
        255;  ///< bytes (RFC 1035 section 2.3.4); longer ones are not kept

    explicit PeerNames(std::size_t max_names = kMaxNames) : max_names_(max_names) {}

    /// From now on `process` knows `address` by `name`: at `port` only, or with 0 at any.
    void learn(const ProcessKey& process, const IpAddress& address, std::uint16_t port, ByteView name);
    /// The latest name for the endpoint, one for its port before one for any; empty when there is none.
    std::string find(const ProcessKey& process, const Endpoint& endpoint);
    void forget(const ProcessKey& process);

    std::size_t size() const { return names_.size(); }

  private:
    struct Key {
        ProcessKey process;
        std::array<std::uint8_t, 16> address{};
        IpAddress::Family family = IpAddress::Family::none;
        std::uint16_t port = 0;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        std::string name;
        std::list<Key>::iterator recency;
    };
    using Entries = std::map<Key, Entry>;  // those of a process are neighbours

    void use(Entry& entry) { recency_.splice(recency_.end(), recency_, entry.recency); }
    void erase(Entries::iterator at);

    std::size_t max_names_;
    Entries names_;
    std::list<Key> recency_;  // longest not used first
};

}  // namespace sslsniff

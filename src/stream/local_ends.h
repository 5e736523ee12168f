#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/connection.h"

namespace sslsniff {

/// Finds the two connections that are the ends of one, when both of its processes run on this host and are
/// captured: TCP whose endpoints are each other's. Addresses of a loopback interface count within their
/// network namespace; others are the same everywhere on the host. What is not certain is not claimed: when
/// several connections could be the other end, none is. Holds one entry for each connection it was told of.
class LocalEnds {
  public:
    /// Bytes of memory, about.
    static constexpr std::size_t kHeldForEach = 320;

    /// The endpoints of a connection of a known process became known, or changed. `part`: how many
    /// connections its socket carried before (TLS that began inside), for each has its like at the other end.
    /// The other end, if it was here before.
    std::optional<ConnectionId> add(const ConnectionInfo& info, unsigned part = 0);
    /// The connection is over.
    void remove(const ConnectionInfo& info);

    bool knows(const ConnectionId& id) const { return keys_.contains(id); }
    std::size_t size() const { return keys_.size(); }

  private:
    using Ends = std::vector<ConnectionId>;
    struct IdHash {
        std::size_t operator()(const ConnectionId& id) const;
    };
    void forget(const ConnectionId& id);

    std::unordered_map<std::string, Ends> ends_;                  ///< by how they see the connection
    std::unordered_map<ConnectionId, std::string, IdHash> keys_;  ///< where each of them is
};

}  // namespace sslsniff

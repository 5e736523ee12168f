#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/connection.h"
#include "model/event.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// Connections that are over while their socket may go on: cleartext that turned into TLS, and TLS that
/// ended. The next connection of that socket continues them. Where sockets have no cookie (captures of
/// others), that is one with the same ends that begins in the same instant. Bounded: the oldest are
/// forgotten.
class FormerParts {
  public:
    static constexpr std::size_t kMost = 4096;

    struct Former {
        ConnectionId connection;
        unsigned part = 0;  ///< how many its socket carried before it, as far as that was seen
        std::shared_ptr<const Tunnel> tunnel;
        std::shared_ptr<const ParserSession> session;  ///< see ParserHost::begin_tls; may be null
    };

    void add(const ConnectionInfo& info, unsigned part, CloseReason reason, Timestamp closed,
             std::shared_ptr<const ParserSession> session);
    /// What a connection with these endpoints, which began at `time`, continues.
    std::optional<Former> take(const ConnectionId& id, const Endpoints& endpoints, Timestamp time);

    std::size_t size() const { return parts_.size(); }

  private:
    struct Part {
        Former former;
        Timestamp closed;
        std::uint64_t number = 0;
    };
    std::unordered_map<std::string, Part> parts_;              // by socket
    std::deque<std::pair<std::uint64_t, std::string>> order_;  // number and socket; the part may be gone
    std::uint64_t last_ = 0;
};

}  // namespace sslsniff

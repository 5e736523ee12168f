#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/connection.h"

namespace sslsniff {

/// Two ends of a conversation as shown in packets, of one address family.
struct ShownEndpoints {
    Endpoint local;
    Endpoint remote;
    bool made_up = false;  ///< not (all) the real ones
};

/// Decides which addresses each connection gets in one capture. A dissector knows a conversation by its
/// addresses and ports alone, so no two connections may have the same at the same time.
class AddressBook {
  public:
    /// The endpoints for `info`, whose real ones are used where they are known and free. Unknown addresses,
    /// and those of a second connection on the same ones (TLS inside TLS, another network namespace), are
    /// stable documentation addresses (RFC 5737, RFC 3849). Nullopt when `info` is the other end of a
    /// connection that is already shown: its plaintext would appear twice. `ports` are what is shown instead
    /// of the real ones.
    struct Ports {
        std::uint16_t local = 0;
        std::uint16_t remote = 0;
        bool local_is_client = true;
    };
    std::optional<ShownEndpoints> claim(const ConnectionInfo& info, const Ports& ports);
    void release(const ConnectionId& connection);

    /// The port used for a client nobody knows.
    static std::uint16_t made_up_port(const ConnectionId& connection);

  private:
    struct Owner {
        ConnectionId connection;
        Endpoint local;
        std::uint32_t netns = 0;
        std::uint64_t socket_cookie = 0;
    };

    std::map<std::string, Owner> owners_;       ///< by transport and both endpoints, ordered
    std::map<ConnectionId, std::string> keys_;  ///< what each connection owns
};

}  // namespace sslsniff

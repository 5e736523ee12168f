#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/connection.h"

namespace sslsniff {

/// Two ends of a conversation as shown in packets, of one address family.
struct ShownEndpoints {
    Endpoint local;
    Endpoint remote;
    bool made_up = false;  ///< not (all) the real ones
    /// Who shows the connection already, as its other end: its plaintext must not appear twice.
    std::optional<ConnectionId> shown_by = std::nullopt;
    /// Whose addresses they were: hand_over().
    std::optional<ConnectionId> taken_from = std::nullopt;
};

/// Decides which addresses each connection gets in one capture. A dissector knows a conversation by its
/// addresses and ports alone, so no two connections may have the same at the same time.
class AddressBook {
  public:
    /// The endpoints for `info`, whose real ones are used where they are known and free. Unknown addresses,
    /// and those of a second connection on the same ones (TLS inside TLS, another network namespace), are
    /// stable documentation addresses (RFC 5737, RFC 3849). `ports` are what is shown instead of the real
    /// ones.
    struct Ports {
        std::uint16_t local = 0;
        std::uint16_t remote = 0;
        bool local_is_client = true;
    };
    ShownEndpoints claim(const ConnectionInfo& info, const Ports& ports);
    void release(const ConnectionId& connection, Timestamp closed);
    /// The connection is over, but another one goes on with its socket and gets its addresses.
    void hand_over(const ConnectionId& connection);

    /// The port used for a client nobody knows.
    static std::uint16_t made_up_port(const ConnectionId& connection);

  private:
    struct Owner {
        ConnectionId connection;
        Endpoint local;          ///< as shown
        Endpoint remote;         ///< the same
        bool any_local = false;  ///< the socket is bound to no address: `local` is none it says
        std::uint32_t netns = 0;
        std::uint64_t socket_cookie = 0;
        std::uint64_t other_end_cookie = 0;  ///< of the socket that was taken for its other end
        std::optional<Timestamp> closed = std::nullopt;
        bool handed_over = false;
    };
    struct Retired {
        std::string key;
        ConnectionId connection;
    };

    using Owners = std::map<std::string, Owner>;

    void guess_local(const ConnectionInfo& info, ShownEndpoints& shown) const;
    void insert(const std::string& key, const Owner& owner);
    void remove(Owners::iterator owner);
    static bool is_other_end(const Owner& owner, const ConnectionInfo& info, const ShownEndpoints& shown);
    static bool is_alive(const Owner& owner, const Endpoints& now);
    void forget(const ConnectionId& connection);
    void retire(const std::string& key, const ConnectionId& connection);

    Owners owners_;  ///< by transport and both endpoints, ordered
    /// Keys of those that send datagrams, by local and remote port.
    std::multimap<std::pair<std::uint16_t, std::uint16_t>, std::string> datagram_owners_;
    std::map<ConnectionId, std::string> keys_;  ///< what each connection owns
    std::deque<Retired> retired_;               ///< closed owners that are still known, oldest first
};

}  // namespace sslsniff

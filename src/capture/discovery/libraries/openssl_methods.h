#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// The functions that MethodTables needs.
inline constexpr std::array<std::string_view, 8> kMethodFunctions{
    "TLS_method",         "TLS_server_method",  "TLS_client_method",    "DTLS_method",
    "DTLS_server_method", "DTLS_client_method", "SSL_set_accept_state", "SSL_set_connect_state"};

/// Addresses of functions that make handshakes.
struct StateMachines {
    std::uint64_t connect = 0;
    std::uint64_t accept = 0;
};

/// The tables of functions (SSL_METHOD of OpenSSL 1.1 to 3.x) through which public functions of OpenSSL call
/// those of the protocol's version. TLS_method() and its like return their addresses; where in a table
/// ssl_accept lies is told by the code of SSL_set_accept_state() and SSL_set_connect_state(). Read when first
/// asked for.
class MethodTables {
  public:
    /// `symbols`: of kMethodFunctions. Both have to outlive this.
    MethodTables(const ElfImage& image, const ElfSymbols& symbols) : image_(image), symbols_(symbols) {}

    /// ssl_accept and ssl_connect of all tables: what a session's handshake function can be.
    std::vector<std::uint64_t> handshakes();
    /// What all clients, and all servers, have as that; nullopt when it is not one function for each.
    std::optional<StateMachines> state_machines();
    /// The functions at `displacement` bytes from the beginning of the tables, each once.
    std::vector<std::uint64_t> functions_at(std::int64_t displacement);
    /// All functions of all tables, each once.
    std::vector<std::uint64_t> functions();

  private:
    void load();
    std::optional<std::int64_t> accept_displacement() const;

    const ElfImage& image_;
    const ElfSymbols& symbols_;
    bool is_loaded_ = false;
    std::map<std::uint64_t, std::uint64_t> pointers_;
    std::vector<std::uint64_t> tables_;  ///< addresses
};

}  // namespace sslsniff

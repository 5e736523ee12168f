#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "protocols/mysql/login.h"
#include "protocols/mysql/pending.h"
#include "protocols/mysql/statements.h"
#include "protocols/pairing/held_total.h"
#include "protocols/pairing/in_order.h"
#include "protocols/pairing/order_trust.h"
#include "protocols/protocol.h"

namespace sslsniff::mysql {

/// What the cleartext beginning of a connection has shown.
struct Beginning {
    Bytes version;  ///< of the server; empty: not seen
    std::uint32_t connection_id = 0;
    std::optional<std::uint32_t> capabilities;  ///< of the server
    std::uint32_t mariadb = 0;                  ///< its extended ones
};

/// How packets are compressed from the next command on.
enum class Compression : std::uint8_t { none, zlib, zstd };

/// Pairs what the client asks with what the server answers, in order, and emits exchanges. Follows the state
/// of the session: capabilities, prepared statements, the stage of an answer.
class Matcher {
  public:
    Matcher(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    /// What came before TLS.
    void resume(const Beginning& beginning) {
        beginning_ = beginning;
        phase_ = Phase::login;
    }
    const Beginning& beginning() const { return beginning_; }

    void on_client(const Packet& packet);
    void on_server(const Packet& packet);

    /// The client's latest packet asks for TLS from the next byte on.
    bool begins_tls() const { return begins_tls_; }
    /// True once after the login is over, when what follows is compressed.
    bool takes_compression() const { return phase_ == Phase::commands && compression_ != Compression::none; }
    Compression compression() const { return compression_; }

    void requests_lost();
    void replies_lost(std::string_view reason);
    void joined_midstream();
    void finish();

    std::size_t held() const;                  ///< bytes of memory outside of itself
    std::uint64_t give_up(std::size_t bytes);  ///< see ProtocolParser
    std::uint64_t emitted() const { return emitted_; }

  private:
    enum class Phase : std::uint8_t { greeting, login, authentication, commands };

    // Of the client.
    void on_login(const Packet& packet);
    void on_command(const Packet& packet);
    void on_continued(const Packet& packet);
    void describe(Pending& pending, const Packet& packet);
    Pending make_pending(const Packet& packet, std::string_view kind);
    void add(Pending pending);

    // Of the server.
    void on_greeting(const Packet& packet);
    void on_answer(Pending& pending, const Packet& packet);
    void on_first(Pending& pending, const Packet& packet);
    void on_authentication(Pending& pending, const Packet& packet);
    void on_column_count(Pending& pending, const Packet& packet);
    void on_column(Pending& pending, const Packet& packet);
    void on_behind_columns(Pending& pending, const Packet& packet);
    void on_row(Pending& pending, const Packet& packet);
    void on_prepared(Pending& pending, const Packet& packet);
    void on_definition(Pending& pending, const Packet& packet);
    void on_ok(Pending& pending, const Packet& packet, bool ends_rows);
    void on_err(Pending& pending, const Packet& packet);
    void columns_done(Pending& pending);
    void answered(Pending& pending, const Packet& packet);
    void session_ended(const Packet& packet);
    void drain();

    void apply(Pending& pending);
    void resolve(Pending& pending);
    void agree();
    void measure(Pending& pending);
    void bound_pending();
    Pending take_oldest();
    void emit_pending(Pending pending, std::string_view reason);

    ParserHost& host_;
    ParserLimits limits_;
    Phase phase_ = Phase::greeting;
    Beginning beginning_;
    Login login_;
    Capabilities capabilities_;
    Compression compression_ = Compression::none;
    bool begins_tls_ = false;
    pairing::InOrder<Pending> pending_;
    pairing::HeldTotal pending_held_;
    pairing::OrderTrust trust_;
    Statements statements_;
    std::uint64_t emitted_ = 0;
};

}  // namespace sslsniff::mysql

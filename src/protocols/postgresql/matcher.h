#pragma once

#include <memory>
#include <string_view>

#include "protocols/pairing/held_total.h"
#include "protocols/pairing/in_order.h"
#include "protocols/pairing/order_trust.h"
#include "protocols/postgresql/message.h"
#include "protocols/postgresql/pending.h"
#include "protocols/postgresql/prepared.h"
#include "protocols/protocol.h"

namespace sslsniff::postgresql {

/// Pairs what the client asks with what the server answers, in order, and emits exchanges. Follows the state
/// of the session: prepared statements, portals, COPY, and what the server ignores after an error.
class Matcher {
  public:
    Matcher(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    void on_frontend(const Message& message);
    void on_backend(const Message& message);

    /// SSLRequest or GSSENCRequest waits for its answer, a single byte.
    bool awaits_encryption() const;
    /// That byte: S, G or N.
    void on_encryption(char answer, Timestamp time);

    /// Requests were lost: what follows is paired in doubt.
    void requests_lost();
    /// Answers were lost: all requests that wait count as unanswered.
    void replies_lost(std::string_view reason);
    void joined_midstream() { trust_.doubt(); }
    /// The connection is over.
    void finish();

    std::size_t held() const;                  ///< bytes of memory outside of itself
    std::uint64_t give_up(std::size_t bytes);  ///< see ProtocolParser
    std::uint64_t emitted() const { return emitted_; }

  private:
    // Of the client.
    void on_startup_packet(const Message& message);
    void on_query(const Message& message);
    void on_parse(const Message& message);
    void on_bind(const Message& message);
    void on_describe(const Message& message);
    void on_execute(const Message& message);
    void on_close(const Message& message);
    void on_sync(const Message& message);
    void on_function_call(const Message& message);
    void on_password(const Message& message);
    void on_copy_from_client(const Message& message);
    Pending& begin(Pending::Type type, std::string_view kind, const Message& message);
    Pending& unit(const Message& message, bool fresh);
    void take_step(Pending& pending, char step, const Message& message);
    void added(Pending& pending);

    // Of the server.
    void on_answer(Pending& pending, const Message& message);
    void on_startup_answer(Pending& pending, const Message& message);
    void on_unit_answer(Pending& pending, const Message& message);
    /// True when a statement's answer ends with it.
    bool on_result(Pending& pending, const Message& message);
    void on_row(Pending& pending, const Message& message);
    void on_command_complete(Pending& pending, ByteView tag);
    void on_copy_begins(Pending& pending, const Message& message);
    void on_copy_data(Pending& pending, const Message& message);
    void on_error(const Message& message);
    void on_notice(const Message& message);
    void on_notification(const Message& message);
    void on_ready(const Message& message);
    void on_orphan(const Message& message);
    void end_orphan(const Message& message);
    void step_answered(Pending& pending, const Message& message);
    void unit_answered(Pending& pending, const Message& message);
    void confirm_bind(Pending& pending);
    void start_execution(Pending& pending);
    void forget_deallocated(const Pending& pending, ByteView tag);

    void resolve(Pending& pending);
    void measure(Pending& pending);
    void bound_pending();
    void drop_eaten_syncs();
    Pending take_oldest();
    void emit_pending(Pending pending, std::string_view reason);
    void emit_alone(std::unique_ptr<sql::SqlExchange> exchange, const Message& message);

    ParserHost& host_;
    ParserLimits limits_;
    pairing::InOrder<Pending> pending_;
    pairing::HeldTotal pending_held_;
    pairing::OrderTrust trust_;
    PreparedStatements prepared_;
    std::size_t exchanges_ = 0;        ///< of pending_, those with an exchange
    Pending* open_ = nullptr;          ///< the unit that the client may still add to
    std::unique_ptr<Pending> orphan_;  ///< an answer to what nobody saw
    bool failed_ = false;              ///< the server ignores units up to the next Sync
    std::uint64_t emitted_ = 0;
};

}  // namespace sslsniff::postgresql

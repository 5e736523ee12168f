#pragma once

#include <list>
#include <memory>
#include <string_view>
#include <vector>

#include "protocols/http/http_exchange.h"
#include "protocols/http1/message_reader.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// Matches responses to requests: first in, first out (RFC 9112 section 9.3). Nothing in the messages says
/// which belong together, so after a loss the count may be off; pairings made then are marked as uncertain
/// until the connection comes to a point where nothing can be outstanding: a request that begins while no
/// other waits, on a connection that never pipelined, after the responses to lost requests. A response
/// without request waits for it, since two threads of a process may report their calls in either order,
/// unless something was lost.
class ExchangeQueue {
  public:
    struct Slot {
        std::unique_ptr<HttpExchange> exchange = std::make_unique<HttpExchange>("http/1.1");
        Timing timing;
        Integrity integrity;
        bool request_begun = false;
        bool request_done = false;
        bool response_begun = false;
        bool response_done = false;
        bool doubtful = false;  ///< the pairing is
    };

    ExchangeQueue(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    HttpRequest& begin_request(Http1Head&& head);
    void end_request(Timestamp time);

    /// The slot the next response belongs to; null when its request is not there (yet).
    Slot* next_for_response();
    void add_informational(Http1Head&& head);
    HttpResponse& begin_response(Http1Head&& head);
    void end_response(Timestamp time);
    /// Ends the half in progress though its end was not seen.
    void cut(StartLineMatcher::Kind kind);

    /// The half in progress misses octets, or will not be finished.
    void damage(StartLineMatcher::Kind kind, std::uint64_t missing, std::string_view why);
    /// A request passed of which nothing is worth showing; `refused`: because it is malformed.
    void owe_response(bool refused);
    /// Whole messages of this kind may have passed unseen; `bytes`: octets of them, 0 when unknown.
    void lost(StartLineMatcher::Kind kind, std::uint64_t bytes, Timestamp time);
    /// Emits all, finished or not.
    void finish();

    Slot* current(StartLineMatcher::Kind kind) {
        return kind == StartLineMatcher::Kind::request ? request_ : response_;
    }

  private:
    void emit_finished();
    void emit(Slot& slot);
    Slot& slot_for_request();
    Slot& slot_for_response(const Http1Head& head);
    void close_lost_responses(const Slot* last);
    bool release_unasked_responses();
    void make_room();

    ParserHost& host_;
    const ParserLimits& limits_;
    std::list<Slot> slots_;
    Slot* request_ = nullptr;   ///< whose request is in progress
    Slot* response_ = nullptr;  ///< whose response is in progress
    bool requests_lost_ = false;
    bool responses_lost_ = false;
    bool owed_ = false;  ///< requests were lost, and no response came since
    bool any_request_ = false;
    bool pipelines_ = false;
    Timestamp responses_lost_at_;  ///< when responses last passed that belong to no request here
    std::uint64_t given_up_ = 0;   ///< requests no longer kept whose responses will still come
    std::uint64_t refused_ = 0;    ///< malformed requests whose responses will still come
};

}  // namespace sslsniff

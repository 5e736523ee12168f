#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "protocols/http/http_exchange.h"
#include "protocols/http1/message_reader.h"
#include "protocols/pairing/held_total.h"
#include "protocols/pairing/in_order.h"
#include "protocols/protocol.h"

namespace sslsniff::http1 {

/// Matches responses to requests: first in, first out (RFC 9112 section 9.3). Nothing in the messages says
/// which belong together, so after a loss the count may be off; pairings made then are marked as uncertain
/// until the connection comes to a point where nothing can be outstanding: a request that begins while no
/// other waits, on a connection that never pipelined, after the responses to lost requests. A response
/// without request waits for it, since two threads of a process may report their calls in either order,
/// unless something was lost: and when more of them wait than requests may, their requests are lost.
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
        bool was_shed = false;  ///< it lost something to the bound of all that is held
        std::size_t held = 0;   ///< bytes of memory, when they were last measured
    };

    ExchangeQueue(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    /// `now`: when its header section was over.
    HttpRequest& begin_request(Head&& head, Timestamp now);
    void end_request(Timestamp time);

    /// The slot the next response belongs to; null when its request is not there (yet).
    Slot* next_for_response();
    void add_informational(Head&& head);
    HttpResponse& begin_response(Head&& head);
    void end_response(Timestamp time);
    /// Ends the half in progress though its end was not seen.
    void cut(StartLineMatcher::Kind kind);

    /// The half in progress misses bytes, or will not be finished.
    void damage(StartLineMatcher::Kind kind, std::uint64_t missing, std::string_view why);
    /// A request began of which nothing is worth showing.
    void owe_response();
    /// What begins with `line` came where a request belongs. It is likely to be answered.
    void refuse_request(ByteView line, Timestamp start);
    /// What begins with `line` came where a response belongs.
    void refuse_response(ByteView line);
    /// How the connection began, in the direction of the requests, before HTTP was recognised: a response
    /// without request may answer that. Empty: nothing passed, or was not seen.
    void set_not_understood(ByteView beginning) { not_understood_ = beginning; }
    /// Whole messages of this kind may have passed unseen; `bytes`: bytes of them, 0 when unknown.
    void lost(StartLineMatcher::Kind kind, std::uint64_t bytes, Timestamp time);
    /// Emits all, finished or not.
    void finish();

    std::size_t held() const;                  ///< see ProtocolParser
    std::uint64_t give_up(std::size_t bytes);  ///< see ProtocolParser

    Slot* current(StartLineMatcher::Kind kind) {
        return kind == StartLineMatcher::Kind::request ? request_ : response_;
    }

  private:
    using Slots = pairing::InOrder<Slot>;

    void emit_finished();
    void emit(Slot& slot);
    void emit_unfinished(Slot& slot);
    Slot& slot_for_request();
    Slot& slot_for_response(const Head& head);
    Slot& slot_without_request(const Head& head);
    bool is_idle() const { return open_.empty() && unanswered_.empty() && unasked_.empty() && !alone_; }
    void close_lost_responses(const Slot* last);
    bool release_unasked_responses();
    void make_room();
    void give_up_request(std::string_view why);
    static std::size_t cost_of(const Slot& slot);
    void measure(Slot& slot);
    bool shed(Slot& slot);
    std::uint64_t give_up_oldest();

    ParserHost& host_;
    const ParserLimits& limits_;
    // In order; a slot moves from `unanswered_` or `unasked_`, of which one is always empty, to `open_`.
    Slots open_;                 ///< both halves have begun, or are not to come; one of them is unfinished
    Slots unanswered_;           ///< whose response has not begun
    Slots unasked_;              ///< whose request has not begun
    std::optional<Slot> alone_;  ///< whose request will not come and whose response is in progress
    pairing::HeldTotal held_;
    Slot* request_ = nullptr;   ///< whose request is in progress
    Slot* response_ = nullptr;  ///< whose response is in progress
    bool requests_lost_ = false;
    bool responses_lost_ = false;
    bool owed_ = false;  ///< requests were lost, and no response came since
    bool any_request_ = false;
    bool pipelines_ = false;
    Timestamp responses_lost_at_;  ///< when responses last passed that belong to no request here
    std::uint64_t given_up_ = 0;   ///< requests no longer kept whose responses will still come
    Bytes not_understood_;         ///< see set_not_understood
};

}  // namespace sslsniff::http1

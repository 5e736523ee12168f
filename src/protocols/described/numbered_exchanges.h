#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocols/described/described_exchange.h"
#include "protocols/framed/message_handler.h"
#include "protocols/pairing/by_id.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// Exchanges in progress of framed protocols whose answers have the number of their request, and whose
/// servers answer in the order of the requests. State is what the answer needs to know of the request.
template <class Id, class State>
class NumberedExchanges {
  public:
    /// `max_pending`: requests that wait.
    NumberedExchanges(ParserHost& host, std::size_t max_pending) : host_(host), max_pending_(max_pending) {}

    struct Waiting {
        State state;
        std::unique_ptr<DescribedExchange> exchange;
        Timing timing{};
        Integrity integrity{};
        std::uint64_t number = 0;  ///< in the order in which they came
        std::size_t held = 0;      ///< see pairing::HeldTotal
    };

    /// A request; `damage`: why it is not all of it, or empty.
    static Waiting begin(State state, std::unique_ptr<DescribedExchange> exchange,
                         const framed::Message& request, std::string_view damage) {
        Waiting out{.state = std::move(state), .exchange = std::move(exchange)};
        out.timing.start = request.start;
        if (damage.empty()) {
            out.timing.request_end = request.end;
        }
        add_damage(out.integrity, request, damage);
        return out;
    }

    /// It waits for its answer.
    void wait(Id id, Waiting waiting) {
        waiting.number = ++requests_;
        if (auto same = waiting_.take(id, any)) {
            // Nobody can tell any more which of the two is answered.
            emit_unanswered(*std::move(same), "the same number was used again");
            waiting.integrity.complete = false;
            waiting.integrity.reason = "its number was used twice";
        }
        if (waiting_.size() >= max_pending_) {
            emit_unanswered(*waiting_.take_oldest(), "no response: too many requests wait");
        }
        const std::size_t bytes = waiting.exchange->held();
        waiting_.add(id, std::move(waiting), bytes);
    }
    /// There is none, by design.
    void emit_without_answer(Waiting waiting) {
        waiting.timing.end = waiting.timing.request_end;
        emit(std::move(waiting));
    }

    /// The request that is answered; nothing when it was not seen.
    std::optional<Waiting> take(Id id) {
        std::optional<Waiting> found = waiting_.take(id, any);
        while (found && !waiting_.empty() && waiting_.oldest()->number < found->number &&
               waiting_.oldest()->number <= doubted_) {
            emit_unanswered(*waiting_.take_oldest(), "response lost");
        }
        return found;
    }
    void emit_with_answer(Waiting waiting, const framed::Message& response, std::string_view damage) {
        waiting.timing.response_start = response.start;
        if (damage.empty()) {
            waiting.timing.end = response.end;
        }
        add_damage(waiting.integrity, response, damage);
        emit(std::move(waiting));
    }
    /// What the server says without a request that was seen: `reason` is empty when there is none by design.
    void emit_alone(std::unique_ptr<DescribedExchange> exchange, const framed::Message& response,
                    std::string_view damage, std::string_view reason) {
        Waiting alone{.state = {}, .exchange = std::move(exchange)};
        alone.timing.start = response.start;
        alone.integrity.joined_midstream = !reason.empty();
        add_damage(alone.integrity, response, damage.empty() ? reason : damage);
        emit_with_answer(std::move(alone), response, damage);
    }

    /// Bytes of the server are missing: what waits now may have lost its answer.
    void on_answers_lost() { doubted_ = requests_; }
    void finish() {
        while (auto waiting = waiting_.take_oldest()) {
            emit_unanswered(*std::move(waiting), "no response");
        }
    }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return waiting_.held(); }
    /// ProtocolParser::give_up(): answers may come to what is no longer known.
    std::uint64_t give_up(std::size_t bytes) {
        std::uint64_t given_up = 0;
        const std::size_t before = waiting_.held();
        while (!waiting_.empty() && before - waiting_.held() < bytes) {
            emit_unanswered(*waiting_.take_oldest(), kNoLongerKept);
            ++given_up;
        }
        return given_up;
    }

  private:
    static bool any(const Waiting& /*waiting*/) { return true; }

    static void add_damage(Integrity& integrity, const framed::Message& message, std::string_view damage) {
        integrity.missing_bytes += message.missing;
        if (damage.empty() && message.missing == 0) {
            return;
        }
        integrity.reason = integrity.complete ? std::string(damage.empty() ? framed::kGap : damage)
                                              : std::move(integrity.reason);
        integrity.complete = false;
    }
    void emit_unanswered(Waiting waiting, std::string_view reason) {
        if (waiting.integrity.complete) {
            waiting.integrity.reason = reason;
        }
        waiting.integrity.complete = false;
        waiting.exchange->said.outcome = Outcome::unanswered;
        emit(std::move(waiting));
    }
    void emit(Waiting waiting) {
        host_.emit(waiting.timing, std::move(waiting.integrity), std::move(waiting.exchange));
    }

    ParserHost& host_;
    std::size_t max_pending_;
    pairing::ById<Id, Waiting> waiting_;
    std::uint64_t requests_ = 0;
    std::uint64_t doubted_ = 0;  ///< the latest request whose answer may be lost
};

}  // namespace sslsniff

#include "protocols/described/ordered_flows.h"

#include <utility>

namespace sslsniff {
namespace {

constexpr std::string_view kUncertain = "pairing not certain after a loss";

}  // namespace

void OrderedFlows::wait(Flow flow, Timestamp time) {
    trust_.on_request(waiting_.size(), time);
    if (!trust_.certain()) {
        flow.damage(kUncertain);
    }
    Flow& placed = waiting_.add(std::move(flow));
    total_.measure(placed, placed.exchange ? placed.exchange->held() : 0);
    if (waiting_.size() > max_pending_) {
        flush_oldest("too many wait for an answer");
        trust_.doubt();
    }
}

std::optional<Flow> OrderedFlows::answer(Timestamp time) {
    trust_.on_reply(waiting_.size(), time);
    if (waiting_.empty()) {
        return std::nullopt;
    }
    total_.leave(waiting_.oldest());
    return waiting_.take_oldest();
}

void OrderedFlows::lose(std::string_view reason) {
    flush(reason);
    trust_.doubt();
}

std::size_t OrderedFlows::flush(std::string_view reason) {
    std::size_t count = 0;
    while (flush_oldest(reason)) {
        ++count;
    }
    return count;
}

bool OrderedFlows::flush_oldest(std::string_view reason) {
    if (waiting_.empty()) {
        return false;
    }
    total_.leave(waiting_.oldest());
    if (Flow flow = waiting_.take_oldest(); flow.exchange) {
        emit_flow(host_, std::move(flow), reason);
    }
    return true;
}

}  // namespace sslsniff

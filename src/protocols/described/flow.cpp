#include "protocols/described/flow.h"

#include <utility>

#include "protocols/framed/message_handler.h"

namespace sslsniff {

void Flow::damage(std::string_view why) {
    if (reason.empty()) {
        reason = why;
    }
}

RecordedFields& Flow::fields(framed::Side side) {
    return side == framed::Side::client ? exchange->request : exchange->response;
}

std::string& Flow::line(framed::Side side) {
    return side == framed::Side::client ? exchange->request_line : exchange->response_line;
}

Flow begin_flow(std::string_view protocol, framed::Side from, const framed::Message& first) {
    Flow flow{.exchange = std::make_unique<DescribedExchange>(protocol), .from = from};
    flow.exchange->towards_client = from == framed::Side::server;
    flow.timing.start = first.start;
    if (from == framed::Side::server) {
        flow.timing.response_start = first.start;
    }
    continue_flow(flow, first);
    return flow;
}

void continue_flow(Flow& flow, const framed::Message& message) {
    if (flow.from == framed::Side::client) {
        flow.timing.request_end = message.end;
    }
    flow.timing.end = message.end;
    flow.missing += message.missing;
    if (message.missing > 0) {
        flow.damage(framed::kGap);
    }
}

void answer_flow(Flow& flow, framed::Side side, const framed::Message& message) {
    if (side == framed::Side::client) {
        flow.timing.request_end = message.end;
    } else if (!flow.timing.response_start) {
        flow.timing.response_start = message.start;
    }
    flow.timing.end = message.end;
    flow.missing += message.missing;
    if (message.missing > 0) {
        flow.damage(framed::kGap);
    }
}

void emit_flow(ParserHost& host, Flow flow, std::string_view unanswered) {
    if (!unanswered.empty()) {
        flow.damage(unanswered);
        flow.timing.end.reset();
        if (flow.exchange->said.outcome == Outcome::ok) {
            flow.exchange->said.outcome = Outcome::unanswered;
        }
    }
    Integrity integrity;
    integrity.complete = flow.reason.empty();
    integrity.missing_bytes = flow.missing;
    integrity.joined_midstream = flow.joined;
    integrity.reason = std::move(flow.reason);
    host.emit(flow.timing, std::move(integrity), std::move(flow.exchange));
}

}  // namespace sslsniff

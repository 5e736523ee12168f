#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocols/described/described_exchange.h"
#include "protocols/framed/framing.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// An exchange in progress of a framed protocol in which either side may begin, and which may never be
/// answered.
struct Flow {
    std::unique_ptr<DescribedExchange> exchange;
    framed::Side from = framed::Side::client;  ///< who began it
    Timing timing{};
    std::string reason{};       ///< Integrity::reason, as far as it is known that something is missing
    std::uint64_t missing = 0;  ///< Integrity::missing_bytes
    bool joined = false;        ///< Integrity::joined_midstream
    std::size_t held = 0;       ///< see pairing::HeldTotal

    /// It lacks something; the first reason stays.
    void damage(std::string_view why);
    /// What the sender of a message says of it, and the line it is.
    RecordedFields& fields(framed::Side side);
    std::string& line(framed::Side side);
};

/// Begins with `first`. `protocol` must outlive it: a literal.
Flow begin_flow(std::string_view protocol, framed::Side from, const framed::Message& first);
/// Another message of the side that began it: `message` is its last one by now.
void continue_flow(Flow& flow, const framed::Message& message);
/// `message` of `side` answers it, with all that it has.
void answer_flow(Flow& flow, framed::Side side, const framed::Message& message);
/// It is over. `unanswered`: why there is no answer, where there should be one.
void emit_flow(ParserHost& host, Flow flow, std::string_view unanswered = {});

}  // namespace sslsniff

#pragma once

#include "protocols/described/described_exchange.h"
#include "protocols/framed/framing.h"
#include "protocols/kafka/header.h"
#include "protocols/kafka/notes.h"

namespace sslsniff::kafka {

struct Request {
    RequestHeader header;     ///< client_id is not kept
    bool is_answered = true;  ///< false: Produce with acks=0
};

/// Describes a request. Nothing when there is not even its header.
std::optional<Request> describe_request(const framed::Message& message, DescribedExchange& exchange,
                                        TopicNames& names, const DescribeLimits& limits);

/// The number of the request that it answers; nothing when it is not there.
std::optional<std::int32_t> answered_by(const framed::Message& message);

/// Describes an answer to such a request; null when the request did not pass here.
void describe_response(const framed::Message& message, const RequestHeader* request,
                       DescribedExchange& exchange, TopicNames& names, const DescribeLimits& limits);

}  // namespace sslsniff::kafka

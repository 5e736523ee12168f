#pragma once

#include <string>

#include "protocols/described/described_exchange.h"
#include "protocols/mongodb/message.h"

namespace sslsniff::mongodb {

struct DescribeLimits {
    std::size_t max_body = 0;  ///< bytes of documents that are read
    bool show_secrets = false;
    bool fields = true;  ///< ParserLimits::fields
};

/// What an answer needs to know of its request.
struct Request {
    std::int32_t id = 0;
    std::string operation{};  ///< the command
    std::string target{};
    bool is_secret = false;  ///< it carries credentials, and so may the answer
    bool is_answered = true;
};

Request describe_request(const framed::Message& message, DescribedExchange& exchange,
                         const DescribeLimits& limits);

struct Response {
    std::int32_t id = 0;
    std::int32_t response_to = 0;
    bool more_to_come = false;  ///< another answer follows without a request
};

/// `request`: null when it did not pass here.
Response describe_response(const framed::Message& message, const Request* request,
                           DescribedExchange& exchange, const DescribeLimits& limits);

}  // namespace sslsniff::mongodb

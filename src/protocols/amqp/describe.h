#pragma once

#include <cstdint>
#include <string>

#include "model/facts.h"
#include "protocols/amqp/values.h"
#include "protocols/described/recorded_fields.h"

namespace sslsniff::amqp {

inline constexpr std::string_view kUnknown = "<unknown>";

/// Method, channel and arguments, as fields.
void write_method(const Method& method, std::uint16_t channel, const Arguments& arguments, bool show_secrets,
                  RecordedFields& fields);
/// What a method says in a line.
std::string line_of(const Method& method, const Arguments& arguments);
/// What it is about: "exchange/routing key", a queue ... Empty: nothing.
std::string target_of(const Method& method, const Arguments& arguments);

/// What reply codes mean for the client (section 1.1 of the reference).
Outcome outcome_of(std::uint64_t reply_code);

}  // namespace sslsniff::amqp

#pragma once

#include <string>

#include "protocols/redis/resp.h"

namespace sslsniff::redis {

/// The value on one line as redis-cli would show it, about `max` bytes long: "bob", OK, (nil), (integer) 5,
/// (error) ERR ..., [3] "a" "b" ... What does not fit ends in an ellipsis. Bytes of the peer may be in it.
std::string one_line(const RespValue& value, std::size_t max);

/// A request as it would be typed: words, quoted where they need it, about `max` bytes.
std::string command_line(const RespValue& request, std::size_t max);

/// Text in double quotes with C escapes, as redis-cli prints strings.
void append_quoted(std::string& out, ByteView bytes);

/// One scalar as redis-cli shows it.
std::string scalar_text(const RespValue& value, const RespNode& node, std::size_t max);

}  // namespace sslsniff::redis

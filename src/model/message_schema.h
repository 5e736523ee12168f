#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

/// Knows what the messages of services look like (--proto).
class MessageSchema {
  public:
    enum class Side : std::uint8_t { request, response };

    MessageSchema() = default;
    MessageSchema(const MessageSchema&) = delete;
    MessageSchema& operator=(const MessageSchema&) = delete;
    virtual ~MessageSchema() = default;

    /// Whether a call of `path` has any number of messages on this side; nothing when the method is not
    /// known.
    virtual std::optional<bool> streams(std::string_view path, Side side) const = 0;

    /// A message of `path` ("/package.Service/Method", hostile) as JSON in one line. `bytes` may be the
    /// beginning of a message only: then the fields that are whole. Empty when the method is not known or
    /// the message is none of its.
    virtual std::string to_json(std::string_view path, Side side, ByteView bytes) const = 0;
};

}  // namespace sslsniff

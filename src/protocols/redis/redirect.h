#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sslsniff::redis {

/// A cluster node's answer that the key lives elsewhere (Redis cluster specification, "Redirection").
struct Redirect {
    ByteView kind;  ///< "MOVED" or "ASK"
    std::int64_t slot = 0;
    ByteView endpoint;  ///< "host:port"; the host may be empty
};

/// From an error's text such as "MOVED 3999 127.0.0.1:6381"; views into it.
std::optional<Redirect> parse_redirect(ByteView error);

}  // namespace sslsniff::redis

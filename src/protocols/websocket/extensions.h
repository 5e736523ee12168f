#pragma once

#include <optional>
#include <string_view>

namespace sslsniff::websocket {

/// What permessage-deflate (RFC 7692) came to mean for a connection.
struct Compression {
    struct Side {
        bool context_takeover = true;  ///< the window goes on from message to message
    };
    Side client;
    Side server;
};

/// Reads the Sec-WebSocket-Extensions of a response; nothing when permessage-deflate is not in it.
std::optional<Compression> read_extensions(std::string_view field);

}  // namespace sslsniff::websocket

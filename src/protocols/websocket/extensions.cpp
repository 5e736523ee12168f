#include "protocols/websocket/extensions.h"

#include <algorithm>

#include "base/text.h"

namespace sslsniff::websocket {

std::optional<Compression> read_extensions(std::string_view field) {
    while (!field.empty()) {
        const std::size_t end = std::min(field.find(','), field.size());
        std::string_view extension = field.substr(0, end);
        field.remove_prefix(std::min(end + 1, field.size()));
        Compression compression;
        bool named = false;
        while (!extension.empty()) {
            const std::size_t stop = std::min(extension.find(';'), extension.size());
            const std::string_view part = trim(extension.substr(0, stop));
            extension.remove_prefix(std::min(stop + 1, extension.size()));
            named = named || equals_ignore_case(part, "permessage-deflate");
            if (equals_ignore_case(part, "client_no_context_takeover")) {
                compression.client.context_takeover = false;
            } else if (equals_ignore_case(part, "server_no_context_takeover")) {
                compression.server.context_takeover = false;
            }
        }
        if (named) {
            return compression;
        }
    }
    return std::nullopt;
}

}  // namespace sslsniff::websocket

#include "model/socket_key.h"

#include <fmt/format.h>

namespace sslsniff {

std::string socket_key(const Endpoints& endpoints) {
    if (endpoints.socket_cookie != 0) {
        return fmt::format("{}", endpoints.socket_cookie);
    }
    return fmt::format("{} {}", to_string(endpoints.local), to_string(endpoints.remote));
}

}  // namespace sslsniff
